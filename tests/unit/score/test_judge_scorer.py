"""Scorer judge looks up what a judge said; it asks nobody, and a failure is never 0."""

from typing import Any

import pytest

from harness.protocols import Resources
from harness.records import Answer, Case, Judgement, Score, State
from harness.score.judge import Judge, key_of, options_of, outcome

CASE = Case("c", "t", "q", "reference", "c")
OPTIONS = {"rubric": "Which is kinder?", "against": "base"}


def scored(judgement: Judgement | None, answer: Answer | None = None) -> Score:
    """The score of an answer about which this was said."""
    judged = {key_of("c", "Dear Ann"): judgement} if judgement else {}
    (score,) = Judge(OPTIONS, Resources(judged=judged)).score(
        CASE, answer or Answer("c", "Dear Ann")
    )
    return score


@pytest.mark.parametrize(
    "verdicts, label, value",
    [
        (("A", "B"), "win", 1.0),
        (("B", "A"), "loss", 0.0),
        (("tie", "tie"), "tie", 0.5),
        (("A", "A"), "disagree", 0.5),
        (("B", "B"), "disagree", 0.5),
        (("A", "tie"), "disagree", 0.5),
        (("tie", "A"), "disagree", 0.5),
    ],
)
def test_only_a_win_in_both_orders_is_a_win(
    verdicts: tuple[str, str], label: str, value: float
) -> None:
    score = scored(Judgement(verdicts, ("first words", "second words")))
    assert (score.metric, score.state, score.label, score.value) == (
        "judge.win",
        "ok",
        label,
        value,
    )
    assert "first words" in score.reason
    assert "second words" in score.reason
    assert "Dear Ann" in score.reason


@pytest.mark.parametrize("verdicts", [("", "B"), ("A", ""), ("", "")])
def test_a_missing_verdict_is_an_error(verdicts: tuple[str, str]) -> None:
    score = scored(Judgement(verdicts, ("hm", "hm")))
    assert (score.state, score.value) == ("error", None)
    assert "no verdict" in score.reason


@pytest.mark.parametrize("state", ["unmeasured", "error"])
def test_why_nothing_was_judged_is_said(state: State) -> None:
    score = scored(Judgement(state=state, note="base was not asked"))
    assert (score.state, score.value) == (state, None)
    assert "base was not asked" in score.reason


def test_without_a_judge_nothing_is_measured() -> None:
    assert (scored(None).state, scored(None).value) == ("unmeasured", None)


def test_a_judgement_is_of_these_words_to_this_case() -> None:
    said = Judgement(("A", "B"))
    assert scored(said, Answer("c", "Dear Bob")).state == "unmeasured"
    assert key_of("c", "x") != key_of("d", "x")


def test_a_failed_answer_is_an_error_whatever_was_said() -> None:
    score = scored(Judgement(("A", "B")), Answer("c", "Dear Ann", finish="error", error="crash"))
    assert (score.state, score.value) == ("error", None)


def test_the_metric_is_of_style_names_the_judge_and_drives_nothing() -> None:
    (own,) = Judge(OPTIONS, Resources()).metrics
    (other,) = Judge(OPTIONS | {"model": "acme/judge"}, Resources()).metrics
    assert (own.name, own.unit, own.need, own.headline) == ("judge.win", "share", "style", False)
    assert "the run's base model" in own.description
    assert "acme/judge" in other.description


@pytest.mark.parametrize(
    "change, said",
    [
        ({"rubric": None}, "rubric is None (write a text)"),
        ({"rubric": "  "}, "rubric is '  ' (write a text)"),
        ({"against": ["base"]}, "against is ['base'] (write a text)"),
        ({"model": 7}, "model is 7 (write a text)"),
        ({"engine": "transformer"}, "unknown engine 'transformer' (did you mean 'transformers'?)"),
        ({"reference": "yes"}, "reference is 'yes' (true or false)"),
        ({"max_tokens": 0}, "max_tokens is 0 (a whole number from 1 to 1000)"),
        ({"max_tokens": True}, "max_tokens is True (a whole number from 1 to 1000)"),
        ({"labels": 3}, "labels is 3 (name a JSONL file of the suite)"),
        ({"rubrik": "x"}, "unknown option 'rubrik' (did you mean 'rubric'?)"),
    ],
)
def test_a_wrong_option_is_refused_by_name(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=r"\(") as caught:
        Judge(OPTIONS | change, Resources())
    assert str(caught.value) == said


@pytest.mark.parametrize("key", ["rubric", "against"])
def test_a_judge_without_rubric_or_opponent_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match=f"^{key} is missing"):
        Judge({k: v for k, v in OPTIONS.items() if k != key}, Resources())


def test_what_is_left_out_is_the_runs_own() -> None:
    options = options_of(OPTIONS)
    assert (options.model, options.engine, options.max_tokens) == ("", "", 8)
    assert options.judge == "the run's base model"


def test_no_outcome_without_both_verdicts() -> None:
    assert outcome(Judgement(("A", ""))) == ""
    assert outcome(Judgement(("A", "B"), state="error")) == ""
