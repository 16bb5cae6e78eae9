"""A metric over a suite's runs: points, intervals, the gate's line, and how they are printed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from harness import history
from harness.console import Log
from harness.errors import UnknownNameError, UsageError

PLOT = 24
"""Columns of the plot, so that the table fits 80."""
_COLUMNS = "{:<9}{:<17}{:<24} {:>6} {:>5}  {}"
_WORST = ("ERROR", "FAIL", "INCONCLUSIVE", "PASS")
_COLOURS = {"PASS": "green", "FAIL": "red", "ERROR": "red", "INCONCLUSIVE": "yellow"}


@dataclass(frozen=True, slots=True)
class Point:
    """A candidate's mean in one run; `line` is what a rule of the gate wanted it to clear.

    Of several rules about it, the one with the worst verdict is told, the first of equals.
    """

    run: str
    created: str
    looks: int
    task: str
    slice: str
    candidate: str
    n: int
    clusters: int
    mean: float
    low: float
    high: float
    line: float | None = None
    rule: str = ""
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class Trend:
    """The points of a metric, oldest first, its unit, direction, and the axis that holds all."""

    suite: str
    metric: str
    unit: str
    better: str
    bottom: float
    top: float
    points: tuple[Point, ...]


def suite_name(text: str) -> str:
    """The name that history knows a suite by: that in the folder's suite.yaml, or the text.

    Raises:
        SuiteError: the file cannot be read.
    """
    file = Path(text) / "suite.yaml" if Path(text).is_dir() else Path(text)
    if file.suffix in (".yaml", ".yml") and file.is_file():
        from harness.suite.files import Problems
        from harness.suite.yamlfile import read

        problems = Problems()
        found = read(file, problems)
        problems.raise_if_any()
        data = found.data if found else None
        if isinstance(data, dict) and data.get("name"):
            return str(data["name"])
    return Path(text).name


def metrics_of(root: Path, suite: str, log: Log) -> dict[str, dict[str, int]]:
    """The metrics that were measured, each with its tasks and the number of runs there."""
    _check_suite(root, suite, log)
    runs: dict[str, dict[str, set[str]]] = {}
    for row in history.table_of(root, "summaries", suite, log):
        runs.setdefault(row["metric"], {}).setdefault(row["task"], set()).add(row["key"])
    return {
        metric: {task: len(keys) for task, keys in tasks.items()} for metric, tasks in runs.items()
    }


def trend_of(
    root: Path,
    suite: str,
    metric: str,
    log: Log,
    *,
    last: int,
    task: str | None = None,
    part: str | None = "all",
    candidate: str | None = None,
) -> Trend:
    """A metric over the newest `last` runs; UnknownNameError names the nearest valid name."""
    known = metrics_of(root, suite, log)
    if metric not in known:
        raise UnknownNameError("metric", metric, known, where=f"history of {suite}")
    runs = {row["key"]: row for row in history.runs_of(root, suite, log)}
    every = [r for r in history.table_of(root, "summaries", suite, log) if r["metric"] == metric]
    rows = every
    for what, name in (("task", task), ("slice", part), ("candidate", candidate)):
        if name is not None:
            valid = {row[what] for row in rows}
            if name not in valid:
                raise UnknownNameError(what, name, valid, where=f"{metric} in history of {suite}")
            rows = [row for row in rows if row[what] == name]
    newest = [key for key in runs if any(row["key"] == key for row in rows)][-last:]
    rows = [row for row in rows if row["key"] in newest]
    rules = [r for r in history.table_of(root, "rules", suite, log) if r["metric"] == metric]
    about = [r for r in history.table_of(root, "metrics", suite, log) if r["metric"] == metric][-1]
    points = tuple(_point(row, runs[row["key"]], every, rules, about["better"]) for row in rows)
    ends = [x for p in points for x in (p.low, p.high, p.line) if x is not None]
    bottom = about["lower"] if about["lower"] is not None else min(*ends, 0.0)
    top = about["upper"] if about["upper"] is not None else max(ends)
    return Trend(suite, metric, about["unit"], about["better"], bottom, top, points)


def _check_suite(root: Path, suite: str, log: Log) -> None:
    known = history.suites_of(root, log)
    if not known:
        raise UsageError("no run is remembered yet", where=str(root), remedy="bench run SUITE")
    if suite not in known:
        raise UnknownNameError("suite", suite, known, where="history")


def _point(
    row: dict[str, Any],
    run: dict[str, Any],
    rows: Sequence[dict[str, Any]],
    rules: Sequence[dict[str, Any]],
    better: str,
) -> Point:
    same = ("key", "task", "slice", "candidate")
    judging = [r for r in rules if all(r[name] == row[name] for name in same)]
    # a rule that did not pass hides behind no other
    rule = min(judging, key=lambda r: _WORST.index(r["verdict"]), default=None)
    line = _line(rule, row, rows, better) if rule else None
    measured = {name: row[name] for name in (*same[1:], "n", "clusters", "mean", "low", "high")}
    return Point(
        run["run"],
        run["created"],
        run["looks"],
        **measured,
        line=line,
        rule=f"{rule['kind']} {rule['against'] or ''}".strip() if rule else "",
        verdict=rule["verdict"] if rule else "",
    )


def _line(
    rule: dict[str, Any], row: dict[str, Any], rows: Sequence[dict[str, Any]], better: str
) -> float | None:
    """Where the rule's bar lies on the metric's own scale, in this run."""
    if rule["kind"] in ("at_least", "at_most"):
        return float(rule["bar"])
    if rule["kind"] not in ("superior", "non_inferior"):
        return None
    for other in rows:
        alike = all(other[name] == row[name] for name in ("key", "task", "slice"))
        if alike and other["candidate"] == rule["against"]:
            return float(other["mean"]) + (-1 if better == "lower" else 1) * float(rule["bar"])
    if rule["estimate"] is None or rule["bar"] is None:
        return None
    # the other side was not kept: its mean is this one's less what they were apart
    apart = float(rule["estimate"])
    return float(row["mean"]) - apart + (-1 if better == "lower" else 1) * float(rule["bar"])


def print_metrics(suite: str, names: dict[str, dict[str, int]]) -> None:
    """The metrics that can be followed."""
    from harness.commands.views import console

    out = console()
    out.print(Text(f"{suite}: follow one with --metric NAME"))
    table = Table(box=None, padding=(0, 2, 0, 0))
    for head in ("metric", "task (runs)"):
        table.add_column(head, overflow="fold")
    for metric, tasks in names.items():
        told = ", ".join(f"{task} ({runs})" for task, runs in tasks.items())
        table.add_row(Text(metric), Text(told))
    out.print(table)


def print_trend(trend: Trend) -> None:
    """One row a point, newest last; the plot shows the mean, its interval and the gate's line."""
    from harness.commands.views import console

    out = console()
    share = trend.unit == "share"
    unit = "%" if share else trend.unit
    good = f"{trend.better} is better" if trend.better != "neither" else "no better direction"
    out.print(Text(f"{trend.suite}: {trend.metric} in {unit}, 95 % intervals; {good}", "bold"))
    left, right = (_number(end, share=share) for end in (trend.bottom, trend.top))
    scale = left + " " * (PLOT - len(left) - len(right)) + right
    out.print(Text(_COLUMNS.format("run", "finished, UTC", scale, "mean", "n", "rule")))
    for (task, part, name), points in _grouped(trend.points).items():
        where = "" if part == "all" else f", slice {part}"
        rules = {point.rule for point in points if point.rule}
        line = f"   ┊ {', '.join(sorted(rules))}" if rules else ""
        out.print(Text(f"{name} on {task}{where}{line}", "cyan"))
        for point in points:
            out.print(_row(point, trend, share=share), no_wrap=True)


def _row(point: Point, trend: Trend, *, share: bool) -> Text:
    day = point.created[:16].replace("T", " ")
    mean = _number(point.mean, share=share)
    plot = strip(point, trend.bottom, trend.top)
    row = Text(_COLUMNS.format(point.run[:8], day, plot, mean, point.n, ""))
    return row.append(point.verdict, _COLOURS.get(point.verdict, ""))


def _grouped(points: Sequence[Point]) -> dict[tuple[str, str, str], list[Point]]:
    found: dict[tuple[str, str, str], list[Point]] = {}
    for point in points:
        found.setdefault((point.task, point.slice, point.candidate), []).append(point)
    return found


def _number(value: float, *, share: bool) -> str:
    return f"{100 * value:.1f}".removesuffix(".0") if share else f"{value:.4g}"


def strip(point: Point, bottom: float, top: float) -> str:
    """A row of the plot, PLOT columns wide: interval, mean and the gate's line."""
    span = (top - bottom) or 1.0

    def place(value: float) -> int:
        return round(min(max((value - bottom) / span, 0.0), 1.0) * (PLOT - 1))

    cells = [" "] * PLOT
    for column in range(place(point.low), place(point.high) + 1):
        cells[column] = "─"
    if point.line is not None:
        cells[place(point.line)] = "┊"
    cells[place(point.mean)] = "●"
    return "".join(cells)
