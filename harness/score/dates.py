"""Dates and clock times in normalised lower-case text, in the forms that people write."""

import re
from datetime import date
from decimal import Decimal

Key = tuple[tuple[object, ...], tuple[object, ...]]

_MONTH_NAMES = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_MONTH_NUMBER = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
_MONTH_NUMBER.update({name[:3]: number for name, number in _MONTH_NUMBER.copy().items()})
_MONTH_NUMBER["sept"] = 9
_MONTH = "(?:" + "|".join(sorted(_MONTH_NUMBER, key=len, reverse=True)) + r")\b\.?"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_GAP = r"(?:\s+day)?(?:\s+of)?[\s,-]*"
# "may" after a number is a month only before a year: "staff over 26 may apply".
_NO_VERB = r"(?!may\b(?![\s,-]*\d{4}\b))"
DATES = (
    r"(?P<iso>(?<![\d.,/-])\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?![\d/-]))"
    r"|(?P<numeric>(?<![\d.,/-])\d{1,2}(?P<sep>[/.-])\d{1,2}(?P=sep)\d{4}(?![\d/-]))"
    rf"|(?P<dmy>(?<![\w.,/]){_DAY}{_GAP}{_NO_VERB}{_MONTH}(?:[\s,-]*\d{{4}}\b)?)"
    rf"|(?P<mdy>\b{_MONTH}\s*{_DAY}(?![\w:])(?![,.]\d)(?:,?\s+\d{{4}}\b)?)"
    rf"|(?P<my>\b{_MONTH}(?:\s+of)?[\s,]+\d{{4}}\b)"
    r"|(?P<time>(?<![\w.,:/])\d{1,2}(?:[:.]\d\d)?\s*[ap]\.?m\b\.?|(?<![\w.,:/])\d{1,2}:\d\d(?![:\d]))"
)
_PARTS = re.compile(r"\d+|[a-z]+")


def date_key(match: re.Match[str]) -> Key | None:
    """What a match of DATES means: (year, month, day), twice where 03/04 may be read both ways.

    A part that was not written is None; a clock time is ("time", minutes). None for no date.
    """
    kind = match.lastgroup
    parts = _PARTS.findall(match[0])
    numbers = [int(part) for part in parts if part.isdigit()]
    month = next((_MONTH_NUMBER[part] for part in parts if part in _MONTH_NUMBER), 0)
    if kind == "time":
        return _clock(numbers, "pm" in "".join(parts), "am" in "".join(parts))
    if kind == "my":
        return _checked(numbers[0], month, None)
    if kind in ("dmy", "mdy"):
        return _checked(numbers[1] if len(numbers) > 1 else None, month, numbers[0])
    if kind == "iso":
        return _checked(*numbers)
    day, middle, year = numbers
    readings = [_checked(year, middle, day), _checked(year, day, middle)]
    valid = [key[0] for key in readings if key]
    return (valid[0], valid[-1]) if valid else None


def _checked(year: int | None, month: int, day: int | None) -> Key | None:
    try:
        date(year or 2000, month, day or 1)
    except ValueError:
        return None
    key = (year, month, day)
    return key, key


def _clock(numbers: list[int], pm: bool, am: bool) -> Key | None:  # noqa: FBT001
    hour, minute = numbers[0], (numbers[1] if len(numbers) > 1 else 0)
    if hour > (12 if pm or am else 23) or minute > 59:
        return None
    if pm or am:
        hour = hour % 12 + (12 if pm else 0)
    key = ("time", Decimal(60 * hour + minute))
    return key, key


def same_date(value: tuple[object, ...], stated: tuple[object, ...]) -> bool:
    """Whether `stated` says all that `value` says: 1 April 2017 says April 2017."""
    return len(value) == len(stated) and all(
        part is None or part == other for part, other in zip(value, stated, strict=True)
    )
