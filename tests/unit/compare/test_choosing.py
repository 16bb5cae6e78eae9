"""Small decisions behind a choice: what meets a target, what luck does, what would show more."""

from dataclasses import replace
from math import inf

import pytest
from claims_factory import BASE, FACTS, FOUND, GOLD, HOUSE, STALE, TUNED, TUNED_FOUND, level

from harness.compare.advice import cost_order
from harness.compare.choosing import bounds, cases_to_show, level_of, meets, survives, tries
from harness.compare.places import Place, way_of
from harness.records import Candidate, Metric, Summary


def place(metric: Metric, **means: float) -> Place:
    """Where candidates of these names have these means, each plus or minus 0.1 with n = 40."""
    found = {name: level(metric, Candidate(name), mean) for name, mean in means.items()}
    return Place("stable facts", "r", metric, "all", found, {})


def test_the_ends_of_an_interval_are_the_worse_and_the_better_one() -> None:
    assert bounds(level(FACTS, BASE, 0.5), FACTS) == (0.4, 0.6)
    assert bounds(level(STALE, BASE, 0.5), STALE) == (-0.6, -0.4)
    assert bounds(replace(level(FACTS, BASE, 0.5), low=None), FACTS) == (-inf, inf)


def test_a_level_that_was_not_measured_is_worse_than_any() -> None:
    unmeasured = replace(level(FACTS, BASE, 0.5), mean=None)
    assert (level_of(level(STALE, BASE, 0.2), STALE), level_of(unmeasured, FACTS)) == (-0.2, -inf)


@pytest.mark.parametrize(
    "metric, target, expected",
    [
        (FACTS, 0.4, "shown"),
        (FACTS, 0.41, "not shown"),
        (FACTS, 0.6, "not shown"),
        (FACTS, 0.61, "missed"),
        (STALE, 0.6, "shown"),
        (STALE, 0.5, "not shown"),
        (STALE, 0.39, "missed"),
        (FACTS, None, "not shown"),
    ],
)
def test_a_target_is_met_or_missed_by_the_whole_interval(
    metric: Metric, target: float | None, expected: str
) -> None:
    assert meets(level(metric, BASE, 0.5), metric, target) == expected


def test_those_that_are_shown_to_miss_a_target_had_no_try() -> None:
    there = place(FACTS, tuned=0.8, found=0.65, plain=0.2)
    assert [tries(there, target) for target in (0.1, 0.7, 0.95)] == [3, 2, 0]


def test_what_one_of_many_reaches_by_a_hair_does_not_survive_the_others() -> None:
    """At 0.7 the interval of tuned begins at the target: alone that is enough, of two it is not."""
    alone, beside = place(FACTS, tuned=0.8, plain=0.2), place(FACTS, tuned=0.8, found=0.75)
    assert survives(alone, TUNED, 0.7 - 1e-9)
    assert not survives(beside, TUNED, 0.7 - 1e-9)
    assert survives(beside, TUNED, 0.68)


def test_where_less_is_better_a_level_survives_from_below() -> None:
    there = place(STALE, tuned=0.2, found=0.25)
    assert (survives(there, TUNED, 0.32), survives(there, TUNED, 0.3)) == (True, False)


def test_the_cases_that_would_show_a_level_follow_from_its_interval() -> None:
    """Half the margin takes four times the cases; 80 % power takes (1 + 0.84/1.96)² times."""
    there = place(FACTS, tuned=0.8)
    found = {at: cases_to_show(there, TUNED, at) for at in (0.7, 0.75, 0.8, 0.9)}
    whole = 40 * ((1.96 + 0.8416) / 1.96) ** 2
    assert found[0.7] == pytest.approx(whole - 40, abs=1)
    assert found[0.75] == pytest.approx(4 * whole - 40, abs=1)
    assert (found[0.8], found[0.9]) == (None, None)


def test_a_level_without_an_interval_tells_of_no_number_of_cases() -> None:
    bare: Summary = replace(level(FACTS, TUNED, 0.8), low=None, high=None)
    there = Place("stable facts", "r", FACTS, "all", {TUNED.name: bare}, {})
    assert cases_to_show(there, TUNED, 0.5) is None


@pytest.mark.parametrize(
    "candidate, way",
    [(BASE, "base"), (HOUSE, "prompt"), (FOUND, "RAG"), (TUNED, "fine-tune"),
     (TUNED_FOUND, "combine"), (replace(FOUND, prompt="house"), "RAG")],
)  # fmt: skip
def test_a_candidate_answers_in_the_way_of_what_it_is_made_of(
    candidate: Candidate, way: str
) -> None:
    assert way_of(candidate) == way


def test_the_simplest_comes_first_and_those_alike_as_listed() -> None:
    listed = [TUNED_FOUND, TUNED, FOUND, GOLD, HOUSE, BASE]
    assert cost_order(listed) == [BASE, HOUSE, FOUND, GOLD, TUNED, TUNED_FOUND]
