"""The trained readers: what they may decide and notice, and that training gives them again."""

import json
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.records import Fact, Version
from harness.score import reader
from harness.score.declined import asked_for, declined, read_signs
from harness.score.judgement import judge
from harness.score.known import Known, know
from harness.score.loosely import loosely
from harness.score.reading import read
from harness.score.spelling import hours, spelling
from harness.score.values import Span

sys.path.insert(0, str(Path(__file__).parents[2] / "graders"))
import train

AS_OF = date(2024, 6, 1)
CHANGE = date(2022, 1, 1)
HOUR = ("an hour and a quarter", "current", True)
MINUTES = ("an hour and fifteen minutes", "current", True)


def known(old: str, new: str, attribute: str = "limit") -> Known:
    versions = (Version(old, date(2010, 1, 1), CHANGE), Version(new, CHANGE))
    found = know(Fact("f", "Zed", attribute, versions), AS_OF)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "old, new, text, expected",
    [
        ("12 kr", "18 kr", "One stamp of 18 kronor will do.", ("18", "current", True)),
        ("3 metres", "5 metres", "at least 3 m away", ("3 m", "stale", True)),
        ("180 cm", "210 cm", "2.1 m", ("2.1 m", "current", True)),
        ("1 hour", "75 minutes", "an hour and a quarter", HOUR),
        ("1 hour", "75 minutes", "an hour and fifteen minutes", MINUTES),
        ("2,000 km", "5,000 km", "every 5.000 km", ("5.000", "current", True)),
        ("3,800 mAh", "4,500 mAh", "4.5 Ah", ("4.5 ah", "current", True)),
        ("80 per cent", "25 per cent", "a quarter off", ("a quarter", "current", True)),
        ("-5 °C", "-2 °C", "minus two", ("minus two", "current", False)),
        ("16 students", "12 students", "a dozen", ("a dozen", "current", True)),
        ("14 Castle Street", "3 Hill Row", "it left Castle Street", ("castle", "stale", False)),
        ("second Sunday of March", "last Saturday of May", "2nd Sunday of March", None),
    ],
)  # fmt: skip
def test_a_value_in_unusual_notation_is_found(
    old: str, new: str, text: str, expected: tuple[str, str, bool] | None
) -> None:
    reading = read(text)
    found = loosely(known(old, new), reading, [])
    told = [(reading.text[one.span.start : one.span.end], one.kind, one.sure) for one in found]
    if expected is None:
        assert [kind for _, kind, _ in told] == ["stale"]
    else:
        assert told[:1] == [expected]


@pytest.mark.parametrize(
    "old, new, text",
    [
        ("500 mg", "250 mg", "500 g"),
        ("25 °C", "8 °C", "8 °F"),
        ("7 days", "14 days", "14 business days"),
        ("12 m", "14.5 m", "Regulation 12"),
        ("8%", "9%", "8 lakh"),
        ("Mara Quill", "Jonas Riedel", "Tomas Quill"),
        ("second Sunday of March", "last Saturday of May", "the last Sunday in May"),
        ("until midnight", "until 1 a.m.", "1 p.m."),
    ],
)
def test_another_unit_number_or_namesake_is_not_the_value(old: str, new: str, text: str) -> None:
    assert loosely(known(old, new), read(text), []) == []


def test_what_was_found_already_is_not_found_again() -> None:
    reading = read("5.000 km")
    assert loosely(known("2,000 km", "5,000 km"), reading, [Span(0, 5)]) == []


@pytest.mark.parametrize(
    "number, text",
    [
        ("7.35", "seven point three five"),
        ("3.5", "three fifty"),
        ("38500", "thirty-eight and a half thousand"),
        ("140", "ek sau chalis"),
        ("450", "four hundred and fifty"),
        ("214", "2-1-4"),
        ("1500", "1 500"),
    ],
)
def test_a_number_is_known_in_words_and_other_marks(number: str, text: str) -> None:
    assert spelling(number).search(text) is not None


@pytest.mark.parametrize(
    "minute, text", [(1120, "twenty to seven"), (390, "half six"), (1210, "ten past eight")]
)
def test_a_time_of_day_is_known_in_words(minute: int, text: str) -> None:
    assert hours(minute).search(text) is not None


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="abcdefgh ijklmno?!.,", max_size=120))
def test_no_answer_has_the_class_of_a_value_that_it_does_not_state(text: str) -> None:
    assert judge(text, known("7 days", "14 days"), AS_OF).label in {"wrong", "abstained"}


def test_the_reason_for_a_class_that_the_reader_gives_quotes_the_answer() -> None:
    words = declined("Ask any of the shift leads, they'll show you.", "Where is the box kept?")
    assert words == "Ask any of the shift leads, they'll show you."


def test_numbers_of_the_question_and_names_are_told_apart() -> None:
    (signs,) = read_signs("Rule 7 gives Asha 30 days", frozenset({"7"}))
    assert signs.words == ["rule", "#q", "gives", "@", "#", "days"]


@pytest.mark.parametrize(
    "question, expected",
    [
        ("what is the warranty period?", "MUCH"),
        ("is it open?", "POLAR"),
        ("who chairs it?", "WHO"),
        ("translate this", "WORDING"),
    ],
)
def test_what_a_question_asks_for_is_told_by_its_wording(question: str, expected: str) -> None:
    assert asked_for(question) == expected


def test_training_gives_the_readers_that_are_shipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = reader.readers()
    monkeypatch.setattr(reader, "WEIGHTS", tmp_path / "reader.json.gz")
    try:
        again = json.loads(json.dumps(train.train()))
    finally:
        reader.readers.cache_clear()
    for name, one in shipped.items():
        weights = again[name]["weights"]
        assert again[name]["labels"] == list(one.labels)
        # threads and another library of linear algebra sum in another order: the last digits move,
        # and with them which weights are too small to be kept
        none = (0.0,) * len(next(iter(one.weights.values())))
        far = [
            sign
            for sign in {*weights, *one.weights}
            if max(map(abs, _less(one.weights.get(sign, none), weights.get(sign, none)))) > 0.05
        ]
        assert far == []


def _less(one: Sequence[float], other: Sequence[float]) -> list[float]:
    return [a - b for a, b in zip(one, other, strict=True)]
