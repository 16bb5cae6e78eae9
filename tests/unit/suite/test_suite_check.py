"""A suite is broken when its scorers cannot tell the reference answers from nothing."""

import pytest

from harness.suite.check import check
from harness.suite.load import load

FACT = {
    "id": "fee",
    "entity": "library",
    "attribute": "fee",
    "versions": [{"value": "19 euros", "valid_from": "2022-01-01"}],
}


def scored(options, candidates="cases.jsonl"):
    return {"tasks": {"answers": {"cases": candidates, "scorers": {"style": options}}}}


def lines(folder):
    return [str(problem) for problem in check(load(folder))]


def test_a_whole_suite_has_no_problems(write):
    assert lines(write()) == []


def test_a_reference_that_fails_its_own_scorer_is_named(write):
    assert lines(write(scored({"pattern": "nothing like it"}))) == [
        (
            "s/cases.jsonl:1: reference of case 'cases-1' scores 0 on style.all, not 1: read '3.'"
            " (correct the reference or the rule)"
        )
    ]


def test_a_scorer_that_an_empty_answer_passes_is_named(write):
    assert lines(write(scored({"pattern": "^"}))) == [
        (
            "s/cases.jsonl:1: an empty answer to case 'cases-1' scores 1 on style.all,"
            " no worse than its reference (1) (the scorer or its rules cannot tell them apart)"
        )
    ]


@pytest.mark.parametrize("broken, expected", [(5, 5), (9, 6)])
def test_many_broken_cases_are_counted(write, broken, expected):
    cases = [{"input": f"{n}?", "output": "x"} for n in range(broken)]
    found = lines(write(scored({"pattern": "y"}), {"cases.jsonl": cases}))
    assert len(found) == expected
    assert ("and 4 more of task 'answers' on style.all" in found[-1]) == (expected == 6)


def test_a_scorer_that_measures_no_case_is_named(write):
    tasks = {"tasks": {"answers": {"cases": "cases.jsonl", "scorers": ["recency"]}}}
    assert lines(write(tasks)) == [
        (
            "s/cases.jsonl: recency.current measures no case of task 'answers'"
            " (drop scorer 'recency' there, or give its cases what it needs)"
        )
    ]


def test_cases_that_a_scorer_does_not_apply_to_are_passed_over(write):
    cases = [
        {"input": "fee?", "output": "19 euros", "fact": "fee"},
        {"input": "hello?", "output": "hello"},
    ]
    suite = {
        "facts": "facts.jsonl",
        "dates": {"as_of": "2024-01-01"},
        "tasks": {"answers": {"cases": "cases.jsonl", "scorers": ["recency"]}},
    }
    assert lines(write(suite, {"facts.jsonl": [FACT], "cases.jsonl": cases})) == []
