"""Geometry of the small drawings in report.html, in pixels; no text, no colour."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.records import Metric

WIDTH = 140
HEIGHT = 16
_EDGE = 5


@dataclass(frozen=True, slots=True)
class Mark:
    """A point with its interval on a track; `zero` is None where no zero line is drawn."""

    low: float
    mid: float
    high: float
    zero: float | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a stacked bar."""

    name: str
    x: float
    width: float


def _place(value: float, bottom: float, top: float) -> float:
    inside = min(max(value, bottom), top)
    span = (top - bottom) or 1.0
    return round(_EDGE + (WIDTH - 2 * _EDGE) * (inside - bottom) / span, 1)


def _real(value: float | None) -> float | None:
    """A finite value, or None."""
    return value if value is not None and math.isfinite(value) else None


def _ends(value: float, low: float | None, high: float | None) -> tuple[float, float]:
    """The interval's ends; where one is missing, the value itself."""
    first, last = _real(low), _real(high)
    return (value if first is None else first, value if last is None else last)


def forest(value: float | None, low: float | None, high: float | None, reach: float) -> Mark | None:
    """A difference with its interval on an axis from -reach to +reach."""
    if value is None or not math.isfinite(value):
        return None
    ends = _ends(value, low, high)
    places = [_place(item, -reach, reach) for item in (ends[0], value, ends[1], 0.0)]
    return Mark(places[0], places[1], places[2], places[3])


def reach(values: Sequence[float | None]) -> float:
    """The largest absolute value among interval ends, so that one axis holds them all."""
    real = [abs(value) for value in values if value is not None and math.isfinite(value)]
    return max(real, default=1.0) or 1.0


def band(
    value: float | None, low: float | None, high: float | None, metric: Metric, top: float
) -> Mark | None:
    """A mean with its interval on the metric's range; `top` ends a range without an end."""
    if value is None or not math.isfinite(value):
        return None
    ends = _ends(value, low, high)
    bottom = metric.lower if metric.lower is not None else min(0.0, ends[0])
    end = metric.upper if metric.upper is not None else top
    zero = _place(0.0, bottom, end) if bottom < 0 < end else None
    places = [_place(item, bottom, end) for item in (ends[0], value, ends[1])]
    return Mark(places[0], places[1], places[2], zero)


def stack(counts: dict[str, int], width: float) -> list[Segment]:
    """Segments of a bar `width` pixels long; empty classes are left out."""
    total = sum(counts.values())
    found = []
    x = 0.0
    for name, n in counts.items():
        if n:
            size = width * n / total
            found.append(Segment(name, round(x, 1), round(max(size - 1, 0.5), 1)))
            x += size
    return found


def curve(value: Any) -> list[tuple[float, float]]:
    """The finite [step, loss] pairs of an adapter's record; [] for anything else."""
    points = []
    for pair in value if isinstance(value, list | tuple) else ():
        if isinstance(pair, list | tuple) and len(pair) == 2:
            step, loss = pair
            real = isinstance(step, int | float) and isinstance(loss, int | float)
            if real and math.isfinite(loss):
                points.append((float(step), float(loss)))
    return points


def sparklines(curves: Sequence[list[tuple[float, float]]]) -> list[str]:
    """SVG polyline points of curves on common axes; '' for a curve of fewer than two points."""
    every = [point for points in curves for point in points]
    if not every:
        return ["" for _ in curves]
    right = max(step for step, _ in every) or 1.0
    low, high = min(loss for _, loss in every), max(loss for _, loss in every)
    span = (high - low) or 1.0
    lines = []
    for points in curves:
        thin = points[:: max(1, len(points) // WIDTH)]
        places = [
            f"{2 + (WIDTH - 4) * step / right:.1f},{2 + 36 * (high - loss) / span:.1f}"
            for step, loss in thin
        ]
        lines.append(" ".join(places) if len(places) > 1 else "")
    return lines
