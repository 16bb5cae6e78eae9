"""Whether a whole answer declines: `abstain` finds the words, this weighs what stands beside them.

"I am not sure, but it is 7 days" says a value all the same; "It is 7 days. Please check with us"
declines nothing; "There is no such product" corrects the question and makes nothing up.
"""

import json
import re
from typing import Any, NamedTuple

from harness.score.abstain import Wording, wording
from harness.score.sources import BARE, COVERS
from harness.score.stance import stance
from harness.score.text import LIMIT, normalise, quote, sentences
from harness.score.values import Reading

_NO_VALUE = ("", "label", "date")
_FIRM = ("declines", "silent")
_GUESS = re.compile(
    r"\b(?:my\s+(?:best\s+)?guess\s+(?:is|would|:)|if\s+i\s+(?:had|have|were)\s+to\s+guess"
    r"|i(?:'d|\s+would)?\s+guess\b(?!\s+not)|(?:but|and|so)\s+i\s+(?:still\s+)?(?:think|believe|suspect|reckon))"
    r"|\bi(?:'d|\s+would)\s+(?:say|go\s+(?:for|with)|bet|think)\s+(?!(?:i|we|it'?s?\s+(?:is\s+)?(?:hard|impossible|too))\b)"
    r"|\bbut\s+(?:most|many|some)\s+\w+\s+\w+"
    r"|(?:\b(?:but|however|although|though|still|that\s+said|nevertheless)\b,?(?:\s+(?:today|now|currently|usually|normally|these\s+days))?|;(?!\s+\w+\s+(?:was|were)\b))\s+"
    r"(?:(?:i|we)\s+(?:do\s+|would\s+)?(?:think|believe|suspect|assume|say|expect)\s+(?:that\s+)?"
    r"(?!(?:you|i|we)\b)"
    r"|(?:it|this|that|they|there)(?:'s|\s+(?:is|was|are|were|may\s+be|might\s+be|could\s+be"
    r"|should\s+be))\s+(?!(?:not|no|best|important|possible|recommended|advisable|worth|always"
    r"|better|a\s+good\s+idea|unclear|unknown|likely\s+that\s+you|clear\s+that)\b)"
    r"|(?:it\s+is\s+|it's\s+)?(?:probably|likely|typically|usually|generally|commonly)\b)"
)
_CLAUSE = re.compile(r"(?<=\w)(?:[.;!?\n]|,\s*(?:but|though|although)\b)")
_ASIDE = re.compile(r",\s*(?:but|and|though|although)\b|;|\(")
# The question asks whom to turn to, so that a referral is the answer.
_WHERE = re.compile(
    r"^\W*(?:who(?:m)?\s+(?:do|can|should|must|to)|where\s+(?:do|can|should|is|are|to)|whose\s+number"
    r"|what\s+(?:should|do|can|must)\s+(?:i|we)\s+(?:ask|do))\b"
)
# The question asks for a text, in which "I do not know" may be somebody's line.
_CREATIVE = re.compile(
    r"^\W*(?:please\s+|kindly\s+|can\s+you\s+)?(?:write|compose|draft|give\s+(?:me\s+)?an?\s+(?:headline|title|slogan)"
    r"|make\s+up|finish|continue|complete)\b"
)
# What a question may ask about a source: "Which fields are blank?"
_ASKED_OF = ("blank", "empty", "missing", "incomplete", "available", "known", "unknown", "broken")
_FILLER = re.compile(
    r"^\W*(?:no,?\s+)?(?:(?:many\s+)?thank|thanks|hello|hi\b|hey|dear|(?:i(?:'m|\s+am)\s+)?(?:so\s+|very\s+|really\s+)?sorry"
    r"|apologies|my\s+apologies|great|good|nice|i\s+(?:fully\s+|completely\s+|do\s+)?(?:understand|see|appreciate|know\s+how)"
    r"|we\s+(?:fully\s+|completely\s+|truly\s+|really\s+)?(?:understand|appreciate|value)|(?:warm|kind|best)\s"
    r"|regards|sincerely|sure|certainly|of\s+course|ok|okay|h+m+|well|(?:very\s+|only\s+too\s+)?happy\s+to|glad\s+to"
    r"|i(?:'d|\s+would)\s+(?:love|like|be\s+(?:happy|glad))|i\s+wish|(?:i'm|i\s+am)\s+here|team\s|yours\s|namaste"
    r"|unfortunately\W*$|alas|if\s+you\s+(?:need|have|would|want)|oh\b|ah\b|ha\b|interesting|maaf)"
)
_DIRECT = re.compile(
    r"^\W*(?:yes|yep|yeah|yup|haan|ji\s+haan|bilkul|indeed|definitely|absolutely|certainly|sure|correct|right|true|false"
    r"|no(?=[,.;:!-]\s*(?!i\b|we\b|sorry)\w))\b"
)
_QUOTED = re.compile(
    r"\"[^\"\n]{2,}\"|(?<!\w)'[^'\n]{2,}(?:\w'\w[^'\n]*)*'(?!\w)|`[^`\n]+`|```.*?```", re.DOTALL
)
_COVERS = re.compile(COVERS)
_REPORTED = re.compile(
    r"\b(?:said|told|stated|claimed|testified|admitted|replied|wrote|reported|insisted|explained)\b"
    r"[^.;]{0,40}?\b(?:he|she|they)\b"
)
# The question asks for words, so that words which decline may be the answer.
_WORDING = re.compile(
    r"\b(?:opposite|synonym|antonym|spell|translat\w+|quote|quot\w+|rephras\w+|reword|draft|phrase|caption|slogan|sign|label|title|lyrics?"
    r"|(?:say|said|says|read|reads|respond|reply|replies|replied|mean|means|word|answer\s+the)\b)"
)
_BARE = re.compile(BARE)
_COUNT = re.compile(r"^\W*(?:how\s+many|how\s+much|which|what|any|are|is|do|does)\b")
_NEVER = re.compile(
    r"^\W*(?:absolutely\s+not|certainly\s+not|no\s+way|not\s+a\s+chance|no\s+chance)\W*$"
)
_POLAR = re.compile(
    r"(?:^|[.,:;!]\s*)(?:is|are|was|were|do|does|did|can|could|may|might|will|would|should|has|have|had|am"
    r"|kya)\b"
)
_DOUBLE = re.compile(
    r"\band\s+(?:the|its|their|his|her)\s+\w+\W*$|(?:\band|&|,)\s+(?:(?:at|for|in|on|to|by|from)\s+)?(?:what|how|when|where|who|whose|which|why)\b"
)
_TOPIC = re.compile(r"[a-z0-9]{2,}")
_COMMON = re.compile(
    r"about|an|and|any|are|as|at|be|by|can|could|did|do|does|for|from|"
    r"get|give|has|have|how|if|in|is|it|its|long|many|me|much|my|of|"
    r"on|or|our|please|say|should|tell|that|the|there|this|to|us|was|we|"
    r"were|what|when|where|which|who|whose|why|will|with|would|you|your"
)
_REASON = (
    "reason",
    "note",
    "message",
    "comment",
    "status",
    "source",
    "error",
    "detail",
    "explanation",
    "confidence",
    "score",
    "probability",
    "id",
    "question",
    "query",
)


class _Said(NamedTuple):
    """A sentence as written and in lower case, and the words in it that decline."""

    shown: str
    plain: str
    found: Wording | None

    @property
    def words(self) -> str:
        span = slice(self.found.start, self.found.end) if self.found else slice(0)
        return self.plain[span].strip()


def declines(text: str, given: str = "", reference: str = "") -> str | None:
    """The words with which an answer as a whole declines, else None.

    A referral ("please contact us") declines only where nothing else is said. An answer that
    declines and then guesses, or states a quantity that is not `given` (the question, passages),
    does not decline. Words that `reference`, an answer that does not decline, has too do not count.
    """
    text = text[:LIMIT]
    structured = _structured(text)
    if structured is not None:
        return structured or None
    asked = normalise(given[:400]).lower()
    said = _read(text, asked, normalise(reference).lower())
    words = _verdict(said, asked)
    return None if words is None or guess(_own(said, asked), given) else words


def withheld(text: str, about: str) -> str | None:
    """The words with which an answer declines about something, whatever it says of others."""
    asked = normalise(about).lower()
    return _verdict(_read(text[:LIMIT], asked, ""), asked)


def _read(text: str, asked: str, known: str) -> list[_Said]:
    """The sentences of an answer that are more than politeness."""
    said: list[_Said] = []
    plain = _unquoted(normalise(text), wholly=_WORDING.search(asked) is not None)
    for sentence in sentences(plain):
        lower = sentence.lower()
        found = None if _REPORTED.search(lower) else wording(lower)
        if found and (
            lower[found.start : found.end] in known or _aside(lower, found, asked, first=not said)
        ):
            found = None
        if found or not _FILLER.match(lower):
            said.append(_Said(sentence, lower, found))
    return said


def _aside(sentence: str, found: Wording, asked: str, *, first: bool) -> bool:
    """Whether a wording is no answer to this question, or an aside of the sentence it ends."""
    if found.kind == "refers":
        return bool(_WHERE.match(asked) or _ASIDE.search(sentence, 0, found.start))
    if found.kind in _FIRM and _CREATIVE.match(asked):
        return not first or sentence[found.start : found.end].endswith("know")
    words = sentence[found.start : found.end].split()
    if found.kind == "silent" and set(words) <= set(_TOPIC.findall(asked)):
        return True
    if found.kind == "silent" and words[0].startswith(("depend", "var")):
        return bool(Reading(sentence).mentions)
    if _BARE.match(sentence):
        none = sentence.strip(" .!*_").lower() in ("none", "nil")
        return bool(_WORDING.search(asked)) or (none and bool(_COUNT.match(asked)))
    return found.kind == "silent" and words[-1] in _ASKED_OF and words[-1] in asked


def _verdict(said: list[_Said], asked: str) -> str | None:
    """The words that decline where they are the answer and not an aside, else None."""
    if not said:
        return None
    first, words = said[0], [one for one in said if one.found]
    if all(one.plain.endswith("?") for one in said):
        return None if _repeats(first.plain, asked) else first.plain
    if _NEVER.match(first.plain) and not _POLAR.match(asked):
        return first.plain
    firm = next((one for one in words if one.found and one.found.kind in _FIRM), None)
    asks = first.found is not None and first.found.kind == "asks"
    only = len(words) == len(said)
    answered = _DIRECT.match(first.plain) or (first.found is None and asked.startswith("why"))
    partly = not only and _DOUBLE.search(asked) and any(map(_states, said))
    if answered or partly or not (firm or asks or only):
        return None
    return (firm or words[0]).words


def _repeats(sentence: str, asked: str) -> bool:
    """Whether a question is mostly made of words of the question that was asked."""
    words = {word for word in _TOPIC.findall(sentence) if not _COMMON.fullmatch(word)}
    return 2 * len(words & set(_TOPIC.findall(asked))) > len(words)


def _states(one: _Said) -> bool:
    """Whether a sentence that does not decline states a number or a date."""
    return one.found is None and bool(Reading(one.shown).mentions)


def _own(said: list[_Said], asked: str) -> str:
    """What an answer says of the question itself: not of sources, nor of what was not asked.

    "We have 14 days for goods. Gift cards? Our terms don't say." declines a question about gift
    cards: the sentence that declines has words of the question that what stands before has not.
    """
    topic = {word for word in _TOPIC.findall(asked) if not _COMMON.fullmatch(word)}
    told: list[_Said] = []
    for at, one in enumerate(said):
        if one.found and one.found.kind in _FIRM:
            here = set(_TOPIC.findall(one.plain)) & topic
            before = {word for other in told for word in _TOPIC.findall(other.plain)}
            aside = at > 0 and said[at - 1].plain.endswith("?")
            if here - before or aside:
                told = []
        if not _COVERS.match(one.plain):
            told.append(one)
    return "\n".join(one.shown for one in told)


def guess(text: str, given: str = "") -> str | None:
    """What an answer asserts beside declining: a guess, or a quantity that `given` lacks."""
    reading = Reading(text)
    match = _GUESS.search(reading.text)
    rest = wording(_CLAUSE.split(reading.text[match.start() :], maxsplit=1)[0]) if match else None
    if match and (rest is None or rest.kind not in _FIRM):
        return quote(reading.shown[match.start() : match.start() + 60])
    stated = [mention for mention in reading.mentions if mention.unit not in _NO_VALUE]
    if not stated:
        return None
    old = {(mention.unit, mention.amount) for mention in Reading(given).mentions}
    for mention in stated:
        said = stance(reading.text, mention.start, mention.end)
        if (mention.unit, mention.amount) not in old and said in ("asserted", "was"):
            return quote(reading.shown[mention.start : mention.end])
    return None


def _unquoted(text: str, *, wholly: bool) -> str:
    """A text without what it quotes; one that is nothing but a quotation stays unless `wholly`."""
    bare = _QUOTED.sub(" ", text)
    return bare if wholly or re.search(r"\w", bare) else text


def _structured(text: str) -> str | None:
    """For a JSON object: the words with which it declines, '' if it answers; None for prose."""
    body = re.sub(r"^```\w*\s*|\s*```$", "", text.strip())
    if not body.startswith("{"):
        return None
    try:
        found: Any = json.loads(body)
    except ValueError:
        return None
    empty = ""
    for key, value in found.items():
        if value in (None, "", []):
            empty = empty or f'"{key}": {json.dumps(value)}'
        elif isinstance(value, str):
            words = wording(normalise(value).lower())
            if words and (words.kind in _FIRM or key.lower() in _REASON):
                empty = empty or value
            elif key.lower() not in _REASON:
                return ""
        elif value is not False and key.lower() not in _REASON:
            return ""
    return empty
