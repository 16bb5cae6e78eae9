"""Current and stale answers by exposures and by age in report.html: a small plot each."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from markupsafe import Markup

from harness.records import Candidate, Run, Summary
from harness.report import plots, text, view

MOST = 4
"""Candidates with a plot; the table below the plots has every candidate."""
_TITLES = {
    "age": ("recency.stale", "Stale answers by age of the change"),
    "after": ("recency.stale", "Stale answers by the time since training"),
    "exposures": ("recency.current", "Current answers by how often training showed the fact"),
}
_PLAIN = re.compile(r"[A-Za-z0-9 .]{1,24}")
"""What may stand at a tick; the names of other slices stay in HTML."""
Line = tuple[str, list[Summary | None]]


def _kind(candidate: Candidate) -> tuple[bool, str]:
    return candidate.adapter.kind != "none", "" if candidate.prompt else candidate.context


def chosen(candidates: Sequence[Candidate]) -> list[str]:
    """Names of the few candidates that tell weights, retrieval and reading apart, in that order.

    They are the base, the first adapter, and the adapter (or else the base) with retrieved
    passages and with the right ones; other candidates fill the places that are left.
    """
    wanted = (
        (False, "none"), (True, "none"), (True, "retrieved"), (True, "gold"),
        (False, "retrieved"), (False, "gold"),
    )  # fmt: skip
    first: list[str] = []
    for kind in wanted:
        first += [one.name for one in candidates if _kind(one) == kind][:1]
    rest = [one.name for one in candidates if one.name not in first]
    return [*first, *rest][:MOST]


def labels(words: Sequence[str]) -> list[str]:
    """What stands at the ticks: the slices' words, broken in two where they are long.

    A slice in other than plain letters is numbered, for no text of a suite enters a plot.
    """
    found = []
    for at, one in enumerate(words, start=1):
        plain = (
            one.removesuffix(" times").removeprefix("after ") if _PLAIN.fullmatch(one) else str(at)
        )
        parts = plain.split(" ")
        half = len(parts) // 2
        found.append(
            plain
            if len(plain) < 9 or half == 0
            else " ".join(parts[:half]) + "\n" + " ".join(parts[half:])
        )
    return found


def _paint(row: Sequence[Summary | None], names: list[str], colour: int) -> Callable[[Any], None]:
    points = tuple(
        (float(at), one.mean, one.low, one.high)
        for at, one in enumerate(row)
        if one is not None and one.mean is not None
    )

    def paint(axes: Any) -> None:
        plots.interval(axes, plots.Series(points, colour))
        plots.percent(axes)
        axes.set_xticks(range(len(names)), names)
        axes.set_xlim(-0.4, len(names) - 0.6)

    return paint


def _level(run: Run, summary: Summary | None) -> str:
    if summary is None:
        return ""
    metric = view.metric_map(run)[summary.metric]
    return text.estimate(summary.mean, summary.low, summary.high, metric)


def _none(key: str, lines: Sequence[Line]) -> str:
    """What is said in the place of plots that lie on zero; '' where one does not."""
    known = [one for _, row in lines for one in row if one is not None and one.mean is not None]
    if any(one.mean for one in known):
        return ""
    least = min(one.n for one in known)
    said = {
        "age": "was outdated, at no age of the change",
        "after": "was outdated, however long after training",
        "exposures": "was current, however often training showed the fact",
    }
    return f"No answer of any candidate {said[key]} (n = {least} or more at each)."


def trend(
    run: Run, task: str, group: tuple[str, dict[str, str]], place: int
) -> dict[str, Any] | None:
    """Plots of current or stale answers over a `group`: its key, and its slices in words.

    None where fewer than two slices were measured.
    """
    key, parts = group
    metric, title = _TITLES[key]
    summaries = view.summary_map(run)
    lines: list[Line] = []
    for name in view.task_candidates(run, task):
        row = [summaries.get((task, metric, part, name)) for part in parts]
        if sum(one is not None and one.mean is not None for one in row) > 1:
            lines.append((name, row))
    if len(parts) < 2 or not lines:
        return None
    said = list(parts.values())
    none = _none(key, lines)
    rows = dict(lines)
    by_name = {one.candidate.name: one.candidate for one in run.candidates}
    drawn = [] if none else chosen([by_name[name] for name in rows])
    ticks = labels(said)
    panels: list[tuple[str, Markup]] = []
    for colour, name in enumerate(drawn):
        told = f"{title}: the table below has the numbers"
        paint = _paint(rows[name], ticks, colour)
        panels.append((name, plots.draw(f"stale{place}{key}{colour}", told, paint, 2, 3.2)))
    return {
        "title": title,
        "none": none,
        "panels": panels,
        "others": len(lines) - len(panels),
        "words": said,
        "numbered": [(at, one) for at, one in enumerate(said, 1) if not _PLAIN.fullmatch(one)],
        "rows": [(name, [_level(run, one) for one in row]) for name, row in lines],
    }
