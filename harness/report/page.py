"""What report.html shows, ready for its templates: words, links and drawings."""

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from harness.records import Adapter, Comparison, Finding, Metric, Run, Summary
from harness.report import expected, marks, scope, text, view

# one page stays readable and small; the CSV files hold every row
MOST_CELLS = 2500
MOST_COMPARISONS = 400
BAR = 280


def link(**filters: str) -> str:
    """The address of the answers behind a number; `slice` all is left out."""
    kept = {key: value for key, value in filters.items() if value}
    if kept.get("slice") == "all":
        del kept["slice"]
    return f"#cases?{urlencode(kept, quote_via=quote)}"


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


def _tasks(run: Run) -> list[dict[str, Any]]:
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


def _findings(run: Run) -> list[tuple[str, list[dict[str, Any]]]]:
    metrics = view.metric_map(run)
    shares = [f for f in run.findings if f.metric and metrics[f.metric].unit == "share"]
    common = marks.reach([end for f in shares for end in (f.low, f.high, f.effect)])

    def row(item: Finding) -> dict[str, Any]:
        metric = metrics.get(item.metric, Metric("", ""))
        own = marks.reach([item.low, item.high, item.effect])
        where = {"task": item.task, "metric": item.metric, "slice": item.slice}
        where |= {"candidate": item.candidate, "against": item.baseline}
        scale = common if metric.unit == "share" else own
        return {
            "item": item,
            "change": text.change(item.effect, metric) if item.effect is not None else "",
            "bounds": text.bounds(item.low, item.high, metric),
            "mark": marks.forest(item.effect, item.low, item.high, scale),
            "link": link(**where) if item.task else "",
        }

    return [
        (title, [row(item) | {"first": item in view.digest(members)[0]} for item in members])
        for title, members in view.groups(run)
    ]


def _classes(run: Run) -> list[dict[str, Any]]:
    """Stacked bars per task and slice: one row per candidate."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    order = {result.candidate.name: place for place, result in enumerate(run.candidates)}
    counts = view.class_counts(run)
    for (task, part, name), row in sorted(counts.items(), key=lambda i: order.get(i[0][2], 0)):
        total = sum(row.values())
        where = {"task": task, "metric": view.CLASS_METRIC, "slice": part, "candidate": name}
        cells = [
            (label, n, f"{100 * n / total:.0f} %", link(**where, label=label))
            for label, n in row.items()
        ]
        bar = marks.stack(row, BAR)
        line = {"name": name, "n": total, "bar": bar, "cells": cells, "link": link(**where)}
        line["links"] = {label: address for label, _, _, address in cells}
        found.setdefault((task, part), []).append(line)
    keys = sorted(found, key=lambda key: (key[0], view.CLASS_SLICES.index(key[1])))
    return [{"task": task, "slice": part, "rows": found[task, part]} for task, part in keys]


def _last(points: list[tuple[float, float]]) -> str:
    return f"{points[-1][1]:.3f}" if points else ""


def _adapter(adapter: Adapter, names: list[str]) -> dict[str, Any]:
    record = adapter.record
    loss, dev = marks.curve(record.get("loss")), marks.curve(record.get("dev_loss"))
    recipe, versions = record.get("recipe"), record.get("versions")
    rate = record.get("tokens_per_second")
    details = {key: str(record.get(key, "")) for key in ("seed", "steps", "device", "dtype")}
    details["stopped early"] = {True: "yes", False: "no"}.get(record.get("stopped_early", ""), "")
    facts = {
        "used by": ", ".join(names),
        "rank": str(adapter.rank),
        "size": text.quantity(adapter.size, "B"),
        "training rows": text.count(record.get("rows")),
        "held-out rows": text.count(record.get("dev_rows")),
        "training time": text.seconds(record.get("seconds")),
        "tokens trained": text.count(record.get("tokens")),
        "speed": f"{rate:,.0f} tokens/s" if rate else "",
        "compute": text.quantity(record.get("flops"), "FLOP"),
        "peak memory": text.quantity(record.get("peak_memory_bytes"), "B"),
        "final loss": _last(loss),
        "final held-out loss": _last(dev),
        **details,
    }
    lines = marks.sparklines((loss, dev))
    return {
        "name": adapter.name,
        "digest": adapter.digest,
        "facts": [(key, value) for key, value in facts.items() if value],
        "recipe": sorted(recipe.items()) if isinstance(recipe, dict) else [],
        "versions": sorted(versions.items()) if isinstance(versions, dict) else [],
        "loss": lines[0],
        "dev": lines[1],
        "curve": f"loss {loss[0][1]:.2f} to {loss[-1][1]:.2f}" if loss else "",
    }


def _costs(run: Run) -> list[dict[str, Any]]:
    return [
        {
            "name": item.candidate.name,
            "axes": view.axes(item),
            "answers": text.count(item.answers),
            "prompt": text.count(item.prompt_tokens),
            "tokens": text.count(item.answer_tokens),
            "seconds": text.seconds(item.answer_seconds),
            "rate": f"{item.answer_tokens / item.answer_seconds:,.1f}"
            if item.answer_seconds
            else "",
            "truncated": text.count(item.truncated),
            "link": link(candidate=item.candidate.name),
        }
        for item in run.candidates
    ]


def _gate(run: Run) -> list[dict[str, Any]]:
    metrics = view.metric_map(run)
    found = []
    for result in run.gate.rules if run.gate else ():
        rule = result.rule
        spent = rule.kind == "budget"
        where = {"task": rule.task, "metric": "" if spent else rule.metric, "slice": rule.slice}
        needed = result.n_needed
        unsaid = needed is not None and f"{needed:,}" not in result.reason
        unsaid = unsaid and str(needed) not in result.reason
        found.append(
            {
                "result": result,
                "mark": view.MARKS[result.verdict],
                "words": text.rule(rule, metrics[rule.metric]),
                "measured": text.measured(result, metrics[rule.metric]),
                "needed": text.count(needed) if unsaid else "",
                "link": link(**where, candidate=rule.candidate, against=rule.against or ""),
            }
        )
    return found


def build(run: Run) -> dict[str, Any]:
    """Everything the templates of report.html ask for."""
    word, sentence = view.verdict(run)
    versions = [
        (f"adapter {adapter.name}: {key}", value)
        for adapter, _ in view.adapters(run)
        for key, value in (
            ("digest", adapter.digest),
            *((name, adapter.record.get(name, "")) for name in ("base_digest", "data_digest")),
        )
        if value
    ]
    groups = _findings(run)
    return {
        "run": run,
        "word": word,
        "mark": view.MARKS[word],
        "sentence": sentence,
        "subject": view.subject(run),
        "groups": groups,
        "expected": expected.rows(run),
        "expected_lead": expected.lead(run),
        "findings": [row for _, members in groups for row in members],
        "tasks": _tasks(run),
        "scope": {"weights": scope.WEIGHTS, "title": scope.METHODS, "lead": scope.METHODS_LEAD},
        "methods": list(scope.method_lines(run)),
        "classes": _classes(run),
        "class_names": view.CLASSES,
        "adapters": [_adapter(*item) for item in view.adapters(run)],
        "costs": _costs(run),
        "gate": _gate(run),
        "gate_notes": view.gate_notes(run),
        "digests": [("model digest", run.model.digest), *versions],
        "stages": [(name, text.seconds(value)) for name, value in run.stage_seconds.items()],
        "size": {"width": marks.WIDTH, "height": marks.HEIGHT, "bar": BAR},
    }
