"""no_new_failures: single cases that may not fail, or not fail where another did not."""

from collections.abc import Sequence
from typing import Literal

from harness.gate.evidence import BASELINE, Evidence, UnmeasuredError, no_baseline, rival
from harness.records import Case, CaseResult, Metric, Rule, RuleResult, Score, ScoredAnswer

SHOWN = 5  # ids in a reason; all are in the result's `cases`
State = Literal["passed", "failed", "unmeasured", "error", "missing"]


def judge_musts(rule: Rule, evidence: Evidence) -> RuleResult:
    """FAIL if a case failed (that the other passed); ERROR if one of the cases was not measured."""
    found = case_results(rule, evidence)
    failed = [one.case for one in found if one.verdict == "FAIL"]
    lost = [one for one in found if one.verdict == "ERROR"]
    total, what = len(found), f"cases of {rule.candidate}"
    said = [f"{len(failed)} of {total} {what} {_fail(rule)}: {_listed(failed)}"] if failed else []
    if lost:
        names = _listed([one.case for one in lost])
        reason = f"{len(lost)} of {total} {what} were not measured: {names} ({lost[0].reason})"
        ids = (*(one.case for one in lost), *failed)
        return RuleResult(rule, "ERROR", "; ".join([reason, *said]), total, cases=ids)
    share = len(failed) / total
    if failed:
        return RuleResult(rule, "FAIL", said[0], total, share, cases=tuple(failed))
    reason = f"none of {total} {what} {'fails' if rule.against is None else 'is a new failure'}"
    return RuleResult(rule, "PASS", reason, total, share)


def case_results(rule: Rule, evidence: Evidence) -> tuple[CaseResult, ...]:
    """Each case of the rule's task and slice: did the candidate pass it, and why not.

    A case that was drawn several times passes if every draw does. Raises UnmeasuredError where
    there is no case, the metric is not 0 or 1, or there is no baseline.
    """
    metric = evidence.metric(rule)
    if not metric.binary or metric.better == "neither":
        raise UnmeasuredError(f"{metric.name} does not say of each answer that it passed or failed")
    cases = [
        case
        for case in evidence.cases
        if case.task == rule.task and (rule.slice == "all" or rule.slice in case.tags)
    ]
    if not cases:
        raise UnmeasuredError(f"no case of task {rule.task} has the tag {rule.slice}")
    other = rival(rule)
    own = _draws(evidence, rule, rule.candidate)
    theirs = None if other is None else _draws(evidence, rule, other)
    return tuple(_case_result(rule, metric, case, own, theirs) for case in cases)


class _Draws:
    """A candidate's answers to a task, by case; all cases should have as many."""

    def __init__(self, name: str, answers: Sequence[ScoredAnswer], metric: str) -> None:
        self.name = name
        self.count = 1 + max((answer.sample for answer in answers), default=0)
        self._scores: dict[str, list[Score | None]] = {}
        for answer in answers:
            score = next((one for one in answer.scores if one.metric == metric), None)
            self._scores.setdefault(answer.case, []).append(score)

    def read(self, case: str, metric: Metric) -> tuple[State, str]:
        """What became of a case over all draws, the worst first, and the scorer's reason."""
        scores = self._scores.get(case, [])
        if len(scores) < self.count:
            return "missing", f"{self.name} has no answer to it"
        read = [_read(score, metric) for score in scores]
        order: tuple[State, ...] = ("error", "unmeasured", "failed", "passed")
        return min(read, key=lambda one: order.index(one[0]))


def _draws(evidence: Evidence, rule: Rule, name: str) -> _Draws:
    answers = [one for one in evidence.answers if one.task == rule.task and one.candidate == name]
    if not answers and name.startswith(f"{BASELINE}/"):
        raise UnmeasuredError(no_baseline(name))
    if not answers:
        raise UnmeasuredError(f"{name} has no answers to task {rule.task}")
    return _Draws(name, answers, rule.metric)


def _read(score: Score | None, metric: Metric) -> tuple[State, str]:
    if score is None:
        return "error", f"it has no score of {metric.name}"
    if score.state == "unmeasured":
        return "unmeasured", score.reason or f"{metric.name} does not apply to it"
    if score.state == "error" or score.value not in (0.0, 1.0):  # NaN is neither
        return "error", score.reason or f"its score is {score.value}"
    good = 1.0 if metric.better == "higher" else 0.0
    return ("passed" if score.value == good else "failed"), score.reason


def _case_result(
    rule: Rule, metric: Metric, case: Case, own: _Draws, theirs: _Draws | None
) -> CaseResult:
    made = CaseResult(case.id, case.task, rule.candidate, rule.metric, "PASS")
    for side in (own, theirs) if theirs else (own,):
        state, reason = side.read(case.id, metric)
        if state in ("missing", "error", "unmeasured"):
            return _with(made, "ERROR", f"{side.name}: {state}, {reason}")
    state, reason = own.read(case.id, metric)
    if state == "passed":
        return made
    if theirs is not None and theirs.read(case.id, metric)[0] == "failed":
        return _with(made, "PASS", f"fails, as for {theirs.name}: {reason}")
    return _with(made, "FAIL", reason if theirs is None else f"{theirs.name} passes it: {reason}")


def _with(made: CaseResult, verdict: Literal["PASS", "FAIL", "ERROR"], reason: str) -> CaseResult:
    return CaseResult(
        made.case, made.task, made.candidate, made.metric, verdict, reason.rstrip(": ")
    )


def _fail(rule: Rule) -> str:
    return "fail" if rule.against is None else f"fail that {rival(rule)} passes"


def _listed(ids: Sequence[str]) -> str:
    rest = len(ids) - SHOWN
    return ", ".join(ids[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")
