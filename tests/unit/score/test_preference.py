"""Update preference: which of two references the model finds likelier, token for token."""

from datetime import date

import pytest

from harness.protocols import Resources
from harness.records import Answer, Case, Fact, Version
from harness.score.preference import pair
from harness.score.recency import Recency

TRAINED, AS_OF = date(2020, 1, 1), date(2024, 1, 1)
FACT = Fact(
    "window",
    "the shop",
    "return window",
    (
        Version("5 days", date(2010, 1, 1), date(2015, 1, 1)),
        Version("7 days", date(2015, 1, 1), date(2022, 1, 1)),
        Version("14 days", date(2022, 1, 1), aliases=("two weeks",)),
    ),
)


def case(reference: str, as_of: date | None = AS_OF) -> Case:
    return Case("c", "t", "How long?", reference, "window", as_of, fact="window")


def test_the_reference_is_compared_with_itself_before_the_change() -> None:
    assert pair(case("You have 14 days. Yes, 14 days."), FACT, TRAINED) == (
        "You have 14 days. Yes, 14 days.",
        "You have 7 days. Yes, 7 days.",
    )


def test_an_alias_in_the_reference_is_replaced_too() -> None:
    assert pair(case("You have Two Weeks."), FACT, TRAINED)[1] == "You have 7 days."


def test_a_reference_in_other_words_leaves_the_bare_values() -> None:
    assert pair(case("A fortnight, 114 days at most."), FACT, TRAINED) == ("14 days", "7 days")


def test_without_the_end_of_training_the_version_before_is_the_old_one() -> None:
    assert pair(case("14 days"), FACT, None) == ("14 days", "7 days")


@pytest.mark.parametrize(
    "as_of, trained",
    [
        (date(2021, 1, 1), TRAINED),  # nothing changed between the two
        (date(2009, 1, 1), None),  # nothing held yet
        (AS_OF, date(2009, 1, 1)),  # nothing was known when training ended
        (date(2012, 1, 1), None),  # the first version has none before it
    ],
)
def test_where_nothing_was_superseded_nothing_is_asked(as_of: date, trained: date | None) -> None:
    assert pair(case("14 days", as_of), FACT, trained) == ()


def scores(logprobs: tuple[tuple[float, ...], ...]) -> tuple[float | None, str]:
    scorer = Recency({}, Resources(facts={"window": FACT}, trained_until=TRAINED))
    answer = Answer("c", "7 days", target_logprobs=logprobs)
    found = {score.metric: score for score in scorer.score(case("14 days"), answer)}
    assert len(found) == len(scorer.metrics)
    score = found["recency.prefers_current"]
    return score.value, score.state


def test_the_mean_per_token_decides_so_that_length_does_not() -> None:
    assert scores(((-1.0, -1.0, -1.0), (-2.0,))) == (1.0, "ok")
    assert scores(((-3.0,), (-1.0, -1.0, -1.0))) == (0.0, "ok")


def test_without_logprobs_it_is_unmeasured() -> None:
    assert scores(()) == (None, "unmeasured")


def test_the_option_turns_it_off_and_another_word_is_refused() -> None:
    lent = Resources(facts={"window": FACT}, trained_until=TRAINED)
    assert Recency({"preference": False}, lent).targets(case("14 days")) == ()
    assert Recency({}, lent).targets(case("14 days")) == ("14 days", "7 days")
    with pytest.raises(ValueError, match="write true or false"):
        Recency({"preference": "yes"}, lent)
