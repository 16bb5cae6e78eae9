"""The gate of a run: its rules judged on its own answers and on those of a baseline."""

from collections.abc import Sequence
from dataclasses import replace

from harness import baselines
from harness.plan import Plan
from harness.preparing import Options
from harness.records import (
    CandidateResult,
    Case,
    Comparison,
    GateResult,
    Metric,
    ScoredAnswer,
    Summary,
)


def verdict_of(
    plan: Plan,
    options: Options,
    answers: Sequence[ScoredAnswer],
    cases: Sequence[Case],
    metrics: Sequence[Metric],
    results: Sequence[CandidateResult],
    summaries: Sequence[Summary],
    comparisons: Sequence[Comparison],
) -> GateResult | None:
    """The verdict on a suite's rules, or None without any.

    `comparisons` hold the pairs that rules name within the run; candidates of a baseline, which
    `options` may give in the place of the pinned one, are compared here.
    """
    from harness.compare.paired import compare
    from harness.compare.summaries import summarise
    from harness.gate.budgets import weighed
    from harness.gate.evidence import Evidence
    from harness.gate.judge import judge, needed_pairs

    rules = plan.suite.rules
    if not rules:
        return None
    side = baselines.held(plan, rules, options.baseline, answers)
    candidates = [one.candidate for one in results]
    shown = [*summaries, *summarise(*weighed(rules, answers, cases), candidates)]
    if side.answers:
        names = {one.name for one in side.candidates}
        pairs = [pair for pair in needed_pairs(rules) if pair[1] in names]
        sides = {name for name, _ in pairs}
        tasks = {one.task for one in side.answers}
        own = [one for one in answers if one.task in tasks and one.candidate in sides]
        shown += summarise(side.answers, cases, metrics, side.candidates)
        both, seed = [*candidates, *side.candidates], plan.suite.seed
        apart = compare([*own, *side.answers], cases, metrics, both, pairs, seed=seed)
        comparisons = (*comparisons, *apart)
    every = [*answers, *side.answers]
    gate = judge(Evidence(rules, shown, comparisons, metrics, every, cases, results))
    return replace(side.settled(gate), allow_inconclusive=options.allow_inconclusive)
