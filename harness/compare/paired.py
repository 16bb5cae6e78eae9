"""Two candidates on the same cases: difference, interval, p-value, win/tie/loss."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from harness.compare.bootstrap import RESAMPLES, bootstrap_bounds
from harness.compare.intervals import (
    TINY,
    Z80,
    Z95,
    Interval,
    adjusted_interval,
    clustered_se,
    guarded_interval,
    mean_of,
    t_interval,
    unseen_bound,
    widening,
)
from harness.compare.matched import FEW_APART, mcnemar, tango_interval
from harness.compare.pairs import default_pairs
from harness.compare.summaries import reach
from harness.compare.table import Flags, Floats, Grid, TaskTable, pivot
from harness.records import Candidate, Case, Comparison, Metric, ScoredAnswer

FEW_CLUSTERS = 8
MANY_CLUSTERS = 1000
_BOOTSTRAP = f"cluster bootstrap ({RESAMPLES:,} resamples), at least a guarded t"
Outcome = Literal["better", "worse", "not shown"]


@dataclass(frozen=True, slots=True, eq=False)
class _Draft:
    """A comparison whose interval may still wait for the bootstrap (method "")."""

    record: Comparison
    metric: Metric
    sums: Floats
    sizes: Floats
    interval: Interval | None = None


def compare(
    answers: Sequence[ScoredAnswer],
    cases: Sequence[Case],
    metrics: Sequence[Metric],
    candidates: Sequence[Candidate],
    pairs: Sequence[tuple[str, str]] | None = None,
    seed: int = 0,
) -> tuple[Comparison, ...]:
    """Candidate minus baseline for every task, metric, slice and (candidate, baseline) pair.

    Paired by case: only cases measured for both count, and `n` says how many. A pair is left
    out of a task that one of the two was not asked, or everywhere if it was asked nothing; the
    gate makes an ERROR of that. Without `pairs`, `default_pairs`. Raises MeasurementError as
    `pivot` does.
    """
    wanted = default_pairs(candidates) if pairs is None else pairs
    return compare_tables(pivot(answers, cases, metrics, candidates), wanted, seed)


def compare_tables(
    tables: Iterable[TaskTable], pairs: Sequence[tuple[str, str]], seed: int = 0
) -> tuple[Comparison, ...]:
    """`compare` of answers that are arrays already."""
    wanted = list(dict.fromkeys(pairs))
    drafts = [draft for table in tables for draft in _drafts(table, wanted)]
    waiting = [draft for draft in drafts if draft.interval and not draft.interval.method]
    found = iter(bootstrap_bounds([(draft.sums, draft.sizes) for draft in waiting], seed))
    return tuple(_finish(draft, found) for draft in drafts)


def outcome_of(metric: Metric, low: float, high: float) -> Outcome:
    """What an interval of candidate - baseline says in the metric's direction."""
    if metric.better == "neither" or low <= 0 <= high:
        return "not shown"
    return "better" if (low > 0) == (metric.better == "higher") else "worse"


def _drafts(table: TaskTable, pairs: Sequence[tuple[str, str]]) -> Iterator[_Draft]:
    columns = {name: index for index, name in enumerate(table.candidates)}
    asked = [pair for pair in pairs if pair[0] in columns and pair[1] in columns]
    for grid in table.grids:
        for slice_name, mask in table.slices.items():
            for candidate, baseline in asked:
                blank = Comparison(
                    table.task, grid.metric.name, slice_name, candidate, baseline,
                    n=0, clusters=0, difference=None, low=None, high=None,
                )  # fmt: skip
                yield _draft(table, grid, mask, (columns[candidate], columns[baseline]), blank)


def _draft(
    table: TaskTable, grid: Grid, mask: Flags, columns: tuple[int, int], blank: Comparison
) -> _Draft:
    apart = grid.values[:, columns[0]] - grid.values[:, columns[1]]
    paired = mask & ~np.isnan(apart)
    differences = apart[paired]
    if not len(differences):
        return _Draft(blank, grid.metric, differences, differences)
    _, codes = np.unique(table.clusters[paired], return_inverse=True)
    sums = np.bincount(codes, weights=differences).astype(np.float64)
    sizes = np.bincount(codes).astype(np.float64)
    sign = -1.0 if grid.metric.better == "lower" else 1.0
    win = int((sign * differences > TINY).sum())
    loss = int((sign * differences < -TINY).sum())
    record = replace(
        blank,
        n=len(differences),
        clusters=len(sums),
        difference=mean_of(sums, sizes),
        win=win,
        tie=len(differences) - win - loss,
        loss=loss,
    )
    width = reach(grid.metric, grid.values)
    single = grid.metric.binary and len(sums) == len(differences)
    interval = interval_of(sums, sizes, width, differences if single else None)
    return _Draft(record, grid.metric, sums, sizes, interval)


def interval_of(
    sums: Floats, sizes: Floats, width: float, binary: Floats | None = None
) -> Interval:
    """The interval of a mean difference; of method "" where the bootstrap may still widen it.

    `width` is the widest difference that two answers may show. `binary` are the differences of
    independent binary cases.
    """
    if np.ptp(sums / sizes) <= TINY:
        interval = unseen_bound(mean_of(sums, sizes), len(sums), -width, width)
        return interval if binary is None else _binary(sums, sizes, binary, interval)
    if binary is not None:
        return _binary(sums, sizes, binary)
    return _interval(sums, sizes, unseen_bound(0.0, len(sums), -width, width))


def _interval(sums: Floats, sizes: Floats, unseen: Interval) -> Interval:
    """The interval that the clusters allow, where not all agree; `unseen` is for none that differ.

    Of few that differ, the bound on their side is never better than if none did.
    """
    clusters = len(sums)
    if np.count_nonzero(np.abs(sums) > TINY) < min(FEW_APART, clusters):
        found, mean = adjusted_interval(sums, sizes), mean_of(sums, sizes)
        low = min(found.low, unseen.low) if mean <= 0 else found.low
        high = max(found.high, unseen.high) if mean >= 0 else found.high
        return replace(found, low=low, high=high)
    if FEW_CLUSTERS <= clusters <= MANY_CLUSTERS:
        return replace(guarded_interval(sums, sizes), method="")
    return t_interval(sums, sizes)


def _binary(
    sums: Floats, sizes: Floats, differences: Floats, unseen: Interval | None = None
) -> Interval:
    """McNemar's test, and the interval that goes with it; `unseen` where all cases agree."""
    win, loss = int((differences > TINY).sum()), int((differences < -TINY).sum())
    p_value, test = mcnemar(win, loss)
    if unseen is not None:
        return replace(unseen, p_value=p_value, method=f"{unseen.method}; {test}")
    if win + loss < FEW_APART:
        adjusted = adjusted_interval(sums, sizes)
        name = f"adjusted Wald (Bonett-Price) interval; {test}"
        return replace(adjusted, p_value=p_value, method=name)
    low, high = tango_interval(win, loss, len(sums))
    name = f"Tango score interval; {test}"
    return Interval(low, high, clustered_se(sums, sizes), p_value, name)


def _finish(draft: _Draft, bootstrapped: Iterator[tuple[float, float]]) -> Comparison:
    interval, metric = draft.interval, draft.metric
    if interval is None:
        return draft.record
    low, high, method = interval.low, interval.high, interval.method
    if not method:
        low, high = _wider(draft, interval, next(bootstrapped))
        method = _BOOTSTRAP
    if metric.lower is not None and metric.upper is not None:
        width = metric.upper - metric.lower
        low, high = max(low, -width), min(high, width)
    return replace(
        draft.record,
        low=low,
        high=high,
        p_value=interval.p_value,
        method=method,
        mde=(Z95 + Z80) * interval.se,
        outcome=outcome_of(metric, low, high),
        equal_within=max(abs(low), abs(high)),
    )


def _wider(draft: _Draft, guard: Interval, bounds: tuple[float, float]) -> tuple[float, float]:
    """The bootstrap's bounds, wider where clusters tie, and never inside the guarded t."""
    mean, factor = mean_of(draft.sums, draft.sizes), widening(draft.sums)
    low, high = (mean + factor * (bound - mean) for bound in bounds)
    return min(low, guard.low), max(high, guard.high)
