"""The release manager's walk of docs/gate.md, every command of it, with the tiny model."""

import json
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml
from command import Bench, Result
from tiny import edited, jsonl, note_rows

from harness.report.json import read

PAGE = Path(__file__).parents[2] / "docs" / "gate.md"
VERDICTS = (0, 1, 4)
Walk = tuple[Bench, dict[str, Result]]


def blocks(language: str) -> list[str]:
    text = PAGE.read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def called(bench: Bench, line: str) -> Result:
    words = shlex.split(line)[1:]
    extra = ["--engine", "transformers"] if words[0] in ("run", "gate") else []
    return bench(*words, *extra)


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory, tiny_suite: Callable[[Path], Path]) -> Walk:
    """Every command of the page with its result; the plan comes again once there is a baseline."""
    root = tmp_path_factory.mktemp("gate")
    bench = Bench(root / "desk")
    bench.folder.mkdir()
    (rules,) = blocks("yaml")
    plain = tiny_suite(root / "plain")
    suite = edited(
        plain, bench.folder / "my-suite", lambda data: data.update(yaml.safe_load(rules))
    )
    rows = [{**row, "tags": ["must_pass"]} for row in note_rows()]
    (suite / "cases/notes.jsonl").write_text(jsonl(rows), encoding="utf-8")
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    done = {}
    for line in lines:
        if "path/to/adapter" in line:
            (weights,) = bench.home.glob("adapters/*/adapter_model.safetensors")
            shutil.copytree(weights.parent, bench.folder / "path/to/adapter")
            (bench.folder / "path/to/adapter/record.json").unlink()
        done[line] = called(bench, line)
    return bench, done


def test_every_command_of_the_walk_works(walk: Walk) -> None:
    _, done = walk
    codes = {line: result.returncode for line, result in done.items()}
    assert codes.pop("bench gate my-suite --plan") == 3  # no baseline is pinned yet
    assert codes.pop("bench run my-suite") == 3
    assert codes.pop("bench gate my-suite --adapter path/to/adapter") in VERDICTS
    assert set(codes.values()) == {0}


def test_the_baselines_own_adapter_is_no_worse_than_itself(walk: Walk) -> None:
    bench, done = walk
    said = done["bench gate my-suite --adapter path/to/adapter"]
    data = json.loads((bench.folder / "reports/my-suite/gate/gate.json").read_text("utf-8"))
    run = read(bench.folder / "reports/tiny" / data["run"] / "run.json")
    assert run.gate is not None
    estimates = {rule["kind"]: rule["estimate"] for rule in data["rules"]}
    assert estimates["non_inferior"] == 0
    assert data["baseline"] == run.gate.baseline
    assert "it is compared with itself" in said.stdout
    assert "train    " not in said.stderr
    assert "every answer is in the store" in said.stderr
    assert said.stdout.splitlines()[-1] == data["summary"]
    assert [one.candidate.name for one in run.candidates] == ["lora"]
    suite = ET.parse(bench.folder / "reports/my-suite/gate/gate.junit.xml").getroot()[0]
    assert suite.get("tests") == str(len(data["rules"]) + len(data["must_pass"]))
    assert {one["verdict"] for one in data["must_pass"]} == {"PASS"}
    assert len(data["must_pass"]) == 8


def test_the_page_names_every_key_of_the_file(walk: Walk) -> None:
    bench, _ = walk
    data = json.loads((bench.folder / "reports/my-suite/gate/gate.json").read_text("utf-8"))
    table = PAGE.read_text("utf-8").split("| key of gate.json")[1].split("\n\n")[0]
    named = {
        name
        for row in table.splitlines()
        for name in re.findall(r"`(\w+)`", row.split("|")[1] if row.startswith("|") else "")
    }
    assert named == set(data)


def test_a_broken_adapter_replaces_the_verdict(walk: Walk, tmp_path: Path) -> None:
    bench, _ = walk
    mine = shutil.copytree(bench.folder / "path/to/adapter", tmp_path / "mine")
    (mine / "adapter_model.safetensors").write_bytes(b"not tensors")
    out = tmp_path / "out"
    shutil.copytree(bench.folder / "reports/my-suite/gate", out)
    done = called(bench, f"bench gate my-suite --adapter {mine} --out {out}")
    data = json.loads((out / "gate.json").read_text("utf-8"))
    assert (done.returncode, data["verdict"], data["exit_code"]) == (2, "ERROR", 2)
    assert "adapter_model.safetensors is damaged" in data["reason"]
    assert 'errors="1"' in (out / "gate.junit.xml").read_text("utf-8")
