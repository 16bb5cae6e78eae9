"""The terminal report."""

import dataclasses
import io
import re
from pathlib import Path

import pytest
from factory_run import empty_run, make_run
from rich.console import Console

from harness.records import Candidate, CandidateResult
from harness.report import terminal

GOLDEN = Path(__file__).parents[2] / "golden" / "report.txt"


def test_the_text_is_the_golden_one():
    assert GOLDEN.read_text(encoding="utf-8") == terminal.plain_text(make_run())


@pytest.mark.parametrize("width", [80, 200])
def test_no_line_is_wider_than_80_columns(width: int):
    out = io.StringIO()
    terminal.render(make_run(), Console(file=out, width=width, color_system=None))
    assert max(map(len, out.getvalue().splitlines())) <= 80


def test_long_names_fold_and_lose_nothing():
    run = make_run()
    name = "lora-with-a-very-long-name-" * 3
    renamed = [
        dataclasses.replace(item, candidate=name) if item.candidate == "lora" else item
        for item in run.summaries
    ]
    candidates = (*run.candidates, CandidateResult(Candidate(name)))
    changed = dataclasses.replace(run, summaries=tuple(renamed), candidates=candidates)
    text = terminal.plain_text(changed)
    assert max(map(len, text.splitlines())) <= 80
    assert "lora-with-a-very-long-" in text


def test_sections_come_in_the_order_of_a_readers_questions():
    text = terminal.plain_text(make_run())
    heads = ["IMPROVED", "WHERE IT BROKE", "CONTEXT (RAG)", "WHAT TO DO", "RESULTS", "GATE"]
    places = [text.index(head) for head in [*heads, "WARNINGS"]]
    assert sorted(places) == places


def test_a_status_is_a_word_and_not_only_a_colour():
    text = terminal.plain_text(make_run())
    assert {"✓ PASS", "✗ FAIL", "? INCONCLUSIVE", "! ERROR"} == set(
        re.findall(r"^  ([✓✗?!] [A-Z]{4,})", text, flags=re.MULTILINE)
    )


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NO_COLOR", "1")
    out = io.StringIO()
    terminal.render(make_run(), Console(file=out, force_terminal=True, width=80))
    assert "\x1b[3" not in out.getvalue()


def test_names_and_sentences_cannot_act_on_the_terminal():
    run = make_run()
    evil = dataclasses.replace(run, suite="\x1b[2Jlegal", advice=("\x1b]0;x\x07[red]do[/red] :x:",))
    text = terminal.plain_text(evil)
    assert "\x1b" not in text
    assert "[red]do[/red] :x:" in text


def test_a_terminal_without_unicode_gets_question_marks_and_no_crash():
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding="ascii", newline="")
    terminal.render(make_run(), Console(file=file, width=80, color_system=None))
    file.flush()
    assert b"legal ? quick" in raw.getvalue()


def test_an_empty_run_says_that_nothing_was_judged():
    text = terminal.plain_text(empty_run())
    assert "NO GATE" in text
    assert "No answers." in text
