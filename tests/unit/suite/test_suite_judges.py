"""A suite's judges: names that must fit, and people's labels with their lines."""

import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import SuiteError
from harness.records import Suite
from harness.score.judge import options_of
from harness.suite.check import check
from harness.suite.load import load

SUITE = """\
name: letters
model: embedded:smollm2-135m
tasks:
  notes:
    cases: notes.jsonl
    scorers:
      judge:
        rubric: Which is kinder?
        against: {against}
        labels: labels.jsonl
    candidates: [base, house]
{more}
candidates: {{base: {{}}, house: {{prompt: house}}, other: {{}}}}
prompts: {{house: house.md}}
"""
CASES = [
    {"id": "a", "input": "Write to Ann.", "output": "Dear Ann", "source": "page-1"},
    {"id": "b", "input": "Write to Bob.", "output": "Dear Bob"},
]
GOOD = {"case": "a", "first": "Hi", "second": "", "label": "first", "candidate": "house"}


def written(
    folder: Path, labels: list[Any], against: str = "base", more: str = "", change: str = ""
) -> Path:
    """The suite with these rows of labels; `more` are lines of other tasks."""
    text = SUITE.format(against=against, more=more)
    (folder / "suite.yaml").write_text(
        text.replace("labels: labels.jsonl", change or "labels: labels.jsonl")
    )
    (folder / "notes.jsonl").write_text("".join(json.dumps(row) + "\n" for row in CASES))
    (folder / "house.md").write_text("Be kind.")
    rows = [row if isinstance(row, str) else json.dumps(row) for row in labels]
    (folder / "labels.jsonl").write_text("".join(f"{row}\n" for row in rows))
    return folder


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages name files from the suite's folder."""
    monkeypatch.chdir(tmp_path)


def refused(folder: Path) -> list[str]:
    """What loading a suite complains about."""
    with pytest.raises(SuiteError) as caught:
        load(folder)
    return [str(problem) for problem in caught.value.problems]


def judge_of(suite: Suite) -> dict[str, Any]:
    return suite.tasks[0].scorers[0].options


def test_labels_come_with_what_their_case_asks(tmp_path: Path) -> None:
    free = {"input": "Say hello", "first": "Hello", "second": "Off", "label": "tie"}
    suite = load(written(tmp_path, [GOOD, free]))
    one, other = options_of(judge_of(suite)).labels
    assert (one.input, one.reference, one.cluster) == ("Write to Ann.", "Dear Ann", "page-1")
    assert (one.case, one.candidate, one.first, one.second) == ("a", "house", "Hi", "")
    assert (other.input, other.case, other.label, other.cluster) == (
        "Say hello",
        "",
        "tie",
        "Say hello",
    )
    assert check(suite) == []


def test_every_bad_label_is_named_with_its_line(tmp_path: Path) -> None:
    rows = [
        GOOD | {"case": "aa"},
        GOOD | {"label": "frist"},
        GOOD | {"candidate": "hause"},
        GOOD | {"input": "Write to Ann."},
        {"first": "x", "second": "y", "label": "tie"},
        {"input": "Say hello", "first": "x", "second": "y", "label": "tie", "candidate": "base"},
        {"case": "a", "first": "x", "label": "tie"},
        "{",
        GOOD | {"firts": "x"},
    ]
    found = refused(written(tmp_path, rows))
    assert [line.partition(" ")[0] for line in found] == [
        f"labels.jsonl:{line}:" for line in (1, 2, 3, 4, 5, 6, 7, 8, 9)
    ]
    assert found[0].endswith("unknown case 'aa' (did you mean 'a'?)")
    assert found[1].endswith("label is 'frist' (did you mean 'first'?)")
    assert found[2].endswith("unknown candidate 'hause' (did you mean 'house'?)")
    assert found[3].endswith("a label has 'case' and 'input' (keep one of them)")
    assert found[4].endswith("a label needs 'case' or 'input' (say what was asked)")
    assert "names no case" in found[5]
    assert found[6].endswith("key 'second' is missing (add it)")
    assert found[8].endswith("unknown key 'firts' (did you mean 'first'?)")


def test_labels_that_are_not_there_or_empty_are_told(tmp_path: Path) -> None:
    missing = refused(written(tmp_path, [GOOD], change="labels: label.jsonl"))
    assert missing == [
        "suite.yaml:10: labels file 'label.jsonl' is not there (did you mean 'labels.jsonl'?)"
    ]
    assert refused(written(tmp_path, [])) == [
        "labels.jsonl: the labels file is empty (add rows, or drop 'labels')"
    ]


@pytest.mark.parametrize(
    "against, said",
    [
        ("bose", "unknown candidate 'bose' (did you mean 'base'?)"),
        (
            "other",
            "candidate 'other' does not answer task 'notes' (add it to tasks.notes.candidates)",
        ),
    ],
)
def test_against_is_a_candidate_of_the_task(tmp_path: Path, against: str, said: str) -> None:
    assert refused(written(tmp_path, [GOOD], against)) == [f"suite.yaml:9: {said}"]


def test_a_candidate_is_not_judged_against_itself_alone(tmp_path: Path) -> None:
    folder = written(tmp_path, [GOOD])
    text = (folder / "suite.yaml").read_text().replace("[base, house]", "[base]")
    (folder / "suite.yaml").write_text(text)
    what = "task 'notes' has no candidate to judge against 'base' (add one, or drop the judge)"
    assert refused(folder) == [f"suite.yaml:9: {what}"]


def test_one_suite_has_one_judge(tmp_path: Path) -> None:
    more = (
        "  more:\n    cases: more.jsonl\n    scorers:\n"
        "      judge: {rubric: shorter, against: base, model: acme/judge}\n"
    )
    (tmp_path / "more.jsonl").write_text('{"input": "x", "output": "y"}\n')
    found = refused(written(tmp_path, [GOOD], more=more))
    what = "tasks 'notes' and 'more' have different judges"
    remedy = "give both the same model: judge.win is one metric"
    assert found == [f"suite.yaml:15: {what} ({remedy})"]


def test_wrong_options_are_told_where_the_judge_stands(tmp_path: Path) -> None:
    found = refused(written(tmp_path, [GOOD], change="tokens: 5"))
    assert found == [
        "suite.yaml:7: scorer 'judge': unknown option 'tokens' (did you mean 'max_tokens'?)"
    ]


def test_a_judges_relative_folder_starts_at_the_suite(tmp_path: Path) -> None:
    suite = load(written(tmp_path, [GOOD], change="model: ./judge"))
    assert judge_of(suite)["model"] == str(tmp_path / "judge")
