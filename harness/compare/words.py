"""Numbers as a reader says them: shares in percent and percentage points, the rest with units."""

import math

from harness.records import Comparison, Metric, Summary


def value_text(metric: Metric, value: float) -> str:
    """A level, such as "93 %" or "2.5 days"."""
    if metric.unit == "share":
        return f"{_number(100 * value)} %"
    return f"{_number(value)} {metric.unit}".rstrip()


def change_text(metric: Metric, difference: float) -> str:
    """A difference with its sign, such as "+91 pp"."""
    if metric.unit == "share":
        return f"{_number(100 * difference, '+')} pp"
    return f"{_number(difference, '+')} {metric.unit}".rstrip()


def range_text(metric: Metric, low: float, high: float) -> str:
    """The bounds of a 95 % interval, such as "95 % interval 80 to 97"."""
    scale = 100 if metric.unit == "share" else 1
    return f"95 % interval {_number(scale * low)} to {_number(scale * high)}"


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


def amount(value: float) -> str:
    """A number to three digits, thousands apart, such as 1,230 or 0.00027."""
    if not value or not math.isfinite(value):
        return f"{value:g}"
    places = 2 - math.floor(math.log10(abs(value)))
    text = f"{round(value, places):,.{max(0, places)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _number(value: float, sign: str = "") -> str:
    digits = 0 if abs(value) >= 9.95 else 1
    rounded = round(value, digits) + 0.0  # turns -0.0 into 0.0
    if rounded and abs(rounded) < 1e15 and float(rounded).is_integer():
        digits = 0
    if not rounded:
        return "0" if abs(value) < 5e-4 else f"{value:{sign}.1g}"
    return f"{rounded:{sign}.{digits}f}"
