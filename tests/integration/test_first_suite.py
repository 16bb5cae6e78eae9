"""The newcomer's walk of docs/first-suite.md, every block of it, with the tiny model."""

import re
import shlex
from pathlib import Path

import pytest
from command import Bench, verdicts

PAGE = Path(__file__).parents[2] / "docs" / "first-suite.md"
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def walk(tmp_path_factory, tiny_model):
    """Every command of the page with its result, run in order after what stands before it."""
    bench = Bench(tmp_path_factory.mktemp("first") / "desk")
    bench.folder.mkdir()
    done = []
    for language, text in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if language == "python":
            write = compile(text.replace('"tickets.csv"', "path"), str(PAGE), "exec")
            exec(write, {"path": bench.folder / "tickets.csv"})
        elif language == "yaml" and text.startswith("rules:"):
            (bench.folder / "my-suite/style.yaml").write_text(text, encoding="utf-8")
        elif language == "yaml":
            path = bench.folder / "my-suite/suite.yaml"
            before = "train: train.jsonl\n"
            whole = path.read_text(encoding="utf-8")
            assert before in whole
            path.write_text(whole.replace(before, before + text, 1), encoding="utf-8")
        for line in text.splitlines() if language == "sh" else ():
            words = shlex.split(line)[1:]
            if words[0] in ("run", "gate"):
                words += ["--model", str(tiny_model), "--engine", "transformers"]
            done.append((line, bench(*words)))
    return bench, done


def test_every_command_of_the_walk_works(walk):
    _, done = walk
    assert [line.split()[1] for line, _ in done] == ["init", "check", "run", "show", "show", "gate"]
    for line, result in done:
        allowed = verdicts(result) if line.split()[1] in ("run", "gate") else (0,)
        assert result.returncode in allowed, (line, result.stdout, result.stderr)


def test_init_says_what_it_found_and_the_page_says_what_it_says(walk):
    _, done = walk
    said = done[0][1].stdout
    first = "read 56 rows of tickets.csv: input from 'Ticket', output from 'Reply', tags from"
    assert said.splitlines()[0] == f"{first} 'Category'"
    assert re.search(r"cases that training asks too +exact +0 +near +0\n", said)
    for start in ("data: ", "leakage: ", "wrote ", "next: bench check my-suite"):
        assert f"\n{start}" in said
    assert max(map(len, said.splitlines()[1:])) <= 80


def test_the_rules_of_the_page_are_measured_and_a_wrong_answer_keeps_them(walk):
    _, done = walk
    rows = [line.split() for line in done[1][1].stdout.splitlines()]
    found = {row[1]: row[4:] for row in rows if row[:1] == ["answers"]}
    assert set(found) >= {
        f"style.{name}" for name in ("all", "greeting", "step", "sign_off", "length")
    }
    assert found["style.all"] == ["1.00", "0.00", "-", "1.00"]


def test_the_gate_computes_nothing_again_and_names_its_rules(walk):
    bench, done = walk
    run, gate = done[2][1], done[-1][1]
    assert gate.returncode == run.returncode
    assert [line.split()[2:4] for line in gate.stdout.splitlines()[1:3]] == [
        ["answers", "style.all:"],
        ["general", "regression.kept:"],
    ]
    assert len(list(bench.reports.glob("my-suite/*/run.json"))) == 1
