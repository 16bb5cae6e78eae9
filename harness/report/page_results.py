"""Results in report.html: every mean by task, slice and candidate, and every comparison."""

from collections.abc import Iterable, Sequence
from typing import Any

from harness.records import Comparison, Metric, Run, Summary
from harness.report import marks, scope, text, view
from harness.report.links import link

# one page stays readable and small; the CSV files hold every row
MOST_CELLS = 2500
MOST_COMPARISONS = 400


def _cell(summary: Summary | None, metric: Metric, top: float, cases: int) -> dict[str, Any]:
    if summary is None:
        return {"value": text.MISSING, "bounds": "", "mark": None, "note": "", "link": ""}
    notes = []
    if summary.n + summary.unmeasured + summary.errors != summary.n or summary.n != cases:
        notes.append(f"n = {summary.n}")
    notes += [f"{summary.unmeasured} unmeasured"] if summary.unmeasured else []
    notes += [f"{summary.errors} in error"] if summary.errors else []
    where = {"task": summary.task, "metric": summary.metric, "slice": summary.slice}
    unit = " %" if metric.unit == "share" and summary.mean is not None else ""
    return {
        "value": text.bare(summary.mean, metric) + unit,
        "bounds": text.bounds(summary.low, summary.high, metric),
        "mark": marks.band(summary.mean, summary.low, summary.high, metric, top),
        "note": ", ".join(notes),
        "link": link(**where, candidate=summary.candidate),
    }


def _top(summaries: Iterable[Summary], task: str, metric: str) -> float:
    ends = [(s.high if s.high is not None else s.mean) for s in summaries
            if s.task == task and s.metric == metric]  # fmt: skip
    return marks.reach(ends)


def build(run: Run) -> list[dict[str, Any]]:
    """Each task with its headline table, its slices and its comparisons."""
    summaries = view.summary_map(run)
    found = []
    for task in view.task_names(run):
        cases = view.task_cases(run, task)
        names = view.task_candidates(run, task)
        metrics = view.task_metrics(run, task)
        tops = {m.name: _top(run.summaries, task, m.name) for m in metrics}
        sizes = {part: _size(cases, part) for part in view.task_slices(run, task)}

        def cell(metric: Metric, part: str, name: str) -> dict[str, Any]:
            summary = summaries.get((task, metric.name, part, name))  # noqa: B023
            return _cell(summary, metric, tops[metric.name], sizes[part])  # noqa: B023

        columns = view.columns(run, task)
        each = len(metrics) * len(names) * len(view.task_names(run))
        most = max(1, MOST_CELLS // max(each, 1))
        slices = sorted(sizes, key=lambda part: (part != "all", -sizes[part]))
        matrices = [
            {
                "slice": part,
                "cases": sizes[part],
                "rows": [(m, [cell(m, part, name) for name in names]) for m in metrics],
            }
            for part in slices[:most]
        ]
        rows = [(name, [cell(m, part, name) for m, part in columns]) for name in names]
        found.append(
            {
                "name": task,
                "about": run.tasks.get(task, ""),
                "cases": scope.cases_text(run, task),
                "link": link(task=task),
                "columns": [(view.column_title(m, part), m) for m, part in columns],
                "names": names,
                "rows": rows,
                "matrices": matrices,
                "left_out": max(0, len(slices) - most),
                "comparisons": _comparisons(run, task),
            }
        )
    return found


def _size(cases: Sequence[Any], part: str) -> int:
    return sum(part == "all" or part in case.tags for case in cases)


def _comparison(item: Comparison, metric: Metric, reach: float) -> dict[str, Any]:
    where = {"task": item.task, "metric": item.metric, "slice": item.slice}
    where |= {"candidate": item.candidate, "against": item.baseline}
    return {
        "item": item,
        "change": text.change(item.difference, metric),
        "bounds": text.bounds(item.low, item.high, metric),
        "mark": marks.forest(item.difference, item.low, item.high, reach),
        "p": text.p_value(item.p_value),
        "margin": scope.margin_text(item, metric),
        "mde": "" if item.mde is None else text.change(item.mde, metric).lstrip("+"),
        "link": link(**where),
        "counts": [
            (word, getattr(item, word), link(**where, result=word))
            for word in ("win", "tie", "loss")
        ],
    }


def _comparisons(run: Run, task: str) -> dict[str, Any]:
    """Headline metrics on all cases first; the rest in a fold, as many as the page has room for."""
    metrics = view.metric_map(run)
    own = [item for item in run.comparisons if item.task == task]
    ends: dict[str, list[float | None]] = {}
    for item in own:
        ends.setdefault(item.metric, []).extend((item.low, item.high, item.difference))
    shown = {metric.name for metric in view.headlines(run, task)}

    def rank(item: Comparison) -> tuple[bool, bool, bool]:
        metric = metrics[item.metric]
        return metric.diagnostic, item.metric not in shown, item.slice != "all"

    own.sort(key=rank)
    first = sum(not any(rank(item)) for item in own)
    most = first + MOST_COMPARISONS // len(view.task_names(run))
    scales = {name: marks.reach(values) for name, values in ends.items()}
    rows = [_comparison(i, metrics[i.metric], scales[i.metric]) for i in own[:most]]
    return {"first": rows[:first], "rest": rows[first:], "left_out": max(0, len(own) - most)}
