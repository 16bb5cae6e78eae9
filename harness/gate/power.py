"""How many independent cases decide a rule, before any was asked.

Everything is in shares of the metric's range, measured from its bad end. Sizes are for 80 % power
with a bound of the two-sided 95 % interval, so 2.5 % on the side that matters (docs/statistics.md).
"""

import math
from collections.abc import Callable

from scipy.optimize import brentq
from statsmodels.stats.power import normal_sample_size_one_tail
from statsmodels.stats.proportion import proportion_confint

from harness.gate.sizes import Z80, Z95

ALPHA, POWER = 0.025, 0.8
USUAL_STEP = 0.1  # the gain beyond a bar that is looked for where the rule names none


def pairs_needed(distance: float, variance: float, alpha: float = ALPHA) -> float:
    """Pairs that show a mean difference `distance` away from the bar.

    `variance` is that of a pair's difference: a binary pair that differs with probability q, by
    g in the mean, has q - g². n = variance · ((z₁₋α + z₀.₈) / distance)².
    """
    if variance <= 0:
        return 1.0
    spread = math.sqrt(variance)
    return float(normal_sample_size_one_tail(distance, POWER, alpha, std_null=spread))


def level_needed(bar: float, truth: float) -> float:
    """Cases that show a share `truth` to be above `bar`, by Wilson's interval.

    Bernoulli's variance is the largest that a mean on 0..1 can have, so other scores need fewer.
    """
    null, other = math.sqrt(bar * (1 - bar)), math.sqrt(truth * (1 - truth))
    step = truth - bar
    if null == 0:
        return (Z80 * other / step) ** 2
    return float(
        normal_sample_size_one_tail(step, POWER, ALPHA, std_null=null, std_alternative=other)
    )


def unseen(n: float) -> float:
    """The share that may still be otherwise after n cases that all went one way (exact)."""
    _, high = proportion_confint(0, n, alpha=2 * ALPHA, method="beta")
    return float(high)


def least_unseen(share: float) -> float:
    """The cases after which `unseen` is below `share`."""
    return math.inf if share <= 0 else 0.0 if share >= 1 else math.log(ALPHA) / math.log1p(-share)


def least_wilson(bar: float) -> float:
    """The cases after which Wilson's lower bound of a perfect score reaches `bar`."""
    return math.inf if bar >= 1 else Z95**2 * bar / (1 - bar)


def smallest(needed: Callable[[float], float], n: float, most: float) -> float | None:
    """The smallest step up to `most` that n cases show, given how many a step needs; or None."""
    if needed(most) > n:
        return None
    least = 1e-6 * most
    if needed(least) <= n:
        return least
    return float(brentq(lambda step: needed(step) - n, least, most, xtol=1e-6))


def equal_needed(margin: float, apart: float) -> float:
    """Pairs for non_inferior within `margin` if nothing changed but a share `apart` of cases."""
    return max(pairs_needed(margin, apart), least_unseen(margin))


def gain_needed(bar: float, step: float, apart: float) -> float:
    """Pairs for superior beyond `bar` if the true gain is bar + step, at least that much apart."""
    gain = bar + step
    return max(pairs_needed(step, max(apart, gain) - gain**2), least_unseen((1 - bar) / 2))


def usual_gain(bar: float) -> float:
    """The step beyond a min_effect that a plan looks for: as much again, within what is left."""
    return min(max(bar, USUAL_STEP), (1 - bar) / 2)


def usual_level(bar: float) -> float:
    """The level above a bar that a plan takes for the truth: ten points, within what is left."""
    return min(bar + USUAL_STEP, (1 + bar) / 2)
