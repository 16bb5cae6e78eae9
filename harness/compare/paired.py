"""Two candidates on the same cases: difference, interval, p-value, win/tie/loss."""

from collections.abc import Iterator, Sequence
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
    mean_of,
    mid_p_mcnemar,
    t_interval,
    unseen_bound,
)
from harness.compare.pairs import default_pairs
from harness.compare.summaries import reach
from harness.compare.table import Flags, Floats, Grid, TaskTable, pivot
from harness.records import Candidate, Case, Comparison, Metric, ScoredAnswer

FEW_APART = 10
FEW_CLUSTERS = 8
MANY_CLUSTERS = 1000
_BOOTSTRAP = f"cluster bootstrap ({RESAMPLES:,} resamples, expanded percentiles)"
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
    wanted = list(dict.fromkeys(default_pairs(candidates) if pairs is None else pairs))
    drafts = [
        draft
        for table in pivot(answers, cases, metrics, candidates)
        for draft in _drafts(table, wanted)
    ]
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
    interval = _interval(sums, sizes, width)
    if grid.metric.binary and len(sums) == len(differences):
        interval = _binary(sums, sizes, interval, win, loss)
    return _Draft(record, grid.metric, sums, sizes, interval)


def _interval(sums: Floats, sizes: Floats, width: float) -> Interval:
    """The interval that the clusters allow; bounds are left open for the bootstrap."""
    clusters, means = len(sums), sums / sizes
    apart = int((np.abs(means) > TINY).sum())
    if np.ptp(means) <= TINY:
        return unseen_bound(mean_of(sums, sizes), clusters, -width, width)
    if apart < min(FEW_APART, clusters):
        return adjusted_interval(sums, sizes)
    interval = t_interval(sums, sizes)
    if FEW_CLUSTERS <= clusters <= MANY_CLUSTERS:
        return replace(interval, method="")
    return interval


def _binary(sums: Floats, sizes: Floats, interval: Interval, win: int, loss: int) -> Interval:
    """Independent binary cases: McNemar's mid-p, and the adjusted interval that goes with it."""
    p_value = mid_p_mcnemar(win, loss)
    if interval.method.startswith("exact"):
        return replace(interval, p_value=p_value, method=f"{interval.method}; McNemar mid-p")
    adjusted = adjusted_interval(sums, sizes)
    se = clustered_se(sums, sizes) if win + loss >= FEW_APART else adjusted.se
    name = "adjusted Wald (Bonett-Price) interval; McNemar mid-p"
    return Interval(adjusted.low, adjusted.high, se, p_value, name)


def _finish(draft: _Draft, bootstrapped: Iterator[tuple[float, float]]) -> Comparison:
    interval, metric = draft.interval, draft.metric
    if interval is None:
        return draft.record
    low, high, method = interval.low, interval.high, interval.method
    if not method:
        low, high = next(bootstrapped)
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
    )
