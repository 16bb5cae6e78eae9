"""Heavy work in a child: what it says arrives, and however it ends is one line."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import child_targets
import psutil
import pytest

from harness import executors
from harness.errors import BenchError, MachineError, MeasurementError, UsageError
from harness.executors import CrashError, HungError, Inline, NoMemoryError, Subprocess

HERE = str(Path(child_targets.__file__).parent)


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", HERE)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "child.log"


def until(true: Callable[[], bool], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.05)
    return False


def gone(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def error_of(log: Path, target: str, **payload: Any) -> BenchError:
    with pytest.raises(BenchError) as caught:
        list(Subprocess().run(f"child_targets:{target}", payload, log))
    assert "\n" not in str(caught.value)
    return caught.value


def test_messages_arrive_as_they_are_made(log: Path) -> None:
    lags = [
        time.time() - sent
        for sent in Subprocess().run("child_targets:stamped", {"to": 3, "pause": 0.6}, log)
    ]
    assert max(lags) < 0.5


def test_inline_and_a_child_say_the_same(log: Path) -> None:
    runs = [
        list(executor.run("child_targets:count", {"to": 2}, log))
        for executor in (Inline(), Subprocess())
    ]
    assert runs[0] == runs[1]
    assert runs[0][1] == {"number": 1, "pair": [1, "é\n"], "by": {"1": None}}


@pytest.mark.parametrize("name", ["json", "harness", "typing", "torch"])
def test_a_child_imports_nothing_from_the_working_directory(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A user's own file may be called like a library."""
    (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong file')\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    (found,) = Subprocess().run("child_targets:look_for", {"name": name}, log)
    assert not str(found).startswith(str(tmp_path))


def test_what_libraries_print_goes_to_the_log_and_not_among_the_messages(log: Path) -> None:
    assert list(Subprocess().run("child_targets:noisy", {}, log)) == ["the only message"]
    text = log.read_text(encoding="utf-8")
    printed = ("a library prints", "without an end", "from C", "from a grandchild", "and warns")
    assert [line for line in printed if line not in text] == []


@pytest.mark.parametrize(
    "kind, raised, code, what, remedy",
    [
        ("usage", UsageError, 2, "a wrong word", "write another"),
        ("unknown", UsageError, 2, "unknown engine 'vlm'", "did you mean 'vllm'?"),
        ("measurement", MeasurementError, 3, "canary: wrong weights", "details in {log}"),
        ("bench", MachineError, 3, "it broke", "mend it"),
        (
            "plain",
            CrashError,
            3,
            "KeyError: 'no such key",
            "details in {log}",
        ),
        ("memory", NoMemoryError, 3, "no memory for the model", "use a smaller model"),
        ("cuda", NoMemoryError, 3, "no memory for the model", "use a smaller model"),
        ("disk", MachineError, 3, "disk full while saving", "free space and run again"),
    ],
)
def test_a_childs_error_is_ours_again(
    log: Path, kind: str, raised: type[BenchError], code: int, what: str, remedy: str
) -> None:
    error = error_of(log, "fail", kind=kind)
    assert (type(error), error.exit_code) == (raised, code)
    assert error.problems[0].what.startswith(what)
    assert error.problems[0].remedy.startswith(remedy.format(log=log))


def test_the_place_of_a_childs_error_comes_along_and_its_traceback_is_in_the_log(log: Path) -> None:
    assert error_of(log, "fail", kind="usage").problems[0].where == "suite.yaml:3"
    assert "Traceback" in log.read_text(encoding="utf-8")


def test_a_killed_child_most_likely_had_no_memory(log: Path) -> None:
    error = error_of(log, "end", signal=signal.SIGKILL)
    assert isinstance(error, NoMemoryError)
    assert "no memory" in str(error)
    assert "finished work is kept" in str(error)


def test_a_child_killed_in_the_middle_of_a_message_is_the_same_line(log: Path) -> None:
    messages = Subprocess().run("child_targets:torn", {}, log)
    assert next(messages) == "before"
    time.sleep(1.0)
    with pytest.raises(MachineError, match="no memory"):
        next(messages)


def test_a_child_that_just_ends_names_its_code_and_the_log(log: Path) -> None:
    error = error_of(log, "end", code=7)
    assert isinstance(error, CrashError)
    assert str(error) == f"child_targets:end died with exit code 7 (details in {log})"


def test_a_target_that_is_not_there_is_one_line(log: Path) -> None:
    assert "AttributeError" in str(error_of(log, "nothing"))


@pytest.mark.parametrize("deaf", [False, True])
def test_closing_early_ends_the_child(
    log: Path, deaf: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executors, "GRACE", 0.3)
    messages = Subprocess().run("child_targets:wait", {"deaf": deaf}, log)
    pid = next(messages)
    assert not gone(pid)
    messages.close()  # type: ignore[attr-defined]
    assert gone(pid)


def test_what_a_finished_child_leaves_behind_is_ended_too(log: Path) -> None:
    (grandchild,) = Subprocess().run("child_targets:leave", {}, log)
    assert until(lambda: gone(grandchild))


def test_a_child_dies_with_a_parent_that_is_killed(tmp_path: Path, log: Path) -> None:
    mark = tmp_path / "pid"
    script = (
        "from pathlib import Path\nfrom harness.executors import Subprocess\n"
        f"payload, log = {json.dumps({'file': str(mark)})}, Path({str(log)!r})\n"
        "list(Subprocess().run('child_targets:mark', payload, log))\n"
    )
    with subprocess.Popen([sys.executable, "-c", script]) as parent:
        assert until(lambda: mark.exists() and mark.read_text(encoding="utf-8") != "")
        child = int(mark.read_text(encoding="utf-8"))
        assert not gone(child)
        parent.kill()
    assert until(lambda: gone(child))


def test_a_child_whose_parent_died_before_it_started_does_nothing(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    someone_else = os.getppid()
    done = subprocess.run(
        [sys.executable, "-m", "harness.executors", "child_targets:mark", str(someone_else)],
        input=json.dumps({"file": str(mark)}).encode(),
        timeout=30,
        check=False,
    )
    assert (done.returncode, mark.exists()) == (1, False)


# ---------------------------------------------------------------- promises


def test_signs_of_life_are_no_messages(log: Path) -> None:
    for executor in (Inline(), Subprocess()):
        found = list(executor.run("child_targets:promise", {"seconds": 9, "pauses": [0, 0]}, log))
        assert found == [0, 1]


def test_a_child_that_breaks_its_promise_hangs_and_is_ended(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executors, "GRACE", 0.3)
    payload = {"seconds": 1.0, "pauses": [0.1, 60], "deaf": True}
    messages = Subprocess().run("child_targets:promise", payload, log)
    pid = next(messages)
    assert next(messages) == 0
    began = time.monotonic()
    with pytest.raises(HungError, match="nothing was heard of the child process for 1 s") as caught:
        next(messages)
    assert time.monotonic() - began < 5
    assert "BENCH_PATIENCE" in caught.value.problems[0].remedy
    assert gone(pid)


def test_each_sign_of_life_renews_the_promise(log: Path) -> None:
    payload = {"seconds": 1.5, "pauses": [0.8] * 4}
    assert list(Subprocess().run("child_targets:promise", payload, log)) == [0, 1, 2, 3]


def test_a_child_that_promises_nothing_may_be_silent(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Training steps may take as long as they like, whatever patience is asked for."""
    monkeypatch.setenv(executors.PATIENCE, "0.2")
    for seconds in (None, 0):
        payload = {"seconds": seconds, "pauses": [1.0]}
        assert list(Subprocess().run("child_targets:promise", payload, log)) == [0]


def test_what_came_while_nobody_read_came_in_time(log: Path) -> None:
    messages = Subprocess().run("child_targets:promise", {"seconds": 1.5, "pauses": [0, 0]}, log)
    assert next(messages) == 0
    time.sleep(2.5)
    assert list(messages) == [1]


def test_the_environment_stands_over_the_promise(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(executors.PATIENCE, "0.5")
    with pytest.raises(HungError, match=r"for 0\.5 s"):
        list(Subprocess().run("child_targets:promise", {"seconds": 60, "pauses": [5]}, log))


@pytest.mark.parametrize("text", ["long", "0", "-5", "nan", "inf"])
def test_patience_that_is_no_time_is_one_line(
    log: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv(executors.PATIENCE, text)
    with pytest.raises(UsageError, match=f"BENCH_PATIENCE={text} is no number of seconds"):
        list(Subprocess().run("child_targets:promise", {"seconds": 60, "pauses": [5]}, log))
