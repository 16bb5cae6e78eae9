"""`bench score` on the answers of a finished run: the same scores, comparisons and verdict."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command import Bench, Done

from harness.records import Run
from harness.report.json import read

PAGE = Path(__file__).parents[2] / "docs/serving.md"


@pytest.fixture
def exported(done: Done, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The answers of the shared run, written by what the docs say."""
    (recipe,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run.json").write_bytes((done.folder / "run.json").read_bytes())
    exec(compile(recipe, str(PAGE), "exec"), {})
    return tmp_path / "answers.jsonl"


def scored(bench: Bench, answers: Path, suite: Path) -> tuple[int, Run, str]:
    """Exit code, run and what was said of `bench score`."""
    result = bench("score", answers, "--suite", suite, "--reports", bench.reports, "--json")
    told = json.loads(result.stdout)
    assert told["exit_code"] == result.returncode
    return result.returncode, read(Path(told["data"])), result.stderr


def by_answer(run: Run) -> dict[tuple[str, str, str, int], Any]:
    return {(one.task, one.case, one.candidate, one.sample): one.scores for one in run.answers}


def test_answers_of_a_run_get_the_scores_that_they_had_there(
    done: Done, exported: Path, tmp_path: Path
) -> None:
    bench = Bench(tmp_path / "elsewhere")
    code, run, said = scored(bench, exported, done.suite)
    assert code == done.result.returncode
    assert by_answer(run) == by_answer(done.run)
    assert run.summaries == done.run.summaries
    assert run.comparisons == done.run.comparisons
    assert run.gate == done.run.gate
    assert [one.candidate.name for one in run.candidates] == [
        one.candidate.name for one in done.run.candidates
    ]
    assert "train " not in said
    assert not list(bench.home.glob("adapters/*"))
    again = scored(bench, exported, done.suite)
    assert again[1].id == run.id
    assert "every answer is in the store" in again[2]


def test_a_rule_that_was_not_there_is_tried_on_kept_answers(
    done: Done, exported: Path, tmp_path: Path
) -> None:
    suite = shutil.copytree(done.suite, tmp_path / "changed")
    with (suite / "style.yaml").open("a", encoding="utf-8") as file:
        file.write('  - {name: ending, kind: pattern, pattern: "[.]$"}\n')
    _, run, _ = scored(Bench(tmp_path / "elsewhere"), exported, suite)
    ends = [
        (one.answer.text.endswith("."), score.value)
        for one in run.answers
        for score in one.scores
        if score.metric == "style.ending"
    ]
    assert len(ends) == len(done.run.answers)
    assert {found for found, value in ends if value == 1.0} == {True}


@pytest.fixture
def refused(done: Done, tmp_path: Path) -> Callable[[Path], str]:
    """What the command says of a file that it does not take, exit code 2."""

    def run(answers: Path) -> str:
        bench = Bench(tmp_path / "elsewhere")
        result = bench("score", answers, "--suite", done.suite)
        assert (result.returncode, result.stdout) == (2, "")
        return result.stderr

    return run


def test_a_file_that_is_not_there_is_one_line(
    refused: Callable[[Path], str], tmp_path: Path
) -> None:
    said = refused(tmp_path / "none.jsonl")
    assert said.count("\n") == 1
    assert f"{tmp_path / 'none.jsonl'}: " in said
    assert "no such file" in said.lower()
