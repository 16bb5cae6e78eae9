"""Rules in, verdicts out: PASS, FAIL, INCONCLUSIVE, ERROR, strict by default.

All bounds are those of the two-sided 95 % intervals of summaries and comparisons. Whatever was
not measured is an ERROR, never a PASS. docs/statistics.md holds the table of verdicts.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.errors import nearest
from harness.gate.sizes import cases_needed
from harness.records import (
    MIN_SLICE,
    Comparison,
    GateResult,
    Metric,
    Rule,
    RuleResult,
    Summary,
    VerdictName,
)

MAX_ERRORS = 0.02
"""Share of error answers above which a rule is ERROR, where no max_unmeasured rule says more."""

MAX_UNMEASURED = 0.5
"""Share of unmeasured cases above which a rule is ERROR, where no max_unmeasured rule allows it."""

_SEVERITY: dict[VerdictName, int] = {"PASS": 0, "INCONCLUSIVE": 1, "FAIL": 2, "ERROR": 3}
_PAIRED = ("superior", "non_inferior")


@dataclass(frozen=True, slots=True)
class _Measured:
    """An interval in the direction of the rule: PASS if low clears the bar, FAIL if high is under.

    `sign` -1 turns it back to what was measured.
    """

    estimate: float
    low: float
    high: float
    n: int
    bar: float
    sign: int = 1


class _UnmeasuredError(Exception):
    """Why a rule cannot be judged."""


def needed_pairs(rules: Iterable[Rule]) -> list[tuple[str, str]]:
    """The (candidate, baseline) pairs whose comparisons `judge` will look for, each once."""
    return list(
        dict.fromkeys(
            (rule.candidate, rule.against)
            for rule in rules
            if rule.kind in _PAIRED and rule.against is not None
        )
    )


def judge(
    rules: Sequence[Rule],
    summaries: Sequence[Summary],
    comparisons: Sequence[Comparison],
    metrics: Sequence[Metric],
) -> GateResult:
    """Judge every rule; the gate's verdict is the worst: ERROR > FAIL > INCONCLUSIVE > PASS.

    `comparisons` must hold the `needed_pairs`, candidate first. Without rules nothing was
    judged, and that is an ERROR too. All rules must pass, so no correction for their number
    is due (intersection-union).
    """
    court = _Court(rules, summaries, comparisons, metrics)
    results = tuple(court.result(rule) for rule in rules)
    verdicts: list[VerdictName] = [result.verdict for result in results] or ["ERROR"]
    return GateResult(max(verdicts, key=_SEVERITY.__getitem__), results)


class _Court:
    """What the rules are judged on, found by name."""

    def __init__(
        self,
        rules: Sequence[Rule],
        summaries: Sequence[Summary],
        comparisons: Sequence[Comparison],
        metrics: Sequence[Metric],
    ) -> None:
        self._metrics = {metric.name: metric for metric in metrics}
        self._summaries = {(s.task, s.metric, s.slice, s.candidate): s for s in summaries}
        self._comparisons = {
            (c.task, c.metric, c.slice, c.candidate, c.baseline): c for c in comparisons
        }
        self._limits = {
            (r.task, r.metric, r.slice, r.candidate): r.value
            for r in rules
            if r.kind == "max_unmeasured"
        }

    def result(self, rule: Rule) -> RuleResult:
        """The rule's verdict; what cannot be judged is ERROR with the reason."""
        try:
            if rule.kind == "max_unmeasured":
                return self._unmeasured_share(rule)
            metric = self._metric(rule)
            measured = self._paired(rule, metric) if rule.kind in _PAIRED else self._level(rule)
        except _UnmeasuredError as reason:
            return RuleResult(rule, "ERROR", str(reason))
        return _decide(rule, metric, measured)

    def _metric(self, rule: Rule) -> Metric:
        tasks = {task for task, *_ in self._summaries}
        if tasks and rule.task not in tasks:
            raise _UnmeasuredError(_unknown("task", rule.task, tasks))
        if rule.metric not in self._metrics:
            raise _UnmeasuredError(_unknown("metric", rule.metric, self._metrics))
        return self._metrics[rule.metric]

    def _summary(self, rule: Rule, candidate: str) -> Summary:
        """The candidate's summary with its errors checked, or the name that is wrong."""
        key = (rule.task, rule.metric, rule.slice, candidate)
        if key not in self._summaries:
            for place, what in enumerate(("task", "metric", "slice", "candidate")):
                valid = {known[place] for known in self._summaries if known[:place] == key[:place]}
                if key[place] not in valid:
                    raise _UnmeasuredError(_unknown(what, key[place], valid))
        return self._summaries[key]

    def _checked(self, rule: Rule, candidate: str) -> Summary:
        summary = self._summary(rule, candidate)
        total = summary.n + summary.unmeasured + summary.errors
        if not summary.n:
            raise _UnmeasuredError(f"{candidate}: none of {total} cases was measured")
        allowed = self._limits.get((rule.task, rule.metric, rule.slice, candidate))
        if allowed is None or summary.unmeasured + summary.errors > allowed * total:
            _check_enough(summary, total)
        limit = MAX_ERRORS if allowed is None else allowed
        if summary.errors > limit * total:
            raise _UnmeasuredError(
                f"{candidate}: {summary.errors} of {total} answers are errors"
                f" (more than {limit:.0%}; a max_unmeasured rule sets another limit)"
            )
        return summary

    def _level(self, rule: Rule) -> _Measured:
        summary = self._checked(rule, rule.candidate)
        sign = 1 if rule.kind == "at_least" else -1
        return _oriented(
            (summary.mean, summary.low, summary.high), summary.n, sign * rule.value, sign
        )

    def _paired(self, rule: Rule, metric: Metric) -> _Measured:
        if rule.against is None:
            raise _UnmeasuredError(
                f"a {rule.kind} rule needs 'against', the candidate to compare with"
            )
        if metric.better == "neither":
            raise _UnmeasuredError(
                f"{metric.name} has no better direction: use at_least or at_most"
            )
        sides = [self._checked(rule, name) for name in (rule.candidate, rule.against)]
        key = (rule.task, rule.metric, rule.slice, rule.candidate, rule.against)
        comparison = self._comparisons.get(key)
        if comparison is None or not comparison.n:
            raise _UnmeasuredError(f"{rule.candidate} and {rule.against} share no measured case")
        self._check_shared(rule, comparison, sides)
        bar = rule.min_effect if rule.kind == "superior" else -rule.margin
        sign = 1 if metric.better == "higher" else -1
        numbers = (comparison.difference, comparison.low, comparison.high)
        return _oriented(numbers, comparison.n, bar, sign)

    def _check_shared(self, rule: Rule, comparison: Comparison, sides: list[Summary]) -> None:
        """Cases measured for one side only would choose which cases count."""
        limit = max(
            self._limits.get((s.task, s.metric, s.slice, s.candidate), MAX_ERRORS) for s in sides
        )
        for side in sides:
            lost = side.n - comparison.n
            if lost > limit * (side.n + side.unmeasured + side.errors):
                raise _UnmeasuredError(
                    f"{lost} of {side.n} cases measured for {side.candidate} were not for the"
                    f" other of {rule.candidate} and {rule.against} (more than {limit:.0%})"
                )

    def _unmeasured_share(self, rule: Rule) -> RuleResult:
        summary = self._summary(rule, rule.candidate)
        missing = summary.unmeasured + summary.errors
        total = summary.n + missing
        if not total:
            return RuleResult(rule, "ERROR", "there are no cases")
        share = missing / total
        said = f"{missing} of {total} answers unmeasured or errors ({share:.1%})"
        verdict: VerdictName = "PASS" if share <= rule.value else "ERROR"
        reason = f"{said}, at most {rule.value:.1%} allowed"
        return RuleResult(rule, verdict, reason, total, share)


def _check_enough(summary: Summary, total: int) -> None:
    """Few measured cases, or the lesser part of them, do not speak for the rest.

    A task of few cases that were all measured has its wide interval instead.
    """
    remedy = "a max_unmeasured rule allows it"
    if summary.n < MIN_SLICE and summary.n < total:
        verb = "was" if summary.n == 1 else "were"
        raise _UnmeasuredError(
            f"{summary.candidate}: only {summary.n} of {total} cases {verb} measured"
            f" (fewer than {MIN_SLICE}; {remedy})"
        )
    if summary.unmeasured > MAX_UNMEASURED * total:
        raise _UnmeasuredError(
            f"{summary.candidate}: {summary.unmeasured} of {total} cases are unmeasured"
            f" (more than {MAX_UNMEASURED:.0%}; {remedy})"
        )


def _oriented(
    numbers: tuple[float | None, float | None, float | None], n: int, bar: float, sign: int
) -> _Measured:
    estimate, low, high = numbers
    if estimate is None or low is None or high is None:
        raise _UnmeasuredError("no interval could be computed")
    if not all(math.isfinite(number) for number in (estimate, low, high, bar)):
        raise _UnmeasuredError(f"not a number: {estimate} [{low}, {high}] against {bar}")
    if sign < 0:
        low, high = -high, -low
    return _Measured(sign * estimate, low, high, n, bar, sign)


def _decide(rule: Rule, metric: Metric, m: _Measured) -> RuleResult:
    verdict: VerdictName = "INCONCLUSIVE"
    needed: int | None = None
    clears = m.low > m.bar if rule.kind in _PAIRED else m.low >= m.bar
    if clears:
        verdict = "PASS"
    elif m.high < m.bar:
        verdict = "FAIL"
    else:
        side = m.low if m.estimate > m.bar else m.high
        edge = rule.kind not in _PAIRED and m.sign * m.estimate in (metric.lower, metric.upper)
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
    if rule.kind not in _PAIRED:
        sign, unit = "", " %" if metric.unit == "share" else unit
    shown, low, high, bar = (f"{scale * number + 0.0:{sign}.3g}" for number in numbers)
    what = f"{rule.candidate} - {rule.against}" if rule.kind in _PAIRED else rule.candidate
    relation = {"PASS": "clears", "FAIL": "lies on the wrong side of"}.get(verdict, "contains")
    text = f"{what}: {shown}{unit} (n = {n}); the 95 % interval [{low}, {high}] {relation} {bar}"
    if verdict != "INCONCLUSIVE":
        return text
    if needed is None:
        return f"{text}; the estimate is so close to it that no reasonable number would decide"
    return f"{text}; about {needed:,} cases would decide"


def _unknown(what: str, name: str, valid: Iterable[str]) -> str:
    known = sorted(valid)
    close = nearest(name, known)
    hint = f"did you mean '{close}'?" if close else f"measured: {', '.join(known) or 'none'}"
    return f"nothing was measured for the {what} '{name}' ({hint})"
