"""Finished runs as DataFrames: the same numbers as run.json, and pandas agrees with summaries."""

import dataclasses
import importlib.util
import re
import sys
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from harness.compare.summaries import summarise
from harness.errors import UsageError
from harness.records import Answer, Candidate, CandidateCost, Case, Metric, Run, Score, ScoredAnswer
from harness.report.json import JsonReport, read
from harness.report.parquet import ParquetReport
from harness.report.tables import TABLES
from harness.results import Results, load

TESTS = Path(__file__).parents[1]
DOCS = (TESTS.parents[1] / "docs" / "results.md").read_text(encoding="utf-8")


def factory(name: str):
    """A module of test data beside the report tests."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, TESTS / "report" / f"{name}.py")
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def made(seed: int = 5) -> Run:
    run = factory("factory_run").make_run(seed)
    cost = CandidateCost("lora", train_price=None, per_1000=(0.2, 0.1, None))
    return dataclasses.replace(factory("factory_decision").decided(run), costs=(cost,))


def written(run: Run, reports: Path) -> Path:
    folder = reports / run.suite / run.id
    folder.mkdir(parents=True)
    JsonReport().write(run, folder)
    ParquetReport().write(run, folder)
    return folder


@pytest.fixture(scope="module")
def run() -> Run:
    return made()


@pytest.fixture(scope="module")
def folder(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(run, tmp_path_factory.mktemp("work") / "reports")


def by_hand(results: Results) -> pd.Series:
    """The example of docs/results.md."""
    names = {"results": results, "print": lambda *_: None}
    exec(next(one for one in examples() if "by_hand" in one), names)
    return names["by_hand"]


def examples() -> list[str]:
    return re.findall(r"```python\n(.*?)```", DOCS, flags=re.DOTALL)


@pytest.mark.parametrize("place", ["folder", "file", "id", "beginning", "suite", "latest"])
def test_a_run_is_found_by_all_its_names(folder: Path, place: str) -> None:
    names = {
        "folder": folder,
        "file": folder / "run.json",
        "id": folder.name,
        "beginning": folder.name[:4],
        "suite": "legal",
        "latest": "latest",
    }
    assert load(names[place], reports=folder.parents[1]).run == read(folder / "run.json")


def test_a_run_that_is_not_there_is_one_line_with_the_nearest(folder: Path) -> None:
    with pytest.raises(UsageError, match=f"did you mean '{folder.name}'"):
        load(folder.name[:-1] + "x", reports=folder.parents[1])
    with pytest.raises(UsageError, match="no run matches"):
        load(str(folder.parents[1] / "nothing*"))
    with pytest.raises(UsageError, match="no run was asked for"):
        load([])


def test_every_table_has_its_rows_and_types(folder: Path, run: Run) -> None:
    results = load(folder)
    counts = {name: len(results.table(name)) for name in TABLES}
    assert {name for name, count in counts.items() if not count} == {"methods"}
    assert len(run.answers) == counts["answers"]
    assert sum(len(one.scores) for one in run.answers) == counts["scores"]
    assert sum(len(need.options) for need in run.decision.needs) == counts["options"]
    assert sum(len(curve.points) for curve in run.curves) == counts["curves"]
    for name in TABLES:
        assert list(results.table(name).columns[:2]) == ["suite", "run"]
    (cost,) = results.costs.to_dict("records")
    assert (cost["per_1000"], cost["per_1000_low"]) == (0.2, 0.1)
    assert pd.isna(cost["per_1000_high"])
    assert pd.isna(cost["train_price"])
    assert results.scores["value"].dtype == "float64"
    assert results.cases["as_of"].dtype.kind == "M"
    assert list(results.cases["tags"].iloc[0]) == ["definitions"]


def test_scores_equal_run_json_and_what_was_not_measured_is_missing(folder: Path, run: Run) -> None:
    scores = load(folder).scores
    told = [score for one in read(folder / "run.json").answers for score in one.scores]
    assert [score.value for score in told] == scores["value"].astype(object).where(
        scores["value"].notna(), None
    ).tolist()
    lost = scores[scores["state"] != "ok"]
    assert len(lost) == sum(score.state != "ok" for score in told) > 0
    assert lost["value"].isna().all()


def test_pandas_finds_the_means_of_the_summaries(folder: Path, run: Run) -> None:
    found = by_hand(load(folder))
    told = {(s.task, s.metric, s.candidate): s.mean for s in run.summaries if s.slice == "all"}
    assert set(told) == set(found.index)
    for key, mean in told.items():
        expected = float("nan") if mean is None else mean
        assert found[key] == pytest.approx(expected, abs=1e-12, nan_ok=True), key


def test_pandas_finds_the_means_of_slices_through_tags(folder: Path, run: Run) -> None:
    results = load(folder)
    tagged = results.cases.explode("tags")[["task", "case", "tags"]]
    found = results.scores.merge(tagged).groupby(["task", "metric", "tags", "candidate"])["value"]
    means = found.mean()
    sliced = [s for s in run.summaries if s.slice != "all" and s.mean is not None]
    assert len(sliced) > 50
    for one in sliced:
        mean = means[one.task, one.metric, one.slice, one.candidate]
        assert mean == pytest.approx(one.mean, abs=1e-12)


def test_means_over_samples_and_errors_are_those_of_the_harness() -> None:
    """Cases asked three times; one answer of one case is an error, one of another unmeasured."""
    metric = Metric("m", "a metric", binary=True)
    cases = tuple(Case(f"c{at}", "t", "?", "!", f"c{at}") for at in range(6))
    answers = []
    for at, case in enumerate(cases):
        for sample in range(3):
            score = Score("m", float((at + sample) % 2))
            if (at, sample) == (1, 2):
                score = Score("m", None, "error")
            if (at, sample) == (2, 0):
                score = Score("m", None, "unmeasured")
            answers.append(
                ScoredAnswer(case.id, "t", "base", Answer("r", "x"), (score,), sample=sample)
            )
    summaries = summarise(answers, cases, [metric], [Candidate("base")])
    run = factory("factory_run").empty_run()
    run = dataclasses.replace(
        run, cases=cases, answers=tuple(answers), summaries=summaries, metrics=(metric,)
    )
    (summary,) = (one for one in summaries if one.slice == "all")
    assert summary.n == 5
    assert by_hand(Results([run]))["t", "m", "base"] == pytest.approx(summary.mean, abs=1e-12)


def test_parquet_files_hold_the_same_tables(folder: Path) -> None:
    results = load(folder)
    files = {path.stem: path for path in (folder / "tables").iterdir()}
    assert set(TABLES) == set(files)
    for name, path in files.items():
        found = pd.read_parquet(path)
        expected = results.table(name)
        assert list(expected.columns) == list(found.columns)
        assert len(expected) == len(found)
        for column in expected.select_dtypes("number"):
            pd.testing.assert_series_equal(expected[column], found[column])


def test_several_runs_lie_under_one_another(folder: Path, run: Run, tmp_path: Path) -> None:
    other = dataclasses.replace(made(6), id="77aa00bb")
    reports = tmp_path / "reports"
    places = [written(run, reports), written(other, reports)]
    for asked in (places, str(reports / "legal" / "*"), [str(reports / "*" / "*" / "run.json")]):
        results = load(asked)
        assert {run.id, other.id} == {one.id for one in results.runs}
        assert len(results.scores) == sum(
            len(answer.scores) for one in (run, other) for answer in one.answers
        )
        assert {run.id, other.id} == set(results.scores["run"])
    with pytest.raises(UsageError, match="these are 2 runs"):
        _ = results.run
    assert len(load([places[0], places[0]]).runs) == 1


def test_two_different_runs_of_one_id_are_refused(folder: Path, tmp_path: Path) -> None:
    changed = dataclasses.replace(made(6), id=folder.name)
    place = written(changed, tmp_path)
    with pytest.raises(UsageError, match="two different runs"):
        load([folder, place])


def test_a_table_that_is_not_there_is_an_attribute_error_with_the_nearest(folder: Path) -> None:
    results = load(folder)
    with pytest.raises(AttributeError, match="did you mean 'scores'"):
        _ = results.score
    with pytest.raises(UsageError, match="did you mean 'scores'"):
        results.table("score")
    assert set(TABLES) <= set(dir(results))
    assert set(TABLES) <= set(Results.__annotations__)


def test_changing_a_table_changes_no_other(folder: Path) -> None:
    results = load(folder)
    mine = results.scores
    before = mine["value"].sum()
    mine["value"] = 0.0
    assert before == results.scores["value"].sum()


def test_a_run_without_answers_has_empty_tables_of_the_same_columns() -> None:
    empty = Results([factory("factory_run").empty_run()])
    full = Results([made()])
    for name in TABLES:
        assert list(full.table(name).columns) == list(empty.table(name).columns)
        assert len(empty.table(name)) == 0
    assert empty.scores["value"].dtype == "float64"


def test_hostile_texts_come_back_word_for_word(folder: Path, run: Run) -> None:
    said = {one.answer.text for one in read(folder / "run.json").answers}
    assert said == set(load(folder).answers["answer"])
    stored = set(pd.read_parquet(folder / "tables" / "answers.parquet")["answer"])
    assert said == stored
    assert any("\x1b[31m" in text for text in stored)
    assert any("broken \ufffd surrogate \x00 nul" in text for text in stored)


def test_a_line_of_a_megabyte_and_numbers_that_are_none(tmp_path: Path) -> None:
    long = "₹" * (1 << 20)
    answer = ScoredAnswer(
        "c", "t", "base", Answer("r", long),
        (Score("m", float("inf"), reason=long), Score("k", None, "error", reason="\ud83d\ude00")),
    )  # fmt: skip
    failed = ScoredAnswer("d", "t", "base", Answer("r", "", finish="error", error="it stopped"), ())
    case = Case("c", "t", "?", "!", "c", as_of=date(2026, 1, 2))
    run = dataclasses.replace(
        factory("factory_run").empty_run(), answers=(answer, failed), cases=(case,)
    )
    ParquetReport().write(run, tmp_path)
    answers = pd.read_parquet(tmp_path / "tables" / "answers.parquet")
    assert answers["answer"].iloc[0] == long
    assert pd.isna(answers["answer"].iloc[1])
    assert answers["error"].iloc[1] == "it stopped"
    scores = pd.read_parquet(tmp_path / "tables" / "scores.parquet")
    assert scores["value"].isna().all()
    assert scores["reason"].iloc[1] == "😀"


def test_the_examples_of_the_page_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], run: Run
) -> None:
    monkeypatch.chdir(folder.parents[2])
    names: dict[str, object] = {}
    for example in examples():
        exec(compile(example, "docs/results.md", "exec"), names)
    printed = capsys.readouterr().out
    mean = next(
        s.mean
        for s in run.summaries
        if (s.metric, s.slice, s.candidate) == ("recency.current", "all", "lora")
    )
    assert printed.startswith(f"{mean:.6f}"[:6])
    assert "True" in printed
    assert run.id in printed


def test_the_page_lists_every_table() -> None:
    rows = re.findall(r"^\| (`.*?) \|", DOCS, flags=re.MULTILINE)
    assert list(TABLES) == [name for row in rows for name in re.findall(r"`(\w+)`", row)]
