"""What a gate can decide, before it is run: cases at hand, cases needed, the smallest effect.

Without an earlier run assumptions stand in, and are named: candidates that differ in 10 % of the
cases, cases of a cluster that are all alike. docs/statistics.md has the formulas.
"""

from collections import Counter
from collections.abc import Sequence

from harness.gate.planned import RulePlan, Size
from harness.gate.planners import PLANNERS, Question
from harness.gate.seen import Seen
from harness.records import BUDGETS, Metric, Rule, Run, Suite


def plan_rules(
    suite: Suite, metrics: Sequence[Metric], run: Run | None = None
) -> tuple[RulePlan, ...]:
    """What the suite's cases can decide, rule by rule; `run` is an earlier run of the suite.

    The suite's rules must have passed its checks: their tasks and metrics are there.
    """
    known = {metric.name: metric for metric in metrics} | BUDGETS
    seen = Seen(run)
    found = []
    for rule in suite.rules:
        size = size_of(rule, suite)
        if size.cases:
            found.append(PLANNERS[rule.kind](Question(rule, known[rule.metric], size, seen)))
        else:
            found.append(RulePlan(rule, "never", 0, 0, says="there are no cases"))
    return tuple(found)


def exit_code(plans: Sequence[RulePlan]) -> int:
    """0 where no rule is known to lack cases, else that of INCONCLUSIVE."""
    return 4 if any(plan.verdict in ("needs more", "never") for plan in plans) else 0


def size_of(rule: Rule, suite: Suite) -> Size:
    """The cases of a rule's task and slice."""
    clusters = Counter(
        case.cluster
        for task in suite.tasks
        if rule.task in ("", task.name)
        for case in task.cases
        if rule.slice == "all" or rule.slice in case.tags
    )
    cases, squares = clusters.total(), sum(size**2 for size in clusters.values())
    return Size(cases, len(clusters), cases**2 / squares if squares else 0.0)
