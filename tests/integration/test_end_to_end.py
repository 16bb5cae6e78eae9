"""The whole pipeline from the command line, on a tiny model and engine `transformers`."""

import csv
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from command import REPORTS, Bench, Done, folders, rewritten, verdicts
from tiny import edited, fee_rows, jsonl, make_model, note_rows, train_rows

from harness.errors import EXIT_CODES
from harness.report.json import dumps, read

# ---------------------------------------------------------------- one run


def test_the_exit_code_is_the_gates_verdict(done: Done) -> None:
    assert done.run.gate is not None
    assert {"PASS", "INCONCLUSIVE", "FAIL"} >= {done.run.gate.verdict}
    assert EXIT_CODES[done.run.gate.verdict] == done.result.returncode


def test_every_report_is_written_and_can_be_read(done: Done) -> None:
    files = [path for path in done.folder.rglob("*") if path.is_file()]
    assert {str(path.relative_to(done.folder)) for path in files} == REPORTS
    page = (done.folder / "report.html").read_text(encoding="utf-8")
    assert page.lower().startswith("<!doctype html>")
    assert done.run.id in page
    assert done.run.gate is not None
    junit = ET.parse(done.folder / "gate.junit.xml").getroot()
    assert len(list(junit.iter("testcase"))) == len(done.run.gate.rules)
    for name, rows in (
        ("answers", len(done.run.answers)),
        ("summaries", len(done.run.summaries)),
        ("comparisons", len(done.run.comparisons)),
    ):
        with (done.folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            assert len(list(csv.DictReader(file))) >= rows > 0
    assert (done.folder / "report.md").read_text(encoding="utf-8").startswith("#")


def test_run_json_reads_back_as_the_same_run(done: Done) -> None:
    # read now, not when the run was made: `bench gate` of other tests writes its command into it
    file = done.folder / "run.json"
    assert json.loads(file.read_text(encoding="utf-8")) == json.loads(dumps(read(file)))


def test_every_candidate_answered_every_case_it_was_asked(done: Done) -> None:
    asked = {"notes": {"base", "base+house", "lora"}}
    asked["fees"] = {"base", "base+house", "base+gold", "lora", "lora+retrieved"}
    expected = {
        (name, task, case.id)
        for task, names in asked.items()
        for name in names
        for case in done.run.cases
        if case.task == task
    }
    found = [(a.candidate, a.task, a.case) for a in done.run.answers]
    assert len(found) == len(expected) == 8 * 3 + 10 * 5
    assert set(found) == expected


def test_every_score_has_a_value_or_says_why_not(done: Done) -> None:
    for answer in done.run.answers:
        assert answer.scores
        for score in answer.scores:
            assert (score.value is not None) == (score.state == "ok")
            assert score.state in ("ok", "unmeasured")


def test_contexts_are_the_documents_of_the_cases_date(done: Done) -> None:
    gold = {
        answer.case: [passage.text for passage in answer.passages]
        for answer in done.run.answers
        if answer.candidate == "base+gold"
    }
    assert gold["fee-0"] == ["The reading room costs 19 euros."]
    assert gold["fee-9"] == ["The guest pass costs 7 euros."]
    bare = [answer.passages for answer in done.run.answers if answer.candidate == "lora"]
    assert set(bare) == {()}


def test_the_adapter_learns_the_house_opening(done: Done) -> None:
    means = {
        (row.candidate, row.task): row.mean
        for row in done.run.summaries
        if (row.metric, row.slice) == ("style.all", "all")
    }
    assert means["base", "fees"] == 0
    assert means["lora", "fees"] is not None
    assert means["lora", "fees"] > 0.5


def test_the_adapter_record_says_how_it_was_made(done: Done) -> None:
    adapter = next(c.adapter for c in done.run.candidates if c.candidate.name == "lora")
    assert adapter is not None
    assert adapter.rank == 8
    assert adapter.record["template"] == "chat"
    assert adapter.record["recipe"]["rank"] == 8
    assert adapter.record["base_digest"] == done.run.model.digest
    assert {"seconds", "tokens", "flops", "loss", "versions", "data_digest"} <= set(adapter.record)


def test_what_is_piped_has_no_colour_and_no_progress_bar(done: Done) -> None:
    for text in (done.result.stdout, done.result.stderr):
        assert "\x1b" not in text
        assert "\r" not in text
        assert "━" not in text
    assert max(map(len, done.result.stdout.split("report  ")[0].splitlines())) <= 80
    assert "canary passed" in done.result.stderr


# ---------------------------------------------------------------- only what is new


def _children() -> float:
    """Seconds of the processor that commands took so far."""
    times = os.times()
    return times.children_user + times.children_system


def test_a_second_run_trains_and_generates_nothing(
    done: Done, record_property: Callable[[str, object], None]
) -> None:
    before = done.bench.stamps()
    began, used = time.monotonic(), _children()
    again = done.bench.run(done.suite)
    seconds, used = time.monotonic() - began, _children() - used
    record_property("seconds of the second run", seconds)
    assert again.returncode == done.result.returncode
    assert rewritten(before, done.bench.stamps()) == set()
    assert "already trained" in again.stderr
    assert "every answer is in the store" in again.stderr
    assert again.stdout == done.result.stdout
    # of the processor, which others on the machine hardly change
    assert used < 10, f"{used:.1f} s of the processor, {seconds:.1f} s; a quiet machine takes 3"


def test_a_second_run_never_loads_what_trains_and_generates(done: Done) -> None:
    again = done.bench.run(done.suite, env={"PYTHONPROFILEIMPORTTIME": "1"})
    loaded = {line.rpartition("|")[2].strip() for line in again.stderr.splitlines()}
    assert "harness.pipeline" in loaded
    assert {"torch", "transformers", "peft", "vllm"} & loaded == set()


def test_a_changed_prompt_redoes_the_cells_that_use_it(done: Done, tmp_path: Path) -> None:
    suite = edited(done.suite, tmp_path / "tiny", lambda data: None)
    (suite / "house.yaml").write_text('system: "Answer first."\nuser: "{input}"\n')
    before = done.bench.stamps()
    result = done.bench.run(suite, "--executor", "inline")
    new = rewritten(before, done.bench.stamps())
    assert folders(new) == {"answers"}
    assert len(new) == 2  # base+house, once for each task
    assert not set(before) & new
    assert result.returncode in (0, 1, 4)


def test_a_changed_recipe_trains_again_and_keeps_the_bases_answers(
    done: Done, tmp_path: Path
) -> None:
    def change(data: dict[str, Any]) -> None:
        data["recipes"]["lora"]["rank"] = 4

    suite = edited(done.suite, tmp_path / "tiny", change)
    before = done.bench.stamps()
    result = done.bench.run(suite, "--executor", "inline")
    new = rewritten(before, done.bench.stamps())
    cells = [path for path in new if "/answers/" in path]
    assert len({str(Path(path).parent) for path in new if "/adapters/" in path}) == 1
    assert len(cells) == 3  # lora on both tasks, lora+retrieved on one
    assert "already trained" not in result.stderr


# ---------------------------------------------------------------- other suites and models


def test_a_suite_made_from_rows_runs_at_once(
    bench: Bench, tiny_model: Path, tmp_path: Path
) -> None:
    rows = tmp_path / "rows.jsonl"
    pairs = [*train_rows(), *note_rows(), *fee_rows()]
    rows.write_text(jsonl({key: row[key] for key in ("input", "output")} for row in pairs))
    made = bench("init", tmp_path / "mine", "--from", rows, "--model", tiny_model)
    assert made.returncode == 0, made.stderr
    result = bench.run(tmp_path / "mine", "--executor", "inline")
    assert result.returncode in verdicts(result), result.stderr
    (data,) = bench.reports.glob("mine/*/run.json")
    assert {c.candidate.name for c in read(data).candidates} == {"base", "lora"}


@pytest.mark.parametrize("architecture, chat", [("qwen2", True), ("gpt_neox", False)])
def test_other_architectures_run_with_or_without_a_chat_template(
    architecture: str, chat: bool, bench: Bench, tmp_path: Path
) -> None:
    """A three-line suite; a base model without a chat template gets the plain one."""
    model = make_model(tmp_path / "model", architecture, chat=chat)
    suite = tmp_path / "suite"
    suite.mkdir()
    (suite / "train.jsonl").write_text(jsonl(train_rows()))
    (suite / "cases.jsonl").write_text(
        jsonl({k: row[k] for k in ("input", "output")} for row in note_rows())
    )
    (suite / "suite.yaml").write_text(
        "name: three\ntrain: train.jsonl\ntasks: {notes: {cases: cases.jsonl, max_tokens: 12}}\n"
    )
    result = bench.run(suite, "--model", model, "--executor", "inline")
    assert result.returncode == 0, result.stderr
    (data,) = bench.reports.glob("three/*/run.json")
    run = read(data)
    adapter = next(c.adapter for c in run.candidates if c.adapter)
    assert adapter.record["template"] == ("chat" if chat else "plain")
    assert len(run.answers) == 16
    assert run.model.name == str(model)
