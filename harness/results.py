"""Finished runs as pandas DataFrames, for a notebook or a script: see docs/results.md.

from harness.results import load

results = load("reports/legal/3f2a9c41")
results.scores.groupby(["candidate", "metric"])["value"].mean()
"""

import glob
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from harness.errors import UnknownNameError, UsageError
from harness.records import Run
from harness.report.tables import TABLES

Where = str | Path


class Results:
    """One run or several; every table is an attribute, made when it is first asked for.

    The columns `suite` and `run` come first in each, so that tables of several runs lie under
    one another. What was not measured is missing (NaN, NaT or None), never 0.
    """

    cases: pd.DataFrame
    answers: pd.DataFrame
    scores: pd.DataFrame
    metrics: pd.DataFrame
    summaries: pd.DataFrame
    comparisons: pd.DataFrame
    methods: pd.DataFrame
    findings: pd.DataFrame
    claims: pd.DataFrame
    evidence: pd.DataFrame
    needs: pd.DataFrame
    options: pd.DataFrame
    curves: pd.DataFrame
    curve_fits: pd.DataFrame
    curve_bands: pd.DataFrame
    curve_gaps: pd.DataFrame
    break_even: pd.DataFrame
    costs: pd.DataFrame
    candidates: pd.DataFrame
    rules: pd.DataFrame

    def __init__(self, runs: Iterable[Run]) -> None:
        self.runs = tuple(runs)
        self._made: dict[str, pd.DataFrame] = {}

    @property
    def run(self) -> Run:
        """The whole record of the run.

        Raises:
            UsageError: there are several; they are in `runs`.
        """
        if len(self.runs) != 1:
            ids = ", ".join(run.id for run in self.runs)
            remedy = "take one of `runs`"
            raise UsageError(f"these are {len(self.runs)} runs: {ids}", remedy=remedy)
        return self.runs[0]

    def table(self, name: str) -> pd.DataFrame:
        """A table by name; a copy, so that a change to it stays where it was made.

        Raises:
            UnknownNameError: there is none; names the nearest.
        """
        if name not in TABLES:
            raise UnknownNameError("table", name, TABLES)
        if name not in self._made:
            self._made[name] = _frame(name, self.runs)
        return self._made[name].copy()

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self.table(name)
        except UnknownNameError as error:
            raise AttributeError(str(error)) from None

    def __dir__(self) -> Iterable[str]:
        return sorted({*super().__dir__(), *TABLES})

    def __repr__(self) -> str:
        named = ", ".join(f"{run.suite}/{run.id}" for run in self.runs)
        return f"Results({named}): {', '.join(TABLES)}"


def _frame(name: str, runs: tuple[Run, ...]) -> pd.DataFrame:
    import pyarrow as pa

    from harness.report.parquet import arrow

    found: Any = pa.concat_tables([arrow(TABLES[name], run) for run in runs])
    frame: pd.DataFrame = found.replace_schema_metadata(None).to_pandas(date_as_object=False)
    return frame


def load(where: Where | Iterable[Where], reports: Where = "reports") -> Results:
    """A run, or several, as tables.

    Args:
        where: a run's folder, its run.json, an id or the beginning of one, a suite (its newest
            run), `latest`, a pattern such as `reports/legal/*`, or several of these in a list.
        reports: the folder in which ids and suites are looked for.

    Raises:
        UsageError: there is no such run, or its run.json cannot be read; one line with the remedy.
    """
    from harness.commands.views import find_run

    asked = [where] if isinstance(where, str | Path) else list(where)
    runs: dict[tuple[str, str], Run] = {}
    for place in (place for one in asked for place in _places(str(one))):
        run = find_run(Path(reports), place)
        if runs.setdefault((run.suite, run.id), run) != run:
            what = f"two different runs are {run.suite}/{run.id}"
            raise UsageError(what, where=place, remedy="load them one by one")
    if not runs:
        raise UsageError("no run was asked for", remedy="name at least one")
    return Results(runs.values())


def _places(text: str) -> list[str]:
    """The runs that a pattern stands for, by name; what is no pattern is itself."""
    if not glob.has_magic(text) or Path(text).exists():
        return [text]
    found = [Path(one) for one in sorted(glob.glob(text))]  # noqa: PTH207 - may be absolute
    runs = [str(one) for one in found if one.name == "run.json" or (one / "run.json").is_file()]
    if not runs:
        raise UsageError(f"no run matches '{text}'", remedy="`bench list runs` shows what there is")
    return runs
