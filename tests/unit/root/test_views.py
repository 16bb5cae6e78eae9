"""Finding runs, listing what is there, showing one case."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from root_factory import make_run, stored

from harness import registry
from harness.commands import views
from harness.errors import UnknownNameError, UsageError
from harness.records import GateResult


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    """Three runs of two suites, the last one newest."""
    made = [
        make_run("aaaa000001"),
        make_run("aabb000002"),
        make_run("cccc000003", suite="desk"),
    ]
    for age, run in enumerate(made):
        file = stored(tmp_path / "reports", run) / "run.json"
        os.utime(file, (1000 + age, 1000 + age))
    return tmp_path / "reports"


@pytest.mark.parametrize(
    "text, found",
    [
        ("latest", "cccc000003"),
        ("aaaa000001", "aaaa000001"),
        ("aab", "aabb000002"),
        ("c", "cccc000003"),
        ("shop", "aabb000002"),
        ("desk", "cccc000003"),
        ("shop/aaaa", "aaaa000001"),
    ],
)
def test_a_run_is_found_by_its_beginning_its_suite_or_as_the_latest(
    reports: Path, text: str, found: str
) -> None:
    assert views.find_run(reports, text).id == found


@pytest.mark.parametrize("below", ["", "run.json"])
def test_a_run_is_found_by_its_folder_or_file(reports: Path, below: str) -> None:
    assert views.find_run(Path(), str(reports / "shop" / "aaaa000001" / below)).id == "aaaa000001"


def test_a_beginning_of_several_runs_names_them(reports: Path) -> None:
    with pytest.raises(UsageError) as caught:
        views.find_run(reports, "aa")
    assert str(caught.value) == ("'aa' is the beginning of 2 runs (one of aaaa000001, aabb000002)")


@pytest.mark.parametrize(
    "text, nearest", [("aaaa00001x", "aaaa000001"), ("desk/cccc000009", "cccc000003")]
)
def test_a_run_that_is_not_there_names_the_nearest(reports: Path, text: str, nearest: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        views.find_run(reports, text)
    assert str(caught.value) == f"unknown run '{text}' (did you mean '{nearest}'?)"


def test_no_runs_yet_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no runs yet \(bench run SUITE\)"):
        views.find_run(tmp_path, "latest")


def test_a_damaged_run_is_one_line_and_does_not_stop_a_listing(reports: Path) -> None:
    (reports / "shop" / "aaaa000001" / "run.json").write_text("{", encoding="utf-8")
    with pytest.raises(UsageError):
        views.find_run(reports, "aaaa")
    rows = views.listing("runs", reports)["runs"]
    assert {row["name"] for row in rows} == {
        "shop/aaaa000001",
        "shop/aabb000002",
        "desk/cccc000003",
    }


# ---------------------------------------------------------------- listings


def test_a_listing_has_every_kind_and_every_registered_name(
    reports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(reports.parent)
    found = views.listing("all", reports)
    assert tuple(found) == views.KINDS
    assert [row["name"] for row in found["scorers"]] == registry.names("scorer")
    assert found["runs"][-1] == {
        "name": "desk/cccc000003",
        "about": "2026-01-02 03:04  PASS  quick  acme/small",
    }
    assert found["suites"] == []
    assert all(row["about"] for kind in found.values() for row in kind)


def test_suites_are_listed_one_and_two_levels_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {
        "one": "description: First\n",
        "many/two": "name: x\n",
        "many/bad": "a: [\n",
        "many/odd": "- 1\n",
        "too/far/down": "description: hidden\n",
    }
    for name, text in texts.items():
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "suite.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    found = {row["name"]: row["about"] for row in views.list_suites()}
    assert found == {
        "many/bad": "damaged: bench check says where",
        "many/odd": "damaged",
        "many/two": "",
        "one": "First",
    }


def test_an_unknown_kind_names_the_nearest(reports: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'scorers'"):
        views.listing("scorer", reports)


def test_a_listing_is_printed_by_kind(
    capsys: pytest.CaptureFixture[str],
) -> None:
    views.print_listing({"runs": [], "scorers": [{"name": "[b]style[/b]", "about": "rules"}]})
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [["runs"], ["none", "yet"], ["scorers"], ["[b]style[/b]", "rules"]]


# ---------------------------------------------------------------- one case


def test_a_case_comes_with_every_candidates_answer(reports: Path) -> None:
    data = views.case_data(make_run(), "case-2")
    assert data["case"]["input"] == "What is fee 2?"
    assert [a["candidate"] for a in data["answers"]] == ["base", "lora"]
    assert [a["scores"][0]["value"] for a in data["answers"]] == [1.0, 1.0]


def test_an_unknown_case_names_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        views.case_data(make_run(), "case-22")
    assert str(caught.value) == "run aaaa000001 has no case 'case-22' (such as 'case-2')"


def test_a_printed_case_shows_context_answer_scores_and_reasons_without_control_characters(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = make_run()
    evil = replace(run.answers[0].answer, text="\x1b[31mred[/bold]", finish="length")
    run = replace(run, answers=(replace(run.answers[0], answer=evil), *run.answers[1:]))
    views.print_case(views.case_data(run, "case-0"))
    text = capsys.readouterr().out
    assert "\x1b" not in text
    wanted = ["What is fee 0?", "0 euros", "tags: new", "context [doc] The passage."]
    wanted += ["red[/bold] (length)", "lora says 1.0", "m.right", "found 0.0"]
    assert [part for part in wanted if part not in text] == []


@pytest.mark.parametrize(
    "gate, verdict, code",
    [
        (None, None, 0),
        (GateResult("FAIL", ()), "FAIL", 1),
        (GateResult("INCONCLUSIVE", ()), "INCONCLUSIVE", 4),
        (GateResult("ERROR", ()), "ERROR", 3),
    ],
)
def test_a_scripts_line_has_the_verdict_and_its_exit_code(
    gate: GateResult | None, verdict: str | None, code: int
) -> None:
    line = views.run_line(make_run(gate=gate), Path("r"))
    assert (line["verdict"], line["exit_code"], line["data"]) == (verdict, code, "r/run.json")


def test_gate_lines_have_the_verdict_then_each_rule() -> None:
    assert list(views.gate_lines(make_run())) == [
        "gate: PASS (shop, run aaaa000001)",
        "  PASS         lora fees m.right: +0.5 (0.1 to 0.9)",
    ]
    assert list(views.gate_lines(make_run(gate=None))) == []


def test_a_run_without_a_gate_that_measured_nothing_is_an_error() -> None:
    assert views.exit_code(make_run(gate=None)) == 0
    assert views.exit_code(make_run(gate=None, summaries=())) == 3
