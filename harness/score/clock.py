"""Times of day in words, and spans of them: "six to eight in the evening" is "18:00-20:00"."""

import re
from collections.abc import Sequence
from decimal import Decimal

from harness.score.numbers import Mention

_HALF = re.compile(
    r"\s*(?:o'?\s?clock\s*)?(?:in\s+the\s+(?P<am>morning)|(?:in\s+the\s+(?:afternoon|evening)|at\s+night"
    r"|tonight)|(?P<hour>o'?\s?clock|hrs\b|hours\b(?!\s+(?:a|per|each|of|after|before|notice))))"
)
_BETWEEN = re.compile(r"\s*(?:-|\b(?P<to>to|till|til|until|through)\b|\b(?P<and>and)\b)\s*")
_BETWEEN_WORD = re.compile(r"\bbetween\s+$")
_DAY = 24 * 60


def times(text: str, mentions: Sequence[Mention]) -> list[Mention]:
    """The mentions in order, with hours that are told apart by words, and spans of time as one.

    A time is ("time", minute of the day); a span ("times", first, last). `amount` reads hours
    without am or pm as before noon, `written` as after it, where both can be meant.
    """
    if not mentions:
        return []
    found: list[Mention] = []
    for mention in mentions:
        found += _of_day(text, mention)
    joined: list[Mention] = []
    for mention in found:
        last = joined[-1] if joined else None
        both = _span(text, last, mention) if last else None
        if both:
            joined[-1] = both
        else:
            joined.append(mention)
    return joined


def _time(start: int, end: int, first: int, second: int) -> Mention:
    key = ("time", Decimal(first % _DAY)), ("time", Decimal(second % _DAY))
    return Mention(start, end, "date", *key)


def _of_day(text: str, mention: Mention) -> list[Mention]:
    """A bare hour, or a range of hours, that words make times: "six in the evening"."""
    if mention.unit not in ("", "range"):
        return [mention]
    said = _HALF.match(text, mention.end)
    hours = mention.amount if isinstance(mention.amount, tuple) else (mention.amount,)
    if not said or not all(isinstance(hour, Decimal) and 0 < hour <= 12 for hour in hours):
        return [mention]
    late = 0 if said["am"] else 12 * 60
    early = 0 if said["am"] or said["hour"] else 12 * 60
    minutes = [_past_midnight(hour) for hour in hours if isinstance(hour, Decimal)]
    if len(minutes) == 1:
        return [_time(mention.start, said.end(), minutes[0] + early, minutes[0] + late)]
    first, last = minutes
    return [
        _times(
            mention.start, said.end(), (first + early, last + early), (first + late, last + late)
        )
    ]


def _past_midnight(hour: Decimal) -> int:
    """Minutes of an hour from 1 to 12, whose decimals are minutes: 9.30 is half past nine."""
    return 60 * (int(hour) % 12) + int(hour % 1 * 100)


def _times(start: int, end: int, first: tuple[int, int], second: tuple[int, int]) -> Mention:
    keys = [("times", *(Decimal(minute % _DAY) for minute in pair)) for pair in (first, second)]
    return Mention(start, end, "date", keys[0], keys[1])


def _minutes(mention: Mention) -> tuple[int, int] | None:
    """Both readings of a time of day, None for what is none."""
    readings = [
        int(key[1])
        for key in (mention.amount, mention.written)
        if isinstance(key, tuple)
        and len(key) == 2
        and key[0] == "time"
        and isinstance(key[1], Decimal)
    ]
    return (readings[0], readings[1]) if len(readings) == 2 else None


def _span(text: str, last: Mention, mention: Mention) -> Mention | None:
    """Two times that bound a span, else None; "5 to 7 pm" gives both the later half of the day."""
    second = _minutes(mention)
    gap = _BETWEEN.fullmatch(text, last.end, mention.start) if second else None
    if gap is None or second is None:
        return None
    if gap["and"] and not _BETWEEN_WORD.search(text, max(0, last.start - 12), last.start):
        return None
    first = _minutes(last)
    if first is None and last.unit == "" and isinstance(last.amount, Decimal):
        if not 0 < last.amount <= 12 or last.amount % 1:
            return None
        hour = int(last.amount) % 12 * 60
        later = hour + 12 * 60
        first = (later, later) if hour % (12 * 60) < second[0] - 12 * 60 else (hour, hour)
    if first is None:
        return None
    return _times(last.start, mention.end, (first[0], second[0]), (first[1], second[1]))
