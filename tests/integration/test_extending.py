"""The package of docs/extending.md is built from the page, installed, and used by name."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from command import Bench

PAGE = Path(__file__).parents[2] / "docs/extending.md"
RETRIEVE = """
from harness.records import Document, Retrieval
from harness.retrieve.search import find
documents = [Document("a", "Fee", "Five."), Document("b", "Late fee", "Nine.")]
found = find(documents, ["What is the late fee?", "When?"], Retrieval("titles"), 2)
print([[passage.document for passage in passages] for passages in found])
"""


def blocks(language: str) -> list[str]:
    text = PAGE.read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that pip put the package of the page into."""
    source = tmp_path_factory.mktemp("bench-plainness")
    target = tmp_path_factory.mktemp("site")
    (source / "pyproject.toml").write_text(blocks("toml")[0], encoding="utf-8")
    code = "\n\n".join(blocks("python"))
    (source / "bench_plainness.py").write_text(code, encoding="utf-8")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target"]
    command = [sys.executable, "-m", "pip", "install", *options, str(target), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return target


def write_suite(bench: Bench, **changes: object) -> Path:
    """The page's suite, with cases."""
    suite = yaml.safe_load(blocks("yaml")[0]) | changes
    folder = bench.folder / "mine"
    folder.mkdir(parents=True)
    (folder / "suite.yaml").write_text(yaml.safe_dump(suite), encoding="utf-8")
    rows = [{"input": f"What of desk {n}?", "output": f"Desk {n} is free."} for n in range(6)]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "cases.jsonl").write_text(lines, encoding="utf-8")
    return folder


def test_the_scorer_of_the_page_is_as_short_as_promised() -> None:
    assert len(blocks("python")[0].splitlines()) <= 30


def test_bench_lists_and_checks_what_the_package_brings(installed: Path, bench: Bench) -> None:
    suite, env = write_suite(bench), {"PYTHONPATH": str(installed)}
    done = bench("check", suite, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(bench("list", "--json", env=env).stdout)
    assert found["scorers"][-1] == {
        "name": "plainness",
        "about": "share of short words (bench-plainness 0.1.0)",
    }
    assert [row["name"] for row in found["retrievers"]][-1] == "titles"


def test_without_the_package_the_name_is_unknown(bench: Bench) -> None:
    done = bench("check", write_suite(bench))
    assert done.returncode == 2
    assert "suite.yaml:" in done.stderr
    assert "unknown scorer 'plainness'" in done.stderr


def test_an_option_that_the_scorer_refuses_is_one_line_with_its_place(
    installed: Path, bench: Bench
) -> None:
    task = {"cases": "cases.jsonl", "scorers": {"plainness": {"letters": "many"}}}
    suite = write_suite(bench, tasks={"notes": task})
    done = bench("check", suite, env={"PYTHONPATH": str(installed)})
    assert done.returncode == 2
    assert "scorer 'plainness': plainness takes letters, a whole number" in done.stderr


def test_a_suite_searches_with_the_retriever_of_the_page(installed: Path) -> None:
    env = {"PYTHONPATH": f"{installed}:{PAGE.parents[1]}"}
    command = [sys.executable, "-c", RETRIEVE]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[['b', 'a'], []]\n", "")


def test_a_package_that_breaks_is_one_line_when_its_name_is_used(
    installed: Path, bench: Bench, tmp_path: Path
) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "first/bench_plainness.py").write_text("import gone_away\n", encoding="utf-8")
    env = {"PYTHONPATH": f"{tmp_path / 'first'}:{installed}"}
    assert bench("list", env=env).returncode == 0
    done = bench("check", write_suite(bench), env=env)
    assert done.returncode in (2, 3)
    lines = [line for line in done.stderr.splitlines() if "bench_plainness:Plainness" in line]
    assert len(lines) == 1
    assert "bench-plainness 0.1.0" in done.stderr
    assert "No module named 'gone_away'" in " ".join(done.stderr.split())
