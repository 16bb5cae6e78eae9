"""The cluster bootstrap, for many paired differences at once."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from harness.compare.intervals import t95

Floats = NDArray[np.float64]

RESAMPLES = 10_000
_CHUNK = 128


def bootstrap_bounds(
    samples: Sequence[tuple[Floats, Floats]], seed: int
) -> list[tuple[float, float]]:
    """A 95 % interval for the mean of each sample of (cluster sums, cluster sizes).

    Clusters are drawn with replacement, 10,000 times, the draws seeded by `seed` and the number
    of clusters, so that a sample's interval does not depend on its neighbours. The percentiles
    are Hesterberg's expanded ones (arXiv 1411.5279), because the plain percentile interval of
    n values is too narrow by about sqrt((n-1)/n) * z/t.
    """
    by_count: dict[int, list[int]] = {}
    for index, (sums, _) in enumerate(samples):
        by_count.setdefault(len(sums), []).append(index)
    bounds: list[tuple[float, float]] = [(np.nan, np.nan)] * len(samples)
    for clusters, indices in by_count.items():
        weights = resamples(clusters, seed)
        tail = expanded_tail(clusters)
        for start in range(0, len(indices), _CHUNK):
            part = indices[start : start + _CHUNK]
            sums = np.stack([samples[index][0] for index in part])
            sizes = np.stack([samples[index][1] for index in part])
            means = (sums @ weights) / (sizes @ weights)
            low, high = np.quantile(means, [tail, 1 - tail], axis=1, overwrite_input=True)
            for index, left, right in zip(part, low, high, strict=True):
                bounds[index] = (float(left), float(right))
    return bounds


def expanded_tail(clusters: int) -> float:
    """The tail share of the expanded percentile interval; 0.025 for many clusters."""
    widened = np.sqrt(clusters / (clusters - 1)) * t95(clusters - 1)
    return float(stats.norm.cdf(-widened))


def resamples(clusters: int, seed: int) -> Floats:
    """How often each cluster is drawn: clusters x 10,000 resamples."""
    rng = np.random.default_rng([seed, clusters])
    drawn = rng.integers(clusters, size=(RESAMPLES, clusters))
    drawn += np.arange(RESAMPLES)[:, None] * clusters
    counts = np.bincount(drawn.ravel(), minlength=RESAMPLES * clusters)
    return np.ascontiguousarray(counts.reshape(RESAMPLES, clusters).T, dtype=np.float64)
