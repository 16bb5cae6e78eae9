"""Greetings, thanks, sign-offs and marks of lists: what is taken off before an answer is read."""

import pytest

from harness.score.declined import declined
from harness.score.framing import unframed

HELP = "\n2) Our dispatcher can ring the depot for you.\n3) Keep your waybill handy.\n"
FREIGHT = "Ahoy from Redwharf Freight! Your parcel is safe with us, friend.\n1) "
STORE = "Dear colleague, many thanks for your note to the Media Store. "
SIGNED = "May we suggest that you ask your head of department? Yours sincerely, The Media Store"
MUTUAL = "Thank you for choosing Larkspur Mutual. We take every question seriously. "
LINE = " Please call our claims line with your number. Larkspur Mutual, caring since 1921."


@pytest.mark.parametrize(
    "text, expected",
    [
        ("Hello! Thank you.\n1. It is shut.\n2. Wait.\nBest regards, Mira", "It is shut.\nWait."),
        ("Hello, the fee is 5.", "Hello, the fee is 5."),
        ("We appreciate it, but no.", "We appreciate it, but no."),
        ("Thank you. It's closed.", "It's closed."),
        ("It is shut. With you all the way, Team Osprey.", "It is shut."),
        ("How many? 7. Please ask.", "How many? 7. Please ask."),
        ("That's Asha Rao, the chair.", "That's Asha Rao, the chair."),
        ("Thanks", "Thanks"),
    ],
)  # fmt: skip
def test_only_what_frames_an_answer_is_taken_off(text: str, expected: str) -> None:
    assert unframed(text) == expected


COURIER = "What is the cut-off hour for same-day couriers to Leith?"
LOAN = "How long may I keep the projector?"
COVER = "Does the policy cover hearing aids?"


@pytest.mark.parametrize(
    "question, text",
    [
        (COURIER, f"{FREIGHT}We have not been told the cut-off hour for Leith.{HELP}Fair winds!"),
        (LOAN, f"{STORE}The loan period is not something that we have on file. {SIGNED}"),
        (COVER, f"{MUTUAL}The documents I can see do not mention hearing aids.{LINE}"),
    ],
)
def test_a_long_answer_in_a_house_voice_declines_by_what_stands_in_its_middle(
    question: str, text: str
) -> None:
    assert declined(text, question) is not None


@pytest.mark.parametrize(
    "question, text",
    [
        (COURIER, f"{FREIGHT}The cut-off hour for Leith is 11 in the morning.{HELP}Fair winds!"),
        (LOAN, f"{STORE}Projectors are lent for two days. We cannot extend this. {SIGNED}"),
        (COVER, f"{MUTUAL}No, hearing aids are not covered, I am sorry to say.{LINE}"),
    ],
)
def test_the_same_frame_around_an_answer_declines_nothing(question: str, text: str) -> None:
    assert declined(text, question) is None
