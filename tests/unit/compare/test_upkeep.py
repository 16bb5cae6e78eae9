"""The break-even's formulas at their limits, and what they find when they solve."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_break_even_simulated import CASE

from harness.compare import upkeep

RATES = st.floats(1e-9, 24.0)
DAYS = st.floats(1e-3, 3650.0)
LAGS = st.floats(0.0, 365.0)


@given(RATES, DAYS, LAGS)
def test_staleness_is_a_share_that_grows_with_each_of_the_three(
    rate: float, every: float, lag: float
) -> None:
    stale = float(upkeep.staleness(rate, every, lag))
    more = [
        float(upkeep.staleness(*grown))
        for grown in ((2 * rate, every, lag), (rate, 2 * every, lag), (rate, every, lag + 1))
    ]
    assert 0 <= stale <= 1
    assert all(one >= stale - 1e-12 for one in more)


@given(st.floats(1e-4, 24.0), DAYS, LAGS)
def test_staleness_is_the_formula_of_methods(rate: float, every: float, lag: float) -> None:
    x = rate * every
    expected = 1 - math.exp(-rate * lag) * (1 - math.exp(-x)) / x
    assert float(upkeep.staleness(rate, every, lag)) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize(
    ("rate", "every", "lag", "expected"),
    [
        (0.0, 30.0, 5.0, 0.0),  # facts that never change
        (1e-12, 30.0, 0.0, 1.5e-11),  # r T / 2
        (0.01, 0.0, 0.0, 0.0),  # trained at every moment
        (0.01, 0.0, 5.0, 1 - math.exp(-0.05)),  # only the lag is left
        (24.0, 36_500.0, 0.0, 1.0),
    ],
)
def test_staleness_has_its_limits(rate: float, every: float, lag: float, expected: float) -> None:
    assert float(upkeep.staleness(rate, every, lag)) == pytest.approx(expected, rel=1e-4)


@given(st.floats(1e-6, 1.0), st.floats(0.01, 0.9), st.floats(0.0, 20.0))
def test_the_interval_that_keeps_a_target_has_that_staleness(
    rate: float, target: float, lag: float
) -> None:
    every = upkeep.retrain_every(rate, target, lag)
    lagging = 1 - math.exp(-rate * lag)
    if every is None:
        assert lagging >= target * (1 - 1e-9)
    else:
        assert float(upkeep.staleness(rate, every, lag)) == pytest.approx(target, abs=1e-9)


def test_the_interval_for_a_target_is_near_what_methods_says_in_short() -> None:
    found = [upkeep.retrain_every(0.01, target) for target in (0.05, 0.10)]
    assert found == [pytest.approx(0.1035 / 0.01, rel=1e-2), pytest.approx(0.2149 / 0.01, rel=1e-2)]


def test_facts_that_never_change_keep_any_target_and_a_long_lag_keeps_none() -> None:
    assert upkeep.retrain_every(0.0, 0.05) == math.inf
    assert upkeep.retrain_every(0.1, 0.05, lag=10.0) is None


def test_the_cheapest_interval_is_near_the_square_root_where_that_holds() -> None:
    case = CASE | {
        "label": 0.0, "wrong_if_unchanged": 0.0, "wrong_if_changed": 1.0, "lag_days": 0.0,
        "change_rate": 1e-4, "queries_per_day": 1e4,
    }  # fmt: skip
    training = case["evaluation"] + case["train_hour"] * case["train_seconds"] / 3600
    if_stale = case["queries_per_day"] * case["fact_share"] * case["bad_answer"]
    expected = math.sqrt(2 * training / (if_stale * case["change_rate"]))
    assert upkeep.cheapest_interval(case) == pytest.approx(expected, rel=1e-3)


def test_where_a_new_training_mends_nothing_the_cheapest_is_never() -> None:
    assert upkeep.cheapest_interval(CASE | {"wrong_if_changed": 0.1}) is None
    assert upkeep.cheapest_interval(CASE | {"queries_per_day": 0.0}) is None
    assert upkeep.cheapest_interval(CASE | {"change_rate": 0.0}) is None


def test_without_queries_only_the_fixed_costs_are_left() -> None:
    case = CASE | {"queries_per_day": 0.0}
    parts = upkeep.tuned_parts(case)
    assert upkeep.rag_per_day(case) == CASE["index_day"]
    assert (parts["serving"], float(parts["bad answers"])) == (0.0, 0.0)
    assert float(upkeep.tuned_per_day(case)) == pytest.approx(
        float(parts["labels"] + parts["training"] + parts["evaluation"])
    )


@given(st.floats(0.0, 0.05), st.floats(1.0, 365.0), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_a_crossover_is_where_both_cost_the_same_or_one_costs_less_on_both_sides(
    rate: float, every: float, recall: float, wrong: float
) -> None:
    case = CASE | {
        "change_rate": rate, "retrain_days": every, "recall": recall, "wrong_if_unchanged": wrong,
        "wrong_if_changed": max(wrong, 0.9),
    }  # fmt: skip
    by_rate = float(upkeep.rate_crossover(case))
    by_volume = float(upkeep.volume_crossover(case))
    at_rest = float(upkeep.advantage(case | {"change_rate": 0.0}))
    if 0 < by_rate < math.inf:
        gap = float(upkeep.advantage(case | {"change_rate": by_rate}))
        assert abs(gap) < 1e-6 * float(upkeep.rag_per_day(case))
    else:
        assert (at_rest > 0) == (by_rate == 0)
    if by_volume < math.inf:
        there = case | {"queries_per_day": by_volume}
        assert abs(float(upkeep.advantage(there))) < 1e-6 * float(upkeep.rag_per_day(there))


def test_many_draws_at_once_give_what_each_gives_alone() -> None:
    rng = np.random.default_rng(3)
    drawn = {name: value * rng.uniform(0.5, 1.0, 20) for name, value in CASE.items()}
    alone = [{name: float(column[n]) for name, column in drawn.items()} for n in range(20)]
    for solve in (upkeep.tuned_per_day, upkeep.rate_crossover, upkeep.volume_crossover):
        each = [float(solve(one)) for one in alone]
        assert solve(drawn).tolist() == pytest.approx(each)
