"""Item numbers in a text: 1. at a line's start, (a) there or after ; : , and 1.1 for clauses."""

import re
from itertools import pairwise

MARKERS = {
    "1.": re.compile(r"^[ \t]*(?:#{1,6}[ \t]+)?\**(\d{1,3})[.)](?=[ \t]|\*)", re.MULTILINE),
    "(a)": re.compile(r"(?:^[ \t]*|[;:,][ \t\n]+(?:and[ \t]+|or[ \t]+)?)\(([a-z])\)", re.MULTILINE),
    "1.1": re.compile(
        r"^[ \t]*(?:#{1,6}[ \t]+)?\**(\d{1,3}(?:\.\d{1,3})+)\.?(?=[ \t]|\*)", re.MULTILINE
    ),
}


def markers(text: str, style: str) -> list[str]:
    """The item numbers of a style in the order they stand: ["1", "2"], ["a", "b"], ["1.1"]."""
    return [match[1] for match in MARKERS[style].finditer(text)]


def in_order(found: list[str], style: str) -> bool:
    """Whether each item follows the one before by one, or starts a new list at the first."""
    places = [_place(item, style) for item in found]
    return all(after == _next(before) or after[-1] == 1 for before, after in pairwise(places))


def _place(item: str, style: str) -> tuple[int, ...]:
    if style == "(a)":
        return (ord(item) - ord("a") + 1,)
    return tuple(int(part) for part in item.split("."))


def _next(place: tuple[int, ...]) -> tuple[int, ...]:
    return (*place[:-1], place[-1] + 1)
