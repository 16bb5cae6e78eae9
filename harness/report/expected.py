"""What the suite expected beforehand and what became of it, as every report tells it."""

from typing import Any

from harness.records import Phenomenon, Run
from harness.report import marks, text, view

TITLE = "Expected beforehand"


def lead(run: Run) -> str:
    """One sentence: how many of the expectations were shown."""
    counts = {
        word: sum(one.verdict == word for one in run.phenomena)
        for word in ("shown", "reversed", "not shown", "not measured")
    }
    said = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    return (
        f"Of {len(run.phenomena)} expectations that the suite wrote down before this run: {said}."
    )


def name(one: Phenomenon) -> str:
    """The expectation's name, with the phenomenon's number where it has one."""
    number = one.expectation.number
    return f"{one.expectation.name} ({number})" if number else one.expectation.name


def rows(run: Run) -> list[dict[str, Any]]:
    """What the page's table needs; all effects of one unit share a scale."""
    metrics = view.metric_map(run)
    ends: dict[str, list[float | None]] = {}
    for one in run.phenomena:
        if one.expectation.arm.metric in metrics:
            unit = metrics[one.expectation.arm.metric].unit
            ends.setdefault(unit, []).extend((one.low, one.high, one.effect))
    scales = {unit: marks.reach(values) for unit, values in ends.items()}
    found = []
    for one in run.phenomena:
        metric = metrics.get(one.expectation.arm.metric)
        found.append(
            {
                "name": name(one),
                "item": one,
                "change": text.change(one.effect, metric)
                if metric and one.effect is not None
                else "",
                "bounds": text.bounds(one.low, one.high, metric) if metric else "",
                "mark": marks.forest(one.effect, one.low, one.high, scales[metric.unit])
                if metric
                else None,
            }
        )
    return found
