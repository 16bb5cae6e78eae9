"""From an interval and a bar to PASS, FAIL or INCONCLUSIVE, with the reason in words."""

import math
from dataclasses import dataclass

from harness.gate.evidence import PAIRED, UnmeasuredError, rival
from harness.gate.sizes import cases_needed
from harness.records import Metric, Rule, RuleResult, VerdictName


@dataclass(frozen=True, slots=True)
class Measured:
    """An interval in the direction of the rule: PASS if low clears the bar, FAIL if high is under.

    `sign` -1 turns it back to what was measured.
    """

    estimate: float
    low: float
    high: float
    n: int
    bar: float
    sign: int = 1


def oriented(
    numbers: tuple[float | None, float | None, float | None], n: int, bar: float, sign: int
) -> Measured:
    """(estimate, low, high) in the rule's direction; raises UnmeasuredError if not finite."""
    estimate, low, high = numbers
    if estimate is None or low is None or high is None:
        raise UnmeasuredError("no interval could be computed")
    if not all(math.isfinite(number) for number in (estimate, low, high, bar)):
        raise UnmeasuredError(f"not a number: {estimate} [{low}, {high}] against {bar}")
    if sign < 0:
        low, high = -high, -low
    return Measured(sign * estimate, low, high, n, bar, sign)


def decide(rule: Rule, metric: Metric, m: Measured) -> RuleResult:
    """The rule's verdict on what was measured."""
    verdict: VerdictName = "INCONCLUSIVE"
    needed: int | None = None
    clears = m.low > m.bar if rule.kind in PAIRED else m.low >= m.bar
    if clears:
        verdict = "PASS"
    elif m.high < m.bar:
        verdict = "FAIL"
    else:
        side = m.low if m.estimate > m.bar else m.high
        edge = rule.kind not in PAIRED and m.sign * m.estimate in (metric.lower, metric.upper)
        needed = cases_needed(m.n, m.estimate, side, m.bar, at_edge=edge)
    low, high = sorted((m.sign * m.low, m.sign * m.high))
    estimate = m.sign * m.estimate
    reason = _reason(rule, metric, verdict, (estimate, low, high, m.sign * m.bar), m.n, needed)
    return RuleResult(rule, verdict, reason, m.n, estimate, low, high, needed)


def _reason(
    rule: Rule,
    metric: Metric,
    verdict: VerdictName,
    numbers: tuple[float, float, float, float],
    n: int,
    needed: int | None,
) -> str:
    scale, sign, unit = (100, "+", " pp") if metric.unit == "share" else (1, "+", f" {metric.unit}")
    if rule.kind not in PAIRED:
        sign, unit = "", " %" if metric.unit == "share" else unit
    shown, low, high, bar = (f"{scale * number:{sign}.3g}" if number else "0" for number in numbers)
    what = f"{rule.candidate} - {rival(rule)}" if rule.kind in PAIRED else rule.candidate
    relation = {"PASS": "clears", "FAIL": "lies on the wrong side of"}.get(verdict, "contains")
    interval = f"the 95 % interval [{low}, {high}]"
    text = f"{what}: {shown}{unit} (n = {n}); {interval} {relation} {bar}{unit}"
    if verdict != "INCONCLUSIVE":
        return text
    if needed is None:
        return f"{text}; the estimate is so close to it that no reasonable number would decide"
    return f"{text}; about {needed:,} cases would decide"
