"""The claims table on planted worlds: each claim answered as the world was made."""

from dataclasses import replace

import pytest
from decide_factory import EVERYONE, TUNED, planted

from harness.compare.claimed import claims
from harness.records import (
    Adapter,
    BreakEven,
    CandidateResult,
    ClaimResult,
    CurvePoint,
    CurveResult,
    Prompt,
    Run,
    Suite,
)

NAMES = [candidate.name for candidate in EVERYONE]
STYLE = ("style", ())


def levels(default: float, **own: float) -> dict[str, float]:
    return dict.fromkeys(NAMES, default) | {k.replace("_", "+"): v for k, v in own.items()}


def claimed(run: Run, suite: Suite) -> dict[str, ClaimResult]:
    return {one.name: one for one in claims(run, suite)}


def frequent(rare: float, often: float) -> dict[object, dict[str, float]]:
    return {
        ("facts", ("unchanged", "exposures-1")): levels(0.05, tuned=rare),
        ("facts", ("unchanged", "exposures-16")): levels(0.05, tuned=often),
    }


WORLDS = {
    "style learnt": ("style", {STYLE: levels(0.05, tuned=0.9)}, "supported"),
    "style lost": ("style", {STYLE: levels(0.9, tuned=0.1)}, "contradicted"),
    "style as before": ("style", {STYLE: levels(0.5)}, "not shown"),
    "a prompt as good": ("prompting", {STYLE: levels(0.1, tuned=0.5, asked=0.9)}, "supported"),
    "a prompt worse": ("prompting", {STYLE: levels(0.1, tuned=0.9, asked=0.5)}, "contradicted"),
    "terms learnt": ("terminology", {("terms", ()): levels(0.05, tuned=0.9)}, "supported"),
    "rare facts missed": ("rare", frequent(0.05, 0.9), "supported"),
    "rare facts known": ("rare", frequent(0.95, 0.3), "contradicted"),
    "no fact known": ("rare", frequent(0.05, 0.05), "not shown"),
    "changed facts need passages": (
        "dynamic",
        {("facts", ("changed",)): levels(0.05, tuned_given=0.9)},
        "supported",
    ),
    "private facts need passages": (
        "private",
        {("facts", ("private",)): levels(0.05, tuned_given=0.9)},
        "supported",
    ),
    "retrieval mends": (
        "retrieval",
        {("facts", ("changed",)): levels(0.05, found=0.9)},
        "supported",
    ),
    "skills lost": ("forgetting", {("task", ()): levels(0.9, tuned=0.3)}, "supported"),
    "skills kept": ("forgetting", {("task", ()): levels(0.9)}, "not shown"),
    "refusals lost": (
        "refusals",
        {("task", ("harmful",)): levels(0.9, tuned=0.2), ("task", ("general",)): levels(0.9)},
        "supported",
    ),
    "reading lost": ("reading", {("facts", ("changed",)): levels(0.1, given=0.9)}, "supported"),
    "reading kept": (
        "reading",
        {("facts", ("changed",)): levels(0.1, given=0.8, tuned_given=0.95)},
        "contradicted",
    ),
}


@pytest.mark.parametrize("world", WORLDS)
def test_a_claim_is_answered_as_the_world_was_made(world: str) -> None:
    name, planting, expected = WORLDS[world]
    found = claimed(*planted(planting))[name]
    assert found.answer == expected
    assert (found.n > 0, found.low is not None, found.high is not None) == (True, True, True)
    assert found.evidence[0].sentence in found.sentence


def test_a_claim_without_its_candidates_or_cases_is_not_measured_and_says_what_lacks() -> None:
    found = claimed(*planted({STYLE: levels(0.05, tuned=0.9)}))
    assert found["terminology"].answer == "not measured"
    assert found["rare"].sentence == (
        "No adapter was asked for facts by how often training shows them."
    )
    assert all(one.n == 0 for one in found.values() if one.answer == "not measured")


def test_a_run_without_adapters_has_no_claims() -> None:
    assert claims(*planted({STYLE: {"plain": 0.5}}, candidates=EVERYONE[:1])) == ()


def test_effects_are_of_the_adapter_less_what_it_is_held_against_unless_of_retrieval() -> None:
    changed = {("facts", ("changed",)): levels(0.05, tuned_given=0.9, found=0.5)}
    private = {("facts", ("private",)): levels(0.05, tuned_given=0.9)}
    found = claimed(*planted(changed | private))
    sides = {n: (found[n].candidate, found[n].baseline, (found[n].effect or 0) > 0) for n in found}
    assert {name: sides[name] for name in ("dynamic", "private", "retrieval", "passages")} == {
        "dynamic": ("tuned", "tuned+given", False),
        "private": ("tuned", "tuned+given", False),
        "retrieval": ("found", "plain", True),
        "passages": ("tuned+given", "tuned", True),
    }


def test_frozen_knowledge_is_told_by_changed_against_unchanged_facts() -> None:
    world = {
        ("facts", ("changed",)): levels(0.0),
        ("facts", ("unchanged",)): levels(0.0, tuned=0.92),
    }
    one = claimed(*planted(world, n=12))["frozen"]
    assert (one.answer, one.n, round(one.effect or 0, 2)) == ("supported", 24, -0.92)
    assert one.contrast == "tuned: changed − unchanged, net of plain"


@pytest.mark.parametrize("often", [0.75, 0.9, 1.0])
@pytest.mark.parametrize("n", [6, 12, 40])
def test_a_difference_of_two_shares_ends_within_a_hundred(often: float, n: int) -> None:
    slices = ("unchanged", "exposures-1"), ("unchanged", "exposures-16"), ("changed",)
    shares = (levels(0.0), levels(0.0, tuned=often), levels(0.0))
    world = {("facts", tags): own for tags, own in zip(slices, shares, strict=True)}
    found = claimed(*planted(world, n=n))
    for one in (found["rare"], found["frozen"]):
        low, effect, high = (float(x or 0) for x in (one.low, one.effect, one.high))
        assert -1 <= low <= effect < high <= 1


def test_rare_facts_that_changed_do_not_count_against_training() -> None:
    world = frequent(0.9, 0.9) | {("facts", ("changed", "exposures-1")): levels(0.05)}
    assert claimed(*planted(world))["rare"].answer == "not shown"


def test_comparisons_that_contradict_each_other_show_nothing_but_a_harm_counts() -> None:
    two = {STYLE: levels(0.05, tuned=0.9), ("task", ()): levels(0.9, tuned=0.3)}
    run, suite = planted(two)
    flip = {"supported": "contradicted", "contradicted": "supported"}
    turned = [replace(f, answer=flip.get(f.answer, f.answer), n=f.n - 1) for f in run.findings]  # type: ignore[arg-type]
    found = claimed(replace(run, findings=(*run.findings, *turned)), suite)
    assert (found["style"].answer, found["forgetting"].answer) == ("not shown", "supported")
    assert found["forgetting"].sentence.endswith("One other comparison: against it.")


def test_a_prompt_that_is_told_the_terms_says_nothing_of_prompting() -> None:
    world = {("terms", ()): levels(0.05, tuned=0.5, asked=0.95)}
    told = (Prompt("house", user="{input} {terms}"),)
    assert claimed(*planted(world, prompts=told))["prompting"].answer == "not measured"
    assert claimed(*planted(world))["prompting"].answer == "supported"


def trained(rows: int, level: float) -> dict[str, ClaimResult]:
    run, suite = planted({STYLE: levels(0.05, tuned=level)})
    adapter = Adapter("r16", "", "d", 16, 1, {"rows": rows})
    results = tuple(
        CandidateResult(one.candidate, adapter if one.candidate == TUNED else None)
        for one in run.candidates
    )
    return claimed(replace(run, candidates=results), suite)


def test_few_rows_that_reach_the_target_contradict_that_thousands_are_needed() -> None:
    assert trained(50, 1.0)["examples-style"].answer == "contradicted"
    assert trained(50, 0.5)["examples-style"].answer == "not shown"
    assert trained(5000, 1.0)["examples"].answer == "not measured"


@pytest.mark.parametrize(
    "needed, expected",
    [
        ((60.0, 40.0, 90.0), "contradicted"),
        ((3000.0, 1200.0, None), "supported"),
        ((600.0, 400.0, 1500.0), "not shown"),
        (None, "not shown"),
    ],
)
def test_a_learning_curve_answers_how_many_examples(needed: object, expected: str) -> None:
    run, suite = planted({STYLE: levels(0.05, tuned=0.9)})
    point = CurvePoint(100.0, 7, "tuned", 0.9, 0.8, 0.95, 100)
    curve = CurveResult(
        "style", "style", "s.all", "all", "examples", (point,), "It took 60.", needed=needed
    )  # type: ignore[arg-type]
    found = claimed(replace(run, curves=(curve,)), suite)["examples-style"]
    assert (found.answer, found.sentence, found.unit) == (expected, "It took 60.", "examples")


@pytest.mark.parametrize(
    "gap, expected",
    [((2.0, 1.0, 3.0), "supported"), ((-2.0, -3.0, -1.0), "contradicted"),
     ((1.0, -1.0, 3.0), "not shown")],
)  # fmt: skip
def test_expensive_is_read_from_the_break_even(
    gap: tuple[float, float, float], expected: str
) -> None:
    run, suite = planted({STYLE: levels(0.05, tuned=0.9)})
    money = BreakEven({}, "EUR", "It costs.", (3, 2, 4), (1, 0, 2), "tuned", "found", gap=gap)
    found = claimed(replace(run, break_even=money), suite)["expensive"]
    assert (found.answer, found.effect, found.unit) == (expected, gap[0], "EUR per day")
