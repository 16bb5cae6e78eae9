"""Planted worlds in which the right answer is known: no other may come out."""

import random

import pytest
from decide_factory import EVERYONE, TUNED, planted

from harness.compare.decision import decide
from harness.compare.needs import answer as answer_of
from harness.compare.needs import sure_of
from harness.compare.places import Ground
from harness.records import NEEDS, Candidate, Decision, NeedResult, Prompt, Rule

NAMES = [candidate.name for candidate in EVERYONE]
CHANGED, UNCHANGED = ("facts", ("changed",)), ("facts", ("unchanged",))
STYLE = ("style", ())


def levels(default: float, **own: float) -> dict[str, float]:
    """The same level for everyone but some; `_` in a name stands for +."""
    return dict.fromkeys(NAMES, default) | {k.replace("_", "+"): v for k, v in own.items()}


def decided(*world: object, **options: object) -> Decision:
    found = decide(*planted(*world, **options))  # type: ignore[arg-type]
    assert found is not None
    return found


def need(found: Decision, name: str) -> NeedResult:
    return next(one for one in found.needs if one.need == name)


def answer(found: Decision, name: str) -> tuple[str, str, str]:
    one = need(found, name)
    return one.way, one.candidate, one.sure


WORLDS = {
    "RAG strictly better on changing facts": (
        "changing facts",
        {CHANGED: levels(0.05, found=0.98, tuned_found=0.98, given=1.0, tuned_given=1.0)},
        ("RAG", "found", "shown"),
    ),
    "the adapter strictly better on style": (
        "style",
        {STYLE: levels(0.05, tuned=0.98, asked=0.5)},
        ("fine-tune", "tuned", "shown"),
    ),
    "a prompt is good enough, the adapter better still": (
        "style",
        {STYLE: levels(0.05, tuned=1.0, asked=0.97)},
        ("prompt", "asked", "shown"),
    ),
    "the base is good enough": ("style", {STYLE: levels(0.97)}, ("base", "plain", "shown")),
    "only adapter and context together": (
        "changing facts",
        {CHANGED: levels(0.05, found=0.5, tuned=0.3, tuned_found=0.97)},
        ("combine", "tuned+found", "shown"),
    ),
    "both bad": (
        "changing facts",
        {CHANGED: levels(0.05, found=0.4, tuned=0.1, tuned_found=0.5)},
        ("none", "tuned+found", "shown"),
    ),
    "both bad and alike": (
        "changing facts",
        {CHANGED: levels(0.05, found=0.5, tuned=0.1, tuned_found=0.5)},
        ("none", "found", "shown"),
    ),
    "only the right passage would do": (
        "changing facts",
        {CHANGED: levels(0.05, given=1.0, tuned_given=1.0)},
        ("none", "plain", "shown"),
    ),
}


@pytest.mark.parametrize("world", WORLDS)
def test_the_planted_answer_comes_out(world: str) -> None:
    name, planting, expected = WORLDS[world]
    for seed in range(5):
        assert answer(decided(planting, n=200, seed=seed), name) == expected


def test_a_tie_goes_to_the_simplest() -> None:
    found = decided({CHANGED: levels(0.3, found=0.88, tuned=0.88, tuned_found=0.88)}, n=100)
    assert need(found, "changing facts").candidate == "found"
    assert need(found, "changing facts").options[0].candidate == "plain"


def test_too_few_cases_show_nothing() -> None:
    found = decided({STYLE: levels(0.6, tuned=0.8)}, n=5, targets={"style": 0.8})
    assert answer(found, "style") == ("base", "plain", "not shown")
    assert "tuned scored higher, which is not shown" in need(found, "style").change


def test_a_mean_beyond_the_target_whose_interval_is_wide_leans() -> None:
    found = decided({STYLE: levels(0.0, tuned=1.0)}, n=12)
    assert answer(found, "style") == ("fine-tune", "tuned", "leaning")
    assert "more cases would show that it reaches the target" in need(found, "style").change


def test_gold_and_told_candidates_and_points_of_a_curve_are_never_the_answer() -> None:
    told = Candidate("told", prompt="terms")
    point = Candidate("point", TUNED.adapter, curve="r16")
    world = {("terms", ()): levels(0.05, told=1.0, given=1.0, point=1.0)}
    run, suite = planted(
        world,
        candidates=(*EVERYONE, told, point),
        prompts=(Prompt("terms", user="{input} {terms}"),),
    )
    found = decide(run, suite)
    assert found is not None
    options = {one.candidate for one in need(found, "terminology").options}
    assert options == set(NAMES) - {"given", "tuned+given"}
    assert need(found, "terminology").way == "none"
    assert "told has 100 %" in need(found, "terminology").change


def test_one_candidate_for_all_where_one_serves_all() -> None:
    world = {
        STYLE: levels(0.05, tuned=0.97, tuned_found=0.97),
        CHANGED: levels(0.05, found=0.97, tuned_found=0.97),
    }
    found = decided(world, n=200)
    style_too = {**world, ("facts", ("unchanged",)): levels(0.05, tuned_found=0.97)}
    assert (found.way, found.candidate) == ("combine", "tuned+found")
    assert decided(style_too, n=200).candidate == "tuned+found"


def test_one_adapter_alone_and_with_passages_where_no_single_candidate_does() -> None:
    world = {
        STYLE: levels(0.05, tuned=0.98, tuned_found=0.5),
        CHANGED: levels(0.05, found=0.5, tuned_found=0.98),
    }
    found = decided(world, n=200)
    assert (found.way, found.candidate) == ("combine", "tuned+found")
    assert found.sentence.startswith(
        "Fine-tune (tuned) for style; fine-tune and retrieve (tuned+found) for changing facts. "
        "One adapter serves them all."
    )


def test_fine_tune_for_style_and_retrieve_for_facts_where_the_adapter_reads_badly() -> None:
    world = {
        STYLE: levels(0.05, tuned=0.98, tuned_found=0.5),
        CHANGED: levels(0.05, found=0.98, tuned_found=0.5),
    }
    found = decided(world, n=200)
    assert (found.way, found.candidate) == ("combine", "")
    assert found.sentence.startswith(
        "Fine-tune (tuned) for style; retrieve (found) for changing facts. "
        "No single candidate serves them all."
    )


def test_what_nothing_can_meet_is_said_beside_what_can_be() -> None:
    found = decided({STYLE: levels(0.05, tuned=0.98), CHANGED: levels(0.1, found=0.4)}, n=200)
    assert (found.way, found.candidate) == ("fine-tune", "tuned")
    part = "good enough for changing facts (found has 40 %, wanted 90 %)."
    assert part in found.sentence
    assert "Not measured: terminology, stable facts, rare facts and private facts." in (
        found.sentence
    )


def test_what_cases_do_not_tell_leaves_the_answer_to_what_they_tell() -> None:
    rare = {("facts", ("exposures-1",)): levels(0.5), ("facts", ("often",)): levels(0.5)}
    found = decided({STYLE: levels(0.0, tuned=1.0)} | rare, n=6)
    assert (found.way, found.candidate) == ("fine-tune", "tuned")
    assert "Too few cases tell for rare facts (plain has 50 %, wanted 80 %)." in found.sentence


def test_where_nothing_reaches_any_target_the_way_is_none() -> None:
    found = decided({STYLE: levels(0.1), CHANGED: levels(0.1, found=0.4)}, n=200)
    assert found.way == "none"
    assert found.sentence.startswith("No candidate reaches what is wanted of any need.")


def test_a_suites_own_target_turns_the_answer_as_the_sensitivity_line_said() -> None:
    world = {STYLE: levels(0.05, tuned=1.0, asked=0.97)}
    found = decided(world, n=200)
    (line,) = found.sensitivity
    assert line.startswith("Style: with a target of 2.7 % or less, plain would be enough; ")
    assert line.endswith("; with a target above 94 %, tuned would be the answer.")
    assert answer(decided(world, n=200, targets={"style": 0.95}), "style")[1] == "tuned"
    assert answer(decided(world, n=200, targets={"style": 0.93}), "style")[1] == "asked"


def test_less_is_better_where_a_metric_says_so() -> None:
    world = {("slips", ()): levels(6.0, tuned=2.0)}
    without = answer(decided(world), "style")
    assert without == ("fine-tune", "tuned", "shown")
    assert answer(decided(world, targets={"style": 3.0}), "style") == without
    assert answer(decided(world, targets={"style": 1.0}), "style") == ("none", "tuned", "shown")
    assert answer(decided(world, targets={"style": 7.0}), "style") == ("base", "plain", "shown")


def test_one_candidate_alone_is_judged_by_the_target() -> None:
    found = decided({STYLE: {"tuned": 0.98}}, n=200, candidates=(TUNED,))
    assert answer(found, "style") == ("fine-tune", "tuned", "shown")
    assert "No other candidate was measured there." in need(found, "style").why


def test_nothing_measured_is_no_decision() -> None:
    assert decide(*planted({})) is None


def test_every_need_has_a_result_and_what_was_not_measured_says_what_is_missing() -> None:
    found = decided({STYLE: levels(0.97)})
    assert [one.need for one in found.needs] == list(NEEDS)
    rest = found.needs[1:]
    assert {(one.way, one.sure, one.n) for one in rest} == {("none", "not measured", 0)}
    assert all("give" in one.why for one in rest)


def test_rare_facts_take_the_cases_of_several_tags_together() -> None:
    rare = levels(0.05, found=0.98)
    world = {("facts", ("exposures-1",)): rare, ("facts", ("exposures-2",)): rare}
    found = need(decided(world, n=100), "rare facts")
    assert (found.slice, found.n, found.candidate) == ("exposures-1 or exposures-2", 200, "found")
    assert found.failing == 4


def test_a_task_that_the_gate_wants_to_gain_is_a_need_of_its_own() -> None:
    rule = Rule("superior", "tuned", "task", "q.right", against="plain")
    found = decided({("task", ()): levels(0.1, tuned=0.9)}, rules=(rule,))
    assert answer(found, "task task") == ("fine-tune", "tuned", "shown")


def test_a_level_that_one_of_many_may_reach_by_luck_only_leans() -> None:
    crowd = tuple(Candidate(f"p{i}", prompt=f"p{i}") for i in range(10))
    world = {STYLE: {one.name: 0.9 for one in crowd} | {"p3": 0.945}}
    found = decided(world, n=200, candidates=crowd)
    assert answer(found, "style") == ("prompt", "p3", "leaning")
    assert "may seem to by luck" in need(found, "style").why


def test_six_levels_just_below_a_target_are_seldom_called_shown() -> None:
    rng = random.Random(5)
    names = [f"p{i}" for i in range(6)]
    crowd = tuple(Candidate(name, prompt=name) for name in names)
    alarms = 0
    for _ in range(100):
        drawn = {n: sum(rng.random() < 0.899 for _ in range(150)) / 150 for n in names}
        ground = Ground(*planted({STYLE: drawn}, n=150, candidates=crowd, compared=False))
        found = answer_of(ground, "style")
        assert found is not None
        alarms += not found.none and sure_of(ground, found) == "shown"
    assert alarms <= 5


def test_costs_stand_beside_the_options() -> None:
    run, suite = planted({STYLE: levels(0.97)})
    found = decide(run, suite)
    assert found is not None
    assert all(one.cost_per_1000 is not None for one in found.needs[0].options)
