"""`bench run A B`: one engine start, adapters that build on others, expectations in the reports."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from command import Bench, Result
from tiny import edited

from harness.records import Run
from harness.report.json import read


class Both(NamedTuple):
    """Two suites that were run by one command."""

    bench: Bench
    suites: tuple[Path, Path]
    result: Result
    first: Run
    second: Run


def second(data: dict[str, Any]) -> None:
    """Another suite on the same base: an adapter that goes on from another, few-shot, an index."""
    data["name"] = "second"
    del data["gate"]
    data["prompts"] = {"shots": "shots.yaml"}
    data["recipes"]["later"] = {**data["recipes"]["lora"], "start": "lora", "limit": 12}
    data["candidates"] = {
        "base": {},
        "base+shots": {"prompt": "shots"},
        "later": {"adapter": "later"},
        "base+retrieved": {"context": "retrieved"},
        "base+early": {"context": "retrieved", "retrieve": {"index": "2021-06-01"}},
    }
    for task in data["tasks"].values():
        task.pop("candidates", None)
    arm = {"candidate": "later", "task": "fees", "says": "later keeps the opening"}
    data["expect"] = [
        {"name": "style", "metric": "style.all", "against": {"candidate": "base"}, **arm},
        {
            "name": "context",
            "metric": "recency.current",
            **arm,
            "candidate": "base",
            "says": "base needs no context",
            "against": {"candidate": "base+retrieved"},
        },
    ]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, tiny_suite: Callable[[Path], Path]) -> Both:
    root = tmp_path_factory.mktemp("several")
    suite = tiny_suite(root / "tiny")
    other = edited(suite, root / "second", second)
    (other / "shots.yaml").write_text("system: 'Like this:\n\n  {examples}'\nshots: 2\n")
    bench = Bench(root / "bench")
    result = bench.run(suite, other)
    runs = {path.parts[-3]: read(path) for path in bench.reports.glob("*/*/run.json")}
    return Both(bench, (suite, other), result, runs["tiny"], runs["second"])


def test_one_engine_start_answers_both(both: Both) -> None:
    said = both.result.stderr
    assert said.count("canary passed") == 1
    assert "canary passed: 3 sources" in said  # base, lora, later
    assert (both.first.suite, both.second.suite) == ("tiny", "second")


def test_the_same_adapter_is_trained_once_and_the_later_one_goes_on_from_it(both: Both) -> None:
    adapters = {
        (run.suite, one.candidate.name): one.adapter
        for run in (both.first, both.second)
        for one in run.candidates
        if one.adapter
    }
    lora, later = adapters["tiny", "lora"], adapters["second", "later"]
    assert len(list((both.bench.home / "adapters").iterdir())) == 2
    assert later.record["rows"] + later.record["dev_rows"] == 12
    assert later.digest != lora.digest
    # it begins where the first one ended, not where that one began
    assert later.record["loss"][0][1] < lora.record["loss"][0][1] / 2


def test_few_shots_are_training_rows(both: Both) -> None:
    prompts = {a.prompt for a in both.second.answers if a.candidate == "base+shots"}
    rows = [json.loads(line) for line in (both.suites[1] / "train.jsonl").read_text().splitlines()]
    shown = [row for row in rows if all(row["output"] in prompt for prompt in prompts)]
    assert len(shown) >= 2


def test_an_index_of_another_day_is_searched(both: Both) -> None:
    read_ = {
        name: {p.document for a in both.second.answers if a.candidate == name for p in a.passages}
        for name in ("base+retrieved", "base+early")
    }
    assert read_["base+retrieved"]
    assert read_["base+early"]
    assert read_["base+retrieved"] != read_["base+early"]


def test_expectations_have_their_verdicts_in_the_reports(both: Both) -> None:
    style, context = both.second.phenomena
    assert (style.expectation.name, style.verdict) == ("style", "shown")
    assert (context.expectation.name, context.n) == ("context", 10)
    assert "EXPECTED BEFOREHAND" in both.result.stdout
    assert both.first.phenomena == ()


def test_likelihoods_of_old_and_new_values_are_kept(both: Both) -> None:
    scores = [
        score
        for answer in both.first.answers
        for score in answer.scores
        if score.metric == "recency.prefers_current" and answer.task == "fees"
    ]
    assert {score.state for score in scores} == {"ok", "unmeasured"}
    assert {score.value for score in scores} <= {0.0, 1.0, None}


def test_running_both_again_computes_nothing(both: Both) -> None:
    before = both.bench.stamps()
    again = both.bench.run(*both.suites)
    assert both.bench.stamps() == before
    assert "every answer is in the store" in again.stderr


def test_a_wrong_suite_stops_both_before_any_compute(both: Both, tmp_path: Path) -> None:
    def broken(data: dict[str, Any]) -> None:
        second(data)
        data["recipes"]["later"]["start"] = "lra"

    bad = edited(both.suites[0], tmp_path / "bad", broken)
    (bad / "shots.yaml").write_text("system: '{examples}'\nshots: 2\n")
    fresh = Bench(tmp_path / "bench")
    result = fresh.run(both.suites[0], bad)
    assert result.returncode == 2
    assert "unknown recipe 'lra'" in result.stderr
    assert not list(fresh.home.glob("adapters/*"))


def test_a_suite_given_twice_runs_once(both: Both) -> None:
    result = both.bench.run(both.suites[0], both.suites[0])
    assert result.stdout.count("for a pull request") == 1


def test_an_adapter_that_does_nothing_stops_its_own_suite_alone(both: Both, tmp_path: Path) -> None:
    """The canary refuses it; the suite whose answers are all there is reported all the same."""

    def useless(data: dict[str, Any]) -> None:
        data["name"] = "useless"
        data["recipes"]["lora"] |= {"learning_rate": 1e-9, "epochs": 1}

    bad = edited(both.suites[0], tmp_path / "useless", useless)
    result = both.bench.run(bad, both.suites[0])
    assert result.returncode == 3
    assert result.stdout.count("for a pull request") == 1
    assert "tiny · full" in result.stdout
    assert "no report of useless" in result.stderr
    assert "adapter 'lora' changes nothing" in result.stderr


def test_json_has_a_line_for_each_run(both: Both) -> None:
    result = both.bench.run(*both.suites, "--json")
    decoder = json.JSONDecoder()
    text, found = result.stdout.strip(), []
    while text:
        one, end = decoder.raw_decode(text)
        found.append(one["suite"])
        text = text[end:].strip()
    assert found == ["tiny", "second"]
