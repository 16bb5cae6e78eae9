"""`bench gate --plan` as it is printed: 80 columns, what is lacking, what was assumed."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness.commands import foreseen
from harness.records import (
    Candidate,
    Case,
    Comparison,
    Metric,
    Model,
    Rule,
    Run,
    ScorerSpec,
    Suite,
    Task,
)
from harness.report.json import JsonReport

MARGIN = Rule("non_inferior", "lora", "t", "m", against="base", margin=0.1)
EXACT = Rule("budget", "lora", "", "adapter_mb", value=20)
CASES = tuple(Case(f"c{i}", "t", "in", "out", f"c{i}") for i in range(50))


@pytest.fixture
def suite(monkeypatch) -> Suite:
    """Fifty cases, and two rules on them."""
    monkeypatch.setattr(
        foreseen.scoring, "metrics_of", lambda suite: [Metric("m", "right", binary=True)]
    )
    task = Task("t", CASES, (ScorerSpec("x"),))
    candidates = (Candidate("lora"), Candidate("base"))
    return Suite(
        "s", "", "full", "", "", 7, (), (task,), candidates, (), rules=(MARGIN, EXACT)
    )  # fmt: skip


def write_run(reports: Path, profile: str = "full") -> None:
    compared = Comparison("t", "m", "all", "lora", "base", 50, 50, 0.0, -0.05, 0.05, mde=0.07)
    run = Run(
        1, "r1", "s", profile, "", "", Model("m", "", "d"), "vllm", "", None, None, (), {}, (),
        CASES, (), (), (compared,), (), (), None,
    )  # fmt: skip
    folder = reports / "s" / "r1"
    folder.mkdir(parents=True)
    JsonReport().write(run, folder)


def test_what_is_lacking_comes_first_and_what_is_assumed_last(suite, tmp_path):
    found = foreseen.foresee(suite, tmp_path)
    assert found["lines"] == [
        "gate plan of s (full profile): 1 of 2 rules are decidable",
        "",
        "needs 29 more   lora is at most 10 pp behind base (t, m)",
        "                50 cases in 50 clusters, needs 79",
        "                it shows that a loss stays within 13 pp",
        "                assumed: no true change; candidates differ in 10 % of cases (in",
        "                20 %: 157 needed)",
        "",
        "decidable       lora takes at most 20 MB for its adapter",
        "                50 cases in 50 clusters, needs 1",
        "                exact",
        "",
        "Needed: decided in 80 % of runs. No earlier run: cases of a cluster are taken to",
        "be all alike.",
    ]
    assert (found["exit_code"], found["run"]) == (4, None)


def test_the_newest_run_of_the_same_profile_tells_how_much_answers_differ(suite, tmp_path):
    write_run(tmp_path)
    found = foreseen.foresee(suite, tmp_path)
    assert (found["exit_code"], found["run"]) == (0, "r1")
    assert found["rules"][0]["needed"] == 36  # 50·(7/10)², and at least what ties would need
    assert "Spreads are those of run r1." in found["lines"][-1]


def test_a_run_of_another_profile_or_a_damaged_one_tells_nothing(suite, tmp_path):
    write_run(tmp_path, "quick")
    assert foreseen.foresee(suite, tmp_path)["run"] is None
    (tmp_path / "s" / "r1" / "run.json").write_text("{")
    assert foreseen.foresee(suite, tmp_path)["run"] is None


def test_no_line_is_wider_than_80_columns_whatever_the_names(suite, tmp_path):
    long = replace(MARGIN, candidate="a-candidate-with-a-long-name-" * 2, against="b" * 64)
    lines = foreseen.foresee(replace(suite, rules=(long,)), tmp_path)["lines"]
    assert max(map(len, lines)) <= 80
