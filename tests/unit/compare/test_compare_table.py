"""Answers become arrays, and nothing that is missing becomes a number."""

import math
from dataclasses import replace

import numpy as np
import pytest
from compare_factory import answers_of, binary, candidates_of, cases_of

from harness.compare.table import pivot, slices_of
from harness.errors import MeasurementError


def test_states_stay_apart_from_values():
    cases = cases_of(4)
    answers = answers_of(cases, {"a": {"m": [1, 0, None, "error"]}})
    (table,) = pivot(answers, cases, [binary()], candidates_of("a"))
    (grid,) = table.grids
    assert grid.values[:2, 0].tolist() == [1.0, 0.0]
    assert bool(np.isnan(grid.values[2:, 0]).all())
    assert grid.unmeasured[:, 0].tolist() == [False, False, True, False]
    assert grid.errors[:, 0].tolist() == [False, False, False, True]


def test_a_missing_answer_of_an_asked_candidate_is_an_error():
    cases = cases_of(3)
    answers = answers_of(cases, {"a": {"m": [1, 1, 1]}})[:2]
    (table,) = pivot(answers, cases, [binary()], candidates_of("a"))
    assert table.grids[0].errors[:, 0].tolist() == [False, False, True]


def test_a_candidate_without_answers_was_not_asked():
    cases = cases_of(2)
    answers = answers_of(cases, {"b": {"m": [1, 1]}})
    (table,) = pivot(answers, cases, [binary()], candidates_of("a", "b"))
    assert table.candidates == ("b",)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_value_that_is_not_finite_is_an_error(value):
    cases = cases_of(2)
    answers = answers_of(cases, {"a": {"m": [1, value]}})
    (table,) = pivot(answers, cases, [binary()], candidates_of("a"))
    assert table.grids[0].errors[:, 0].tolist() == [False, True]


def test_same_case_ids_in_two_tasks_do_not_mix():
    first, second = cases_of(2, task="x"), cases_of(2, task="y")
    answers = answers_of(first, {"a": {"m": [1, 1]}}) + answers_of(second, {"a": {"m": [0, 0]}})
    tables = pivot(answers, [*first, *second], [binary()], candidates_of("a"))
    assert {t.task: float(t.grids[0].values.sum()) for t in tables} == {"x": 2.0, "y": 0.0}


def test_a_slice_is_a_tag_on_five_cases_or_more_but_not_on_all():
    tags = {i: ("common",) + (("five",) if i < 5 else ()) + (("four",) if i < 4 else ())
            for i in range(8)}  # fmt: skip
    masks = slices_of(cases_of(8, tags=tags))
    assert list(masks) == ["all", "five"]
    assert int(masks["five"].sum()) == 5


@pytest.mark.parametrize("count, expected", [(5, ["all", "changed"]), (4, ["all"])])
def test_what_became_of_facts_is_a_slice_even_of_all_cases(count, expected):
    masks = slices_of(cases_of(count, tags=dict.fromkeys(range(count), ("changed", "common"))))
    assert list(masks) == expected
    assert all(bool(mask.all()) for mask in masks.values())


@pytest.mark.parametrize(
    "cases, names, words",
    [
        (cases_of(1), ["a"], "unknown case 'c0001'"),
        (cases_of(2), ["b"], "unknown candidate 'a'"),
        (cases_of(2, task="other"), ["a"], "the task 't', which has no cases"),
    ],
)
def test_answers_that_belong_nowhere_stop_the_comparison(cases, names, words):
    answers = answers_of(cases_of(2), {"a": {"m": [1, 1]}})
    with pytest.raises(MeasurementError, match=words):
        pivot(answers, cases, [binary()], candidates_of(*names))


def test_two_answers_to_one_case_stop_the_comparison():
    cases = cases_of(2)
    answers = answers_of(cases, {"a": {"m": [1, 1]}})
    with pytest.raises(MeasurementError, match="two answers"):
        pivot([*answers, answers[0]], cases, [binary()], candidates_of("a"))


def test_several_answers_to_a_case_count_as_their_mean_and_are_no_longer_binary():
    cases = cases_of(3)
    draws = ([1, 0, 1], [0, 0, "error"])
    answers = [
        replace(answer, sample=number)
        for number, values in enumerate(draws)
        for answer in answers_of(cases, {"a": {"m": list(values)}})
    ]
    (table,) = pivot(answers, cases, [binary()], candidates_of("a"))
    (grid,) = table.grids
    assert grid.values[:2, 0].tolist() == [0.5, 0.0]
    assert grid.errors[:, 0].tolist() == [False, False, True]
    assert (len(table.cases), grid.metric.binary) == (3, False)


def test_two_answers_that_are_the_same_sample_are_refused():
    cases = cases_of(2)
    twice = 2 * answers_of(cases, {"a": {"m": [1, 1]}})
    with pytest.raises(MeasurementError, match="two answers"):
        pivot(twice, cases, [binary()], candidates_of("a"))


def test_a_candidate_drawn_once_beside_one_drawn_twice_lacks_nothing():
    cases = cases_of(2)
    once = answers_of(cases, {"a": {"m": [1, 0]}, "b": {"m": [1, 1]}})
    again = [replace(a, sample=1) for a in answers_of(cases, {"b": {"m": [0, 1]}})]
    (table,) = pivot(once + again, cases, [binary()], candidates_of("a", "b"))
    assert table.grids[0].values.tolist() == [[1.0, 0.5], [0.0, 1.0]]
    assert not table.grids[0].errors.any()
