"""What a learning curve says, in a sentence."""

from dataclasses import dataclass, field
from typing import Literal

from harness.compare.words import range_text, value_text
from harness.console import many
from harness.records import MIN_SLICE, CurvePoint, Metric

Needed = tuple[float, float | None, float | None]


@dataclass(frozen=True, slots=True)
class Reading:
    """A curve as its sentence needs it.

    `levels` are the means over seeds by x above 0, ascending; `gain` is the 95 % interval of what
    the last of them is above the first (empty where nothing was fitted); `reach` is the x that
    the curve may be read up to. `trained` names the adapter of an exposure curve and its epochs.
    """

    need: str
    task: str
    axis: Literal["examples", "exposures"]
    metric: Metric
    target: float
    levels: dict[float, float]
    points: tuple[CurvePoint, ...]
    seeds: int
    reach: float
    needed: Needed | None = None
    limit: float | None = None
    gain: tuple[float, float] | None = None
    trained: str = ""
    notes: tuple[str, ...] = field(default=())


def sentence_of(reading: Reading) -> str:
    """The sentence of a curve: what the target takes, or why that cannot be said."""
    said = _few(reading) if reading.gain is None else _fitted(reading)
    return f"{said} ({', '.join(_aside(reading))})"


def number_text(x: float) -> str:
    """A number of examples or exposures as people say it: two digits are enough."""
    if x >= 100:
        digits = len(str(int(x))) - 2
        x = round(x / 10**digits) * 10**digits
    return f"{x:,.0f}" if x >= 9.5 or float(x).is_integer() else f"{x:.1f}".removesuffix(".0")


def _aside(reading: Reading) -> list[str]:
    asides = [reading.trained] if reading.trained else []
    asides.append("one seed" if reading.seeds == 1 else f"{reading.seeds} seeds")
    if reading.seeds == 1 and reading.needed is not None and reading.axis == "examples":
        asides[-1] = "one seed: the interval is of cases alone"
    sizes = sorted({point.n for point in reading.points})
    if sizes:
        asides.append(f"n = {sizes[0]}" + (f" to {sizes[-1]} a point" if sizes[1:] else ""))
    return [*asides, *reading.notes]


def _few(reading: Reading) -> str:
    """One or two sizes: what they show, and that they draw no curve."""
    shown = [f"{_level(reading, x)} at {_exact(x)}" for x in reading.levels]
    what = f"{reading.need} in {reading.task}: {' and '.join(shown) or 'nothing measured'}"
    word = {0: "no size draws", 1: "one size draws", 2: "two sizes draw"}[len(shown)]
    return f"{what} {reading.axis}; {word} no curve, three do"


def _fitted(reading: Reading) -> str:
    last = max(reading.levels)
    if reading.gain is not None and reading.gain[1] < 0:
        return f"{_about(reading)} gets worse with more {reading.axis}: {_span(reading)}"
    if reading.needed is None:
        return _out_of_reach(reading, last)
    value, low, high = reading.needed
    target = value_text(reading.metric, reading.target)
    first = min(reading.levels)
    if value <= first:
        return (
            f"{target} {_about(reading)} takes no more than {_exact(first)} {reading.axis}, "
            f"the fewest measured{_at_most(high, first, reading.reach)}"
        )
    least = "fewer" if low is None else number_text(low)
    most = f"more than {number_text(reading.reach)}" if high is None else number_text(high)
    bounds = f"[{least}, {most}]"
    beyond = f", beyond the {_exact(last)} that were measured" if value > last else ""
    if reading.axis == "exposures":
        return (
            f"a fact must be shown about {number_text(value)} times {bounds}{beyond} "
            f"for {target} recall in {reading.task}"
        )
    return f"{target} {_about(reading)} needs about {number_text(value)} examples {bounds}{beyond}"


def _out_of_reach(reading: Reading, last: float) -> str:
    target = value_text(reading.metric, reading.target)
    rested = {point.x for point in reading.points if point.n >= MIN_SLICE}
    best = max((level for x, level in reading.levels.items() if x in rested), default=0.0)
    lead = f"{reading.need} in {reading.task}"
    if best >= reading.target:
        x = next(x for x in reading.levels if x in rested and reading.levels[x] == best)
        ends = "" if reading.limit is None else f" at {value_text(reading.metric, reading.limit)}"
        return (
            f"{lead}: {value_text(reading.metric, best)} was measured at {_exact(x)} "
            f"{reading.axis}, but the curve levels off{ends}, below {target}"
        )
    said = (
        f"{lead}: no size up to {_exact(last)} {reading.axis} reaches {target} ({_span(reading)})"
    )
    if reading.axis == "exposures":
        said = f"{lead}: even {_exact(last)} exposures do not reach {target} ({_span(reading)})"
    if reading.gain is not None and reading.gain[0] <= 0:
        return f"{said}, and no gain with more is shown"
    return f"{said}; what more would do is beyond the data"


def _about(reading: Reading) -> str:
    return f"{reading.need} in {reading.task}"


def _span(reading: Reading) -> str:
    """The first and the last level measured: "12 % at 25, 34 % at 800"."""
    ends = dict.fromkeys((min(reading.levels), max(reading.levels)))
    return ", ".join(f"{_level(reading, x)} at {_exact(x)}" for x in ends)


def _level(reading: Reading, x: float) -> str:
    """A level; with its interval where one point alone is behind it."""
    text = value_text(reading.metric, reading.levels[x])
    behind = [point for point in reading.points if point.x == x]
    if len(behind) == 1 and behind[0].low is not None and behind[0].high is not None:
        bounds = range_text(reading.metric, behind[0].low, behind[0].high)
        return f"{text} [{bounds.removeprefix('95 % interval ')}]"
    return text


def _at_most(high: float | None, first: float, reach: float) -> str:
    if high is not None and high <= first:
        return ""
    most = f"more than {number_text(reach)}" if high is None else number_text(high)
    return f" [up to {most}]"


def _exact(x: float) -> str:
    return f"{x:,.0f}" if float(x).is_integer() else f"{x:,.1f}"


def trained_text(name: str, epochs: float) -> str:
    """An adapter and how often each of its rows was trained on: "lora, 3 epochs"."""
    whole = int(epochs) if float(epochs).is_integer() else epochs
    return (
        f"{name}, {many(whole, 'epoch')}" if isinstance(whole, int) else f"{name}, {whole:g} epochs"
    )
