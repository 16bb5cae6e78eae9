"""tables/*.parquet: every table of a run, typed, for pandas, DuckDB or R."""

import io
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq

from harness.records import Run
from harness.report.tables import SCHEMA, TABLES, Table
from harness.report.text import save_bytes, utf8

TYPES = {
    "text": pa.string(),
    "texts": pa.list_(pa.string()),
    "int": pa.int64(),
    "float": pa.float64(),
    "flag": pa.bool_(),
    "date": pa.date32(),
}


def arrow(table: Table, run: Run) -> Any:
    """A table of a run as a pyarrow.Table; its metadata names the run and the tables' schema.

    Texts are those of the run, word for word; lone surrogates become U+FFFD as in run.json.
    """
    rows = list(table.of(run))
    arrays = [
        pa.array([_storable(row[place]) for row in rows], TYPES[column.kind])
        for place, column in enumerate(table.columns)
    ]
    about = {"bench.table": table.name, "bench.schema": str(SCHEMA), "bench.run": run.id}
    named = [(column.name, TYPES[column.kind]) for column in table.columns]
    return pa.Table.from_arrays(arrays, schema=pa.schema(named, metadata=about))


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return utf8(value)
    return [utf8(one) for one in value] if isinstance(value, list | tuple) else value


def write(run: Run, folder: Path) -> list[Path]:
    """One file per table into `folder`, which is made; the same run gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, table in TABLES.items():
        out = io.BytesIO()
        pq.write_table(arrow(table, run), out, compression="zstd")
        written.append(save_bytes(folder / f"{name}.parquet", out.getvalue()))
    return written


class ParquetReport:
    """Writes all tables; the one to open is scores.parquet."""

    description: ClassVar[str] = "every table, typed, for pandas (tables/scores.parquet and more)"
    filename: ClassVar[str] = "tables/scores.parquet"

    def write(self, run: Run, folder: Path) -> Path:
        """Write `tables/*.parquet` into `folder`."""
        write(run, folder / "tables")
        return folder / self.filename
