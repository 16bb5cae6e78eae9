"""A suite with a curve, from `curve:` to the report: points trained, asked, fitted, kept apart."""

import json
from typing import Any

import pytest
from command import Bench, Done, rewritten
from tiny import edited

from harness.report.json import read

SIZES, SEEDS = (4, 8, 16), (7, 1)
POINTS = [f"lora-{size}-seed{seed}" for size in SIZES for seed in SEEDS]


def curved(suite: dict[str, Any]) -> None:
    suite["curve"] = {
        "recipe": "lora",
        "sizes": list(SIZES),
        "seeds": list(SEEDS),
        "tasks": ["notes"],
    }
    suite["recipes"] = {"lora": {**suite["recipes"]["lora"], "epochs": 6}}
    suite["candidates"] = {"base": {}, "lora": {"adapter": "lora"}}
    suite["recipes"]["small"] = {**suite["recipes"]["lora"], "limit": 8}
    suite["candidates"]["small"] = {"adapter": "small"}
    suite["tasks"]["notes"]["candidates"] = ["base", "lora", "small"]
    suite["tasks"]["fees"]["candidates"] = ["base", "lora"]
    suite["profiles"] = {"flat": {"curve": []}}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, tiny_suite: Any) -> Done:
    """The tiny suite with a curve of three sizes and two seeds."""
    root = tmp_path_factory.mktemp("curve")
    suite = edited(tiny_suite(root / "plain"), root / "tiny", curved)
    bench = Bench(root / "bench")
    result = bench.run(suite, "--executor", "inline")
    (data,) = bench.reports.glob("tiny/*/run.json")
    return Done(bench, suite, result, read(data), data.parent)


def test_a_run_has_the_curve_of_its_suite(ran: Done) -> None:
    assert ran.result.returncode in (0, 1, 3, 4), ran.result.stderr
    found = {(one.need, one.axis): one for one in ran.run.curves}
    style = found["style", "examples"]
    assert [(point.x, point.seed) for point in style.points] == [
        (float(size), seed) for size in SIZES for seed in sorted(SEEDS, reverse=True)
    ]
    assert {point.n for point in style.points} == {8}
    assert (style.task, style.seeds, style.training) == ("notes", 2, "independent")
    assert "style in notes" in style.sentence
    assert style.sentence.endswith("(2 seeds, n = 8)")
    assert ("terminology", "examples") in found


def test_points_are_asked_the_tasks_of_their_curve_and_compared_with_nobody(ran: Done) -> None:
    asked = {answer.task for answer in ran.run.answers if answer.candidate in POINTS}
    assert asked == {"notes"}
    compared = {name for one in ran.run.comparisons for name in (one.candidate, one.baseline)}
    assert compared == {"base", "lora", "small"}
    told = {finding.candidate for finding in ran.run.findings}
    assert not told & set(POINTS)
    assert not any(name in line for name in POINTS for line in ran.run.warnings)
    tables = (ran.folder / "report.txt").read_text() + (ran.folder / "report.md").read_text()
    assert not [name for name in POINTS if name in tables]
    assert "6 points of learning curves" in tables


def test_a_point_with_the_rows_of_a_candidate_is_trained_once(ran: Done) -> None:
    digests = {one.candidate.name: one.adapter.digest for one in ran.run.candidates if one.adapter}
    assert digests["lora-8-seed7"] == digests["small"]
    assert len(set(digests.values())) == len(POINTS) + 1


def test_a_profile_without_the_curve_trains_nothing_anew(ran: Done) -> None:
    before = ran.bench.stamps()
    result = ran.bench.run(ran.suite, "--executor", "inline", "--profile", "flat")
    assert result.returncode in (0, 1, 3, 4), result.stderr
    assert not [path for path in rewritten(before, ran.bench.stamps()) if "/adapters/" in path]
    latest = max(ran.bench.reports.glob("tiny/*/run.json"), key=lambda p: p.stat().st_mtime)
    assert not [
        one for one in json.loads(latest.read_text())["curves"] if one["axis"] == "examples"
    ]


def nested(suite: dict[str, Any]) -> None:
    curved(suite)
    suite["curve"] |= {"training": "nested", "seeds": [7]}


def test_a_nested_curve_is_trained_as_branches_and_says_so(
    ran: Done, tmp_path_factory: pytest.TempPathFactory
) -> None:
    suite = edited(ran.suite, tmp_path_factory.mktemp("nested") / "tiny", nested)
    result = ran.bench.run(suite, "--executor", "inline")
    assert result.returncode in (0, 1, 3, 4), result.stderr
    latest = max(ran.bench.reports.glob("tiny/*/run.json"), key=lambda p: p.stat().st_mtime)
    run = read(latest)
    (style,) = [one for one in run.curves if (one.need, one.axis) == ("style", "examples")]
    assert style.training == "nested"
    assert [(gap.x, gap.seed, gap.n) for gap in style.gaps] == [(4, 7, 8), (16, 7, 8)]
    assert "nested runs; less independent ones: " in style.sentence
    ours = {one.candidate.name: one.adapter for one in run.candidates if one.candidate.curve}
    theirs = {one.candidate.name: one.adapter for one in ran.run.candidates}
    for size in (4, 16):
        control, point = ours[f"lora-{size}-seed7-alone"], theirs[f"lora-{size}-seed7"]
        assert control is not None
        assert point is not None
        assert control.digest == point.digest, "trained once"
    points = {one.digest for name, one in ours.items() if one and not name.endswith("-alone")}
    assert len(points - {one.digest for one in theirs.values() if one}) == len(SIZES)
