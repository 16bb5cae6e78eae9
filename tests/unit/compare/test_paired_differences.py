"""Two candidates on the same cases: the numbers, by hand and by simulation."""

import random
from dataclasses import replace

import numpy as np
import pytest
from compare_factory import answers_of, binary, candidates_of, cases_of
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from harness.compare.bootstrap import bootstrap_bounds, expanded_tail
from harness.compare.evidence import turned
from harness.compare.matched import mid_p_mcnemar, tango_interval
from harness.compare.paired import compare
from harness.records import Comparison, Metric

PAIR = [("new", "old")]
FREE = Metric("m", "points", unit="points", lower=None, upper=None)


def between(new, old, metric=None, clusters=None, **kwargs) -> Comparison:
    cases = cases_of(clusters if clusters is not None else len(new))
    answers = answers_of(cases, {"new": {"m": new}, "old": {"m": old}})
    names = candidates_of("new", "old")
    return compare(answers, cases, [metric or binary()], names, PAIR, **kwargs)[0]


def many(new, old, clusters, *, is_binary: bool) -> list[Comparison]:
    """One comparison per row of `new` and `old` (comparisons x cases)."""
    bounds = (0.0, 1.0) if is_binary else (None, None)
    metrics = [
        Metric(f"m{i}", "x", lower=bounds[0], upper=bounds[1], binary=is_binary)
        for i in range(len(new))
    ]
    cases = cases_of(clusters)
    columns = {
        name: {m.name: row.tolist() for m, row in zip(metrics, rows, strict=True)}
        for name, rows in (("new", new), ("old", old))
    }
    return list(
        compare(answers_of(cases, columns), cases, metrics, candidates_of("new", "old"), PAIR)
    )


def test_binary_difference_by_hand():
    """10 wins, 2 losses of 40: Tango's interval, McNemar mid-p."""
    found = between([1] * 10 + [0] * 2 + [1] * 28, [0] * 10 + [1] * 2 + [1] * 28)
    assert (found.n, found.win, found.tie, found.loss) == (40, 10, 28, 2)
    assert found.difference == pytest.approx(0.2)
    assert tango_interval(10, 2, 40) == pytest.approx((found.low, found.high))
    exact = mcnemar([[14, 10], [2, 14]], exact=True).pvalue
    assert exact - stats.binom.pmf(2, 12, 0.5) == pytest.approx(found.p_value)
    assert found.outcome == "better"
    assert found.method == "Tango score interval; McNemar mid-p"


def test_of_few_binary_cases_that_differ_the_careful_interval_and_the_exact_test():
    """6 wins, 2 losses of 40: Bonett-Price with t (41 df), exact McNemar."""
    found = between([1] * 6 + [0] * 2 + [1] * 32, [0] * 6 + [1] * 2 + [1] * 32)
    centre, spread = 4 / 42, (10 / 42 - (4 / 42) ** 2) / 41
    half = stats.t.ppf(0.975, 41) * spread**0.5
    assert (centre - half, centre + half) == pytest.approx((found.low, found.high))
    assert mcnemar([[16, 6], [2, 16]], exact=True).pvalue == pytest.approx(found.p_value)
    assert "exact McNemar (fewer than 10 differ)" in found.method


@pytest.mark.parametrize("wins, losses", [(0, 0), (1, 0), (5, 5), (12, 3), (0, 9), (40, 60)])
def test_mid_p_lies_half_the_observed_probability_below_the_exact_test(wins, losses):
    exact = float(mcnemar([[5, wins], [losses, 5]], exact=True).pvalue)
    mid = mid_p_mcnemar(wins, losses)
    seen = stats.binom.pmf(min(wins, losses), wins + losses, 0.5)
    expected = 1.0 if wins == losses == 0 else min(1.0, exact - seen)
    if wins == losses and wins:  # both tails meet: statsmodels caps its p-value at 1
        expected = 1.0
    assert expected == pytest.approx(mid)


def test_no_difference_anywhere_still_has_an_interval():
    found = between([1] * 40, [1] * 40)
    unseen = 1 - 0.025 ** (1 / 40)
    assert (0.0, -unseen, unseen) == pytest.approx((found.difference, found.low, found.high))
    assert (found.outcome, found.p_value) == ("not shown", 1.0)
    assert "exact bound" in found.method


def test_a_difference_on_every_case_is_not_certainty_either():
    found = between([1] * 40, [0] * 40)
    assert 1.0 == found.difference == found.high
    assert 0.8 < found.low < 0.9
    assert found.p_value == pytest.approx(2.0**-40)


def test_no_difference_on_an_open_scale_uses_the_range_that_was_seen():
    rate = Metric("m", "rate", unit="per 1,000 words", upper=None, better="lower")
    found = between([0, 0, 8, 0] * 5, [0, 0, 8, 0] * 5, rate)
    assert found.high == pytest.approx(8 * (1 - 0.025 ** (1 / 20)))


def test_four_differences_of_forty_are_not_proof():
    """4 to 0 has an exact p of 0.125; resampling or t alone would call it shown."""
    cells = [1.0] * 4 + [0.0] * 76
    found = between(cells, [0.0] * 80, clusters=[f"k{i % 40}" for i in range(80)])
    assert found.outcome == "not shown"
    assert "pseudo-cluster" in found.method


def test_one_loss_never_has_a_better_bound_than_none():
    """In a cluster of two, one loss is half a cluster's: and would alone look like no spread."""
    clusters = [f"k{i // 2}" for i in range(120)]
    bounds = [between([0.0] * k + [1.0] * (120 - k), [1.0] * 120, None, clusters).low
              for k in range(8)]  # fmt: skip
    assert bounds == sorted(bounds, reverse=True)
    assert bounds[0] == pytest.approx(0.025 ** (1 / 60) - 1)


def test_few_clusters_use_t():
    differences = [2.0, 3.0, 1.0, 4.0, 2.5]
    found = between(differences, [0.0] * 5, FREE)
    expected = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
    assert (expected.low, expected.high) == pytest.approx((found.low, found.high))
    assert stats.ttest_1samp(differences, 0).pvalue == pytest.approx(found.p_value)
    assert found.method == "t over 5 clusters"


def test_the_bootstrap_agrees_with_t_on_well_behaved_differences():
    differences = np.random.default_rng(3).normal(0.3, 1.0, 60)
    found = between(differences.tolist(), [0.0] * 60, FREE)
    expected = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
    assert (expected.low, expected.high) == pytest.approx((found.low, found.high), abs=0.02)
    assert "bootstrap" in found.method


def test_the_bootstrap_resamples_clusters_not_cases():
    """Ten copies of each case must leave the interval as it was."""
    rng = np.random.default_rng(5)
    once = rng.normal(0.2, 1, 20)
    ten = np.repeat(once, 10)
    clusters = [f"k{i // 10}" for i in range(200)]
    single = between(once.tolist(), [0.0] * 20, FREE)
    copies = between(ten.tolist(), [0.0] * 200, FREE, clusters)
    assert (single.low, single.high) == pytest.approx((copies.low, copies.high))


def test_an_interval_does_not_depend_on_its_neighbours():
    rng = np.random.default_rng(6)
    samples = [(rng.normal(size=12), np.ones(12)) for _ in range(200)]
    alone = bootstrap_bounds([samples[150]], seed=4)[0]
    assert alone == pytest.approx(bootstrap_bounds(samples, seed=4)[150], rel=1e-12)
    assert alone != pytest.approx(bootstrap_bounds([samples[150]], seed=5)[0], rel=1e-6)


def test_expanded_percentiles_approach_the_plain_ones():
    assert expanded_tail(1000) == pytest.approx(0.025, abs=2e-4)
    assert expanded_tail(8) < 0.006


@pytest.mark.parametrize("n, points", [(100, 8.9), (300, 5.1), (1000, 2.8)])
def test_minimum_detectable_effect_at_discordance_one_tenth(n, points):
    tenth = n // 10
    new = [1] * (tenth // 2) + [0] * (n - tenth // 2)
    old = [0] * (tenth // 2) + [1] * (tenth // 2) + [0] * (n - tenth)
    assert points == pytest.approx(100 * between(new, old).mde, abs=0.06)


def test_only_cases_measured_for_both_count():
    found = between([1, 1, None, "error", 1, 0], [0, None, 1, 1, 0, 0])
    assert (found.n, found.win, found.tie, found.loss) == (3, 2, 1, 0)


def test_no_shared_case_is_unmeasured():
    found = between([1, None], [None, 1])
    assert (found.n, found.difference, found.low, found.outcome) == (0, None, None, "unmeasured")


def test_lower_is_better_turns_wins_and_outcome():
    found = between([0] * 20, [1] * 20, binary(better="lower"))
    assert (found.difference, found.win, found.loss, found.outcome) == (-1.0, 20, 0, "better")


def test_a_metric_without_direction_is_never_better_or_worse():
    assert between([0] * 20, [1] * 20, binary(better="neither")).outcome == "not shown"


def test_a_pair_of_which_one_was_not_asked_is_left_out():
    cases = cases_of(2)
    answers = answers_of(cases, {"new": {"m": [1, 1]}})
    names = candidates_of("new", "old")
    assert compare(answers, cases, [binary()], names, [("new", "old"), ("new", "gone")]) == ()


def _runs(kind: str, rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    if kind == "normal":
        return rng.normal(size=shape)
    if kind == "clustered":
        rates = rng.beta(0.5, 0.5, (shape[0], shape[1] // 3)).repeat(3, axis=1)
        return (rng.random(shape) < rates).astype(float)
    return (rng.random(shape) < float(kind)).astype(float)


@pytest.mark.parametrize(
    "kind, clusters",
    [
        ("0.5", 40),
        ("0.95", 60),
        ("clustered", [f"k{i // 3}" for i in range(60)]),
        ("normal", 5),
        ("normal", 12),
    ],
)
def test_two_equal_candidates_differ_at_most_at_the_stated_rate(kind, clusters):
    """A/A: of 500 comparisons at 5 %, more than 40 (8 %) would be 3 standard errors too many."""
    rng = np.random.default_rng(11)
    n = clusters if isinstance(clusters, int) else len(clusters)
    new, old = (_runs(kind, rng, (500, n)) for _ in range(2))
    found = many(new, old, clusters, is_binary=kind != "normal")
    assert sum(c.outcome != "not shown" for c in found) <= 40
    assert sum(c.p_value < 0.05 for c in found) <= 40


def test_a_planted_drop_is_found_with_the_predicted_power():
    """A drop as large as the minimum detectable effect is seen in about 80 % of runs."""
    rng = np.random.default_rng(12)
    old = (rng.random((400, 300)) < 0.8).astype(float)
    lost = rng.random((400, 300)) < 0.0975  # of the 80 % right: 7.8 pp
    won = rng.random((400, 300)) < 0.09  # of the 20 % wrong: 1.8 pp, so -6.0 pp in all
    new = np.where(old == 1, np.where(lost, 0.0, 1.0), np.where(won, 1.0, 0.0))
    found = many(new, old, 300, is_binary=True)
    mde = np.mean([c.mde for c in found])
    shown = np.mean([c.outcome == "worse" for c in found])
    expected = stats.norm.cdf((0.06 / mde) * 2.8016 - 1.96)
    assert expected == pytest.approx(shown, abs=0.07)
    assert shown > 0.85


cells = st.sampled_from([0.0, 0.5, 1.0, None])


@settings(max_examples=30, deadline=None)
@given(rows=st.lists(st.tuples(cells, cells), min_size=1, max_size=30), size=st.integers(1, 3))
def test_swapping_the_candidates_turns_every_sign(rows, size):
    cases = cases_of([f"k{i // size:02d}" for i in range(len(rows))])
    new, old = [row[0] for row in rows], [row[1] for row in rows]
    answers = answers_of(cases, {"new": {"m": new}, "old": {"m": old}})
    metric = Metric("m", "share", binary=False)
    names = candidates_of("new", "old")
    there, back = compare(answers, cases, [metric], names, [("new", "old"), ("old", "new")])
    back = turned(back)
    assert (there.n, there.win, there.tie, there.loss) == (back.n, back.win, back.tie, back.loss)
    assert there.outcome == back.outcome
    for number in ("difference", "low", "high", "p_value", "mde"):
        assert getattr(there, number) == pytest.approx(getattr(back, number), abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(rows=st.lists(st.tuples(cells, cells), min_size=1, max_size=30), seed=st.integers(0, 99))
def test_shuffled_answers_and_cases_leave_every_comparison(rows, seed):
    cases = cases_of([f"k{i // 2}" for i in range(len(rows))])
    columns = {"new": {"m": [r[0] for r in rows]}, "old": {"m": [r[1] for r in rows]}}
    answers, names = answers_of(cases, columns), candidates_of("new", "old")
    metric = replace(binary(), binary=False)
    before = compare(answers, cases, [metric], names, PAIR)
    random.Random(seed).shuffle(answers)
    random.Random(seed).shuffle(cases)
    assert before == compare(answers, cases, [metric], names, PAIR)
