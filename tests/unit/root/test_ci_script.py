"""action.yml and .ci/gate: inputs stay data, a verdict is never made up, commands stay commands."""

import json
import re
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from jobs import ACTION, ROOT, Job

from harness.report.gatefile import blank

STEPS = ACTION["runs"]["steps"]
OUTPUTS = list(ACTION["outputs"].values())
TEXT = (ROOT / "action.yml").read_text(encoding="utf-8")


# ---------------------------------------------------------------- action.yml


def test_every_input_of_the_action_is_used_and_every_one_that_is_used_is_there():
    used = set(re.findall(r"inputs\.([\w-]+)", yaml.safe_dump(STEPS)))
    assert used == set(ACTION["inputs"])


def test_every_input_and_output_says_what_it_is():
    named = [*ACTION["inputs"].values(), *ACTION["outputs"].values()]
    assert [one for one in named if not one["description"]] == []


def test_only_the_suite_must_be_given():
    needed = [name for name, one in ACTION["inputs"].items() if one.get("required")]
    assert needed == ["suite"]
    without = [name for name, one in ACTION["inputs"].items() if "default" not in one]
    assert without == needed


def test_every_action_that_is_used_is_pinned():
    used = [step["uses"] for step in STEPS if "uses" in step]
    assert len(used) == 4
    assert [one for one in used if not re.search(r"@(v\d+|[0-9a-f]{40})$", one)] == []


def test_no_expression_is_inside_a_command():
    runs = [step["run"] for step in STEPS if "run" in step]
    assert len(runs) == 3
    assert [run for run in runs if "${{" in run] == []
    assert {step["shell"] for step in STEPS if "run" in step} == {"bash"}


def test_every_output_is_one_that_the_judging_step_has(job, fake):
    wanted = {re.findall(r"steps\.gate\.outputs\.([\w-]+)", one["value"])[0] for one in OUTPUTS}
    fake(0, verdict={"verdict": "PASS", "exit_code": 0})
    done = job.gate(GATE_SUITE="tiny")
    assert wanted - set(done.outputs) == set()


def test_report_and_store_are_kept_however_the_gate_ends():
    last = {step["name"]: step for step in STEPS if "name" in step}
    assert last["Save the store"]["if"].startswith("always() && ")
    assert last["Upload report and verdict"]["if"] == "always()"


def test_the_variables_of_the_action_are_those_of_the_script():
    script = (ROOT / ".ci/gate").read_text(encoding="utf-8")
    given = {key for step in STEPS for key in step.get("env", {}) if key.startswith("GATE_")}
    read = set(re.findall(r"\$\{(GATE_\w+):-", script))
    # the folder of the verdict follows from reports and suite
    assert read == given | {"GATE_OUT"}
    head = script.split("set -eu")[0]
    assert {name for name in read if name not in head} == set()


# ---------------------------------------------------------------- the script

FAKE = """#!/bin/sh
# stands for python: writes down what it is called with, and a verdict
for word in "$@"; do printf '%s\\n' "$word" >>{calls}; done
printf '%s|%s\\n' "${{PIP_EXTRA_INDEX_URL:-}}" "$*" >>{calls}.lines
case "$*" in
'-m venv '*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
*'harness.cli gate'*)
    for word in "$@"; do case $word in --out=*) out=${{word#--out=}} ;; esac; done
    cat {said}
    if [ -s {verdict} ]; then
        mkdir -p "$out" && cp {verdict} "$out/gate.json" && printf 'page\\n' >"$out/gate.md"
    fi
    exit {code} ;;
*harness.report.github*) exec {python} "$@" ;;
esac
"""


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A job in an empty workspace with an empty suite."""
    made = Job(tmp_path / "job")
    (made.workspace / "tiny").mkdir(parents=True)
    return made


@pytest.fixture
def fake(job: Job, tmp_path: Path) -> Callable[..., Path]:
    """Puts an interpreter in the place of the real one; returns where its calls are written."""

    def make(code: int, said: str = "", verdict: object = None) -> Path:
        files = {name: tmp_path / name for name in ("calls", "said", "verdict")}
        files["said"].write_text(said, "utf-8")
        data = {**blank("tiny", ""), **verdict} if isinstance(verdict, dict) else verdict
        files["verdict"].write_text("" if data is None else json.dumps(data), "utf-8")
        python = tmp_path / "python"
        python.write_text(FAKE.format(code=code, python=sys.executable, **files), "utf-8")
        python.chmod(python.stat().st_mode | stat.S_IXUSR)
        job.more["PYTHON"] = str(python)
        return files["calls"]

    return make


def test_options_are_passed_as_they_are_and_none_becomes_another(job, fake):
    calls = fake(0, verdict={"verdict": "PASS", "exit_code": 0})
    nasty = "--allow-inconclusive $(touch pwned) `id`; 'x' \"y\""
    done = job.action("Judge", {"suite": "-s", "adapter": nasty, "policy": "a b.yaml"})
    assert done.code == 0
    words = calls.read_text("utf-8").splitlines()
    start = words.index("gate")
    assert words[start + 1 : start + 7] == [
        "--reports=reports",
        "--out=reports/-s/gate",
        f"--adapter={nasty}",
        "--policy=a b.yaml",
        "--",
        "./-s",
    ]
    assert not (job.workspace / "pwned").exists()


def test_what_bench_prints_is_never_obeyed(job, fake):
    said = "::error::planted\n::add-mask::e\n::notice::x\n"
    fake(1, said, {"verdict": "FAIL", "exit_code": 1, "summary": "FAIL: 1 rule"})
    done = job.gate(GATE_SUITE="tiny")
    assert "::error::planted" in done.log
    assert done.annotations == ["::error title=bench gate::FAIL: 1 rule"]


def test_the_token_that_ends_the_silence_is_another_each_time(job, fake):
    fake(0, verdict={"verdict": "PASS", "exit_code": 0})
    logs = [job.gate(GATE_SUITE="tiny").log for _ in range(2)]
    tokens = {re.findall(r"::stop-commands::([0-9a-f]{32})\n", log)[0] for log in logs}
    assert len(tokens) == 2


@pytest.mark.parametrize(
    "code, verdict, expected",
    [
        (0, None, 3),
        (1, None, 3),
        (4, None, 3),
        (2, None, 2),
        (137, None, 137),
        (0, {"verdict": "FAIL", "exit_code": 1}, 3),
        (1, {"verdict": "PASS", "exit_code": 0}, 3),
        (0, {"verdict": "ERROR", "exit_code": 3}, 3),
        (3, {"verdict": "PASS", "exit_code": 0}, 3),
        (0, [], 3),
        (137, {"verdict": "ERROR", "exit_code": 3}, 137),
    ],
)
def test_a_code_without_the_verdict_that_it_stands_for_is_an_error(
    job, fake, code, verdict, expected
):
    fake(code, verdict=verdict)
    done = job.gate(GATE_SUITE="tiny")
    assert (done.code, done.outputs["verdict"]) == (expected, "ERROR")
    assert done.annotations[-1].startswith("::error title=bench gate::")
    assert done.summary


@pytest.mark.parametrize(
    "variables", [{}, {"PYTHON": "false"}, {"GATE_ALLOW_INCONCLUSIVE": "yes"}], ids=str
)
def test_files_of_a_gate_before_are_gone_where_there_is_no_new_one(job, fake, variables):
    old = job.workspace / "reports/tiny/gate"
    old.mkdir(parents=True)
    for name in ("gate.json", "gate.junit.xml", "gate.md"):
        (old / name).write_text("PASS", "utf-8")
    fake(137)
    done = job.gate(GATE_SUITE="tiny", **variables)
    assert list(old.iterdir()) == []
    assert "PASS" not in done.summary


@pytest.mark.parametrize(
    "variables, code, said",
    [
        ({}, 2, "no suite is given"),
        ({"GATE_SUITE": "tiny", "GATE_ALLOW_INCONCLUSIVE": "yes"}, 2, "neither true nor false"),
        ({"GATE_SUITE": "tiny\nverdict=PASS"}, 2, "line break"),
        ({"GATE_SUITE": "tiny", "PYTHON": "false"}, 3, "cannot be started"),
    ],
)
def test_a_job_that_cannot_be_judged_says_why(job, fake, variables, code, said):
    fake(0, verdict={"verdict": "PASS", "exit_code": 0})
    done = job.gate(**variables)
    assert (done.code, done.outputs["verdict"]) == (code, "ERROR")
    assert said in done.outputs["summary"]
    assert said in done.summary


def test_an_unknown_step_is_refused(job):
    done = job.gate("jugde", GATE_SUITE="tiny")
    assert (done.code, "'jugde' is not a step" in done.log) == (2, True)


def test_nothing_of_github_is_written_elsewhere(job, fake):
    fake(1, verdict={"verdict": "FAIL", "exit_code": 1})
    none = {"GITHUB_ACTIONS": "", "GITHUB_OUTPUT": "", "GITHUB_STEP_SUMMARY": ""}
    done = job.shell(["env", *(f"{key}={text}" for key, text in none.items()), "GATE_SUITE=tiny",
                      "sh", str(ROOT / ".ci/gate")])  # fmt: skip
    assert (done.code, done.annotations, done.outputs, done.summary) == (1, [], {}, "")


def test_nothing_in_the_workspace_is_imported(job, fake, tmp_path):
    calls = fake(0, verdict={"verdict": "PASS", "exit_code": 0})
    (job.workspace / "json.py").write_text("raise SystemExit(9)\n", "utf-8")
    (job.workspace / "harness").mkdir()
    (job.workspace / "harness/__init__.py").write_text("raise SystemExit(9)\n", "utf-8")
    assert job.gate(GATE_SUITE="tiny").code == 0
    assert "harness.report.github" in calls.read_text("utf-8")


# ---------------------------------------------------------------- the cache


def keys(job: Job, **inputs: str) -> dict[str, str]:
    return job.action("Name the cache", {"suite": "tiny", **inputs}).outputs


def test_the_cache_is_named_after_what_can_change_the_answers(job):
    suite, adapter = job.workspace / "tiny/suite.yaml", job.workspace / "adapter"
    adapter.mkdir()
    (adapter / "adapter_model.safetensors").write_bytes(b"1")
    suite.write_text("name: tiny\n", "utf-8")
    first = keys(job, adapter="adapter")
    assert keys(job, adapter="adapter") == first
    assert keys(job, suite="tiny/suite.yaml", adapter="adapter") == first
    suite.write_text("name: other\n", "utf-8")
    edited = keys(job, adapter="adapter")
    (adapter / "adapter_model.safetensors").write_bytes(b"2")
    swapped = keys(job, adapter="adapter")
    named = keys(job, adapter="owner/name")
    assert len({one["key"] for one in (first, edited, swapped, named)}) == 4
    for one in (first, edited, swapped, named):
        assert one["key"].startswith(first["older"])
        assert one["older"].startswith(first["any"])


def test_a_name_for_the_cache_holds_nothing_that_a_key_may_not(job):
    found = keys(job, **{"suite": "a, b/c:d $(id)", "cache-key": "v2"})
    assert re.fullmatch(r"v2-\w+-c_d___id_-[0-9a-f]{12}-[0-9a-f]{12}-[0-9a-f]{12}", found["key"])


# ---------------------------------------------------------------- install


def test_bench_is_installed_from_the_lock_into_an_environment_of_its_own(job, fake):
    calls = fake(0)
    done = job.action("Install bench", {"suite": "tiny", "torch-index": "https://index.example"})
    assert (done.code, done.log) == (0, "")
    venv, lock, bench = lines(calls)
    assert venv == f"https://index.example|-m venv {job.folder}/bench-env"
    assert lock.endswith(f"--no-deps --requirement {ROOT}/locks/cpu.txt")
    assert bench.endswith(f"--no-deps --no-build-isolation --editable {ROOT}")
    paths = (job.folder / f"GITHUB_PATH.{job.count}").read_text("utf-8")
    assert paths == f"{job.folder}/bench-env/bin\n"


def lines(calls: Path) -> list[str]:
    """The commands that the fake interpreter was given, a line each."""
    return calls.with_name(f"{calls.name}.lines").read_text("utf-8").splitlines()


# ---------------------------------------------------------------- docs/ci.md

PAGE = (ROOT / "docs/ci.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def table(head: str) -> set[str]:
    """The names in the first column of the table with this head."""
    rows = PAGE.split(f"| {head} | is |\n")[1].split("\n\n")[0].splitlines()[1:]
    return {name for row in rows for name in re.findall(r"`([\w-]+)`", row.split(" | ")[0])}


def test_the_page_lists_every_input_and_output():
    assert table("input") == set(ACTION["inputs"])
    assert table("output") == set(ACTION["outputs"])


def test_the_workflows_of_the_page_give_inputs_that_there_are():
    whole, steps = (text for text in blocks("yaml") if "OWNER/bench@" in text)
    (gate,) = yaml.safe_load(whole)["jobs"].values()
    given = [one for one in (*gate["steps"], *yaml.safe_load(steps)) if "OWNER" in str(one)]
    assert len(given) == 2
    assert {name for one in given for name in one["with"]} - set(ACTION["inputs"]) == set()
    named = set(re.findall(r"steps\.gate\.outputs\.([\w-]+)", whole))
    assert named - set(ACTION["outputs"]) == set()


def test_the_pages_hook_is_one_that_there_is():
    (config,) = (yaml.safe_load(text) for text in blocks("yaml") if "hooks:" in text)
    there = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    (repo,) = config["repos"]
    assert [one["id"] for one in repo["hooks"]] == [one["id"] for one in there]


def test_the_commands_for_any_other_ci_install_and_judge(job, fake, tmp_path):
    calls = fake(1, verdict={"verdict": "FAIL", "exit_code": 1})
    del job.more["PYTHON"]
    job.more["PATH"] = f"{tmp_path}:/usr/bin:/bin"
    (job.workspace / "bench").symlink_to(ROOT)
    (commands,) = blocks("sh")
    done = job.shell(commands)
    assert done.code == 1
    assert (job.workspace / "verdict/gate.json").is_file()
    found = lines(calls)
    assert found[0] == "|-m venv .bench-env"
    asked = next(line for line in found if "harness.cli gate" in line)
    assert asked.endswith("gate --reports=reports --out=verdict --adapter=adapter -- my-suite")
