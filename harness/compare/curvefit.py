"""The law of a learning curve, err(n) = min(top, a * n**-b + c): fitted, resampled, read.

The power law with an offset is the usual form of learning curves (Hestness et al. 2017, arXiv
1712.00409; Viering and Loog 2021, arXiv 2103.10948). `top` is the error without training, which
too few examples leave as it is: facts may stay unknown for the first showings and then come at
once. Errors are shares of the metric's range.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from harness.compare.intervals import ALPHA

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

RESAMPLES = 1000
REACH = 3.0
"""How many times the largest measured x a curve may be read at."""
_RATES = np.geomspace(0.05, 4.0, 48)
_CHUNK = 256


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Errors by size, seed and cluster: `sums` of a cluster's errors and `sizes`, its cases.

    `xs` is [K], ascending and above 0; `sums` and `sizes` are [K, S, C], 0 where a cluster or a
    seed was not measured at a size. `strata` is [C]: clusters are resampled among those alike.
    """

    xs: Floats
    sums: Floats
    sizes: Floats
    strata: Codes

    @property
    def by_seed(self) -> Floats:
        """Mean error [K, S]; NaN where nothing was measured."""
        return _ratio(self.sums.sum(axis=2), self.sizes.sum(axis=2))

    @property
    def errors(self) -> Floats:
        """Mean error over seeds, [K]."""
        return np.asarray(np.nanmean(self.by_seed, axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class Laws:
    """Curves err(n) = min(top, lift * (n / first)**-rate + floor), of resamples; arrays are [R]."""

    lift: Floats
    rate: Floats
    floor: Floats
    first: float
    top: float = 1.0

    @property
    def coefficients(self) -> tuple[float, float, float]:
        """a, b and c of the first curve."""
        rate = float(self.rate[0])
        return float(self.lift[0]) * self.first**rate, rate, float(self.floor[0])

    def at(self, xs: Floats) -> Floats:
        """Errors at `xs`, [R, len(xs)]."""
        law = self.lift[:, None] * (xs / self.first) ** -self.rate[:, None] + self.floor[:, None]
        return np.asarray(np.minimum(self.top, law))

    def reaching(self, error: float) -> Floats:
        """The x where each curve comes down to `error`, [R]; inf where it never does.

        `first` where it is below from the start: no curve is read below what was measured.
        """
        room = error - self.floor
        never = room <= 0
        ratio = self.lift / np.where(never, 1.0, room)
        with np.errstate(over="ignore", divide="ignore"):
            found = self.first * np.maximum(ratio, 1.0) ** (1 / self.rate)
        above = np.minimum(self.top, self.lift + self.floor) > error
        return np.where(above, np.where(never, np.inf, found), self.first)


def weights_of(measured: Measured) -> Floats:
    """A weight per size, [K]: one over the binomial variance of its error, smoothed.

    Two cases more, one of them right, keep a size at 0 or 1 from weighing without bound
    (Agresti and Coull 1998, doi 10.1080/00031305.1998.10480550, add four).
    """
    cases = measured.sizes.max(axis=1).sum(axis=1)
    share = (measured.errors * cases + 1) / (cases + 2)
    weights = cases / (share * (1 - share))
    return np.asarray(weights / weights.sum())


def fit(xs: Floats, errors: Floats, weights: Floats, top: float = 1.0) -> Laws:
    """The weighted least-squares curve: the best of a grid of rates, then scipy within bounds."""
    start = fit_many(xs, errors[None, :], weights, top)
    scale = np.sqrt(weights)

    def residuals(at: Floats) -> Floats:
        law = np.minimum(top, at[0] * (xs / xs[0]) ** -at[1] + at[2])
        return np.asarray(scale * (law - errors))

    low, high = [0.0, _RATES[0], 0.0], [np.inf, _RATES[-1], 1.0 + 1e-9]
    guess = np.clip([start.lift[0], start.rate[0], start.floor[0]], low, high)
    found = optimize.least_squares(residuals, guess, bounds=(low, high)).x
    if (residuals(found) ** 2).sum() > (residuals(guess) ** 2).sum():
        found = guess
    return Laws(found[:1], found[1:2], found[2:], float(xs[0]), top)


def fit_many(xs: Floats, errors: Floats, weights: Floats, top: float = 1.0) -> Laws:
    """The curves of many resamples, errors [R, K]: for each rate of a grid, the best others.

    At a given rate, and with the first sizes at the top or not, the curve is linear in lift and
    floor, neither of which may be below 0.
    """
    parts = [
        _fit_chunk(xs, errors[start : start + _CHUNK], weights, top)
        for start in range(0, len(errors), _CHUNK)
    ]
    lift, rate, floor = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Laws(lift, rate, floor, float(xs[0]), top)


def _fit_chunk(
    xs: Floats, errors: Floats, weights: Floats, top: float
) -> tuple[Floats, Floats, Floats]:
    shapes = (xs / xs[0]) ** -_RATES[:, None]
    ways = [
        way
        for skipped in range(len(xs) - 1)
        for way in _ways(shapes[:, skipped:], errors[:, skipped:], weights[skipped:])
    ]
    costs = []
    for lift, floor in ways:
        law = np.minimum(top, lift[:, :, None] * shapes + floor[:, :, None])
        cost = ((law - errors[:, None, :]) ** 2) @ weights
        costs.append(np.where((lift < 0) | (floor < 0), np.inf, cost))
    best = np.stack(costs).transpose(1, 0, 2).reshape(len(errors), -1).argmin(axis=1)
    way, rate = np.divmod(best, len(_RATES))
    rows = np.arange(len(errors))
    lifts = np.stack([lift for lift, _ in ways])[way, rows, rate]
    floors = np.stack([floor for _, floor in ways])[way, rows, rate]
    return lifts, _RATES[rate], floors


def _ways(shapes: Floats, errors: Floats, weights: Floats) -> list[tuple[Floats, Floats]]:
    """Lift and floor [R, rates] by least squares: free, without a floor, and without a lift."""
    weights = weights / weights.sum()
    mean, middle = errors @ weights, shapes @ weights
    spread = ((shapes - middle[:, None]) ** 2) @ weights
    joint = (errors * weights) @ shapes.T
    free = (joint - mean[:, None] * middle) / spread
    through = np.maximum(joint / ((shapes**2) @ weights), 0.0)
    flat = np.broadcast_to(np.maximum(mean, 0.0)[:, None], free.shape)
    zero = np.zeros_like(free)
    return [(free, mean[:, None] - free * middle), (through, zero), (zero, flat)]


def resampled(measured: Measured, seed: int, count: int = RESAMPLES) -> Floats:
    """Mean errors of resampled cases and seeds, [count, K].

    Clusters are drawn with replacement within their stratum, the same draw for every size and
    seed that they were asked at; to each stratum one cluster that is all right and one that is
    all wrong are added, so that sizes where all agree have a spread too. Seeds are resampled by
    a wild bootstrap (Wu 1986, doi 10.1214/aos/1176350142): each seed's deviations from the mean
    over seeds, at all sizes together, times a normal number, as sizes of a seed share their rows.
    """
    rng = np.random.default_rng([seed, measured.sums.shape[2]])
    shape = measured.sums.shape[:2]
    sums, sizes = np.zeros((*shape, count)), np.zeros((*shape, count))
    right, asked = np.zeros(shape), np.zeros(shape)
    for stratum in np.unique(measured.strata):
        mask = measured.strata == stratum
        part, whole = measured.sums[:, :, mask], measured.sizes[:, :, mask]
        extra = whole.mean(axis=2, keepdims=True)
        part = np.concatenate([part, extra, 0 * extra], axis=2)
        whole = np.concatenate([whole, extra, extra], axis=2)
        clusters = part.shape[2]
        drawn = rng.multinomial(clusters, np.full(clusters, 1 / clusters), count).T
        sums += part @ drawn
        sizes += whole @ drawn
        right += part.sum(axis=2)
        asked += whole.sum(axis=2)
    apart = _ratio(sums, sizes) - _ratio(right, asked)[:, :, None]
    known = ~np.isnan(apart)  # a seed may lack a size, and a draw all of its clusters
    moved = np.where(known, apart, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    moved += _over_seeds(measured.by_seed, rng, count)
    return np.asarray(np.clip((measured.errors[:, None] + moved).T, 0.0, 1.0))


def _over_seeds(by_seed: Floats, rng: np.random.Generator, count: int) -> Floats:
    """What resampled seeds move the means by, [K, count]; nothing for one seed."""
    seeds = by_seed.shape[1]
    if seeds < 2:
        return np.zeros((len(by_seed), count))
    apart = by_seed - np.nanmean(by_seed, axis=1, keepdims=True)
    pushes = rng.standard_normal((seeds, count))
    spread = np.sqrt(seeds / (seeds - 1)) / seeds
    return np.asarray(spread * (np.nan_to_num(apart) @ pushes))


def _ratio(sums: Floats, sizes: Floats) -> Floats:
    found = np.full(sums.shape, np.nan)
    np.divide(sums, sizes, out=found, where=sizes > 0)
    return found


def quantiles(values: Floats) -> tuple[float, float]:
    """The 95 % interval of resampled values, some of which may be inf."""
    tails = (ALPHA / 2, 1 - ALPHA / 2)
    low, high = np.quantile(values, tails, method="inverted_cdf")
    return float(low), float(high)
