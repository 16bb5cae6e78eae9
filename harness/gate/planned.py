"""What a plan of the gate says of a rule."""

import math
from dataclasses import dataclass
from typing import Literal

from harness.records import Metric, Rule

Verdict = Literal["decidable", "needs more", "never", "not known"]
TOO_MANY = 10_000_000


@dataclass(frozen=True, slots=True)
class RulePlan:
    """A rule with what the suite has for it.

    `needed` is the number of cases that decides it in 80 % of runs under `assumes`. `shows` is the
    smallest effect that the cases at hand show so, in the metric's unit: a margin of
    non_inferior, a true gain of superior, a true level of at_least and at_most, the share of
    failures left open by no_new_failures. `never`: not even the best answers would pass.
    """

    rule: Rule
    verdict: Verdict
    cases: int
    clusters: int
    needed: int | None = None
    shows: float | None = None
    says: str = ""
    assumes: str = ""


@dataclass(frozen=True, slots=True)
class Size:
    """Cases of a rule; `effective` counts the cases of a cluster as one (Kish: n² / Σm²)."""

    cases: int
    clusters: int
    effective: float

    def spread(self, effective: float) -> float:
        """The cases, clustered as these, that are worth so many independent ones."""
        return effective * self.cases / self.effective

    def whole(self, effective: float) -> int | None:
        """The same as a whole number."""
        return rounded(self.spread(effective))


def rounded(cases: float) -> int | None:
    """A whole number of cases, at least 1; None where no suite has so many."""
    return None if not cases < TOO_MANY else max(1, math.ceil(cases - 1e-9))


def count(cases: int | None) -> str:
    """A number of cases."""
    return "more than any suite has" if cases is None else f"{cases:,}"


def amount(metric: Metric, value: float, *, gap: bool = False) -> str:
    """A value with its unit; `gap`: a difference of values, in points for shares."""
    if metric.unit == "share":
        points = 100 * value
        text = f"{points:.0f}" if abs(points) >= 9.95 else f"{points:.1f}".removesuffix(".0")
        return f"{text} {'pp' if gap else '%'}"
    return f"{value:.3g} {metric.unit}".rstrip()
