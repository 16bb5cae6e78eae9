"""Declining what nobody could know, and nothing else."""

import pytest

from harness.protocols import Resources
from harness.records import Answer, Case, Passage, Score
from harness.score.abstention import Abstention

SCORER = Abstention({}, Resources())
ASK = "What is the warranty period of the Zorblax 3000?"


def scored(text: str, *passages: str, answerable: bool, reference: str = "") -> dict[str, Score]:
    case = Case("c", "t", ASK, reference, "c", answerable=answerable)
    read = tuple(Passage("d", "", passage) for passage in passages)
    scores = SCORER.score(case, Answer("a", text, passages=read))
    return {score.metric.removeprefix("abstention."): score for score in scores}


@pytest.mark.parametrize(
    "text",
    [
        "I do not know.",
        "There is no such product in our catalogue.",
        "The Zorblax 3000 does not exist.",
        "There is no product called Zorblax 3000.",
        "Our records hold nothing on it.",
        "I could not find it; however, it is best to contact support.",
        "Thank you for asking. Unfortunately, I do not have that information.",
        "Please contact support.",
        "I cannot confirm that it is 2 years.",
        "I don't know the warranty period of the Zorblax 3000.",
    ],
)
def test_declining_what_nobody_could_know_is_right(text: str) -> None:
    found = scored(text, answerable=False)
    assert (found["right"].value, found["invented"].value) == (1.0, 0.0)
    assert (found["declined"].value, found["right"].label) == (1.0, "declined")
    assert scored(text, answerable=True)["right"].value == 0.0


@pytest.mark.parametrize(
    "text",
    [
        "It is two years.",
        "I am not sure, but it is 2 years.",
        "I have no information on it. The warranty is typically 2 years.",
        "I'm not aware of it, but I believe it was sold without one.",
        "My best guess: two years, though I do not know.",
        "It has a full warranty. Please contact support.",
        "I do not know. The repair costs $59.",
    ],
)
def test_asserting_something_about_it_is_invented(text: str) -> None:
    found = scored(text, answerable=False)
    assert (found["right"].value, found["invented"].value) == (0.0, 1.0)
    assert found["right"].label == "invented"


def test_an_answer_to_what_can_be_known_is_right_and_cannot_be_invented() -> None:
    found = scored("It is two years. Please contact support.", answerable=True)
    assert (found["right"].value, found["right"].label) == (1.0, "answered")
    assert (found["invented"].state, found["invented"].value) == ("unmeasured", None)


def test_words_of_the_reference_do_not_count_as_declining() -> None:
    says = "The period is not specified by law and follows the contract."
    assert scored(says, answerable=True, reference=says)["right"].value == 1.0
    assert scored(says, answerable=True)["right"].value == 0.0


def test_a_quantity_of_the_passage_is_no_invention() -> None:
    text = "The passage does not say. It covers returns within 30 days."
    assert scored(text, "Returns within 30 days.", answerable=False)["right"].value == 1.0
    assert scored(text, answerable=False)["invented"].value == 1.0


@pytest.mark.parametrize("answerable", [True, False])
def test_an_empty_answer_is_never_right(*, answerable: bool) -> None:
    found = scored(" \n", answerable=answerable)
    assert (found["right"].value, found["declined"].value) == (0.0, 0.0)
    assert found["right"].label == "empty"
