"""A run that is killed at any moment goes on where it stopped, and ends with the same numbers."""

import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
from command import Bench
from tiny import edited, fee_rows, jsonl, note_rows

from harness.records import Run
from harness.report.json import read

SECONDS = 90.0  # until a moment must have come
Lines = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Story:
    """A run killed five times and then finished, beside the same run left alone."""

    bench: Bench
    killed: Run
    alone: Run
    seen: list[Lines] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)


def slower(data: dict[str, Any]) -> None:
    """Enough work that each stage lasts."""
    data["recipes"]["lora"]["epochs"] = 60
    for task in data["tasks"].values():
        task["max_tokens"] = 60


def repeated(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Three times as many cases."""
    return [
        {**row, "id": f"{row['id']}-{page}", "input": f"{row['input']} Page {page}."}
        for page in range(3)
        for row in rows
    ]


def running(process: psutil.Process) -> bool:
    """Whether a process still does anything; an orphan may stay as a zombie in a container."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def kill_when(bench: Bench, suite: Path, moment: Callable[[], bool], delay: float) -> list[str]:
    """Kill the run's own process, and only it; the children that outlive it by 10 s."""
    process = bench.start("run", suite, "--engine", "transformers")
    until = time.monotonic() + SECONDS
    try:
        while process.poll() is None and not moment() and time.monotonic() < until:
            time.sleep(0.005)
        time.sleep(delay)
        children = psutil.Process(process.pid).children(recursive=True)
    finally:
        process.kill()
        _, errors = process.communicate()
    assert process.returncode == -signal.SIGKILL, errors
    until = time.monotonic() + 10
    while any(map(running, children)) and time.monotonic() < until:
        time.sleep(0.05)
    return [str(child) for child in children if running(child)]


def moments(bench: Bench, total: int) -> Iterator[tuple[Callable[[], bool], float]]:
    """Two in training, two among the answers, one while scores and reports are made."""
    chance = random.Random(7)

    def training() -> bool:
        return any(bench.home.glob("adapters/.draft-*"))

    def answered(count: int) -> Callable[[], bool]:
        return lambda: sum(map(len, bench.answers().values())) >= count

    yield training, chance.uniform(0, 1)
    yield training, chance.uniform(2, 4)
    some = chance.randint(1, total // 3)
    yield answered(some), 0
    yield answered(chance.randint(total // 2, total - 1)), 0
    yield answered(total), chance.uniform(0, 0.5)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, tiny_suite: Callable[[Path], Path]) -> Story:
    root = tmp_path_factory.mktemp("resume")
    suite = edited(tiny_suite(root / "small"), root / "tiny", slower)
    (suite / "cases" / "fees.jsonl").write_text(jsonl(repeated(fee_rows())))
    (suite / "cases" / "notes.jsonl").write_text(jsonl(repeated(note_rows())))
    quiet, bench = Bench(root / "quiet"), Bench(root / "bench")
    assert quiet.run(suite).returncode in (0, 1, 4)
    (alone,) = quiet.reports.glob("tiny/*/run.json")
    total = sum(map(len, quiet.answers().values()))
    seen, orphans = [], []
    for moment, delay in moments(bench, total):
        orphans += kill_when(bench, suite, moment, delay)
        seen.append(bench.answers())
    assert bench.run(suite).returncode in (0, 1, 4)
    (killed,) = bench.reports.glob("tiny/*/run.json")
    return Story(bench, read(killed), read(alone), seen, orphans)


def test_children_die_with_the_run_that_started_them(story: Story) -> None:
    assert story.orphans == []


def test_the_kills_were_spread_over_the_stages(story: Story) -> None:
    counts = [sum(map(len, lines.values())) for lines in story.seen]
    total = sum(map(len, story.bench.answers().values()))
    assert counts[:2] == [0, 0]
    assert 0 < counts[2] <= counts[3] <= counts[4] == total


def test_no_finished_answer_is_generated_twice(story: Story) -> None:
    """Each case once in its cell, and what a kill left behind is still there, byte for byte."""
    final = story.bench.answers()
    for lines in final.values():
        cases = [line["request"] for line in lines]
        assert len(cases) == len(set(cases))
    for earlier in story.seen:
        for cell, lines in earlier.items():
            assert lines == final[cell][: len(lines)]


def test_no_draft_is_left(story: Story) -> None:
    assert list(story.bench.home.glob("adapters/.*")) == []
    assert len(list(story.bench.home.glob("adapters/*"))) == 1
    assert [p for p in story.bench.home.rglob(".*") if p.is_file()] == []


def test_the_numbers_are_those_of_a_run_left_alone(story: Story) -> None:
    assert story.killed.id == story.alone.id
    assert story.killed.summaries == story.alone.summaries
    assert story.killed.comparisons == story.alone.comparisons
    assert story.killed.findings == story.alone.findings
    assert story.killed.advice == story.alone.advice
    assert story.killed.gate == story.alone.gate


def test_the_adapter_is_that_of_a_run_left_alone(story: Story) -> None:
    digests = [
        {c.candidate.name: c.adapter.digest for c in run.candidates if c.adapter}
        for run in (story.killed, story.alone)
    ]
    assert digests[0] == digests[1]


def test_the_answers_are_those_of_a_run_left_alone(story: Story) -> None:
    texts = [
        {(a.candidate, a.case): a.answer.text for a in run.answers}
        for run in (story.killed, story.alone)
    ]
    assert texts[0] == texts[1]


def test_the_canary_of_every_adapter_is_still_on_record(story: Story) -> None:
    names = [
        {k for k in run.environment if k.startswith("canary")}
        for run in (story.killed, story.alone)
    ]
    assert names[0] == names[1] == {"canary base", "canary lora"}
