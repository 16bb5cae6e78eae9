"""A fact has one value a day: from `valid_from` on, and no longer on `valid_to`."""

from datetime import date

import pytest

from harness.records import Fact, Version
from harness.suite.facts import at, interval_problems, since

OLD = Version("10", date(2010, 1, 1), date(2018, 3, 29))
NEW = Version("20", date(2018, 3, 29))


def fact(*versions):
    return Fact("f", "e", "a", versions, where="facts.jsonl:1")


@pytest.mark.parametrize(
    "day, expected",
    [
        (date(2009, 12, 31), None),
        (date(2010, 1, 1), OLD),
        (date(2018, 3, 28), OLD),
        (date(2018, 3, 29), NEW),
        (date(2999, 1, 1), NEW),
    ],
)
def test_the_version_of_a_day_is_half_open(day, expected):
    assert at(fact(OLD, NEW), day) == expected


def test_no_version_holds_in_a_gap_or_after_the_last_end():
    later = Version("20", date(2020, 1, 1), date(2021, 1, 1))
    assert at(fact(OLD, later), date(2019, 1, 1)) is None
    assert at(fact(OLD, later), date(2021, 1, 1)) is None


def test_what_happened_since_is_read_from_values_not_from_versions():
    again = Version("10", date(2020, 1, 1))
    assert [since(OLD, NEW), since(OLD, again), since(None, NEW)] == ["changed", "unchanged", "new"]


@pytest.mark.parametrize(
    "versions, expected",
    [
        ((OLD, NEW), []),
        ((NEW, OLD), ["is listed after"]),
        ((Version("10", date(2010, 1, 1)), NEW), ["'10' (without end) overlaps '20'"]),
        ((Version("1", date(2010, 1, 1), date(2010, 1, 1)),), ["not after it begins"]),
    ],
)
def test_interval_problems_name_both_versions(versions, expected):
    found = [problem.what for problem in interval_problems(fact(*versions))]
    assert len(found) == len(expected)
    assert all(part in what for part, what in zip(expected, found, strict=True))
