"""The `bench` command as a script runs it, in a folder of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.records import Run
from harness.report.tables import TABLES

REPORTS = {
    "run.json",
    "report.html",
    "report.md",
    "report.txt",
    "gate.junit.xml",
    "answers.csv",
    "summaries.csv",
    "comparisons.csv",
    *(f"tables/{name}.parquet" for name in TABLES),
}
ROOT = Path(__file__).resolve().parents[1]
Result = subprocess.CompletedProcess[str]


def verdicts(done: Result) -> tuple[int, ...]:
    """Exit codes of a verdict: ERROR among them only where answers were cut, and that was said."""
    said = " ".join(f"{done.stdout} {done.stderr}".split())
    cut = "max_tokens" in said and " cut" in said
    return (0, 1, 3, 4) if cut else (0, 1, 4)


@dataclass(frozen=True, slots=True)
class Bench:
    """The `bench` command in a folder of its own: its store and its reports lie there."""

    folder: Path
    device: str = ""

    @property
    def home(self) -> Path:
        """The store."""
        return self.folder / "home"

    @property
    def reports(self) -> Path:
        """The reports."""
        return self.folder / "reports"

    def environment(self, **more: str) -> dict[str, str]:
        """One thread, no network, no GPU unless asked for, this checkout's code, no colours."""
        kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
        fixed = {
            "BENCH_HOME": str(self.home),
            "CUDA_VISIBLE_DEVICES": self.device,
            "HF_HUB_OFFLINE": "1",
            "OMP_NUM_THREADS": "1",
        }
        first = [more.pop("PYTHONPATH")] if "PYTHONPATH" in more else []
        return {**kept, **fixed, **more, "PYTHONPATH": os.pathsep.join([*first, str(ROOT)])}

    def start(self, *args: object, **more: Any) -> "subprocess.Popen[str]":
        """Start a command; standard output and error are pipes, as in a script."""
        self.folder.mkdir(parents=True, exist_ok=True)
        variables = self.environment(**more.pop("env", {}))
        return subprocess.Popen(
            [sys.executable, "-m", "harness.cli", *map(str, args)],
            cwd=self.folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **more,
        )

    def __call__(self, *args: object, timeout: float = 300, **more: Any) -> Result:
        """Run a command to its end; never a traceback, whatever happens."""
        process = self.start(*args, **more)
        try:
            out, err = process.communicate(timeout=timeout)
        except BaseException:
            process.kill()
            process.communicate()
            raise
        assert "Traceback" not in out + err, err
        return subprocess.CompletedProcess(args, process.returncode, out, err)

    def run(self, suite: Path, *more: object, **settings: Any) -> Result:
        """`bench run` on the CPU with the engine that is always there."""
        args = ("run", suite, "--engine", "transformers", "--reports", self.reports, *more)
        return self(*args, **settings)

    def answers(self) -> dict[str, list[dict[str, Any]]]:
        """Whole stored answer lines by cell, in the order they were kept."""
        found = {}
        for path in sorted((self.home / "answers").glob("*.jsonl")):
            lines = path.read_text(encoding="utf-8").split("\n")[1:-1]
            found[path.stem] = [json.loads(line) for line in lines]
        return found

    def stamps(self) -> dict[str, int]:
        """When each adapter and answer file was last written, ns."""
        files = [*self.home.glob("adapters/*/*"), *self.home.glob("answers/*")]
        return {str(path): path.stat().st_mtime_ns for path in files}


@dataclass(frozen=True, slots=True)
class Done:
    """A finished run: the command, its suite, what it printed and what it wrote."""

    bench: Bench
    suite: Path
    result: Result
    run: Run
    folder: Path


def rewritten(before: dict[str, int], after: dict[str, int]) -> set[str]:
    """Stored files that are new or were written again, by name."""
    return {path for path, stamp in after.items() if before.get(path) != stamp}


def folders(paths: set[str]) -> set[str]:
    """Which kinds of cell they are."""
    return {part for path in paths for part in ("adapters", "answers") if f"/{part}/" in path}
