"""How far a judge agrees with people, and what their labels make of its numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.proportion import proportion_confint

from harness.compare.intervals import ALPHA, TINY, t95
from harness.records import MIN_SLICE

Floats = NDArray[np.float64]
CLASSES = ("first", "second", "tie")


@dataclass(frozen=True, slots=True)
class Agreement:
    """Cohen's kappa over n pairs in `clusters`, 95 % interval; None where it is not defined.

    `same` is the share of pairs that both call alike.
    """

    n: int
    clusters: int
    same: float
    kappa: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Corrected:
    """A mean by judge and labels together, 95 % interval; `weight` is the judge's, 0 to 1."""

    mean: float
    low: float
    high: float
    weight: float
    labelled: int
    judged: int


def agreement(pairs: Sequence[tuple[str, str]], clusters: Sequence[str]) -> Agreement:
    """Cohen's kappa of (person, judge) pairs over first, second and tie.

    The interval is Fleiss, Cohen and Everitt's asymptotic one as statsmodels has it; where labels
    share clusters, the jackknife over clusters (Fleiss and Davies 1982, American Journal of
    Epidemiology 115). Where all agree, neither has a width: there the exact bound of the share
    that agrees stands in. Of fewer than MIN_SLICE clusters nothing is said,
    nor where a rater used one class alone.
    """
    n, groups = len(pairs), len(set(clusters))
    table = counts(pairs)
    same = float(np.trace(table) / n) if n else 0.0
    found = Agreement(n, groups, same)
    words = min(np.count_nonzero(table.sum(axis)) for axis in (0, 1))
    if groups < MIN_SLICE or words < 2:
        return found
    with np.errstate(invalid="ignore"):  # a variance of 0 may come out a hair below it
        raw = cohens_kappa(table)
        kappa, low, high = float(raw.kappa), float(raw.kappa_low), float(raw.kappa_upp)
    if same > 1 - TINY:
        least, _ = proportion_confint(groups, groups, alpha=ALPHA, method="beta")
        low = (float(least) - chance(table)) / (1 - chance(table))
        high = 1.0
    elif groups < n or not np.isfinite(low):
        low, high = jackknife(pairs, clusters, kappa)
    return Agreement(n, groups, same, kappa, max(low, -1.0), min(high, 1.0))


def counts(pairs: Sequence[tuple[str, str]]) -> Floats:
    """The 3 x 3 table of pairs, people in rows."""
    table = np.zeros((3, 3))
    for person, judge in pairs:
        table[CLASSES.index(person), CLASSES.index(judge)] += 1
    return table


def chance(table: Floats) -> float:
    """The agreement that the margins alone would give."""
    return float(table.sum(0) @ table.sum(1)) / float(table.sum()) ** 2


def jackknife(
    pairs: Sequence[tuple[str, str]], clusters: Sequence[str], kappa: float
) -> tuple[float, float]:
    """Kappa's interval from leaving out one cluster at a time, t with clusters - 1 df."""
    names = sorted(set(clusters))
    whole = counts(pairs)
    left = []
    for name in names:
        own = counts([p for p, cluster in zip(pairs, clusters, strict=True) if cluster == name])
        rest = whole - own
        expected = chance(rest)
        # without this cluster one class is left: it takes all the disagreement with it
        share = float(np.trace(rest) / rest.sum())
        left.append((share - expected) / (1 - expected) if expected < 1 - TINY else 0.0)
    spread = np.array(left) - np.mean(left)
    count = len(names)
    half = t95(count - 1) * float(np.sqrt((count - 1) / count * (spread @ spread)))
    return kappa - half, kappa + half


def corrected(
    people: Sequence[float],
    judge: Sequence[float],
    clusters: Sequence[str],
    rest: Sequence[float],
    rest_clusters: Sequence[str],
) -> Corrected | None:
    """Prediction-powered mean (PPI++, arXiv 2311.01453) of scores in [0, 1].

    `people` and `judge` are both raters' scores of the n labelled pairs, `rest` the judge's of N
    others:  mean = w * mean(rest) + mean(people - w * judge), where
    w = Cov(people, judge) / ((1 + n/N) * Var(judge)), clipped to [0, 1], with the variance over
    all N + n. Without others it is the people's mean. None where labels cover fewer than
    MIN_SLICE clusters.

    The interval is robust to clusters. PPI++'s own is too narrow with few labels: a judge that
    errs one time in ten may not have erred among ten. So a pseudo-cluster is added on either side,
    half as far as people and judge can be apart (compare `intervals.adjusted_interval`).
    """
    y, f, others = (np.asarray(values, dtype=np.float64) for values in (people, judge, rest))
    if len(set(clusters)) < MIN_SLICE:
        return None
    weight = ppi_weight(y, f, others) if len(set(rest_clusters)) > 1 else 0.0
    own = residuals(y - weight * f, clusters, (1 + weight) / 2)
    mean, count = float((y - weight * f).mean()), len(set(clusters))
    if weight:
        mean += weight * float(others.mean())
        for name, residual in residuals(weight * others, rest_clusters).items():
            own[name] = own.get(name, 0.0) + residual
    half = t95(count - 1) * float(np.sqrt(sum(value**2 for value in own.values())))
    ends = np.clip((mean, mean - half, mean + half), 0.0, 1.0)
    mean, low, high = (float(end) for end in ends)
    return Corrected(mean, low, high, weight, len(y), len(others))


def residuals(values: Floats, clusters: Sequence[str], reach: float = 0.0) -> dict[str, float]:
    """What each cluster adds to the mean's error; their squares sum to its squared error.

    The square is that of `intervals.clustered_se`, C/(C-1) included. Kept apart by cluster, so
    that one which has labelled and other pairs counts as one. With a `reach`, one pseudo-cluster
    of mean size is added that far on either side.
    """
    apart = (values - values.mean()) / len(values)
    found: dict[str, float] = {}
    for name, value in zip(clusters, apart, strict=True):
        found[name] = found.get(name, 0.0) + float(value)
    count, seen = len(found) + (2 if reach else 0), len(found)
    if reach:
        found |= {"\0more": reach / seen, "\0less": -reach / seen}
    scale = float(np.sqrt(count / (count - 1))) * seen / count
    return {name: value * scale for name, value in found.items()}


def ppi_weight(y: Floats, f: Floats, others: Floats) -> float:
    """PPI++'s weight of the judge, clipped to [0, 1]; 0 where the judge says one thing only."""
    variance = float(np.concatenate([f, others]).var(ddof=1))
    if variance <= TINY:
        return 0.0
    shared = float(np.cov(y, f, ddof=1)[0, 1])
    return min(max(shared / ((1 + len(y) / len(others)) * variance), 0.0), 1.0)
