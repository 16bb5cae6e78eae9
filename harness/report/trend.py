"""The page of `bench history`: a metric over runs, drawn as intervals with the gate's line."""

from functools import partial
from pathlib import Path
from typing import Any

from harness.report import html, text

WIDTH, LEFT, RIGHT, TOP, HEIGHT = 860, 60, 20, 16, 260


def save(path: Path, trend: dict[str, Any]) -> Path:
    """Write the page; `trend` is harness.commands.trends.Trend as a dict."""
    return text.save(path, render(trend))


def render(trend: dict[str, Any], *, listed: bool = False) -> str:
    """The page; where it is one of `bench view`'s it links to their lists."""
    template = html.environment().get_template("trend.html.j2")
    return template.render(
        title=f"{trend['metric']} over the runs of {trend['suite']}",
        trend=trend,
        plots=plots(trend),
        number=partial(number, unit=trend["unit"]),
        listed=listed,
    )


def plots(trend: dict[str, Any]) -> list[dict[str, Any]]:
    """A drawing per task, slice and candidate: places in pixels, and words for each point."""
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for point in trend["points"]:
        key = (point["task"], point["slice"], point["candidate"])
        groups.setdefault(key, []).append(point)
    return [
        {"name": _name(task, part, candidate), "marks": _marks(points, trend)}
        | {"ticks": _ticks(trend), "width": WIDTH, "height": HEIGHT, "left": LEFT, "right": RIGHT}
        for (task, part, candidate), points in groups.items()
    ]


def _name(task: str, part: str, candidate: str) -> str:
    return f"{candidate} on {task}" + ("" if part == "all" else f", slice {part}")


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
    return f"{100 * value:.3g} %" if unit == "share" else f"{value:.4g} {unit}".rstrip()


def _ticks(trend: dict[str, Any]) -> list[dict[str, Any]]:
    span = trend["top"] - trend["bottom"]
    values = [trend["bottom"] + span * part / 4 for part in range(5)]
    # a unit in words has no room beside the axis: the page's first line has it
    unit = "share" if trend["unit"] == "share" else ""
    return [{"y": _y(value, trend), "text": number(value, unit)} for value in values]


def _y(value: float | None, trend: dict[str, Any]) -> float | None:
    if value is None:
        return None
    span = (trend["top"] - trend["bottom"]) or 1.0
    inside = float(min(max((value - trend["bottom"]) / span, 0.0), 1.0))
    return round(TOP + (HEIGHT - 2 * TOP) * (1.0 - inside), 1)
