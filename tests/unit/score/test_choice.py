"""A question with given answers: what is said, and what is found likeliest."""

import pytest

from harness.protocols import Resources
from harness.records import Answer, Case
from harness.score.choice import LIKELIEST, MARGIN, SAID, Choice

OFFERED = ("5 days", "15 days", "never")


def case_of(right: str = "15 days", **expect: object) -> Case:
    return Case("c", "t", "When?", right, "c", expect={"choices": list(OFFERED), **expect})


def scores(text: str, *logprobs: tuple[float, ...], **options: object) -> dict[str, float | None]:
    answer = Answer("c", text, target_logprobs=logprobs)
    return {s.metric: s.value for s in Choice(dict(options), Resources()).score(case_of(), answer)}


@pytest.mark.parametrize(
    "text, value",
    [
        ("15 days", 1),
        ("You have 15 days.", 1),
        ("**15 DAYS**", 1),
        ("\uff11\uff15 days", 1),  # full-width digits
        ("5 days", 0),
        ("5 days or 15 days", 0),
        ("115 days", 0),
        ("", 0),
    ],
)
def test_the_right_choice_alone_counts_as_said(text: str, value: float) -> None:
    assert scores(text)[SAID] == value


def test_a_choice_inside_a_longer_one_that_is_said_is_not_said() -> None:
    case = Case("c", "t", "?", "days", "c", expect={"choices": ["days", "15 days"]})
    found = Choice({}, Resources()).score(case, Answer("c", "It is 15 days"))[0]
    assert (found.value, found.label) == (0, "other")


def test_the_sum_of_logprobs_decides_what_is_likeliest() -> None:
    found = scores("", (-3.0,), (-1.0, -1.0), (-9.0,))
    assert (found[LIKELIEST], found[MARGIN]) == (1, 1.0)
    lost = scores("", (-1.5,), (-1.0, -1.0), (-9.0,))
    assert (lost[LIKELIEST], lost[MARGIN]) == (0, -0.5)


def test_by_token_the_mean_decides() -> None:
    found = scores("", (-1.5,), (-1.0, -1.0), (-9.0,), by="token")
    assert (found[LIKELIEST], found[MARGIN]) == (1, 0.5)


def test_a_tie_is_not_found_likeliest() -> None:
    assert scores("", (-1.0,), (-1.0,), (-1.0,))[LIKELIEST] == 0


def test_without_likelihoods_only_the_text_is_judged() -> None:
    assert scores("15 days") == {SAID: 1, LIKELIEST: None, MARGIN: None}


def test_a_reference_that_is_no_choice_is_an_error_and_asks_for_no_likelihoods() -> None:
    scorer = Choice({}, Resources())
    assert scorer.targets(case_of("30 days")) == ()
    found = scorer.score(case_of("30 days"), Answer("c", "15 days"))
    assert {one.state for one in found} == {"error"}


def test_a_case_without_choices_is_unmeasured() -> None:
    case = Case("c", "t", "?", "yes", "c")
    found = Choice({}, Resources()).score(case, Answer("c", "yes"))
    assert {one.state for one in found} == {"unmeasured"}


def test_an_unknown_way_to_compare_is_refused() -> None:
    with pytest.raises(ValueError, match="by is 'tokens'"):
        Choice({"by": "tokens"}, Resources())
