"""Numbers, units and untrusted text as every report writes them.

How numbers are rounded is stated in harness/figures.py.
"""

import contextlib
import math
import os
import re
import tempfile
from pathlib import Path

from harness.errors import from_os_error
from harness.figures import percent, points, three
from harness.records import Metric, Rule, RuleResult

MISSING = "not measured"
LONGEST = 2000
"""The characters of a sentence or name that a text report shows; run.json has it whole."""

_ANSI = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]{0,2000}(?:\x07|\x1b\\)|\x1b[@-_]"
)
# C0 and C1 controls but tab and newline; bidi overrides; the two non-characters XML forbids
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_MENTION = re.compile(r"@(?=\w)")
_MARKDOWN = re.compile(r"([\\`*_\[\]|~])")


def clean(text: str) -> str:
    """Text without terminal escapes, control characters and bidi overrides.

    Lone surrogates, which no file encoding takes, become U+FFFD.
    """
    text = _ANSI.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _SURROGATE.sub("\ufffd", _CONTROL.sub("", text))


def visible(text: str) -> str:
    """Text with control characters as pictures (ESC becomes U+241B), so a reader sees them."""
    text = _CONTROL.sub(_picture, text.replace("\r\n", "\n"))
    return _SURROGATE.sub("\ufffd", text)


def _picture(match: re.Match[str]) -> str:
    code = ord(match.group())
    return chr(0x2400 + code) if code < 0x20 else "\ufffd"


def one_line(text: str, limit: int = LONGEST) -> str:
    """Clean text on one line of at most `limit` characters."""
    line = " ".join(clean(text).split())
    return f"{line[: limit - 1]}…" if len(line) > limit else line


def markdown(text: str) -> str:
    """Clean text for a Markdown paragraph or table cell: no markup, HTML, pipe or mention."""
    line = one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MENTION.sub("@\u200b", _MARKDOWN.sub(r"\\\1", line))


def amount(value: float | None, unit: str = "") -> str:
    """A quantity that is no metric's: '2,400 queries per day', '0.0008'."""
    if value is None or math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "without end"
    return f"{three(value)} {unit}".rstrip()


def spread(value: float | None, low: float | None, high: float | None, unit: str = "") -> str:
    """A quantity with its interval, which may lack an end: '2,400 queries [1,700, no bound]'."""
    said = amount(value, unit)
    if said == MISSING or (low is None and high is None):
        return said
    ends = ("no bound" if end is None or not math.isfinite(end) else three(end)
            for end in (low, high))  # fmt: skip
    return f"{said} [{', '.join(ends)}]"


def bare(value: float | None, metric: Metric) -> str:
    """A value without its unit: per cent for shares."""
    if value is None or math.isnan(value):
        return MISSING
    return percent(value) if metric.unit == "share" else three(value)


def number(value: float | None, metric: Metric) -> str:
    """A value with its unit: '93 %', '12 days', '3.1 per 1,000 words'."""
    text = bare(value, metric)
    if text == MISSING:
        return text
    return f"{text} %" if metric.unit == "share" else f"{text} {metric.unit}".rstrip()


def bounds(low: float | None, high: float | None, metric: Metric) -> str:
    """An interval without unit: '[80, 98]', or '' where there is none."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return ""
    return f"[{bare(low, metric)}, {bare(high, metric)}]"


def estimate(value: float | None, low: float | None, high: float | None, metric: Metric) -> str:
    """A mean with its interval: '93 % [80, 98]', or '3.1 [2, 4.4]' in the metric's own unit."""
    if value is None or math.isnan(value):
        return MISSING
    text = bare(value, metric) + (" %" if metric.unit == "share" else "")
    return f"{text} {bounds(low, high, metric)}".rstrip()


def change(value: float | None, metric: Metric) -> str:
    """A difference with sign and unit: '+91 pp' for shares, '+2.1 days'."""
    if value is None or math.isnan(value):
        return MISSING
    sign = "+" if value > 0 else ""
    if metric.unit == "share":
        return f"{sign}{points(value)} pp"
    return f"{sign}{three(value)} {metric.unit}".rstrip()


def difference(value: float | None, low: float | None, high: float | None, metric: Metric) -> str:
    """A difference with its interval: '+91 pp [80, 97]'."""
    return f"{change(value, metric)} {bounds(low, high, metric)}".rstrip()


def heading(metric: Metric) -> str:
    """A metric's name, with its unit where cells leave it out."""
    return metric.name if metric.unit in ("share", "") else f"{metric.name} ({metric.unit})"


def p_value(value: float | None) -> str:
    """Three decimals; never a plain zero."""
    if value is None or math.isnan(value):
        return ""
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def count(value: float | None) -> str:
    """A whole number with thousands apart."""
    return "" if value is None else f"{round(value):,}"


def seconds(value: float | None) -> str:
    """A duration: '4.2 s', '3 min 12 s', '2 h 05 min'."""
    if value is None:
        return ""
    if value < 59.95:
        return f"{value:.1f} s"
    if round(value) < 3600:
        return f"{round(value) // 60} min {round(value) % 60:02d} s"
    return f"{round(value) // 3600} h {round(value) % 3600 // 60:02d} min"


def quantity(value: float | None, unit: str) -> str:
    """A large quantity with an SI prefix: '4.7 MB', '1.2 PFLOP'."""
    if value is None:
        return ""
    for prefix, scale in (
        ("E", 1e18),
        ("P", 1e15),
        ("T", 1e12),
        ("G", 1e9),
        ("M", 1e6),
        ("k", 1e3),
    ):
        if abs(value) >= scale:
            return f"{three(value / scale)} {prefix}{unit}"
    return f"{three(value)} {unit}"


def rule(spec: Rule, metric: Metric) -> str:
    """A gate rule as a sentence."""
    if spec.metric == "adapter_mb":
        return _asked(spec, metric)
    parts = [spec.task or "all tasks", *([] if spec.kind == "budget" else [spec.metric])]
    place = ", ".join([*parts, *([spec.slice] if spec.slice != "all" else [])])
    return f"{_asked(spec, metric)} ({place})"


def _asked(spec: Rule, metric: Metric) -> str:
    other = spec.against or "nothing"
    pp = change(abs(spec.min_effect or spec.margin), metric).lstrip("+")
    limit = number(spec.value, metric)
    if spec.kind == "budget":
        what = "its adapter" if spec.metric == "adapter_mb" else "an answer"
        return f"{spec.candidate} takes at most {limit} for {what}"
    if spec.kind == "no_new_failures":
        besides = f" that {other} passes" if spec.against else ""
        return f"{spec.candidate} fails no case{besides}"
    least = f" by more than {pp}" if spec.min_effect else ""
    words = {
        "superior": f"{spec.candidate} is better than {other}{least}",
        "non_inferior": f"{spec.candidate} is at most {pp} behind {other}",
        "at_least": f"{spec.candidate} reaches at least {limit}",
        "at_most": f"{spec.candidate} stays at or below {limit}",
        "max_unmeasured": f"{spec.candidate} has at most {percent(spec.value)} % unmeasured",
    }
    return words[spec.kind]


def measured(result: RuleResult, metric: Metric) -> str:
    """What a gate rule was judged on: a difference, a mean, a share or a count of cases."""
    value, kind = result.estimate, result.rule.kind
    if kind == "no_new_failures":
        return f"{len(result.cases)} of {count(result.n)} cases" if result.n else MISSING
    if kind == "max_unmeasured" and value is not None:
        return f"{100 * value:.1f} % unmeasured"
    if kind in ("superior", "non_inferior"):
        return difference(value, result.low, result.high, metric)
    if result.low is None:
        return number(value, metric)
    return estimate(value, result.low, result.high, metric)


def utf8(text: str) -> str:
    """Text that UTF-8 can hold: surrogate pairs are put together, lone ones become U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def save(path: Path, content: str) -> Path:
    """Write UTF-8 beside the target and move it into place; a failure is one BenchError."""
    return save_bytes(path, content.encode("utf-8", "replace"))


def save_bytes(path: Path, data: bytes) -> Path:
    """`save` of bytes."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise from_os_error(error, f"writing {path.name}") from error
    return path
