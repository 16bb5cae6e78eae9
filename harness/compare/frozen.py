"""What an adapter gained on facts that changed, against what it gained on those that did not."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.compare.apart import Contrast, apart
from harness.compare.evidence import Evidence
from harness.compare.intervals import Z80, Z95
from harness.compare.paired import outcome_of
from harness.compare.words import value_text
from harness.records import Comparison, Metric, Summary


@dataclass(frozen=True, slots=True)
class Gap:
    """Changed less unchanged, net of the baseline; what is compared, and the levels, in words."""

    comparison: Comparison
    contrast: str
    levels: str


def gap_of(
    control: Comparison, changed: Comparison, metric: Metric, evidence: Evidence
) -> Gap | None:
    """The gain on changed facts less that on unchanged ones; None where one was not measured.

    The two slices share no fact, so their errors are independent. A baseline that answers all of
    both alike (it knows none of them, say) has nothing to take off: then the candidate's two levels
    are compared, and the interval is one of a difference of shares.
    """
    own = [evidence.summary(c.task, c.metric, c.slice, c.candidate) for c in (changed, control)]
    base = [evidence.summary(c.task, c.metric, c.slice, c.baseline) for c in (changed, control)]
    sides = [_gain(changed), _gain(control)]
    flat = same_everywhere(base, metric) and [s and s.n for s in own] == [s and s.n for s in base]
    if flat:
        sides = [_level(one) for one in own]
    left, right = sides
    if left is None or right is None:
        return None
    found = apart(left, right)
    record = replace(
        changed,
        n=found.n,
        difference=found.effect,
        low=found.low,
        high=found.high,
        p_value=found.p_value,
        mde=(Z95 + Z80) * (found.high - found.low) / (2 * Z95),
        outcome=outcome_of(metric, found.low, found.high),
    )
    contrast = f"{changed.candidate}: {changed.slice} − {control.slice}, net of {changed.baseline}"
    return Gap(record, contrast, _levels(changed, metric, own, base, flat=flat))


def same_everywhere(levels: Sequence[Summary | None], metric: Metric) -> bool:
    """Whether all means are one end of the metric's range, so that every answer has it."""
    means = {one.mean if one is not None else None for one in levels}
    return len(means) == 1 and bool(means & {metric.lower, metric.upper} - {None})


def _gain(one: Comparison) -> Contrast | None:
    if one.difference is None or one.low is None or one.high is None:
        return None
    return Contrast(one.difference, one.low, one.high, one.n)


def _level(one: Summary | None) -> Contrast | None:
    if one is None or one.mean is None or one.low is None or one.high is None:
        return None
    return Contrast(one.mean, one.low, one.high, one.n)


def _levels(
    changed: Comparison,
    metric: Metric,
    own: Sequence[Summary | None],
    base: Sequence[Summary | None],
    *,
    flat: bool,
) -> str:
    """What both have of both kinds of facts: "lora has 0 % … where facts changed against …"."""
    means = [one.mean for one in (*own, *base) if one is not None and one.mean is not None]
    where = f"{metric.name} in {changed.task}"
    if len(means) < 4:
        return f"{changed.candidate} on {where}, changed facts against unchanged ones"
    said = [value_text(metric, mean) for mean in means]
    text = f"{changed.candidate} has {said[0]} on {where} where facts changed "
    text += f"against {said[1]} where they did not, {changed.baseline} "
    return text + (f"{said[2]} on both" if flat else f"{said[2]} and {said[3]}")
