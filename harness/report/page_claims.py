"""Claims and findings in report.html: what the run says of each, and what was expected before."""

from typing import Any

from harness.records import Finding, Metric, Run
from harness.records.decision import ClaimResult
from harness.report import decided, marks, text, view
from harness.report.links import link

ANSWERS = {
    "supported": "✓",
    "contradicted": "✗",
    "not shown": "?",
    "not measured": "–",
}


def _unit(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    return (
        text.change(value, Metric("", "", unit=unit)) if unit == "share" else _amount(value, unit)
    )


def _amount(value: float, unit: str) -> str:
    return f"{text.bare(value, Metric('', '', unit=unit))} {unit}".rstrip()


def _claim(one: ClaimResult) -> dict[str, Any]:
    where = {"task": one.task, "metric": one.metric, "slice": one.slice}
    where |= {"candidate": one.candidate, "against": one.baseline}
    metric = Metric("", "", unit=one.unit)
    scale = marks.reach([one.low, one.high, one.effect])
    drawn = one.unit == "share"
    return {
        "item": one,
        "sign": ANSWERS[one.answer],
        "against": decided.against(one),
        "change": _unit(one.effect, one.unit),
        "bounds": text.bounds(one.low, one.high, metric),
        "mark": marks.forest(one.effect, one.low, one.high, max(scale, 1.0)) if drawn else None,
        "link": link(**where) if one.task else "",
        "evidence": [other for other in one.evidence if other.sentence != one.sentence],
    }


def claims(run: Run) -> list[dict[str, Any]]:
    """Each claim people make of fine-tuning, with the number that speaks for it."""
    return [_claim(one) for one in run.claims]


def findings(run: Run) -> list[tuple[str, list[dict[str, Any]]]]:
    """Findings by group; `first` are those that say something new."""
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
