"""What can only be checked when all of a suite has been read."""

from collections import Counter
from collections.abc import Callable

from harness import registry
from harness.errors import Problem
from harness.records import FACT_TAGS, MIN_SLICE, Fact, Metric, Row, Rule, Suite, Task
from harness.suite.expect import check_arms, check_rows, check_sides
from harness.suite.files import Problems
from harness.suite.leak import leaks
from harness.suite.reach import check_prompts, check_reach, check_searches
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
    check_prompts(suite, where, problems)
    check_searches(suite, where, problems)
    known = {candidate.name for candidate in suite.candidates}
    measured: dict[str, dict[str, Metric] | None] = {}
    for task in suite.tasks:
        _check_gold(suite, task, where, problems)
        metrics = _check_scorers(suite, task, where, rule_places, problems)
        measured[task.name] = metrics
        for rule in suite.rules:
            if rule.task == task.name:
                _check_rule(rule, task, known, metrics, problems)
        check_arms(suite, task.name, metrics, known, problems)
    check_sides(suite, measured, problems)


def check_slices(sampled: Suite, problems: Problems) -> None:
    """Note gate rules on slices that the cases of the chosen profile cannot fill."""
    tasks = {task.name: task.cases for task in sampled.tasks}
    for rule in sampled.rules:
        cases = tasks.get(rule.task, ())
        count = sum(rule.slice in case.tags for case in cases)
        if rule.slice == "all" or not cases:
            continue
        if count < MIN_SLICE:
            what = f"slice '{rule.slice}' has {count} of the {len(cases)} cases"
            remedy = f"needs at least {MIN_SLICE}: add cases, raise the limit, or drop the rule"
            problems.add(f"{what} of task '{rule.task}'", rule.where, f"a slice {remedy}")
        elif count == len(cases) and rule.slice not in FACT_TAGS:
            what = f"slice '{rule.slice}' holds all {count} cases of task '{rule.task}'"
            problems.add(what, rule.where, "write slice: all")


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


def _check_rule(
    rule: Rule,
    task: Task,
    known: set[str],
    metrics: dict[str, Metric] | None,
    problems: Problems,
) -> None:
    answering = set(task.candidates or known)
    for name in (rule.candidate, rule.against):
        # a misspelt name in the task's list is already its own problem
        if name in known - answering and answering <= known:
            what = f"candidate '{name}' does not answer task '{task.name}'"
            problems.add(what, rule.where, f"add it to tasks.{task.name}.candidates")
    if metrics is not None and rule.metric not in metrics:
        problems.unknown("metric", rule.metric, metrics, rule.where)
    elif metrics is not None:
        check_reach(rule, metrics[rule.metric], problems)
    slices = {"all", *(tag for case in task.cases for tag in case.tags)}
    if rule.slice not in slices:
        problems.unknown("slice", rule.slice, slices, rule.where)
