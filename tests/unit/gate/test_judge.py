"""Rules and their verdicts: strict, with the numbers they rest on."""

import math

import pytest

from harness.gate.evidence import Evidence
from harness.gate.judge import judge, needed_pairs
from harness.gate.sizes import cases_needed
from harness.records import Comparison, Metric, Rule, RuleResult, Summary

HIGH = Metric("m", "share")
LOW = Metric("m", "share", better="lower")
NEITHER = Metric("m", "share", better="neither")


def rule(kind, **kwargs) -> Rule:
    against = "base" if kind in ("superior", "non_inferior") else None
    return Rule(kind, "lora", "t", "m", **{"against": against, **kwargs})


def summary(candidate="lora", numbers=(0.5, 0.4, 0.6), n=100, **kwargs) -> Summary:
    mean, low, high = numbers
    return Summary("t", "m", "all", candidate, n, n, mean, low, high, **kwargs)


def versus(difference, low, high, n=100) -> Comparison:
    return Comparison("t", "m", "all", "lora", "base", n, n, difference, low, high)


def verdict(one, comparison=None, summaries=None, metric=HIGH, more=()) -> RuleResult:
    sides = [summary("lora"), summary("base")] if summaries is None else summaries
    found = judge(Evidence([one, *more], sides, [comparison] if comparison else [], [metric]))
    return found.rules[0]


@pytest.mark.parametrize(
    "interval, min_effect, expected",
    [
        ((0.2, 0.1, 0.3), 0.0, "PASS"),
        ((0.2, 0.1, 0.3), 0.05, "PASS"),
        ((0.2, 0.1, 0.3), 0.1, "INCONCLUSIVE"),  # the bound must lie beyond the effect
        ((0.2, 0.1, 0.3), 0.25, "INCONCLUSIVE"),
        ((0.2, 0.1, 0.3), 0.35, "FAIL"),
        ((0.0, -0.1, 0.1), 0.0, "INCONCLUSIVE"),
        ((-0.2, -0.3, -0.1), 0.0, "FAIL"),
    ],
)
def test_superior(interval, min_effect, expected):
    one = rule("superior", min_effect=min_effect)
    assert verdict(one, versus(*interval)).verdict == expected
    mirrored = versus(-interval[0], -interval[2], -interval[1])
    assert verdict(one, mirrored, metric=LOW).verdict == expected


@pytest.mark.parametrize(
    "interval, margin, expected",
    [
        ((0.0, -0.04, 0.04), 0.05, "PASS"),
        ((-0.03, -0.045, -0.015), 0.05, "PASS"),  # worse, but within the margin
        ((0.0, -0.1, 0.1), 0.05, "INCONCLUSIVE"),  # no significant drop is never a pass
        ((-0.1, -0.14, -0.06), 0.05, "FAIL"),
        ((-0.06, -0.11, -0.01), 0.05, "INCONCLUSIVE"),
    ],
)
def test_non_inferior(interval, margin, expected):
    one = rule("non_inferior", margin=margin)
    assert verdict(one, versus(*interval)).verdict == expected
    mirrored = versus(-interval[0], -interval[2], -interval[1])
    assert verdict(one, mirrored, metric=LOW).verdict == expected


@pytest.mark.parametrize(
    "kind, value, expected",
    [
        ("at_least", 0.4, "PASS"),
        ("at_least", 0.5, "INCONCLUSIVE"),
        ("at_least", 0.61, "FAIL"),
        ("at_most", 0.6, "PASS"),
        ("at_most", 0.5, "INCONCLUSIVE"),
        ("at_most", 0.39, "FAIL"),
    ],
)
@pytest.mark.parametrize("metric", [HIGH, LOW, NEITHER])
def test_bounds_on_a_level_do_not_depend_on_direction(kind, value, expected, metric):
    found = verdict(rule(kind, value=value), metric=metric)
    assert found.verdict == expected
    assert (found.estimate, found.low, found.high) == (0.5, 0.4, 0.6)


@pytest.mark.parametrize(
    "unmeasured, errors, value, expected",
    [(1, 1, 0.02, "PASS"), (2, 1, 0.02, "ERROR"), (0, 0, 0.0, "PASS"), (98, 0, 0.5, "ERROR")],
)
def test_max_unmeasured(unmeasured, errors, value, expected):
    side = summary(n=100 - unmeasured - errors, unmeasured=unmeasured, errors=errors)
    found = verdict(rule("max_unmeasured", value=value), summaries=[side])
    assert (found.verdict, found.estimate) == (expected, (unmeasured + errors) / 100)


def test_errors_above_two_in_a_hundred_stop_a_rule_that_would_pass():
    few, many = summary(n=98, errors=2), summary(n=97, errors=3)
    one = rule("at_least", value=0.1)
    assert verdict(one, summaries=[few]).verdict == "PASS"
    found = verdict(one, summaries=[many])
    assert found.verdict == "ERROR"
    assert "3 of 100 answers are errors" in found.reason


def test_errors_of_the_baseline_count_too():
    sides = [summary("lora", n=90), summary("base", n=90, errors=10)]
    assert verdict(rule("superior"), versus(0.2, 0.1, 0.3, 90), sides).verdict == "ERROR"


def test_a_max_unmeasured_rule_sets_another_limit():
    sides = [summary(n=90, errors=10)]
    allowed = rule("max_unmeasured", value=0.1)
    assert verdict(rule("at_least", value=0.1), None, sides, more=[allowed]).verdict == "PASS"


def test_cases_measured_for_one_side_only_stop_a_paired_rule():
    sides = [summary("lora", n=60, unmeasured=40), summary("base", n=100)]
    found = verdict(rule("superior"), versus(0.2, 0.1, 0.3, 60), sides)
    assert found.verdict == "ERROR"
    assert "40 of 100 cases measured for base" in found.reason


def test_cases_that_nobody_can_be_measured_on_do_not():
    sides = [summary(name, n=60, unmeasured=40) for name in ("lora", "base")]
    assert verdict(rule("superior"), versus(0.2, 0.1, 0.3, 60), sides).verdict == "PASS"


@pytest.mark.parametrize(
    "n, unmeasured, words",
    [
        (1, 99, "lora: only 1 of 100 cases was measured"),
        (49, 51, "lora: 51 of 100 cases are unmeasured"),
        (4, 1, "lora: only 4 of 5 cases were measured"),
        (4, 0, None),  # few, but all of them: the interval says how little that is
        (50, 50, None),
        (5, 5, None),
    ],
)
def test_a_rule_is_not_judged_on_what_little_was_measured(n, unmeasured, words):
    sides = [summary(name, n=n, unmeasured=unmeasured) for name in ("lora", "base")]
    for one in (rule("superior"), rule("at_least", value=0.1)):
        found = verdict(one, versus(0.2, 0.1, 0.3, n), sides)
        assert (found.verdict, (words or "") in found.reason) == (
            "ERROR" if words else "PASS",
            True,
        )


def test_little_measured_of_the_baseline_counts_too():
    sides = [summary("lora", n=40, unmeasured=10), summary("base", n=20, unmeasured=30)]
    found = verdict(rule("superior"), versus(0.2, 0.1, 0.3, 20), sides)
    assert (found.verdict, "base: 30 of 50 cases" in found.reason) == ("ERROR", True)


@pytest.mark.parametrize(
    "n, unmeasured, value, expected",
    [(40, 60, 0.6, "PASS"), (40, 60, 0.55, "ERROR"), (3, 7, 0.7, "PASS"), (3, 7, 0.6, "ERROR")],
)
def test_a_max_unmeasured_rule_allows_few_measured_cases(n, unmeasured, value, expected):
    sides = [summary(n=n, unmeasured=unmeasured)]
    allowed = rule("max_unmeasured", value=value)
    found = verdict(rule("at_least", value=0.1), None, sides, more=[allowed])
    assert found.verdict == expected


NOTHING = summary(n=0, numbers=(None, None, None), unmeasured=9)


@pytest.mark.parametrize(
    "one, summaries, comparison, words",
    [
        (rule("at_least"), [], None, "the task 't'"),
        (Rule("at_least", "lara", "t", "m"), None, None, "did you mean 'lora'"),
        (rule("at_least", slice="chnaged"), None, None, "the slice 'chnaged'"),
        (rule("at_least"), [NOTHING], None, "none of 9 cases"),
        (rule("at_least"), [summary(numbers=(math.nan, 0.1, 0.2))], None, "not a number"),
        (rule("at_least", value=math.nan), None, None, "not a number"),
        (rule("superior"), None, None, "share no measured case"),
        (rule("superior"), None, versus(None, None, None, 0), "share no measured case"),
        (rule("superior"), None, versus(math.nan, 0.1, 0.2), "not a number"),
        (rule("superior", against=None), None, versus(0.2, 0.1, 0.3), "needs 'against'"),
        (rule("superior", against="bass"), None, None, "did you mean 'base'"),
        (rule("max_unmeasured"), [summary(n=0)], None, "no cases"),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_is_an_error_with_the_reason(one, summaries, comparison, words):
    found = verdict(one, comparison, summaries)
    assert found.verdict == "ERROR"
    assert words in found.reason


def test_an_unknown_metric_and_one_without_direction_are_errors():
    assert "did you mean 'm'" not in verdict(Rule("at_least", "lora", "t", "zzz")).reason
    assert "the metric 'zzz'" in verdict(Rule("at_least", "lora", "t", "zzz")).reason
    found = verdict(rule("superior"), versus(0.2, 0.1, 0.3), metric=NEITHER)
    assert (found.verdict, "no better direction" in found.reason) == ("ERROR", True)


PASSES, OPEN, FAILS = (rule("at_least", value=v) for v in (0.1, 0.5, 0.9))
BROKEN = rule("at_least", slice="none")


@pytest.mark.parametrize(
    "rules, expected",
    [
        ([PASSES, PASSES], "PASS"),
        ([PASSES, OPEN], "INCONCLUSIVE"),
        ([OPEN, FAILS, PASSES], "FAIL"),
        ([FAILS, BROKEN, OPEN], "ERROR"),
        ([], "ERROR"),
    ],
)
def test_the_worst_rule_is_the_verdict(rules, expected):
    found = judge(Evidence(rules, [summary()], [], [HIGH]))
    assert found.verdict == expected
    assert [result.rule for result in found.rules] == rules


def test_needed_pairs_are_those_of_paired_rules_each_once():
    rules = [
        rule("superior"),
        rule("non_inferior"),
        rule("at_least"),
        rule("superior", against="x"),
    ]
    assert needed_pairs(rules) == [("lora", "base"), ("lora", "x")]


def test_an_open_rule_says_how_many_cases_would_decide():
    """SE = 0.1/1.96 at n = 100; 100·((1.96 + 0.84)·SE/0.05)² = 818."""
    found = verdict(rule("non_inferior", margin=0.05), versus(0.0, -0.1, 0.1))
    assert found.n_needed == pytest.approx(818, abs=1)
    assert found.reason == (
        "lora - base: 0 pp (n = 100); the 95 % interval [-10, +10] contains -5 pp;"
        f" about {found.n_needed} cases would decide"
    )


def test_a_perfect_score_needs_cases_in_proportion_to_the_gap():
    """40 of 40 has a Wilson bound of 91.2 %; 73 of 73 is the first beyond 95 %."""
    side = summary(numbers=(1.0, 0.9124, 1.0), n=40)
    found = verdict(rule("at_least", value=0.95), summaries=[side])
    assert found.n_needed == pytest.approx(73, abs=3)


def test_an_estimate_on_the_bar_is_decided_by_no_number():
    assert cases_needed(100, 0.5, 0.4, 0.5, at_edge=False) is None
    found = verdict(rule("at_least", value=0.5))
    assert (found.verdict, found.n_needed) == ("INCONCLUSIVE", None)


def test_every_open_rule_needs_more_than_it_has():
    for bar in (0.41, 0.45, 0.49, 0.495):
        assert cases_needed(100, 0.5, 0.4, bar, at_edge=False) > 100
