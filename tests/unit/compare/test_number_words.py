"""Numbers in sentences."""

import pytest

from harness.compare.words import change_text, listing, range_text, value_text
from harness.records import Metric

SHARE = Metric("m", "share")
DAYS = Metric("m", "age", unit="days", upper=None)


@pytest.mark.parametrize(
    "value, text",
    [(0.93, "93 %"), (0.025, "2.5 %"), (0.0, "0 %"), (1.0, "100 %"), (0.0997, "10 %")],
)
def test_shares_are_percent(value, text):
    assert text == value_text(SHARE, value)


@pytest.mark.parametrize(
    "value, text",
    [(0.91, "+91 pp"), (-0.042, "−4.2 pp"), (0.0, "0 pp"), (-0.0, "0 pp"), (0.0002, "+0.02 pp")],
)
def test_differences_carry_their_sign(value, text):
    assert text == change_text(SHARE, value)


def test_other_units_are_named():
    assert value_text(DAYS, 2.5) == "2.5 days"
    assert range_text(DAYS, -3.0, 12.2) == "95 % interval −3 to 12.2"


@pytest.mark.parametrize(
    "words, text",
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_listing(words, text):
    assert text == listing(words)
