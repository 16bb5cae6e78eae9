"""Fine-tuning against RAG per day in report.html: the run's numbers, and inputs to change."""

import json
from typing import Any

from harness.figures import three
from harness.records import Run
from harness.records.decision import BreakEven, Priced

_ORIGINS = {"measured": "measured here", "suite": "set by the suite", "default": "assumed"}
_SLIDERS = {
    "change_rate": ("Changes per fact and day", -5, 0),
    "queries_per_day": ("Queries per day", 0, 6),
    "retrain_days": ("Days between trainings", -1, 3),
    "bad_answer": ("Price of a bad answer", -4, 2),
}
"""Inputs with a slider: its label, and its ends as powers of ten."""
_SWEPT = ("change_rate", "queries_per_day", "bad_answer")
"""Inputs with a plot."""


def amount(value: float | None) -> str:
    """A number to three digits, thousands apart; '' for none."""
    return "" if value is None else three(value)


def _span(value: tuple[float, float | None, float | None] | None, none: str) -> str:
    if value is None:
        return none
    middle, low, high = value
    if low is None and high is None:
        return amount(middle)
    return f"{amount(middle)} [{amount(low) or '0'}, {amount(high) or 'no bound'}]"


def _input(one: Priced) -> dict[str, Any]:
    ends = "" if one.low is None or one.high is None else f"[{amount(one.low)}, {amount(one.high)}]"
    return {
        "name": one.name,
        "words": one.name.replace("_", " "),
        "value": f"{one.value:.6g}",
        "said": amount(one.value),
        "unit": one.unit,
        "origin": _ORIGINS[one.origin],
        "bounds": ends,
        "source": one.source,
        "on": one.on.isoformat() if one.on else "",
    }


def _ways(money: BreakEven) -> list[dict[str, str]]:
    pairs = (
        ("fine-tuning", money.tuned_candidate, money.tuned),
        ("RAG", money.rag_candidate, money.rag),
    )
    return [
        {"way": way, "candidate": name, "cost": _span(cost, ""), "currency": money.currency}
        for way, name, cost in pairs
    ]


def build(run: Run) -> dict[str, Any] | None:
    """What the cost section says of both ways; None where the run priced only one of them."""
    money = run.break_even
    if money is None:
        return None
    values = {name: one.value for name, one in money.inputs.items()}
    none = "they do not cross"
    sliders = [
        _input(money.inputs[name]) | {"label": label, "low": low, "high": high}
        for name, (label, low, high) in _SLIDERS.items()
        if name in money.inputs
    ]
    return {
        "item": money,
        "ways": _ways(money),
        "by_rate": _span(money.by_rate, none),
        "by_volume": _span(money.by_volume, none),
        "retrain": [(name, amount(days)) for name, days in money.retrain.items()],
        "optimal": amount(money.optimal_days),
        "inputs": [_input(one) for one in money.inputs.values()],
        "sliders": sliders,
        "swept": [row for row in sliders if row["name"] in _SWEPT],
        "numbers": json.dumps(values, allow_nan=False),
        "dates": sorted({one.on.isoformat() for one in money.inputs.values() if one.on}),
    }
