"""gate.json, gate.junit.xml and gate.md: what a gate leaves, whatever ends it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.commands.running import command_line
from harness.errors import BenchError, UsageError

if TYPE_CHECKING:
    from harness.records import Run

FILES = ("gate.json", "gate.junit.xml", "gate.md")
UNFINISHED = "the gate did not come to an end"


def folder_name(suite: str) -> str:
    """The name of a suite's folder, which is known before it is read."""
    path = Path(suite).resolve()
    return path.parent.name if path.suffix in (".yaml", ".yml") else path.name


class VerdictFiles:
    """gate.json, gate.junit.xml and gate.md in a folder: the verdict, or that there is none."""

    def __init__(self, folder: Path, suite: str, *, keep: bool) -> None:
        self.folder, self.suite, self.keep = folder, folder_name(suite), keep

    def fail(self, reason: str, code: int) -> None:
        """Say that nothing was judged, and why."""
        from harness.report import gatefile, gatepage, junit

        if self.keep:
            data = gatefile.failure(self.suite, command_line(), reason, code)
            page, tests = gatepage.failed(data), junit.failed(self.suite, reason)
            self.save(gatefile.dumps(data), tests, page)

    def write(self, run: "Run") -> tuple[dict[str, Any], tuple[str, ...]]:
        """Write down a judged run; returns what gate.json holds, and the files' texts."""
        from harness.report import gatefile, gatepage, junit

        data = gatefile.shape(run, hashes_of(run))
        texts = (gatefile.dumps(data), junit.render(run), gatepage.render(run, data))
        self.save(*texts)
        return data, texts

    def save(self, *texts: str) -> None:
        """Put the texts of FILES, in their order, where earlier ones were."""
        from harness.report.text import save

        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(
                f"{error.strerror or error}", where=str(self.folder), remedy="choose another --out"
            ) from None
        for name in FILES:  # a disk that is full leaves no earlier verdict
            with suppress(OSError):
                (self.folder / name).unlink()
        for name, words in zip(FILES, texts, strict=True):
            save(self.folder / name, words)


@contextmanager
def verdict_files(folder: Path, suite: str, *, keep: bool) -> Iterator[VerdictFiles]:
    """The files of a verdict, which say ERROR until there is one, whatever ends the gate."""
    files = VerdictFiles(folder, suite, keep=keep)
    files.fail(UNFINISHED, 3)
    try:
        yield files
    except BenchError as error:
        files.fail("; ".join(str(problem) for problem in error.problems), error.exit_code)
        raise
    except Exception as error:
        files.fail(f"a defect in bench: {type(error).__name__}: {error}", 3)
        raise


def hashes_of(run: "Run") -> dict[str, dict[str, str]]:
    """The sha256 of each adapter's files, by the adapter's digest, where they are here."""
    from harness.store import Store

    store = Store(Path(os.environ.get("BENCH_HOME", ".bench")))
    found: dict[str, dict[str, str]] = {}
    for one in run.candidates:
        if one.adapter and not one.candidate.curve and Path(one.adapter.path).is_dir():
            files = sorted(Path(one.adapter.path).glob("adapter_*.*"))
            shipped = [file for file in files if file.suffix in (".json", ".safetensors")]
            found[one.adapter.digest] = {file.name: store.file_digest(file) for file in shipped}
    return found
