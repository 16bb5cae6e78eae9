"""`decision:` of a suite: targets, prices and rates, and what is wrong with them."""

from collections.abc import Callable, Mapping
from typing import Annotated

from pydantic import Field

from harness.records import NEEDS, PRICES, RATES, SHARES, Metric, Policy
from harness.suite.files import Problems
from harness.suite.row_schema import Strict
from harness.suite.scalars import Day, Number, Text

Where = Callable[..., str]
Measured = Mapping[str, Mapping[str, Metric] | None]
Amount = Annotated[Number, Field(ge=0, allow_inf_nan=False)]


class DecisionSpec(Strict):
    """What a choice between candidates depends on beside their answers."""

    targets: dict[str, Annotated[Number, Field(allow_inf_nan=False)]] = Field(default_factory=dict)
    prices: dict[str, Amount] = Field(default_factory=dict)
    rates: dict[str, Amount] = Field(default_factory=dict)
    currency: Text = Policy().currency
    priced_on: Day | None = None
    source: str = ""


def policy_of(written: DecisionSpec) -> Policy:
    """The section as a record."""
    return Policy(**written.model_dump())


def check_decision(written: DecisionSpec, where: Where, problems: Problems) -> None:
    """Note needs, prices and rates that are not there, and shares above 1."""
    known = {"targets": ("need", NEEDS), "prices": ("price", PRICES), "rates": ("rate", RATES)}
    for section, (kind, names) in known.items():
        for name in getattr(written, section):
            if name not in names:
                problems.unknown(kind, name, names, where("decision", section, name))
    for name, value in written.rates.items():
        if name in SHARES and value > 1:
            what = f"decision.rates.{name} is {value:g}"
            problems.add(what, where("decision", "rates", name), "a share lies between 0 and 1")


def check_targets(policy: Policy, measured: Measured, where: Where, problems: Problems) -> None:
    """Note targets that no headline metric of their need can have, such as 90 for a share."""
    headlines = [
        metric
        for metrics in measured.values()
        for metric in (metrics or {}).values()
        if metric.headline and not metric.diagnostic
    ]
    for need, target in policy.targets.items():
        kind = need if need in ("style", "terminology") else "facts"
        own = [metric for metric in headlines if metric.need == kind]
        if need in NEEDS and own and not any(_within(metric, target) for metric in own):
            metric = own[0]
            place = where("decision", "targets", need)
            what = f"decision.targets.{need} is {target:g}, which {metric.name} never is"
            low, high = (f"{end:g}" if end is not None else "…" for end in _range(metric))
            problems.add(what, place, f"it lies between {low} and {high}")


def _range(metric: Metric) -> tuple[float | None, float | None]:
    return metric.lower, metric.upper


def _within(metric: Metric, value: float) -> bool:
    low, high = _range(metric)
    return (low is None or low <= value) and (high is None or value <= high)
