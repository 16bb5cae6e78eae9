"""answers.csv, summaries.csv and comparisons.csv: tidy tables for a spreadsheet or pandas."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from harness.records import Comparison, Run, Summary
from harness.report.text import clean, save

Cell = str | float | int | None

# a spreadsheet runs a cell that starts so; full-width forms count in some locales
_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)*(?:[eE][-+]?\d+)?")
_ANSWER_COLUMNS = (
    "task",
    "case",
    "candidate",
    "sample",
    "metric",
    "value",
    "state",
    "label",
    "reason",
    "finish",
    "answer",
)


def guard(value: Cell) -> Cell:
    """Text that a spreadsheet would run as a formula gets a leading quote; numbers do not."""
    return _guarded(value) if isinstance(value, str) else value


@lru_cache(maxsize=1 << 14)  # names, states and reasons come again and again
def _guarded(value: str) -> str:
    starts = _FORMULA.match(value) is not None
    cleaned = clean(value)
    starts = starts or _FORMULA.match(cleaned) is not None
    return f"'{cleaned}" if starts and not _NUMBER.fullmatch(cleaned) else cleaned


def table(columns: Sequence[str], rows: Iterable[Iterable[Cell]]) -> str:
    """Rows as CSV text with a header line."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([guard(cell) for cell in row] for row in rows)
    return out.getvalue()


def answer_rows(run: Run) -> Iterable[tuple[Cell, ...]]:
    """One row per case, candidate and metric; an answer without scores keeps one row."""
    for item in run.answers:
        tail = (item.answer.finish, item.answer.text or item.answer.error)
        head = (item.task, item.case, item.candidate, item.sample)
        if not item.scores:
            yield (*head, "", None, "unmeasured", "", "", *tail)
        for score in item.scores:
            measured = (score.metric, score.value, score.state, score.label, score.reason)
            yield (*head, *measured, *tail)


def _records(kind: type[Summary] | type[Comparison], items: Sequence[Summary | Comparison]) -> str:
    columns = [item.name for item in fields(kind)]
    return table(columns, (list(asdict(item).values()) for item in items))


class CsvReport:
    """Writes three tables; the one to open is answers.csv."""

    description: ClassVar[str] = "one row per case, candidate and metric (answers.csv)"
    filename: ClassVar[str] = "answers.csv"

    def write(self, run: Run, folder: Path) -> Path:
        """Write `answers.csv`, `summaries.csv` and `comparisons.csv` into `folder`."""
        save(folder / "summaries.csv", _records(Summary, run.summaries))
        save(folder / "comparisons.csv", _records(Comparison, run.comparisons))
        return save(folder / self.filename, table(_ANSWER_COLUMNS, answer_rows(run)))
