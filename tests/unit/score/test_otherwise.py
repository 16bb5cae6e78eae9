"""What a value is also called: found where it is said so, and nowhere else."""

import pytest

from harness.score.otherwise import otherwise


def said(value: str, text: str) -> list[tuple[str, bool]]:
    return [(text[start:end].strip(), sure) for start, end, sure in otherwise(value, text)]


@pytest.mark.parametrize(
    "value, text, expected",
    [
        ("7 nights", "a week, then you move on", [("a week", True)]),
        ("14 days", "within a fortnight", [("fortnight", True)]),
        ("every 6 months", "it is done twice a year", [("twice a year", True)]),
        ("1 year", "it is billed yearly", [("yearly", False)]),
        ("twice a year", "every six months", [("every six months", True)]),
        ("fortnightly", "every other week", [("every other week", True)]),
        ("9 to 17", "nine in the morning to five", [("nine in the morning to five", True)]),
        ("16:00-18:00", "de 16:00 a 18:00", [("16:00 a 18:00", True)]),
        ("15:00", "nå kl. 15", [("kl. 15", True)]),
        ("15 february", "2/15", [("2/15", True)]),
        ("30 june", "the last day of june", [("last day of june", True)]),
        ("₹4.15", "4 rupaye 15 paise", [("4 rupaye 15 paise", True)]),
        ("₹1,25,000", "sava lakh rupaye", [("sava lakh", True)]),
        ("₹2,500", "dhai hazaar", [("dhai hazaar", True)]),
        ("$40,000", "forty grand", [("forty grand", True)]),
        ("$1.25", "a dollar and a quarter", [("a dollar and a quarter", True)]),
        ("44 cents/l", "€0.44 a litre", [("0.44", True)]),
        ("12% of basic pay", "12 for every 100 of it", [("12 for every 100", True)]),
        ("40%", "four tenths of it", [("four tenths", True)]),
        ("1 to 8", "one carer for every eight", [("one carer for every eight", True)]),
        ("2/3 majority", "two-thirds", [("two-thirds", False)]),
        ("37 °c", "98.6 °f", [("98.6 °f", True)]),
        ("4-14 years", "between four and fourteen", [("four and fourteen", True)]),
        ("fourth edition", "ed. 4", [("ed. 4", True)]),
        ("bench iv", "the fourth bench", [("fourth bench", True)]),
        ("the 5th", "so fifth it is", [("fifth", True)]),
        ("+44 20 7946 0999", "020 79460999", [("020 79460999", True)]),
        ("gate c4", "c4", [("c4", True)]),
        ("version 5.0", "v5 is out", [("v5", True)]),
        ("a+", "a plus", [("a plus", True)]),
        ("all year", "at any time of the year", [("at any time of the year", False)]),
        ("free", "no charge", [("no charge", False)]),
        ("weekdays", "monday to friday", [("monday to friday", False)]),
    ],
)
def test_another_name_of_a_value_is_found(
    value: str, text: str, expected: list[tuple[str, bool]]
) -> None:
    assert said(value, text) == expected


@pytest.mark.parametrize(
    "value, text",
    [
        ("7 nights", "two weeks"),
        ("1 month", "in the first month"),
        ("25 cents", "0.25%"),
        ("15 february", "2/15/2024"),
        ("1 to 8", "11:80"),
        ("gate c4", "c40"),
        ("version 5.0", "v5.1"),
        ("₹1,25,000", "sava crore"),
        ("40%", "four fifths"),
        ("Castle Street", "castle"),
    ],
)
def test_what_is_no_name_of_a_value_is_not_found(value: str, text: str) -> None:
    assert said(value, text) == []
