"""Claims answered: supported, contradicted or not shown, with Holm's correction over the run."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from scipy import stats
from statsmodels.stats.multitest import multipletests

from harness.compare.claims import FROZEN, Claim, Hypothesis, hypotheses_of, readable
from harness.compare.evidence import Basis, Evidence
from harness.compare.frozen import Gap, gap_of
from harness.compare.intervals import ALPHA, Z95
from harness.compare.words import change_text, comparison_text, listing, value_text
from harness.records import Comparison, Finding, Metric

_ANSWERS: dict[int, Literal["supported", "contradicted", "not shown"]] = {
    1: "supported",
    0: "not shown",
    -1: "contradicted",
}
KEEP_MARGIN = 0.05
"""The loss, as a share of the metric's range, that a "keeps" claim must rule out."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """A test read by itself, before the correction; `direction` +1 supports the claim."""

    test: Hypothesis
    metric: Metric
    comparison: Comparison
    direction: int
    p_value: float | None
    aside: str = ""
    gap: Gap | None = None


def find(basis: Basis) -> tuple[Finding, ...]:
    """Every claim that the run can test, on headline metrics only.

    A claim is supported or contradicted only if the 95 % interval says so and the p-value,
    corrected by Holm (1979) over all findings of the run, is below 0.05.
    """
    return judged(readable(hypotheses_of(basis), basis.candidates), basis.evidence)


def judged(tests: Iterable[Hypothesis], evidence: Evidence) -> tuple[Finding, ...]:
    """Hypotheses with their answers, one family for Holm's correction."""
    readings = [_read(test, evidence) for test in tests]
    p_values = [reading.p_value for reading in readings if reading.p_value is not None]
    corrected = iter(multipletests(p_values, method="holm")[1] if p_values else [])
    return tuple(
        _finding(
            reading,
            None if reading.p_value is None else float(next(corrected)),
            len(p_values),
            evidence,
        )
        for reading in readings
    )


def unsaid(basis: Basis) -> tuple[str, ...]:
    """A sentence on the adapters that `find` leaves out of its claims, where there are many."""
    found = hypotheses_of(basis)
    kept = readable(found, basis.candidates)
    if len(kept) == len(found):
        return ()
    told = {test.comparison.candidate for test in kept}
    left = [c.name for c in basis.candidates if c.name not in told]
    left = [n for n in left if any(test.comparison.candidate == n for test in found)]
    text = (
        f"{len(found)} claims could be tested, and {len(kept)} are: "
        "each for the adapters that the suite lists first"
    )
    return (f"{text}; of {listing(left)} see the tables" if left else text,)


def _read(test: Hypothesis, evidence: Evidence) -> _Reading:
    if test.claim is FROZEN:
        return _read_frozen(test, evidence)
    comparison = test.comparison
    direction = test.claim.sign * _direction(comparison)
    p_value = comparison.p_value
    aside = ""
    if test.claim.keeps and direction == 0:
        kept = _rules_out(comparison, test.metric)
        if kept is not None:
            direction, p_value = 1, kept
            margin = change_text(test.metric, KEEP_MARGIN * _range(test.metric)).lstrip("+")
            aside = f"a loss of {margin} or more is ruled out"
    return _Reading(test, test.metric, comparison, direction, p_value, aside)


def _read_frozen(test: Hypothesis, evidence: Evidence) -> _Reading:
    """Frozen: more stale answers on changed facts, or a gain that changed facts did not share.

    Two ways to be supported, so the p-value that counts for it is doubled (Bonferroni). Where
    stale and current answers rise together, neither side is taken. The numbers are those of the
    way that decides; where none does, of the gap between changed and unchanged facts.
    """
    changed, metric, control = test.comparison, test.metric, test.control
    gap = gap_of(control, changed, metric, evidence) if control is not None else None
    ways = (test.stale is not None) + (gap is not None)
    gained = changed.outcome == "better"
    if test.stale is not None and test.stale[1].outcome == "worse":
        rate_metric, rate = test.stale
        aside = f"{metric.name} there: {comparison_text(metric, changed)}"
        return _Reading(
            test, rate_metric, rate, 0 if gained else 1, _times(rate.p_value, ways), aside
        )
    if gained:
        return _Reading(test, metric, changed, -1, changed.p_value)
    if gap is not None:
        apart = gap.comparison.outcome == "worse"
        direction = int(apart and control is not None and control.outcome == "better")
        p_value = _times(gap.comparison.p_value, ways)
        return _Reading(test, metric, gap.comparison, direction, p_value, gap=gap)
    if test.stale is not None and test.stale[1].n:
        metric, changed = test.stale
    return _Reading(test, metric, changed, 0, _times(changed.p_value, max(1, ways)))


def _rules_out(comparison: Comparison, metric: Metric) -> float | None:
    """The p-value against a loss of the keep margin, or None where it is not ruled out."""
    if comparison.difference is None or comparison.low is None or comparison.high is None:
        return None
    better = 1 if metric.better == "higher" else -1
    gain = better * comparison.difference
    worst = comparison.low if better > 0 else -comparison.high
    margin = KEEP_MARGIN * _range(metric)
    if worst <= -margin:
        return None
    return 2 * float(stats.norm.sf((gain + margin) / ((gain - worst) / Z95)))


def _range(metric: Metric) -> float:
    if metric.lower is None or metric.upper is None:
        return 0.0
    return metric.upper - metric.lower


def _times(p_value: float | None, ways: int) -> float | None:
    return None if p_value is None else min(1.0, ways * p_value)


def _direction(comparison: Comparison) -> int:
    return {"better": 1, "worse": -1}.get(comparison.outcome, 0)


def _finding(reading: _Reading, p_holm: float | None, family: int, evidence: Evidence) -> Finding:
    claim, comparison = reading.test.claim, reading.comparison
    sure = p_holm is not None and p_holm < ALPHA
    direction = reading.direction if sure else 0
    return Finding(
        claim=claim.text,
        answer=_ANSWERS[direction],
        sentence=_sentence(reading, claim, direction, (p_holm, family), evidence),
        group=claim.groups[1] if direction < 0 else claim.groups[0],
        task=comparison.task,
        metric=comparison.metric,
        slice=comparison.slice,
        candidate=comparison.candidate,
        baseline=comparison.baseline,
        effect=comparison.difference,
        low=comparison.low,
        high=comparison.high,
        n=comparison.n,
        p_holm=p_holm,
        contrast=reading.gap.contrast if reading.gap else "",
    )


def _sentence(
    reading: _Reading,
    claim: Claim,
    direction: int,
    corrected: tuple[float | None, int],
    evidence: Evidence,
) -> str:
    lead = {1: claim.supported, -1: claim.contradicted}.get(direction)
    lead = lead or f"Not shown that {claim.text[0].lower()}{claim.text[1:]}"
    comparison, metric = reading.comparison, reading.metric
    levels = reading.gap.levels if reading.gap else _levels(comparison, metric, evidence)
    text = f"{lead}: {levels}"
    text += f" ({comparison_text(metric, comparison)})"
    if reading.aside:
        text += f"; {reading.aside}"
    text += "."
    p_holm, family = corrected
    if reading.direction and not direction and p_holm is not None:
        text += f" It does not survive Holm's correction over {family} findings (p = {p_holm:.2f})."
    elif not direction and comparison.mde is not None:
        seen = change_text(metric, comparison.mde).lstrip("+")
        text += f" With this many cases, effects under {seen} would often go unseen."
    return text


def _levels(comparison: Comparison, metric: Metric, evidence: Evidence) -> str:
    """What both candidates reach, where both means rest on the compared cases."""
    sides = [
        evidence.summary(comparison.task, metric.name, comparison.slice, name)
        for name in (comparison.candidate, comparison.baseline)
    ]
    means = [side.mean for side in sides if side is not None and side.n == comparison.n]
    levels = [value_text(metric, mean) for mean in means if mean is not None]
    where = f"{metric.name} in {comparison.task}"
    if comparison.slice != "all":
        where += f", slice {comparison.slice}"
    if len(levels) < 2:
        return f"{comparison.candidate} against {comparison.baseline} on {where}"
    return (
        f"{comparison.candidate} has {levels[0]} on {where}"
        f" against {levels[1]} for {comparison.baseline}"
    )
