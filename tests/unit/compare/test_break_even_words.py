"""What a run says of its break-even: why there is none, and what wrong answers are of it."""

from dataclasses import replace
from datetime import date

import pytest
from claims_factory import BASE, FOUND, TUNED, TUNED_FOUND
from costs_factory import CURRENT, facts_of, run_of, suite_of

from harness.compare.breakeven import break_even, lacking
from harness.records import Candidate, Policy, Retrieval

INDEXED = replace(FOUND, retrieve=Retrieval(index=date(2020, 1, 1)))
CURVE = replace(TUNED, name="tuned-50", curve="r16")


@pytest.mark.parametrize(
    "candidates, said",
    [
        ((BASE, FOUND), "No adapter was asked without passages."),
        ((BASE, FOUND, TUNED_FOUND), "No adapter was asked without passages."),
        ((BASE, FOUND, CURVE), "No adapter was asked without passages."),
        ((BASE, TUNED), "No candidate retrieves passages."),
        ((BASE, TUNED, INDEXED), "All that retrieve search the index of a set day, none that"),
        ((BASE, TUNED, FOUND), "The same facts were not asked of an adapter and of retrieved"),
    ],
)
def test_what_is_missing_for_a_break_even_is_named(
    candidates: tuple[Candidate, ...], said: str
) -> None:
    assert lacking(run_of(candidates=candidates)).startswith(said)


def test_metrics_that_are_not_of_facts_are_named_as_what_is_missing() -> None:
    run = replace(run_of(), metrics=(replace(CURRENT, need="style"),))
    assert lacking(run) == "No headline metric is of facts."


def harm(**prices: float) -> str:
    found = break_even(run_of(), suite_of(facts_of(20, 40), Policy(prices=prices, currency="EUR")))
    assert found is not None
    return found.harm


def test_a_price_that_nobody_set_is_called_assumed() -> None:
    assert "is the assumed price of a wrong answer (1 EUR)" in harm()
    assert "is the price of a wrong answer (2 EUR)" in harm(bad_answer=2.0)


def test_wrong_answers_are_most_of_both_costs_or_a_part_of_them() -> None:
    assert harm(bad_answer=1.0).startswith("Most of both figures is the price")
    assert harm(bad_answer=0.0001).startswith("Of both figures a part is the price")


def test_the_price_that_turns_it_over_is_said_where_there_is_one() -> None:
    assert "Where a bad answer costs more than" in harm()
    right = [(True, True, True)] * 20
    policy = Policy(prices={"index_day": 100.0, "label": 0.0})
    found = break_even(run_of(right, [*right, *right]), suite_of(facts_of(20, 40), policy))
    assert found is not None
    assert found.harm.endswith("Which costs less does not hang on the price of a bad answer.")


def test_costs_of_nothing_have_no_part_that_is_harm() -> None:
    free = dict.fromkeys(
        ("bad_answer", "missed_passage", "index_day", "retrieval", "label", "train_hour"), 0.0
    )
    rates = {"queries_per_day": 0.0, "change_rate": 0.0}
    policy = Policy(prices=free | {"evaluation": 0.0}, rates=rates)
    found = break_even(run_of(), suite_of(facts_of(20, 40), policy))
    assert found is not None
    assert found.harm == ""
