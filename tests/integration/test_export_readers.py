"""Exports are what the readers of the other tools take them for.

The readers are in a folder beside the environment (make interop), so that they move no pin.
"""

import dataclasses
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.compare.summaries import summarise
from harness.records import (
    Answer,
    Candidate,
    CandidateResult,
    Case,
    Metric,
    Run,
    Score,
    ScoredAnswer,
)
from harness.report.json import JsonReport

INTEROP = Path(sys.prefix) / "interop"
HERE = Path(__file__).parent
REPORTS = HERE.parent / "unit" / "report"


def factory(name: str) -> Any:
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, REPORTS / f"{name}.py")
        assert spec
        assert spec.loader
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def environment(*, readers: bool) -> dict[str, str]:
    """A child's: with the readers or without, and nothing leaves the machine."""
    assert (INTEROP / "inspect_ai").is_dir(), "the readers are not there: make interop"
    ours = str(HERE.parents[1])
    path = [ours, *([str(INTEROP)] if readers else [])]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path),
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
    }


def child(*words: str | Path, readers: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, words)],
        env=environment(readers=readers),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def read(kind: str, folder: Path) -> Any:
    """What the other tool's reader says of a folder."""
    out = folder.parent / f"{kind}-read.json"
    done = child(HERE / "foreign_readers.py", kind, folder, out)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(out.read_text(encoding="utf-8"))


def export(run: Run, kind: str, place: Path, *, readers: bool = False) -> Path:
    """`bench export` of a run, as a user gives it."""
    folder = place / "reports" / run.suite / run.id
    if not folder.exists():
        folder.mkdir(parents=True)
        JsonReport().write(run, folder)
    out = place / kind
    words = ("-m", "harness.cli", "export", folder, "--to", kind, "-o", out)
    done = child(*words, readers=readers)
    assert done.returncode == 0, done.stderr[-3000:]
    return out


@pytest.fixture(scope="module")
def run() -> Run:
    made = factory("factory_run").make_run()
    return factory("factory_decision").decided(made)


@pytest.fixture(scope="module")
def stored(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The run as run.json keeps it: lone surrogates are U+FFFD."""
    from harness.report.json import read as read_run

    return read_run(JsonReport().write(run, tmp_path_factory.mktemp("stored")))


def drawn() -> Run:
    """Two cases asked three times, one answer of which the engine did not give."""
    metric = Metric("m.right", "right", binary=True, headline=True)
    cases = tuple(Case(f"c {at}/x", "a task", "What?", "This.", f"c{at}") for at in range(6))
    answers = []
    for at, case in enumerate(cases):
        for sample in range(3):
            score = Score("m.right", float((at + sample) % 2), reason="because")
            answer = Answer("r", "said", token_ids=(1, 2), prompt_tokens=3)
            if (at, sample) == (1, 2):
                score = Score("m.right", None, "error", reason="no answer")
                answer = Answer("r", "", finish="error", error="the engine stopped")
            if (at, sample) == (2, 0):
                score = Score("m.right", None, "unmeasured", reason="not asked for")
            answers.append(ScoredAnswer(case.id, case.task, "a/b", answer, (score,), sample=sample))
    return dataclasses.replace(
        factory("factory_run").empty_run(),
        suite="odd name/with_slash",
        cases=cases,
        answers=tuple(answers),
        summaries=summarise(answers, cases, [metric], [Candidate("a/b")]),
        metrics=(metric,),
        candidates=(CandidateResult(Candidate("a/b"), answers=18),),
    )


# ---------------------------------------------------------------- Inspect


@pytest.fixture(scope="module")
def inspected(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return read("inspect", export(run, "inspect", tmp_path_factory.mktemp("inspect")))


def test_inspect_lists_and_reads_a_log_per_task_and_candidate(stored: Run, inspected: Any) -> None:
    groups = {(one.task, one.candidate) for one in stored.answers}
    logs = inspected["logs"]
    told = {(f"legal/{task}", f"smollm2-135m/{name}") for task, name in groups}
    assert {(log["task"], log["model"]) for log in logs} == told
    assert {log["status"] for log in logs} == {"success"}
    assert inspected["evals"] == len(groups) == len(logs)
    assert inspected["samples"] == len(stored.answers)
    assert sum(log["summaries"] for log in logs) == len(stored.answers)


def test_inspect_reads_the_means_and_scores_of_run_json(stored: Run, inspected: Any) -> None:
    logs = {(log["task"], log["model"]): log for log in inspected["logs"]}
    for one in stored.summaries:
        if one.slice == "all":
            log = logs[f"legal/{one.task}", f"smollm2-135m/{one.candidate}"]
            found = log["results"][one.metric]
            assert (found.get("mean"), found["n"]) == (one.mean, one.n)
            assert (found.get("low"), found.get("high")) == (one.low, one.high)
            assert found["unscored"] == one.unmeasured + one.errors
    for answer in stored.answers:
        log = logs[f"legal/{answer.task}", f"smollm2-135m/{answer.candidate}"]
        (sample,) = (one for one in log["samples"] if one["id"] == answer.case)
        assert sample["text"] == answer.answer.text
        for score in answer.scores:
            expected = "nan" if score.value is None else score.value
            assert sample["scores"][score.metric] == expected
            if score.state != "ok":
                assert sample["reasons"][score.metric] == score.state


def test_inspect_reads_samples_as_epochs_and_a_failed_answer_as_an_error(tmp_path: Path) -> None:
    run = drawn()
    (log,) = read("inspect", export(run, "inspect", tmp_path))["logs"]
    assert log["epochs"] == 3
    assert sorted({one["epoch"] for one in log["samples"]}) == [1, 2, 3]
    failed = [one for one in log["samples"] if one["error"]]
    assert [(one["id"], one["epoch"]) for one in failed] == [("c 1/x", 3)]
    assert failed[0]["error"] == "the engine stopped"
    (summary,) = (one for one in run.summaries if one.slice == "all")
    assert log["results"]["m.right"]["mean"] == summary.mean
    scores = [one["scores"]["m.right"] for one in log["samples"]]
    assert scores.count("nan") == 2


# ---------------------------------------------------------------- lm-evaluation-harness


def test_lm_eval_reads_results_and_samples_and_makes_its_table(
    run: Run, stored: Run, tmp_path: Path
) -> None:
    found = read("lm-eval", export(run, "lm-eval", tmp_path))
    names = {one.candidate.name for one in stored.candidates}
    assert set(found) == {f"smollm2-135m__{name}" for name in names}
    for folder, one in found.items():
        assert folder == one["sanitized"]
        assert {"clauses", "recency"} == set(one["samples"])
        assert "|recency.current|" in one["table"].replace(" ", "")
    for one in stored.summaries:
        name = one.task if one.slice == "all" else f"{one.task}:{one.slice}"
        results = found[f"smollm2-135m__{one.candidate}"]["results"][name]
        assert results[f"{one.metric},none"] == one.mean
    lines = found["smollm2-135m__base"]["samples"]["recency"]
    (lost,) = (line for line in lines if line["doc"]["id"] == "fact-63")
    assert (lost["recency.current"], lost["states"]["recency.current"]) == (None, "error")
    (answer,) = (one for one in stored.answers if (one.case, one.candidate) == ("fact-00", "lora"))
    (line,) = (
        line
        for line in found["smollm2-135m__lora"]["samples"]["recency"]
        if line["doc"]["id"] == "fact-00"
    )
    assert line["resps"] == [[answer.answer.text]]
    assert line["recency.current"] == answer.scores[0].value


def test_lm_eval_reads_odd_names(tmp_path: Path) -> None:
    found = read("lm-eval", export(drawn(), "lm-eval", tmp_path))
    (one,) = found.values()
    ((name, lines),) = one["samples"].items()
    assert name.startswith("a_task-")
    assert len(lines) == 18
    assert "a task" in one["table"]


# ---------------------------------------------------------------- MLflow


def test_mlflow_reads_the_runs_of_a_local_store(run: Run, stored: Run, tmp_path: Path) -> None:
    folder = export(run, "mlflow", tmp_path, readers=True)
    runs = {one["name"]: one for one in read("mlflow", folder)["legal"]}
    assert set(runs) == {one.candidate.name for one in stored.candidates}
    for one in stored.summaries:
        name = f"{one.task}/{one.metric}/{one.slice}"
        metrics = runs[one.candidate]["metrics"]
        assert metrics.get(f"{name}/mean") == one.mean
        assert metrics.get(f"{name}/low") == one.low
        assert metrics[f"{name}/n"] == one.n
    lora = next(one for one in stored.candidates if one.candidate.name == "lora")
    assert lora.adapter
    assert runs["lora"]["loss"] == lora.adapter.record["loss"]
    assert runs["lora"]["params"]["recipe.rank"] == "16"
    assert runs["lora"]["tags"]["bench.verdict"] == "ERROR"


def test_mlflow_logs_a_run_once_however_often_it_is_exported(tmp_path: Path) -> None:
    run = drawn()
    for _ in range(2):
        folder = export(run, "mlflow", tmp_path, readers=True)
    found = [one for runs in read("mlflow", folder).values() for one in runs]
    assert [one["name"] for one in found] == ["a/b"]


def test_without_mlflow_one_line_says_what_to_install(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = child("-m", "harness.cli", "export", "--to", "mlflow", "-o", out, readers=False)
    assert done.returncode == 3
    assert "pip install mlflow-skinny" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not out.exists()
