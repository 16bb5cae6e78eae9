"""What nested training changes: two sizes of a nested curve beside adapters trained alone."""

from collections.abc import Sequence

from harness.compare.curvepoints import Series
from harness.compare.paired import compare
from harness.compare.words import change_text, range_text
from harness.records import CurveGap, CurveSpec, Metric, Run, Suite


def gaps_of(run: Run, suite: Suite, spec: CurveSpec, series: Series) -> tuple[CurveGap, ...]:
    """Nested less independent, paired by case, at each size that was trained both ways.

    () for a curve of independent runs, and where the controls were not asked the series' task.
    """
    if spec.training != "nested":
        return ()
    recipes = {recipe.name: recipe for recipe in suite.recipes}
    on = [r.candidate for r in run.candidates if r.candidate.curve == spec.recipe]
    alone = {
        (recipe.limit, recipe.seed): candidate
        for candidate in on
        if not (recipe := recipes[candidate.adapter.value]).trunk
    }
    points = {(int(p.x), p.seed): p.candidate for p in series.points}
    pairs = {(points[at], one.name): at for at, one in alone.items() if at in points}
    names = {name for pair in pairs for name in pair}
    found = compare(
        [a for a in run.answers if a.candidate in names and a.task == series.task],
        [case for case in run.cases if case.task == series.task],
        [series.metric],
        [one for one in on if one.name in names],
        list(pairs),
        suite.seed,
    )
    gaps = [
        CurveGap(
            float(at[0] or 0), at[1], one.candidate, one.baseline,
            one.difference, one.low, one.high, one.n,
        )
        for one in found
        if one.slice == series.slice and (at := pairs[one.candidate, one.baseline])
    ]  # fmt: skip
    return tuple(sorted(gaps, key=lambda gap: (gap.x, gap.seed)))


def gap_text(metric: Metric, gaps: Sequence[CurveGap]) -> str:
    """What follows "nested runs" in a sentence; without a measured gap, that none is known."""
    said = [
        f"{change_text(metric, one.difference)}, {range_text(metric, one.low, one.high)}, "
        f"n = {one.n} at {one.x:,.0f}"
        for one in gaps
        if one.difference is not None and one.low is not None and one.high is not None
    ]
    if not said:
        return ", not compared with independent ones"
    return f"; less independent ones: {' and '.join(said)}"
