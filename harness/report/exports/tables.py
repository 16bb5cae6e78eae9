"""Every table of a run as Parquet or CSV files, for pandas, DuckDB, R or a spreadsheet."""

from pathlib import Path
from typing import Any, ClassVar

from harness.records import Run
from harness.report import parquet
from harness.report.csv import table
from harness.report.exports.shared import folder_at, nothing
from harness.report.tables import TABLES
from harness.report.text import save


class ParquetExport:
    """Writes `<table>.parquet`, the files of a run's own folder `tables`."""

    description: ClassVar[str] = "every table, typed, for pandas, DuckDB or R"
    noun: ClassVar[str] = "table"
    opens: ClassVar[str] = "pandas.read_parquet('{to}/scores.parquet')"
    addresses: ClassVar[bool] = False
    missing = staticmethod(nothing)

    def write(self, run: Run, to: str) -> list[str]:
        """A file per table into the folder `to`."""
        return [str(path) for path in parquet.write(run, folder_at(to))]


class CsvExport:
    """Writes `<table>.csv`; texts are clean, and none of them is a formula."""

    description: ClassVar[str] = "every table as CSV, for a spreadsheet"
    noun: ClassVar[str] = "table"
    opens: ClassVar[str] = "a spreadsheet"
    addresses: ClassVar[bool] = False
    missing = staticmethod(nothing)

    def write(self, run: Run, to: str) -> list[str]:
        """A file per table into the folder `to`."""
        folder, written = folder_at(to), []
        for name, one in TABLES.items():
            rows = (map(_cell, row) for row in one.of(run))
            text = table([column.name for column in one.columns], rows)
            written.append(str(save(Path(folder / f"{name}.csv"), text)))
        return written


def _cell(value: Any) -> Any:
    """Lists as their parts on a line each."""
    return "\n".join(value) if isinstance(value, list | tuple) else value
