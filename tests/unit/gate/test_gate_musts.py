"""no_new_failures: single cases, and what became of each."""

import math

import pytest

from harness.gate.evidence import Evidence
from harness.gate.judge import judge, needed_pairs
from harness.records import Answer, Case, Metric, Rule, Score, ScoredAnswer, Summary

GOOD = Metric("m", "right", binary=True)
BAD = Metric("m", "stale", binary=True, better="lower")
TAGS = {"a": ("must_pass",), "b": ("must_pass", "old"), "c": ()}
CASES = [Case(name, "t", "in", "out", name, tags=tags) for name, tags in TAGS.items()]


def said(candidate="lora", metric="m", sample=0, **values) -> list[ScoredAnswer]:
    """Answers of a candidate, by case: 1, 0, None (unmeasured) or nan."""
    found = []
    for case, value in values.items():
        state = "ok" if value is not None else "unmeasured"
        score = Score(metric, value, state, reason=f"of {case}")
        found.append(ScoredAnswer(case, "t", candidate, Answer("r", "x"), (score,), sample=sample))
    return found


def found(answers, metric=GOOD, cases=CASES, **more):
    rule = Rule(
        "no_new_failures",
        "lora",
        more.pop("task", "t"),
        "m",
        more.pop("slice", "must_pass"),
        **more,
    )
    return judge(Evidence([rule], [], [], [metric], answers, cases))


def test_must_pass_cases_that_all_pass_are_a_pass_and_others_do_not_count():
    gate = found(said(a=1.0, b=1.0, c=0.0))
    assert [(one.case, one.verdict) for one in gate.must_pass] == [("a", "PASS"), ("b", "PASS")]
    assert (gate.verdict, gate.rules[0].n, gate.rules[0].cases) == ("PASS", 2, ())


def test_a_failing_case_is_named_with_the_scorers_reason():
    gate = found(said(a=1.0, b=0.0, c=1.0))
    (result,) = gate.rules
    assert (result.verdict, result.cases, result.estimate) == ("FAIL", ("b",), 0.5)
    assert result.reason == "1 of 2 cases of lora fail: b"
    assert [one.reason for one in gate.must_pass if one.verdict == "FAIL"] == ["of b"]


def test_a_metric_that_should_be_low_is_passed_with_0():
    assert found(said(a=0.0, b=0.0), metric=BAD).verdict == "PASS"
    assert found(said(a=1.0, b=0.0), metric=BAD).rules[0].cases == ("a",)


@pytest.mark.parametrize(
    "own, theirs, expected, cases",
    [
        ({"a": 1.0, "b": 0.0}, {"a": 1.0, "b": 0.0}, "PASS", ()),  # it failed before, too
        ({"a": 1.0, "b": 1.0}, {"a": 0.0, "b": 0.0}, "PASS", ()),
        ({"a": 0.0, "b": 1.0}, {"a": 1.0, "b": 0.0}, "FAIL", ("a",)),  # the gain buys no loss
        ({"a": 1.0, "b": None}, {"a": 1.0, "b": 1.0}, "ERROR", ("b",)),
        ({"a": 1.0, "b": 1.0}, {"a": 1.0, "b": None}, "ERROR", ("b",)),
        ({"a": 1.0}, {"a": 1.0, "b": 1.0}, "ERROR", ("b",)),
        ({"a": 1.0, "b": 1.0}, {"a": 1.0}, "ERROR", ("b",)),
        ({"a": 1.0, "b": math.nan}, {"a": 1.0, "b": 1.0}, "ERROR", ("b",)),
        ({"a": 0.0, "b": None}, {"a": 1.0, "b": 1.0}, "ERROR", ("b", "a")),
    ],
)
def test_against_another_only_new_failures_count_and_nothing_may_be_missing(
    own, theirs, expected, cases
):
    gate = found(said(**own) + said("base", **theirs), against="base")
    assert (gate.verdict, gate.rules[0].cases) == (expected, cases)


def test_a_case_that_fails_for_both_is_told_apart_from_one_that_passes():
    gate = found(said(a=1.0, b=0.0) + said("base", a=1.0, b=0.0), against="base")
    assert [one.reason for one in gate.must_pass] == ["", "fails, as for base: of b"]


def test_every_draw_of_a_case_must_pass_and_none_may_be_missing():
    first, second = said(a=1.0, b=1.0), said(a=1.0, b=0.0, sample=1)
    assert found(first + second).rules[0].cases == ("b",)
    gate = found(first + second[:1])
    assert (gate.verdict, gate.rules[0].cases) == ("ERROR", ("b",))


@pytest.mark.parametrize(
    "more, words",
    [
        ({"slice": "nothing"}, "no case of task t has the tag nothing"),
        ({"task": "other"}, "no case of task other has the tag must_pass"),
        ({"metric": Metric("m", "length")}, "does not say of each answer"),
        ({"metric": Metric("n", "other", binary=True)}, "the metric 'm'"),
        ({"against": "base"}, "base has no answers to task t"),
        ({"against": "baseline"}, "bench baseline set"),
        ({"cases": []}, "no case of task t"),
    ],
)
def test_what_cannot_be_looked_at_is_an_error(more, words):
    gate = found(said(a=1.0, b=1.0), **more)
    assert (gate.verdict, gate.must_pass) == ("ERROR", ())
    assert words in gate.rules[0].reason


def test_the_pinned_baselines_answers_are_those_of_its_candidates():
    answers = said(a=0.0, b=1.0) + said("baseline/lora", a=1.0, b=1.0)
    assert found(answers, against="baseline").rules[0].cases == ("a",)
    other = said(a=0.0, b=1.0) + said("baseline/old", a=0.0, b=1.0)
    assert found(other, against="baseline/old").verdict == "PASS"


def test_pairs_with_the_baseline_carry_its_name():
    rules = [
        Rule("non_inferior", "lora", "t", "m", against="baseline", margin=0.1),
        Rule("no_new_failures", "lora", "t", "m", against="baseline/old"),
        Rule("no_new_failures", "lora", "t", "m"),
    ]
    assert needed_pairs(rules) == [("lora", "baseline/lora"), ("lora", "baseline/old")]


def test_a_paired_rule_without_its_baseline_says_how_to_pin_one():
    rule = Rule("non_inferior", "lora", "t", "m", against="baseline", margin=0.1)
    own = Summary("t", "m", "all", "lora", 9, 9, 0.5, 0.4, 0.6)
    gate = judge(Evidence([rule], [own], [], [GOOD]))
    assert gate.verdict == "ERROR"
    assert "baseline/lora (pin one: bench baseline set SUITE)" in gate.rules[0].reason


def test_many_failures_are_counted_in_words_and_kept_in_full():
    names = [f"c{number}" for number in range(9)]
    cases = [Case(name, "t", "in", "out", name, tags=("must_pass",)) for name in names]
    (result,) = found(said(**dict.fromkeys(names, 0.0)), cases=cases).rules
    assert result.reason == "9 of 9 cases of lora fail: c0, c1, c2, c3, c4 and 4 more"
    assert result.cases == tuple(names)
