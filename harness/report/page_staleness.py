"""Staleness in report.html: answer classes by the age of a change, by exposures, and beside."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from harness.records import Run, Summary
from harness.report import marks, plots, text, view
from harness.report.links import link

BAR = 240
MOST_ROWS = 240
"""Rows of class bars in all; what is left out is in summaries.csv."""
_KINDS = ("changed", "unchanged", "new")
_AGES = ("age-under-90-days", "age-90-days-to-1-year", "age-1-to-3-years", "age-over-3-years")
_GROUPS = (
    ("What became of the fact since training", "kind"),
    ("Age of the change", "age"),
    ("How often training showed the fact", "exposures"),
)
_BESIDE = (
    ("recency.placebo", "placebo"),
    ("recency.stale_net", "stale less placebo"),
    ("recency.current_net", "current less placebo"),
    ("recency.age_days", "age of stale answers"),
    ("recency.prefers_current", "prefers the current value"),
    ("recency.utility", "utility"),
)
_NUMBER = re.compile(r"\d+")


def group_of(part: str) -> str:
    """What a slice says of a fact: its kind, the age of its change, its exposures, or nothing."""
    if part in _KINDS:
        return "kind"
    head = part.partition("-")[0]
    if head in ("age", "after"):
        return "age"
    return "exposures" if head == "exposures" and _NUMBER.search(part) else ""


def rank(part: str) -> tuple[Any, ...]:
    """Sorts the slices of a group: by kind, by age, by number."""
    if part in _KINDS:
        return (0, _KINDS.index(part))
    if part in _AGES:
        return (1, _AGES.index(part))
    numbers = [int(number) for number in _NUMBER.findall(part)]
    # a tag has no decimal point, so 0-5 is one half
    half = len(numbers) == 2 and numbers[0] == 0 and part.startswith("after")
    return (2, 0.5 if half else float(numbers[0]) if numbers else 0.0, part)


def words(part: str) -> str:
    """A slice in words: "2 to 3 times", "1 to 3 years", "changed"."""
    head, _, rest = part.partition("-")
    if head == "exposures" and rest:
        told = "16 and more" if rest == "16-up" else re.sub(r"-(?:to-)?", " to ", rest)
        return f"{told} times"
    return rest.replace("-", " ") if head == "age" and rest else part


def counts(run: Run) -> dict[tuple[str, str], dict[str, dict[str, int]]]:
    """(task, candidate) -> slice -> class -> answers, for `all` and slices that say of facts."""
    tags = {(case.task, case.id): case.tags for case in run.cases}
    found: dict[tuple[str, str], dict[str, dict[str, int]]] = {}
    for answer in run.answers:
        for score in answer.scores:
            name = view.class_of(score) if score.metric == view.CLASS_METRIC else ""
            if not name:
                continue
            own = found.setdefault((answer.task, answer.candidate), {})
            for part in ("all", *tags.get((answer.task, answer.case), ())):
                if part == "all" or group_of(part):
                    own.setdefault(part, dict.fromkeys(view.CLASSES, 0))[name] += 1
    return found


def _row(task: str, part: str, name: str, row: dict[str, int]) -> dict[str, Any]:
    total = sum(row.values())
    where = {"task": task, "metric": view.CLASS_METRIC, "slice": part, "candidate": name}
    cells = [
        (label, n, f"{100 * n / total:.0f} %", link(**where, label=label))
        for label, n in row.items()
    ]
    return {
        "name": name,
        "slice": part,
        "words": "all facts" if part == "all" else words(part),
        "n": total,
        "bar": marks.stack(row, BAR),
        "cells": cells,
        "link": link(**where),
        "links": {label: address for label, _, _, address in cells},
    }


def _tables(
    run: Run, task: str, found: dict[tuple[str, str], dict[str, dict[str, int]]]
) -> Iterator[dict[str, Any]]:
    """Class bars: all facts by candidate, then each group of slices by candidate and slice."""
    names = [r.candidate.name for r in run.candidates if (task, r.candidate.name) in found]
    rows = [_row(task, "all", name, found[task, name]["all"]) for name in names]
    yield {"title": "All facts", "key": "all", "rows": rows}
    for title, key in _GROUPS:
        rows = []
        for name in names:
            parts = [part for part in found[task, name] if group_of(part) == key]
            rows += [
                _row(task, part, name, found[task, name][part]) for part in sorted(parts, key=rank)
            ]
        if rows:
            yield {"title": title, "key": key, "rows": rows}


def _beside(run: Run, task: str) -> dict[str, Any]:
    """Placebo, answer age and preference by candidate, on changed facts where there are such."""
    metrics, summaries = view.metric_map(run), view.summary_map(run)
    names = view.task_candidates(run, task)
    part = "changed" if "changed" in view.task_slices(run, task) else "all"
    used = [
        (name, title)
        for name, title in _BESIDE
        if any((s := summaries.get((task, name, part, c))) and s.n for c in names)
    ]

    def cell(name: str, candidate: str) -> dict[str, str]:
        summary = summaries.get((task, name, part, candidate))
        if summary is None or summary.mean is None:
            return {"value": "", "bounds": "", "link": "", "n": ""}
        where = {"task": task, "metric": name, "slice": part, "candidate": candidate}
        return {
            "value": text.number(summary.mean, metrics[name]),
            "bounds": text.bounds(summary.low, summary.high, metrics[name]),
            "link": link(**where),
            "n": f"n = {summary.n}",
        }

    rows = [(candidate, [cell(name, candidate) for name, _ in used]) for candidate in names]
    return {
        "slice": part,
        "columns": [(title, metrics[name].description) for name, title in used],
        "rows": [row for row in rows if any(one["value"] for one in row[1])],
    }


def _trend(run: Run, task: str, key: str, place: int) -> dict[str, Any] | None:
    """Current and stale answers by age or exposures, as lines, for the first candidates."""
    summaries = view.summary_map(run)
    parts = sorted((p for p in view.task_slices(run, task) if group_of(p) == key), key=rank)
    if len(parts) < 2:
        return None
    metric = "recency.stale" if key == "age" else "recency.current"
    lines: list[tuple[str, list[Summary | None]]] = []
    for name in view.task_candidates(run, task):
        row = [summaries.get((task, metric, part, name)) for part in parts]
        if sum(one is not None and one.mean is not None for one in row) > 1:
            lines.append((name, row))
    lines = lines[: len(plots.SERIES)]
    if not lines:
        return None

    def paint(axes: Any) -> None:
        for colour, (_, row) in enumerate(lines):
            shift = 0.06 * (colour - (len(lines) - 1) / 2)
            points = tuple(
                (at + shift, s.mean, s.low, s.high)
                for at, s in enumerate(row)
                if s is not None and s.mean is not None
            )
            plots.interval(axes, plots.Series(points, colour))
        plots.percent(axes)
        axes.set_xticks(range(len(parts)), [str(at + 1) for at in range(len(parts))])
        axes.set_xlim(-0.4, len(parts) - 0.6)

    what = "Stale answers by age of the change" if key == "age" else "Current answers by exposures"
    return {
        "svg": plots.draw(f"stale{place}{key}", f"{what}: the table beside has the numbers", paint),
        "title": what,
        "names": [name for name, _ in lines],
        "ticks": [(at + 1, words(part), part) for at, part in enumerate(parts)],
        "rows": [(name, [_level(run, s) for s in row]) for name, row in lines],
    }


def _level(run: Run, summary: Summary | None) -> str:
    if summary is None:
        return ""
    metric = view.metric_map(run)[summary.metric]
    return text.estimate(summary.mean, summary.low, summary.high, metric)


def build(run: Run) -> list[dict[str, Any]]:
    """A block for each task that asks for facts; class bars until there are enough of them."""
    found = counts(run)
    known = {result.candidate.name for result in run.candidates}
    asked = {task for task, name in found if name in known}
    tasks = [task for task in view.task_names(run) if task in asked]
    left = MOST_ROWS
    blocks = []
    for place, task in enumerate(tasks):
        tables, cut = [], 0
        for table in _tables(run, task, found):
            rows: Sequence[Any] = table["rows"]
            kept = rows if table["key"] == "all" else rows[: max(left, 0)]
            left -= len(kept)
            cut += len(rows) - len(kept)
            if kept:
                tables.append(table | {"rows": kept})
        trends = [_trend(run, task, key, place) for key in ("age", "exposures")]
        blocks.append(
            {
                "task": task,
                "about": run.tasks.get(task, ""),
                "tables": tables,
                "left_out": cut,
                "beside": _beside(run, task),
                "trends": [one for one in trends if one],
            }
        )
    return blocks
