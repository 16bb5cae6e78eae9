"""The gate itself is measured: how often it passes, fails or abstains on known truths."""

import numpy as np
import pytest
from scipy import stats

from harness.compare.paired import compare
from harness.compare.summaries import summarise
from harness.gate.evidence import Evidence
from harness.gate.judge import judge, needed_pairs
from harness.records import Answer, Candidate, Case, Metric, Rule, Score, ScoredAnswer

RUNS = 300
NAMES = ("lora", "base")


def verdicts(rates: dict[str, float], n: int, seed: int, **rule) -> dict[str, float]:
    """Shares of verdicts over 300 runs of n independent cases at known rates."""
    rng = np.random.default_rng(seed)
    metrics = [Metric(f"m{i}", "x", binary=True) for i in range(RUNS)]
    cases = [Case(f"c{i}", "t", "in", "out", f"c{i}") for i in range(n)]
    answers = [
        ScoredAnswer(
            case.id, "t", name, Answer("r", "x"),
            tuple(Score(m.name, float(hit)) for m, hit in
                  zip(metrics, rng.random(RUNS) < rates[name], strict=True)),
        )
        for case in cases
        for name in NAMES
    ]  # fmt: skip
    rules = [Rule(candidate="lora", against="base", task="t", metric=m.name, **rule)
             for m in metrics]  # fmt: skip
    candidates = [Candidate(name) for name in NAMES]
    summaries = summarise(answers, cases, metrics, candidates)
    comparisons = compare(answers, cases, metrics, candidates, needed_pairs(rules))
    found = judge(Evidence(rules, summaries, comparisons, metrics))
    said = [result.verdict for result in found.rules]
    return {name: said.count(name) / RUNS for name in ("PASS", "FAIL", "INCONCLUSIVE", "ERROR")}


def test_two_equal_candidates_pass_or_fail_superiority_at_most_at_the_stated_rate():
    """2.5 % on either side; 5.2 % would be three standard errors beyond it."""
    found = verdicts({"lora": 0.7, "base": 0.7}, 100, 1, kind="superior")
    assert found["PASS"] <= 0.052
    assert found["FAIL"] <= 0.052
    assert found["ERROR"] == 0


def test_a_drop_of_exactly_the_margin_passes_at_most_at_the_stated_rate():
    found = verdicts({"lora": 0.7, "base": 0.8}, 150, 2, kind="non_inferior", margin=0.1)
    assert found["PASS"] <= 0.052


def test_a_planted_drop_is_caught_with_the_predicted_power():
    """Δ = -20 pp, margin 5 pp: SE² = (p₁q₁ + p₀q₀)/n, power = Φ((0.20 - 0.05)/SE - 1.96)."""
    found = verdicts({"lora": 0.6, "base": 0.8}, 120, 3, kind="non_inferior", margin=0.05)
    se = ((0.6 * 0.4 + 0.8 * 0.2) / 120) ** 0.5
    assert found["FAIL"] == pytest.approx(stats.norm.cdf(0.15 / se - 1.96), abs=0.09)
    assert found["PASS"] == 0


def test_equal_candidates_are_mostly_let_through_with_enough_cases():
    found = verdicts({"lora": 0.9, "base": 0.9}, 400, 4, kind="non_inferior", margin=0.08)
    assert found["PASS"] > 0.9
    assert found["FAIL"] == 0
