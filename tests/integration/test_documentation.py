"""README and docs say what is true: their commands run, their links lead somewhere."""

import json
import re
import shlex
from pathlib import Path

import pytest
import yaml

from harness.cli import cli
from harness.suite.load import load

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "benchmarks/README.md"]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def bench_lines(page: Path) -> list[list[str]]:
    lines = [line for block in blocks(page, "sh") for line in block.splitlines()]
    return [shlex.split(line, comments=True) for line in lines if line.startswith("bench ")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_leads_to_a_file(page):
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", text)
    missing = [
        target
        for target in targets
        if not target.startswith("http") and not (page.parent / target).exists()
    ]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_bench_command_in_the_docs_exists_with_its_options(page):
    for words in bench_lines(page):
        command = cli.commands[words[1]]
        known = {name for option in command.params for name in option.opts}
        used = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert used - known == set()


def test_the_readme_table_lists_exactly_the_commands():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `bench ([a-z]+)", text, re.MULTILINE))
    assert listed == set(cli.commands)


def test_the_own_data_walk_of_the_readme_runs(tiny_model, bench):
    rows = [
        {"input": f"Ask the {n}th clerk about desk {n}", "output": f"Answer: desk {n} is free."}
        for n in range(40)
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    bench.folder.mkdir()
    (bench.folder / "rows.jsonl").write_text(text, encoding="utf-8")
    section = (ROOT / "README.md").read_text(encoding="utf-8").split("## Your own data")[1]
    commands = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)[0].splitlines()
    assert [line.split()[1] for line in commands] == ["init", "check", "run", "show"]
    for line in commands:
        words = shlex.split(line)[1:]
        if words[0] == "run":
            words += ["--model", str(tiny_model), "--engine", "transformers"]
        done = bench(*words)
        if words[0] != "run":
            assert done.returncode == 0, done.stderr
            continue
        # random weights never stop: where most answers were cut, the verdict is ERROR and says so
        cut = "answers reached max_tokens and were cut" in " ".join(done.stdout.split())
        assert done.returncode in ((3,) if cut else (0, 1, 4)), done.stderr


def test_the_three_line_suite_of_the_docs_is_a_suite(tmp_path):
    text = blocks(ROOT / "docs/suites.md", "yaml")[0]
    assert len(text.splitlines()) == 3
    (tmp_path / "suite.yaml").write_text(text, encoding="utf-8")
    for name, start in (("train", "learn"), ("cases", "ask")):
        rows = [{"input": f"{start} {n}", "output": f"It is {n}."} for n in range(4)]
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    assert load(tmp_path).name == yaml.safe_load(text)["name"]
