"""Does a paired gate on this many cases err as often as it says? A seeded simulation.

Answers are made up, the number of cases and their clusters are the suite's: pairs that differ in
a tenth of the cases, with no difference in truth (A/A) or with a planted drop.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from harness.compare.intervals import ALPHA, Z95, wilson
from harness.compare.paired import interval_of

DISCORDANCE = 0.10
DROPS = (0.01, 0.03, 0.05)
GATES = 2000
SLACK = 0.03
"""How far the caught share may lie from the predicted power."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Shares of simulated gates that call the candidate worse: without, and with planted drops.

    `caught` and `predicted` are per drop of DROPS, in order.
    """

    alarms: float
    alarm_interval: tuple[float, float]
    caught: tuple[float, ...]
    predicted: tuple[float, ...]

    @property
    def verdict(self) -> Literal["shown", "reversed", "not shown"]:
        """Shown: false alarms within ALPHA / 2, and each drop caught as often as predicted."""
        if self.alarm_interval[0] > ALPHA / 2:
            return "reversed"
        pairs = zip(self.caught, self.predicted, strict=True)
        noise = Z95 * 0.5 / GATES**0.5
        return "shown" if all(abs(a - b) <= SLACK + noise for a, b in pairs) else "not shown"

    @property
    def sentence(self) -> str:
        """All shares in words."""
        low, high = self.alarm_interval
        drops = "; ".join(
            f"a drop of {100 * drop:g} pp is caught in {100 * seen:.1f} %"
            f" (predicted {100 * due:.1f} %)"
            for drop, seen, due in zip(DROPS, self.caught, self.predicted, strict=True)
        )
        return (
            f"of {GATES:,} simulated gates without a difference {100 * self.alarms:.1f} % fail "
            f"[{100 * low:.1f}, {100 * high:.1f}], at most {50 * ALPHA:g} % may; {drops}"
        )


def calibrate(sizes: Sequence[int], seed: int = 0) -> Calibration:
    """Simulate gates on clusters of these sizes; two cases at least."""
    rng = np.random.default_rng(seed)
    alarms = _worse(sizes, 0.0, rng)
    caught = tuple(_worse(sizes, drop, rng) for drop in DROPS)
    n = sum(sizes)
    predicted = tuple(
        float(stats.norm.cdf(drop / np.sqrt((DISCORDANCE - drop**2) / n) - Z95)) for drop in DROPS
    )
    return Calibration(alarms, wilson(round(alarms * GATES), GATES), caught, predicted)


def _worse(sizes: Sequence[int], drop: float, rng: np.random.Generator) -> float:
    """The share of gates whose interval lies below 0 when the truth is `drop` below 0."""
    shape = np.asarray(sizes, dtype=np.float64)
    places = np.repeat(np.arange(len(sizes)), sizes)
    shares = [(DISCORDANCE + drop) / 2, 1 - DISCORDANCE, (DISCORDANCE - drop) / 2]
    single = len(shape) == len(places)
    worse = 0
    for _ in range(GATES):
        apart = rng.choice((-1.0, 0.0, 1.0), size=len(places), p=shares)
        sums = np.bincount(places, weights=apart, minlength=len(sizes)).astype(np.float64)
        # a bootstrap would reach out of the guarded t only now and then, and take minutes
        worse += interval_of(sums, shape, 1.0, apart if single else None).high < 0
    return worse / GATES
