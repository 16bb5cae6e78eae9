"""Entries that installed packages bring: merged, never in place of bench's own."""

import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from root_factory import make_run

from harness import pipeline, plan, preparing, registry, scoring
from harness.commands import doctor, views
from harness.console import Log
from harness.errors import MachineError, SuiteError, UnknownNameError, UsageError
from harness.records import Answer, Document, Retrieval
from harness.retrieve import search
from harness.suite.check import check
from harness.suite.load import load
from harness.suite.scorers import scored

Install = Callable[..., None]
SOURCE = '''
"""A scorer, an engine and a report of another package."""


class Tone:
    """A scorer."""

    description = "how friendly an answer is"
    metrics = ()


class Far:
    """An engine."""

    description: str = "answers from afar"

    @staticmethod
    def missing() -> str:
        return "a modem"


class Page:
    """A report that cannot be written."""

    description = "a page"
    filename = "page.txt"

    def write(self, run: object, folder: object) -> None:
        raise ValueError("no ink")
'''


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts a package with entry points on the path, as pip would."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "tone_bench.py").write_text(SOURCE, encoding="utf-8")

    def put(package: str, **groups: str) -> None:
        folder = tmp_path / f"{package.replace('-', '_')}-1.2.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Name: {package}\nVersion: 1.2\n", encoding="utf-8")
        text = "".join(f"[bench.{group}]\n{line}\n" for group, line in groups.items())
        (folder / "entry_points.txt").write_text(text, encoding="utf-8")
        importlib.invalidate_caches()
        registry._brought.cache_clear()

    yield put
    registry._brought.cache_clear()
    sys.modules.pop("tone_bench", None)


def test_a_packages_entries_stand_after_benchs_own(install: Install) -> None:
    own = registry.names("scorer")
    install("bench-tone", scorers="tone = tone_bench:Tone")
    assert registry.names("scorer") == [*own, "tone"]
    assert registry.entry("scorer", "tone") == ("tone_bench:Tone", "bench-tone 1.2")
    assert registry.load("scorer", "tone").description == "how friendly an answer is"


@pytest.mark.parametrize("kind", registry.KINDS)
def test_every_kind_has_a_group(kind: str, install: Install) -> None:
    install("bench-any", **{f"{kind}s": "any = tone_bench:Tone"})
    assert registry.load(kind, "any").__name__ == "Tone"


def test_a_slip_in_a_packages_name_names_the_nearest(install: Install) -> None:
    install("bench-tone", scorers="tone = tone_bench:Tone")
    with pytest.raises(UnknownNameError) as caught:
        registry.load("scorer", "tonne", where="suite.yaml:3")
    assert str(caught.value) == "suite.yaml:3: unknown scorer 'tonne' (did you mean 'tone'?)"


def test_nobody_takes_a_name_of_benchs_own(install: Install) -> None:
    install("bench-tone", scorers="rouge = tone_bench:Tone")
    assert registry.names("scorer").count("rouge") == 1
    with pytest.raises(UsageError) as caught:
        registry.load("scorer", "rouge")
    assert str(caught.value) == (
        "2 scorers are named 'rouge': harness.score.rouge:Rouge of bench and tone_bench:Tone of "
        "bench-tone 1.2 (uninstall bench-tone 1.2, or rename its entry point)"
    )
    assert registry.describe("scorer", "rouge") == (
        "cannot be used: harness.score.rouge:Rouge of bench and tone_bench:Tone of "
        "bench-tone 1.2 have this name"
    )
    assert registry.load("scorer", "style")


def test_two_packages_with_one_name_are_both_named(install: Install) -> None:
    install("bench-tone", scorers="tone = tone_bench:Tone")
    install("bench-voice", scorers="tone = tone_bench:Far")
    with pytest.raises(UsageError, match=r"bench-tone 1\.2 and .* of bench-voice 1\.2"):
        registry.load("scorer", "tone")


@pytest.mark.parametrize(
    "target, reason",
    [
        ("tone_bench:Tome", "AttributeError"),
        ("no_such_module:Tone", "ModuleNotFoundError"),
        ("tone_bench", "AttributeError"),
    ],
)
def test_a_broken_entry_is_one_line_and_only_when_it_is_used(
    install: Install, target: str, reason: str
) -> None:
    install("bench-tone", scorers=f"tone = {target}")
    assert "tone" in registry.names("scorer")
    assert registry.load("scorer", "style")
    assert registry.describe("scorer", "tone") == "(bench-tone 1.2)"
    with pytest.raises(MachineError) as caught:
        registry.load("scorer", "tone")
    message = str(caught.value)
    assert message.startswith(
        f"scorer 'tone' cannot be loaded: {target} of bench-tone 1.2 ({reason}: "
    )
    assert message.endswith("(repair or uninstall bench-tone 1.2)")
    assert "\n" not in message


def test_a_listing_says_what_an_entry_is_and_whose_without_importing_it(
    install: Install, tmp_path: Path
) -> None:
    install("bench-tone", scorers="tone = tone_bench:Tone", engines="far = tone_bench:Far")
    rows = views.listing("scorers", tmp_path)["scorers"]
    assert rows[-1] == {"name": "tone", "about": "how friendly an answer is (bench-tone 1.2)"}
    assert registry.describe("engine", "far") == "answers from afar (bench-tone 1.2)"
    assert "tone_bench" not in sys.modules


def test_a_packages_engine_says_itself_what_it_misses(install: Install) -> None:
    install("bench-tone", engines="far = tone_bench:Far")
    with pytest.raises(UsageError) as caught:
        plan.choose_engine("far")
    assert str(caught.value) == "engine 'far' cannot run here (a modem)"
    assert plan.engine_version("far") == "bench-tone 1.2"
    found = next(one for one in doctor.engines() if one["what"] == "engine far")
    assert (found["state"], found["remedy"]) == ("absent", "a modem")


def test_a_broken_engine_is_said_to_be_broken(install: Install) -> None:
    install("bench-tone", engines="far = tone_bench:Fur")
    found = next(one for one in doctor.engines() if one["what"] == "engine far")
    assert found["state"] == "broken"
    assert "tone_bench:Fur of bench-tone 1.2" in found["remedy"]


def test_a_packages_report_that_fails_leaves_the_others(
    install: Install, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install("bench-tone", reports="page = tone_bench:Page\nleaf = tone_bench:Leaf")
    folder = pipeline.write_reports(make_run(), tmp_path / "reports", Log())
    assert {"run.json", "report.html", "report.txt"} <= {path.name for path in folder.iterdir()}
    said = " ".join(capsys.readouterr().err.split())
    assert "the page report could not be written: no ink" in said
    assert "the leaf report could not be written: report 'leaf' cannot be loaded" in said


def test_a_clash_of_reports_is_said_before_anything_is_computed(
    install: Install, tmp_path: Path
) -> None:
    install("bench-tone", reports="json = tone_bench:Page")
    options = preparing.Options("", "transformers", tmp_path, "bench run")
    with pytest.raises(UsageError, match="2 reports are named 'json'"):
        next(pipeline.run_all([], options, None, None, Log()))  # type: ignore[arg-type]


def test_help_does_not_look_for_packages() -> None:
    code = (
        "import importlib.metadata as m, sys; m.entry_points = None; sys.argv[1:] = ['--help']\n"
        "from harness.cli import main; main()"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Usage" in done.stdout


FAILING = '''
from harness.records import Metric, Score


class Tone:
    """A scorer that breaks its promises."""

    description = "how friendly an answer is"
    metrics = (Metric("tone.warm", "warm"), Metric("tone.kind", "kind"))

    def __init__(self, options, resources):
        if "mood" in options:
            raise KeyError("mood")

    def score(self, case, answer):
        return [Score("tone.warm", 1.0), Score("tone.wrm", 1.0)]


class Lost:
    description = "a retriever that fails"

    def __init__(self, documents, settings=None):
        pass

    def search(self, query, k):
        raise ZeroDivisionError("by zero")
'''
ROW = {"input": "a?", "output": "b"}


def suite_of(folder: Path, **more: Any) -> Path:
    """A suite that is scored by `tone`, with documents."""
    task = {"cases": "cases.jsonl", "scorers": ["tone"]}
    (folder / "s/documents").mkdir(parents=True)
    (folder / "s/documents/a.md").write_text("A page.\n", encoding="utf-8")
    (folder / "s/cases.jsonl").write_text(json.dumps(ROW) + "\n", encoding="utf-8")
    whole = {"name": "s", "tasks": {"t": task}, "candidates": {"base": {}}} | more
    (folder / "s/suite.yaml").write_text(yaml.safe_dump(whole), encoding="utf-8")
    return folder / "s"


def test_a_metric_that_a_packages_scorer_leaves_out_is_a_problem_and_an_error_row(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tone_bench.py").write_text(FAILING, encoding="utf-8")
    install("bench-tone", scorers="tone = tone_bench:Tone")
    monkeypatch.chdir(tmp_path)
    suite = load(suite_of(tmp_path))
    assert [str(problem) for problem in check(suite)] == [
        "s/cases.jsonl:1: scorer 'tone' fails on tone.kind: the scorer gave no such score"
    ]
    (scorer,) = scoring.scorers_of(suite, suite.tasks[0])
    found = scored(scorer, suite.tasks[0].cases[0], Answer("a", "b"))
    assert [(one.metric, one.value, one.state) for one in found] == [
        ("tone.warm", 1.0, "ok"),
        ("tone.kind", None, "error"),
    ]


def test_a_package_that_fails_is_named(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tone_bench.py").write_text(FAILING, encoding="utf-8")
    install("bench-tone", scorers="tone = tone_bench:Tone", retrievers="lost = tone_bench:Lost")
    monkeypatch.chdir(tmp_path)
    task = {"cases": "cases.jsonl", "scorers": {"tone": {"mood": 1}}}
    with pytest.raises(MachineError) as caught:
        load(suite_of(tmp_path, tasks={"t": task}))
    assert str(caught.value) == (
        "scorer 'tone' failed: tone_bench:Tone of bench-tone 1.2 (KeyError: 'mood')"
        " (repair or uninstall bench-tone 1.2)"
    )
    with pytest.raises(MachineError, match=r"retriever 'lost' failed: .* of bench-tone 1\.2"):
        search.find([Document("a", "a", "A page.")], ["a?"], Retrieval("lost"), 1)


def test_a_clash_has_its_place_in_the_suite(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("bench-tone", scorers="tone = tone_bench:Tone", retrievers="bm25 = tone_bench:Tone")
    install("bench-voice", scorers="tone = tone_bench:Far")
    monkeypatch.chdir(tmp_path)
    documents = {"documents": "documents", "retrieve": {"retriever": "bm25"}}
    with pytest.raises(SuiteError) as caught:
        load(suite_of(tmp_path, **documents))
    found = [str(problem) for problem in caught.value.problems]
    assert len(found) == 2
    assert found[0].startswith("s/suite.yaml:11: 2 scorers are named 'tone': tone_bench:Tone of ")
    assert found[1].startswith("s/suite.yaml:6: 2 retrievers are named 'bm25': harness.retrieve.")
