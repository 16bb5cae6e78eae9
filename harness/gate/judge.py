"""Rules in, verdicts out: PASS, FAIL, INCONCLUSIVE, ERROR, strict by default.

All bounds are those of the two-sided 95 % intervals of summaries and comparisons. Whatever was
not measured is an ERROR, never a PASS. docs/statistics.md holds the table of verdicts. A new kind
of rule is a function and a line in JUDGES.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from harness.gate.budgets import judge_budget
from harness.gate.cut import check_cut
from harness.gate.evidence import PAIRED, Evidence, UnmeasuredError, rival
from harness.gate.levels import judge_level, judge_unmeasured
from harness.gate.musts import case_results, judge_musts
from harness.gate.versus import judge_versus
from harness.records import CaseResult, GateResult, Rule, RuleResult, VerdictName

JUDGES: dict[str, Callable[[Rule, Evidence], RuleResult]] = {
    "superior": judge_versus,
    "non_inferior": judge_versus,
    "at_least": judge_level,
    "at_most": judge_level,
    "max_unmeasured": judge_unmeasured,
    "no_new_failures": judge_musts,
    "budget": judge_budget,
}
_SEVERITY: dict[VerdictName, int] = {"PASS": 0, "INCONCLUSIVE": 1, "FAIL": 2, "ERROR": 3}


def needed_pairs(rules: Iterable[Rule]) -> list[tuple[str, str]]:
    """The (candidate, other) pairs whose answers and comparisons `judge` looks for, each once.

    The other is `baseline/NAME` where a rule is held against the pinned baseline.
    """
    kinds = (*PAIRED, "no_new_failures")
    return list(
        dict.fromkeys(
            (rule.candidate, other)
            for rule in rules
            if rule.kind in kinds and (other := rival(rule)) is not None
        )
    )


def judge(evidence: Evidence) -> GateResult:
    """Judge every rule; the gate's verdict is the worst: ERROR > FAIL > INCONCLUSIVE > PASS.

    Without rules nothing was judged, and that is an ERROR too. All rules must pass, so no
    correction for their number is due (intersection-union).
    """
    results = tuple(_result(rule, evidence) for rule in evidence.rules)
    verdicts: list[VerdictName] = [result.verdict for result in results] or ["ERROR"]
    worst = max(verdicts, key=_SEVERITY.__getitem__)
    return GateResult(worst, results, _must_pass(results, evidence))


def _result(rule: Rule, evidence: Evidence) -> RuleResult:
    """The rule's verdict; what cannot be judged is ERROR with the reason."""
    try:
        result = JUDGES[rule.kind](rule, evidence)
    except UnmeasuredError as error:
        return RuleResult(rule, "ERROR", str(error))
    if result.verdict in ("PASS", "INCONCLUSIVE"):  # what fails, fails cut or whole
        try:
            check_cut(rule, evidence)
        except UnmeasuredError as error:
            return replace(result, verdict="ERROR", reason=str(error))
    return result


def _must_pass(results: Sequence[RuleResult], evidence: Evidence) -> tuple[CaseResult, ...]:
    """Every case that a rule looked at by itself, once, as the worst of its rules saw it."""
    found: dict[tuple[str, str, str], CaseResult] = {}
    for result in results:
        if result.rule.kind != "no_new_failures" or not result.n:
            continue
        for one in case_results(result.rule, evidence):
            key = (one.case, one.candidate, one.metric)
            known = found.setdefault(key, one)
            if _SEVERITY[one.verdict] > _SEVERITY[known.verdict]:
                found[key] = one
    return tuple(found.values())
