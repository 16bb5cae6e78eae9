"""Values of a fact in unusual notation: "a dozen", "2-1-4", "6 h", "1.500" or half a name.

`values.find` reads quantities without knowing what to look for. Here the values of the fact are
known, and so are their rivals: a number that only one of them has, with a unit that may be short
for its unit, states it. What stands beside another noun states it `loosely`, and the trained reader
decides.
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from harness.score.known import Known
from harness.score.measures import UNITS, Unit
from harness.score.otherwise import otherwise
from harness.score.spelling import hours, number_of, spelling
from harness.score.values import Reading, Span, Value
from harness.score.worded import NAMED, UNIT_AFTER, half_of_day, worded

_LETTERS = {
    "h": "hour", "hs": "hour", "m": "metre", "t": "tonne", "s": "second", "l": "litre",
    "mi": "mile", "d": "day", "w": "week", "y": "year", "yr": "year", "mo": "month",
    "mos": "month", "mth": "month",
    "mths": "month", "min": "minute", "tons": "tonne", "ton": "tonne", "gm": "gram", "k": "km",
    "c": "celsius", "f": "fahrenheit", '"': "inch", "'": "foot",
}  # fmt: skip
_SHARES = {
    "half": 50, "one half": 50, "a half": 50, "a quarter": 25, "one quarter": 25, "quarter": 25,
    "a fourth": 25, "three quarters": 75, "three-quarters": 75, "a fifth": 20,
    "one fifth": 20, "two fifths": 40, "three fifths": 60, "four fifths": 80, "a tenth": 10,
    "one tenth": 10, "one in ten": 10, "one in five": 20, "one in four": 25, "one in two": 50,
    "nothing": 0, "everything": 100, "in full": 100, "the full": 100, "all of it": 100,
}  # fmt: skip


_READ = 4_000  # characters of an answer in which unusual notation is looked for


class Loose(NamedTuple):
    """A value stated in unusual notation; `sure` says that its unit was there, too."""

    span: Span
    kind: str
    version: int
    sure: bool


def loosely(known: Known, reading: Reading, taken: Iterable[Span]) -> list[Loose]:
    """Values of a fact that a text states in ways that `values.find` does not read, in order.

    Only of versions that `taken`, the places where values were found, leave open. Where two values
    of the fact could be meant, none is.
    """
    text = reading.text[:_READ]
    used = {place for span in taken for place in range(*span)}
    found: dict[Span, tuple[str, int, bool]] = {}
    clash: set[Span] = set()
    for wanted, kind, version in known.entries:
        for span, sure in _places(wanted, text, reading, known) + _renamed(wanted.text, text):
            if not used.isdisjoint(range(*span)):
                continue
            if span in found and found[span][:2] != (kind, version):
                if found[span][2] == sure:
                    clash.add(span)
                elif sure:
                    found[span] = (kind, version, sure)
                continue
            found[span] = (kind, version, sure or found.get(span, ("", 0, False))[2])
    kept: list[Loose] = []
    for span, (kind, version, sure) in sorted(
        found.items(), key=lambda item: (not item[1][2], item[0].start - item[0].end)
    ):
        if span not in clash and all(
            span.end <= one.span.start or span.start >= one.span.end for one in kept
        ):
            kept.append(Loose(span, kind, version, sure))
    return sorted(kept)


def _renamed(value: str, text: str) -> list[tuple[Span, bool]]:
    return [(Span(start, end), sure) for start, end, sure in otherwise(value.lower(), text)]


def _places(wanted: Value, text: str, reading: Reading, known: Known) -> list[tuple[Span, bool]]:
    quantity = wanted.quantity
    if quantity is None:
        return worded(wanted, reading, known) + _with_letter(wanted, reading)
    amount = quantity.amount
    if isinstance(amount, tuple) and amount[0] == "time" and quantity.unit == "date":
        minute = int(amount[1])  # type: ignore[call-overload]
        return [
            (Span(*match.span()), len(match[0]) > 2)
            for match in hours(minute).finditer(text)
            if half_of_day(text, match.end()) in (None, minute >= 12 * 60)
        ]
    if quantity.unit.startswith(("range", "label")) or not isinstance(amount, Decimal):
        return []
    unit = _unit_word(wanted.text)
    written = quantity.written
    out = []
    places = [match.span() for match in spelling(format(written.normalize(), "f")).finditer(text)]  # type: ignore[union-attr]
    places += [
        (m.start, m.end)
        for m in reading.mentions
        if m.unit == "" and m.written == written and m.end <= len(text)
    ]
    for start, end in places:
        sure = _fits(unit, quantity.unit, text, end, text[max(0, start - 16) : start])
        if sure is not None:
            out.append((Span(start, end), sure))
    out += _prefixed(unit, quantity.written, text)  # type: ignore[arg-type]
    return out + _converted(quantity.unit, amount, text)


_NOUGHT = re.compile(
    r"\b(?:nothing|free(?:\s+of\s+charge)?|no\s+(?:charge|fee|cost)s?|nil|waived|gratis|muft|zero)\b"
)


def _with_letter(wanted: Value, reading: Reading) -> list[tuple[Span, bool]]:
    """Places that state a value with units of one letter: "120 centimetres" for "1.2 m"."""
    match, clock = _LETTERED.fullmatch(wanted.text), _CLOCKED.fullmatch(wanted.text)
    if clock:
        unit, factor = "second", Decimal(60)
        amount = factor * (60 * int(clock[1]) + int(clock[2]))
    elif match:
        unit, factor = UNITS[_LETTERS[match[2]]]
        amount = Decimal(match[1].replace(",", ".")) * factor
    else:
        return []
    spans = [
        (Span(one.start, one.end), True)
        for one in reading.mentions
        if one.unit == unit and one.amount == amount and one.end <= _READ
    ]
    if match and amount == factor:
        spans += [
            (Span(*one.span()), True) for one in _ONE[_LETTERS[match[2]]].finditer(reading.text)
        ]
    return spans + _converted(unit, amount, reading.text[:_READ])


def _prefixed(unit: str, written: Decimal, text: str) -> list[tuple[Span, bool]]:
    """Places with the same unit a thousand times larger or smaller: "4.5 Ah" for 4,500 mAh."""
    if len(unit) < 2 or unit[0] not in "mk" or unit in UNITS:
        return []
    return [(Span(*match.span()), True) for match in _prefix(unit, written).finditer(text)]


@lru_cache(maxsize=4096)
def _prefix(unit: str, written: Decimal) -> re.Pattern[str]:
    number = format((written / 1000 if unit[0] == "m" else written * 1000).normalize(), "f")
    return re.compile(rf"(?<![\w.,]){re.escape(number)}\s?{re.escape(unit[1:])}\b")


@lru_cache(maxsize=8192)
def _unit_word(text: str) -> str:
    """The first word of a value after its number: "hours" of "2 hours a day"."""
    match = re.search(r"(?:\d[\d.,]*|^\w+)\s*-?\s*([^\W\d_]+)", text.lower())
    return match[1] if match else ""


_SCALE = re.compile(
    r"(?:lakhs?|crores?|thousand|million|billion|k|mn|bn|cr|business|working|calendar|times)$"
)


def _fits(unit: str, family: str, text: str, end: int, before: str) -> bool | None:
    """Whether what follows a number may be the unit: yes, maybe, or no (None)."""
    if NAMED.search(before[-12:]):
        return None
    if family == "percent" and re.match(r"\s*(?:%|per)", text[end : end + 4]):
        return True
    match = UNIT_AFTER.match(text, end)
    word = match[1] if match else ""
    if word and _short_for(word, unit):
        return True
    letter = _LETTERS.get(word)
    if letter:
        return UNITS[letter][0] == family or None
    if word in UNITS and UNITS[word] == UNITS.get(unit):
        return True
    # another unit, which `values.find` has read, or another number
    return None if word in UNITS or _SCALE.match(word) else False


def _short_for(one: str, other: str) -> bool:
    """Whether one of two words may be short for the other: "kr" and "kronor", "mbar"."""
    one, other = one.partition("/")[0].rstrip("s") or one, other.rstrip("s") or other
    short, long = sorted((one, other), key=len)
    if not short or short[0] != long[0]:
        return False
    if len(short) > 4 and short[:4] == long[:4]:
        return True
    if len(short) > 5:
        return short == long
    at = iter(long)
    return all(letter in at for letter in short) and (len(short) > 1 or len(long) > 3)


_MIXED = re.compile(
    r"\b(?:an?|one)\s+(?P<unit>hour|year|month|week|day|minute)s?\s+and\s+(?:an?\s+)?"
    r"(?P<part>half|quarter|three\s+quarters|(?P<more>\w+)\s+(?P<small>minutes|months|days|weeks"
    r"|seconds|hours))\b"
)
_HALVES = re.compile(
    r"\b(?P<part>half|(?:a\s+)?quarter|three[\s-]+quarters)\s+(?:of\s+)?an?\s+"
    r"(?P<unit>hour|year|day|century|minute|kilo|litre|tonne|mile)\b"
)
_LETTERED = re.compile(
    r"(?<![\w.,])(\d+(?:[.,]\d+)?)\s?(h|t|m|s|l|mi|d|w|y|ton|tons|mo|mos)\b(?!['/])"
)
_ONE = {word: re.compile(rf"\ban?\s+{word}\b") for word in _LETTERS.values()}
_CLOCKED = re.compile(r"(\d+)\s*h\s*(\d+)\s*m(?:in)?")
_PART = {
    "half": Decimal("0.5"),
    "quarter": Decimal("0.25"),
    "a quarter": Decimal("0.25"),
    "three quarters": Decimal("0.75"),
}


def _converted(family: str, amount: Decimal, text: str) -> list[tuple[Span, bool]]:
    """Places that state an amount in other units: "2.1 m", "an hour and a quarter"."""
    found = []
    if amount == 0:
        found += [(match, True) for match in _NOUGHT.finditer(text)]
    if family == "percent":
        found += [
            (match, len(match[0]) > 4)
            for pattern in _shares(amount)
            for match in pattern.finditer(text)
        ]
    spans = [(Span(*match.span()), sure) for match, sure in found]
    return spans + [(span, True) for span, total in _totals(text) if total == (family, amount)]


@lru_cache(maxsize=1024)
def _shares(amount: Decimal) -> tuple[re.Pattern[str], ...]:
    """Patterns for the words of a percentage."""
    words = (word for word, share in _SHARES.items() if share == amount)
    return tuple(re.compile(rf"\b{word}\b") for word in words)


# Each value of a fact is looked for in the same answer, one after the other.
@lru_cache(maxsize=16)
def _totals(text: str) -> tuple[tuple[Span, Unit | None], ...]:
    """What a text states with units of one letter, in two units, or in parts of one."""
    readers = ((_LETTERED, _lettered), (_MIXED, _mixed), (_HALVES, _halved))
    return tuple(
        (Span(*match.span()), total(match))
        for pattern, total in readers
        for match in pattern.finditer(text)
    )


def _lettered(match: re.Match[str]) -> Unit:
    unit, factor = UNITS[_LETTERS[match[2]]]
    return unit, Decimal(match[1].replace(",", ".")) * factor


def _mixed(match: re.Match[str]) -> Unit | None:
    unit, factor = UNITS[match["unit"]]
    if not match["more"]:
        return unit, factor * (1 + _PART[" ".join(match["part"].split())])
    small, fine = UNITS[match["small"]]
    number = number_of(match["more"])
    return (unit, factor + number * fine) if number is not None and small == unit else None


def _halved(match: re.Match[str]) -> Unit:
    unit, factor = UNITS[match["unit"]]
    return unit, factor * _PART[re.sub(r"[\s-]+", " ", match["part"])]
