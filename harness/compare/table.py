"""Answers as arrays: one table per task, one grid of cases x candidates per metric."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from harness.errors import MeasurementError
from harness.records import FACT_TAGS, MIN_SLICE, Candidate, Case, Metric, Score, ScoredAnswer

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int64]

ALL = "all"
_OK, _UNMEASURED, _ERROR = 0, 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """One metric of a task. Arrays are cases x candidates; `values` is NaN unless measured.

    Of a case that was answered several times, `values` is the mean, and an error in one of the
    answers is the case's. Such means are not binary, whatever the metric of one answer is.
    """

    metric: Metric
    values: Floats
    unmeasured: Flags
    errors: Flags


@dataclass(frozen=True, slots=True, eq=False)
class TaskTable:
    """All answers of a task. `clusters` holds a code per case, `slices` a mask of cases."""

    task: str
    cases: tuple[str, ...]
    clusters: Codes
    slices: dict[str, Flags]
    candidates: tuple[str, ...]
    grids: tuple[Grid, ...]


def pivot(
    answers: Sequence[ScoredAnswer],
    cases: Sequence[Case],
    metrics: Sequence[Metric],
    candidates: Sequence[Candidate],
) -> tuple[TaskTable, ...]:
    """One table per task that has answers, tasks in the order of `cases`.

    A candidate without any answer in a task was not asked and is left out. One that was asked
    and lacks an answer, or a score, or has a value that is not finite, gets an error there.
    Raises MeasurementError for an answer to an unknown case or candidate, and for two answers
    of a candidate to the same case that are not different samples.
    """
    by_task: dict[str, list[ScoredAnswer]] = {}
    for answer in answers:
        by_task.setdefault(answer.task, []).append(answer)
    names = tuple(candidate.name for candidate in candidates)
    cases_of: dict[str, list[Case]] = {}
    for case in cases:
        cases_of.setdefault(case.task, []).append(case)
    for task in by_task:
        if task not in cases_of:
            raise MeasurementError(f"answers name the task '{task}', which has no cases")
    return tuple(
        _task_table(task, members, by_task[task], metrics, names)
        for task, members in cases_of.items()
        if task in by_task
    )


def slices_of(cases: Sequence[Case]) -> dict[str, Flags]:
    """Masks of `cases`: "all", and each tag on at least five of them but not on all.

    What became of facts (FACT_TAGS) is a slice on all cases too: claims are read on it.
    """
    masks = {ALL: np.ones(len(cases), dtype=np.bool_)}
    for tag in sorted({tag for case in cases for tag in case.tags} - {ALL}):
        mask = np.array([tag in case.tags for case in cases], dtype=np.bool_)
        if mask.sum() >= MIN_SLICE and (tag in FACT_TAGS or not mask.all()):
            masks[tag] = mask
    return masks


def _task_table(
    task: str,
    cases: list[Case],
    answers: list[ScoredAnswer],
    metrics: Sequence[Metric],
    names: tuple[str, ...],
) -> TaskTable:
    cases = sorted(cases, key=lambda case: case.id)
    rows = {case.id: index for index, case in enumerate(cases)}
    placed = _place(task, answers, rows, names)
    present = {key[1] for key in placed}
    asked = tuple(name for name in names if name in present)
    samples = 1 + max(key[2] for key in placed)
    columns = {name: index for index, name in enumerate(asked)}
    scored = {score.metric for answer in answers for score in answer.scores}
    kept = [metric for metric in metrics if metric.name in scored]
    layers = {metric.name: index for index, metric in enumerate(kept)}
    drawn = np.full((len(kept), len(cases), len(asked), samples), np.nan)
    states = np.full(drawn.shape, _ERROR, dtype=np.int8)
    for name, column in columns.items():
        most = max(key[2] for key in placed if key[1] == name)
        states[:, :, column, most + 1 :] = _UNMEASURED
    for (case_id, name, sample), answer in placed.items():
        for score in answer.scores:
            if score.metric in layers:
                place = (layers[score.metric], rows[case_id], columns[name], sample)
                drawn[place], states[place] = _read(score)
    values, errors = _over_samples(drawn, states)
    _, codes = np.unique([case.cluster for case in cases], return_inverse=True)
    grids = tuple(
        Grid(
            replace(metric, binary=metric.binary and samples == 1),
            values[layer],
            np.isnan(values[layer]) & ~errors[layer],
            errors[layer],
        )
        for layer, metric in enumerate(kept)
    )
    ids = tuple(case.id for case in cases)
    return TaskTable(task, ids, codes.astype(np.int64), slices_of(cases), asked, grids)


def _over_samples(drawn: Floats, states: NDArray[np.int8]) -> tuple[Floats, Flags]:
    """Means over the last axis, NaN where nothing or an error was measured; and the errors."""
    if drawn.shape[-1] == 1:
        return drawn[..., 0], states[..., 0] == _ERROR
    errors: Flags = (states == _ERROR).any(axis=-1)
    counts = (~np.isnan(drawn)).sum(axis=-1)
    sums = np.nansum(drawn, axis=-1)
    means = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
    return np.where(errors, np.nan, means), errors


def _place(
    task: str, answers: list[ScoredAnswer], rows: dict[str, int], names: tuple[str, ...]
) -> dict[tuple[str, str, int], ScoredAnswer]:
    placed: dict[tuple[str, str, int], ScoredAnswer] = {}
    for answer in answers:
        key = (answer.case, answer.candidate, answer.sample)
        if answer.case not in rows:
            raise MeasurementError(f"an answer names the unknown case '{answer.case}'", where=task)
        if answer.candidate not in names:
            raise MeasurementError(
                f"an answer names the unknown candidate '{answer.candidate}'", where=task
            )
        if key in placed:
            raise MeasurementError(
                f"'{answer.candidate}' has two answers to the case '{answer.case}'", where=task
            )
        placed[key] = answer
    return placed


def _read(score: Score) -> tuple[float, int]:
    if score.state == "unmeasured":
        return np.nan, _UNMEASURED
    if score.state == "error" or score.value is None or not np.isfinite(score.value):
        return np.nan, _ERROR
    return float(score.value), _OK
