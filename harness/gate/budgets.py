"""budget: what an answer or an adapter may cost at most."""

from collections.abc import Sequence
from dataclasses import replace

from harness.gate.evidence import Evidence, UnmeasuredError
from harness.gate.levels import judge_level
from harness.records import (
    BUDGETS,
    CandidateResult,
    Case,
    Metric,
    Rule,
    RuleResult,
    Score,
    ScoredAnswer,
    VerdictName,
)

TOKENS = "tokens_per_answer"
MEGABYTE = 10**6


def judge_budget(rule: Rule, evidence: Evidence) -> RuleResult:
    """Tokens by their interval; seconds and megabytes by the one number there is."""
    metric = evidence.metric(rule)
    if rule.metric == TOKENS:
        return judge_level(rule, evidence)
    spent = evidence.candidates.get(rule.candidate)
    if spent is None:
        raise UnmeasuredError(f"{rule.candidate} was not asked anything")
    value, n, how = _adapter(spent) if rule.metric == "adapter_mb" else _seconds(spent)
    verdict: VerdictName = "PASS" if value <= rule.value else "FAIL"
    relation = "within" if verdict == "PASS" else "over"
    limit = f"{rule.value:.4g} {metric.unit}"
    reason = f"{rule.candidate}: {value:.4g} {metric.unit}, {relation} {limit} ({how})"
    return RuleResult(rule, verdict, reason, n, value)


def _seconds(spent: CandidateResult) -> tuple[float, int, str]:
    if not spent.answers or not spent.answer_seconds > 0:
        raise UnmeasuredError(f"{spent.candidate.name}: no engine time was measured")
    value = spent.answer_seconds / spent.answers
    how = f"n = {spent.answers} answers; no interval: one measurement, on this machine"
    return value, spent.answers, how


def _adapter(spent: CandidateResult) -> tuple[float, int, str]:
    if spent.adapter is None:
        raise UnmeasuredError(f"{spent.candidate.name} has no adapter")
    if spent.adapter.size <= 0:
        raise UnmeasuredError(f"{spent.candidate.name}: the adapter's files are not here")
    return spent.adapter.size / MEGABYTE, 1, "exact"


def weighed(
    rules: Sequence[Rule], answers: Sequence[ScoredAnswer], cases: Sequence[Case]
) -> tuple[list[ScoredAnswer], list[Case], list[Metric]]:
    """The answers that token budgets are about, scored by their length, for `summarise`.

    A budget of all tasks has them again under the task ''.
    """
    wanted = {(rule.candidate, rule.task) for rule in rules if rule.metric == TOKENS}
    tasks = {task for _, task in wanted}
    found = [
        replace(answer, task=task, scores=(_length(answer),))
        for task in sorted(tasks)
        for answer in answers
        if (answer.candidate, task) in wanted and task in ("", answer.task)
    ]
    own = [
        case if task else replace(case, task="")
        for task in sorted(tasks)
        for case in cases
        if task in ("", case.task)
    ]
    return found, own, [BUDGETS[TOKENS]]


def _length(scored: ScoredAnswer) -> Score:
    answer = scored.answer
    count = len(answer.token_ids) or answer.completion_tokens
    if answer.finish == "error":
        return Score(TOKENS, None, "error", reason=answer.error)
    if not count and answer.text:
        return Score(TOKENS, None, "unmeasured", reason="the engine was not told its tokens")
    return Score(TOKENS, float(count))
