"""Staleness in report.html: answer classes by the age of a change, by exposures, and beside."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from harness.records import Run
from harness.report import marks, text, view
from harness.report.links import link
from harness.report.page_trends import trend

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
        return "once" if told == "1" else f"{told} times"
    if head == "after" and rest:
        return f"after {rest.replace('-', '.')}"
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


def build(run: Run) -> list[dict[str, Any]]:
    """A block for each task that asks for facts; class bars until there are enough of them."""
    found = counts(run)
    known = {result.candidate.name for result in run.candidates}
    asked = {task for task, name in found if name in known}
    tasks = [task for task in view.task_names(run) if task in asked]
    left = MOST_ROWS
    blocks = []
    for place, task in enumerate(tasks):
        slices = view.task_slices(run, task)
        tables, cut = [], 0
        for table in _tables(run, task, found):
            rows: Sequence[Any] = table["rows"]
            kept = rows if table["key"] == "all" else rows[: max(left, 0)]
            left -= len(kept)
            cut += len(rows) - len(kept)
            if kept:
                tables.append(table | {"rows": kept})
        trends = []
        for key in ("age", "after", "exposures"):
            own = (part for part in slices if group_of(part) and part.partition("-")[0] == key)
            parts = sorted(own, key=rank)
            group = (key, {part: words(part) for part in parts})
            trends.append(trend(run, task, group, place))
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
