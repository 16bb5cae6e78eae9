"""The terminal report."""

import dataclasses
import io
import re
from pathlib import Path

import pytest
from factory_decision import decided
from factory_run import NASTY, empty_run, make_run
from rich.cells import cell_len
from rich.console import Console

from harness.records import Candidate, CandidateResult
from harness.report import terminal

GOLDEN = Path(__file__).parents[2] / "golden" / "report.txt"


def test_the_text_is_the_golden_one():
    assert GOLDEN.read_text(encoding="utf-8") == terminal.plain_text(decided(make_run()))


@pytest.mark.parametrize("width", [80, 200])
def test_no_line_is_wider_than_80_columns(width: int):
    out = io.StringIO()
    terminal.render(decided(make_run()), Console(file=out, width=width, color_system=None))
    assert max(map(cell_len, out.getvalue().splitlines())) <= 80


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
    text = terminal.plain_text(decided(make_run()))
    first = ["gate rules", "THE ANSWER", "CLAIMS ABOUT FINE-TUNING", "WHAT IT BROKE"]
    first += ["COST AND BREAK-EVEN", "LEARNING CURVES", "WHERE TO LOOK", "WHY"]
    then = [
        "IMPROVED",
        "WHERE IT BROKE",
        "CONTEXT (RAG)",
        "FINDINGS ALONE",
        "RESULTS",
        "GATE !",
        "WARNINGS",
    ]
    places = [text.index(head) for head in [*first, *then]]
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


def test_the_answer_is_within_the_first_screen():
    run = decided(make_run())
    screen = terminal.plain_text(run).splitlines()[:24]
    text = " ".join(" ".join(screen).split())
    assert run.decision.sentence in text
    assert [need.need for need in run.decision.needs if f" {need.need} " in text] == [
        need.need for need in run.decision.needs
    ]
    assert "style fine-tune (lora) shown 95 % [88, 100] 85 % 40" in text


def test_a_weakness_names_a_command_that_shows_a_failing_answer():
    run = decided(make_run())
    text = terminal.plain_text(run)
    case = re.search(r"^  changing facts +bench show (\S+) --run 3f2a9c41$", text, re.MULTILINE)[1]
    tags = {one.id: one.tags for one in run.cases}
    values = [
        score.value
        for answer in run.answers
        if (answer.case, answer.candidate) == (case, "lora+retrieved")
        for score in answer.scores
        if score.metric == "recency.current"
    ]
    assert "changed" in tags[case]
    assert values == [0.0]


def test_a_run_without_a_decision_says_so_and_how_to_get_one():
    text = " ".join(terminal.plain_text(make_run()).split())
    assert "THE ANSWER This run's record holds no decision. Running the suite again" in text


@pytest.mark.parametrize("nasty", [*NASTY, "x" * 1_000_000, "{{ 7 * 7 }}", "表" * 90, "=1+1"])
def test_hostile_words_stay_words_within_80_columns(nasty: str):
    run = decided(make_run())
    needs = tuple(
        dataclasses.replace(one, why=nasty, change=nasty, candidate=nasty)
        for one in run.decision.needs
    )
    decision = dataclasses.replace(run.decision, sentence=nasty, needs=needs, sensitivity=(nasty,))
    claims = tuple(dataclasses.replace(one, claim=nasty, sentence=nasty) for one in run.claims)
    cost = dataclasses.replace(run.break_even, sentence=nasty, notes=(nasty,), currency=nasty)
    curves = tuple(dataclasses.replace(one, sentence=nasty) for one in run.curves)
    text = terminal.plain_text(
        dataclasses.replace(run, decision=decision, claims=claims, break_even=cost, curves=curves)
    )
    assert max(map(cell_len, text.splitlines())) <= 80
    assert len(text) < 150_000
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", text)
