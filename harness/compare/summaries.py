"""A candidate's mean on a metric in a slice, with its interval."""

from collections.abc import Iterable, Sequence

import numpy as np

from harness.compare.intervals import (
    TINY,
    clustered_se,
    mean_of,
    t95,
    wilson,
)
from harness.compare.table import Flags, Floats, Grid, TaskTable, pivot
from harness.records import Candidate, Case, Metric, ScoredAnswer, Summary


def summarise(
    answers: Sequence[ScoredAnswer],
    cases: Sequence[Case],
    metrics: Sequence[Metric],
    candidates: Sequence[Candidate],
) -> tuple[Summary, ...]:
    """One summary per task, metric, slice and candidate that was asked.

    The mean is None where nothing was measured. Raises MeasurementError as `pivot` does.
    """
    return summarise_tables(pivot(answers, cases, metrics, candidates))


def summarise_tables(tables: Iterable[TaskTable]) -> tuple[Summary, ...]:
    """`summarise` of answers that are arrays already."""
    return tuple(
        _summary(table, grid, slice_name, mask, column)
        for table in tables
        for grid in table.grids
        for slice_name, mask in table.slices.items()
        for column in range(len(table.candidates))
    )


def _summary(table: TaskTable, grid: Grid, slice_name: str, mask: Flags, column: int) -> Summary:
    measured = mask & ~np.isnan(grid.values[:, column])
    values = grid.values[measured, column]
    _, codes = np.unique(table.clusters[measured], return_inverse=True)
    clusters = int(codes.max()) + 1 if len(codes) else 0
    mean = low = high = None
    if len(values):
        sums = np.bincount(codes, weights=values).astype(np.float64)
        sizes = np.bincount(codes).astype(np.float64)
        mean = mean_of(sums, sizes)
        low, high = mean_interval(sums, sizes, grid.metric, reach(grid.metric, grid.values))
    return Summary(
        task=table.task,
        metric=grid.metric.name,
        slice=slice_name,
        candidate=table.candidates[column],
        n=len(values),
        clusters=clusters,
        mean=mean,
        low=low,
        high=high,
        unmeasured=int((mask & grid.unmeasured[:, column]).sum()),
        errors=int((mask & grid.errors[:, column]).sum()),
    )


def reach(metric: Metric, values: Floats) -> float:
    """The widest difference two answers may show: the metric's range.

    Without a range on both sides, what was seen in the task stands in, and at least one unit.
    """
    if metric.lower is not None and metric.upper is not None:
        return metric.upper - metric.lower
    seen = values[~np.isnan(values)]
    return max(1.0, float(seen.max() - seen.min())) if len(seen) else 1.0


def mean_interval(sums: Floats, sizes: Floats, metric: Metric, width: float) -> tuple[float, float]:
    """A 95 % interval of a mean inside the metric's range, never of width 0.

    Wilson for binary metrics with clusters of one; else t on the cluster-robust standard error;
    where no spread was seen, Wilson's bound for 0 of `clusters`, as the share of clusters that
    could lie elsewhere, up to `width` away.
    """
    mean, clusters = mean_of(sums, sizes), len(sums)
    if metric.binary and sizes.max() == 1:
        return wilson(round(float(sums.sum())), clusters)
    se = clustered_se(sums, sizes) if clusters > 1 else 0.0
    if se > TINY * max(1.0, abs(mean)):
        half = t95(clusters - 1) * se
        low, high = mean - half, mean + half
    else:
        _, unseen = wilson(0, clusters)
        below = metric.lower if metric.lower is not None else mean - width
        above = metric.upper if metric.upper is not None else mean + width
        low, high = mean - unseen * (mean - below), mean + unseen * (above - mean)
    low = low if metric.lower is None else max(low, metric.lower)
    high = high if metric.upper is None else min(high, metric.upper)
    return low, high
