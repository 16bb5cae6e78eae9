"""`bench gate`: what it prints and leaves in files, whatever ends it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result
from root_factory import LORA, make_run, make_suite
from tiny import edited, write_suite

from harness import pipeline
from harness.cli import cli
from harness.errors import BenchError, MachineError, MeasurementError, UsageError
from harness.plan import Cell
from harness.records import (
    Adapter,
    AdapterSource,
    Candidate,
    CandidateResult,
    CaseResult,
    GateResult,
    Rule,
    RuleResult,
    Run,
    Task,
)
from harness.shipped import check_bytes, judged_alone, with_adapter
from harness.store import Store

RULE = Rule("superior", "lora", "fees", "m.right", against="base")
ADAPTER = Adapter("lora", "served:lora", "ad" * 16, rank=8, size=1000)


def judged(verdict: Any, *rules: Any, **more: Any) -> Run:
    """A run with a gate of rules that have these verdicts."""
    results = tuple(RuleResult(RULE, one, f"it is {one}", 4, 0.5, 0.1, 0.9) for one in rules)
    base, _ = make_run().candidates
    return make_run(
        suite="tiny",
        gate=GateResult(verdict, results, **more),
        candidates=(base, CandidateResult(LORA, ADAPTER, answers=4)),
    )


class Gate:
    """`bench gate` on the tiny suite, whose run is made by hand: no model is needed."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.out = folder, folder / "reports/tiny/gate"
        self.suite = write_suite(folder / "tiny", folder / "no-model")
        self.given: list[Any] = []
        self._patch = monkeypatch.setattr

    def ends(self, outcome: Run | BaseException) -> None:
        """What the pipeline comes to."""

        def run_all(suites: Any, options: Any, *_: Any) -> Iterator[Run]:
            self.given.append((suites, options))
            if isinstance(outcome, BaseException):
                raise outcome
            assert outcome.gate is not None
            allowed = replace(outcome.gate, allow_inconclusive=options.allow_inconclusive)
            yield replace(outcome, gate=allowed)

        self._patch(pipeline, "run_all", run_all)

    def __call__(self, *more: object) -> Result:
        """The command's result."""
        words = ("gate", self.suite, "--reports", self.folder / "reports", "--quiet", *more)
        runner = CliRunner(env={"BENCH_HOME": str(self.folder / "home")})
        return runner.invoke(cli, [str(word) for word in words])

    def data(self) -> dict[str, Any]:
        """gate.json."""
        found: dict[str, Any] = json.loads((self.out / "gate.json").read_text("utf-8"))
        return found

    def counts(self) -> dict[str, str | None]:
        """The counts of gate.junit.xml."""
        suite = ET.parse(self.out / "gate.junit.xml").getroot().find("testsuite")
        assert suite is not None
        return {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")}


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gate:
    return Gate(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    "verdict, code", [("PASS", 0), ("FAIL", 1), ("INCONCLUSIVE", 4), ("ERROR", 3)]
)
def test_the_verdict_is_the_exit_code_everywhere(gate: Gate, verdict: str, code: int) -> None:
    gate.ends(judged(verdict, "PASS", verdict))
    done = gate()
    data = gate.data()
    assert (done.exit_code, data["exit_code"], data["verdict"]) == (code, code, verdict)
    assert (gate.out / "gate.md").read_text("utf-8").split("\n")[0].endswith("gate of tiny (quick)")
    assert verdict in (gate.out / "gate.md").read_text("utf-8").split("\n")[0]


def test_the_last_line_is_the_verdict_with_the_adapters_digest(gate: Gate) -> None:
    gate.ends(judged("FAIL", "PASS", "FAIL"))
    last = gate().stdout.splitlines()[-1]
    said = "FAIL: 2 rules: 1 pass, 1 fail; adapter adadadadadad; tiny, run aaaa000001"
    assert (last, gate.data()["summary"]) == (said, said)


def test_an_undecided_gate_passes_only_where_it_is_allowed_and_says_so(gate: Gate) -> None:
    gate.ends(judged("INCONCLUSIVE", "PASS", "INCONCLUSIVE"))
    assert gate().exit_code == 4
    assert gate.counts() == {"tests": "2", "failures": "1", "errors": "0", "skipped": "0"}
    assert "allow" not in (gate.out / "gate.md").read_text("utf-8")
    done = gate("--allow-inconclusive")
    assert done.exit_code == 0
    assert gate.counts() == {"tests": "2", "failures": "0", "errors": "0", "skipped": "1"}
    assert (gate.data()["verdict"], gate.data()["allow_inconclusive"]) == ("INCONCLUSIVE", True)
    assert "--allow-inconclusive" in done.stdout.splitlines()[-1]
    assert "INCONCLUSIVE was let pass" in (gate.out / "gate.md").read_text("utf-8")
    assert 'name="allow_inconclusive"' in (gate.out / "gate.junit.xml").read_text("utf-8")


@pytest.mark.parametrize("verdict, code", [("FAIL", 1), ("ERROR", 3)])
def test_what_failed_is_not_let_pass(gate: Gate, verdict: str, code: int) -> None:
    gate.ends(judged(verdict, verdict))
    assert gate("--allow-inconclusive").exit_code == code


def test_must_pass_cases_are_tests_and_those_that_do_not_pass_are_told(gate: Gate) -> None:
    musts = (
        CaseResult("fee-1", "fees", "lora", "m.right", "PASS"),
        CaseResult("fee-2", "fees", "lora", "m.right", "FAIL", "a new failure"),
    )
    gate.ends(judged("FAIL", "PASS", must_pass=musts))
    lines = gate().stdout.splitlines()
    assert "  FAIL         must-pass case fee-2: a new failure" in lines
    assert not [line for line in lines if "fee-1" in line]
    assert gate.counts()["tests"] == "4"  # a rule, two cases, and the verdict worse than the rule
    assert [one["case"] for one in gate.data()["must_pass"]] == ["fee-1", "fee-2"]
    assert "fee-2" in (gate.out / "gate.md").read_text("utf-8")


def test_notes_and_baseline_are_in_every_output(gate: Gate) -> None:
    gate.ends(judged("PASS", "PASS", baseline="run b1, sha256 abc", notes=("mind | this",)))
    said = gate().stdout
    assert "baseline: run b1, sha256 abc" in said
    assert "note: mind | this" in said
    for name in ("gate.json", "gate.junit.xml", "gate.md"):
        text = (gate.out / name).read_text("utf-8")
        assert "run b1, sha256 abc" in text
        assert "mind" in text


def test_a_number_that_is_none_is_null(gate: Gate) -> None:
    run = judged("ERROR", "ERROR")
    assert run.gate is not None
    broken = replace(run.gate.rules[0], estimate=float("nan"), high=float("inf"))
    gate.ends(replace(run, gate=replace(run.gate, rules=(broken,))))
    assert gate().exit_code == 3
    (rule,) = gate.data()["rules"]
    assert (rule["estimate"], rule["low"], rule["high"]) == (None, 0.1, None)


# ---------------------------------------------------------------- what ends without a verdict


@pytest.mark.parametrize(
    "error, code",
    [
        (MachineError("the engine died", remedy="see engine.log"), 3),
        (MeasurementError("the canary is not as it should be"), 3),
        (UsageError("the adapter is for another base model"), 2),
        (ValueError("a defect"), 3),
    ],
)
def test_whatever_stops_the_gate_replaces_an_old_pass(
    gate: Gate, error: Exception, code: int
) -> None:
    gate.ends(judged("PASS", "PASS"))
    assert gate().exit_code == 0
    gate.ends(error)
    assert type(gate().exception) is type(error)
    data = gate.data()
    assert (data["verdict"], data["exit_code"]) == ("ERROR", code)
    assert str(error) in data["reason"]
    assert gate.counts() == {"tests": "1", "failures": "0", "errors": "1", "skipped": "0"}
    assert (gate.out / "gate.md").read_text("utf-8").startswith("## ! ERROR: gate of tiny")


def test_a_gate_that_is_killed_leaves_no_old_pass(gate: Gate) -> None:
    gate.ends(judged("PASS", "PASS"))
    gate()
    gate.ends(KeyboardInterrupt())
    gate()
    assert gate.data()["reason"] == "the gate did not come to an end"
    assert gate.counts()["errors"] == "1"


def test_a_broken_suite_replaces_an_old_pass(gate: Gate) -> None:
    gate.ends(judged("PASS", "PASS"))
    gate()
    (gate.suite / "suite.yaml").write_text("tasks: {", "utf-8")
    assert isinstance(gate().exception, BenchError)
    assert (gate.data()["verdict"], gate.data()["exit_code"]) == ("ERROR", 2)


def test_a_suite_that_is_not_there_leaves_no_files_unless_a_folder_is_named(gate: Gate) -> None:
    gate.suite = gate.folder / "nowhere"
    gate()
    assert not (gate.folder / "reports").exists()
    gate.out = gate.folder / "ci"
    gate("--out", gate.out)
    assert gate.data()["verdict"] == "ERROR"


def test_a_suite_without_rules_is_refused(gate: Gate) -> None:
    gate.suite = edited(gate.suite, gate.folder / "bare", lambda data: data.pop("gate"))
    gate.out = gate.folder / "reports/bare/gate"
    assert "the suite has no gate rules" in str(gate().exception)
    assert gate.data()["verdict"] == "ERROR"


# ---------------------------------------------------------------- flags


def test_a_policy_takes_the_place_of_the_suites_rules(gate: Gate) -> None:
    policy = gate.folder / "policy.yaml"
    rule = "{kind: at_least, candidate: lora, task: fees, metric: style.all, value: 0.5}"
    policy.write_text(f"gate:\n  - {rule}\n", "utf-8")
    gate.ends(judged("PASS", "PASS"))
    assert gate("--policy", policy).exit_code == 0
    (suite,) = gate.given[-1][0]
    assert [one.kind for one in suite.rules] == ["at_least"]


def baselined(gate: Gate) -> None:
    def change(data: dict[str, Any]) -> None:
        data["gate"][0]["against"] = "baseline"

    gate.suite = edited(gate.suite, gate.folder / "held", change)
    gate.out = gate.folder / "reports/held/gate"


def test_a_missing_baseline_is_an_error_before_anything_runs(gate: Gate) -> None:
    baselined(gate)
    gate.ends(judged("PASS", "PASS"))
    done = gate()
    assert "no baseline is pinned (bench baseline set SUITE)" in str(done.exception)
    assert gate.given == []
    assert (gate.data()["verdict"], gate.data()["exit_code"]) == ("ERROR", 3)


def test_a_run_can_stand_for_the_baseline(gate: Gate) -> None:
    baselined(gate)
    gate.ends(judged("PASS", "PASS"))
    folder = gate.folder / "reports/tiny/aaaa000001"
    folder.mkdir(parents=True)
    from harness.report.json import JsonReport

    JsonReport().write(judged("PASS", "PASS"), folder)
    assert gate("--baseline", "aaaa").exit_code == 0
    baseline = gate.given[-1][1].baseline
    assert (baseline.header.run, baseline.sha256) == ("aaaa000001", "")


def test_a_baseline_that_no_rule_asks_for_is_refused(gate: Gate) -> None:
    assert "--baseline changes nothing" in str(gate("--baseline", "aaaa").exception)


def test_a_plan_runs_nothing_and_leaves_no_files(gate: Gate) -> None:
    gate.ends(judged("PASS", "PASS"))
    done = gate("--plan", "--json")
    found = json.loads(done.stdout)
    assert (done.exit_code, len(found["rules"])) == (found["exit_code"], 2)
    assert gate.given == []
    assert not gate.out.exists()


# ---------------------------------------------------------------- a finished adapter

WIDE = Candidate("wide", AdapterSource("recipe", "wide"))


def test_only_what_the_rules_name_is_asked_with_a_finished_adapter() -> None:
    cases = make_suite().tasks[0].cases
    suite = make_suite(
        candidates=(Candidate("base"), LORA, WIDE),
        tasks=(Task("fees", cases, ()), Task("notes", cases, ())),
        rules=(RULE, replace(RULE, against="baseline")),
    )
    alone = with_adapter(judged_alone(suite), "acme/lora")
    assert [(task.name, task.candidates) for task in alone.tasks] == [("fees", ("base", "lora"))]
    assert {one.adapter.kind for one in alone.candidates} == {"none", "hub"}


def test_a_budget_over_all_tasks_asks_them_all() -> None:
    cases = make_suite().tasks[0].cases
    budget = Rule("budget", "lora", "", "tokens_per_answer", value=9)
    tasks = (Task("fees", cases, ()), Task("notes", cases, (), candidates=("base",)))
    alone = judged_alone(make_suite(tasks=tasks, rules=(budget,)))
    assert [(task.name, task.candidates) for task in alone.tasks] == [("fees", ("lora",))]


def test_weighing_an_adapter_asks_no_task_more_than_other_rules_do() -> None:
    cases = make_suite().tasks[0].cases
    tasks = (Task("fees", cases, ()), Task("notes", cases, ()))
    weight = Rule("budget", "lora", "", "adapter_mb", value=9)
    both = judged_alone(make_suite(tasks=tasks, rules=(RULE, weight)))
    assert [task.name for task in both.tasks] == ["fees"]
    single = judged_alone(make_suite(tasks=tasks, rules=(weight,)))
    assert [task.name for task in single.tasks] == ["fees", "notes"]


def test_rules_without_an_adapter_are_not_judged_with_one() -> None:
    suite = make_suite(rules=(Rule("at_least", "base", "fees", "m.right", value=0.5),))
    with pytest.raises(UsageError, match="--adapter would judge nothing"):
        with_adapter(judged_alone(suite), "acme/lora")


@pytest.mark.parametrize("path", ["./nowhere", "/no/where", "~/nowhere-at-all"])
def test_an_adapter_folder_that_is_not_there_is_named(path: str) -> None:
    with pytest.raises(UsageError, match=f"^{path}: no such adapter folder"):
        with_adapter(make_suite(), path)


def test_answers_of_bytes_that_changed_are_an_error_and_go(tmp_path: Path) -> None:
    store, folder = Store(tmp_path / "home"), tmp_path / "mine"
    folder.mkdir()
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        (folder / name).write_text(name, "utf-8")
    adapter = Adapter("mine", str(folder), store.adapter_digest(folder), 8, 1)
    suite = make_suite()
    cell = Cell(LORA, suite.tasks[0], (), adapter, key="k1")
    base = Cell(suite.candidates[0], suite.tasks[0], (), None, key="k0")
    for one in (cell, base):
        store.answers(one.key).path.write_text('{"schema": 1}\n', "utf-8")
    works: Any = [(None, [cell, base])]
    check_bytes(works, store)
    (folder / "adapter_model.safetensors").write_text("others", "utf-8")
    with pytest.raises(MeasurementError, match="bytes changed while it was judged"):
        check_bytes(works, store)
    assert [path.stem for path in (store.root / "answers").iterdir()] == ["k0"]
