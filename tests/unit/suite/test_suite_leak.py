"""A case leaks when training asks the same, however it is spaced, cased or punctuated."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.records import Case, Row
from harness.suite.leak import leaks, normalise


@pytest.mark.parametrize(
    "one, other",
    [
        ("What is  the fee?", "what is the FEE"),
        ("“Quoted”—text", '"quoted" text'),
        ("ﬁne print", "fine print"),
        ("snake_case", "snake case"),
    ],
)
def test_form_does_not_hide_a_leak(one, other):
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(
    "one, other",
    [
        ("what is 2-2", "what is 2/2"),
        ("what is 2+2", "what is 2 2"),
        ("1.5 kg", "15 kg"),
        ("कि", "का"),
        ("???", "!!!"),
    ],
)
def test_different_questions_stay_different(one, other):
    assert normalise(one) != normalise(other)


@given(st.text(alphabet=string.ascii_letters + " ,;", min_size=1).map(lambda text: f"a{text}"))
def test_case_space_and_punctuation_never_hide_a_leak(text):
    assert normalise(f" «{text.upper()}» … ") == normalise(text)


def test_a_leak_names_the_pair():
    train = [Row("t1", "What is the fee?", "x", where="train.jsonl:4")]
    cases = [Case("c1", "t", "what is the fee", "x", "c1", where="cases.jsonl:9")]
    assert [str(problem) for problem in leaks(train, cases)] == [
        (
            "cases.jsonl:9: case 'c1' is in training as 't1' (train.jsonl:4): 'what is the fee'"
            " (remove one of the two)"
        )
    ]
