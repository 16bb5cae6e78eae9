"""Whether a suite's scorers can tell its reference answers from nothing.

Each reference must score best and an empty answer must not, or the suite is broken.
"""

from collections.abc import Iterator
from textwrap import shorten

from harness.errors import Problem
from harness.protocols import Scorer
from harness.records import Answer, Case, Metric, Score, Suite, Task
from harness.suite.scorers import construct, resources, scored

SHOWN = 5  # problems shown of one metric of one task; the rest is counted


def check(suite: Suite) -> list[Problem]:
    """Score each reference and an empty answer with the task's scorers; [] when all is well.

    Only headline metrics with a direction are judged. A case that a scorer has nothing to
    measure on is passed over, a scorer that measures no case of a task is a problem.
    """
    found: list[Problem] = []
    for task in suite.tasks:
        built, refused = construct(task, resources(suite, task))
        found += [Problem(f"scorer '{name}': {why}", task.name) for name, why in refused.items()]
        for name, scorer in built.items():
            found += _promised(task, name, scorer)
            for metric in scorer.metrics:
                if metric.headline and not metric.diagnostic and metric.better != "neither":
                    found += _check_metric(task, name, scorer, metric)
    return found


def _promised(task: Task, name: str, scorer: Scorer) -> list[Problem]:
    """The metrics that are no headline and that a scorer fails to give on the first case."""
    if not task.cases:
        return []
    case = task.cases[0]
    judged = {m.name for m in scorer.metrics if m.headline}
    return [
        Problem(f"scorer '{name}' fails on {one.metric}: {one.reason}", case.where)
        for one in scored(scorer, case, Answer(case.id, case.reference))
        if one.state == "error" and one.metric not in judged
    ]


def _check_metric(task: Task, name: str, scorer: Scorer, metric: Metric) -> list[Problem]:
    found, measured = [], 0
    for case in task.cases:
        full = _score(scorer, metric, case, case.reference)
        empty = _score(scorer, metric, case, "")
        if full.state == empty.state == "unmeasured":
            continue
        measured += 1
        found += list(_faults(case, metric, full, empty))
    if task.cases and not measured:
        what = f"{metric.name} measures no case of task '{task.name}'"
        remedy = f"drop scorer '{name}' there, or give its cases what it needs"
        return [Problem(what, _file(task), remedy)]
    rest = len(found) - SHOWN
    if rest > 0:
        what = f"… and {rest} more of task '{task.name}' on {metric.name}"
        return [*found[:SHOWN], Problem(what, _file(task))]
    return found


def _faults(case: Case, metric: Metric, full: Score, empty: Score) -> Iterator[Problem]:
    why = f": {shorten(full.reason, 160, placeholder='…')}" if full.reason else ""
    best = metric.upper if metric.better == "higher" else metric.lower
    bounded = metric.binary or metric.unit == "share"
    if full.value is None:
        what = f"reference of case '{case.id}' is {full.state} on {metric.name}{why}"
        yield Problem(what, case.where, "correct the reference, or what the scorer needs")
    elif bounded and best is not None and abs(full.value - best) > 1e-9:
        what = (
            f"reference of case '{case.id}' scores {full.value:g} on {metric.name},"
            f" not {best:g}{why}"
        )
        yield Problem(what, case.where, "correct the reference or the rule")
    elif empty.value is not None and not _worse(empty.value, full.value, metric):
        what = (
            f"an empty answer to case '{case.id}' scores {empty.value:g} on {metric.name},"
            f" no worse than its reference ({full.value:g})"
        )
        yield Problem(what, case.where, "the scorer or its rules cannot tell them apart")


def _worse(value: float, than: float, metric: Metric) -> bool:
    return value < than if metric.better == "higher" else value > than


def _score(scorer: Scorer, metric: Metric, case: Case, text: str) -> Score:
    scores = scored(scorer, case, Answer(case.id, text))
    return next(score for score in scores if score.metric == metric.name)


def _file(task: Task) -> str:
    return task.cases[0].where.rpartition(":")[0]
