"""Whether a whole answer declines: `abstain` finds the words, this weighs what stands beside them.

"I am not sure, but it is 7 days" says a value all the same; "It is 7 days. Please check with us"
declines nothing; "There is no such product" corrects the question and makes nothing up.
"""

import re

from harness.score.abstain import abstention
from harness.score.stance import stance
from harness.score.text import LIMIT, normalise, quote, sentences
from harness.score.values import Reading

_REFERRAL = re.compile(
    r"^(?:please|kindly|you\s|(?:i|we)(?:'d|\s+would)?\s+(?:recommend|suggest|advise)|best\s"
    r"|advisable\s|could\s+you)"
)
_NO_SUCH = re.compile(
    r"\b(?:does|do|did)(?:n't|\s+not)\s+(?:\w+ly\s+)?exist\b|\b(?:never|not)\s+(?:\w+\s+)?heard\s+of\b"
    r"|\b(?:there\s+(?:is|are|was|were)|(?:i|we)\s+(?:know|have\s+heard)\s+of)\s+no\s+"
    r"(?:(?:such|known|real|actual)\b|[^.;!?\n]{0,60}?\b(?:called|named|known\s+as|by\s+that\s+name))"
    r"|\b(?:is|are|was|were)(?:n't|\s+not)\s+(?:an?\s+)?(?:real|actual|existing|known)\b"
    r"|\b(?:is|are|seems?|appears?)\s+(?:to\s+be\s+)?(?:fictional|fictitious|made[\s-]up|invented"
    r"|imaginary)\b|\bno\s+such\s+\w+|\b(?:have|has|hold|contain|found|find|know|say)s?\s+nothing\b"
)
_NO_VALUE = ("", "label", "date")
_GUESS = re.compile(
    r"\b(?:my\s+(?:best\s+)?guess|if\s+i\s+(?:had|have|were)\s+to\s+guess|i(?:'d|\s+would)?\s+guess)\b"
    r"|\b(?:but|however|although|though|still|that\s+said|nevertheless)\b,?\s+"
    r"(?:(?:i|we)\s+(?:do\s+|would\s+)?(?:think|believe|suspect|assume|say|expect)\s+(?:that\s+)?"
    r"(?!(?:you|i|we)\b)"
    r"|(?:it|this|that|they|there)(?:'s|\s+(?:is|was|are|were|may\s+be|might\s+be|could\s+be"
    r"|should\s+be))\s+(?!(?:not|no|best|important|possible|recommended|advisable|worth|always"
    r"|better|a\s+good\s+idea|unclear|unknown|likely\s+that\s+you|clear\s+that)\b)"
    r"|(?:it\s+is\s+|it's\s+)?(?:probably|likely|typically|usually|generally|commonly)\b)"
)


def declines(text: str, given: str = "", reference: str = "") -> str | None:
    """The words with which an answer as a whole declines, else None.

    A referral ("please contact us") declines only where nothing else is said. An answer that
    declines and then guesses, or states a quantity that is not `given` (the question, passages),
    does not decline. Words that `reference`, an answer that does not decline, has too do not count.
    """
    text = text[:LIMIT]
    known = normalise(reference).lower()
    said = [(sentence, _declining(sentence)) for sentence in sentences(text)]
    found = [words for _, words in said if words and words not in known]
    if not found:
        return None
    firm = next((words for words in found if not _REFERRAL.match(words)), None)
    if firm is None and any(words is None for _, words in said):
        return None
    return None if guess(text, given) else firm or found[0]


def guess(text: str, given: str = "") -> str | None:
    """What an answer asserts beside declining: a guess, or a quantity that `given` lacks."""
    reading = Reading(text)
    match = _GUESS.search(reading.text)
    if match:
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


def _declining(sentence: str) -> str | None:
    words = abstention(sentence)
    if words:
        return words
    match = _NO_SUCH.search(normalise(sentence).lower())
    return match[0] if match else None
