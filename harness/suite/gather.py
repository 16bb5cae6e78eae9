"""A user's rows, whatever they come in: read, mapped to columns, checked, at most so many."""

import hashlib
import heapq
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from harness.errors import Problem, SuiteError, UsageError
from harness.suite.columns import Columns, choose, mapped
from harness.suite.files import Problems
from harness.suite.sources import Raw, read
from harness.suite.split import Placed

HEAD = 200  # rows that the columns are guessed from
FEW_SOURCES = 10  # a guessed `source` with fewer values is no unit of independence
SAID = 3  # bad rows that are named when they are left out


@dataclass(frozen=True, slots=True)
class Asked:
    """What to read, as the user says it; `rows` is the most that are kept."""

    source: str
    columns: Columns = field(default_factory=Columns)
    split: str = ""
    subset: str = ""
    rows: int = 20_000
    skip_bad: bool = False


@dataclass(frozen=True, slots=True)
class Gathered:
    """Good rows in their order, and lines that say what was read, guessed and left out."""

    rows: list[Placed]
    columns: Columns
    notes: tuple[str, ...]


def gather(asked: Asked, seed: int) -> Gathered:
    """The rows that `asked` names.

    Raises:
        UsageError: no such data, no such columns, or no rows.
        SuiteError: every row that cannot be used, unless `skip_bad`.
    """
    problems = Problems()
    raw = read(asked.source, problems, split=asked.split, subset=asked.subset)
    head = list(islice(raw, HEAD))
    if not head:
        problems.raise_if_any()
        raise UsageError("no rows", where=asked.source, remedy="give rows to learn from")
    columns = choose(asked.columns, [row for _, row in head], asked.source)
    counts: Counter[str] = Counter()
    good = _good(chain(head, raw), columns, problems, counts)
    kept = _kept(good, asked.rows, seed)
    total = counts["rows"] - counts["bad"] + _bad(problems)  # what could not be read is no row yet
    notes = [f"read {total:,} rows of {asked.source}: {columns.says()}"]
    unused = {str(name) for _, row in head for name in row} - _used(columns)
    notes += [f"columns left out: {', '.join(sorted(unused))}"] if unused else []
    notes += [f"{counts['blank']:,} blank rows passed over"] if counts["blank"] else []
    if counts["good"] > len(kept):
        notes += [f"took a sample of {len(kept):,} of {counts['good']:,} rows; --rows takes more"]
    kept = _identified(kept, columns, problems, notes)
    notes += _refused(problems, total, skip=asked.skip_bad)
    if not kept:
        raise UsageError("no row can be used", where=asked.source, remedy="look at its columns")
    return Gathered(_sourced(kept, columns, notes), columns, tuple(notes))


def _good(
    raw: Iterable[Raw], columns: Columns, problems: Problems, counts: Counter[str]
) -> Iterator[Placed]:
    for where, record in raw:
        counts["rows"] += 1
        row, wrong = mapped(record, columns)
        for what in wrong:
            problems.add(what, where)
        counts["bad"] += bool(wrong)
        if row is None:
            counts["blank"] += 1
        elif not wrong:
            counts["good"] += 1
            yield Placed(where, row)


def _kept(rows: Iterable[Placed], most: int, seed: int) -> list[Placed]:
    """A seeded sample of at most `most`, in the rows' order; memory holds no more than these."""
    heap: list[tuple[int, int, Placed]] = []
    for index, placed in enumerate(rows):
        digest = hashlib.sha256(f"{seed}\0{index}".encode()).digest()
        item = (-int.from_bytes(digest[:8]), -index, placed)
        if len(heap) < most:
            heapq.heappush(heap, item)
        else:
            heapq.heappushpop(heap, item)
    return [placed for _, _, placed in sorted(heap, key=lambda item: -item[1])]


def _used(columns: Columns) -> set[str]:
    return {
        *columns.inputs,
        columns.output,
        columns.chat,
        columns.tags,
        columns.source,
        columns.id,
    }


def _identified(
    rows: list[Placed], columns: Columns, problems: Problems, notes: list[str]
) -> list[Placed]:
    """Ids are unique; guessed ones that are not are dropped, others are problems."""
    first: dict[str, str] = {}
    for placed in rows:
        name = placed.row.get("id")
        if name is None or first.setdefault(name, placed.where) == placed.where:
            continue
        if "id" in columns.guessed:
            notes.append(f"column '{columns.id}' repeats '{name}', so it is not taken as the id")
            return [_without(placed, "id") for placed in rows]
        problems.add(f"id '{name}' is also at {first[name]} (ids are unique)", placed.where)
    return rows


def _sourced(rows: list[Placed], columns: Columns, notes: list[str]) -> list[Placed]:
    """A guessed source with a handful of values is a label, not a document of its own."""
    values = {placed.row["source"] for placed in rows if "source" in placed.row}
    if "source" not in columns.guessed or not values or len(values) >= FEW_SOURCES:
        return rows
    name = columns.source
    notes.append(
        f"column '{name}' has only {len(values)} values, too few to be documents: left out"
        f" (--source {name} keeps it)"
    )
    return [_without(placed, "source") for placed in rows]


def _without(placed: Placed, key: str) -> Placed:
    row: dict[str, Any] = {name: value for name, value in placed.row.items() if name != key}
    return placed._replace(row=row)


def _bad(problems: Problems) -> int:
    return len({problem.where for problem in problems})


def _refused(problems: Problems, total: int, *, skip: bool) -> list[str]:
    """Raise what is wrong with rows, or say it in lines where bad rows are left out."""
    if not problems:
        return []
    found = sorted(problems.capped(), key=_line)
    bad = _bad(problems)
    if not skip:
        what = f"{bad:,} of {total:,} rows cannot be used"
        raise SuiteError([*found, Problem(what, "", "correct them, or give --skip-bad")])
    return [f"{bad:,} bad rows left out, such as", *(f"  {p}" for p in found[:SAID])]


def _line(problem: Problem) -> float:
    number = problem.where.rpartition(":")[2]
    return float(number) if number.isdigit() else math.inf
