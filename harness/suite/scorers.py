"""Construct a task's scorers from the registry, as a run will, so that options are checked."""

import math
from numbers import Real

from harness import registry
from harness.protocols import Resources, Scorer
from harness.records import Answer, Case, Metric, Score, Suite, Task

SLACK = 1e-9  # beyond a metric's range that rounding may lead


def resources(suite: Suite, task: Task) -> Resources:
    """What the suite lends the scorers of one of its tasks."""
    return Resources(
        facts={fact.id: fact for fact in suite.facts},
        glossary=suite.glossary,
        style=suite.style,
        train=suite.train,
        references=tuple(case.reference for case in task.cases),
        trained_until=suite.trained_until,
    )


def construct(task: Task, lent: Resources) -> tuple[dict[str, Scorer], dict[str, str]]:
    """A task's scorers by name, and for each that refuses its options the reason."""
    built: dict[str, Scorer] = {}
    refused: dict[str, str] = {}
    for spec in task.scorers:
        try:
            with registry.blaming("scorer", spec.name):
                built[spec.name] = registry.load("scorer", spec.name)(dict(spec.options), lent)
        except ValueError as error:
            refused[spec.name] = str(error)
    return built, refused


def scored(scorer: Scorer, case: Case, answer: Answer) -> list[Score]:
    """A scorer's scores, one per metric; its failure is an error row, never a zero or nothing."""
    try:
        found = {score.metric: score for score in scorer.score(case, answer)}
    except Exception as error:  # noqa: BLE001 - a scorer's bug must not end the run
        reason = f"{type(error).__name__}: {error}"
        return [Score(m.name, None, "error", reason=reason) for m in scorer.metrics]
    return [_possible(metric, found.get(metric.name)) for metric in scorer.metrics]


def _possible(metric: Metric, score: Score | None) -> Score:
    """The score, or an error where there is none or the metric cannot have its value."""
    if score is None:
        return Score(metric.name, None, "error", reason="the scorer gave no such score")
    value = score.value
    if value is None:
        return score
    low = -math.inf if metric.lower is None else metric.lower
    high = math.inf if metric.upper is None else metric.upper
    number = isinstance(value, Real) and math.isfinite(value)
    if not (number and low - SLACK <= value <= high + SLACK):
        said = f"{value} is no value of {metric.name} ({low:g} to {high:g})"
    elif metric.binary and value not in (0, 1):
        said = f"{value:g} is no value of {metric.name}, which is 0 or 1"
    else:
        return score
    return Score(metric.name, None, "error", reason=said)
