"""What can only be checked when all of a suite has been read."""

from collections import Counter
from collections.abc import Callable

from harness import registry
from harness.errors import Problem
from harness.records import Fact, Metric, Row, Suite, Task
from harness.suite.deciding import check_targets
from harness.suite.expect import check_arms, check_rows, check_sides
from harness.suite.files import Problems
from harness.suite.leak import leaks
from harness.suite.mixing import check_mixing
from harness.suite.reach import check_prompts, check_searches
from harness.suite.rules import check_rules
from harness.suite.scorers import construct, resources

Where = Callable[..., str]


def check_whole(
    suite: Suite, where: Where, rule_places: dict[str, str], problems: Problems
) -> None:
    """Note leaks, miscounted exposures, gold contexts without documents, scorers and gate metrics.

    `where(*loc)` places a key path of suite.yaml; `rule_places` says where style rules are.
    """
    for problem in leaks(suite.train, (case for task in suite.tasks for case in task.cases)):
        problems.add(problem.what, problem.where, problem.remedy)
    for problem in exposure_problems(suite.facts, suite.train):
        problems.add(problem.what, problem.where, problem.remedy)
    check_rows(suite, where, problems)
    check_mixing(suite, where, problems)
    check_prompts(suite, where, problems)
    check_searches(suite, where, problems)
    known = {candidate.name for candidate in suite.candidates}
    measured: dict[str, dict[str, Metric] | None] = {}
    for task in suite.tasks:
        _check_gold(suite, task, where, problems)
        metrics = _check_scorers(suite, task, where, rule_places, problems)
        measured[task.name] = metrics
        check_arms(suite, task.name, metrics, known, problems)
    check_rules(suite, measured, problems)
    check_sides(suite, measured, problems)
    check_targets(suite.decision, measured, where, problems)


def exposure_problems(facts: tuple[Fact, ...], train: tuple[Row, ...]) -> list[Problem]:
    """Facts whose declared `exposures` differ from the training rows that carry them."""
    shown = Counter(row.fact for row in train)
    return [
        Problem(
            f"fact '{fact.id}' declares {fact.exposures} exposures,"
            f" but {shown[fact.id]} training rows carry it",
            fact.where,
            "correct the number, or leave it out",
        )
        for fact in facts
        if fact.exposures is not None and fact.exposures != shown[fact.id]
    ]


def _check_gold(suite: Suite, task: Task, where: Where, problems: Problems) -> None:
    if any(case.gold for case in task.cases) or not task.cases or not suite.documents:
        return
    for candidate in suite.candidates:
        if candidate.context == "gold" and candidate.name in (task.candidates or [candidate.name]):
            what = (
                f"'{candidate.name}' answers task '{task.name}', whose cases have no gold document"
            )
            remedy = "name documents in `gold` or a `fact`, or list the task's candidates"
            problems.add(what, where("tasks", task.name), remedy)


def _check_scorers(
    suite: Suite, task: Task, where: Where, rule_places: dict[str, str], problems: Problems
) -> dict[str, Metric] | None:
    """Note what scorers refuse; the task's metrics by name, or None when unsure."""
    entries = registry.known("scorer")
    known = tuple(spec for spec in task.scorers if len(entries.get(spec.name, ())) == 1)
    checked = Task(task.name, task.cases, known)
    built, refused = construct(checked, resources(suite, task))
    for name, reason in refused.items():
        quoted = [place for rule, place in rule_places.items() if f"'{rule}'" in reason]
        place = quoted[0] if quoted else where("tasks", task.name, "scorers", name)
        problems.add(f"scorer '{name}': {reason}", place)
    if len(built) < len(task.scorers):
        return None
    return {metric.name: metric for scorer in built.values() for metric in scorer.metrics}
