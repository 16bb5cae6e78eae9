"""Annotations and outputs of a verdict, and what a model's words cannot do in them."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import pytest
from factory_run import make_run

from harness.records import CaseResult, GateResult, Rule, RuleResult
from harness.report import gatefile, github

NASTY = "says 100%\r\n::error::all is well, %0A: ok"


def gate_data(*rules: tuple[str, str], where: str = "", **more: Any) -> dict[str, Any]:
    """gate.json of rules with these verdicts and reasons."""
    results = tuple(
        RuleResult(
            Rule("at_least", "lora", "clauses", "style.all", value=0.5, where=where),
            verdict,
            reason,
        )
        for verdict, reason in rules
    )
    worst = max(
        (verdict for verdict, _ in rules), key=["PASS", "INCONCLUSIVE", "FAIL", "ERROR"].index
    )
    run = replace(make_run(), gate=GateResult(worst, results, **more))
    return gatefile.shape(run, {})


def parsed(line: str) -> tuple[str, dict[str, str], str]:
    """Level, properties and message of a workflow command, as the runner takes it apart."""
    found = re.fullmatch(r"::(\w+) ([^:]*)::(.*)", line)
    assert found, line
    pairs = dict(pair.split("=", 1) for pair in found[2].split(","))
    return found[1], {key: unquote(text) for key, text in pairs.items()}, unquote(found[3])


def test_a_message_is_one_line_that_reads_as_it_was_written():
    line = github.command("error", "a title, with: 5 %", NASTY)
    assert "\n" not in line
    assert "\r" not in line
    level, properties, words = parsed(line)
    assert (level, properties) == ("error", {"title": "a title, with: 5 %"})
    assert words == NASTY.replace("\r\n", "\n")


def test_an_annotation_is_on_the_rules_line_of_its_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    (tmp_path / "po,li:cy%.yaml").write_text("gate: []\n", "utf-8")
    data = gate_data(("FAIL", NASTY), where=f"{tmp_path}/po,li:cy%.yaml:7")
    level, properties, words = parsed(next(github.annotations(data)))
    assert (level, properties["file"], properties["line"]) == ("error", "po,li:cy%.yaml", "7")
    assert NASTY.replace("\r\n", "\n") in words


@pytest.mark.parametrize("where", ["", "no/such.yaml:7", "builtin:general:3", "suite.yaml"])
def test_a_place_that_is_no_line_of_a_file_is_left_out(where):
    assert github.place(where) == {}


def test_the_workspace_is_what_a_file_is_named_from(tmp_path, monkeypatch):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/suite.yaml").write_text("name: x\n", "utf-8")
    monkeypatch.chdir(tmp_path / "sub")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    assert github.place("suite.yaml:1") == {"file": "sub/suite.yaml", "line": "1"}


@pytest.mark.parametrize(
    "verdict, allowed, level",
    [
        ("PASS", False, []),
        ("FAIL", False, ["error"]),
        ("ERROR", False, ["error"]),
        ("INCONCLUSIVE", False, ["warning"]),
        ("INCONCLUSIVE", True, ["notice"]),
    ],
)
def test_the_level_is_what_the_verdict_does_to_the_job(verdict, allowed, level):
    data = gate_data((verdict, "why"), allow_inconclusive=allowed)
    *rules, last = [parsed(line) for line in github.annotations(data)]
    assert [one[0] for one in rules] == level
    assert last[0] == ("notice" if data["exit_code"] == 0 else "error")
    assert last[2] == data["summary"]


def test_a_must_pass_case_is_on_its_own_line(tmp_path):
    cases = tmp_path / "cases.jsonl"
    cases.write_text("{}\n", "utf-8")
    run = make_run()
    case = run.cases[0]
    lost = CaseResult(case.id, case.task, "lora", "style.all", "FAIL", NASTY)
    placed = (replace(case, where=f"{cases}:1"), *run.cases[1:])
    run = replace(run, cases=placed, gate=GateResult("FAIL", (), (lost,)))
    level, properties, words = parsed(next(github.annotations(gatefile.shape(run, {}))))
    assert (level, properties["line"]) == ("error", "1")
    assert properties["file"].endswith("cases.jsonl")
    assert words.startswith(f"{case.id} (lora, style.all): says 100%")


def test_of_many_as_many_are_shown_as_github_shows_and_the_rest_is_counted():
    data = gate_data(*[("FAIL", f"reason {n}") for n in range(30)])
    found = [parsed(line) for line in github.annotations(data)]
    assert len(found) == 10
    assert found[-2][2].startswith("22 more")
    assert found[-1][2] == data["summary"]


def test_the_worst_comes_first():
    data = gate_data(("INCONCLUSIVE", "a"), ("FAIL", "b"), ("ERROR", "c"))
    titles = [parsed(line)[1]["title"].partition(":")[0] for line in github.annotations(data)]
    assert titles == ["ERROR", "FAIL", "INCONCLUSIVE", "bench gate"]


def test_what_stopped_a_gate_is_on_the_line_that_it_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    (tmp_path / "suite.yaml").write_text("name: x\n", "utf-8")
    data = gatefile.failure("x", "bench gate x", "suite.yaml:1: no tasks; cases.jsonl:2: 5 %", 2)
    (line,) = github.annotations(data)
    level, properties, words = parsed(line)
    assert (level, properties["file"], properties["line"]) == ("error", "suite.yaml", "1")
    assert words == data["summary"]


def test_an_output_is_one_line_whatever_the_words_are(tmp_path):
    data = gatefile.failure("x", "bench gate x", "first\nverdict=PASS\r\nexit-code=0", 3)
    lines = [line.partition("=") for line in github.outputs(data, tmp_path)]
    assert [name for name, _, _ in lines] == ["verdict", "exit-code", "summary", "run", "report"]
    found = {name: words for name, _, words in lines}
    assert (found["verdict"], found["exit-code"], found["report"]) == ("ERROR", "3", "")
    assert not any("\n" in words or "\r" in words for words in found.values())


def test_the_module_prints_what_the_script_asks_for(tmp_path):
    data = gate_data(("FAIL", "why"))
    report = tmp_path / data["suite"] / data["run"] / "report.html"
    report.parent.mkdir(parents=True)
    report.write_text("", "utf-8")
    (tmp_path / "gate.json").write_text(json.dumps(data), "utf-8")

    def printed(what: str) -> list[str]:
        args = [sys.executable, "-m", "harness.report.github", what, "gate.json", "."]
        done = subprocess.run(
            args, cwd=tmp_path, capture_output=True, text=True, check=True, env=dict(os.environ)
        )
        return done.stdout.splitlines()

    assert printed("annotations") == list(github.annotations(data))
    assert f"report={report.relative_to(tmp_path)}" in printed("outputs")
