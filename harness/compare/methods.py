"""Claims about a method: the same recipe trained with several seeds, against what it is held to.

A comparison of two adapters is about their weights. Whether the recipe does better needs the
spread between its seeds too, and that takes three of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from harness.compare.intervals import TINY, Z80, Z95, Interval, mean_of
from harness.compare.paired import interval_of, outcome_of
from harness.compare.pairs import NO_ADAPTER, adapted, base_of, compared, find_alike
from harness.compare.summaries import reach
from harness.compare.table import Flags, Floats, Grid, TaskTable, pivot
from harness.records import Candidate, Case, Comparison, Metric, Recipe, ScoredAnswer

SEEDS = 3
"""The fewest seeds that say anything of their spread."""


@dataclass(frozen=True, slots=True)
class Method:
    """Candidates that differ in their recipe's seed alone; one without an adapter stands alone."""

    name: str
    members: tuple[str, ...]


def methods_of(
    candidates: Sequence[Candidate], recipes: Sequence[Recipe]
) -> dict[Method, Candidate]:
    """Every group of candidates with at least SEEDS seeds, with its first member.

    Points of learning curves are left to these.
    """
    known = {recipe.name: recipe for recipe in recipes}
    groups: dict[object, dict[int, Candidate]] = {}
    for one in compared(candidates):
        if one.adapter.kind == "recipe" and one.adapter.value in known:
            recipe = known[one.adapter.value]
            key = (seedless(recipe, known), one.prompt, one.context, one.retrieve)
            groups.setdefault(key, {}).setdefault(recipe.seed, one)
    found = {}
    for group in groups.values():
        if len(group) >= SEEDS:
            names = tuple(one.name for one in group.values())
            same = next(
                (i for i, c in enumerate(zip(*names, strict=False)) if len(set(c)) > 1), None
            )
            stem = names[0][:same].rstrip("-_.+ ") or names[0]
            found[Method(f"{stem} × {len(names)} seeds", names)] = next(iter(group.values()))
    return found


def compare_methods(
    answers: Sequence[ScoredAnswer],
    cases: Sequence[Case],
    metrics: Sequence[Metric],
    candidates: Sequence[Candidate],
    recipes: Sequence[Recipe],
) -> tuple[Comparison, ...]:
    """Every method against the base, its twin without an adapter, and other methods like it.

    Paired by case, over the cases that all members of both sides were measured on; a task that
    one of them was not asked is left out. A difference is of the means over seeds. Its variance
    is that over clusters plus, for each side with seeds, the variance of its seeds' means over
    their number; both hold the interaction of the two, which is on the careful side (crossed
    random effects, Owen 2007, arXiv 0712.1111). Degrees of freedom are Satterthwaite's (1946,
    doi 10.2307/3002019). Raises MeasurementError as `pivot` does.
    """
    pairs = list(_pairs(methods_of(candidates, recipes), candidates))
    if not pairs:
        return ()
    return tuple(
        _compared(table, grid, (name, mask), pair)
        for table in pivot(answers, cases, metrics, candidates)
        for grid in table.grids
        for name, mask in table.slices.items()
        for pair in pairs
        if all(set(side.members) <= set(table.candidates) for side in pair)
    )


def seedless(recipe: Recipe, known: dict[str, Recipe]) -> object:
    """All of a recipe, and of what it starts from, but names, seeds and which rows these drew."""
    start = known.get(recipe.start or "")
    before = seedless(start, known) if start else recipe.start
    return replace(recipe, name="", seed=0, draw=None, start=None), before


def _pairs(
    methods: dict[Method, Candidate], candidates: Sequence[Candidate]
) -> Iterator[tuple[Method, Method]]:
    base, listed = base_of(candidates), list(methods.items())
    for index, (method, first) in enumerate(listed):
        twin = find_alike(candidates, replace(first, adapter=NO_ADAPTER))
        for other in dict.fromkeys(c.name for c in (base, twin) if c and not adapted(c)):
            yield method, Method(other, (other,))
        for earlier, like in listed[:index]:
            if (like.prompt, like.context, like.retrieve) == (
                first.prompt,
                first.context,
                first.retrieve,
            ):
                yield method, earlier


def _compared(
    table: TaskTable, grid: Grid, part: tuple[str, Flags], pair: tuple[Method, Method]
) -> Comparison:
    sides = [
        grid.values[:, [table.candidates.index(name) for name in side.members]] for side in pair
    ]
    blank = Comparison(
        table.task, grid.metric.name, part[0], pair[0].name, pair[1].name,
        n=0, clusters=0, difference=None, low=None, high=None, claim="this method",
    )  # fmt: skip
    whole = part[1] & ~np.isnan(np.concatenate(sides, axis=1)).any(axis=1)
    if not whole.any():
        return blank
    ours, theirs = (side[whole] for side in sides)
    apart = ours.mean(axis=1) - theirs.mean(axis=1)
    _, codes = np.unique(table.clusters[whole], return_inverse=True)
    sums = np.bincount(codes, weights=apart).astype(np.float64)
    sizes = np.bincount(codes).astype(np.float64)
    width = reach(grid.metric, grid.values)
    found = over_seeds(sums, sizes, (ours, theirs), width)
    low, high = found.low, found.high
    if grid.metric.lower is not None and grid.metric.upper is not None:
        low, high = max(low, -width), min(high, width)
    sign = -1.0 if grid.metric.better == "lower" else 1.0
    win, loss = int((sign * apart > TINY).sum()), int((sign * apart < -TINY).sum())
    return replace(
        blank,
        n=len(apart),
        clusters=len(sums),
        difference=mean_of(sums, sizes),
        low=low,
        high=high,
        win=win,
        tie=len(apart) - win - loss,
        loss=loss,
        p_value=found.p_value,
        method=found.method,
        mde=(Z95 + Z80) * found.se,
        equal_within=max(abs(low), abs(high)),
        outcome=outcome_of(grid.metric, low, high),
    )


def over_seeds(sums: Floats, sizes: Floats, sides: tuple[Floats, Floats], width: float) -> Interval:
    """The interval of a difference of means over seeds; `sides` are cases x seeds each.

    `sums` and `sizes` are per cluster, of the cases' differences.
    """
    clustered = interval_of(sums, sizes, width)
    parts = [(clustered.se**2, len(sums) - 1)]
    seeded = [side for side in sides if side.shape[1] > 1]
    parts += [
        (float(side.mean(axis=0).var(ddof=1)) / side.shape[1], side.shape[1] - 1) for side in seeded
    ]
    variance = sum(part for part, _ in parts)
    if len(sums) < 2 or variance <= TINY**2:
        return clustered
    df = variance**2 / sum(part**2 / free for part, free in parts)
    se, mean = variance**0.5, mean_of(sums, sizes)
    half = float(special.stdtrit(df, 0.975)) * se
    p_value = 2 * float(special.stdtr(df, -abs(mean) / se))
    seeds = " and ".join(str(side.shape[1]) for side in seeded)
    name = f"t over {len(sums)} clusters x {seeds} seeds ({df:.1f} degrees of freedom)"
    return Interval(mean - half, mean + half, se, p_value, name)
