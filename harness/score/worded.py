"""Where a text has the words that only one value of a fact has: "from Castle Street"."""

import re
from functools import lru_cache

from harness.score.known import Known
from harness.score.measures import UNITS
from harness.score.spelling import hours, spelling
from harness.score.values import Reading, Span, Value

NAMED = re.compile(
    r"[$£€₹#§]\s*$|\b(?:rs|inr|usd|eur|nos?|numbers?|pages?|clauses?|sections?|rooms?|floors?|desks?"
    r"|rules?|gates?|lines?|regulations?|articles?|tables?|versions?|chapters?|channels?|platforms?"
    r"|units?)\.?\s*$"
)
"""What before a number says that it is a sum or names something."""
UNIT_AFTER = re.compile(r"[\s°-]*([^\W\d_]+(?:/[^\W\d_]+)?)")
_READ = 4_000  # characters of an answer that are looked at
_TOKEN = re.compile(r"\d+(?:[.:,]\d+)*%?|[^\W\d_]+")


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split("|"))


_COUNTS = _set("one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve")
_EMPTY = _set(
    "the|a|an|of|and|per|in|at|on|to|for|after|from|by|is|it|or|street|st|road|rd|mr|mrs|ms|"
    "dr|every|each|day|days|week|weeks|month|months|year|years|hour|hours|cent|percent|"
    "until|till|before|with"
)
_CLOSED = (
    _set("monday|tuesday|wednesday|thursday|friday|saturday|sunday"),
    _set("january|february|march|april|may|june|july|august|september|october|november|december"),
    _set("first|second|third|fourth|fifth|last"),
)
"""Words of which a text that has another one than a value does not state it."""
_ORDINAL = {"first": "1st", "second": "2nd", "third": "3rd", "fourth": "4th", "fifth": "5th"}
_ORDINAL |= {short: word for word, short in _ORDINAL.items()}
_FIRST_NAME = re.compile(r"\b([A-Z][\w'-]*)\.?\s+$")
_TITLES = _set(
    "mr|mrs|ms|mx|dr|prof|professor|sir|dame|lord|lady|justice|judge|captain|coach|the"
    "|maestro|chef|master|father|sister|colonel|general|bishop|rabbi|imam|herr|frau|shri|smt"
)
_LATE = re.compile(
    r"\W*(?:in\s+the\s+|at\s+)?(?:(?P<early>a\.?m\b|morning)|(?:p\.?m\b|afternoon|evening|night))"
)


def half_of_day(text: str, at: int) -> bool | None:
    """Whether words after a time put it after noon; None where they do not say."""
    match = _LATE.match(text, at)
    return None if match is None else match["early"] is None


def worded(wanted: Value, reading: Reading, known: Known) -> list[tuple[Span, bool]]:
    """Where a text has the words of a value that no other value of the fact has.

    True where it has all of them in one place; a name may lack its first words.
    """
    words = _own_words(wanted.text, tuple(version.value for version in known.versions))
    text = reading.text[:_READ]
    said = _tokens(text) if words else frozenset()
    if not words or _excluded(wanted.text, said):
        return []
    found = [_place(word, wanted, text, alone=len(words) == 1) for word in words]
    spans = [span for span in found if span is not None]
    if not spans:
        return []
    lacking = any(s is None and w[0].isdigit() for w, s in zip(words, found, strict=True))
    if lacking and any(one[0].isdigit() for one in said):
        return []
    start, end = min(spans)[0], max(end for _, end in spans)
    if len(spans) == len(words) and end - start < 80:
        return [(Span(start, end), True)]
    longest = max(spans, key=lambda span: span[1] - span[0])
    named = all(word.isalpha() for word in words)
    enough = 2 * len(spans) >= len(words)
    if named:
        enough = found[-1] is not None and not _namesake(reading.shown, spans[-1][0], words)
    return [(Span(*longest), False)] if enough and longest[1] - longest[0] > 3 else []


# Each value of a fact is looked for in the same answer, one after the other.
@lru_cache(maxsize=16)
def _tokens(text: str) -> frozenset[str]:
    return frozenset(_TOKEN.findall(text))


def _namesake(shown: str, start: int, words: tuple[str, ...]) -> bool:
    """Whether another first name stands before a last name: "Tomas Quill" is not "Mara Quill"."""
    before = _FIRST_NAME.search(shown, max(0, start - 24), start)
    return before is not None and before[1].lower() not in (*words, *_TITLES)


def _excluded(value: str, said: frozenset[str]) -> bool:
    """Whether a text names another weekday, month or ordinal than a value that has one."""
    own = set(_TOKEN.findall(value))
    every = said | {_ORDINAL.get(word, word) for word in said}
    return any(group & own and (group & every) - own for group in _CLOSED)


def _place(word: str, wanted: Value, text: str, *, alone: bool) -> tuple[int, int] | None:
    """Where a word of a value stands in a text, if it means there what it means in the value."""
    match = _word(word, exact=wanted.code is not None).search(text)
    if match is None:
        return None
    own, said = (
        half_of_day(wanted.text, wanted.text.find(word) + len(word)),
        half_of_day(text, match.end()),
    )
    if own is not None and said is not None and own != said:
        return None
    if word[0].isdigit() or word in _COUNTS:
        after = UNIT_AFTER.match(text, match.end())
        if after and after[1] in UNITS and after[1] not in _TOKEN.findall(wanted.text):
            return None
        if alone and NAMED.search(text, max(0, match.start() - 12), match.start()):
            return None
    return match.span()


@lru_cache(maxsize=8192)
def _word(word: str, *, exact: bool) -> re.Pattern[str]:
    """A word of a value in a text; a number in any notation unless `exact`, an ordinal in both."""
    if word[0].isdigit():
        hour, colon, minute = word.partition(":")
        if word.count(".") and exact:
            return re.compile(rf"(?<![\w.,]){re.escape(word)}(?!\w|[.,:]?\d)")
        if colon and hour.isdigit() and minute.isdigit():
            return hours(60 * int(hour) + int(minute))
        number = word.rstrip("%").replace(",", "")
        if number.count(".") < 2 and number.replace(".", "").isdigit():
            return re.compile(rf"(?<![\d.,])(?:{spelling(number).pattern}|{re.escape(word)})(?!\w)")
    either = "|".join(re.escape(one) for one in sorted({word, _ORDINAL.get(word, word)}))
    return re.compile(rf"(?<!\w)(?:{either})(?![\w-]|[.,:]\d)")


@lru_cache(maxsize=8192)
def _own_words(text: str, texts: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a value that stand in no other value, in order."""
    words = [w for w in _TOKEN.findall(text.lower()) if w not in _EMPTY]
    others = {
        word
        for other in texts
        if other.lower() != text.lower()
        for word in _TOKEN.findall(other.lower())
    }
    return tuple(word for word in words if word not in others)
