"""How the command ends: one line and a code, whatever stopped it and whoever still reads."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from in_process import call

from harness import cli
from harness.errors import BenchError, MachineError, UsageError


def stop_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Let every run be stopped by an error."""

    def stop(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(cli, "load_suite", stop)


@pytest.mark.parametrize(
    "error, code, shown",
    [
        (UsageError("a wrong word", where="a:1", remedy="b"), 2, "error a:1: a wrong word (b)\n"),
        (MachineError("it\nbroke"), 3, "error it broke\n"),
        (BenchError("[b]x[/b]\x1b[1m \\"), 3, "error [b]x[/b][1m \\\n"),
        (OSError(28, "No space left on device", "/data/x"), 3, "error /data/x: disk full"),
        (PermissionError(13, "Permission denied", "/x"), 3, "error /x: Permission denied while"),
        (KeyboardInterrupt(), 130, "finished work is kept"),
    ],
)
def test_whatever_stops_a_run_is_one_line_with_its_code(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    shown: str,
) -> None:
    stop_with(monkeypatch, error)
    assert call(monkeypatch, "run", "suite") == code
    lines = capsys.readouterr().err.strip("\n") + "\n"
    assert shown in lines
    assert len(lines.splitlines()) == 1


@pytest.mark.parametrize("error", [KeyError("no\nsuch"), AssertionError(), StopIteration(3)])
def test_a_defect_is_one_line_that_names_where_its_traceback_is(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
) -> None:
    monkeypatch.setenv("BENCH_HOME", str(tmp_path / "home"))
    stop_with(monkeypatch, error)
    log = tmp_path / "home" / "logs" / "crash.log"
    assert call(monkeypatch, "run", "suite") == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error {log}: a defect in bench: {type(error).__name__}:")
    assert line.endswith("(please report it with this file)")
    text = log.read_text(encoding="utf-8")
    assert (text.startswith("Traceback"), type(error).__name__ in text) == (True, True)


def test_a_defect_where_no_log_can_be_written_is_one_line_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "home").write_text("a file", encoding="utf-8")
    monkeypatch.setenv("BENCH_HOME", str(tmp_path / "home"))
    stop_with(monkeypatch, KeyError("x"))
    assert call(monkeypatch, "run", "suite") == 3
    assert capsys.readouterr().err == (
        "error a defect in bench: KeyError: 'x' (please report it; no log could be written)\n"
    )


@pytest.mark.parametrize("verdict, code", [("PASS", 0), ("FAIL", 1), ("INCONCLUSIVE", 4)])
def test_a_reader_that_goes_away_does_not_change_the_verdict(
    tmp_path: Path, verdict: str, code: int
) -> None:
    """`bench run suite | head -1` in a CI job with pipefail."""
    script = (
        "import sys\n"
        "from dataclasses import replace\n"
        "from root_factory import make_run, make_suite\n"
        "from harness import cli, pipeline\n"
        "run = make_run()\n"
        f"run = replace(run, gate=replace(run.gate, verdict={verdict!r}))\n"
        "cli.load_suite = lambda *_: make_suite()\n"
        "pipeline.run_all = lambda *_: iter([run])\n"
        "sys.argv = ['bench', 'run', 'x']\n"
        "cli.main()\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        assert (child.stderr.read(), child.wait(timeout=60)) == ("", code)
