"""Dates and clock times in normalised lower-case text, in the forms that people write."""

import re
from calendar import monthrange
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
_ORDINALS = [
    *(
        "first",
        "second",
        "third",
        "fourth",
        "fifth",
        "sixth",
        "seventh",
        "eighth",
        "ninth",
        "tenth",
    ),
    *("eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth"),
    *("eighteenth", "nineteenth", "twentieth", "twenty-first", "twenty-second", "twenty-third"),
    *("twenty-fourth", "twenty-fifth", "twenty-sixth", "twenty-seventh", "twenty-eighth"),
    *("twenty-ninth", "thirtieth", "thirty-first"),
]
_DAY = rf"(?:\d{{1,2}}(?:st|nd|rd|th)?|(?:{'|'.join(sorted(_ORDINALS, key=len, reverse=True))}))"
_GAP = r"(?:\s+day)?(?:\s+of)?[\s,-]*"
# "may" after a number is a month only before a year: "staff over 26 may apply".
_NO_VERB = r"(?!may\b(?![\s,-]*\d{4}\b))"
_HOURS = ["one", "two", "three", "four", "five", "six"]
_HOURS += ["seven", "eight", "nine", "ten", "eleven", "twelve"]
_HOUR = rf"(?:{'|'.join(_HOURS)}|1[0-2]|[1-9])"
DATES = (
    rf"(?P<last>\b(?:end|last\s+day|close)\s+of\s+(?:{_MONTH}[\s,]+)?\d{{4}}\b)"
    r"|(?P<iso>(?<![\d.,/-])\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?![\d/-]))"
    r"|(?P<numeric>(?<![\d.,/-])\d{1,2}(?P<sep>[/.-])\d{1,2}(?P=sep)\d{4}(?![\d/-]))"
    r"|(?P<dotted>(?<![\d.,/-])[0-3]?\d\.[01]?\d\.(?![\d]))"
    rf"|(?P<dmy>(?<![\w.,/]){_DAY}{_GAP}{_NO_VERB}{_MONTH}(?:[\s,-]*\d{{4}}\b)?)"
    rf"|(?P<mdy>\b{_MONTH}\s*{_DAY}(?![\w:])(?![,.]\d)(?:,?\s+\d{{4}}\b)?)"
    rf"|(?P<my>\b{_MONTH}(?:\s+of)?[\s,]+\d{{4}}\b)"
    rf"|(?P<spoken>\b(?:(?:12\s+)?(?:noon|midday|midnight)|(?:half|quarter)\s+(?:past|to)\s+{_HOUR})\b"
    r"(?:\s*[ap]\.?m\b\.?)?)"
    r"|(?P<time>(?<![\w.,:/])\d{1,2}(?:[:.]\d\d)?\s*[ap]\.?m\b\.?|(?<![\w.,:/])\d{1,2}:\d\d(?![:\d]))"
)
BEGINNINGS = (
    *_MONTH_NUMBER,
    "end",
    "last",
    "close",
    "noon",
    "midday",
    "midnight",
    "half",
    "quarter",
    *_ORDINALS,
)
"""Words with which a date or a time that begins with no digit begins."""
_ORDINAL = re.compile("|".join(sorted(_ORDINALS, key=len, reverse=True)))
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
        letters = "".join(parts)
        return _clock(numbers, "p" in letters, "a" in letters, plain=match[0].startswith("0"))
    if kind == "spoken":
        return _spoken(match[0])
    if kind == "numeric":
        day, middle, year = numbers
        readings = [_checked(year, middle, day), _checked(year, day, middle)]
        valid = [key[0] for key in readings if key]
        return (valid[0], valid[-1]) if valid else None
    if kind == "iso":
        return _checked(*numbers)
    if kind in ("my", "last"):
        last = _last_day(numbers[0], month or 12) if kind == "last" else None
        return _checked(numbers[0], month or 12, last)
    if kind == "dotted":
        numbers, month = numbers[:1], numbers[1]
    elif (day_word := _ORDINAL.search(match[0])) is not None:
        numbers.insert(0, _ORDINALS.index(day_word[0]) + 1)
    return _checked(numbers[1] if len(numbers) > 1 else None, month, numbers[0])


def _checked(year: int | None, month: int, day: int | None) -> Key | None:
    try:
        date(year or 2000, month, day or 1)
    except ValueError:
        return None
    key = (year, month, day)
    return key, key


def _last_day(year: int, month: int) -> int:
    return monthrange(year, month)[1] if 0 < year < 10_000 else 0


def _spoken(text: str) -> Key:
    if text.endswith(("noon", "midday", "midnight")):
        key = ("time", Decimal(0 if text.endswith("midnight") else 12 * 60))
        return key, key
    part, side, said, *half = re.findall(r"[a-z]+|\d+", text)
    hour = int(said) if said.isdigit() else _HOURS.index(said) + 1
    minutes = 60 * (hour % 12) + (30 if part == "half" else 15) * (1 if side == "past" else -1)
    late = minutes + 12 * 60
    if half:
        minutes = late = late if half[0].startswith("p") else minutes
    return ("time", Decimal(minutes % 1440)), ("time", Decimal(late % 1440))


def _clock(numbers: list[int], pm: bool, am: bool, *, plain: bool) -> Key | None:  # noqa: FBT001
    hour, minute = numbers[0], (numbers[1] if len(numbers) > 1 else 0)
    if hour > (12 if pm or am else 23) or minute > 59:
        return None
    early = late = 60 * hour + minute
    if pm or am:
        early = late = 60 * (hour % 12 + (12 if pm else 0)) + minute
    elif 0 < hour <= 12 and not plain:
        late = 60 * (hour % 12 + 12) + minute  # 6:30 may be said of the evening
    return ("time", Decimal(early)), ("time", Decimal(late))


def same_date(value: tuple[object, ...], stated: tuple[object, ...]) -> bool:
    """Whether `stated` says all that `value` says: 1 April 2017 says April 2017."""
    return len(value) == len(stated) and all(
        part is None or part == other for part, other in zip(value, stated, strict=True)
    )
