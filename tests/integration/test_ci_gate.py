"""The gate in a CI job: the Action's steps, GitLab's job and the commit hook, run here."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml
from command import Done
from jobs import ACTION, ROOT, Job, Step

CURRENT = {"task": "fees", "metric": "recency.current"}
POLICIES: dict[str, list[dict[str, Any]]] = {
    "PASS": [{"kind": "max_unmeasured", "candidate": "lora", **CURRENT, "value": 0.5}],
    "FAIL": [
        {"kind": "at_least", "candidate": "lora", **CURRENT, "value": 0.99},
        {"kind": "no_new_failures", "candidate": "lora", **CURRENT, "slice": "unchanged"},
    ],
    "INCONCLUSIVE": [{"kind": "at_least", "candidate": "lora", **CURRENT, "value": 0.2}],
    "ERROR": [
        {
            "kind": "non_inferior",
            "candidate": "lora",
            "against": "baseline",
            **CURRENT,
            "margin": 0.1,
        }
    ],
}


@pytest.fixture(scope="module")
def job(done: Done, tmp_path_factory: pytest.TempPathFactory) -> Job:
    """A checkout with a suite, policies and a finished adapter; the store holds its answers."""
    made = Job(tmp_path_factory.mktemp("job"))
    shutil.copytree(done.suite, made.workspace / "suites/tiny")
    shutil.copytree(done.bench.home, made.workspace / ".bench")
    (adapter,) = (one.adapter for one in done.run.candidates if one.candidate.name == "lora")
    assert adapter is not None
    shutil.copytree(adapter.path, made.workspace / "adapter")
    for name, rules in POLICIES.items():
        path = made.workspace / f"{name}, 5%: rules.yaml"
        path.write_text(yaml.safe_dump({"gate": rules}), "utf-8")
    bench = done.bench.environment()
    made.more = {
        **{name: bench[name] for name in ("CUDA_VISIBLE_DEVICES", "HF_HUB_OFFLINE")},
        "OMP_NUM_THREADS": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    return made


@pytest.fixture
def judged(job: Job) -> Callable[..., tuple[Step, dict[str, Any]]]:
    """The Action's judging step with a policy; its result, and gate.json."""

    def run(policy: str, /, **inputs: str) -> tuple[Step, dict[str, Any]]:
        known = {"suite": "suites/tiny", "adapter": "adapter", "engine": "transformers"}
        named = {"policy": f"{policy}, 5%: rules.yaml"} if policy else {}
        step = job.action("Judge", {**known, **named, **inputs})
        data = json.loads((job.workspace / "reports/tiny/gate/gate.json").read_bytes())
        assert step.outputs["verdict"] == data["verdict"], step.log
        return step, data

    return run


def check_outputs(job: Job, step: Step, data: dict[str, Any]) -> None:
    """What a job's next steps and its page are told is what gate.json says."""
    assert step.outputs["summary"] == data["summary"]
    assert step.outputs["exit-code"] == str(data["exit_code"]) == str(step.code)
    assert step.outputs["folder"] == "reports/tiny/gate"
    folder = job.workspace / step.outputs["folder"]
    assert step.summary == (folder / "gate.md").read_text("utf-8")
    for name in {one["value"].split(".")[-1].rstrip(" }") for one in ACTION["outputs"].values()}:
        assert name in step.outputs


def test_a_pass_is_green_and_names_its_report(job, judged):
    step, data = judged("PASS")
    check_outputs(job, step, data)
    assert (step.code, data["verdict"]) == (0, "PASS"), step.log
    assert (job.workspace / step.outputs["report"]).is_file()
    assert step.annotations == [f"::notice title=bench gate::{data['summary']}"]
    assert data["adapters"][0]["path"] == str(job.workspace / "adapter")
    assert "every answer is in the store" in step.log


def test_a_fail_is_red_and_each_rule_is_noted_on_its_line(job, judged):
    step, data = judged("FAIL")
    check_outputs(job, step, data)
    assert (step.code, data["verdict"]) == (1, "FAIL"), step.log
    first, *others, last = step.annotations
    assert first.startswith("::error file=FAIL%2C 5%25%3A rules.yaml,line=2,title=FAIL%3A gate of")
    assert "reaches at least 99 %25 (fees, recency.current)" in first
    lost = [one for one in data["must_pass"] if one["verdict"] == "FAIL"]
    assert 0 < len(lost) <= 5
    cases = [line for line in others if "must-pass case" in line]
    places = {re.findall(r"file=suites/tiny/cases/fees.jsonl,line=(\d+)", one)[0] for one in cases}
    assert places == {one["where"].rpartition(":")[2] for one in lost}
    assert last == f"::error title=bench gate::{data['summary']}"
    tests = ET.parse(job.workspace / "reports/tiny/gate/gate.junit.xml").getroot()
    assert len(tests.findall(".//failure")) == 2 + len(lost)


def test_not_known_is_red_until_someone_lets_it_pass_which_is_written_down(job, judged):
    step, data = judged("INCONCLUSIVE")
    check_outputs(job, step, data)
    assert (step.code, data["verdict"], data["allow_inconclusive"]) == (4, "INCONCLUSIVE", False), (
        step.log
    )
    assert [line.split(" ")[0] for line in step.annotations] == ["::warning", "::error"]
    step, data = judged("INCONCLUSIVE", **{"allow-inconclusive": "true"})
    check_outputs(job, step, data)
    assert (step.code, data["verdict"], data["allow_inconclusive"]) == (0, "INCONCLUSIVE", True), (
        step.log
    )
    assert [line.split(" ")[0] for line in step.annotations] == ["::notice", "::notice"]
    assert "--allow-inconclusive" in step.summary


def test_a_baseline_that_is_not_there_is_an_error_though_it_was_green_before(job, judged):
    judged("PASS")
    step, data = judged("ERROR")
    check_outputs(job, step, data)
    assert (step.code, data["verdict"]) == (3, "ERROR"), step.log
    assert step.annotations[-1].startswith("::error title=bench gate::ERROR: ")
    assert "no baseline is pinned" in step.summary


def test_a_suite_with_a_mistake_is_noted_on_its_line_and_no_green_file_stays(job, judged):
    judged("PASS")
    policy = job.workspace / "wrong.yaml"
    rule = {"kind": "at_most", "candidate": "nobody", **CURRENT, "value": 0.5}
    policy.write_text(f"gate:\n  - {json.dumps(rule)}\n", "utf-8")
    step, data = judged("", policy="wrong.yaml")
    check_outputs(job, step, data)
    assert (step.code, data["verdict"], step.outputs["report"]) == (2, "ERROR", ""), step.log
    assert step.annotations[0].startswith("::error file=wrong.yaml,line=2,title=bench gate::")
    assert "nobody" in step.summary
    assert "PASS" not in step.summary


# ---------------------------------------------------------------- GitLab


def expanded(text: str, variables: dict[str, str]) -> str:
    return re.sub(r"\$(\w+)", lambda found: variables.get(found[1], ""), text)


def test_the_example_for_gitlab_leaves_the_junit_file_that_it_names(job):
    page = yaml.safe_load((ROOT / "docs/ci/gitlab-ci.yml").read_text("utf-8"))
    (example,) = page.values()
    predefined = {"CI_PROJECT_DIR": str(job.workspace), "CI_COMMIT_REF_SLUG": "topic"}
    variables = {key: expanded(text, predefined) for key, text in example["variables"].items()}
    (store,) = example["cache"][0]["paths"]
    assert variables["BENCH_HOME"] == f"{job.workspace}/{store.strip('/')}"
    variables |= {
        "BENCH_REPOSITORY": str(ROOT),
        "GATE_SUITE": "suites/tiny",
        "GATE_ADAPTER": "adapter",
        "GATE_POLICY": "FAIL, 5%: rules.yaml",
        "GATE_ENGINE": "transformers",
        "GITHUB_ACTIONS": "",
        "PYTHON": sys.executable,
    }
    clone, install = example["before_script"]
    assert clone.split()[:2] == ["git", "clone"]
    assert install == ".bench-source/.ci/gate install"
    source = job.workspace / ".bench-source"
    source.mkdir()
    (source / ".ci").symlink_to(ROOT / ".ci")
    (script,) = example["script"]
    done = job.shell(script, **variables)
    assert (done.code, done.annotations) == (1, []), done.log
    reported = job.workspace / example["artifacts"]["reports"]["junit"]
    assert ET.parse(reported).getroot().findall(".//failure")
    kept = example["artifacts"]["paths"]
    assert [path for path in kept if not (job.workspace / path).is_dir()] == []
    assert (example["artifacts"]["when"], example["cache"][0]["when"]) == ("always", "always")


# ---------------------------------------------------------------- the commit hook


@pytest.fixture
def hook(job: Job, tmp_path: Path) -> Iterator[Callable[..., subprocess.CompletedProcess[str]]]:
    """Runs the hook as pre-commit does: its entry in this checkout, on files of a repository."""
    (entry,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    assert (entry["language"], entry["always_run"]) == ("script", True)
    shutil.copytree(job.workspace / "suites", tmp_path / "suites")
    (tmp_path / "notes.md").write_text("no suite's\n", "utf-8")
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com"]
    env = {key: text for key, text in job.environment().items() if not key.startswith("GIT_")}

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )

    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"]):
        assert call(*git, *words).returncode == 0

    def run() -> subprocess.CompletedProcess[str]:
        call(*git, "add", "--all")
        staged = call(*git, "diff", "--cached", "--name-only", "--diff-filter=ACMR").stdout
        names = [name for name in staged.splitlines() if re.search(entry["files"], name)]
        return call(str(ROOT / entry["entry"]), *names)

    return run


def test_the_hook_is_quiet_where_no_suite_changed(hook, tmp_path):
    (tmp_path / "notes.md").write_text("changed\n", "utf-8")
    done = hook()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_hook_checks_the_suite_of_a_changed_file_once(hook, tmp_path):
    for name in ("cases/fees.jsonl", "cases/notes.jsonl", "suite.yaml"):
        with (tmp_path / "suites/tiny" / name).open("a", encoding="utf-8") as file:
            file.write("\n")
    done = hook()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("suites/tiny") == 1


def test_the_hook_refuses_a_suite_with_a_mistake(hook, tmp_path):
    with (tmp_path / "suites/tiny/cases/fees.jsonl").open("a", encoding="utf-8") as file:
        file.write("{}\n")
    done = hook()
    assert done.returncode == 2
    assert "suites/tiny/cases/fees.jsonl:11" in done.stderr


def test_the_hook_sees_a_file_that_the_commit_only_removes(hook, tmp_path):
    (tmp_path / "suites/tiny/cases/fees.jsonl").unlink()
    done = hook()
    assert done.returncode == 2
    assert "fees.jsonl" in done.stderr


def test_the_hook_says_that_bench_is_not_there(tmp_path):
    suite = tmp_path / "suite.yaml"
    suite.write_text("name: x\n", "utf-8")
    done = subprocess.run(
        [ROOT / ".ci/check", suite],
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert "bench is not on the PATH" in done.stderr
