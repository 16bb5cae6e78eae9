"""bench history: what it prints, as text, JSON and page."""

import json
import re
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from root_factory import make_run

from harness import history
from harness.cli import cli
from harness.commands.trends import Point, strip, suite_name, trend_of
from harness.console import Log
from harness.errors import SuiteError, UnknownNameError, UsageError
from harness.records import Rule, RuleResult, Run, Summary
from harness.report.trend import render

MEANS = (0.25, 0.5, 0.75)


def run_with(mean: float, index: int, rule: Rule | None = None) -> Run:
    run = make_run(f"run{index}000000")
    made = [
        Summary("fees", "m.right", "all", "base", 4, 4, 0.25, 0.0, 0.7),
        Summary("fees", "m.right", "all", "lora", 4, 4, mean, mean - 0.2, min(1.0, mean + 0.2)),
    ]
    if rule is not None and run.gate is not None:
        judged = RuleResult(rule, "PASS", "fine", 4, mean - 0.25, 0.0, 1.0)
        run = replace(run, gate=replace(run.gate, rules=(judged,)))
    return replace(run, summaries=tuple(made))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BENCH_HOME", str(tmp_path))
    for index, mean in enumerate(MEANS):
        history.record(tmp_path, run_with(mean, index), tmp_path, Log())
    return tmp_path


def said(*words: str) -> str:
    result = CliRunner().invoke(cli, ["history", *words], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_without_a_metric_the_metrics_are_listed(home: Path) -> None:
    assert "m.right" in said("shop")
    assert json.loads(said("shop", "--json")) == {
        "suite": "shop",
        "metrics": {"m.right": {"fees": 3}},
    }


def test_points_are_in_order_with_the_line_of_the_rule(home: Path) -> None:
    trend = trend_of(home, "shop", "m.right", Log(), last=9, candidate="lora")
    assert list(MEANS) == [point.mean for point in trend.points]
    assert [point.line for point in trend.points] == [0.25] * 3
    assert {"superior base"} == {point.rule for point in trend.points}


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        (Rule("at_least", "lora", "fees", "m.right", value=0.4), 0.4),
        (Rule("non_inferior", "lora", "fees", "m.right", against="base", margin=0.1), 0.15),
        (Rule("superior", "lora", "fees", "m.right", against="base", min_effect=0.2), 0.45),
        (Rule("max_unmeasured", "lora", "fees", "m.right", value=0.1), None),
        (Rule("superior", "lora", "fees", "m.right", against="baseline/lora"), 0.25),
    ],
)
def test_the_line_lies_on_the_metric_s_own_scale(
    rule: Rule, line: float | None, tmp_path: Path
) -> None:
    history.record(tmp_path, run_with(0.5, 0, rule), tmp_path, Log())
    (point,) = trend_of(tmp_path, "shop", "m.right", Log(), last=1, candidate="lora").points
    assert line == (None if point.line is None else pytest.approx(point.line))


def test_of_several_rules_about_a_point_the_worst_is_told(tmp_path: Path) -> None:
    superior = Rule("superior", "lora", "fees", "m.right", against="base")
    floor = Rule("at_least", "lora", "fees", "m.right", value=0.9)
    run = run_with(0.5, 0, superior)
    assert run.gate is not None
    judged = (*run.gate.rules, RuleResult(floor, "FAIL", "too low", 4, 0.5, 0.1, 0.6))
    run = replace(run, gate=replace(run.gate, verdict="FAIL", rules=judged))
    history.record(tmp_path, run, tmp_path, Log())
    (point,) = trend_of(tmp_path, "shop", "m.right", Log(), last=1, candidate="lora").points
    assert (point.rule, point.verdict, point.line) == ("at_least", "FAIL", 0.9)


@pytest.mark.parametrize("raw", [b"name: [", b"\xff\xfe", b"name: \xff"])
def test_a_suite_that_cannot_be_read_is_the_user_s_error(raw: bytes, tmp_path: Path) -> None:
    (tmp_path / "suite.yaml").write_bytes(raw)
    with pytest.raises(SuiteError) as caught:
        suite_name(str(tmp_path))
    (problem,) = caught.value.problems
    assert problem.where.startswith(str(tmp_path / "suite.yaml:1"))


def test_the_newest_runs_are_kept(home: Path) -> None:
    trend = trend_of(home, "shop", "m.right", Log(), last=2, candidate="lora")
    assert list(MEANS[1:]) == [point.mean for point in trend.points]


def test_the_table_fits_eighty_columns(home: Path) -> None:
    lines = said("shop", "--metric", "m.right").splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert len([line for line in lines if "●" in line]) == 6


def test_interval_mean_and_line_share_one_row() -> None:
    point = Point("r", "", 1, "t", "all", "c", 4, 4, 0.5, 0.25, 0.75, 0.0)
    row = strip(point, 0.0, 1.0)
    assert (len(row), row[0], row[12]) == (24, "┊", "●")
    assert "─" == row[6] == row[17]


def test_json_holds_every_number(home: Path) -> None:
    data = json.loads(said("shop", "--metric", "m.right", "--candidate", "lora", "--json"))
    assert [point["n"] for point in data["points"]] == [4, 4, 4]
    assert (data["unit"], data["better"]) == ("share", "higher")


def test_a_unit_in_words_is_on_the_pages_first_line_and_not_beside_the_axis(home: Path) -> None:
    found = trend_of(home, "shop", "m.right", Log(quiet=True), last=50)
    page = render(asdict(found) | {"unit": "days"})
    assert "Mean and 95 % interval per run in days, oldest first" in page
    assert re.findall(r'text-anchor="end">([^<]*)<', page)[:5] == ["0", "0.25", "0.5", "0.75", "1"]
    assert "0.75 days [0.55 days, 0.95 days]" in page
    assert "<nav" not in page
    assert "<nav" in render(asdict(found), listed=True)


def test_the_page_asks_nothing_of_the_network_and_holds_the_points(home: Path) -> None:
    page = home / "trend.html"
    said("shop", "--metric", "m.right", "--html", str(page))
    text = page.read_text(encoding="utf-8")
    assert "http" not in text.replace("http://www.w3.org", "")
    assert "75 % [55 %, 95 %]" in text


@pytest.mark.parametrize(
    ("suite", "metric", "only", "words"),
    [
        ("shopp", "m.right", {}, "did you mean 'shop'"),
        ("shop", "m.rigth", {}, "did you mean 'm.right'"),
        ("shop", "m.right", {"candidate": "lore"}, "did you mean 'lora'"),
        ("shop", "m.right", {"task": "fee"}, "did you mean 'fees'"),
        ("shop", "m.right", {"part": "chnaged"}, "unknown slice 'chnaged'"),
    ],
)
def test_a_wrong_name_is_told_with_the_nearest(
    suite: str, metric: str, only: dict[str, str], words: str, home: Path
) -> None:
    with pytest.raises(UnknownNameError) as caught:
        trend_of(home, suite, metric, Log(), last=9, **only)
    assert words in str(caught.value)


def test_an_empty_store_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        trend_of(tmp_path, "shop", "m.right", Log(), last=9)
    assert "bench run SUITE" in str(caught.value)


def test_a_folder_s_suite_is_known_by_its_name(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "suites" / "anything"
    folder.mkdir(parents=True)
    (folder / "suite.yaml").write_text("name: shop\n", encoding="utf-8")
    assert "m.right" in said(str(folder))
