"""Numbers as a reader says them: shares in percent and percentage points, the rest with units."""

from harness.figures import percent, points, three
from harness.records import Comparison, Metric, Summary


def value_text(metric: Metric, value: float) -> str:
    """A level, such as "93 %" or "2.5 days"."""
    return f"{_bare(metric, value)} {_unit(metric, '%')}".rstrip()


def change_text(metric: Metric, difference: float) -> str:
    """A difference with its sign, such as "+91 pp"."""
    sign = "+" if difference > 0 else ""
    said = points(difference) if metric.unit == "share" else three(difference)
    return f"{sign}{said} {_unit(metric, 'pp')}".rstrip()


def range_text(metric: Metric, low: float, high: float) -> str:
    """The bounds of a 95 % interval, such as "95 % interval 80 to 97"."""
    return f"95 % interval {_bare(metric, low)} to {_bare(metric, high)}"


def comparison_text(metric: Metric, comparison: Comparison) -> str:
    """Effect, interval and n of a measured comparison: "+91 pp, 95 % interval …, n = 40"."""
    if comparison.difference is None or comparison.low is None or comparison.high is None:
        return "not measured, n = 0"
    effect = change_text(metric, comparison.difference)
    return f"{effect}, {range_text(metric, comparison.low, comparison.high)}, n = {comparison.n}"


def summary_text(metric: Metric, summary: Summary) -> str:
    """Level, interval and n of a measured summary: "93 %, 95 % interval …, n = 40"."""
    if summary.mean is None or summary.low is None or summary.high is None:
        return "not measured, n = 0"
    level = value_text(metric, summary.mean)
    return f"{level}, {range_text(metric, summary.low, summary.high)}, n = {summary.n}"


def listing(words: list[str]) -> str:
    """Words as a list in a sentence: "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _bare(metric: Metric, value: float) -> str:
    return percent(value) if metric.unit == "share" else three(value)


def _unit(metric: Metric, of_shares: str) -> str:
    return of_shares if metric.unit == "share" else metric.unit
