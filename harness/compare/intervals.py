"""Intervals for means of clustered values. A cluster is the unit of independence.

Every function takes `sums` and `sizes`: per cluster, the sum of its values and their number.
All intervals are two-sided, 95 %. The page docs/statistics.md says when which one is used.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats
from statsmodels.stats.proportion import proportion_confint

Floats = NDArray[np.float64]

ALPHA = 0.05
Z95 = float(stats.norm.ppf(1 - ALPHA / 2))
Z80 = float(stats.norm.ppf(0.80))
TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Interval:
    """Bounds, the standard error behind them, the p-value against 0, and the method's name."""

    low: float
    high: float
    se: float
    p_value: float
    method: str


def t95(df: int) -> float:
    """The 97.5 % quantile of Student's t."""
    return float(special.stdtrit(df, 1 - ALPHA / 2))


def mean_of(sums: Floats, sizes: Floats) -> float:
    """The mean over all values, each value weighing the same."""
    return float(sums.sum() / sizes.sum())


def clustered_se(sums: Floats, sizes: Floats) -> float:
    """Cluster-robust standard error of the mean; needs two clusters.

    Miller 2024 (arXiv 2411.00640): the variance plus the cross terms within a cluster, which
    together are the squared residual sums of the clusters; times C/(C-1) for few clusters C,
    so that clusters of one give the usual s/sqrt(n).
    """
    clusters = len(sums)
    if clusters < 2:
        raise ValueError(f"a standard error needs two clusters, got {clusters}")
    residuals = sums - sizes * mean_of(sums, sizes)
    spread = float(residuals @ residuals) * clusters / (clusters - 1)
    return float(np.sqrt(spread) / sizes.sum())


def t_interval(sums: Floats, sizes: Floats) -> Interval:
    """Student's t with clusters - 1 degrees of freedom on the cluster-robust standard error."""
    mean, se, df = mean_of(sums, sizes), clustered_se(sums, sizes), len(sums) - 1
    half = t95(df) * se
    p_value = 2 * float(special.stdtr(df, -abs(mean) / se))
    return Interval(mean - half, mean + half, se, p_value, f"t over {df + 1} clusters")


def adjusted_interval(sums: Floats, sizes: Floats) -> Interval:
    """The t interval with one pseudo-cluster added on each side of 0.

    Bonett and Price 2012 (doi 10.3102/1076998611411915) add one pair in favour of either side
    before the Wald interval of a paired difference of proportions. The same is done here to
    clusters: the pseudo-clusters have the mean size, and as difference the root mean square of
    the clusters that differ. It keeps the error rate where few clusters differ and resampling
    or t would take four differences out of forty for proof.
    """
    means = sums / sizes
    apart = means[np.abs(means) > TINY]
    if not len(apart):
        raise ValueError("no cluster differs: use unseen_bound")
    size = float(sizes.mean())
    step = float(np.sqrt((apart**2).mean())) * size
    wide = t_interval(np.append(sums, [step, -step]), np.append(sizes, [size, size]))
    name = f"adjusted t over {len(sums)} clusters (one pseudo-cluster added on each side)"
    return Interval(wide.low, wide.high, wide.se, wide.p_value, name)


def unseen_bound(mean: float, clusters: int, below: float, above: float) -> Interval:
    """The interval when all clusters agree, so that no spread was seen.

    The exact Clopper-Pearson bound on a rate seen 0 times in `clusters` (near 3.7/clusters; the
    rule of three is its one-sided form) says how many clusters could differ unseen; those may
    lie anywhere down to `below` or up to `above`. The p-value is that of the sign test.
    """
    _, unseen = proportion_confint(0, clusters, alpha=ALPHA, method="beta")
    low = mean - float(unseen) * (mean - below)
    high = mean + float(unseen) * (above - mean)
    p_value = 1.0 if abs(mean) <= TINY else float(2.0 ** (1 - clusters))
    name = f"exact bound: {clusters} clusters agree"
    return Interval(low, high, (high - low) / (2 * Z95), p_value, name)


def wilson(successes: float, trials: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a proportion."""
    low, high = proportion_confint(successes, trials, alpha=ALPHA, method="wilson")
    # what rounding leaves of 0 and 1 would be printed as "below 0.1 %"
    return 0.0 if successes <= 0 else float(low), 1.0 if successes >= trials else float(high)


def mid_p_mcnemar(wins: int, losses: int) -> float:
    """McNemar's mid-p value of a paired binary difference.

    Fagerland, Lydersen and Laake 2013 (doi 10.1186/1471-2288-13-91): the exact conditional
    p-value less the probability of what was seen.
    """
    apart, fewer = wins + losses, min(wins, losses)
    if not apart:
        return 1.0
    exact = 2 * float(stats.binom.cdf(fewer, apart, 0.5))
    return min(1.0, exact - float(stats.binom.pmf(fewer, apart, 0.5)))
