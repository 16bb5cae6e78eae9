"""Numbers that belong together: ranges, shared units ("7 or 14 days"), sums ("1 crore 20 lakh")."""

import re
from decimal import Decimal

from harness.score.numbers import Mention, Number

_BETWEEN = re.compile(r"\s*(?:(-)|\b(to|and|or)\b|[/,→])\s*(?:the\s+)?$")
_SUM = re.compile(r",?\s*(?:and\s+)?$")
_BETWEEN_WORD = re.compile(r"\bbetween\s+$")
_ENDED = re.compile(
    r"\W*(?:$|[.,;:!?)\n]|(?:each|per|an?|for|now|today|only|and|at|on|in|is|as)\b)"
)
_CHANGE = re.compile(
    r"(?:\w\s+from\s+$)|(?:rais|increas|extend|chang|revis|reduc|enhanc|lower|cut|amend|updat|rose"
    r"|went|grew|fell|drop|shorten|lengthen|doubl)[^.;]{0,60}$"
)


def linked(text: str, found: list[Number]) -> tuple[list[Mention], list[Mention]]:
    """Mentions in order, and the ends of ranges, which state no value by themselves."""
    if not found:
        return [], []
    found = _shared(text, _summed(text, found))
    outer: list[Mention] = []
    inner: list[Mention] = []
    index = 0
    while index < len(found):
        number = found[index]
        after = found[index + 1] if index + 1 < len(found) else None
        if after and _is_range(text, number, after):
            ends = (_mention(number), _mention(after))
            inner += ends
            amounts = (ends[0].amount, ends[1].amount)
            written = (ends[0].written, ends[1].written)
            unit = f"range {number.unit}".strip()
            outer.append(Mention(number.start, after.end, unit, amounts, written))
            index += 2
        else:
            outer.append(_mention(number))
            index += 1
    return outer, inner


def _mention(number: Number) -> Mention:
    written = number.value * number.scale
    scaled = number.scale > 1 or number.grouped or number.value >= 10_000
    amount = written * number.factor
    return Mention(number.start, number.end, number.unit, amount, written, scaled)


def _summed(text: str, found: list[Number]) -> list[Number]:
    """Add what is one quantity in two units: "1 year 6 months", "1 crore 20 lakh"."""
    summed = [found[0]]
    for number in found[1:]:
        last = summed[-1]
        if _change(text, last, number):
            value = last.value + number.value / 100
            summed[-1] = last._replace(end=number.end, value=value)
            continue
        if not _SUM.match(text[last.end : number.start]) or not _adds(text, last, number):
            summed.append(number)
            continue
        scale, factor = number.scale, number.factor
        carried = last.value * (last.scale * last.factor) / (scale * factor)
        summed[-1] = number._replace(
            start=last.start, value=carried + number.value, unit=number.unit or last.unit
        )
    return summed


def _change(text: str, last: Number, number: Number) -> bool:
    """Whether a number is the small change of the one before: "two pounds thirty"."""
    return (
        last.unit.isupper()
        and text[last.end - 1].isalpha()
        and number.unit == ""
        and number.scale == last.scale == 1
        and 10 <= number.value < 100
        and last.value == int(last.value)
        and text[last.end : number.start].isspace()
        and _ENDED.match(text, number.end) is not None
    )


def _adds(text: str, last: Number, number: Number) -> bool:
    if _BETWEEN_WORD.search(text, max(0, last.start - 12), last.start) or "label" in (
        last.unit,
        number.unit,
    ):
        return False
    if last.unit == number.unit and last.factor > number.factor:
        return last.scale == number.scale == 1
    # The unit of a sum in scale words stands before all of it, or after all of it.
    once = last.unit == "" or number.unit in ("", last.unit)
    smaller = last.scale > number.scale and number.value * number.scale < last.scale
    return once and smaller and last.factor == 1 and not (last.unit and number.factor > 1)


def _shared(text: str, found: list[Number]) -> list[Number]:
    """Give a bare number the unit of the one that it is listed with: "7 or 14 days"."""
    shared = list(found)
    for index in range(len(shared) - 2, -1, -1):
        number, after = shared[index], shared[index + 1]
        gap = _BETWEEN.match(text[number.end : after.start])
        if not gap:
            continue
        if number.unit == "" and after.unit not in ("", "label"):
            scale = after.scale if number.scale == 1 and not number.grouped else number.scale
            shared[index] = number._replace(unit=after.unit, factor=after.factor, scale=scale)
        elif after.unit == "" and number.unit.isupper():
            scale = after.scale if number.scale == 1 and not number.grouped else number.scale
            shared[index] = number._replace(scale=scale)
            shared[index + 1] = after._replace(unit=number.unit, factor=number.factor)
    return shared


def _is_range(text: str, number: Number, after: Number) -> bool:
    """Whether two numbers are the ends of a range, not the old and the new value."""
    gap = _BETWEEN.match(text[number.end : after.start])
    if not gap or number.unit != after.unit or number.unit == "label":
        return False
    before = text[max(0, number.start - 80) : number.start]
    if gap[2] == "and":
        linked_up = bool(_BETWEEN_WORD.search(before))
    else:
        linked_up = bool(gap[1] or gap[2] == "to") and not _CHANGE.search(before)
    low, high = (n.value * n.scale * Decimal(n.factor) for n in (number, after))
    return linked_up and low < high
