"""Read anybody's rows, one after another: a file, a folder, or a dataset of the hub.

Nothing here runs what it reads: no pickles, no code of a dataset.
"""

import csv
import json
import shlex
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import IO, Any

from harness.errors import UsageError, from_os_error, nearest
from harness.suite.files import Problems, json_object, quote, shown

Raw = tuple[str, dict[str, Any]]  # file:line (or file:row), and the row as it is there
MOST_JSON = 512 * 2**20  # bytes of a JSON file, which is read whole
CELL = 2**20  # characters of one cell of a CSV file
KINDS_SAID = "CSV, TSV, JSONL, JSON or Parquet"
REFUSED = {
    **dict.fromkeys((".xlsx", ".xls", ".ods"), "save the sheet as CSV (UTF-8)"),
    **dict.fromkeys((".pkl", ".pickle", ".pt", ".bin"), "a pickle can run code; save it as CSV"),
    **dict.fromkeys((".gz", ".zip", ".zst", ".bz2"), "unpack it first"),
}


def read(source: str, problems: Problems, *, split: str = "", subset: str = "") -> Iterator[Raw]:
    """The rows of a file, of a folder, or of the dataset OWNER/NAME of the hub.

    `split` and `subset` choose inside a dataset or a folder.

    Raises:
        UsageError: there is nothing of that name, or nothing that can be read.
    """
    path = Path(source)
    if path.is_file() and (split or subset):
        option = "--split" if split else "--subset"
        remedy = f"leave {option} out, or give a folder or a dataset of the hub"
        raise UsageError("a file has no splits or subsets", where=shown(path), remedy=remedy)
    if path.is_dir():
        yield from _folder(path, problems, split)
    elif path.is_file():
        yield from _file(path, problems)
    elif is_hub_id(source):
        yield from _hub(source, split, subset)
    else:
        around = [str(p) for p in path.parent.iterdir()] if path.parent.is_dir() else []
        close = nearest(str(path), around)
        remedy = f"did you mean '{close}'?" if close else f"give a {KINDS_SAID} file, or OWNER/NAME"
        raise UsageError("no such file", where=shown(path), remedy=remedy)


def is_hub_id(source: str) -> bool:
    """Whether a name that is no path here can be OWNER/NAME of the hub."""
    owner, slash, name = source.partition("/")
    fine = slash and owner and name and "/" not in name and not source.startswith((".", "~"))
    return bool(fine) and not Path(owner).exists() and Path(name).suffix not in READERS


def _file(path: Path, problems: Problems) -> Iterator[Raw]:
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        kind = path.suffix or "no ending"
        remedy = REFUSED.get(path.suffix.lower(), f"give a {KINDS_SAID} file")
        raise UsageError(f"{kind} cannot be read here", where=shown(path), remedy=remedy)
    try:
        with path.open("rb") as file:
            start = file.read(4)
        if start.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise UsageError("the file is UTF-16", where=f"{shown(path)}:1", remedy="save as UTF-8")
        yield from reader(path, problems)
    except UnicodeDecodeError:
        raise _bad_bytes(path) from None
    except OSError as error:
        raise from_os_error(error, "reading rows") from error


def _bad_bytes(path: Path) -> UsageError:
    """Names the first byte that is not UTF-8, and how Windows would read its surroundings."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                around = line[max(0, error.start - 12) : error.start + 12]
                guess = quote(around.decode("cp1252", "replace").strip())
                what = f"byte 0x{line[error.start]:02x} is not UTF-8; as cp1252 it reads {guess}"
                name = shlex.quote(path.name)
                remedy = f"save it as UTF-8, such as: iconv -f cp1252 -t utf-8 {name} > utf8-{name}"
                return UsageError(what, where=f"{shown(path)}:{number}", remedy=remedy)
    return UsageError("not UTF-8", where=shown(path), remedy="save it as UTF-8")


# ---------------------------------------------------------------- text


def _csv(path: Path, problems: Problems) -> Iterator[Raw]:
    """Rows by the names in the first line; a cell that is not there is None."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = _cells(file, path, problems)
        where, header = next(rows, ("", []))
        header = [name.strip() for name in header]
        twice = sorted({name for name in header if header.count(name) > 1 and name})
        if twice:
            what = f"two columns are named {quote(twice[0])}"
            raise UsageError(what, where=where, remedy="rename one")
        for where, cells in rows:
            if any(cell.strip() for cell in cells[len(header) :]):
                what = f"{len(cells)} cells under {len(header)} column names"
                problems.add(what, where, "put a cell that holds the separator in double quotes")
                continue
            filled = [*cells, *[None] * (len(header) - len(cells))]
            yield where, {k: v for k, v in zip(header, filled, strict=False) if k}


def _cells(file: IO[str], path: Path, problems: Problems) -> Iterator[tuple[str, list[str]]]:
    first = file.readline()
    marks = {mark: first.count(mark) for mark in (",", "\t", ";", "|")}
    best = "\t" if path.suffix.lower() == ".tsv" else max(marks, key=marks.__getitem__)
    before = csv.field_size_limit(CELL)
    reader = csv.reader(chain([first], file), delimiter=best, strict=True)
    try:
        while True:
            where = f"{shown(path)}:{reader.line_num + 1}"
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                remedy = "double every quote inside a cell that is in quotes"
                problems.add(f"not valid CSV: {error}", where, remedy)
                continue
            if any(cell.strip() for cell in cells):
                yield where, cells
    finally:
        csv.field_size_limit(before)


def _jsonl(path: Path, problems: Problems) -> Iterator[Raw]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
            if text.strip():
                where = f"{shown(path)}:{number}"
                row = json_object(text.rstrip("\r\n"), where, problems)
                if row is not None:
                    yield where, row


def _json(path: Path, problems: Problems) -> Iterator[Raw]:
    """A list of objects, alone or under the only key that holds one; or JSONL in disguise."""
    with path.open("rb") as file:
        first, second = file.readline().strip(), file.readline().strip()
    if first.lstrip(b"\xef\xbb\xbf").startswith(b"{") and first.endswith(b"}") and second:
        yield from _jsonl(path, problems)
        return
    if path.stat().st_size > MOST_JSON:
        what = f"{path.stat().st_size / 2**20:.0f} MiB of JSON in one piece"
        raise UsageError(what, where=shown(path), remedy="write it as JSONL, one object a line")
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except (json.JSONDecodeError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        reason = error.msg.lower() if isinstance(error, json.JSONDecodeError) else "too deep"
        remedy = "give a list of objects"
        where = f"{shown(path)}:{line}"
        raise UsageError(f"not valid JSON: {reason}", where=where, remedy=remedy) from None
    lists = [v for v in data.values() if isinstance(v, list)] if isinstance(data, dict) else [data]
    if len(lists) != 1 or not isinstance(lists[0], list):
        what = f"{type(data).__name__} where a list of objects should be"
        remedy = "give a list of objects, or JSONL"
        raise UsageError(what, where=f"{shown(path)}:1", remedy=remedy)
    for number, row in enumerate(lists[0], start=1):
        where = f"{shown(path)}:{number}"
        if isinstance(row, dict):
            yield where, row
        else:
            problems.add(f"row {number} is no object: {quote(row)}", where, "one object a row")


def _parquet(path: Path, problems: Problems) -> Iterator[Raw]:
    del problems  # a damaged file has no good rows
    import pyarrow as pa
    from pyarrow import parquet

    try:
        number = 0
        for batch in parquet.ParquetFile(path).iter_batches(batch_size=1000):
            for row in batch.to_pylist():
                number += 1
                yield f"{shown(path)}:{number}", row
    except pa.ArrowException as error:
        reason = " ".join(str(error).split())[:160]
        remedy = "write the file again"
        raise UsageError(f"not valid Parquet: {reason}", where=shown(path), remedy=remedy) from None


Reader = Callable[[Path, Problems], Iterator[Raw]]
READERS: dict[str, Reader] = {
    ".csv": _csv,
    ".tsv": _csv,
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".json": _json,
    ".parquet": _parquet,
}


# ---------------------------------------------------------------- datasets


def _folder(path: Path, problems: Problems, split: str) -> Iterator[Raw]:
    """A folder that `datasets` saved, or one with data files."""
    if (path / "dataset_dict.json").is_file() or (path / "state.json").is_file():
        yield from _saved(path, split)
        return
    files = sorted(p for p in path.rglob("*") if p.suffix.lower() in READERS and p.is_file())
    wanted = [p for p in files if (split or "train") in p.stem.lower()]
    chosen = wanted if wanted and (split or len(files) > 1) else files
    if split and not wanted:
        chosen = []
    if len(chosen) != 1:
        some = ", ".join(p.name for p in (chosen or files)[:5]) or "none"
        what = f"{len(chosen)} data files fit ({some})"
        raise UsageError(what, where=shown(path), remedy="give the one file to read")
    yield from _file(chosen[0], problems)


def _saved(path: Path, split: str) -> Iterator[Raw]:
    import datasets

    try:
        data = datasets.load_from_disk(str(path))
    except Exception as error:  # noqa: BLE001 - anything a dataset does is one line
        raise _unread(shown(path), error) from None
    if isinstance(data, datasets.DatasetDict):
        data = data[_split(list(data), split, shown(path))]
    yield from _numbered(shown(path), data)


def _hub(name: str, split: str, subset: str) -> Iterator[Raw]:
    import datasets

    try:
        data = datasets.load_dataset(name, subset or None, streaming=True)
    except Exception as error:  # noqa: BLE001 - anything a dataset does is one line
        raise _unread(name, error) from None
    yield from _numbered(name, data[_split(list(data), split, name)])


def _numbered(name: str, data: Any) -> Iterator[Raw]:
    try:
        for number, row in enumerate(data, start=1):
            yield f"{name}:{number}", dict(row)
    except (OSError, ValueError, RuntimeError) as error:
        raise _unread(name, error) from None


def _split(splits: list[str], wanted: str, where: str) -> str:
    """The split asked for, else `train`, else the only one."""
    choice = wanted or ("train" if "train" in splits else "".join(splits[:1]))
    if choice not in splits or (not wanted and choice != "train" and len(splits) > 1):
        remedy = f"give --split, one of: {', '.join(splits)}"
        raise UsageError(f"no split '{wanted or 'train'}'", where=where, remedy=remedy)
    return choice


def _unread(name: str, error: Exception) -> UsageError:
    reason = " ".join(str(error).split())[:200] or type(error).__name__
    remedy = "no such file is here; is it an id of the hub, and can the hub be reached?"
    if "Config name is missing" in reason:
        remedy = "give --subset"
    return UsageError(f"the dataset cannot be read: {reason}", where=name, remedy=remedy)
