"""Cases whose text is in the training data: such a case measures memory, not the task."""

import re
import unicodedata
from collections.abc import Iterable

from harness.errors import Problem
from harness.records import Case, Row
from harness.suite.files import quote

_MARK = re.compile(r"[^\w\s]|_")


def normalise(text: str) -> str:
    """NFKC, case-folded, with punctuation and spaces collapsed to one space.

    A mark between two digits stays, or "2-2" and "2/2" would be one text; so do symbols
    (+, <, ₹) and vowel signs, which are not punctuation.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    kept = " ".join(_MARK.sub(_space, folded).split())
    return kept or folded.strip()


def _space(match: re.Match[str]) -> str:
    mark, (start, end) = match.group(), match.span()
    inside = match.string[start - 1 : start].isdigit() and match.string[end : end + 1].isdigit()
    return " " if unicodedata.category(mark).startswith("P") and not inside else mark


def leaks(train: Iterable[Row], cases: Iterable[Case]) -> list[Problem]:
    """One problem for each case that asks what a training row asks, naming the pair."""
    trained: dict[str, Row] = {}
    for row in train:
        trained.setdefault(normalise(row.input), row)
    found = []
    for case in cases:
        same = trained.get(normalise(case.input))
        if same is not None:
            what = (
                f"case '{case.id}' is in training as '{same.id}' ({same.where}):"
                f" {quote(' '.join(case.input.split()))}"
            )
            found.append(Problem(what, case.where, "remove one of the two"))
    return found
