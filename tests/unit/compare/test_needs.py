"""A need in more than one task: which target holds, and where the chosen one falls short."""

import pytest
from decide_factory import METRICS, TUNED, Levels, planted

from harness.compare.needs import Answered, answer, elsewhere, missed_elsewhere, sure_of, target_of
from harness.compare.places import Ground

STYLE, SLIPS = ("style", ()), ("slips", ())


def styled(slips: Levels, target: float = 0.9) -> tuple[Ground, Answered]:
    """A world in which tuned keeps the style, and makes so many slips in another task."""
    world = {STYLE: {"plain": 0.1, "tuned": 1.0}, SLIPS: slips}
    ground = Ground(*planted(world, targets={"style": target}))
    found = answer(ground, "style")
    assert found is not None
    assert (found.place.task, found.choice.candidate.name) == ("style", TUNED.name)
    return ground, found


def test_a_choice_that_is_shown_to_miss_the_target_in_another_task_only_leans() -> None:
    ground, found = styled({"plain": 5.0, "tuned": 3.0})
    assert (missed_elsewhere(ground, found), sure_of(ground, found)) == ("slips", "leaning")


def test_a_choice_that_reaches_the_target_in_every_task_is_shown() -> None:
    ground, found = styled({"plain": 5.0, "tuned": 0.0})
    assert (missed_elsewhere(ground, found), sure_of(ground, found)) == ("", "shown")


def test_a_task_that_the_chosen_one_was_not_asked_in_tells_nothing_of_it() -> None:
    ground, found = styled({"plain": 5.0, "found": 5.0})
    assert (missed_elsewhere(ground, found), elsewhere(ground, found)) == ("", ())


def test_the_levels_elsewhere_are_those_of_the_chosen_one() -> None:
    ground, found = styled({"plain": 5.0, "tuned": 3.0})
    (level,) = elsewhere(ground, found)
    assert (level.task, level.metric, level.n) == ("slips", "s.slips", 100)
    assert level.mean == pytest.approx(3.0, abs=0.02)


def test_a_suites_target_holds_for_any_metric_and_the_default_for_shares_alone() -> None:
    asked = [target_of({"style": 0.4}, "style", METRICS[key]) for key in ("style", "slips")]
    default = [target_of({}, "style", METRICS[key]) for key in ("style", "slips")]
    assert asked == [0.4, 0.4]
    assert default[0] is not None
    assert default[1] is None
