"""What a learning curve is drawn through: levels of adapters by examples, or by exposures."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.compare.curvefit import Measured
from harness.compare.methods import seedless
from harness.compare.pairs import base_of, parts
from harness.compare.summaries import mean_interval, reach
from harness.compare.table import ALL, Codes, Flags, Floats, Grid, TaskTable, pivot
from harness.records import (
    MIN_SLICE,
    Candidate,
    CurvePoint,
    CurveSpec,
    Metric,
    Recipe,
    Run,
    Suite,
)

Shown = Mapping[str, Mapping[str, int]]
"""Per recipe, how many of its training rows carry a fact, by the fact's id."""

NEEDS = {"style": "style", "terminology": "terminology", "facts": "stable facts"}
UNCHANGED = "unchanged"
MOST_EXPOSURES = 10
"""Different numbers of exposures that are points of their own; more are joined by octaves."""
FEWEST = 3
"""Sizes above 0 that a curve of three unknowns needs."""
_TAG = re.compile(r"exposures-(\d+)")


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Points of one curve, and the errors behind those above 0.

    `recipe` was trained, with the seeds of the points; `base` is the base's level on the cases.
    """

    need: str
    task: str
    metric: Metric
    slice: str
    points: tuple[CurvePoint, ...]
    measured: Measured
    recipe: Recipe
    base: float | None

    @property
    def untrained(self) -> float:
        """The error of what was never shown, else of the base, else 1."""
        never = [one.mean for one in self.points if one.x == 0 and one.mean is not None]
        level = sum(never) / len(never) if never else self.base
        if level is None or self.metric.upper is None or self.metric.lower is None:
            return 1.0
        return (self.metric.upper - level) / (self.metric.upper - self.metric.lower)


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """A metric of a task on the cases of a slice."""

    table: TaskTable
    grid: Grid
    slice: str
    mask: Flags

    def level(self, candidate: str, mask: Flags) -> tuple[float | None, ...]:
        """A candidate's mean and 95 % interval on the cases of `mask`, and how many those are."""
        values = self.grid.values[:, self.table.candidates.index(candidate)]
        kept = mask & ~np.isnan(values)
        if not kept.any():
            return None, None, None, 0
        sums, sizes = _by_cluster(values[kept], self.table.clusters[kept])
        metric = self.grid.metric
        low, high = mean_interval(sums, sizes, metric, reach(metric, self.grid.values))
        return float(values[kept].mean()), low, high, int(kept.sum())


def by_examples(run: Run, suite: Suite, spec: CurveSpec) -> Iterator[Series]:
    """A series for each task and each headline metric that its curve's candidates answered."""
    recipes = {recipe.name: recipe for recipe in suite.recipes}
    candidates = [result.candidate for result in run.candidates]
    on = {c.name: recipes[c.adapter.value] for c in candidates if c.curve == spec.recipe}
    if spec.training == "nested":
        on = {name: recipe for name, recipe in on.items() if recipe.trunk}
    base = base_of(candidates)
    for place in _places(run, [*on, *([base.name] if base else [])]):
        asked = {name: recipe for name, recipe in on.items() if name in place.table.candidates}
        if not asked:
            continue
        sizes = {name: float(recipe.limit or 0) for name, recipe in asked.items()}
        grouped = {x: [name for name in asked if sizes[name] == x] for x in sorted(sizes.values())}
        points = [
            _point(place, (x, name, asked[name].seed), place.mask)
            for x, names in grouped.items()
            for name in names
        ]
        seeds = sorted({recipe.seed for recipe in asked.values()})
        columns = [
            [next((n for n in names if asked[n].seed == seed), None) for seed in seeds]
            for names in grouped.values()
        ]
        masks = [place.mask] * len(grouped)
        measured = _measured(place, list(grouped), masks, columns)
        yield _series(place, points, measured, recipes[spec.recipe], base)


def by_exposures(run: Run, suite: Suite, shown: Shown) -> Iterator[Series]:
    """A series for each task that asks facts by how often training showed them.

    Of the adapters that answer it alone, the recipe with most seeds speaks, or the first listed.
    """
    candidates = [result.candidate for result in run.candidates]
    base = base_of(candidates)
    alone = [c for c in candidates if c.adapter.kind == "recipe" and parts(c) == 1]
    names = [c.name for c in (*alone, *([base] if base else []))]
    for place in _places(run, names):
        if place.grid.metric.need != "facts":
            continue
        found = [_exposed(place, run, group, shown) for group in _groups(alone, suite)]
        usable = [one for one in found if one is not None]
        if usable:
            points, measured, recipe = max(usable, key=lambda one: one[1].sums.shape[1])
            yield _series(place, points, measured, recipe, base, "rare facts")


def _places(run: Run, names: Sequence[str]) -> Iterator[_Place]:
    """Every headline metric with a range that serves a need, facts on those that did not change."""
    candidates = [r.candidate for r in run.candidates if r.candidate.name in names]
    answers = [answer for answer in run.answers if answer.candidate in names]
    metrics = [
        m
        for m in run.metrics
        if m.headline
        and not m.diagnostic
        and m.need in NEEDS
        and m.better == "higher"
        and None not in (m.lower, m.upper)
    ]
    for table in pivot(answers, run.cases, metrics, candidates):
        for grid in table.grids:
            facts = grid.metric.need == "facts"
            part = UNCHANGED if facts and UNCHANGED in table.slices else ALL
            yield _Place(table, grid, part, table.slices[part])


def _groups(alone: Sequence[Candidate], suite: Suite) -> list[list[tuple[Candidate, Recipe]]]:
    """Candidates whose recipes differ in their seed alone."""
    recipes = {recipe.name: recipe for recipe in suite.recipes}
    found: dict[object, dict[int, tuple[Candidate, Recipe]]] = {}
    for one in alone:
        recipe = recipes[one.adapter.value]
        found.setdefault(seedless(recipe, recipes), {}).setdefault(recipe.seed, (one, recipe))
    return [list(group.values()) for group in found.values()]


def _exposed(
    place: _Place, run: Run, group: Sequence[tuple[Candidate, Recipe]], shown: Shown
) -> tuple[list[CurvePoint], Measured, Recipe] | None:
    """Points and errors by exposures; None where too few numbers above 0 have cases enough."""
    members = [(c, r) for c, r in group if c.name in place.table.candidates]
    if not members:
        return None
    counts = shown.get(members[0][1].name, {})
    members = [(c, r) for c, r in members if shown.get(r.name, {}) == counts]
    times = _times(place, run, counts)
    if times is None:
        return None
    masks = {x: place.mask & (times == x) for x in np.unique(times[~np.isnan(times)])}
    masks = {float(x): mask for x, mask in masks.items() if mask.any()}
    if sum(x > 0 and mask.sum() >= MIN_SLICE for x, mask in masks.items()) < FEWEST:
        return None
    points = [
        _point(place, (x, candidate.name, recipe.seed), mask)
        for x, mask in masks.items()
        for candidate, recipe in members
    ]
    above = {x: mask for x, mask in masks.items() if x > 0}
    columns: list[list[str | None]] = [[c.name for c, _ in members]] * len(above)
    measured = _measured(place, list(above), list(above.values()), columns)
    return points, measured, members[0][1]


def _times(place: _Place, run: Run, counts: Mapping[str, int]) -> Floats | None:
    """How often each case's fact was shown, NaN where unknown; None where no case says so.

    The rows that carry the fact count; where rows carry no facts, a tag `exposures-N` does.
    """
    cases = {case.id: case for case in run.cases if case.task == place.table.task}
    listed = [cases[name] for name in place.table.cases]
    tags = [[tag for tag in case.tags if tag.startswith("exposures-")] for case in listed]
    if not any(tags):
        return None
    times = np.full(len(listed), np.nan)
    for index, (case, own) in enumerate(zip(listed, tags, strict=True)):
        said = next((m for tag in own if (m := _TAG.fullmatch(tag))), None)
        if counts and case.fact is not None:
            times[index] = counts.get(case.fact, 0)
        elif not counts and said:
            times[index] = int(said[1])
    return _joined(times, place.mask)


def _joined(times: Floats, mask: Flags) -> Floats:
    """Numbers of exposures, those of an octave replaced by their mean where cases are few.

    That is where there are many numbers, or one has fewer cases than a slice needs.
    """
    known = mask & ~np.isnan(times) & (times > 0)
    _, cases = np.unique(times[known], return_counts=True)
    if len(cases) <= MOST_EXPOSURES and (cases >= MIN_SLICE).all():
        return times
    joined, octaves = times.copy(), np.floor(np.log2(np.where(known, times, 1.0)))
    for octave in np.unique(octaves[known]):
        these = known & (octaves == octave)
        joined[these] = round(float(times[these].mean()), 1)
    return joined


def _point(place: _Place, at: tuple[float, str, int], mask: Flags) -> CurvePoint:
    x, name, seed = at
    mean, low, high, n = place.level(name, mask)
    return CurvePoint(x, seed, name, mean, low, high, int(n or 0))


def _measured(
    place: _Place,
    xs: Sequence[float],
    masks: Sequence[Flags],
    columns: Sequence[Sequence[str | None]],
) -> Measured:
    """Errors of the cases in `masks` [K], of the candidates `columns` [K][S], by cluster."""
    metric = place.grid.metric
    if metric.lower is None or metric.upper is None:
        raise ValueError(f"{metric.name} has no range")
    clusters = int(place.table.clusters.max()) + 1
    sums = np.zeros((len(xs), len(columns[0]), clusters))
    sizes = np.zeros_like(sums)
    for k, (mask, names) in enumerate(zip(masks, columns, strict=True)):
        for s, name in enumerate(names):
            if name is None:
                continue
            values = place.grid.values[:, place.table.candidates.index(name)]
            kept = mask & ~np.isnan(values)
            errors = (metric.upper - values[kept]) / (metric.upper - metric.lower)
            codes = place.table.clusters[kept]
            sums[k, s] = np.bincount(codes, weights=errors, minlength=clusters)
            sizes[k, s] = np.bincount(codes, minlength=clusters)
    sizes_used = sizes.sum(axis=(1, 2)) > 0
    asked = sizes.sum(axis=(0, 1)) > 0
    sums, sizes = sums[sizes_used][:, :, asked], sizes[sizes_used][:, :, asked]
    first = (sizes.sum(axis=1) > 0).argmax(axis=0) if len(sizes) else np.zeros(0)
    return Measured(np.asarray(xs)[sizes_used], sums, sizes, first.astype(np.int64))


def _series(
    place: _Place,
    points: Sequence[CurvePoint],
    measured: Measured,
    recipe: Recipe,
    base: Candidate | None,
    need: str = "",
) -> Series:
    metric = place.grid.metric
    level = None
    if base is not None and base.name in place.table.candidates:
        level = place.level(base.name, place.mask)[0]
    return Series(
        need or NEEDS[metric.need],
        place.table.task,
        metric,
        place.slice,
        tuple(points),
        measured,
        recipe,
        level,
    )


def _by_cluster(values: Floats, clusters: Codes) -> tuple[Floats, Floats]:
    _, codes = np.unique(clusters, return_inverse=True)
    sums = np.bincount(codes, weights=values).astype(np.float64)
    return sums, np.bincount(codes).astype(np.float64)
