"""Cells on disk: content address, atomic write, schema version, resume.

A cell is an adapter to train, or a candidate x task to answer. Its key is the hash of everything
that can change it, so a stored cell is never wrong, only unused.

    <root>/adapters/<key>/    adapter files and record.json
    <root>/answers/<key>.jsonl  a header line, then one answer a line, appended as they finish
    <root>/values/<key>.json  small results: what the reference engine says to the probes
    <root>/models/<name>/     converted models
    <root>/digests.json       file digests, by path, size and change time
"""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness.errors import MachineError, from_os_error
from harness.records import Adapter, Answer, Passage

SCHEMA = 1
ABANDONED = 7 * 86_400.0
"""Seconds after which an unfinished training that nobody went on with is removed."""


def digest_of(parts: Any) -> str:
    """The 32-digit hex address of JSON-able parts; key order does not matter."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def write_atomic(path: Path, text: str) -> None:
    """Write a whole file or nothing; MachineError when the disk is full."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise from_os_error(error, f"writing {path.name}") from error


def remembered_digest(path: Path, memo: Path) -> str:
    """sha256 of a file's bytes, remembered in `memo` by path, size and change time."""
    known: dict[str, list[Any]] = _read_json(memo) or {}
    status = path.stat()
    mark = [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
    name = str(path.resolve())
    if known.get(name, [])[:4] == mark:
        return str(known[name][4])
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    known[name] = [*mark, digest]
    write_atomic(memo, json.dumps(known))
    return digest


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (json.JSONDecodeError, UnicodeDecodeError):
        path.unlink(missing_ok=True)
        return None


class Store:
    """The cells under one root folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        try:
            for name in ("adapters", "answers", "values", "models", "logs"):
                (root / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise from_os_error(error, "opening the store") from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the store for one run; a second one is told at once."""
        with (self.root / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise MachineError(
                    "another run is using this store",
                    where=str(self.root),
                    remedy="wait for it to end, or set BENCH_HOME to another folder",
                ) from error
            yield

    # -------------------------------------------------- digests

    def file_digest(self, path: Path) -> str:
        """sha256 of a file's bytes, remembered by path, size and change time."""
        return remembered_digest(path, self.root / "digests.json")

    def folder_digest(self, folder: Path, patterns: tuple[str, ...]) -> str:
        """Digest over the named files of a folder, by file name and bytes."""
        files = sorted({file for pattern in patterns for file in folder.glob(pattern)})
        return digest_of({file.name: self.file_digest(file) for file in files})

    # -------------------------------------------------- adapters

    def adapter(self, key: str, name: str) -> Adapter | None:
        """The trained adapter of a key, or None; a changed file is an error, never used."""
        folder = self.root / "adapters" / key
        record = _read_json(folder / "record.json")
        if record is None or record.get("schema") != SCHEMA:
            return None
        digest = self.adapter_digest(folder)
        if digest != record["digest"]:
            raise MachineError(
                "the adapter's bytes are not those that were trained",
                where=str(folder),
                remedy="delete this folder and run again",
            )
        return Adapter(
            name, str(folder), digest, int(record["rank"]), int(record["size"]), record["made"]
        )

    def adapter_digest(self, folder: Path) -> str:
        """Digest of the bytes that ship."""
        return self.folder_digest(folder, ("adapter_config.json", "adapter_model.safetensors"))

    @contextmanager
    def draft(self) -> Iterator[Path]:
        """A folder to train into; it appears under a key only through `keep`."""
        folder = Path(tempfile.mkdtemp(dir=self.root / "adapters", prefix=".draft-"))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def keep(self, key: str, draft: Path, rank: int, made: dict[str, Any]) -> None:
        """Move a finished draft to its key, with a record of what made it."""
        weights = draft / "adapter_model.safetensors"
        record = {
            "schema": SCHEMA,
            "digest": self.adapter_digest(draft),
            "rank": rank,
            "size": weights.stat().st_size,
            "made": made,
        }
        write_atomic(draft / "record.json", json.dumps(record, indent=1))
        target = self.root / "adapters" / key
        try:
            shutil.rmtree(target, ignore_errors=True)
            draft.replace(target)
        except OSError as error:
            raise from_os_error(error, "keeping an adapter") from error

    def sweep(self) -> None:
        """Remove drafts that a killed run left behind, and unfinished trainings of long ago."""
        for folder in (self.root / "adapters").glob(".draft-*"):
            shutil.rmtree(folder, ignore_errors=True)
        for file in (self.root / "unfinished").glob("*"):
            with suppress(OSError):
                if time.time() - file.stat().st_mtime > ABANDONED:
                    file.unlink()

    # -------------------------------------------------- answers and small values

    def answers(self, key: str) -> "AnswerCell":
        """The answer cell of a key, with what is already there."""
        return AnswerCell(self.root / "answers" / f"{key}.jsonl")

    def value(self, key: str) -> Any:
        """A small stored result, or None."""
        return _read_json(self.root / "values" / f"{key}.json")

    def keep_value(self, key: str, value: Any) -> None:
        """Store a small JSON-able result."""
        write_atomic(self.root / "values" / f"{key}.json", json.dumps(value))


class AnswerCell:
    """Answers of one candidate to one task; appended as they finish, torn tails dropped."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.done: dict[str, Answer] = {}
        self._file: Any = None
        if path.exists():
            self._load()

    def _load(self) -> None:
        raw = self.path.read_bytes()
        whole, _, tail = raw.rpartition(b"\n")
        lines = whole.split(b"\n") if whole else []
        try:
            if lines and json.loads(lines[0])["schema"] != SCHEMA:
                lines, tail = [], b"other schema"
            for line in lines[1:]:
                answer = answer_from(json.loads(line))
                self.done[answer.request] = answer
        except (ValueError, KeyError, TypeError):
            tail = b"damaged"
        if tail:
            kept = [json.dumps({"schema": SCHEMA})]
            kept += [json.dumps(asdict(answer)) for answer in self.done.values()]
            write_atomic(self.path, "\n".join(kept) + "\n")

    def append(self, answer: Answer) -> None:
        """Keep a finished answer; MachineError when the disk is full, what is there stays."""
        try:
            if self._file is None:
                self._file = self.path.open("a", encoding="utf-8")
                # an empty file is a run that was stopped before its first line
                if self._file.tell() == 0:
                    self._file.write(json.dumps({"schema": SCHEMA}) + "\n")
            self._file.write(json.dumps(asdict(answer)) + "\n")
            self._file.flush()
        except OSError as error:
            self._abandon()
            raise from_os_error(error, "keeping an answer") from error
        self.done[answer.request] = answer

    def close(self) -> None:
        """Flush to the disk and close."""
        if self._file is not None:
            try:
                os.fsync(self._file.fileno())
                self._file.close()
            except OSError as error:
                self._abandon()
                raise from_os_error(error, "keeping answers") from error
            self._file = None

    def _abandon(self) -> None:
        """Close without a second error: what is torn is dropped when the cell is next read."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            self._file = None


def answer_from(data: dict[str, Any]) -> Answer:
    """An Answer from its JSON object."""
    data = {**data}
    scored = tuple(tuple(target) for target in data.get("target_logprobs", ()))
    read = tuple(Passage(**passage) for passage in data.get("passages", ()))
    ids = tuple(data.get("token_ids", ()))
    return Answer(**{**data, "token_ids": ids, "target_logprobs": scored, "passages": read})
