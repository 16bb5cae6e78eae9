"""Rules about one candidate: at_least, at_most, max_unmeasured."""

from harness.gate.decide import decide, oriented
from harness.gate.evidence import Evidence
from harness.records import Rule, RuleResult, VerdictName


def judge_level(rule: Rule, evidence: Evidence) -> RuleResult:
    """`at_least`: the interval's lower bound reaches `value`; else: its upper bound stays below."""
    metric = evidence.metric(rule)
    summary = evidence.checked(rule, rule.candidate)
    sign = 1 if rule.kind == "at_least" else -1
    numbers = (summary.mean, summary.low, summary.high)
    return decide(rule, metric, oriented(numbers, summary.n, sign * rule.value, sign))


def judge_unmeasured(rule: Rule, evidence: Evidence) -> RuleResult:
    """`max_unmeasured`: the share of cases without a score, errors among them."""
    summary = evidence.summary(rule, rule.candidate)
    missing = summary.unmeasured + summary.errors
    total = summary.n + missing
    if not total:
        return RuleResult(rule, "ERROR", "there are no cases")
    share = missing / total
    said = f"{missing} of {total} answers unmeasured or errors ({share:.1%})"
    verdict: VerdictName = "PASS" if share <= rule.value else "ERROR"
    reason = f"{said}, at most {rule.value:.1%} allowed"
    return RuleResult(rule, verdict, reason, total, share)
