"""What goes wrong with files, disks and processes is one line, the right exit code, and no loss."""

import errno
import json
import os
import re
import resource
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from command import Bench, Result
from tiny import edited, make_model

from harness.executors import describe


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, tiny_suite: Callable[[Path], Path]) -> Path:
    """A folder with the tiny suite and a store in which it is finished."""
    root = tmp_path_factory.mktemp("faults")
    suite = tiny_suite(root / "tiny")
    result = Bench(root / "bench").run(suite, "--executor", "inline")
    assert result.returncode in (0, 1, 4), result.stderr
    return root


@pytest.fixture
def stored(world: Path, bench: Bench) -> Bench:
    """The command beside a copy of the finished store."""
    shutil.copytree(world / "bench" / "home", bench.home)
    return bench


@pytest.fixture
def suite(world: Path) -> Path:
    return world / "tiny"


def adapter_of(bench: Bench) -> Path:
    (found,) = bench.home.glob("adapters/*")
    return found


def unanswered(bench: Bench) -> None:
    """Forget the answers, keep the adapter."""
    shutil.rmtree(bench.home / "answers")


def longer(data: dict[str, Any]) -> None:
    """Answers that take a while, in batches of their own for each task."""
    for number, task in enumerate(data["tasks"].values()):
        task["max_tokens"] = 200 + 100 * number


def error_line(result: Result) -> str:
    """The one line that an error is."""
    lines = [line for line in result.stderr.splitlines() if line.startswith("error ")]
    assert len(lines) == 1, result.stderr
    assert result.stderr.rstrip("\n").endswith(lines[0])
    return lines[0]


def limited(size: int) -> Callable[[], None]:
    """No file may grow beyond `size` bytes: the nearest thing to a full disk without being root."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


# ---------------------------------------------------------------- adapters


def test_a_damaged_adapter_in_the_store_is_never_used(stored: Bench, suite: Path) -> None:
    weights = adapter_of(stored) / "adapter_model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    result = stored.run(suite)
    assert result.returncode == 3
    assert "the adapter's bytes are not those that were trained" in error_line(result)
    assert "delete this folder and run again" in error_line(result)


def test_a_deleted_record_trains_the_adapter_again(stored: Bench, suite: Path) -> None:
    (adapter_of(stored) / "record.json").write_text("{torn")
    before = stored.answers()
    result = stored.run(suite, "--executor", "inline")
    assert result.returncode in (0, 1, 4)
    assert "18 rows" in result.stderr
    # the same bytes are trained again, so no answer is asked twice
    assert stored.answers() == before


def test_an_adapter_for_another_base_is_refused(stored: Bench, suite: Path, tmp_path: Path) -> None:
    other = make_model(tmp_path / "model", "gpt_neox")
    args = ("--adapter", adapter_of(stored), "--engine", "transformers", "--model", other)
    result = stored("gate", suite, *args)
    assert result.returncode == 2
    assert "the adapter is for another base model" in error_line(result)


@pytest.mark.parametrize("path", ["./nowhere", "nowhere/at-all"])
def test_an_adapter_that_is_not_there_is_named(path: str, stored: Bench, suite: Path) -> None:
    result = stored("gate", suite, "--adapter", path, "--engine", "transformers")
    assert result.returncode == 2
    assert re.search(r"nowhere", error_line(result))


def test_an_adapter_that_is_no_adapter_is_refused(
    stored: Bench, suite: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "mine"
    shutil.copytree(adapter_of(stored), mine)
    (mine / "adapter_model.safetensors").write_bytes(b"\x80\x04not tensors")
    result = stored("gate", suite, "--adapter", mine, "--engine", "transformers")
    assert result.returncode == 2
    assert "adapter_model.safetensors is damaged" in error_line(result)


def test_a_suite_that_names_a_missing_adapter_says_where(
    stored: Bench, suite: Path, tmp_path: Path
) -> None:
    def change(data: dict[str, Any]) -> None:
        data["candidates"]["lora"]["adapter"] = "./nowhere"

    result = stored.run(edited(suite, tmp_path / "tiny", change))
    assert result.returncode == 2
    assert "suite.yaml:" in result.stderr
    assert "is not a folder that exists" in result.stderr


# ---------------------------------------------------------------- disk


def test_a_full_disk_while_the_adapter_is_saved_leaves_no_half(bench: Bench, suite: Path) -> None:
    result = bench.run(suite, preexec_fn=limited(20_000))
    assert result.returncode == 3
    assert "file size limit reached while saving" in error_line(result)
    assert "finished work is kept" in error_line(result)
    assert list(bench.home.glob("adapters/*")) == []


def test_a_full_disk_among_the_answers_keeps_those_before(
    stored: Bench, suite: Path, tmp_path: Path
) -> None:
    unanswered(stored)
    suite = edited(suite, tmp_path / "tiny", longer)
    full = stored.run(suite, preexec_fn=limited(4000))
    assert full.returncode == 3
    assert "file size limit reached while keeping an answer" in error_line(full)
    kept = stored.answers()
    assert sum(map(len, kept.values())) > 0
    again = stored.run(suite, "--executor", "inline")
    assert again.returncode in (0, 1, 4)
    final = stored.answers()
    assert sum(map(len, final.values())) == 8 * 3 + 10 * 5
    for cell, lines in kept.items():
        assert lines == final[cell][: len(lines)]


def test_a_report_folder_that_cannot_be_written_is_one_line(stored: Bench, suite: Path) -> None:
    stored.reports.parent.mkdir(exist_ok=True)
    stored.reports.write_text("a file where the reports should go")
    result = stored("run", suite, "--engine", "transformers", "--reports", "reports/below")
    assert result.returncode == 3
    assert "reports" in error_line(result)


def test_a_full_disk_is_known_by_its_number_in_the_text_of_a_library() -> None:
    text = "Error while serializing: I/O error: No space left on device (os error 28)"
    assert describe(RuntimeError(text))["what"] == "disk full while saving what was made"
    error = OSError(errno.ENOSPC, "No space left on device", "/data/x")
    assert describe(error)["where"] == "/data/x"


# ---------------------------------------------------------------- processes


def test_a_killed_engine_is_said_and_started_again(
    stored: Bench, suite: Path, tmp_path: Path
) -> None:
    suite = edited(suite, tmp_path / "tiny", longer)
    unanswered(stored)
    until = time.monotonic() + 240
    with stored.start("run", suite, "--engine", "transformers") as process:
        while not any(stored.answers().values()) and process.poll() is None:
            if time.monotonic() > until:
                process.kill()
            time.sleep(0.005)
        assert process.poll() is None, "it ended, or had no answer for four minutes"
        (engine,) = psutil.Process(process.pid).children()
        kept = stored.answers()
        os.kill(engine.pid, signal.SIGKILL)
        _, err = process.communicate(timeout=120)
    assert process.returncode in (0, 1, 4), err
    assert "Traceback" not in err
    said = "killed by the system, most often for lack of memory: going on with 16 sequences"
    assert err.count(said) == 1
    assert 0 < sum(map(len, kept.values())) < 74
    final = stored.answers()
    for cell, lines in kept.items():
        assert lines == final[cell][: len(lines)]
    assert {len({line["request"] for line in lines}) for lines in final.values()} == {8, 10}
    assert sum(map(len, final.values())) == 8 * 3 + 10 * 5


def test_a_second_run_on_the_same_store_is_told_at_once(stored: Bench, suite: Path) -> None:
    unanswered(stored)
    until = time.monotonic() + 60
    with stored.start("run", suite, "--engine", "transformers") as first:
        # its engine runs, so it has the store
        while not psutil.Process(first.pid).children() and time.monotonic() < until:
            time.sleep(0.02)
        second = stored.run(suite)
        first.communicate(timeout=120)
    assert second.returncode == 3
    assert "another run is using this store" in error_line(second)
    assert first.returncode in (0, 1, 4)


# ---------------------------------------------------------------- command line


def test_an_engine_that_does_not_exist_is_told_the_nearest(bench: Bench, suite: Path) -> None:
    result = bench("run", suite, "--engine", "transfomers")
    assert result.returncode == 2
    assert "unknown engine 'transfomers' (did you mean 'transformers'?)" in error_line(result)
    nonsense = bench("run", suite, "--engine", "nonsense")
    assert nonsense.returncode == 2
    assert "valid: auto, endpoint, replay, transformers, vllm" in error_line(nonsense)


@pytest.mark.parametrize(
    "args, word",
    [
        (("--model", "./nowhere"), "no such model folder"),
        (("--model", "embedded:smollm2-135n"), "smollm2-135m"),
        (("--executor", "inlin"), "did you mean 'inline'?"),
        (("--profile", "fulll"), "full"),
    ],
)
def test_a_wrong_flag_is_one_line(
    args: tuple[str, str], word: str, bench: Bench, suite: Path
) -> None:
    result = bench("run", suite, *args)
    assert result.returncode == 2
    assert word in error_line(result)


def test_a_model_without_weights_is_refused(bench: Bench, suite: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "config.json").write_text(json.dumps({"model_type": "llama"}))
    result = bench.run(suite, "--model", tmp_path / "empty")
    assert result.returncode == 2
    assert "no .safetensors weights" in error_line(result)
