"""The page of `bench history`: a metric over runs, drawn as intervals with the gate's line."""

from functools import partial
from pathlib import Path
from typing import Any

from harness.report import html, text

WIDTH, LEFT, RIGHT, TOP, HEIGHT = 860, 60, 20, 16, 260


def save(path: Path, trend: dict[str, Any]) -> Path:
    """Write the page; `trend` is harness.commands.trends.Trend as a dict."""
    return text.save(path, render(trend))


def render(trend: dict[str, Any], *, home: str = "") -> str:
    """The page; `home` is the address of the list that it is one of."""
    template = html.environment().get_template("trend.html.j2")
    said = partial(number, unit=trend["unit"])
    return template.render(trend=trend, plots=plots(trend), number=said, home=home)


def plots(trend: dict[str, Any]) -> list[dict[str, Any]]:
    """A drawing per task, slice and candidate: places in pixels, and words for each point."""
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for point in trend["points"]:
        key = (point["task"], point["slice"], point["candidate"])
        groups.setdefault(key, []).append(point)
    return [
        {"task": task, "slice": part, "candidate": candidate, "marks": _marks(points, trend)}
        | {"ticks": _ticks(trend), "width": WIDTH, "height": HEIGHT, "left": LEFT, "right": RIGHT}
        for (task, part, candidate), points in groups.items()
    ]


def _marks(points: list[dict[str, Any]], trend: dict[str, Any]) -> list[dict[str, Any]]:
    step = (WIDTH - LEFT - RIGHT) / len(points)
    marks = []
    for index, point in enumerate(points):
        x = LEFT + step * (index + 0.5)
        places = {name: _y(point[name], trend) for name in ("mean", "low", "high", "line")}
        marks.append(
            places
            | {"x": round(x, 1), "half": round(min(step / 2, 40), 1), "point": point}
            | {"words": words(point, trend["unit"])}
        )
    return marks


def words(point: dict[str, Any], unit: str) -> str:
    """A point in words, for a title and a screen reader."""
    said = f"{number(point['mean'], unit)} [{number(point['low'], unit)}, "
    said += f"{number(point['high'], unit)}], n {point['n']}"
    if point["line"] is not None:
        said += f"; the gate's line is at {number(point['line'], unit)}: {point['verdict']}"
    return f"{point['created'][:16].replace('T', ' ')}, run {point['run'][:8]}: {said}"


def number(value: float, unit: str) -> str:
    """A value with its unit; shares as per cent."""
    return f"{100 * value:.3g} %" if unit == "share" else f"{value:.4g} {unit}"


def _ticks(trend: dict[str, Any]) -> list[dict[str, Any]]:
    span = trend["top"] - trend["bottom"]
    values = [trend["bottom"] + span * part / 4 for part in range(5)]
    return [{"y": _y(value, trend), "text": number(value, trend["unit"])} for value in values]


def _y(value: float | None, trend: dict[str, Any]) -> float | None:
    if value is None:
        return None
    span = (trend["top"] - trend["bottom"]) or 1.0
    inside = float(min(max((value - trend["bottom"]) / span, 0.0), 1.0))
    return round(TOP + (HEIGHT - 2 * TOP) * (1.0 - inside), 1)
