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


def guarded_interval(sums: Floats, sizes: Floats) -> Interval:
    """`t_interval`, wider where clusters tie and on the side that skewed differences stretch.

    Where some clusters tie, it is `widening` times as wide. Johnson 1978 (doi
    10.1080/01621459.1978.10480051) moves a t interval by skewness * (1 + 2 t^2) / (6 sqrt(C))
    standard errors; here that moves only the end that it pushes out, since moving both with an
    estimated skewness makes symmetrical differences err more often.
    """
    plain, df = t_interval(sums, sizes), len(sums) - 1
    residuals = sums - sizes * mean_of(sums, sizes)
    skewness = float((residuals**3).mean() / (residuals**2).mean() ** 1.5)
    shift = skewness * (1 + 2 * t95(df) ** 2) / (6 * np.sqrt(df + 1)) * plain.se
    half, centre = t95(df) * plain.se * widening(sums), (plain.low + plain.high) / 2
    low, high = centre - half + min(0.0, float(shift)), centre + half + max(0.0, float(shift))
    return Interval(low, high, plain.se, plain.p_value, plain.method)


def widening(sums: Floats) -> float:
    """sqrt(1 + 2/k) where only k clusters differ and others tie, else 1.

    As if one more cluster differed on either side of the mean, by as much as those that do.
    """
    apart = int((np.abs(sums) > TINY).sum())
    return float(np.sqrt(1 + 2 / apart)) if 0 < apart < len(sums) else 1.0


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
