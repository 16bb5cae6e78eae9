"""A verdict that was reached before, given again where nothing that it rests on has changed.

It rests on the command, the code, the installed packages, the environment's settings, every file
of the suite, of the model and of the adapters. All of them are looked at again; a file counts as
unchanged by size, times and inode, as everywhere in the store.
"""

import os
import re
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import history, registry
from harness.console import Log
from harness.errors import BenchError
from harness.store import Store, digest_of

if TYPE_CHECKING:
    from harness.records import Run

CODE = Path(__file__).parents[1]
_LOCAL = re.compile(r"(embedded:.*)?|[./~].*")
_SETTINGS = ("BENCH_", "CUDA_", "VLLM_", "HF_")
_FOREIGN = ("scorer", "retriever", "engine", "report", "executor")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a gate printed and wrote: `data` is gate.json, `texts` the files, `lines` the log."""

    data: dict[str, Any]
    texts: tuple[str, ...]
    lines: tuple[str, ...]
    more: dict[str, Any]


class Memory:
    """Where a command's verdict is kept; nothing is, where it rests on what cannot be checked."""

    def __init__(self, suite: str, settings: dict[str, Any]) -> None:
        self._store = Store(Path(os.environ.get("BENCH_HOME", ".bench")))
        self._root = Path(suite) if Path(suite).is_dir() else Path(suite).parent
        self._began = time.time()
        written = (self._store.root, *(settings[n] for n in ("reports", "out") if settings.get(n)))
        self._written = tuple(Path(path).resolve() for path in written)
        self._key = ""
        if _checkable(settings):
            place = {"suite": str(Path(suite).resolve()), "folder": str(Path.cwd())}
            asked = {name: str(value) for name, value in settings.items()}
            meant = {name: _behind(text) for name, text in asked.items()}
            ground = [place, asked, meant, _surroundings(), self._code()]
            self._key = f"verdict-{digest_of(ground)}"

    def find(self) -> Verdict | None:
        """The verdict of an earlier gate that still holds, or None."""
        known = self._store.value(self._key) if self._key else None
        if known is None or self._listing() != known["listing"]:
            return None
        try:
            held = all(self._digest(path) == sha for path, sha in known["files"].items())
            held &= all(_names(folder) == names for folder, names in known["folders"].items())
        except (OSError, BenchError):
            return None
        if not held or not all(Path(path).exists() for path in known["reports"]):
            return None
        history.seen_again(self._store.root, known["data"]["run"], Log(quiet=True))
        return Verdict(
            known["data"],
            tuple(known["texts"]),
            (*known["lines"][:-1], _told(known["when"]), known["lines"][-1]),
            known["more"],
        )

    def keep(self, run: "Run", verdict: Verdict, read: Iterable[Path], reports: Path) -> None:
        """Remember a verdict with what it rests on; an ERROR is looked into anew every time."""
        if not self._key or verdict.data["verdict"] == "ERROR":
            return
        folders = [run.model.path, *(one.adapter.path for one in run.candidates if one.adapter)]
        # under the names that they were read by: a link may lead elsewhere tomorrow
        files = {*self._files(), *(path.absolute() for path in read)}
        for folder in folders:
            if not Path(folder).is_dir():
                return
            files |= {file.absolute() for file in Path(folder).iterdir() if file.is_file()}
        if any(self._changed(file) for file in files):
            return
        self._store.keep_value(
            self._key,
            {
                "when": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
                "listing": self._listing(),
                "files": {str(file): self._digest(str(file)) for file in sorted(files)},
                "folders": {folder: _names(folder) for folder in map(_absolute, folders)},
                "reports": [str(reports.resolve() / "run.json")],
                "data": verdict.data,
                "texts": verdict.texts,
                "lines": verdict.lines,
                "more": verdict.more,
            },
        )

    def _digest(self, path: str) -> str:
        return self._store.file_digest(Path(path))

    def _files(self) -> Iterator[Path]:
        """Every file of the suite, but for what bench itself writes there."""
        paths = (path.resolve() for path in sorted(self._root.rglob("*")) if path.is_file())
        return (path for path in paths if not self._ours(path))

    def _ours(self, path: Path) -> bool:
        return any(path.is_relative_to(folder) for folder in self._written)

    def _changed(self, file: Path) -> bool:
        """Whether a file changed since the gate began: the verdict may be of what was there."""
        if self._ours(file.resolve()):
            return False
        try:
            return max(file.stat().st_ctime, file.lstat().st_ctime) > self._began
        except OSError:  # it is no longer there
            return True

    def _listing(self) -> str:
        """Digest of the names in the suite's folder: a new document is no changed file."""
        return digest_of([str(path) for path in self._files()])

    def _code(self) -> str:
        """Digest of bench's own files, the graders' weights among them."""
        files = sorted(path for path in CODE.rglob("*") if path.is_file())
        own = [path for path in files if path.suffix != ".pyc"]
        return digest_of({str(p.relative_to(CODE)): _mark(p) for p in own})


def _absolute(folder: str) -> str:
    return str(Path(folder).absolute())


def _names(folder: str) -> list[str]:
    """The files of a folder: a chat template that comes to a model is no changed file."""
    return sorted(file.name for file in Path(folder).iterdir() if file.is_file())


def _behind(text: str) -> str:
    """Where a setting leads if it is a path: a link may lead elsewhere tomorrow."""
    try:
        return str(Path(text).expanduser().resolve())
    except (OSError, RuntimeError):
        return ""


def _mark(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def _checkable(settings: dict[str, Any]) -> bool:
    """Whether all that a gate rests on is here: no server, hub, run by name, or foreign code."""
    model, adapter, baseline = (settings.get(n) for n in ("model", "adapter", "baseline"))
    if settings.get("endpoint") or settings.get("engine") == "endpoint":
        return False
    if model and not (_LOCAL.fullmatch(model) or Path(model).is_dir()):
        return False
    if (adapter and not Path(adapter).expanduser().is_dir()) or baseline:
        return False
    foreign = (registry.entry(kind, name) for kind in _FOREIGN for name in registry.names(kind))
    return not any(entry.package for entry in foreign)


def _surroundings() -> dict[str, Any]:
    """Python, installed packages with their versions, the environment's settings, the day."""
    installed = {
        entry.name
        for folder in sys.path
        if Path(folder).is_dir()
        for entry in os.scandir(folder)
        if entry.name.endswith((".dist-info", ".egg-link", ".pth"))
    }
    chosen = {name: text for name, text in os.environ.items() if name.startswith(_SETTINGS)}
    gpu = Path("/dev/nvidiactl").exists()
    day = datetime.now(UTC).strftime("%Y-%m-%d")
    return {"python": sys.version, "installed": sorted(installed), "set": chosen, "gpu": gpu} | {
        "day": day
    }


def _told(when: str) -> str:
    return f"note: this verdict was reached at {when}; nothing that it rests on has changed"
