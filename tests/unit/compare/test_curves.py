"""Learning curves of a run: points, fit, what a target takes, and the sentence."""

import pytest
from curves_factory import FACTS, examples, exposures

from harness.compare.curves import learning_curves
from harness.compare.curvewords import number_text
from harness.records import CurveResult, Run, Suite

SIZES = (10, 25, 100, 400)


def law(n: float) -> float:
    """90 % at 216 examples."""
    return 1 - (2 * n**-0.7 + 0.05)


def of(run_and_suite: tuple[Run, Suite]) -> CurveResult:
    """The only curve of a run."""
    (found,) = learning_curves(*run_and_suite, {})
    return found


def test_a_target_within_reach_says_how_many_examples() -> None:
    """Value, interval, seeds; the needed examples are those of the law."""
    found = of(examples({n: [law(n)] * 3 for n in SIZES}, cases=400, targets={"style": 0.8}))
    assert found.needed is not None
    value, low, high = found.needed
    assert pytest.approx(40.5, rel=0.05) == value
    assert low is not None
    assert high is not None
    assert low < value < high
    assert found.sentence.startswith("80 % style in t needs about 4")
    assert found.sentence.endswith("(3 seeds, n = 400)")
    assert (found.seeds, found.base, found.target) == (3, 0.0, 0.8)


def test_points_are_each_adapter_and_the_base_is_none_of_them() -> None:
    """Twelve points; the base is a level, as it lies at no place of a logarithmic axis."""
    found = of(examples({n: [law(n)] * 3 for n in SIZES}, base=0.25))
    assert [point.x for point in found.points] == sorted(float(n) for n in SIZES * 3)
    assert {point.seed for point in found.points} == {1, 2, 3}
    assert {point.n for point in found.points} == {60}
    assert found.base == 0.25


def test_a_band_ends_at_three_times_the_largest_size() -> None:
    """No curve is read further, and the mean lies in the band."""
    found = of(examples({n: [law(n)] * 3 for n in SIZES}))
    assert found.band[0][0] == 10
    assert pytest.approx(1200) == found.band[-1][0]
    assert all(low <= mean <= high for _, mean, low, high in found.band)


def test_seeds_that_differ_widen_the_band() -> None:
    """A band over cases alone would be too narrow."""
    alike = of(examples({n: [law(n)] * 3 for n in SIZES}))
    apart = of(examples({n: [law(n) - 0.15, law(n), law(n) + 0.15] for n in SIZES}))
    widths = [[high - low for _, _, low, high in one.band][10] for one in (alike, apart)]
    assert widths[1] > 1.2 * widths[0]


def test_one_seed_is_said() -> None:
    """Nothing of the spread between seeds is known."""
    found = of(examples({n: [law(n)] for n in SIZES}, targets={"style": 0.8}))
    assert found.sentence.endswith("(one seed: the interval is of cases alone, n = 60)")


def test_a_target_beyond_the_largest_size_is_said_to_be_beyond() -> None:
    """Up to three times the largest size, and marked."""
    found = of(examples({n: [1 - 3 * n**-0.5] for n in (25, 50, 100, 400)}))
    assert "beyond the 400 that were measured" in found.sentence


def test_a_target_out_of_reach_is_refused() -> None:
    """No number is made up for what lies more than three times further."""
    found = of(examples({n: [0.1 + 0.0003 * n] for n in (25, 100, 400, 800)}, FACTS))
    assert found.needed is None
    assert found.sentence.startswith(
        "stable facts in t: no size up to 800 examples reaches 90 % (10 % [4.7 to 20] at 25, "
    )
    assert "beyond the data" in found.sentence


def test_a_flat_curve_shows_no_gain() -> None:
    """More examples may do nothing."""
    found = of(examples({n: [0.12] * 2 for n in (25, 100, 400, 800)}, FACTS))
    assert found.needed is None
    assert found.sentence == (
        "stable facts in t: no size up to 800 examples reaches 90 % "
        "(12 % at 25, 12 % at 800), and no gain with more is shown (2 seeds, n = 60)"
    )


def test_a_curve_that_gets_worse_has_no_fit() -> None:
    """The law only rises; what falls is told and not fitted."""
    found = of(examples({25: [0.8], 100: [0.5], 400: [0.2]}))
    assert (found.fit, found.band, found.needed) == (None, (), None)
    assert found.sentence.startswith("style in t gets worse with more examples: 80 %")


def test_a_target_reached_from_the_start_is_not_read_further_down() -> None:
    """Fewer than the fewest were not measured."""
    found = of(examples({25: [1.0], 100: [1.0], 400: [1.0]}))
    assert found.needed == (25.0, None, 25.0)
    assert found.sentence == (
        "90 % style in t takes no more than 25 examples, the fewest measured "
        "(one seed: the interval is of cases alone, n = 60)"
    )


@pytest.mark.parametrize(("sizes", "said"), [((25, 100), "two sizes draw"), ((25,), "one size")])
def test_fewer_than_three_sizes_draw_no_curve(sizes: tuple[int, ...], said: str) -> None:
    """The points are there, and the sentence says why there is no curve."""
    found = of(examples({n: [0.5, 0.6] for n in sizes}))
    assert (found.fit, found.needed, len(found.points)) == (None, None, 2 * len(sizes))
    assert said in found.sentence


def test_a_level_above_the_target_that_the_fit_does_not_keep_is_told() -> None:
    """One high size among others is not yet a curve that gets there."""
    found = of(examples({25: [0.5], 100: [0.95], 400: [0.7], 800: [0.75]}))
    assert "95 % was measured at 100 examples, but the curve levels off at" in found.sentence


def test_nested_runs_are_named() -> None:
    """A nested curve says so, and that nothing tells how far it is from an independent one."""
    found = of(examples({n: [law(n)] * 2 for n in SIZES}, training="nested"))
    assert found.training == "nested"
    said = "(2 seeds, n = 60, nested runs, not compared with independent ones)"
    assert found.sentence.endswith(said)


def test_controls_of_a_nested_curve_give_its_gap_and_are_no_points() -> None:
    """A fifth more of the cases are right with nested training at 400, none at 10."""
    shares = {10: [0.2], 100: [0.5], 400: [0.8]}
    found = of(examples(shares, training="nested", alone={10: 0.2, 400: 0.6}))
    assert [point.x for point in found.points] == [10, 100, 400]
    first, last = found.gaps
    assert (first.x, first.seed, first.difference, first.n) == (10, 1, 0, 60)
    assert (last.nested, last.independent) == ("lora-at-400-s1", "lora-at-400-s1-alone")
    assert last.difference == pytest.approx(0.2)
    assert last.low is not None
    assert last.high is not None
    assert 0 < last.low < 0.2 < last.high
    assert "nested runs; less independent ones: 0 pp, 95 % interval " in found.sentence
    assert " at 10 and +20 pp, 95 % interval " in found.sentence
    assert found.sentence.endswith("n = 60 at 400)")


def test_independent_curves_have_no_gap() -> None:
    """Nothing stands beside what was trained by itself."""
    assert of(examples({n: [law(n)] for n in SIZES})).gaps == ()


def test_the_same_run_gives_the_same_curve() -> None:
    """Resampling is seeded by the suite."""
    run = examples({n: [law(n)] * 3 for n in SIZES})
    assert of(run) == of(run)


def test_exposures_of_one_adapter_are_a_curve_without_any_curve_in_the_suite() -> None:
    """Recall against how often training showed a fact."""
    shares = {0: 0.0, 1: 0.1, 2: 0.2, 4: 0.4, 8: 0.7, 16: 0.85, 32: 0.95, 64: 1.0}
    run, suite, shown = exposures(shares)
    (found,) = learning_curves(run, suite, shown)
    assert (found.need, found.axis, found.slice) == ("rare facts", "exposures", "unchanged")
    assert [point.x for point in found.points] == [0, 1, 2, 4, 8, 16, 32, 64]
    assert found.needed is not None
    assert 8 < found.needed[0] < 16
    assert found.sentence.startswith("a fact must be shown about 11 times [")
    assert found.sentence.endswith("for 80 % recall in rare (lora, 1 epoch, one seed, n = 20)")


def test_facts_that_come_at_once_after_some_showings_are_no_slow_curve() -> None:
    """Unknown up to 4 showings and known from 8: a law without a top would say a hundred."""
    shares = {0: 0.0, 1: 0.0, 2: 0.0, 4: 0.0, 8: 0.9, 16: 0.85, 32: 1.0, 64: 1.0}
    run, suite, shown = exposures(shares)
    (found,) = learning_curves(run, suite, shown)
    assert found.needed is not None
    assert 4 < found.needed[0] < 8
    assert max(mean for x, mean, _, _ in found.band if x < 3) == pytest.approx(0.0)


def test_facts_that_are_never_shown_are_a_point_and_not_fitted() -> None:
    """A logarithmic axis has no 0, and never shown is not rarely shown."""
    base = {1: 0.1, 2: 0.2, 4: 0.6, 8: 0.7}
    run, suite, shown = exposures({0: 0.0, **base})
    other, _, also = exposures(base)
    (found,), (without,) = learning_curves(run, suite, shown), learning_curves(other, suite, also)
    assert found.points[0].x == 0
    assert pytest.approx(without.fit) == found.fit


def test_exposures_are_read_from_tags_where_rows_carry_no_facts() -> None:
    """A suite may say `exposures-8` without a fact in its rows."""
    run, suite, _ = exposures({0: 0.0, 1: 0.1, 2: 0.2, 4: 0.6, 16: 0.9})
    (found,) = learning_curves(run, suite, {})
    assert [point.x for point in found.points] == [0, 1, 2, 4, 16]


def test_two_numbers_of_exposures_are_no_curve() -> None:
    """Nobody asked for one, so nothing is said."""
    run, suite, shown = exposures({0: 0.0, 1: 0.1, 2: 0.2})
    assert learning_curves(run, suite, shown) == ()


def test_many_numbers_of_exposures_are_joined_by_octaves() -> None:
    """A point a number would rest on a fact or two."""
    run, suite, shown = exposures({n: min(1.0, n / 40) for n in range(1, 41)}, each=2)
    (found,) = learning_curves(run, suite, shown)
    assert [point.x for point in found.points] == [1, 2.5, 5.5, 11.5, 23.5, 36]
    assert sum(point.n for point in found.points) == 80


@pytest.mark.parametrize(
    ("x", "text"), [(3.25, "3.2"), (12.4, "12"), (216.4, "220"), (2400.0, "2,400"), (40.0, "40")]
)
def test_numbers_are_said_with_two_digits(x: float, text: str) -> None:
    """More would be false precision."""
    assert number_text(x) == text
