"""Other names of lengths and times: "twice a year", "a fortnight", "nine to five", "kl. 16"."""

import re

from harness.score.names import Names, Shape, number
from harness.score.spelling import hours

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LAST = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DAYTIME = r"(?:\s*(?:h|uhr|baje|o'clock|[ap]\.?m\.?|in\s+the\s+(?:morning|afternoon|evening)))?"
_TO = r"\s*(?:-|to|till|until|and|al?|à|bis|se|through|tot|til)\s*(?:las\s+|the\s+)?"
_OFTEN = {
    (1, 0): (r"\bdaily\b", r"\b(?:every|each)\s+day\b", r"\bonce\s+(?:a|per)\s+day\b"),
    (7, 0): (r"\bweekly\b", r"\b(?:every|each)\s+week\b", r"\bonce\s+(?:a|per)\s+week\b"),
    (14, 0): (
        r"\b(?:fortnightly|biweekly|bi-weekly|every\s+fortnight)\b",
        r"\bevery\s+(?:other|second|two|2)\s+weeks?\b",
    ),
    (0, 1): (r"\bmonthly\b", r"\b(?:every|each)\s+month\b", r"\bonce\s+(?:a|per)\s+month\b"),
    (0, 2): (r"\b(?:bimonthly|bi-monthly)\b", r"\bevery\s+(?:other|second|two|2)\s+months?\b"),
    (0, 3): (
        r"\bquarterly\b",
        r"\b(?:every|each)\s+(?:quarter|three\s+months|3\s+months)\b",
        r"\b(?:four|4)\s+times\s+(?:a|per)\s+year\b",
    ),
    (0, 4): (r"\b(?:three\s+times|thrice)\s+(?:a|per)\s+year\b",),
    (0, 6): (
        r"\bhalf[\s-]+(?:a\s+)?year(?:ly)?\b",
        r"\b(?:twice|two\s+times)\s+(?:(?:a|per)\s+year|yearly|annually)\b",
        r"\bevery\s+(?:six|6)\s+months\b",
    ),
    (0, 9): (r"\bthree\s+quarters\s+of\s+a\s+year\b",),
    (0, 12): (
        r"\b(?:annually|yearly)\b",
        r"\b(?:every|each)\s+year\b",
        r"\bonce\s+(?:a|per)\s+year\b",
        r"\bevery\s+(?:twelve|12)\s+months\b",
    ),
    (0, 24): (r"\bevery\s+(?:other|second|two|2)\s+years?\b", r"\bbiennial(?:ly)?\b"),
}
"""Ways to say how often something is, by its days and months."""


def _lasting(match: re.Match[str]) -> Names:
    """Nights, days, weeks, months and years."""
    amount, unit = int(match["number"]), match["unit"]
    days = amount * {"night": 1, "day": 1, "week": 7}.get(unit, 0)
    months = amount * {"month": 1, "year": 12}.get(unit, 0)
    if unit == "night" and days % 7 == 0:
        yield rf"\b(?:{number(days // 7)}{'|an?' if days == 7 else ''})\s+weeks?\b", True
    if days == 14:
        yield r"\bfortnight(?:ly)?\b", True
    # "yearly" says how often, which "1 year" may not mean
    sure = match[0].startswith("every")
    yield from ((text, sure) for text in _OFTEN.get((days, months), ()))
    if amount == 2:
        yield rf"\bevery\s+(?:other|second)\s+{unit}\b|\bbi{unit}ly\b", True
    if amount == 1 and match["after"]:
        yield rf"\b(?:the|an?)\s+{unit}\s+{match['after']}\b", True


def _often(match: re.Match[str]) -> Names:
    """The other ways to say "twice a year"."""
    for ways in _OFTEN.values():
        if any(re.fullmatch(way, match[0]) for way in ways):
            yield from ((way, True) for way in ways)


def _between(match: re.Match[str]) -> Names:
    """From one time of day to another."""
    start, end = (60 * int(match[name]) + int(match[name + "m"] or 0) for name in ("from", "to"))
    if start < 24 * 60 and end <= 24 * 60:
        yield rf"(?:{_time(start)}){_DAYTIME}{_TO}(?:{_time(end)})", True


def _time(minute: int) -> str:
    """Ways to say a time of day beside another: there its hour may stand alone."""
    alone = rf"|(?<![\d.:])0?{minute // 60}(?![\d:.])" if minute % 60 == 0 else ""
    return hours(minute).pattern + alone


def _hour(match: re.Match[str]) -> Names:
    """A full hour as other languages abbreviate it."""
    hour = int(match["hour"])
    yield rf"\bkl(?:okken)?\.?\s*0?{hour}\b(?![:.]?\d)", True
    yield rf"(?<![\d.:])0?{hour}\s*(?:h|hrs|uhr|heures|horas)\b(?!\s*\d)", True


def _day(match: re.Match[str]) -> Names:
    """A day of a month in figures, or as its end."""
    day, month = int(match["day"]), _MONTHS.index(match["month"][:3]) + 1
    yield rf"(?<![\d./-])0?{day}[./-]0?{month}(?![\d]|[./-]\d)", True
    if day > 12:
        yield rf"(?<![\d./-])0?{month}[/-]{day}(?![\d]|[./-]\d)", True
    if day == _LAST[month - 1]:
        yield rf"\b(?:end|last\s+day)\s+of\s+{match['month'][:3]}\w*", True


TIMES: tuple[Shape, ...] = (
    (
        (
            r"(?:every\s+|within\s+|at\s+least\s+|up\s+to\s+)?(?P<number>\d{1,3})\s+"
            r"(?P<unit>night|day|week|month|year)s?(?:\s+(?P<after>before|after|earlier|later))?"
        ),
        _lasting,
    ),
    (
        (
            r"(?:from\s+)?(?P<from>\d{1,2})(?:[:.](?P<fromm>\d\d))?\s*(?:-|to|until|till)\s*"
            r"(?P<to>\d{1,2})(?:[:.](?P<tom>\d\d))?(?:\s+h(?:ours|rs)?)?"
        ),
        _between,
    ),
    ("|".join(way for ways in _OFTEN.values() for way in ways), _often),
    (r"(?P<hour>\d{1,2})[:.]00", _hour),
    (rf"(?P<day>\d{{1,2}})\s+(?P<month>(?:{'|'.join(_MONTHS)})\w*)", _day),
)
