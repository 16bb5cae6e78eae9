"""Recipes trained with several seeds: what is compared, its interval, and how often it errs."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from compare_factory import answers_of, binary, cases_of
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from harness.compare.methods import compare_methods, methods_of, over_seeds
from harness.records import AdapterSource, Candidate, Metric, Recipe

RECIPES = [
    Recipe(f"r{rank}-{seed}", rank=rank, seed=seed) for rank in (8, 32) for seed in (1, 2, 3)
]
BASE = Candidate("base")
MEMBERS = [Candidate(one.name, AdapterSource("recipe", one.name)) for one in RECIPES]
EVERYONE = [BASE, *MEMBERS]
FREE = Metric("m", "points", unit="points", lower=None, upper=None)


def compared(columns, metric=None, everyone=EVERYONE, recipes=RECIPES, clusters=None):
    cases = cases_of(clusters or len(next(iter(columns.values()))))
    answers = answers_of(cases, {name: {"m": column} for name, column in columns.items()})
    return compare_methods(answers, cases, [metric or binary()], everyone, recipes)


def test_recipes_that_differ_in_their_seed_alone_are_one_method():
    found = [method.name for method in methods_of(EVERYONE, RECIPES)]
    assert found == ["r8 × 3 seeds", "r32 × 3 seeds"]


@pytest.mark.parametrize("other", [{"epochs": 3.0}, {"seed": 1}, {"limit": 50}])
def test_another_setting_or_the_same_seed_makes_no_third_seed(other):
    recipes = [*RECIPES[:2], replace(RECIPES[2], **other)]
    assert methods_of(EVERYONE[:4], recipes) == {}


def test_training_that_goes_on_from_other_seeds_of_one_recipe_is_one_method():
    first = [Recipe(f"a{seed}", seed=seed) for seed in (1, 2, 3)]
    then = [Recipe(f"b{seed}", epochs=1.0, seed=seed, start=f"a{seed}") for seed in (1, 2, 3)]
    candidates = [Candidate(one.name, AdapterSource("recipe", one.name)) for one in then]
    (method,) = methods_of(candidates, [*first, *then])
    assert method.members == ("b1", "b2", "b3")


def test_points_of_a_learning_curve_are_no_method():
    points = [replace(one, curve="lora") for one in EVERYONE]
    assert methods_of(points, RECIPES) == {}


def test_each_method_is_held_against_the_base_and_the_other_method():
    rng = np.random.default_rng(1)
    columns = {one.name: (rng.random(40) < 0.5).astype(float).tolist() for one in EVERYONE}
    found = compared(columns)
    pairs = [(one.candidate, one.baseline) for one in found]
    assert pairs == [
        ("r8 × 3 seeds", "base"),
        ("r32 × 3 seeds", "base"),
        ("r32 × 3 seeds", "r8 × 3 seeds"),
    ]
    assert {one.claim for one in found} == {"this method"}
    assert {(one.n, one.clusters) for one in found} == {(40, 40)}


def test_seeds_that_disagree_widen_what_one_adapter_would_claim():
    """Two seeds win every case and one loses every case: no claim about the recipe."""
    columns = {"base": [0.5] * 30, "r8-1": [1.0] * 30, "r8-2": [1.0] * 30, "r8-3": [0.0] * 30}
    (found,) = compared(columns, replace(binary(), binary=False), EVERYONE[:4], RECIPES[:3])
    assert found.difference == pytest.approx(1 / 6)
    assert (found.outcome, found.win) == ("not shown", 30)
    assert found.equal_within == 1.0


def test_cases_that_one_seed_lacks_do_not_count():
    columns = {"base": [0, 0, 0, 0], "r8-1": [1, None, 1, 1], "r8-2": [1, 1, "error", 1]}
    columns["r8-3"] = [1, 1, 1, 0]
    (found,) = compared(columns, None, EVERYONE[:4], RECIPES[:3])
    assert (found.n, found.difference) == (2, pytest.approx(5 / 6))


def test_a_task_that_a_member_was_not_asked_is_left_out():
    columns = {"base": [0, 1], "r8-1": [1, 1], "r8-2": [1, 0]}
    assert compared(columns, None, EVERYONE[:4], RECIPES[:3]) == ()


def test_the_standard_error_is_that_of_a_two_way_analysis_of_variance():
    """(mean square of cases + mean square of seeds) / (cases x seeds)."""
    rng = np.random.default_rng(2)
    ours = rng.normal(size=(30, 1)) + rng.normal(0, 0.3, (1, 4)) + rng.normal(0, 0.5, (30, 4))
    base = np.zeros((30, 1))
    found = over_seeds(ours.mean(axis=1), np.ones(30), (ours, base), 9.0)
    case, seed = (axis.ravel() for axis in np.indices(ours.shape))
    table = pd.DataFrame({"y": ours.ravel(), "case": case, "seed": seed})
    fit = ols("y ~ C(case) + C(seed)", table).fit()
    squares = anova_lm(fit)["mean_sq"]
    expected = ((squares["C(case)"] + squares["C(seed)"]) / ours.size) ** 0.5
    assert expected == pytest.approx(found.se, rel=1e-9)


@pytest.mark.parametrize("spread", [0.0, 0.05, 0.3])
def test_two_equal_methods_differ_at_most_at_the_stated_rate(spread):
    """5 % may; of 500 comparisons 40 (8 %) would be three standard errors more."""
    rng = np.random.default_rng(3)
    wrong = 0
    for _ in range(500):
        cases = rng.normal(size=(40, 1))
        sides = [
            cases + rng.normal(0, spread, (1, 3)) + rng.normal(0, 0.3, (40, 3)) for _ in range(2)
        ]
        apart = sides[0].mean(axis=1) - sides[1].mean(axis=1)
        found = over_seeds(apart, np.ones(40), (sides[0], sides[1]), 9.0)
        wrong += not found.low <= 0 <= found.high
    assert wrong <= 40
