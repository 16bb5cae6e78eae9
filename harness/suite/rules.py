"""Gate rules: what each kind reads, and every way that one could never be judged."""

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from harness.records import (
    BUDGETS,
    FACT_TAGS,
    MIN_SLICE,
    MUST_PASS,
    Case,
    Metric,
    Rule,
    Suite,
)
from harness.suite.files import Problems, quote
from harness.suite.reach import check_reach
from harness.suite.schema import RuleSpec

BASELINE = "baseline"
KEYS = ("task", "slice", "against", "margin", "min_effect", "value")
# what a rule of each kind reads beside candidate and metric: (needed, optional)
RULE_KEYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "superior": (("task", "against"), ("slice", "min_effect")),
    "non_inferior": (("task", "against", "margin"), ("slice",)),
    "at_least": (("task", "value"), ("slice",)),
    "at_most": (("task", "value"), ("slice",)),
    "max_unmeasured": (("task", "value"), ("slice",)),
    "no_new_failures": (("task",), ("slice", "against")),
    "budget": (("value",), ("task", "slice")),
}
WHOLE_BUDGETS = ("seconds_per_answer", "adapter_mb")  # of a candidate, whatever the task
Measured = Mapping[str, Mapping[str, Metric] | None]


# ---------------------------------------------------------------- as they are written


def check_written(
    specs: Sequence[RuleSpec],
    where: Callable[[int], str],
    candidates: Collection[str],
    tasks: Collection[str],
    problems: Problems,
) -> None:
    """Note unknown names, keys that are missing or not read, and rules that are there twice."""
    first: dict[tuple[str | None, ...], int] = {}
    for index, rule in enumerate(specs):
        place = where(index)
        _names(rule, place, candidates, tasks, problems)
        _keys(rule, place, problems)
        _numbers(rule, place, problems)
        shape = (rule.kind, rule.candidate, rule.task, rule.metric, rule.slice, rule.against)
        earlier = first.setdefault(shape, index)
        if earlier != index:
            problems.add(f"the rule is that of {where(earlier)} again", place, "keep one")


def _names(
    rule: RuleSpec,
    where: str,
    candidates: Collection[str],
    tasks: Collection[str],
    problems: Problems,
) -> None:
    if rule.task is not None and rule.task not in tasks:
        problems.unknown("task", rule.task, tasks, where)
    if rule.candidate not in candidates:
        problems.unknown("candidate", rule.candidate, candidates, where)
    if rule.candidate == rule.against:
        problems.add(f"candidate '{rule.candidate}' is held against itself", where)
    if rule.against == BASELINE and BASELINE in candidates:
        what = "'against: baseline' means the pinned baseline, and a candidate has that name"
        problems.add(what, where, "rename the candidate")
    pinned = (rule.against or "").partition("/")[0] == BASELINE
    if rule.against is not None and not pinned and rule.against not in candidates:
        problems.unknown("candidate", rule.against, (*candidates, BASELINE), where)
    if rule.kind == "budget" and rule.metric not in BUDGETS:
        problems.unknown("budget", rule.metric, BUDGETS, where)
    if rule.kind != "budget" and rule.metric in BUDGETS:
        what = f"{rule.metric} is limited by a rule of kind 'budget', not '{rule.kind}'"
        problems.add(what, where, "write kind: budget")


def _keys(rule: RuleSpec, where: str, problems: Problems) -> None:
    needed, optional = RULE_KEYS[rule.kind]
    kind = f"a rule of kind '{rule.kind}'"
    if rule.kind == "budget" and rule.metric in WHOLE_BUDGETS:
        optional, kind = (), f"a budget of {rule.metric}"
    for key in KEYS:
        given = getattr(rule, key)
        if key in needed and given is None:
            problems.add(f"{kind} needs '{key}'", where, f"add {key}: …")
        elif key not in needed + optional and given is not None:
            problems.add(f"{kind} does not read '{key}' ({quote(given)})", where, "remove it")


def _numbers(rule: RuleSpec, where: str, problems: Problems) -> None:
    if rule.kind == "non_inferior" and rule.margin == 0:
        remedy = "give the loss you accept, such as 0.05"
        problems.add("a rule of kind 'non_inferior' needs a margin above 0", where, remedy)
    if rule.kind == "max_unmeasured" and rule.value is not None:
        if not 0 <= rule.value <= 1:
            problems.add(f"value {rule.value:g} is not a share", where, "give 0 to 1")
        elif rule.value == 1:
            what = "value 1 accepts that nothing is measured"
            problems.add(what, where, "give a smaller share, such as 0.02, or drop the rule")
    if rule.kind == "budget" and rule.value is not None and rule.value <= 0:
        problems.add(f"a budget of {rule.value:g} is nothing", where, "give more than 0")


def made(specs: Sequence[RuleSpec], where: Callable[[int], str]) -> tuple[Rule, ...]:
    """Rules as records; numbers that a kind does not use are 0, those that it lacks NaN."""
    return tuple(_made(spec, where(index)) for index, spec in enumerate(specs))


def _made(spec: RuleSpec, where: str) -> Rule:
    needed, _ = RULE_KEYS[spec.kind]

    def number(key: str) -> float:
        given: float | None = getattr(spec, key)
        return given if given is not None else math.nan if key in needed else 0.0

    return Rule(
        spec.kind,
        spec.candidate,
        spec.task or "",
        spec.metric,
        spec.slice or (MUST_PASS if spec.kind == "no_new_failures" else "all"),
        spec.against,
        number("margin"),
        number("min_effect"),
        number("value"),
        where,
    )


# ---------------------------------------------------------------- beside cases and scorers


def check_rules(suite: Suite, measured: Measured, problems: Problems) -> None:
    """Note rules whose candidate, metric, slice or bar the suite's tasks can never satisfy.

    `measured` are the metrics of each task by name, None where a scorer was refused.
    """
    for rule in suite.rules:
        if rule.kind == "budget":
            _check_adapter(rule, suite, problems)
        _check_answering(rule, suite, problems)
        _check_metric(rule, measured, problems)
        _check_slice(rule, list(cases_of(rule, suite)), problems)


def cases_of(rule: Rule, suite: Suite) -> Iterator[Case]:
    """The cases of the rule's task, or of all tasks where it names none."""
    return (case for task in suite.tasks if rule.task in ("", task.name) for case in task.cases)


def _check_adapter(rule: Rule, suite: Suite, problems: Problems) -> None:
    own = next((one for one in suite.candidates if one.name == rule.candidate), None)
    if rule.metric != "adapter_mb" or own is None or own.adapter.kind not in ("none", "served"):
        return
    served = own.adapter.kind == "served"
    lacks = "an adapter whose files are on a server" if served else "no adapter"
    what = f"candidate '{own.name}' has {lacks}: adapter_mb has nothing to weigh"
    problems.add(what, rule.where, "name a candidate with an adapter, or drop the rule")


def _check_answering(rule: Rule, suite: Suite, problems: Problems) -> None:
    task = next((task for task in suite.tasks if task.name == rule.task), None)
    if task is None:
        return
    known = {candidate.name for candidate in suite.candidates}
    answering = set(task.candidates or known)
    for name in (rule.candidate, rule.against):
        # a misspelt name in the task's list is already its own problem
        if name in known - answering and answering <= known:
            what = f"candidate '{name}' does not answer task '{task.name}'"
            problems.add(what, rule.where, f"add it to tasks.{task.name}.candidates")


def _check_metric(rule: Rule, measured: Measured, problems: Problems) -> None:
    metrics = measured.get(rule.task)
    if metrics is None or rule.kind == "budget" or rule.metric in BUDGETS:
        return
    if rule.metric not in metrics:
        problems.unknown("metric", rule.metric, metrics, rule.where)
        return
    metric = metrics[rule.metric]
    if rule.kind == "no_new_failures" and not metric.binary:
        what = f"metric '{metric.name}' is not 0 or 1, so no answer passes or fails it"
        problems.add(what, rule.where, _binary_remedy(metrics))
    check_reach(rule, metric, problems)


def _binary_remedy(metrics: Mapping[str, Metric]) -> str:
    names = sorted(one.name for one in metrics.values() if one.binary and one.better != "neither")
    return f"one of {', '.join(names[:8])}" if names else "the task has no such metric"


def _check_slice(rule: Rule, cases: Sequence[Case], problems: Problems) -> None:
    slices = {"all", *(tag for case in cases for tag in case.tags)}
    if rule.slice in slices or not cases:
        return
    if rule.kind == "no_new_failures" and rule.slice == MUST_PASS:
        what = f"no case of task '{rule.task}' has the tag {MUST_PASS}"
        problems.add(what, rule.where, "tag the cases that may never fail, or give another slice")
    else:
        problems.unknown("slice", rule.slice, slices, rule.where)


def check_slices(sampled: Suite, problems: Problems) -> None:
    """Note gate rules on slices that the cases of the chosen profile cannot fill."""
    for rule in sampled.rules:
        cases = list(cases_of(rule, sampled))
        count = sum(rule.slice in case.tags for case in cases)
        if rule.slice == "all" or not cases:
            continue
        place = f"task '{rule.task}'" if rule.task else "the suite"
        single = rule.kind == "no_new_failures"
        if count < (1 if single else MIN_SLICE):
            what = f"slice '{rule.slice}' has {count} of the {len(cases)} cases of {place}"
            least = 1 if single else MIN_SLICE
            remedy = f"needs at least {least}: add cases, raise the limit, or drop the rule"
            problems.add(what, rule.where, f"a slice {remedy}")
        elif count == len(cases) and rule.slice not in FACT_TAGS and not single:
            what = f"slice '{rule.slice}' holds all {count} cases of {place}"
            problems.add(what, rule.where, "write slice: all")
