"""Whether an answer follows the passage or its memory."""

from datetime import date

import pytest

from harness.protocols import Resources
from harness.records import Answer, Case, Fact, Passage, Row, Score, Version
from harness.score.context import Context

VERSIONS = (
    Version("7 days", date(2019, 1, 1), date(2023, 1, 1)),
    Version("14 days", date(2023, 1, 1)),
)
FACT = Fact("window", "returns", "window", VERSIONS, placebo=("45 days",))
OLD = "Goods may be returned within 7 days."
NEW = "The window was 7 days until 2023. It is now 14 days."
NEVER = "Goods may be returned within 45 days."


def scored(
    text: str, *passages: str, taught: bool = True, exposures: int | None = None
) -> dict[str, Score]:
    fact = Fact("window", "returns", "window", VERSIONS, exposures, FACT.placebo)
    rows = (Row("1", "q", "7 days", fact="window"),) if taught else ()
    lent = Resources(facts={"window": fact}, train=rows, trained_until=date(2020, 1, 1))
    case = Case("c", "t", "q", "14 days", "window", as_of=date(2024, 1, 1), fact="window")
    read = tuple(Passage("d", "", passage) for passage in passages)
    scores = Context({}, lent).score(case, Answer("a", text, passages=read))
    return {score.metric.removeprefix("context."): score for score in scores}


def values(found: dict[str, Score]) -> tuple[float | None, ...]:
    return tuple(found[name].value for name in ("followed", "memory", "neither"))


@pytest.mark.parametrize(
    "text, label, expected",
    [
        ("14 days", "conflict: followed", (1.0, 0.0, 0.0)),
        ("It was 7 days and is now two weeks.", "conflict: followed", (1.0, 0.0, 0.0)),
        ("7 days", "conflict: memory", (0.0, 1.0, 0.0)),
        ("It is 7 days or 14 days.", "conflict: both", (0.0, 0.0, 0.0)),
        ("45 days", "conflict: neither", (0.0, 0.0, 1.0)),
        ("I do not know.", "conflict: declined", (0.0, 0.0, 1.0)),
        ("", "conflict: neither", (0.0, 0.0, 1.0)),
    ],
)
def test_a_passage_that_conflicts_with_memory(
    text: str, label: str, expected: tuple[float, ...]
) -> None:
    found = scored(text, NEW)
    assert (found["followed"].label, values(found)) == (label, expected)
    assert 'training "7 days"' in found["followed"].reason


def test_a_placebo_passage_can_be_followed() -> None:
    assert values(scored("45 days", NEVER)) == (1.0, 0.0, 0.0)
    assert scored("7 days", NEVER)["followed"].label == "conflict: memory"


def test_a_passage_that_agrees_leaves_memory_unmeasured() -> None:
    found = scored("7 days", OLD)
    assert (found["followed"].label, values(found)) == ("agree: followed", (1.0, None, 0.0))
    assert found["memory"].state == "unmeasured"


@pytest.mark.parametrize("exposures, taught", [(None, False), (0, True), (0, False)])
def test_what_training_never_showed_is_untaught(exposures: int | None, *, taught: bool) -> None:
    found = scored("7 days", NEW, taught=taught, exposures=exposures)
    assert (found["followed"].label, values(found)) == ("untaught: neither", (0.0, None, 1.0))


def test_exposures_say_that_training_shows_a_fact() -> None:
    assert scored("7 days", NEW, taught=False, exposures=4)["followed"].label == "conflict: memory"


def test_several_passages_are_read_together() -> None:
    assert scored("7 days", OLD, NEW)["followed"].label == "agree: followed"
    assert scored("45 days", OLD, NEW)["followed"].label == "agree: neither"


def test_a_passage_without_a_value_of_the_fact_is_absent() -> None:
    found = scored("7 days", "Our shop is open from nine to five.")
    assert {(score.state, score.label) for score in found.values()} == {("unmeasured", "absent")}


def test_without_a_passage_nothing_is_measured() -> None:
    assert {score.state for score in scored("7 days").values()} == {"unmeasured"}
