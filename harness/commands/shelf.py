"""What `bench view` answers: an address becomes a page, and only listed runs have addresses."""

import re
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from harness import history
from harness.commands.moves import Side, compare_runs
from harness.commands.trends import metrics_of, trend_of
from harness.commands.views import stored_runs
from harness.console import Log
from harness.errors import BenchError, UsageError
from harness.records import Run
from harness.report import json, site, trend
from harness.report.view import verdict

_HEAD = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; "
OWN = f"{_HEAD}form-action 'self'"
# the report's own policy names its scripts by their hashes; both have to allow one
REPORT = f"{_HEAD}form-action 'none'; img-src data:; script-src 'self' 'unsafe-inline'"
_PART = re.compile(r"report-cases/(?:index|\d{4,})\.js", re.ASCII)
LAST = 50
"""Newest runs in a trend."""


@dataclass(frozen=True, slots=True)
class Page:
    """An answer to a browser."""

    status: int
    body: bytes
    kind: str = "text/html; charset=utf-8"
    policy: str = OWN


class Shelf:
    """The runs of a reports folder and the history of a store, both read only."""

    def __init__(self, reports: Path, store: Path) -> None:
        self.reports = reports
        self.store = store
        self.log = Log(quiet=True)

    def get(self, target: str) -> Page:
        """The page of an address, as a browser asks for it: path and query."""
        try:
            return self._find(target)
        except BenchError as error:
            return _page(site.problem(str(error)), 400)

    def _find(self, target: str) -> Page:
        parts = urlsplit(target)
        asked = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        if parts.path == "/":
            return _page(site.runs(self.rows(), trends=self._remembers()))
        if parts.path == "/trends":
            return _page(site.trends(self._metrics()))
        if parts.path == "/trend":
            return self._trend(asked.get("suite", ""), asked.get("metric", ""))
        if parts.path == "/compare":
            return self._compare(asked.get("before", ""), asked.get("after", ""))
        if parts.path.startswith("/runs/"):
            return self._file(unquote(parts.path.removeprefix("/runs/")))
        return _absent()

    def known(self) -> dict[str, Path]:
        """Every run's folder by its name, SUITE/RUN, newest first."""
        paths = [path.parent for path in stored_runs(self.reports)]
        return {f"{path.parent.name}/{path.name}": path for path in reversed(paths)}

    def rows(self) -> list[dict[str, Any]]:
        """What the list says of each run."""
        found = []
        for name, folder in self.known().items():
            path = folder / "run.json"
            try:
                state = path.stat()
                row = _about(path, state.st_mtime_ns, state.st_size)
            except (BenchError, OSError) as error:
                row = {"problem": str(error)}
            link = f"/runs/{quote(name)}/report.html"
            has = (folder / "report.html").is_file()
            found.append({"problem": "", "name": name, "link": link if has else "", **row})
        return found

    def _run(self, name: str) -> Run:
        """A listed run; a path is none."""
        folder = self.known().get(name)
        if folder is None:
            raise UsageError(f"no run '{name}' is here", remedy="go back and pick two runs")
        return json.read(folder / "run.json")

    def _compare(self, before: str, after: str) -> Page:
        found = compare_runs(Side(self._run(before)), Side(self._run(after)))
        return _page(site.moves(found.data(), quote(before), quote(after)))

    def _remembers(self) -> bool:
        """Whether there is a history: asking for one would make the file."""
        return (self.store / history.FILE).is_file()

    def _metrics(self) -> dict[str, dict[str, dict[str, int]]]:
        if not self._remembers():
            return {}
        suites = history.suites_of(self.store, self.log)
        return {name: metrics_of(self.store, name, self.log) for name in suites}

    def _trend(self, suite: str, metric: str) -> Page:
        if not self._remembers():
            raise UsageError("no run is remembered yet", remedy="bench run SUITE")
        found = trend_of(self.store, suite, metric, self.log, last=LAST)
        return _page(trend.render(asdict(found), listed=True))

    def _file(self, path: str) -> Page:
        """A report or a part of its texts: names of listed runs, never a path from outside."""
        suite, _, rest = path.partition("/")
        run, _, name = rest.partition("/")
        folder = self.known().get(f"{suite}/{run}")
        part = bool(_PART.fullmatch(name))
        if folder is None or not (part or name == "report.html"):
            return _absent()
        file = folder / name
        # a link in the folder leads nowhere else
        if not file.is_file() or not file.resolve().is_relative_to(self.reports.resolve()):
            return _absent()
        kind = "text/javascript" if part else "text/html"
        return Page(200, file.read_bytes(), f"{kind}; charset=utf-8", REPORT)


@lru_cache(maxsize=512)
def _about(path: Path, _changed: int, _size: int) -> dict[str, Any]:
    """A run in a row; a run is read once for each of its states on disk."""
    run = json.read(path)
    return {
        "created": run.created[:16].replace("T", " "),
        "verdict": verdict(run)[0],
        "profile": run.profile,
        "model": run.model.name,
        "candidates": len(run.candidates),
        "cases": len(run.cases),
        "answers": len(run.answers),
    }


def _page(source: str, status: int = 200) -> Page:
    return Page(status, source.encode("utf-8", "replace"))


def _absent() -> Page:
    return _page(site.problem("Nothing has this address."), 404)
