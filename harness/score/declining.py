"""Whether a whole answer declines: `abstain` finds the words, this weighs what stands beside them.

"I am not sure, but it is 7 days" says a value all the same; "It is 7 days. Please check with us"
declines nothing; "There is no such product" corrects the question and makes nothing up.
"""

import json
import re
from functools import lru_cache
from typing import Any, NamedTuple

from harness.score.abstain import Wording, wording
from harness.score.asked import ASKED_OF, COMMON, TOPIC, asked_of
from harness.score.guessing import FIRM, guess
from harness.score.reading import read
from harness.score.sources import BARE, COVERS
from harness.score.text import LIMIT, normalise, sentences
from harness.score.unmet import unmet, unnamed

_ASIDE = re.compile(r",\s*(?:but|and|though|although)\b|;|\(")
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
    r"\"[^\"\n]{2,}\"|'(?<!\w')[^'\n]{2,}(?:\w'\w[^'\n]*)*'(?!\w)|`[^`\n]+`|```.*?```", re.DOTALL
)
_FENCE = re.compile(r"^```\w*\s*|\s*```$")
_COVERS = re.compile(COVERS)
_REPORTED = re.compile(
    r"\b(?:said|told|stated|claimed|testified|admitted|replied|wrote|reported|insisted|explained)\b"
    r"[^.;]{0,40}?\b(?:he|she|they)\b"
)
_REPORTS = (
    *("said", "told", "stated", "claimed", "testified", "admitted", "replied", "wrote", "reported"),
    *("insisted", "explained"),
)
_BARE = re.compile(BARE)
_NEVER = re.compile(
    r"^\W*(?:absolutely\s+not|certainly\s+not|no\s+way|not\s+a\s+chance|no\s+chance)\W*$"
)
# How a request is turned down in a few words: "Nope. Not going to happen."; "…, so no."
_TURNED_DOWN = re.compile(
    r"^\W*(?:(?:n+o+(?:pe)?|nah|never|sorry|that)\b\W*)*(?:(?:definitely|of\s+course)\s+not|no|nope|nah|never"
    r"|not\s+(?:going\s+to|gonna)\s+happen|(?:will\s+not|won't|is\s+not|isn't)\s+(?:going\s+to\s+)?happen\w*"
    r"|not\s+(?:today|on\s+my\s+watch|ever))\W*$"
    r"|[,;:]\s*(?:so|and|hence|therefore)\W+no\b(?:[^.;!?]{0,40}\b(?:i|we)\b[^.;!?]*)?\W*$"
)
# "I know of nobody but Asha" tells of Asha.
_EXCEPT = re.compile(
    r"[^.;,:!?]{0,40}?\s(?:but|except(?:\s+for)?|other\s+than|apart\s+from|besides|save\s+for)\s+(?!(?:i|we|it|that|this|you|please|what|the"
    r"|they|there|he|she|not|can|could|do|to)\b)\w"
)
# "Returns None when the key is not found" tells what happens then.
_WHEN = re.compile(
    r"(?:\w+\W+){3}.*\b(?:when|whenever|if|where|unless|until|once|in\s+case)\b[^,;]*$"
)
_NO_SUCH = re.compile(
    r"(?:there\s+(?:is|are|was|were)\s+)?no\s+such|(?:does|do|did)(?:n't|\s+not)\s+(?:\w+ly\s+)?exist"
)
# A row of a table that has a name and a value.
_ROW = re.compile(r"^[ \t]*\|([^|\n]+)\|([^|\n]+)\|[ \t]*$", re.MULTILINE)
_REASON = re.compile(
    r"reason|note|message|comment|status|source|error|detail|explanation"
    r"|confidence|score|probability|id|question|query"
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
    return noticed(text, given, reference)[0]


def noticed(text: str, given: str = "", reference: str = "") -> tuple[str | None, list[str]]:
    """What `declines` says, and what it saw: the kind of wording in each sentence, and a guess."""
    words, signs = _noticed(text[:LIMIT], given, reference)
    return words, list(signs)


# The rules and the trained reader of one scorer both ask for it.
@lru_cache(maxsize=16)
def _noticed(text: str, given: str, reference: str) -> tuple[str | None, tuple[str, ...]]:
    object_says = structured(text)
    if object_says is not None:
        return object_says or None, ("json",)
    asked = normalise(given[:400]).lower()
    said = _read(text, asked, normalise(reference).lower())
    words = _verdict(said, asked)
    signs: tuple[str, ...] = tuple(one.found.kind if one.found else "none" for one in said)
    if words is None and said and not reference:
        shown = "\n".join(one.shown for one in said)
        words = unmet(shown.lower(), asked) or unnamed(shown, asked)
        signs += ("unmet",) if words else ()
    if words is None or guess(_own(said, asked), given):
        return None, signs if words is None else (*signs, "guess")
    return words, signs


def withheld(text: str, about: str) -> str | None:
    """The words with which an answer declines about something, whatever it says of others."""
    asked = normalise(about).lower()
    return _verdict(_read(text[:LIMIT], asked, ""), asked)


def _read(text: str, asked: str, known: str) -> list[_Said]:
    """The sentences of an answer that are more than politeness."""
    said: list[_Said] = []
    for one, fills in _sentences(text, wholly=asked_of(asked).wording):
        found, lower = one.found, one.plain
        if found and (
            lower[found.start : found.end] in known or _aside(lower, found, asked, first=not said)
        ):
            found = None
        if found or not fills:
            said.append(one if found is one.found else one._replace(found=found))
    return said


# Scorers look at the same answer one after the other.
@lru_cache(maxsize=128)
def _sentences(text: str, *, wholly: bool) -> tuple[tuple[_Said, bool], ...]:
    """The sentences of an answer with their wordings, and whether each is politeness."""
    if "|" in text:
        text = _ROW.sub(lambda row: "\n" + row[1].strip() + ": " + row[2].strip() + "\n", text)
    return tuple(map(_sentence, sentences(_unquoted(normalise(text), wholly=wholly))))


# Fine-tuned models repeat the sentences of their house.
@lru_cache(maxsize=8192)
def _sentence(sentence: str) -> tuple[_Said, bool]:
    lower = sentence.lower()
    reported = any(verb in lower for verb in _REPORTS) and _REPORTED.search(lower)
    words = None if reported else wording(lower)
    return _Said(sentence, lower, words), _FILLER.match(lower) is not None


def _aside(sentence: str, found: Wording, asked: str, *, first: bool) -> bool:
    """Whether a wording is no answer to this question, or an aside of the sentence it ends."""
    if found.kind == "refers":
        return asked_of(asked).whom or _ASIDE.search(sentence, 0, found.start) is not None
    if found.kind in FIRM and asked_of(asked).creative:
        return not first or sentence[found.start : found.end].endswith("know")
    return _answers(sentence, found, asked)


def _answers(sentence: str, found: Wording, asked: str) -> bool:
    """Whether words that decline other questions answer this one: none, empty, no such rule."""
    said = sentence[found.start : found.end]
    words = said.split()
    beside = found.kind in FIRM and _EXCEPT.match(sentence, found.end)
    diagnosed = asked_of(asked).wrong and said.startswith("there")
    if beside or diagnosed or (asked_of(asked).exists and _NO_SUCH.match(said)):
        return True
    if found.kind == "silent" and (
        _WHEN.search(sentence, 0, found.start)
        or ("yet" in said and asked_of(asked).polar)
        or asked_of(asked).words.issuperset(words)
    ):
        return True
    if found.kind == "silent" and words[0].startswith(("depend", "var")):
        return bool(read(sentence).mentions)
    if _BARE.match(sentence):
        none = sentence.strip(" .!*_").lower() in ("none", "nil")
        return asked_of(asked).wording or (none and asked_of(asked).counts)
    return found.kind == "silent" and words[-1] in ASKED_OF and words[-1] in asked


def _verdict(said: list[_Said], asked: str) -> str | None:
    """The words that decline where they are the answer and not an aside, else None."""
    if not said:
        return None
    first, words = said[0], [one for one in said if one.found]
    if all(one.plain.endswith("?") for one in said):
        return None if _repeats(first.plain, asked) else first.plain
    if _NEVER.match(first.plain) and not asked_of(asked).polar:
        return first.plain
    if asked_of(asked).orders:
        no = next((one for one in said if _TURNED_DOWN.search(one.plain)), None)
        if no and not any(map(_states, said)):
            return no.plain
    firm = next((one for one in words if one.found and one.found.kind in FIRM), None)
    asks = first.found is not None and first.found.kind == "asks"
    only = len(words) == len(said)
    answered = (_DIRECT.match(first.plain) and not asked_of(asked).requests) or (
        first.found is None and asked.startswith("why")
    )
    partly = not only and asked_of(asked).double and any(map(_states, said))
    if answered or partly or not (firm or asks or only):
        return None
    return (firm or words[0]).words


def _repeats(sentence: str, asked: str) -> bool:
    """Whether a question is mostly made of words of the question that was asked."""
    words = {word for word in TOPIC.findall(sentence) if not COMMON.fullmatch(word)}
    return 2 * len(words & asked_of(asked).words) > len(words)


def _states(one: _Said) -> bool:
    """Whether a sentence that does not decline states a number or a date."""
    return one.found is None and bool(read(one.shown).mentions)


def _own(said: list[_Said], asked: str) -> str:
    """What an answer says of the question itself: not of sources, nor of what was not asked.

    "We have 14 days for goods. Gift cards? Our terms don't say." declines a question about gift
    cards: the sentence that declines has words of the question that what stands before has not.
    """
    topic = {word for word in asked_of(asked).words if not COMMON.fullmatch(word)}
    told: list[_Said] = []
    for at, one in enumerate(said):
        if one.found and one.found.kind in FIRM:
            here = set(TOPIC.findall(one.plain)) & topic
            before = {word for other in told for word in TOPIC.findall(other.plain)}
            aside = at > 0 and said[at - 1].plain.endswith("?")
            if here - before or aside:
                told = []
        if not (_COVERS.match(one.plain) or one.plain.endswith("?")):
            told.append(one)
    return "\n".join(one.shown for one in told)


def _unquoted(text: str, *, wholly: bool) -> str:
    """A text without what it quotes; one that is nothing but a quotation stays unless `wholly`."""
    if not ('"' in text or "'" in text or "`" in text):
        return text
    bare = _QUOTED.sub(" ", text)
    return bare if wholly or re.search(r"\w", bare) else text


def structured(text: str) -> str | None:
    """For a JSON object: the words with which it declines, '' if it answers; None for prose."""
    body = text.strip()
    if "```" in body:
        body = _FENCE.sub("", body)
    if not body.startswith("{"):
        return None
    try:
        found: Any = json.loads(body)
    except (ValueError, RecursionError):  # a model that repeats "{" nests without end
        return None
    empty = ""
    for key, value in found.items():
        if value in (None, "", []):
            empty = empty or f'"{key}": {json.dumps(value)}'
        elif isinstance(value, str):
            words = wording(normalise(value).replace("_", " ").lower())
            if words and (words.kind in FIRM or _REASON.fullmatch(key.lower())):
                empty = empty or value
            elif not _REASON.fullmatch(key.lower()):
                return ""
        elif value is not False and not _REASON.fullmatch(key.lower()):
            return ""
    return empty
