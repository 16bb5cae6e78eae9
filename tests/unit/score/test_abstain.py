"""Declining to answer, in many words, and what only sounds like it."""

import pytest

from harness.score.abstain import abstention


@pytest.mark.parametrize(
    "text",
    [
        "I do not know.",
        "I don\u2019t know the answer to that.",
        "I'm not sure.",
        "I am not certain about this.",
        "There is no information available on that.",
        "No information is available.",
        "I cannot confirm this.",
        "I can't say.",
        "I'm unable to verify that figure.",
        "Sorry, cannot answer.",
        "Please consult a lawyer.",
        "You should check the official website.",
        "This is not specified in the passage.",
        "The document does not mention the rate.",
        "The passage doesn't say.",
        "It cannot be determined from the text.",
        "My knowledge ends in 2023.",
        "My training data does not cover it.",
        "I have no idea.",
        "Not enough information.",
        "Unknown",
        "N/A",
        "I do not have access to that record.",
        "It depends.",
        "I would recommend consulting the notification.",
        "Could you please clarify the question?",
        "There is no such clause.",
    ],
)
def test_these_decline(text: str) -> None:
    assert abstention(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "I can't wait to help you!",
        "The period is 14 days.",
        "The employee shall not disclose information.",
        "You cannot return it after 14 days.",
        "No refund is given.",
        "The Company is not liable.",
        "We do not have to wait.",
        "Kindly note that the window is 30 days.",
        "",
    ],
)
def test_these_do_not(text: str) -> None:
    assert abstention(text) is None
