"""The command that measures the graders: its figures, what it refuses, what the docs say."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "graders"))
import measure


def test_agreement_has_the_wilson_interval() -> None:
    assert measure.agreement(9, 10) == "9 of 10 = 0.900 (95 % interval 0.596 to 0.982)"


def graded(label: Any, given: Any, kind: str = "written") -> measure.Graded:
    return measure.Graded({"label": label, "kind": kind}, given, "")


def test_precision_and_recall_stand_beside_the_confusion_matrix() -> None:
    rows = [
        graded("abstains", "abstains"),
        graded("abstains", "answers", "real"),
        graded("answers", "answers"),
    ]
    text = measure.section("abstention", "tune", rows)
    assert "| abstains | 1 | 1 | 1.000 (1/1) | 0.500 (1/2) |" in text
    assert "| answers | 0 | 1 | 0.500 (1/2) | 1.000 (1/1) |" in text
    assert "By kind: real 0.000 (0/1), written 1.000 (2/2)." in text


def test_terms_are_counted_with_multiplicity() -> None:
    label = {"used": ["Fee"], "forbidden": ["cost", "cost"]}
    text = measure.section("terminology", "tune", [graded(label, (("Fee",), ("cost",)))])
    assert "| used | 1.000 (1/1) | 1.000 (1/1) | 1.000 (1/1) |" in text
    assert "| forbidden | 0.000 (0/1) | 1.000 (1/1) | 0.500 (1/2) |" in text


@pytest.mark.parametrize(
    "argv, reason",
    [
        (["recensy"], "unknown grader 'recensy' (valid: recency, abstention, terminology)"),
        (["--heldout"], "--heldout needs --once"),
        (["--heldout", "--once", "--disagreements"], "--disagreements shows rows"),
        (["recency", "--write"], "--write replaces all tables"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(
    argv: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        measure.arguments(argv)
    assert stopped.value.code == 2
    assert reason in capsys.readouterr().err


def test_the_figures_go_between_the_markers_and_nowhere_else(tmp_path: Path) -> None:
    page = tmp_path / "docs.md"
    page.write_text(f"before\n{measure.BEGIN}\nold\n{measure.END}\nafter\n", encoding="utf-8")
    measure.write("new", page)
    assert page.read_text(encoding="utf-8") == (
        f"before\n{measure.BEGIN}\nnew\n{measure.END}\nafter\n"
    )
    page.write_text("no markers", encoding="utf-8")
    with pytest.raises(SystemExit, match="add both lines"):
        measure.write("new", page)


@pytest.mark.parametrize("grader", measure.GRADERS)
def test_the_docs_show_the_figures_of_now(grader: str) -> None:
    rows = [measure.GRADE[grader](row) for row in measure.rows(grader)]
    assert measure.section(grader, "tune", rows) in measure.DOCS.read_text(encoding="utf-8")


@pytest.mark.parametrize("grader", measure.CLASSES)
def test_the_graders_agree_with_the_labels_that_they_were_tuned_on(grader: str) -> None:
    rows = [measure.GRADE[grader](row) for row in measure.rows(grader)]
    wrong = [json.dumps(one.row) for one in rows if one.given != one.expected]
    assert len(wrong) <= 0.01 * len(rows), wrong
