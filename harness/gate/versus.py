"""Rules about two candidates on the same cases: superior, non_inferior."""

from collections.abc import Sequence

from harness.gate.decide import decide, oriented
from harness.gate.evidence import MAX_ERRORS, Evidence, UnmeasuredError, rival
from harness.records import Comparison, Rule, RuleResult, Summary


def judge_versus(rule: Rule, evidence: Evidence) -> RuleResult:
    """The gain's lower bound lies above `min_effect`, or above -`margin`."""
    metric = evidence.metric(rule)
    other = rival(rule)
    if other is None:
        raise UnmeasuredError(f"a {rule.kind} rule needs 'against', the candidate to compare with")
    if metric.better == "neither":
        raise UnmeasuredError(f"{metric.name} has no better direction: use at_least or at_most")
    sides = [evidence.checked(rule, name) for name in (rule.candidate, other)]
    comparison = evidence.comparison(rule, other)
    _check_shared(evidence, comparison, sides)
    bar = rule.min_effect if rule.kind == "superior" else -rule.margin
    sign = 1 if metric.better == "higher" else -1
    numbers = (comparison.difference, comparison.low, comparison.high)
    return decide(rule, metric, oriented(numbers, comparison.n, bar, sign))


def _check_shared(evidence: Evidence, comparison: Comparison, sides: Sequence[Summary]) -> None:
    """Cases measured for one side only would choose which cases count."""
    allowed = [evidence.limit(side) for side in sides]
    limit = max(MAX_ERRORS if one is None else one for one in allowed)
    for side in sides:
        lost = side.n - comparison.n
        if lost > limit * (side.n + side.unmeasured + side.errors):
            raise UnmeasuredError(
                f"{lost} of {side.n} cases measured for {side.candidate} were not for the"
                f" other of {comparison.candidate} and {comparison.baseline}"
                f" (more than {limit:.0%})"
            )
