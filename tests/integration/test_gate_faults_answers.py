"""Answers and scores that could make a gate lie: each ends ERROR or FAIL, or is refused."""

from collections.abc import Callable

import pytest
from gate_lab import Lab, Outcome, errs, fails, refused


def test_errors_are_not_dropped(lab: Lab) -> None:
    lab.say(range(20), output="", error="timeout")
    errs(lab.judge(), "20 of 56 answers are errors")


def test_answers_that_are_left_out_are_errors(lab: Lab) -> None:
    lab.say(range(20), output=None)
    errs(lab.judge(), "20 of 56 answers are errors")


def test_empty_answers_fail(lab: Lab) -> None:
    lab.say(range(56), output="", completion_tokens=0)
    fails(lab.judge(), "FAIL non_inferior")


def test_cut_answers_are_not_judged(lab: Lab) -> None:
    lab.say(range(56), finish="length")
    errs(lab.judge(), "lora: 56 of 56 answers reached max_tokens and were cut")


def test_a_rival_that_was_cut_is_no_rival(lab: Lab) -> None:
    lab.rule("superior", kind="non_inferior", min_effect=None, margin=0.1)
    lab.say(range(56), "base", finish="length")
    errs(lab.judge(), "base: 56 of 56 answers reached max_tokens and were cut")


def test_an_answer_cannot_be_given_twice(lab: Lab) -> None:
    rows = [row for own in lab.answers.values() for row in own.values()]
    refused(lab.judge([*rows, rows[-1]]), "a second time")


def test_the_best_of_two_draws_is_no_single_answer(lab: Lab) -> None:
    again = {f"again-{case}": {**row, "sample": 1} for case, row in lab.answers["lora"].items()}
    lab.answers["more"] = again
    errs(lab.judge(), "sampling.samples was 1 and is 2")


def test_answers_to_other_cases_are_refused(lab: Lab) -> None:
    lab.say([3], case="fee-300")
    refused(lab.judge(), "unknown case 'fee-300'")


def test_another_candidates_answers_are_not_those_of_the_adapter(lab: Lab) -> None:
    for row in lab.answers["lora"].values():
        row["candidate"] = "lora-2"
    errs(lab.judge(), "nothing was measured for the candidate 'lora'")


def test_tokens_that_nobody_counted_are_no_budget(lab: Lab) -> None:
    lab.say(range(56), completion_tokens=0)
    errs(lab.judge(), "ERROR budget lora: none of 56 cases was measured")


# ---------------------------------------------------------------- scores


@pytest.mark.parametrize("value", ["nan", "inf", "7", "0.5"])
def test_scores_that_cannot_be_are_errors(
    value: str, scorer: Callable[[str, int], Outcome]
) -> None:
    errs(scorer(value, 20), "20 of 56 answers are errors")


@pytest.mark.parametrize("value", ["crash", "nothing"])
def test_a_scorer_that_fails_on_the_adapters_answers_is_an_error(
    value: str, scorer: Callable[[str, int], Outcome]
) -> None:
    errs(scorer(value, 20), "20 of 56 answers are errors")


def test_a_score_that_is_sound_passes(scorer: Callable[[str, int], Outcome]) -> None:
    outcome = scorer("1", 56)
    assert (outcome.verdict, outcome.code) == ("PASS", 0), outcome.said


def test_nothing_measured_is_an_error(scorer: Callable[[str, int], Outcome]) -> None:
    errs(scorer("unmeasured", 56), "none of 56 cases was measured")


def test_more_than_half_unmeasured_is_an_error(scorer: Callable[[str, int], Outcome]) -> None:
    errs(scorer("unmeasured", 30), "30 of 56 cases are unmeasured")


def test_cases_measured_on_one_side_only_are_an_error(
    scorer: Callable[[str, int], Outcome],
) -> None:
    errs(scorer("unmeasured", 10), "10 of 56 cases measured for base were not for the other")
