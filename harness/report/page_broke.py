"""What an adapter broke: skills, reading, declining, refusing; paired with and without it."""

from collections.abc import Iterator, Sequence
from typing import Any

from harness.records import Candidate, Comparison, Metric, Run
from harness.report import marks, text, view
from harness.report.links import Answers, link

MOST_ROWS = 60
"""Rows of each table; comparisons.csv has them all."""
_LEADS = {
    "skills": (
        "General skills, instructions and refusals",
        "Questions that have nothing to do with the training data.",
    ),
    "context": (
        "Reading a passage",
        "Adapter and base with the same context, so that only the adapter differs.",
    ),
    "abstention": (
        "Declining what nobody can know",
        "Questions with and without an answer: an adapter may invent, or decline too much.",
    ),
    "other": (
        "Worse than the base elsewhere",
        "Every other comparison of an adapter with the same candidate without it that is worse.",
    ),
}


def same_but_adapter(candidate: Candidate, baseline: Candidate) -> bool:
    """Is the baseline the candidate without its adapter?"""
    return (
        candidate.adapter.kind != "none"
        and baseline.adapter.kind == "none"
        and (candidate.prompt, candidate.context) == (baseline.prompt, baseline.context)
    )


def _kind(item: Comparison, candidate: Candidate, metric: Metric) -> str:
    family = metric.name.partition(".")[0]
    if family == "regression":
        return "skills"
    if family == "abstention":
        return "abstention"
    reads = family == "context" or (candidate.context != "none" and metric.headline)
    if reads:
        return "context"
    return "other" if item.outcome == "worse" and not metric.diagnostic else ""


def _grouped(run: Run) -> Iterator[tuple[str, list[Comparison]]]:
    metrics = view.metric_map(run)
    known = {result.candidate.name: result.candidate for result in run.candidates}
    found: dict[str, list[Comparison]] = {key: [] for key in _LEADS}
    for item in run.comparisons:
        candidate, baseline = known.get(item.candidate), known.get(item.baseline)
        if candidate is None or baseline is None or not same_but_adapter(candidate, baseline):
            continue
        kind = _kind(item, candidate, metrics[item.metric])
        if kind:
            found[kind].append(item)
    order = {"worse": 0, "not shown": 1, "better": 2, "unmeasured": 3}

    def rank(item: Comparison) -> tuple[Any, ...]:
        headline = metrics[item.metric].headline
        return item.slice != "all", not headline, order[item.outcome], -abs(item.difference or 0)

    for kind, items in found.items():
        yield kind, sorted(items, key=rank)


def _row(item: Comparison, metric: Metric, reach: float, answers: Answers) -> dict[str, Any]:
    where = {"task": item.task, "metric": item.metric, "slice": item.slice}
    where |= {"candidate": item.candidate, "against": item.baseline}
    pair = (item.candidate, item.baseline)
    return {
        "item": item,
        "change": text.change(item.difference, metric),
        "bounds": text.bounds(item.low, item.high, metric),
        "mark": marks.forest(item.difference, item.low, item.high, reach),
        "link": link(**where),
        "lost": answers.lost(item.task, item.metric, item.slice, pair) if item.loss else "",
    }


def _reach(items: Sequence[Comparison], metric: str) -> float:
    own = [item for item in items if item.metric == metric]
    return marks.reach([end for one in own for end in (one.low, one.high, one.difference)])


def build(run: Run) -> list[dict[str, Any]]:
    """A table for each way to break something; without rows it says that nothing was measured."""
    metrics, answers = view.metric_map(run), Answers(run)
    found = []
    for kind, items in _grouped(run):
        title, lead = _LEADS[kind]
        scales = {name: _reach(items, name) for name in {item.metric for item in items}}
        rows = [
            _row(item, metrics[item.metric], scales[item.metric], answers)
            for item in items[:MOST_ROWS]
        ]
        worse = sum(item.outcome == "worse" for item in items)
        head = [row for row in rows if row["item"].slice == "all"]
        found.append(
            {
                "title": title,
                "lead": lead,
                "kind": kind,
                "worse": worse,
                "total": len(items),
                "rows": head or rows[:8],
                "rest": [row for row in rows if row not in (head or rows[:8])],
                "left_out": max(0, len(items) - MOST_ROWS),
            }
        )
    return found
