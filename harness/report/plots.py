"""Plots of report.html as inline SVG: drawn by matplotlib, coloured by the page's style sheet.

No text of a run enters a plot: axes have numbers and our words, names stand in HTML beside it.
matplotlib is imported when the first plot is drawn.
"""

import io
import logging
import math
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

WIDTH, HEIGHT = 4.5, 2.7
"""Inches of a plot; the page scales it to its column."""
# drawn in these, and renamed to the style sheet's variables afterwards
_COLOURS = {
    "#000001": "ink",
    "#000002": "soft",
    "#000003": "line",
    **{f"#00001{place}": f"s{place}" for place in range(1, 7)},
}
INK, SOFT, LINE, *SERIES = _COLOURS
MARKERS = ("o", "s", "^", "D", "v", "P")
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1, 2)), "-", (0, (3, 1)))
_SETTINGS: dict[str, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "axes.unicode_minus": True,
    "path.simplify": True,
    "lines.linewidth": 1.6,
}
_DROP = (
    (re.compile(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<metadata>.*?</metadata>", re.DOTALL), ""),
    # a rule for everything would leave the drawing and rule the whole page
    (re.compile(r"<style.*?</style>", re.DOTALL), ""),
    # everything drawn lies inside the axes, and a page that asks for nothing has no url()
    (re.compile(r' clip-path="[^"]*"|<clipPath.*?</clipPath>', re.DOTALL), ""),
    (re.compile(r"<defs>\s*</defs>"), ""),
    (re.compile(r"font-size: [\d.]+px; font-family: [^;\"]*;?"), ""),
    (re.compile(r' transform="rotate\(-?0 [^)]*\)"'), ""),
    (re.compile(r"(\d+\.\d)\d+"), r"\1"),
    (re.compile(r"\s+"), " "),
    (re.compile(r"> <"), "><"),
    (re.compile(r' "'), '"'),
)
_ID = re.compile(r' id="([^"]*)"')
_COLOUR = re.compile("|".join(_COLOURS))


@dataclass(frozen=True, slots=True)
class Series:
    """A line of a plot with its interval: (x, mean, low, high), in the order of x."""

    points: tuple[tuple[float, float, float | None, float | None], ...]
    colour: int = 0


def draw(
    name: str,
    words: str,
    paint: Callable[[Any], None],
    height: float = HEIGHT,
    width: float = WIDTH,
) -> Markup:
    """The SVG of what `paint` draws on a pair of axes.

    `name` keeps the ids of several plots of a page apart; `words` say what is to be seen.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    target = io.StringIO()
    settings: Any = {**_SETTINGS, "svg.hashsalt": name}
    with mpl.rc_context(settings), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        _plain(axes)
        paint(axes)
        meta = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(target, format="svg", metadata=meta, transparent=True)
    return Markup(_tidy(target.getvalue(), name, words))  # noqa: S704, matplotlib escapes its text


def _plain(axes: Any) -> None:
    """Axes that keep to the background."""
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(SOFT)
    axes.tick_params(colors=SOFT, labelcolor=SOFT)
    axes.xaxis.label.set_color(SOFT)
    axes.yaxis.label.set_color(SOFT)
    axes.grid(axis="y", color=LINE, linewidth=0.7)
    axes.set_axisbelow(True)


def _tidy(source: str, name: str, words: str) -> str:
    for pattern, other in _DROP:
        source = pattern.sub(other, source)
    kept = set(re.findall(r'xlink:href="#([^"]*)"', source))
    source = _ID.sub(lambda m: f' id="{name}-{m[1]}"' if m[1] in kept else "", source)
    source = re.sub(r'xlink:href="#', f'href="#{name}-', source)
    source = re.sub(r' xmlns(:xlink)?="[^"]*"| version="[^"]*"', "", source)
    source = _COLOUR.sub(lambda m: f"var(--{_COLOURS[m[0]]})", source)
    head = f'<svg class="plot" role="img" aria-label="{escape(words)}"'
    source = re.sub(r'<svg width="[^"]*" height="[^"]*"', head, source.strip(), count=1)
    return source.replace(">", f"><title>{escape(words)}</title>", 1)


def percent(axes: Any, *, whole: bool = True) -> None:
    """Shares on the y axis as per cent, from 0 to 100 where they are `whole`."""
    from matplotlib.ticker import FuncFormatter

    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.0f} %"))
    if whole:
        axes.set_ylim(-0.02, 1.02)


def interval(axes: Any, series: Series) -> None:
    """A line through means, with whiskers for their intervals."""
    colour, marker = SERIES[series.colour % len(SERIES)], MARKERS[series.colour % len(MARKERS)]
    xs = [point[0] for point in series.points]
    axes.plot(
        xs,
        [point[1] for point in series.points],
        color=colour,
        marker=marker,
        markersize=4,
        linestyle=DASHES[series.colour % len(DASHES)],
    )
    for x, _, low, high in series.points:
        if low is not None and high is not None and low < high:
            axes.plot([x, x], [low, high], color=colour, linewidth=1, alpha=0.6)


def counts(axes: Any, values: Sequence[float]) -> None:
    """Numbers of examples or exposures on a logarithmic x axis that has room for 0."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    real = sorted({value for value in values if value >= 0 and math.isfinite(value)})
    least = min((value for value in real if value > 0), default=1.0)
    axes.set_xscale("symlog", linthresh=least, linscale=0.4)
    axes.xaxis.set_major_locator(FixedLocator(_apart(real)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlim(0 if real and real[0] == 0 else least * 0.8, max(real, default=1.0) * 1.15)


def _apart(values: Sequence[float]) -> list[float]:
    """Values that leave room for their labels on a logarithmic axis."""
    found: list[float] = []
    for value in values:
        if not found or found[-1] == 0 or value >= 1.7 * found[-1]:
            found.append(value)
    return found
