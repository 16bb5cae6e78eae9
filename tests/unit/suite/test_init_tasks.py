"""A new suite scores each form of output by what can be checked of it."""

import json
from pathlib import Path

import pytest

from harness.suite.check import check
from harness.suite.contrast import contrasts
from harness.suite.gather import Asked
from harness.suite.init import init
from harness.suite.load import load
from harness.suite.tasks import expectation

PLACES = ("Oslo", "Bonn", "Rome", "Lima", "Cork", "Nice", "Graz", "Bath", "Lodz", "Pisa")
NOUNS = ("lamp", "chair", "kettle", "radio", "clock", "fan")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def prose(n):
    noun, place = NOUNS[n % 6], PLACES[n % 10]
    said = (f"The {noun} goes to {place}.", f"Please wait! We look for the {noun}\n\nin {place}")
    return {"input": f"Where is the {noun} no {n} for {place}", "output": said[n % 2]}


def label(n):
    return {
        "input": f"Is parcel {n} from {PLACES[n % 10]} late?",
        "output": ("late", "not late")[n % 2],
    }


def data(n):
    return {"input": f"Extract {n} {PLACES[n % 10]}", "output": json.dumps({"n": n})}


def made(*rows):
    text = "".join(json.dumps(row) + "\n" for row in rows)
    Path("rows.jsonl").write_text(text)
    init("new", "new", Asked("rows.jsonl"), force=True)
    return load("new", "full")


def gates(suite):
    return [(rule.kind, rule.task, rule.metric) for rule in suite.rules]


GENERAL = ("non_inferior", "general", "regression.kept")


def test_mixed_rows_become_a_task_for_each_form_and_the_suite_is_whole():
    suite = made(*(make(n) for n in range(40) for make in (prose, label, data)))
    assert [task.name for task in suite.tasks] == ["answers", "short", "json", "general"]
    assert [len(task.cases) for task in suite.tasks] == [8, 8, 8, 120]
    assert check(suite) == []
    assert gates(suite)[1:] == [
        ("superior", "short", "regression.kept"),
        ("superior", "json", "style.all"),
        GENERAL,
    ]
    assert gates(suite)[0][2] != "style.all"  # only lengths are common to all outputs


def test_a_right_and_a_wrong_label_are_told_apart():
    suite = made(*(label(n) for n in range(60)))
    assert [task.name for task in suite.tasks] == ["answers", "general"]
    kept = next(one for one in contrasts(suite) if one.metric == "regression.kept")
    assert (kept.good, kept.empty, kept.wrong) == (1.0, 0.0, 0.0)


def test_outputs_with_a_shape_in_common_are_gated_on_their_rules():
    rows = [
        {
            "input": f"Ask {PLACES[n % 10]} {n}",
            "output": f"Dear reader, it is in place {n} of the long hall.",
        }
        for n in range(40)
    ]
    suite = made(*rows)
    assert gates(suite) == [("superior", "answers", "style.all"), GENERAL]
    assert "style.opening" in {one.metric for one in contrasts(suite)}


def test_the_written_suite_says_what_is_measured():
    made(*(make(n) for n in range(40) for make in (prose, label)))
    text = Path("new/suite.yaml").read_text()
    assert "  # style: rules that every output keeps (length, sentence-length" in text
    assert "these alone tell little" in text
    assert "shown to lose less than 10% of the general cases" in text
    assert max(map(len, text.splitlines())) <= 110


@pytest.mark.parametrize("rows", [[prose], [data], [label], [prose, data]])
def test_whatever_the_rows_are_the_suite_passes_its_check(rows):
    assert check(made(*(make(n) for n in range(30) for make in rows))) == []


def test_a_few_of_a_form_are_no_task_of_their_own():
    suite = made(*(prose(n) for n in range(80)), *(data(n) for n in range(9)))
    assert [task.name for task in suite.tasks] == ["answers", "general"]


@pytest.mark.parametrize(
    "output, labels, expected",
    [
        ("two days", [], {"any_of": ["two days"]}),
        ("late", ["early", "late"], {"any_of": ["late"], "none_of": ["early"]}),
        ("not late", ["late", "not late"], {"any_of": ["not late"], "none_of": ["late"]}),
        ("order form", ["order", "order form"], {"any_of": ["order form"]}),
        ("this is a whole sentence of words", [], None),
        ("!?", [], None),
    ],
)
def test_a_short_output_is_expected_where_the_scorer_can_tell(output, labels, expected):
    assert expectation(output, labels) == expected
