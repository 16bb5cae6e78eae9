"""Learning curves: how an adapter's level grows with examples and with exposures."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from harness.compare.curvefit import (
    REACH,
    Floats,
    Laws,
    fit,
    fit_many,
    quantiles,
    resampled,
    weights_of,
)
from harness.compare.curvegaps import gap_text, gaps_of
from harness.compare.curvepoints import FEWEST, Series, Shown, by_examples, by_exposures
from harness.compare.curvewords import Reading, sentence_of, trained_text
from harness.records import TARGETS, CurveGap, CurveResult, CurveSpec, Metric, Run, Suite

BAND_POINTS = 41


Axis = Literal["examples", "exposures"]
Training = Literal["independent", "nested"]


@dataclass(frozen=True, slots=True)
class _Fitted:
    """A fit, its band, the x that the target takes, and the interval of the gain first to last."""

    law: Laws
    band: tuple[tuple[float, float, float, float], ...]
    needed: tuple[float, float | None, float | None] | None
    gain: tuple[float, float]


def learning_curves(run: Run, suite: Suite, shown: Shown) -> tuple[CurveResult, ...]:
    """The curves that a run's points allow.

    By examples for each curve of the suite, task and need; by exposures for each task that asks
    facts which training showed differently often. `shown` are the rows of each recipe that carry
    a fact.
    """
    examples = [
        _result(series, suite, "examples", gaps_of(run, suite, spec, series), spec)
        for spec in suite.curves
        for series in by_examples(run, suite, spec)
    ]
    exposures = [_result(series, suite, "exposures") for series in by_exposures(run, suite, shown)]
    return (*examples, *exposures)


def _result(
    series: Series,
    suite: Suite,
    axis: Axis,
    gaps: tuple[CurveGap, ...] = (),
    spec: CurveSpec | None = None,
) -> CurveResult:
    training: Training = spec.training if spec else "independent"
    measured, metric = series.measured, series.metric
    target = suite.decision.targets.get(series.need, TARGETS[series.need])
    seeds = measured.sums.shape[1]
    levels = {
        float(x): _level(metric, float(error))
        for x, error in zip(measured.xs, measured.errors, strict=True)
    }
    fitted = _fit(series, target, suite.seed) if len(levels) >= FEWEST else None
    last = max(levels, default=0.0)
    worse = fitted is not None and fitted.gain[1] < 0
    limit = None if fitted is None else _level(metric, float(fitted.law.floor[0]))
    reading = Reading(
        series.need,
        series.task,
        axis,
        metric,
        target,
        levels,
        series.points,
        seeds,
        REACH * last,
        None if fitted is None else fitted.needed,
        limit,
        None if fitted is None else fitted.gain,
        trained_text(series.recipe.name, series.recipe.epochs) if axis == "exposures" else "",
        ("nested runs" + gap_text(metric, gaps),) if training == "nested" else (),
    )
    shown = None if worse else fitted
    return CurveResult(
        need=series.need,
        task=series.task,
        metric=metric.name,
        slice=series.slice,
        axis=axis,
        points=series.points,
        sentence=sentence_of(reading),
        fit=None if shown is None else shown.law.coefficients,
        band=() if shown is None else shown.band,
        target=target,
        needed=None if shown is None else shown.needed,
        seeds=seeds,
        training=training,
        base=series.base,
        gaps=gaps,
    )


def _fit(series: Series, target: float, seed: int) -> _Fitted:
    """The fit, its band over resampled cases and seeds, and what the target takes."""
    measured, metric = series.measured, series.metric
    weights = weights_of(measured)
    top = max(float(measured.errors.max()), series.untrained)
    law = fit(measured.xs, measured.errors, weights, top)
    drawn = resampled(measured, seed)
    laws = fit_many(measured.xs, drawn, weights, top)
    first, last = float(measured.xs[0]), float(measured.xs[-1])
    xs = np.geomspace(first, REACH * last, BAND_POINTS)
    low, high = np.quantile(laws.at(xs), [0.025, 0.975], axis=0)
    middle = law.at(xs)[0]
    band = tuple(
        (float(x), _level(metric, m), _level(metric, max(h, m)), _level(metric, min(s, m)))
        for x, m, s, h in zip(
            xs.tolist(), middle.tolist(), low.tolist(), high.tolist(), strict=True
        )
    )
    gains = drawn[:, 0] - drawn[:, -1]
    error = _error(metric, target)
    needed = _needed(law.reaching(error), laws.reaching(error), first, REACH * last)
    return _Fitted(law, band, needed, quantiles(gains))


def _needed(
    value: Floats, resamples: Floats, first: float, reach: float
) -> tuple[float, float | None, float | None] | None:
    """The x of a target with its interval; None for what lies below `first` or beyond `reach`."""
    if value[0] > reach:
        return None
    low, high = quantiles(resamples)
    return float(value[0]), low if low > first else None, high if high <= reach else None


def _level(metric: Metric, error: float) -> float:
    """A level in the metric's unit, of an error as a share of its range."""
    low, high = _ends(metric)
    return high - min(1.0, max(0.0, error)) * (high - low)


def _error(metric: Metric, level: float) -> float:
    low, high = _ends(metric)
    return (high - level) / (high - low)


def _ends(metric: Metric) -> tuple[float, float]:
    if metric.lower is None or metric.upper is None:
        raise ValueError(f"{metric.name} has no range")
    return metric.lower, metric.upper
