"""Read a suite's files, and collect what is wrong with them."""

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from harness.errors import Problem, SuiteError, unknown_remedy

PER_FILE = 50  # problems shown of one data file; the rest is counted


def shown(path: Path) -> str:
    """The path as a person would type it: relative to the working directory when below it."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def quote(value: object, limit: int = 60) -> str:
    """The value as written in a message, cut to `limit` characters."""
    text = f"'{value}'" if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= limit else f"{text[: limit - 2]}…{text[-1]}"


BUILTIN = "builtin:"  # data files that come with bench


class Problems:
    """Problems in the order they were found, each once."""

    def __init__(self) -> None:
        self._found: dict[Problem, None] = {}

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[Problem]:
        return iter(self._found)

    def add(self, what: str, where: str = "", remedy: str = "") -> None:
        """Note one problem; the same one again changes nothing."""
        self._found[Problem(what, where, remedy)] = None

    def unknown(self, kind: str, name: str, valid: Iterable[str], where: str = "") -> None:
        """Note a name that is not among the valid ones, with the nearest."""
        self.add(f"unknown {kind} {quote(name)}", where, unknown_remedy(name, valid))

    def capped(self, limit: int = PER_FILE) -> list[Problem]:
        """The problems, at most `limit` for one file and a count of the rest."""
        seen: Counter[str] = Counter()
        kept = []
        for problem in self._found:
            file = problem.where.rpartition(":")[0] or problem.where
            seen[file] += 1
            if seen[file] <= limit:
                kept.append(problem)
        rest = {file: count - limit for file, count in seen.items() if count > limit}
        return kept + [Problem(f"… and {n} more problems", file) for file, n in rest.items()]

    def raise_if_any(self) -> None:
        """Raise one SuiteError with all problems, if there are any."""
        if self._found:
            raise SuiteError(self.capped())


READ: set[Path] = set()
"""Every file that suites of this process were read from."""


def read_text(path: Path, problems: Problems) -> str | None:
    """A UTF-8 file's text (a byte order mark is dropped), or None with the problem noted."""
    READ.add(path.absolute())
    try:
        raw = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        problems.add(f"the file cannot be read: {reason}", shown(path))
        return None
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        problems.add("the file is UTF-16, not UTF-8", f"{shown(path)}:1", "save it as UTF-8")
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        byte = raw[error.start]
        problems.add(f"byte 0x{byte:02x} is not UTF-8", f"{shown(path)}:{line}", "save it as UTF-8")
        return None


def read_jsonl(path: Path, problems: Problems) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Yield (line, `file:line`, object) of a JSONL file; bad lines are noted, blank ones not."""
    text = read_text(path, problems)
    file = shown(path)
    if _is_list(text or ""):
        problems.add(
            "the file is one JSON list", f"{file}:1", "one JSON object a line, no brackets"
        )
        return
    # "\n" alone ends a line: str.splitlines would also cut at U+2028, which JSON allows
    for number, line in enumerate((text or "").split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{file}:{number}"
        row = json_object(line, where, problems)
        if row is not None:
            yield number, where, row


def _is_list(text: str) -> bool:
    """Whether a whole file is a JSON list of objects."""
    if not text.startswith("["):
        return False
    try:
        found = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return False
    return isinstance(found, list) and any(isinstance(row, dict) for row in found)


class _TwiceError(ValueError):
    """A key that an object has more than once."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        raise _TwiceError(next(key for key, count in counts.items() if count > 1))
    return row


def json_object(line: str, where: str, problems: Problems) -> dict[str, Any] | None:
    """The object that a line of JSONL holds, or None with the problem noted."""
    try:
        row = json.loads(line, object_pairs_hook=_once)
    except _TwiceError as error:
        problems.add(f"key {quote(str(error))} is written twice", where, "keep one")
        return None
    except (json.JSONDecodeError, RecursionError) as error:
        reason = error.msg.lower() if isinstance(error, json.JSONDecodeError) else "too deep"
        column = error.colno if isinstance(error, json.JSONDecodeError) else 1
        found = quote(line[max(0, column - 11) : column + 20].strip(), 40)
        problems.add(
            f"not valid JSON: {reason} at column {column}, near {found}",
            where,
            "one JSON object a line",
        )
        return None
    if not isinstance(row, dict):
        problems.add(f"not a JSON object: {quote(row)}", where, "one JSON object a line")
        return None
    return row


def find(root: Path, name: str, what: str, where: str, problems: Problems) -> Path | None:
    """The path of a suite's data file or folder (`what` ends with which), or None.

    A name that leads out of the suite's folder is refused; a symbolic link in it may.
    """
    path = root / name
    wanted = Path.is_dir if what.endswith("folder") else Path.is_file
    inside = Path(os.path.normpath(path.absolute()))
    if not inside.is_relative_to(os.path.normpath(root.absolute())):
        remedy = "copy it in, or link to it"
        problems.add(f"{what} {quote(name)} is outside the suite's folder", where, remedy)
        return None
    try:
        if wanted(path):
            return path
        there = path.exists()
        folder = path.parent if path.parent.is_dir() else root
        near = [p.name for p in folder.iterdir() if not p.name.startswith(".")]
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        problems.add(f"{what} {quote(name)} cannot be read: {error}", where)
        return None
    if there:
        kind = "folder" if wanted is Path.is_dir else "file"
        problems.add(f"{what} {quote(name)} is no {kind}", where, "give another path")
        return None
    written = Path(name).parent if folder == path.parent else Path()
    valid = [str(written / entry) for entry in near]
    problems.add(f"{what} {quote(name)} is not there", where, unknown_remedy(name, valid))
    return None


def builtin(name: str, where: str, problems: Problems) -> Path | None:
    """The data file that comes with bench under a name (`builtin:general`), or None."""
    folder = Path(__file__).parent / "builtin"
    path = folder / f"{name}.jsonl"
    if path.parent == folder and path.is_file():
        return path
    problems.unknown("builtin file", name, sorted(p.stem for p in folder.glob("*.jsonl")), where)
    return None
