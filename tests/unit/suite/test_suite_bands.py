"""Slices that follow from a case's fact: the age of its last change, and its exposures."""

from datetime import date

import pytest

from harness.records import Case, Fact, Suite, Task, Version
from harness.suite.bands import with_bands

DAY = date(2024, 1, 1)


def tags(fact: Fact, own=(), neighbour=()) -> tuple[str, ...]:
    """The tags of a case about this fact, beside a case of the same task."""
    case = Case("c", "t", "in", "out", "f", DAY, own, fact.id)
    other = Case("d", "t", "in", "out", "d", DAY, neighbour)
    task = Task("t", (case, other), ())
    suite = Suite("s", "", "full", "", "", 7, (), (task,), (), (), facts=(fact,))
    first, second = with_bands(suite).tasks[0].cases
    assert second.tags == neighbour  # without a fact there is no band
    return first.tags


def changed(day: str) -> Fact:
    then = date.fromisoformat(day)
    return Fact(
        "f", "e", "a", (Version("1", date(2000, 1, 1), then), Version("2", then)), exposures=None
    )


@pytest.mark.parametrize(
    "day, band",
    [
        ("2024-01-01", "age-under-90-days"),
        ("2023-10-04", "age-under-90-days"),  # 89 days
        ("2023-10-03", "age-90-days-to-1-year"),
        ("2023-01-01", "age-1-to-3-years"),  # 365 days
        ("2020-01-01", "age-over-3-years"),
    ],
)
def test_the_age_is_that_of_the_last_change_on_the_cases_day(day, band):
    assert tags(changed(day)) == (band,)


def test_a_fact_that_never_changed_has_no_age_and_a_change_to_come_does_not_count():
    assert tags(Fact("f", "e", "a", (Version("1", date(2023, 12, 1)),))) == ()
    assert tags(changed("2024-01-02")) == ()


@pytest.mark.parametrize(
    "count, band",
    [
        (0, "exposures-0"),
        (1, "exposures-1"),
        (3, "exposures-2-to-3"),
        (4, "exposures-4-to-15"),
        (15, "exposures-4-to-15"),
        (64, "exposures-16-up"),
    ],
)
def test_exposures_are_banded_where_the_fact_declares_them(count, band):
    fact = Fact("f", "e", "a", (Version("1", date(2020, 1, 1)),), exposures=count)
    assert tags(fact) == (band,)


def test_an_authors_own_bands_are_left_alone_in_the_whole_task():
    fact = Fact("f", "e", "a", changed("2023-12-01").versions, exposures=3)
    assert tags(fact, ("exposures-3",)) == ("exposures-3", "age-under-90-days")
    assert tags(fact, (), ("age-old",)) == ("exposures-2-to-3",)
