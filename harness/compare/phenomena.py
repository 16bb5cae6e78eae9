"""What became of the author's expectations: shown, reversed, not shown, or not measured."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import sqrt
from statistics import fmean

from statsmodels.stats.multitest import multipletests

from harness.compare.apart import Contrast, apart
from harness.compare.calibration import Calibration, calibrate
from harness.compare.evidence import Evidence
from harness.compare.intervals import ALPHA, TINY
from harness.compare.words import change_text, range_text, value_text
from harness.records import (
    Arm,
    Candidate,
    Case,
    Comparison,
    Expectation,
    Metric,
    Phenomenon,
    ScoredAnswer,
    Summary,
)


def wanted_pairs(expectations: Iterable[Expectation]) -> list[tuple[str, str]]:
    """The (candidate, baseline) pairs that `observe` reads comparisons of, each once."""
    pairs: dict[tuple[str, str], None] = {}
    for one in expectations:
        other = one.net_of or one.against.candidate
        if other != one.arm.candidate:
            pairs[one.arm.candidate, other] = None
    return list(pairs)


def observe(
    expectations: Sequence[Expectation],
    comparisons: Sequence[Comparison],
    summaries: Sequence[Summary],
    metrics: Sequence[Metric],
    cases: Sequence[Case],
    answers: Sequence[ScoredAnswer],
    seed: int = 0,
) -> tuple[Phenomenon, ...]:
    """Every expectation with its verdict.

    One candidate against another on the same cases is paired; two groups of cases are compared
    by their means' intervals (MOVER, Zou and Donner 2008, doi 10.1002/sim.3095). Where both
    groups rest on the same clusters and pull apart, the interval is the wider; where they go
    together it is not narrowed. P-values are corrected by Holm over the suite's expectations.
    """
    evidence = Evidence(comparisons, summaries)
    known = {metric.name: metric for metric in metrics}
    values = Values(answers, cases)
    seen = [
        contrast_of(one, evidence, values) if one.kind == "contrast" else None
        for one in expectations
    ]
    p_values = [contrast.p_value for contrast in seen if contrast]
    corrected = iter(multipletests(p_values, method="holm")[1] if p_values else [])
    found = []
    for one, contrast in zip(expectations, seen, strict=True):
        if one.kind == "calibration":
            found.append(_calibrated(one, cases, evidence, seed))
        elif contrast is None or one.arm.metric not in known:
            what = f"{one.says}: not measured"
            found.append(Phenomenon(one, "not measured", what))
        else:
            found.append(_judged(one, contrast, float(next(corrected)), known[one.arm.metric]))
    return tuple(found)


class Values:
    """Measured values of an arm's cases, and the clusters of all cases."""

    def __init__(self, answers: Sequence[ScoredAnswer], cases: Sequence[Case]) -> None:
        self.clusters = {case.id: case.cluster for case in cases}
        self._tags = {case.id: ("all", *case.tags) for case in cases}
        self._answers: dict[tuple[str, str], list[ScoredAnswer]] = defaultdict(list)
        for answer in answers:
            self._answers[answer.task, answer.candidate].append(answer)

    def of(self, arm: Arm, net_of: str | None = None) -> dict[str, float]:
        """By case; minus those of another candidate, on the cases that both have, if named."""
        drawn: dict[str, list[float]] = {}
        for answer in self._answers[arm.task, arm.candidate]:
            if arm.slice in self._tags[answer.case]:
                for score in answer.scores:
                    if score.metric == arm.metric and score.value is not None:
                        drawn.setdefault(answer.case, []).append(score.value)
        found = {case: fmean(values) for case, values in drawn.items()}
        if net_of is None:
            return found
        other = self.of(replace(arm, candidate=net_of))
        return {case: value - other[case] for case, value in found.items() if case in other}

    def alike(self, arms: Iterable[Arm], other: str) -> bool:
        """Whether another candidate has one value on all cases of these arms, none left out."""
        seen: set[float] = set()
        for arm in arms:
            own, base = self.of(arm), self.of(replace(arm, candidate=other))
            if own.keys() != base.keys():
                return False
            seen |= set(base.values())
        return len(seen) == 1


def contrast_of(one: Expectation, evidence: Evidence, values: Values) -> Contrast | None:
    """The expectation's effect, or None where a side of it was not measured.

    A `net_of` that has one and the same value on all cases of both arms has nothing to take off:
    then two levels are compared, and the interval ends where a difference of levels can.
    """
    same = replace(one.against, candidate=one.arm.candidate) == one.arm
    if same and one.net_of is None:
        return _paired(one.arm, one.against, evidence)
    flat = one.net_of is not None and values.alike((one.arm, one.against), one.net_of)
    sides = []
    for arm in (one.arm, one.against):
        if one.net_of is None or flat:
            sides.append(_mean(arm, evidence))
        else:
            sides.append(_paired(arm, replace(arm, candidate=one.net_of), evidence))
    left, right = sides
    if left is None or right is None:
        return None
    ours, theirs = (values.of(arm, one.net_of) for arm in (one.arm, one.against))
    return apart(left, right, opposed(ours, theirs, values.clusters))


def opposed(
    left: Mapping[str, float], right: Mapping[str, float], clusters: Mapping[str, str]
) -> float:
    """The correlation of two means through the clusters that both rest on, from -1 to 0.

    Above 0 it would narrow the difference's interval, and counts as 0.
    """
    pulls: list[dict[str, float]] = []
    for values in (left, right):
        mean = sum(values.values()) / max(1, len(values))
        pull: dict[str, float] = defaultdict(float)
        for case, value in values.items():
            pull[clusters[case]] += value - mean
        pulls.append(pull)
    first, second = pulls
    size = sqrt(sum(x * x for x in first.values()) * sum(x * x for x in second.values()))
    together = sum(pull * second.get(cluster, 0.0) for cluster, pull in first.items())
    return max(-1.0, min(0.0, together / size)) if size > TINY else 0.0


def _paired(arm: Arm, against: Arm, evidence: Evidence) -> Contrast | None:
    pair = Candidate(arm.candidate), Candidate(against.candidate)
    found = evidence.comparison(arm.task, arm.metric, arm.slice, pair)
    if found is None or found.difference is None or found.low is None or found.high is None:
        return None
    sides = [evidence.summary(a.task, a.metric, a.slice, a.candidate) for a in (arm, against)]
    means = [s.mean for s in sides if s is not None and s.n == found.n and s.mean is not None]
    levels = (means[0], means[1]) if len(means) == 2 else None
    p_value = 1.0 if found.p_value is None else found.p_value
    return Contrast(found.difference, found.low, found.high, found.n, p_value, levels)


def _mean(arm: Arm, evidence: Evidence) -> Contrast | None:
    """A mean as a contrast with 0."""
    found = evidence.summary(arm.task, arm.metric, arm.slice, arm.candidate)
    if found is None or found.mean is None or found.low is None or found.high is None:
        return None
    return Contrast(found.mean, found.low, found.high, found.n)


def _judged(one: Expectation, contrast: Contrast, p_holm: float, metric: Metric) -> Phenomenon:
    sign = 1 if one.direction == "higher" else -1
    worst, best = sorted((sign * contrast.low, sign * contrast.high))
    sure = p_holm < ALPHA
    effect = change_text(metric, contrast.effect)
    text = f"{effect}, {range_text(metric, contrast.low, contrast.high)}, n = {contrast.n}"
    text = f"{one.says}: {_sides(one, contrast, metric)}{text}"
    if sure and worst > one.min_effect:
        return Phenomenon(one, "shown", text, *_numbers(contrast, p_holm))
    if sure and best < 0:
        return Phenomenon(one, "reversed", text, *_numbers(contrast, p_holm))
    if not sure and (worst > one.min_effect or best < 0):
        text += f" (p = {p_holm:.2f} after Holm's correction)"
    return Phenomenon(one, "not shown", text, *_numbers(contrast, p_holm))


def _numbers(contrast: Contrast, p_holm: float) -> tuple[float, float, float, int, float]:
    return contrast.effect, contrast.low, contrast.high, contrast.n, p_holm


def _sides(one: Expectation, contrast: Contrast, metric: Metric) -> str:
    """What both reach: "changed 10 % against unchanged 62 % on recency.current in fees; "."""
    arm, against = one.arm, one.against
    if contrast.levels is None or one.net_of:
        net = f", net of {one.net_of}" if one.net_of else ""
        return f"{_named(arm, against)} against {_named(against, arm)}{net}{_about(one)}; "
    left, right = (value_text(metric, level) for level in contrast.levels)
    return f"{_named(arm, against)} {left} against {_named(against, arm)} {right}{_about(one)}; "


def _about(one: Expectation) -> str:
    """What both sides have in common: metric and task."""
    arm, against = one.arm, one.against
    text = f" on {arm.metric}" if arm.metric == against.metric else ""
    return f"{text} in {arm.task}" if arm.task == against.task else text


def _named(arm: Arm, other: Arm) -> str:
    """What tells one arm from the other."""
    keys = ("candidate", "task", "metric", "slice")
    return " ".join(getattr(arm, key) for key in keys if getattr(arm, key) != getattr(other, key))


def _calibrated(
    one: Expectation, cases: Sequence[Case], evidence: Evidence, seed: int
) -> Phenomenon:
    clusters: dict[str, int] = {}
    for case in cases:
        if case.task == one.arm.task and one.arm.slice in ("all", *case.tags):
            clusters[case.cluster] = clusters.get(case.cluster, 0) + 1
    if not clusters or _mean(one.arm, evidence) is None:
        return Phenomenon(one, "not measured", f"{one.says}: not measured")
    found: Calibration = calibrate(list(clusters.values()), seed)
    text = f"{one.says}: {found.sentence}"
    low, high = found.alarm_interval
    n = sum(clusters.values())
    return Phenomenon(one, found.verdict, text, found.alarms, low, high, n)
