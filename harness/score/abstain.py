"""Whether an answer says that it cannot say: pure, by wording."""

import re

from harness.score.text import LIMIT, normalise

_ADVERB = r"(?:\s+(?:really|honestly|actually|currently|yet|quite|entirely|fully|simply|sadly))?"
_NOT_ABLE = (
    rf"(?:can(?:no|')t|can\s+not|could\s*n[o']t|could\s+not|am{_ADVERB}\s+(?:not\s+able|unable)"
    rf"|'m{_ADVERB}\s+(?:not\s+able|unable)|(?:is|are|was|be)\s+(?:not\s+able|unable)|unable)"
)
_SAYING = (
    r"(?:answer|confirm|verify|determine|say|tell|provide|give|specify|state|find|recall|know"
    r"|access|be\s+(?:sure|certain)|help\s+(?:you\s+)?with|assist|offer|establish|ascertain)\b"
)
_KNOWLEDGE = (
    r"(?:information|info|data|details?|knowledge|records?|answers?|specifics?|evidence|mention"
    r"|access|idea|clue|documentation|basis)\b"
)
_SOURCE = (
    r"(?:passages?|texts?|documents?|contexts?|information|materials?|sources?|excerpts?|question"
    r"|polic(?:y|ies)|answer|values?|figures?|details?)\b"
)
_ABSTAIN = re.compile(
    rf"\b(?:i|we){_ADVERB}\s+(?:do\s*n[o']t|do\s+not|did\s+not|would\s*n[o']t|have\s+no\s+way){_ADVERB}"
    rf"\s+(?:of\s+|to\s+)?(?:know(?:ing)?|recall|remember|have)\b(?!\s+to\b)"
    rf"|\b(?:do\s*n[o']t|do\s+not)\s+(?:think|believe)\s+(?:that\s+)?(?:i|we)\s+(?:can|could|know)\b"
    rf"|\bnot\s+(?:known|knowable)\b|\bunknown\b|\bno\s+(?:idea|clue)\b|\bno\s+one\s+knows\b"
    rf"|\bnot{_ADVERB}\s+(?:sure|certain|aware|familiar)\b|\bunsure\b|\buncertain\b"
    rf"|\b(?:i|we|this|it|one|model|assistant){_ADVERB}\s*{_NOT_ABLE}{_ADVERB}"
    rf"\s+(?:to\s+)?(?:\w+ly\s+)?{_SAYING}"
    rf"|\bcannot\s+be\s+(?:\w+ly\s+)?(?:determined|confirmed|verified|answered|established|known)\b"
    rf"|(?:^|[.!?]\s+)(?:sorry,?\s+|unfortunately,?\s+)?{_NOT_ABLE}\s+(?:to\s+)?{_SAYING}"
    rf"|\bno\s+(?:\w+\s+){{0,2}}{_KNOWLEDGE}(?:\s+(?:is|are|was|were|on|about|regarding|available"
    rf"|to|that|in|for|of|provided|given|found)\b|[.,!]|$)"
    rf"|\bdo(?:es)?(?:n't|\s+not)\s+(?:have|hold|contain|include|provide|possess)\s+"
    rf"(?:\w+\s+){{0,3}}{_KNOWLEDGE}"
    rf"|\blacks?\s+(?:\w+\s+){{0,3}}{_KNOWLEDGE}"
    rf"|\b{_SOURCE}[^.;!?\n]{{0,40}}\b(?:do(?:es)?|did)(?:n't|\s+not)\s+(?:\w+ly\s+)?"
    rf"(?:say|state|specify|mention|contain|include|provide|give|answer|cover|indicate|tell)\b"
    rf"|\bnot\s+(?:\w+ly\s+)?(?:specified|stated|mentioned|provided|given|indicated|included"
    rf"|available|found|covered|disclosed|addressed|answered)\b"
    rf"|\b(?:is|are)(?:n't|\s+not)\s+(?:\w+ly\s+)?(?:specified|stated|mentioned|provided|available)\b"
    rf"|\binsufficient\s+(?:\w+\s+)?{_KNOWLEDGE}|\bnot\s+enough\s+(?:\w+\s+)?{_KNOWLEDGE}"
    rf"|\b(?:please|kindly|you\s+(?:should|may\s+want\s+to|can|could|would\s+need\s+to)"
    rf"|(?:i|we)(?:\s+would|'d)?\s+(?:recommend|suggest|advise)(?:\s+you)?|best\s+to|advisable\s+to)"
    rf"\s+(?:to\s+)?(?:consult(?:ing)?|check(?:ing)?|refer(?:ring)?|contact(?:ing)?|verify(?:ing)?"
    rf"|look(?:ing)?\s+up|ask(?:ing)?|see\s+the)\b"
    rf"|\b(?:my|the\s+model's)\s+(?:training|knowledge)\b[^.;!?\n]{{0,40}}"
    rf"\b(?:does\s*n[o']t|does\s+not|ends?|cut\s?off|stops?|only\s+goes)\b"
    rf"|\b(?:it|there)\s+(?:depends|is\s+no\s+(?:way\s+to\s+(?:know|tell)|such\b))"
    rf"|^\W*(?:n/?a|unknown|none|not\s+applicable|no\s+answer|i\s+decline|pass)\W*$"
    rf"|\b(?:decline|refuse)\s+to\s+(?:answer|say|state)\b|\bcould\s+you\s+(?:please\s+)?"
    rf"(?:clarify|provide|specify|share)\b"
)
# Every way to decline has one of these; most answers have none and are done.
_HINT = re.compile(
    r"\bno(?:t|ne|\b)|cannot|n't|n/a|\bun(?:able|known|sure|certain)|lack|insufficient|consult|check"
    r"|refer|contact|verify|look|\bask|see\s+the|depends|decline|refuse|could\s+you|training"
    r"|knowledge|\bpass\b"
)


def abstention(text: str) -> str | None:
    """The words with which a text declines to say, or None: "I can't wait to help" is none."""
    text = normalise(text[:LIMIT]).lower()
    span = abstention_at(text)
    return text[span[0] : span[1]].strip() if span else None


def abstention_at(text: str) -> tuple[int, int] | None:
    """Where a text that is normalised and in lower case declines to say, or None."""
    match = _ABSTAIN.search(text) if _HINT.search(text) else None
    return match.span() if match else None
