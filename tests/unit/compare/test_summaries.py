"""Means with intervals that admit what few cases and few clusters cannot know."""

import random

import numpy as np
import pytest
import statsmodels.api as sm
from compare_factory import answers_of, binary, candidates_of, cases_of
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.compare.intervals import clustered_se, wilson
from harness.compare.summaries import summarise
from harness.records import Metric, Summary

POINTS = Metric("m", "points", unit="points", lower=0.0, upper=10.0)


def only(cells, metric=None, clusters=None) -> Summary:
    cases = cases_of(clusters if clusters is not None else len(cells))
    answers = answers_of(cases, {"a": {"m": cells}})
    return summarise(answers, cases, [metric or binary()], candidates_of("a"))[0]


@pytest.mark.parametrize(
    "successes, low, high", [(0, 0.0, 0.2775), (8, 0.4902, 0.9433), (10, 0.7225, 1.0)]
)
def test_wilson_for_independent_binary_cases(successes, low, high):
    summary = only([1] * successes + [0] * (10 - successes))
    assert (low, high) == pytest.approx((summary.low, summary.high), abs=1e-4)
    assert successes / 10 == summary.mean


def test_clustered_standard_error_is_millers():
    """SE² = Σe²/n² + n⁻²·Σ_c Σ_{i≠j∈c} eᵢeⱼ, and C/(C-1) for few clusters."""
    values = np.array([1.0, 0.0, 1.0, 1.0, 0.0, 0.5, 0.2])
    codes = np.array([0, 0, 1, 1, 1, 2, 3])
    e, n = values - values.mean(), len(values)
    cross = sum(e[i] * e[j] for i in range(n) for j in range(n) if i != j and codes[i] == codes[j])
    miller = (e @ e) / n**2 + cross / n**2
    sums = np.bincount(codes, weights=values)
    sizes = np.bincount(codes).astype(float)
    assert (miller * 4 / 3) ** 0.5 == pytest.approx(clustered_se(sums, sizes))
    fit = sm.OLS(values, np.ones(n)).fit(cov_type="cluster", cov_kwds={"groups": codes})
    assert float(fit.bse[0]) == pytest.approx(clustered_se(sums, sizes))


def test_clusters_of_one_give_the_usual_standard_error():
    values = np.array([1.0, 4.0, 2.0, 8.0])
    assert values.std(ddof=1) / 2 == pytest.approx(clustered_se(values, np.ones(4)))


def test_copies_of_a_case_do_not_narrow_the_interval():
    once = only([1, 0, 1, 1, 0, 5], POINTS)
    thrice = only([1, 0, 1, 1, 0, 5] * 3, POINTS, [f"k{i % 6}" for i in range(18)])
    assert (once.low, once.high) == pytest.approx((thrice.low, thrice.high))
    assert (thrice.n, thrice.clusters) == (18, 6)


def test_no_spread_is_not_certainty():
    summary = only([1] * 20, clusters=[f"k{i // 2}" for i in range(20)])
    found = (summary.mean, summary.low, summary.high)
    assert found == pytest.approx((1.0, 0.7225, 1.0), abs=1e-4)
    middle = only([4.0] * 10, POINTS)
    expected = (4 - 0.2775 * 4, 4 + 0.2775 * 6)
    assert expected == pytest.approx((middle.low, middle.high), abs=1e-3)


def test_one_cluster_says_almost_nothing():
    summary = only([1, 0, 1, 1], clusters=["k"] * 4)
    assert summary.high - summary.low > 0.7


def test_the_interval_stays_in_the_metrics_range():
    rate = Metric("m", "per 1,000 words", unit="per 1,000 words", upper=None, better="lower")
    summary = only([0, 0, 0, 0, 0, 0, 0, 9.0], rate)
    assert summary.low == 0.0
    assert summary.high > 1.125


def test_no_measured_case_has_no_mean():
    summary = only([None, "error", None])
    assert (
        summary.n,
        summary.mean,
        summary.low,
        summary.high,
        summary.unmeasured,
        summary.errors,
    ) == (0, None, None, None, 2, 1)


def test_errors_are_counted_and_do_not_enter_the_mean():
    summary = only([1, 1, "error", 0])
    assert (summary.n, summary.errors, summary.mean) == (3, 1, 2 / 3)


def test_slices_are_summarised_apart():
    cases = cases_of(12, tags=dict.fromkeys(range(6), ("old",)))
    answers = answers_of(cases, {"a": {"m": [1] * 6 + [0] * 6}})
    found = {s.slice: s.mean for s in summarise(answers, cases, [binary()], candidates_of("a"))}
    assert found == {"all": 0.5, "old": 1.0}


@settings(max_examples=25, deadline=None)
@given(
    cells=st.lists(st.sampled_from([0.0, 1.0, None, "error"]), min_size=2, max_size=25),
    seed=st.integers(0, 99),
)
def test_shuffled_answers_and_cases_change_nothing(cells, seed):
    cases = cases_of([f"k{i // 2}" for i in range(len(cells))])
    answers = answers_of(cases, {"a": {"m": cells}, "b": {"m": cells[::-1]}})
    names = candidates_of("a", "b")
    before = summarise(answers, cases, [binary()], names)
    random.Random(seed).shuffle(answers)
    random.Random(seed).shuffle(cases)
    assert before == summarise(answers, cases, [binary()], names)


@pytest.mark.parametrize("trials", range(1, 60))
def test_none_of_any_number_begins_at_0_and_all_end_at_1(trials):
    assert wilson(0, trials)[0] == 0.0
    assert wilson(trials, trials)[1] == 1.0
