"""The breakdown map: slices by candidates, each cell against the base, certain or not."""

from collections.abc import Iterator
from typing import Any

from harness.records import Comparison, Metric, Run, Summary
from harness.report import text, view
from harness.report.links import link

MOST_SLICES = 40
MOST_CELLS = 2400
"""A map of more cells has its smallest slices left out, and says so."""
_SIGNS = {"better": "▲", "worse": "▼", "not shown": "·", "unmeasured": ""}
_STEPS = (0.05, 0.15, 0.3)
"""Share of the metric's range from which a colour is one step stronger."""

Key = tuple[str, str, str, str]


def _strength(item: Comparison, metric: Metric) -> int:
    if item.difference is None or metric.lower is None or metric.upper is None:
        return 2
    size = abs(item.difference) / ((metric.upper - metric.lower) or 1.0)
    return 1 + sum(size >= step for step in _STEPS)


def _said(item: Comparison, metric: Metric) -> str:
    change = text.difference(item.difference, item.low, item.high, metric)
    return f"{item.outcome}: {change}, n = {item.n}"


def _cell(summary: Summary | None, item: Comparison | None, metric: Metric) -> dict[str, str]:
    if summary is None or summary.mean is None:
        return {"kind": "empty", "value": "", "change": "", "sign": "", "link": "", "said": ""}
    where = {"task": summary.task, "metric": summary.metric, "slice": summary.slice}
    where |= {"candidate": summary.candidate}
    value = text.bare(summary.mean, metric)
    if item is None or item.difference is None:
        bounds = text.bounds(summary.low, summary.high, metric)
        said = f"{text.number(summary.mean, metric)} {bounds}, n = {summary.n}"
        return {
            "kind": "level",
            "value": value,
            "change": "",
            "sign": "",
            "link": link(**where),
            "said": said,
        }
    kind = item.outcome.replace(" ", "-")
    strong = f" d{_strength(item, metric)}" if item.outcome in ("better", "worse") else ""
    return {
        "kind": f"m-{kind}{strong}",
        "value": value,
        "change": text.change(round(item.difference, 9), metric).removesuffix(" pp"),
        "sign": _SIGNS[item.outcome],
        "link": link(**where, against=item.baseline),
        "said": _said(item, metric),
    }


def _sizes(run: Run, task: str) -> dict[str, int]:
    cases = view.task_cases(run, task)
    return {
        part: sum(part == "all" or part in case.tags for case in cases)
        for part in view.task_slices(run, task)
    }


def _maps(run: Run) -> Iterator[tuple[str, Metric, list[str], list[str], dict[str, int]]]:
    """Task, metric, candidates and slices of each map, the largest slices first."""
    for task in view.task_names(run):
        names = view.task_candidates(run, task)
        sizes = _sizes(run, task)
        slices = sorted(sizes, key=lambda part: (part != "all", -sizes[part], part))
        for metric in view.headlines(run, task):
            if names:
                yield task, metric, names, slices, sizes


def build(run: Run) -> list[dict[str, Any]]:
    """A table for each task and headline metric; the base's own column holds levels."""
    base = view.plain(run)
    summaries = view.summary_map(run)
    pairs: dict[Key, Comparison] = {
        (c.task, c.metric, c.slice, c.candidate): c for c in run.comparisons if c.baseline == base
    }
    planned = list(_maps(run))
    room = MOST_CELLS // max(1, sum(len(names) for _, _, names, _, _ in planned))
    found = []
    for task, metric, names, slices, sizes in planned:
        measured = [
            part
            for part in slices
            if any(
                (one := summaries.get((task, metric.name, part, name))) and one.mean is not None
                for name in names
            )
        ]
        most = max(1, min(MOST_SLICES, room))
        rows = []
        for part in measured[:most]:
            keys = [(task, metric.name, part, name) for name in names]
            cells = [_cell(summaries.get(key), pairs.get(key), metric) for key in keys]
            rows.append({"slice": part, "cases": sizes[part], "cells": cells})
        found.append(
            {
                "task": task,
                "metric": metric,
                "title": text.heading(metric),
                "names": names,
                "base": base,
                "against": base in names,
                "rows": rows,
                "left_out": max(0, len(measured) - most),
            }
        )
    return found
