"""The score stage as the pipeline drives it: every answer with every score of its task."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from harness.asking import Asked
from harness.errors import UsageError
from harness.plan import Cell, Plan
from harness.records import (
    Answer,
    Judgement,
    Metric,
    Score,
    ScoredAnswer,
    Suite,
    Task,
)
from harness.store import Store
from harness.suite.scorers import construct, resources, scored


def metrics_of(suite: Suite) -> list[Metric]:
    """All metrics of a suite's tasks, in the order they appear.

    Raises:
        UsageError: two tasks measure different things under one name.
    """
    metrics: dict[str, Metric] = {}
    for task in suite.tasks:
        for metric in (m for scorer in scorers_of(suite, task) for m in scorer.metrics):
            known = metrics.setdefault(metric.name, metric)
            if shape(known) != shape(metric):
                raise UsageError(
                    f"metric '{metric.name}' has another range or direction in task '{task.name}' "
                    "than in an earlier one",
                    remedy="give the scorer the same options in both tasks",
                )
    return list(metrics.values())


Judged = Mapping[tuple[str, str], Mapping[str, Judgement]]


class Early:
    """Scores of answers that are made while the engine gives others."""

    def __init__(self, plans: Sequence[Plan]) -> None:
        self._scorers = {
            id(cell): scorers
            for plan in plans
            for task in plan.suite.tasks
            if all(spec.name != "judge" for spec in task.scorers)  # its words come later
            for scorers in [scorers_of(plan.suite, task)]
            for cell in plan.cells
            if cell.task.name == task.name
        }
        self._scores: dict[tuple[int, str], tuple[Answer, list[Score]]] = {}

    def add(self, cell: Cell, asked: Asked, answer: Answer) -> None:
        """Score an answer of a cell now."""
        scorers = self._scorers.get(id(cell))
        if scorers is not None:
            self._scores[id(cell), asked.case.id] = (answer, scores_of(scorers, asked, answer))

    def take(self, cell: Cell, asked: Asked, answer: Answer) -> list[Score] | None:
        """The scores of exactly this answer, if they were made."""
        known, scores = self._scores.pop((id(cell), asked.case.id), (None, None))
        return scores if known == answer else None


def score_cells(
    plan: Plan, store: Store, judged: Judged | None = None, early: Early | None = None
) -> list[ScoredAnswer]:
    """Every answer with every score of its task.

    `judged` is what judges said, by task and candidate; `early` what was scored already.
    """
    return [
        scored
        for task in plan.suite.tasks
        for scorers in [scorers_of(plan.suite, task)]
        for cell in plan.cells
        if cell.task.name == task.name
        for said in [(judged or {}).get((task.name, cell.candidate.name), {})]
        for own in [informed(plan.suite, task, scorers, said)]
        for scored in score_cell(cell, own, store, early)
    ]


def informed(
    suite: Suite, task: Task, scorers: Sequence[Any], said: Mapping[str, Judgement]
) -> Sequence[Any]:
    """The task's scorers, its judge with what was said of one candidate's answers."""
    if not said:
        return scorers
    judges = tuple(spec for spec in task.scorers if spec.name == "judge")
    built, _ = construct(
        replace(task, scorers=judges), replace(resources(suite, task), judged=said)
    )
    names = [spec.name for spec in task.scorers]
    return [built.get(name, known) for name, known in zip(names, scorers, strict=True)]


BLOCK = 16
"""Answers that a scorer reads before the next one does: what it works with stays in the
processor's cache, which saves a fifth of the time. Scorers share what they read of so many."""


def scores_of(scorers: Sequence[Any], asked: Asked, answer: Answer) -> list[Score]:
    """What scorers say of an answer, in their order."""
    return scores_of_block(scorers, [(asked, answer)])[0]


def scores_of_block(
    scorers: Sequence[Any], block: Sequence[tuple[Asked, Answer]]
) -> list[list[Score]]:
    """What scorers say of each of some answers, in their order."""
    found: list[list[Score]] = [[] for _ in block]
    read = [list(readings(scorers, asked, answer)) for asked, answer in block]
    for at, scorer in enumerate(scorers):
        for (asked, _), answers, scores in zip(block, read, found, strict=True):
            scores.extend(
                skipped(scorer, asked) if asked.skip else scored(scorer, asked.case, answers[at])
            )
    return found


def score_cell(
    cell: Cell, scorers: Sequence[Any], store: Store, early: Early | None = None
) -> Iterator[ScoredAnswer]:
    """A candidate's answers to a task with their scores; what was not asked is unmeasured."""
    done = store.answers(cell.key).done
    for start in range(0, len(cell.asked), BLOCK):
        block = [
            (asked, done.get(asked.case.id, _missing(asked)))
            for asked in cell.asked[start : start + BLOCK]
        ]
        made = [early.take(cell, *pair) if early else None for pair in block]
        late = [pair for pair, known in zip(block, made, strict=True) if known is None]
        fresh = iter(scores_of_block(scorers, late))
        for (asked, answer), known in zip(block, made, strict=True):
            yield _row(cell, asked, answer, next(fresh) if known is None else known)


def _missing(asked: Asked) -> Answer:
    why = asked.skip or "the engine gave no answer"
    return Answer(asked.case.id, "", finish="error", error=why)


def _row(cell: Cell, asked: Asked, answer: Answer, scores: Sequence[Score]) -> ScoredAnswer:
    return ScoredAnswer(
        asked.case.id,
        cell.task.name,
        cell.candidate.name,
        answer,
        tuple(scores),
        asked.passages,
        f"[system] {asked.system}\n{asked.user}" if asked.system else asked.user,
        cell.sample,
    )


def readings(scorers: Sequence[Any], asked: Asked, answer: Answer) -> Iterator[Answer]:
    """The answer as each scorer gets it: with what was read, and its own targets' logprobs."""
    at = 0
    groups = iter(asked.targets)
    for scorer in scorers:
        own: tuple[tuple[float, ...], ...] = ()
        if hasattr(scorer, "targets"):
            count = len(next(groups, ()))
            own, at = answer.target_logprobs[at : at + count], at + count
        yield replace(answer, passages=asked.passages, target_logprobs=own)


def shape(metric: Metric) -> tuple[object, ...]:
    """What must be the same for two tasks' metrics to be one metric."""
    return (metric.unit, metric.lower, metric.upper, metric.better, metric.binary)


def scorers_of(suite: Suite, task: Task) -> list[Any]:
    """The task's scorers, built with what the suite lends them.

    Raises:
        UsageError: a scorer refuses its options.
    """
    built, refused = construct(task, resources(suite, task))
    for name, why in refused.items():
        raise UsageError(f"scorer '{name}' of task '{task.name}': {why}")
    return list(built.values())


def skipped(scorer: Any, asked: Asked) -> list[Score]:
    """The scores of a case that the candidate was not asked."""
    return [Score(m.name, None, "unmeasured", reason=asked.skip) for m in scorer.metrics]
