"""Split rows into training and cases so that nothing alike stands on both sides."""

import hashlib
import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from harness.errors import UsageError
from harness.suite.alike import NEAR, OVERLAP, groups
from harness.suite.forms import form
from harness.suite.leak import normalise

FROM_ONE = 10  # cases at most from one group of near-duplicates
ENOUGH = 4  # a split that finds fewer than a quarter of the cases is not worth keeping groups whole


class Placed(NamedTuple):
    """A row with its place in the user's file."""

    where: str
    row: dict[str, Any]


class Split(NamedTuple):
    """`left_out` rows are alike to a case; `apart` says that near-duplicates were held together."""

    train: list[Placed]
    cases: list[Placed]
    left_out: int
    apart: bool


def split(
    rows: Sequence[Placed],
    share: float,
    most: int,
    seed: int,
    where: str,
    *,
    near: float = NEAR,
    overlap: float = OVERLAP,
) -> Split:
    """Cases from a seeded `share` of the distinct inputs, at most `most`; the rest trains.

    Rows that ask the same, or nearly, stay on one side. Several cases from one group of
    near-duplicates are one cluster: they get a `source` in common, unless they have their own.
    Of rows that ask exactly the same, a case keeps the first.

    Raises:
        UsageError: fewer than two distinct inputs.
    """
    asked: dict[str, list[Placed]] = defaultdict(list)
    for placed in rows:
        asked[normalise(placed.row["input"])].append(placed)
    texts = list(asked)
    if len(texts) < 2:
        remedy = "give at least 2 rows with different inputs"
        what = f"{len(texts)} distinct input(s) cannot be split"
        raise UsageError(what, where=where, remedy=remedy)
    wanted = max(1, min(most, math.floor(share * len(texts)), len(texts) - 1))
    alike: dict[int, list[str]] = defaultdict(list)
    for text, group in zip(texts, groups(texts, near=near, overlap=overlap), strict=True):
        alike[group].append(text)
    budget = max(wanted, math.floor(share * len(texts)))
    strata = {text: _stratum(same[0].row) for text, same in asked.items()}
    chosen = _chosen(list(alike.values()), wanted, budget, seed, strata)
    apart = ENOUGH * sum(len(members[:FROM_ONE]) for members in chosen) >= wanted
    if not apart:
        chosen = _chosen([[text] for text in texts], wanted, budget, seed, strata)
    return _parted(asked, chosen, wanted, apart=apart)


def _stratum(row: dict[str, Any]) -> tuple[str, ...]:
    """Cases keep the mix of tags and of forms of output."""
    return (form(row["output"]), *sorted(row.get("tags", ())))


def _chosen(
    alike: Sequence[list[str]],
    wanted: int,
    budget: int,
    seed: int,
    strata: dict[str, tuple[str, ...]],
) -> list[list[str]]:
    """Groups in seeded order, until they give enough cases; they cost training all they hold."""
    found, gives = [], 0
    for members in _ordered(alike, seed, strata):
        if gives >= wanted:
            break
        if len(members) <= budget:
            found.append(sorted(members, key=lambda text: _rank(text, seed)))
            budget -= len(members)
            gives += min(len(members), FROM_ONE)
    return found


def _ordered(
    alike: Sequence[list[str]], seed: int, strata: dict[str, tuple[str, ...]]
) -> list[list[str]]:
    """Every beginning of the order holds the strata in proportion."""
    within: dict[tuple[str, ...], list[tuple[bytes, int]]] = defaultdict(list)
    for index, members in enumerate(alike):
        within[strata[members[0]]].append((_rank(members[0], seed), index))
    ranked = [
        ((rank + 0.5) / len(same), digest, index)
        for same in within.values()
        for rank, (digest, index) in enumerate(sorted(same))
    ]
    return [alike[index] for _, _, index in sorted(ranked)]


def _rank(text: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}\0{text}".encode()).digest()


def _parted(
    asked: dict[str, list[Placed]], chosen: Sequence[list[str]], wanted: int, *, apart: bool
) -> Split:
    away = {text for members in chosen for text in members}
    kept: dict[str, int] = {}
    for group, members in enumerate(chosen):
        for text in members[: min(FROM_ONE, wanted - len(kept))]:
            kept[text] = group
    sizes = [sum(group == other for other in kept.values()) for group in range(len(chosen))]
    cases = []
    for text, same in asked.items():
        if text in kept:
            where, row = same[0]
            group = kept[text]
            if sizes[group] > 1 and "source" not in row:
                row = {**row, "source": f"alike-{group + 1}"}
            cases.append(Placed(where, row))
    train = [placed for text, same in asked.items() if text not in away for placed in same]
    left_out = sum(len(same) for same in asked.values()) - len(train) - len(cases)
    return Split(train, cases, left_out, apart)
