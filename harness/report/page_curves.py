"""Learning curves in report.html: points, fit, band, and what reaches a target."""

from collections.abc import Iterable
from typing import Any

from harness.figures import MINUS
from harness.records import Metric, Run
from harness.records.decision import CurveGap, CurveResult
from harness.report import plots, text, view
from harness.report.links import link

MOST_PLOTS = 12
_SHARE = Metric("", "")


def _metric(run: Run, name: str) -> Metric:
    return view.metric_map(run).get(name, _SHARE)


def needed(curve: CurveResult) -> str:
    """How much reaches the target: "58 examples [41, 97]", or that the data do not say."""
    if curve.target is None:
        return ""
    if curve.needed is None:
        return "beyond the data" if curve.fit else "no fit"
    value, low, high = curve.needed
    ends = ""
    if low is not None or high is not None:
        first = "0" if low is None else f"{low:,.0f}"
        last = "beyond the data" if high is None else f"{high:,.0f}"
        ends = f" [{first}, {last}]"
    return f"{value:,.0f} {curve.axis}{ends}"


def _plot(curve: CurveResult, place: int, words: str) -> Any:
    def paint(axes: Any) -> None:
        shares = [v for p in curve.points for v in (p.mean, p.low, p.high) if v is not None]
        every = [point.x for point in curve.points]
        measured = max(every, default=1.0)
        least = min((x for x in every if x > 0), default=1.0)
        band = [one for one in curve.band if one[0] >= least]
        for inside, alpha in ((True, 0.2), (False, 0.08)):
            part = [b for b in band if (b[0] <= measured) == inside]
            if not inside and part:
                part = [b for b in band if b[0] <= measured][-1:] + part
            if len(part) > 1:
                xs = [b[0] for b in part]
                lows, highs = [b[2] for b in part], [b[3] for b in part]
                axes.fill_between(xs, lows, highs, color=plots.SERIES[0], alpha=alpha, linewidth=0)
                style: Any = "-" if inside else (0, (2, 2))
                axes.plot(xs, [b[1] for b in part], color=plots.SERIES[0], linestyle=style)
        for seed, points in _by_seed(curve):
            marker = plots.MARKERS[seed % len(plots.MARKERS)]
            axes.plot(
                [p[0] for p in points],
                [p[1] for p in points],
                color=plots.INK,
                linestyle="",
                marker=marker,
                markersize=3.5,
                fillstyle="none",
            )
        for point in curve.points:
            if point.low is not None and point.high is not None:
                ends = [point.low, point.high]
                axes.plot([point.x] * 2, ends, color=plots.INK, linewidth=0.8, alpha=0.3)
        if curve.target is not None:
            axes.axhline(curve.target, color=plots.SERIES[1], linestyle=(0, (5, 3)), linewidth=1)
        if curve.base is not None:
            axes.axhline(curve.base, color=plots.SOFT, linestyle=(0, (1, 2)), linewidth=1)
        plots.counts(axes, [*every, *(b[0] for b in band[-1:])])
        plots.percent(axes, whole=all(-0.01 <= value <= 1.01 for value in shares))
        axes.set_xlabel(curve.axis)

    return plots.draw(f"curve{place}", words, paint)


def _by_seed(curve: CurveResult) -> Iterable[tuple[int, list[tuple[float, float]]]]:
    seeds = dict.fromkeys(point.seed for point in curve.points)
    for place, seed in enumerate(seeds):
        points = [(p.x, p.mean) for p in curve.points if p.seed == seed and p.mean is not None]
        yield place, points


def _curve(run: Run, curve: CurveResult, place: int) -> dict[str, Any]:
    metric = _metric(run, curve.metric)
    target = "" if curve.target is None else text.number(curve.target, metric)
    reach = needed(curve)
    words = f"{curve.need} against {curve.axis}: {reach or 'no target'}; the table has the numbers"
    known = {result.candidate.name for result in run.candidates}
    where = {"task": curve.task, "metric": curve.metric, "slice": curve.slice}
    drawn = place < MOST_PLOTS and any(point.mean is not None for point in curve.points)
    trained = "each size trained by itself" if curve.training == "independent" else "nested sizes"
    return {
        "item": curve,
        "svg": _plot(curve, place, words) if drawn else "",
        "target": target,
        "needed": reach,
        "base": "" if curve.base is None else text.number(curve.base, metric),
        "how": f"{curve.seeds} seed{'s' if curve.seeds != 1 else ''}, {trained}",
        "fit": "" if curve.fit is None else _fit(curve.fit),
        "gaps": [_gap(gap, metric) for gap in curve.gaps],
        "rows": [
            {
                "x": f"{point.x:,.10g}",
                "seed": point.seed,
                "candidate": point.candidate,
                "value": text.number(point.mean, metric),
                "bounds": text.bounds(point.low, point.high, metric),
                "n": point.n,
                "link": link(**where, candidate=point.candidate)
                if point.candidate in known
                else "",
            }
            for point in curve.points
        ],
    }


def _gap(gap: CurveGap, metric: Metric) -> dict[str, str]:
    return {
        "x": f"{gap.x:,.10g}",
        "seed": str(gap.seed),
        "change": text.change(gap.difference, metric),
        "bounds": text.bounds(gap.low, gap.high, metric),
        "n": str(gap.n),
    }


def _fit(fit: tuple[float, float, float]) -> str:
    scale, power, floor = fit
    return f"error = {scale:.3g} · x^{MINUS}{power:.3g} + {floor:.3g}"


def build(run: Run) -> list[dict[str, Any]]:
    """What the section needs of each curve, in the run's order; later ones have no plot."""
    return [_curve(run, curve, place) for place, curve in enumerate(run.curves)]
