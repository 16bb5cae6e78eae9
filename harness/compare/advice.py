"""What to do, from the numbers: per need the simplest candidate that nothing is shown to beat."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.compare.evidence import Basis, Evidence, headlines
from harness.compare.intervals import Z80, Z95
from harness.compare.pairs import adapted, base_of, parts
from harness.compare.words import comparison_text, listing, summary_text
from harness.records import Candidate, Comparison, Metric, Summary

NEEDS = ("style", "terminology", "facts")


@dataclass(frozen=True, slots=True)
class _Pick:
    """The advised candidate for a need, the best one, and all that are not shown worse."""

    need: str
    task: str
    metric: Metric
    chosen: Candidate
    best: Candidate
    tied: tuple[Candidate, ...]


def advise(basis: Basis) -> tuple[str, ...]:
    """One sentence per need that was measured, then one on fine-tuning, RAG or both.

    A task that is taught and serves none of the needs is a need of its own.

    Gold context is an oracle that nobody can deploy and is never advised. Of a need's headline
    metrics and tasks, the one with most measured cases speaks, if two candidates answered it.
    """
    evidence, metrics = basis.evidence, basis.metrics
    usable = [candidate for candidate in basis.candidates if candidate.context != "gold"]
    picks = []
    for need in NEEDS:
        pick = _pick(evidence, need, headlines(metrics, need), usable, basis.tasks)
        if pick is not None:
            picks.append(pick)
    for task in basis.tasks:
        own = [m for m in headlines(metrics, "other") if (task, m.name) in basis.taught]
        pick = _pick(evidence, f"task {task}", own, usable, [task])
        if pick is not None:
            picks.append(pick)
    if not picks:
        return ("No advice: no headline metric was measured on two candidates.",)
    base = base_of(basis.candidates)
    said = tuple(_sentence(pick, evidence, base) for pick in picks)
    return (*said, _overall(picks))


def cost_order(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Simplest first: fewer axes, then no adapter, then no context, then as listed."""
    return sorted(candidates, key=lambda c: (parts(c), adapted(c), c.context != "none"))


def more_cases(comparison: Comparison) -> int | None:
    """How many more cases would show the observed difference with 80 % power, if it is real."""
    difference, low, high = comparison.difference, comparison.low, comparison.high
    if not difference or low is None or high is None:
        return None
    se = (high - low) / (2 * Z95)
    needed = math.ceil(comparison.n * ((Z95 + Z80) * se / difference) ** 2)
    return max(1, needed - comparison.n)


def _pick(
    evidence: Evidence,
    need: str,
    metrics: Sequence[Metric],
    candidates: Sequence[Candidate],
    tasks: Sequence[str],
) -> _Pick | None:
    options = []
    for task in tasks:
        for metric in metrics:
            measured = _measured(evidence, task, metric, candidates)
            if len(measured) > 1:  # one candidate alone is no choice
                options.append((max(s.n for s in measured.values()), task, metric, measured))
    if not options:
        return None
    _, task, metric, measured = max(options, key=lambda option: option[0])
    sign = -1 if metric.better == "lower" else 1
    ordered = [c for c in cost_order(candidates) if c.name in measured]
    best = max(ordered, key=lambda c: sign * (measured[c.name].mean or 0.0))
    tied = tuple(
        c for c in ordered if c is best or not _beaten(evidence, (best, c), metric, measured)
    )
    return _Pick(need, task, metric, tied[0], best, tied)


def _measured(
    evidence: Evidence, task: str, metric: Metric, candidates: Sequence[Candidate]
) -> dict[str, Summary]:
    found = ((c.name, evidence.summary(task, metric.name, "all", c.name)) for c in candidates)
    return {name: s for name, s in found if s is not None and s.mean is not None}


def _beaten(
    evidence: Evidence,
    pair: tuple[Candidate, Candidate],
    metric: Metric,
    measured: dict[str, Summary],
) -> bool:
    """Whether the first is shown better; by intervals that do not meet if never compared."""
    best, other = measured[pair[0].name], measured[pair[1].name]
    comparison = evidence.comparison(best.task, metric.name, "all", pair)
    if comparison is not None and comparison.n:
        return comparison.outcome == "better"
    if best.low is None or best.high is None or other.low is None or other.high is None:
        return False
    return best.high < other.low if metric.better == "lower" else best.low > other.high


def _sentence(pick: _Pick, evidence: Evidence, base: Candidate | None) -> str:
    task, metric = pick.task, pick.metric
    level = evidence.summary(task, metric.name, "all", pick.chosen.name)
    if level is None:
        raise ValueError(f"'{pick.chosen.name}' was picked without a summary")
    shown = f"{metric.name} in {task}: {summary_text(metric, level)}"
    if parts(pick.chosen) == 0:
        text = f"For {pick.need}, nothing is shown to beat {pick.chosen.name} ({shown})."
    else:
        lead = ""
        if base is not None and base is not pick.chosen:
            over = evidence.comparison(task, metric.name, "all", (pick.chosen, base))
            if over is not None and over.n:
                lead = f"; against {base.name} {comparison_text(metric, over)}"
        text = f"For {pick.need}, use {pick.chosen.name} ({shown}{lead})."
    return text + _rival(pick, evidence)


def _rival(pick: _Pick, evidence: Evidence) -> str:
    """Why a higher mean was passed over, and how many cases would settle it."""
    if pick.best is pick.chosen:
        return ""
    pair = (pick.best, pick.chosen)
    rival = evidence.comparison(pick.task, pick.metric.name, "all", pair)
    if rival is None or not rival.n:
        return f" {pick.best.name} scored higher, but the two were not compared."
    text = f" Inconclusive: the lead of {pick.best.name} is not shown"
    text += f" ({comparison_text(pick.metric, rival)})"
    more = more_cases(rival)
    return (
        f"{text}; about {more:,} more cases would settle it if the lead is real."
        if more
        else f"{text}."
    )


def _overall(picks: Sequence[_Pick]) -> str:
    by_means: dict[str, list[str]] = {}
    for pick in picks:
        by_means.setdefault(_means(pick.chosen), []).append(pick.need)
    plan = "; ".join(f"{means} for {listing(needs)}" for means, needs in by_means.items())
    text = f"{plan[0].upper()}{plan[1:]}."
    if len({pick.chosen.name for pick in picks}) < 2:
        return text
    common = [c for c in picks[0].tied if all(c in pick.tied for pick in picks[1:])]
    if common:
        return f"{text} One for all: {common[0].name} is not shown worse than the best at any."
    return f"{text} No single candidate matches the best at all of them."


def _means(candidate: Candidate) -> str:
    used = []
    if adapted(candidate):
        used.append("fine-tuning")
    if candidate.context != "none":
        used.append("RAG")
    if candidate.prompt is not None:
        used.append("prompting")
    return listing(used) if used else "the base as it is"
