"""What an answer asserts beside declining: a guess, or a quantity that nobody gave it."""

import re

from harness.score.abstain import wording
from harness.score.reading import read
from harness.score.stance import stance
from harness.score.text import quote

FIRM = ("declines", "silent")
"""Kinds of wording that decline by themselves."""

_NO_VALUE = ("", "label", "date", "range")
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
# Every guess has one of these; most answers have none and are done.
_GUESS_HINTS = (
    *("guess", "think", "believe", "suspect", "reckon", "i'd", "would", "but", "however", "though"),
    *("still", "said", "nevertheless", ";"),
)
_CLAUSE = re.compile(r"(?<=\w)(?:[.;!?\n]|,\s*(?:but|though|although)\b)")


def guess(text: str, given: str = "") -> str | None:
    """What an answer asserts beside declining: a guess, or a quantity that `given` lacks."""
    reading = read(text)
    hinted = any(hint in reading.text for hint in _GUESS_HINTS)
    match = _GUESS.search(reading.text) if hinted else None
    rest = wording(_CLAUSE.split(reading.text[match.start() :], maxsplit=1)[0]) if match else None
    if match and (rest is None or rest.kind not in FIRM):
        return quote(reading.shown[match.start() : match.start() + 60])
    stated = [one for one in reading.mentions if one.unit not in _NO_VALUE]
    if not stated:
        return None
    old = {(mention.unit, mention.amount) for mention in read(given).mentions}
    for mention in stated:
        said = stance(reading.text, mention.start, mention.end)
        if (mention.unit, mention.amount) not in old and said in ("asserted", "was"):
            return quote(reading.shown[mention.start : mention.end])
    return None
