"""The difference of two estimates that rest on different cases."""

from dataclasses import dataclass
from math import sqrt

from scipy import stats

from harness.compare.intervals import TINY, Z95


@dataclass(frozen=True, slots=True)
class Contrast:
    """A difference of two means, its 95 % interval and p-value against 0, on n cases.

    `levels` are the two means.
    """

    effect: float
    low: float
    high: float
    n: int
    p_value: float = 1.0
    levels: tuple[float, float] | None = None


def apart(left: Contrast, right: Contrast, correlation: float = 0.0) -> Contrast:
    """The difference of two estimates on different cases, from their own intervals.

    MOVER (Zou and Donner 2008, doi 10.1002/sim.3095): each end is as far from the estimate as the
    ends of both that face it are together. Of two shares with Wilson's intervals that is
    Newcombe's hybrid score interval (1998, Statistics in Medicine 17, 873-890), and never outside
    -1 and 1; of two differences of shares it ends within -2 and 2. The p-value is read from the
    side of the interval that faces 0: the other may end at the metric's range and say nothing of
    the error.
    """

    def reach(one: float, other: float) -> float:
        return sqrt(one**2 + other**2 - 2 * correlation * one * other)

    effect = left.effect - right.effect
    below = reach(left.effect - left.low, right.high - right.effect)
    above = reach(left.high - left.effect, right.effect - right.low)
    facing = below if effect > 0 else above
    p_value = 2 * float(stats.norm.sf(abs(effect) * Z95 / facing)) if facing > TINY else 1.0
    levels = (left.effect, right.effect)
    return Contrast(effect, effect - below, effect + above, left.n + right.n, p_value, levels)
