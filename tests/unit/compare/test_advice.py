"""The advice: the simplest candidate that nothing is shown to beat."""

from dataclasses import replace

import pytest
from claims_factory import (
    BASE,
    EVERYONE,
    FACTS,
    FOUND,
    GOLD,
    HOUSE,
    OTHER,
    STYLE,
    TUNED,
    TUNED_FOUND,
    level,
    versus,
)

from harness.compare.advice import advise, more_cases
from harness.compare.evidence import Basis

UP, FLAT = (0.5, 0.3, 0.7), (0.02, -0.1, 0.14)


def advice(comparisons, summaries):
    return advise(Basis(comparisons, summaries, [STYLE, FACTS], EVERYONE, ["s", "r"]))


def test_a_shown_lead_decides():
    said = advice(
        [versus(STYLE, (TUNED, BASE), UP), versus(STYLE, (TUNED, HOUSE), UP)],
        [level(STYLE, BASE, 0.1), level(STYLE, HOUSE, 0.2), level(STYLE, TUNED, 0.6)],
    )
    assert said == (
        (
            "For style, use tuned (s.all in s: 60 %, 95 % interval 50 to 70, n = 40;"
            " against plain +50 pp, 95 % interval 30 to 70, n = 40)."
        ),
        "Fine-tuning for style.",
    )


def test_of_two_that_tie_the_simpler_is_advised_and_the_open_question_named():
    said = advice(
        [versus(STYLE, (TUNED, BASE), UP), versus(STYLE, (TUNED, HOUSE), FLAT)],
        [level(STYLE, BASE, 0.1), level(STYLE, HOUSE, 0.58), level(STYLE, TUNED, 0.6)],
    )
    assert said[0].startswith("For style, use asked ")
    assert "Inconclusive: the lead of tuned is not shown (+2 pp" in said[0]
    assert "more cases would settle it" in said[0]
    assert said[-1] == "Prompting for style."


def test_nothing_beats_the_base():
    said = advice(
        [versus(STYLE, (TUNED, BASE), FLAT)], [level(STYLE, BASE, 0.5), level(STYLE, TUNED, 0.52)]
    )
    assert said[0].startswith("For style, nothing is shown to beat plain (s.all in s: 50 %")
    assert said[-1] == "The base as it is for style."


def test_gold_context_is_never_advised():
    said = advice(
        [versus(FACTS, (FOUND, BASE), UP), versus(FACTS, (GOLD, FOUND), UP)],
        [level(FACTS, BASE, 0.1), level(FACTS, FOUND, 0.6), level(FACTS, GOLD, 1.0)],
    )
    assert said[0].startswith("For facts, use found ")
    assert said[-1] == "RAG for facts."


def test_needs_that_differ_name_one_candidate_for_all_where_there_is_one():
    said = advice(
        [
            versus(STYLE, (TUNED, BASE), UP),
            versus(STYLE, (TUNED, FOUND), UP),
            versus(STYLE, (TUNED, TUNED_FOUND), FLAT),
            versus(FACTS, (FOUND, BASE), UP),
            versus(FACTS, (FOUND, TUNED), UP),
            versus(FACTS, (FOUND, TUNED_FOUND), FLAT),
        ],
        [level(STYLE, c, m) for c, m in
         ((BASE, 0.1), (FOUND, 0.1), (TUNED, 0.9), (TUNED_FOUND, 0.88))]
        + [level(FACTS, c, m) for c, m in
           ((BASE, 0.1), (FOUND, 0.9), (TUNED, 0.1), (TUNED_FOUND, 0.88))],
    )  # fmt: skip
    assert said[-1] == (
        "Fine-tuning for style; RAG for facts."
        " One for all: tuned+found is not shown worse than the best at any."
    )


def test_pairs_that_were_never_compared_go_by_intervals_that_do_not_meet():
    said = advice([], [level(STYLE, BASE, 0.1), level(STYLE, TUNED, 0.9)])
    assert said[0].startswith("For style, use tuned ")


def test_nothing_measured_gives_no_advice():
    assert advice([], []) == ("No advice: no headline metric was measured on two candidates.",)


def test_who_answered_a_task_alone_is_not_advised_for_it():
    """However many cases it had: there was nothing to choose from."""
    alone = replace(level(FACTS, TUNED, 0.0), task="r", n=400)
    assert advice([], [alone]) == advice([], [])
    both = [replace(level(FACTS, c, 0.2), task="s") for c in (BASE, TUNED)]
    assert advice([], [alone, *both])[0].startswith(
        "For facts, nothing is shown to beat plain (r.current in s: 20 %"
    )


def test_more_cases_follow_from_the_observed_error():
    """SE = 0.1/1.96; n·((1.96+0.84)·SE/0.05)² = 40·8.17 = 327 in all."""
    assert more_cases(versus(STYLE, (TUNED, BASE), (0.05, -0.05, 0.15))) == pytest.approx(
        287, abs=1
    )


def test_a_task_that_the_gate_wants_to_gain_gets_advice_of_its_own():
    compared = [versus(OTHER, (TUNED, BASE), UP)]
    levels = [level(OTHER, BASE, 0.1), level(OTHER, TUNED, 0.6)]
    said = advise(Basis(compared, levels, [OTHER], [BASE, TUNED], ["q"], {("q", OTHER.name)}))
    assert said[0].startswith("For task q, use tuned (q.right in q: 60 %")
    assert said[-1] == "Fine-tuning for task q."
