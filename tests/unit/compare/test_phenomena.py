"""Expectations written beforehand: shown, reversed, not shown, or not measured."""

from typing import Any

import pytest
from compare_factory import answers_of, binary, candidates_of, cases_of

from harness.compare.calibration import DROPS, Calibration, calibrate
from harness.compare.paired import compare
from harness.compare.phenomena import observe, opposed, wanted_pairs
from harness.compare.summaries import summarise
from harness.records import Arm, Expectation, Phenomenon

OLD = dict.fromkeys(range(30), ("old",))
NEW = dict.fromkeys(range(30, 60), ("new",))
TAGS = OLD | NEW
METRICS = [binary("m")]


def expected(against: Arm, **more: Any) -> Expectation:
    arm = Arm("lora", "t", "m", more.pop("slice", "all"))
    return Expectation("e", "it does", arm, against, **more)


def seen(columns: dict[str, list[float]], *expectations: Expectation) -> tuple[Phenomenon, ...]:
    """What a run of 60 cases, 30 old and 30 new, says of the expectations."""
    cases = cases_of(60, tags=TAGS)
    answers = answers_of(cases, {name: {"m": column} for name, column in columns.items()})
    candidates = candidates_of(*columns)
    pairs = wanted_pairs(expectations)
    compared = compare(answers, cases, METRICS, candidates, pairs)
    means = summarise(answers, cases, METRICS, candidates)
    return observe(expectations, compared, means, METRICS, cases, answers)


ZEROS, ONES = [0.0] * 60, [1.0] * 60
HALF = [1.0] * 30 + [0.0] * 30
BASE = Arm("base", "t", "m")


def test_one_candidate_against_another_is_paired_by_case() -> None:
    (one,) = seen({"base": ZEROS, "lora": HALF}, expected(BASE))
    assert (one.verdict, one.effect, one.n) == ("shown", 0.5, 60)
    assert one.low is not None
    assert 0.3 < one.low < 0.5


@pytest.mark.parametrize(
    "direction, effect, verdict",
    [("higher", 0.0, "shown"), ("higher", 0.6, "not shown"), ("lower", 0.0, "reversed")],
)
def test_the_direction_and_the_least_effect_decide(
    direction: Any, effect: float, verdict: str
) -> None:
    one = expected(BASE, direction=direction, min_effect=effect)
    assert seen({"base": ZEROS, "lora": HALF}, one)[0].verdict == verdict


def test_no_difference_is_not_shown() -> None:
    (one,) = seen({"base": HALF, "lora": HALF}, expected(BASE))
    assert (one.verdict, one.effect) == ("not shown", 0.0)


def test_two_slices_of_one_candidate_are_two_groups_of_cases() -> None:
    (one,) = seen({"lora": HALF}, expected(Arm("lora", "t", "m", "new"), slice="old"))
    assert (one.verdict, one.effect, one.n) == ("shown", 1.0, 60)
    assert "lora" not in one.sentence.partition(":")[2]
    assert "old 100 % against new 0 % on m in t; +100 pp" in one.sentence


def test_net_of_another_candidate_is_a_difference_of_differences() -> None:
    """What the base shows too is nothing that the adapter did."""
    against = Arm("lora", "t", "m", "new")
    plain = expected(against, slice="old")
    net = expected(against, slice="old", net_of="base")
    found = seen({"base": HALF, "lora": HALF}, plain, net)
    assert [(one.verdict, one.effect) for one in found] == [("shown", 1.0), ("not shown", 0.0)]
    gained = [1.0] * 60
    gap = seen({"base": ZEROS, "lora": HALF}, net)[0]
    assert (gap.verdict, gap.effect) == ("shown", 1.0)
    assert seen({"base": HALF, "lora": gained}, net)[0].verdict == "reversed"


def test_what_nobody_was_asked_is_not_measured() -> None:
    """No such slice, no such candidate in the run."""
    found = seen(
        {"lora": HALF},
        expected(Arm("lora", "t", "m", "never")),
        expected(Arm("other", "t", "m")),
    )
    assert [(one.verdict, one.effect) for one in found] == [("not measured", None)] * 2


def test_many_expectations_are_corrected_together() -> None:
    """5 wins of 60 are an effect alone, and none among thirty."""
    few = [1.0] * 7 + [0.0] * 53
    alone = seen({"base": ZEROS, "lora": few}, expected(BASE))
    assert alone[0].verdict == "shown"
    nothing = [expected(Arm("twin", "t", "m")) for _ in range(30)]
    columns = {"base": ZEROS, "lora": few, "twin": few}
    among = seen(columns, expected(BASE), *nothing)
    assert among[0].verdict == "not shown"
    assert "after Holm's correction" in among[0].sentence


def test_the_pairs_that_are_read_are_each_wanted_once() -> None:
    slices = Arm("lora", "t", "m", "new")
    both = [expected(BASE), expected(BASE, slice="old"), expected(slices, slice="old")]
    assert wanted_pairs(both) == [("lora", "base")]
    net = expected(slices, slice="old", net_of="few")
    assert wanted_pairs([net]) == [("lora", "few")]


def test_a_p_value_does_not_shrink_because_the_interval_ends_at_the_range() -> None:
    """All of 8 clusters agree: McNemar's mid-p, not what the cut interval would give."""
    cases = cases_of(8)
    columns = {"base": {"m": [0.0] * 8}, "lora": {"m": [1.0] * 8}}
    answers, candidates = answers_of(cases, columns), candidates_of("base", "lora")
    compared = compare(answers, cases, METRICS, candidates, [("lora", "base")])
    means = summarise(answers, cases, METRICS, candidates)
    (one,) = observe([expected(BASE)], compared, means, METRICS, cases, answers)
    assert (one.verdict, one.p_value) == ("shown", pytest.approx(2.0**-7))


def test_of_two_slices_the_side_that_faces_zero_gives_the_p_value() -> None:
    """8 of 8 against 4 of 8: the upper bound is cut at 100 %, the lower is what counts."""
    tags = dict.fromkeys(range(8), ("old",)) | dict.fromkeys(range(8, 16), ("new",))
    cases = cases_of(16, tags=tags)
    answers = answers_of(cases, {"lora": {"m": [1.0] * 12 + [0.0] * 4}})
    means = summarise(answers, cases, METRICS, candidates_of("lora"))
    one = expected(Arm("lora", "t", "m", "new"), slice="old")
    (found,) = observe([one], (), means, METRICS, cases, answers)
    assert found.p_value is not None
    assert found.low is not None
    assert (found.p_value < 0.05) == (found.low > 0)


def test_two_classes_of_the_same_answers_pull_apart() -> None:
    """What is stale cannot be current: taking the two as independent would be too sure."""
    cases = cases_of(60)
    metrics = [binary("m"), binary("s", "lower")]
    split = [float(i % 10 < 6) for i in range(60)]
    columns = {"m": split, "s": [1 - value for value in split]}
    answers = answers_of(cases, {"lora": columns})
    means = summarise(answers, cases, metrics, candidates_of("lora"))
    one = expected(Arm("lora", "t", "s"))
    (found,) = observe([one], (), means, metrics, cases, answers)
    assert found.effect == pytest.approx(0.2)
    assert found.low is not None
    assert found.high is not None
    alone = next(s for s in means if s.metric == "m")
    assert alone.high is not None
    assert alone.low is not None
    # a difference of one minus the other is twice as wide as either
    assert found.high - found.low == pytest.approx(2 * (alone.high - alone.low))


def test_slices_that_go_together_do_not_narrow_the_interval() -> None:
    clusters = {"a": "k1", "b": "k2", "c": "k1", "d": "k2"}
    up, down = {"a": 1.0, "b": 0.0}, {"c": 0.0, "d": 1.0}
    assert opposed(up, {"c": 1.0, "d": 0.0}, clusters) == 0.0
    assert opposed(up, down, clusters) == pytest.approx(-1.0)
    assert opposed(up, {"c": 1.0, "d": 1.0}, clusters) == 0.0


# ---------------------------------------------------------------- calibration


@pytest.fixture(scope="module")
def wide() -> Calibration:
    return calibrate([1] * 300, seed=1)


def test_with_300_cases_a_gate_errs_as_often_as_it_says(wide: Calibration) -> None:
    assert wide.verdict == "shown"
    assert wide.alarm_interval[0] <= 0.025
    assert len(wide.caught) == len(DROPS)
    assert list(wide.caught) == sorted(wide.caught)
    assert wide.caught[-1] == pytest.approx(wide.predicted[-1], abs=0.05)


def test_a_gate_that_fails_too_often_is_reversed(wide: Calibration) -> None:
    bad = Calibration(0.08, (0.07, 0.09), wide.caught, wide.predicted)
    assert bad.verdict == "reversed"
    blunt = Calibration(0.01, (0.0, 0.02), (0.0, 0.0, 0.0), wide.predicted)
    assert blunt.verdict == "not shown"


def test_the_same_seed_gives_the_same_gates() -> None:
    assert calibrate([2] * 10, seed=3) == calibrate([2] * 10, seed=3)


def test_a_calibration_sits_on_the_cases_of_its_arm() -> None:
    one = expected(BASE, slice="old", kind="calibration")
    (found,) = seen({"base": ZEROS, "lora": HALF}, one)
    assert (found.n, found.verdict) == (30, "not shown")
    assert "simulated gates" in found.sentence
    (missing,) = seen({"base": ZEROS}, one)
    assert missing.verdict == "not measured"
