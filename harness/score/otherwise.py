"""What a value of a fact is also called: "twice a year", "a fortnight", "1:8", "sava lakh".

Notation that reading quantities does not foresee; the value is known, so its other names can be
listed and looked for.
"""

import re
from functools import lru_cache

from harness.score.families import FAMILIES
from harness.score.ranks import RANKS
from harness.score.sums import SUMS
from harness.score.whens import TIMES

_SHAPES = [(re.compile(shape), names) for shape, names in (*TIMES, *SUMS, *RANKS, *FAMILIES)]


def otherwise(value: str, text: str) -> list[tuple[int, int, bool]]:
    """Start, end and certainty of places of a text that say a value by another of its names.

    Both are normalised and in lower case.
    """
    return [
        (*match.span(), sure)
        for pattern, sure in _names(value)
        for match in pattern.finditer(text)
        if match[0]
    ]


@lru_cache(maxsize=8192)
def _names(value: str) -> tuple[tuple[re.Pattern[str], bool], ...]:
    """Patterns for the other names of a value, joined by how sure they are."""
    found: dict[bool, list[str]] = {True: [], False: []}
    for shape, names in _SHAPES:
        match = shape.fullmatch(value)
        if match:
            for pattern, sure in names(match):
                found[sure].append(f"(?:{pattern})")
    return tuple((re.compile("|".join(every)), sure) for sure, every in found.items() if every)
