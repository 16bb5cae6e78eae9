"""What a gate can decide before it runs: sizes against published ones, and against the gate."""

import numpy as np
import pytest

from harness.compare.paired import compare
from harness.compare.summaries import summarise
from harness.gate.evidence import Evidence
from harness.gate.judge import judge, needed_pairs
from harness.gate.plan import exit_code, plan_rules
from harness.gate.power import level_needed, pairs_needed, smallest
from harness.records import (
    Answer,
    Candidate,
    Case,
    Comparison,
    Metric,
    Model,
    Rule,
    Run,
    Score,
    ScoredAnswer,
    ScorerSpec,
    Suite,
    Summary,
    Task,
)

BINARY = Metric("m", "right", binary=True)
WORDS = Metric("words", "length", "words", upper=None, better="lower")


def suite(rule: Rule, n: int, per_cluster: int = 1) -> Suite:
    """A suite of one task with n cases, the first tenth of them tagged."""
    cases = tuple(
        Case(f"c{i}", "t", "in", "out", f"k{i // per_cluster}", tags=("few",) * (i < n / 10))
        for i in range(n)
    )
    task = Task("t", cases, (ScorerSpec("x"),))
    lora, base = Candidate("lora"), Candidate("base")
    return Suite("s", "", "full", "", "", 7, (), (task,), (lora, base), (), rules=(rule,))


def planned(rule: Rule, n: int, per_cluster: int = 1, run: Run | None = None):
    return plan_rules(suite(rule, n, per_cluster), [BINARY, WORDS], run)[0]


def equal(margin, **more) -> Rule:
    return Rule("non_inferior", "lora", "t", "m", against="base", margin=margin, **more)


def better(min_effect) -> Rule:
    return Rule("superior", "lora", "t", "m", against="base", min_effect=min_effect)


@pytest.mark.parametrize("margin, expected", [(0.02, 1546), (0.03, 687), (0.05, 248)])
def test_pairs_for_non_inferiority_are_those_of_the_one_sided_textbook_at_five_percent(
    margin, expected
):
    """Discordance 0.10, no true change, 80 % power."""
    assert pairs_needed(margin, 0.10, alpha=0.05) == pytest.approx(expected, abs=1)
    assert pairs_needed(margin, 0.20, alpha=0.05) == pytest.approx(2 * expected, abs=2)


@pytest.mark.parametrize("n, expected", [(100, 0.089), (300, 0.051), (1000, 0.028)])
def test_the_smallest_difference_that_n_pairs_show(n, expected):
    """Discordance 0.10, two-sided 5 %, 80 % power."""
    found = smallest(lambda step: pairs_needed(step, 0.10), n, 1.0)
    assert found == pytest.approx(expected, abs=0.0005)


def test_a_perfect_score_needs_what_wilsons_bound_needs():
    assert level_needed(0.95, 1.0) == pytest.approx(73, abs=0.1)


@pytest.mark.parametrize("margin, needed", [(0.02, 1963), (0.05, 314), (0.1, 79)])
def test_a_gates_own_bound_is_at_two_and_a_half_percent_so_it_needs_more(margin, needed):
    enough, few = planned(equal(margin), needed), planned(equal(margin), needed - 1)
    assert (enough.verdict, few.verdict) == ("decidable", "needs more")
    assert enough.needed == few.needed == needed
    assert enough.shows == pytest.approx(margin, rel=0.01)
    assert "no true change; candidates differ in 10 % of cases" in enough.assumes


def test_cases_of_a_cluster_count_as_one():
    plan = planned(equal(0.1), 158, per_cluster=2)
    assert (plan.cases, plan.clusters, plan.needed) == (158, 79, 157)


def test_the_range_of_a_metric_is_what_a_margin_is_a_share_of():
    wide = Metric("m", "marks", "marks", upper=10.0)
    rule = equal(1.0)
    (plan,) = plan_rules(suite(rule, 100), [wide])
    assert (plan.needed, plan.shows) == (79, pytest.approx(0.886, abs=0.001))


@pytest.mark.parametrize(
    "rule, n, verdict, needed",
    [
        (equal(0.1), 20, "never", 36),  # 20 ties: up to 16.8 % may differ unseen
        (better(0.5), 8, "never", 13),
        (Rule("at_least", "lora", "t", "m", value=0.95), 72, "never", 73),
        (Rule("at_most", "lora", "t", "m", value=0.05), 72, "never", 73),
        (Rule("at_least", "lora", "t", "m", value=0.95), 73, "needs more", None),
        (Rule("at_least", "lora", "t", "words", value=5), 73, "not known", None),
        (Rule("superior", "lora", "t", "words", against="base"), 73, "not known", None),
        (Rule("budget", "lora", "", "tokens_per_answer", value=50), 73, "not known", None),
        (Rule("budget", "lora", "", "adapter_mb", value=50), 73, "decidable", None),
        (Rule("max_unmeasured", "lora", "t", "m", value=0.02), 73, "decidable", None),
        (Rule("no_new_failures", "lora", "t", "m", "few"), 50, "decidable", None),
        (Rule("no_new_failures", "lora", "t", "m", "none"), 50, "never", None),
    ],
)
def test_verdicts_of_a_plan(rule, n, verdict, needed):
    plan = planned(rule, n)
    assert plan.verdict == verdict
    assert needed in (None, plan.needed)
    assert exit_code([plan]) == (4 if verdict in ("never", "needs more") else 0)


@pytest.mark.parametrize("rule, n", [(equal(0.1), 36), (better(0.5), 13)])
def test_what_a_plan_calls_possible_the_gate_passes_on_the_best_answers(rule, n):
    """One case fewer and even these answers do not."""
    for cases, expected in ((n, "PASS"), (n - 1, "INCONCLUSIVE")):
        base = 1.0 if rule.kind == "non_inferior" else 0.0
        assert verdict_of(rule, np.ones(cases), np.full(cases, base)) == expected


def verdict_of(rule, lora, base) -> str:
    """The gate's verdict on given scores."""
    cases = [Case(f"c{i}", "t", "in", "out", f"c{i}") for i in range(len(lora))]
    answers = [
        ScoredAnswer(case.id, "t", name, Answer("r", "x"), (Score("m", float(values[i])),))
        for name, values in (("lora", lora), ("base", base))
        for i, case in enumerate(cases)
    ]
    both = [Candidate("lora"), Candidate("base")]
    summaries = summarise(answers, cases, [BINARY], both)
    comparisons = compare(answers, cases, [BINARY], both, needed_pairs([rule]))
    return judge(Evidence([rule], summaries, comparisons, [BINARY])).verdict


@pytest.mark.parametrize("rule, gain", [(equal(0.1), 0.0), (equal(0.05), 0.0), (better(0.1), 0.2)])
def test_the_cases_a_plan_asks_for_decide_about_eight_times_in_ten(rule, gain):
    needed = planned(rule, 1000).needed
    rng = np.random.default_rng(5)
    apart = max(0.1, gain)
    passed = 0
    for _ in range(200):
        differs = rng.random(needed) < apart
        wins = differs & (rng.random(needed) < (apart + gain) / (2 * apart))
        base = np.where(differs, ~wins, True).astype(float)
        lora = np.where(differs, wins, True).astype(float)
        passed += verdict_of(rule, lora, base) == "PASS"
    assert 0.67 <= passed / 200 <= 0.93


# ---------------------------------------------------------------- with an earlier run


def earlier(comparison=None, summary=None, answers=(), cases=()) -> Run:
    return Run(
        1, "r1", "s", "full", "", "", Model("m", "", "d"), "vllm", "", None, None, (), {}, (),
        tuple(cases), tuple(answers), (summary,) if summary else (),
        (comparison,) if comparison else (), (), (), None,
    )  # fmt: skip


def test_an_earlier_run_tells_how_much_answers_differ():
    run = earlier(Comparison("t", "m", "all", "lora", "base", 100, 100, 0.3, 0.2, 0.4, mde=0.2))
    plan = planned(equal(0.1), 100, run=run)
    assert (plan.verdict, plan.needed, plan.shows) == ("needs more", 400, 0.2)
    assert "answers differ as in run r1" in plan.assumes
    plan = planned(better(0.1), 100, run=run)
    assert (plan.verdict, plan.needed, plan.shows) == ("decidable", 100, pytest.approx(0.3))
    assert "a true gain of 30 pp" in plan.assumes


def test_a_pair_that_was_compared_the_other_way_round_is_turned():
    run = earlier(Comparison("t", "m", "all", "base", "lora", 100, 100, -0.3, -0.4, -0.2, mde=0.2))
    assert "a true gain of 30 pp" in planned(better(0.1), 100, run=run).assumes


def test_a_metric_without_a_range_is_planned_from_an_earlier_run():
    run = earlier(summary=Summary("t", "words", "all", "lora", 100, 100, 40.0, 36.08, 43.92))
    rule = Rule("at_most", "lora", "t", "words", value=50)
    plan = planned(rule, 100, run=run)
    assert (plan.verdict, plan.needed) == ("decidable", 32)  # SE 2 at 100; 100·(5.6/10)²
    assert plan.shows == pytest.approx(50 - 5.6, abs=0.01)


def test_token_budgets_are_planned_from_the_answers_of_an_earlier_run():
    cases = suite(equal(0.1), 100).tasks[0].cases
    answers = [
        ScoredAnswer(
            case.id, "t", "lora", Answer("r", "x", completion_tokens=40 + 20 * (i % 2)), ()
        )
        for i, case in enumerate(cases)
    ]
    rule = Rule("budget", "lora", "", "tokens_per_answer", value=55)
    plan = planned(rule, 100, run=earlier(answers=answers, cases=cases))
    assert (plan.verdict, plan.needed) == ("decidable", 32)  # sd 10, 5 tokens away
    assert "a true 50 tokens" in plan.assumes
