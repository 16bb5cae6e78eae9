"""Answers as arrays: one table per task, one grid of cases x candidates per metric."""

from collections.abc import Sequence
from dataclasses import dataclass

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
    """One metric of a task. Arrays are cases x candidates; `values` is NaN unless measured."""

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
    of a candidate to the same case.
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
    asked = tuple(name for name in names if any(key[1] == name for key in placed))
    columns = {name: index for index, name in enumerate(asked)}
    scored = {score.metric for answer in answers for score in answer.scores}
    kept = [metric for metric in metrics if metric.name in scored]
    layers = {metric.name: index for index, metric in enumerate(kept)}
    values = np.full((len(kept), len(cases), len(asked)), np.nan)
    states = np.full(values.shape, _ERROR, dtype=np.int8)
    for (case_id, name), answer in placed.items():
        for score in answer.scores:
            if score.metric in layers:
                place = (layers[score.metric], rows[case_id], columns[name])
                values[place], states[place] = _read(score)
    _, codes = np.unique([case.cluster for case in cases], return_inverse=True)
    grids = tuple(
        Grid(metric, values[layer], states[layer] == _UNMEASURED, states[layer] == _ERROR)
        for layer, metric in enumerate(kept)
    )
    ids = tuple(case.id for case in cases)
    return TaskTable(task, ids, codes.astype(np.int64), slices_of(cases), asked, grids)


def _place(
    task: str, answers: list[ScoredAnswer], rows: dict[str, int], names: tuple[str, ...]
) -> dict[tuple[str, str], ScoredAnswer]:
    placed: dict[tuple[str, str], ScoredAnswer] = {}
    for answer in answers:
        key = (answer.case, answer.candidate)
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
