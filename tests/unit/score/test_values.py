"""Quantities: what means the same, and what only looks alike."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.score.values import Reading, find, value


def states(text: str, wanted: str, attribute: str = "") -> bool:
    return bool(find(value(wanted), Reading(text), attribute))


@pytest.mark.parametrize(
    "wanted, text",
    [
        ("₹5 lakh", "500,000 rupees"),
        ("₹ 5 lakh", "Rs. 5,00,000/-"),
        ("₹ 1.2 crore", "₹1 crore 20 lakh"),
        ("₹ 5 lakh crore", "Rs 5,00,000 crore"),
        ("$5 million", "US$5m"),
        ("26 weeks", "twenty-six weeks"),
        ("26 weeks", "182 days"),
        ("18 months", "1 year 6 months"),
        ("30 months", "2½ years"),
        ("2 days", "48 hours"),
        ("fourteen (14) days", "14 days"),
        ("8.33 per cent", "8.33%"),
        ("5-7 business days", "5 to 7 working days"),
        ("1 April 2017", "2017-04-01"),
        ("April 2017", "1st April, 2017"),
        ("2017", "1 April 2017"),
        ("2017-04-01", "April 1, 2017"),
        ("6 pm", "18:00"),
        ("300", "three hundred workers"),
        ("Section 80C", "see SECTION  80C."),
        ("Pune Camp", "in pune\ncamp"),
        ("e-mail", "by email"),
        ("10% of salary", "10 per cent of the salary"),
        ("३० दिन", "30 दिन"),
        ("北京", "在北京市"),
        ("within 30 days", "30 days"),
    ],
)
def test_two_ways_to_say_one_value_match(wanted: str, text: str) -> None:
    assert states(text, wanted)


@pytest.mark.parametrize(
    "wanted, text",
    [
        ("₹10 lakh", "₹10,000"),
        ("20", "in 2020"),
        ("20", "120 workers"),
        ("20", "20.5 workers"),
        ("20", "2,020"),
        ("12", "PF-12"),
        ("14", "clause 14 applies"),
        ("1", "one of the parties"),
        ("26 weeks", "26 days"),
        ("6 months", "180 days"),
        ("14 days", "a fortnight"),
        ("14 days", "14 working days"),
        ("14 days", "7-14 days"),
        ("$49", "€49"),
        ("5%", "-5%"),
        ("5%", "5 percentage points"),
        ("1 April 2017", "April 2017"),
        ("10:30", "v1.10:30:2"),
        ("Mumbai", "Mumbaikar"),
        ("Gold", "Goldfinch"),
        ("₹ 5 lakh", "5 lakh workers"),
        ("30 days", "Section 30"),
    ],
)
def test_what_only_looks_alike_does_not_match(wanted: str, text: str) -> None:
    assert not states(text, wanted)


def test_a_labelled_number_is_the_value_where_the_fact_asks_for_the_label() -> None:
    assert states("See section 14.", "14", "gratuity section")
    assert not states("See section 14.", "14", "notice period")


def test_a_number_alone_answers_for_its_unit() -> None:
    assert states("26.", "26 weeks")
    assert not states("26 or so people", "26 weeks")


@settings(max_examples=100, deadline=None)
@given(st.integers(min_value=1, max_value=10**9))
def test_indian_and_western_grouping_mean_the_same(number: int) -> None:
    digits = str(number)
    head, tail = digits[:-3], digits[-3:]
    pairs = []
    while head:
        pairs.insert(0, head[-2:])
        head = head[:-2]
    indian = ",".join([*pairs, tail])
    assert states(f"Rs. {indian}", f"₹{number:,}")


@settings(max_examples=100, deadline=None)
@given(st.integers(min_value=1, max_value=999), st.integers(min_value=1, max_value=999))
def test_two_numbers_match_only_when_they_are_equal(wanted: int, said: int) -> None:
    assert states(f"It takes {said} days.", f"{wanted} days") == (wanted == said)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    reading = Reading(text)
    assert all(0 <= m.start < m.end <= len(reading.text) for m in reading.mentions)


def test_every_number_word_below_a_thousand_means_its_digits() -> None:
    ones = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    tens = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
    for ten, word in enumerate(tens, 2):
        for one, unit in enumerate(ones, 1):
            assert states(f"{word}-{unit} weeks", f"{10 * ten + one} weeks")
            assert states(f"one hundred and {word} {unit} weeks", f"{100 + 10 * ten + one} weeks")
