"""Exports: hostile texts, what was not measured, model cards, the command's words."""

import csv
import dataclasses
import json
import math
from pathlib import Path

import pytest
from factory_decision import decided
from factory_run import empty_run, make_run
from huggingface_hub import ModelCard
from huggingface_hub.repocard_data import eval_results_to_model_index, model_index_to_eval_results

from harness import registry
from harness.records import Answer, Run, Score, ScoredAnswer
from harness.report.exports.shared import plain
from harness.report.tables import TABLES

FILES = [name for name in registry.names("export") if name != "mlflow"]
LONG = "₹" * (1 << 20)
EVIL = "=cmd|'/c calc'!A0"


@pytest.fixture(scope="module")
def run() -> Run:
    return decided(make_run())


def export(name: str, run: Run, folder: Path) -> list[Path]:
    return [Path(path) for path in registry.load("export", name)().write(run, str(folder / name))]


def hostile(run: Run) -> Run:
    """Answers and names that try to break a file, a spreadsheet or a terminal."""
    first = run.answers[0]
    texts = (EVIL, "\x1b[31mred", LONG, "lone \ud83d here", "a\x00b\u202ec")
    bad = [
        ScoredAnswer(
            first.case,
            first.task,
            first.candidate,
            Answer("r", text),
            (Score("style.all", math.inf, reason=text), Score("style.heading", None, "error")),
            sample=at + 1,
        )
        for at, text in enumerate(texts)
    ]
    return dataclasses.replace(run, answers=(*run.answers, *bad), suite="../=evil/\x1bsuite")


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_run_is_exported_into_its_folder_alone(name: str, tmp_path: Path, run: Run):
    inside = tmp_path / "a" / "b"
    written = export(name, hostile(run), inside)
    assert written
    found = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert found == set(written)
    assert all(path.is_relative_to(inside / name) for path in found)
    for path in found:
        if path.suffix != ".parquet":
            text = path.read_bytes().decode("utf-8")
            assert "\x1b" not in text
            assert "\x00" not in text


@pytest.mark.parametrize("name", FILES)
def test_the_same_run_gives_the_same_files(name: str, tmp_path: Path, run: Run):
    first = {path: path.read_bytes() for path in export(name, run, tmp_path)}
    assert first == {path: path.read_bytes() for path in export(name, run, tmp_path)}


@pytest.mark.parametrize("name", FILES)
def test_a_run_without_answers_is_no_error(name: str, tmp_path: Path):
    written = export(name, empty_run(), tmp_path)
    assert bool(written) == (name in ("parquet", "csv"))


def test_no_cell_of_csv_is_a_formula_and_nothing_measured_is_empty(tmp_path: Path, run: Run):
    paths = {path.stem: path for path in export("csv", hostile(run), tmp_path)}
    assert list(TABLES) == list(paths)
    csv.field_size_limit(1 << 24)
    for path in paths.values():
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        cells = [cell for row in rows for cell in row.values()]
        assert [cell for cell in cells if cell[:1] in tuple("=@\t\r")] == []
    with paths["scores"].open(encoding="utf-8", newline="") as file:
        scores = list(csv.DictReader(file))
    lost = [row for row in scores if row["state"] != "ok" or row["sample"] != "0"]
    assert {row["value"] for row in lost} == {""}
    with paths["answers"].open(encoding="utf-8", newline="") as file:
        texts = [row["answer"] for row in csv.DictReader(file)]
    assert f"'{EVIL}" in texts
    assert LONG in texts
    assert "lone \ufffd here" in texts


def test_what_was_not_measured_is_null_or_nan_but_never_0(tmp_path: Path, run: Run):
    lines = []
    for path in export("lm-eval", hostile(run), tmp_path):
        if path.suffix == ".jsonl":
            lines += [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    drawn = [line for line in lines if line["sample"]]
    assert [line["style.all"] for line in drawn] == [None] * 5
    assert [line["style.heading"] for line in drawn] == [None] * 5
    found = []
    for path in export("inspect", hostile(run), tmp_path):
        log = json.loads(path.read_text("utf-8"))
        found += [one["scores"] for one in log["samples"] if one["epoch"] > 1]
    values = [score["value"] for scores in found for score in scores.values()]
    assert len(values) == 10
    assert all(math.isnan(value) for value in values)


# ---------------------------------------------------------------- model cards


def test_a_card_is_read_by_the_hubs_own_library_with_the_means_of_the_run(tmp_path: Path, run: Run):
    (path,) = export("model-card", run, tmp_path)
    data = ModelCard.load(path).data
    told = {
        (one.dataset_config, one.dataset_split, one.metric_type): one for one in data.eval_results
    }
    assert len(told) == len(data.eval_results) > 30
    metrics = {one.name: one for one in run.metrics}
    mine = [
        one
        for one in run.summaries
        if one.candidate.startswith("lora")
        and one.mean is not None
        and not metrics[one.metric].diagnostic
        and (one.slice == "all" or metrics[one.metric].headline)
    ]
    assert len(mine) == len(told)
    for one in mine:
        found = told[f"{one.task}/{one.candidate}", one.slice, one.metric]
        assert found.metric_value == one.mean
        assert found.metric_args["n"] == one.n
        assert (found.metric_args["low"], found.metric_args["high"]) == (one.low, one.high)
    assert data.library_name == "peft"
    assert data.get("base_model") is None


def test_a_cards_metadata_survives_the_hubs_round_trip(tmp_path: Path, run: Run):
    model = dataclasses.replace(run.model, name="someone/some-model")
    (path,) = export("model-card", dataclasses.replace(run, model=model), tmp_path)
    data = ModelCard.load(path).data
    assert data.base_model == "someone/some-model"
    index = eval_results_to_model_index("lora", data.eval_results)
    assert model_index_to_eval_results(index) == ("lora", data.eval_results)
    assert index == data.to_dict()["model-index"]


def test_a_card_holds_no_markup_of_the_suite(tmp_path: Path, run: Run):
    warned = dataclasses.replace(run, warnings=("<script>alert(1)</script> @everyone",))
    (path,) = export("model-card", warned, tmp_path)
    text = ModelCard.load(path).text
    assert "<script" not in text
    assert "@everyone" not in text


# ---------------------------------------------------------------- names


@pytest.mark.parametrize("name", ["base", "lora+gold", "smollm2-135m", "v1.2_x"])
def test_a_plain_name_stays(name: str):
    assert plain(name) == name


@pytest.mark.parametrize(
    "name", ["..", "a/b", "", ".hidden", "x" * 300, "a\x1b[31mb", "a b", "\ud800"]
)
def test_a_name_that_had_to_change_ends_in_a_hash_and_stays_in_its_folder(name: str):
    made = plain(name)
    assert made != name
    assert "/" not in made
    assert not made.startswith(".")
    assert len(made) < 100
    assert made.encode("utf-8")
    assert plain(f"{name}!") != made
