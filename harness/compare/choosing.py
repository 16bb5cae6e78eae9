"""The choice for a need at a target, and the targets at which it would turn over."""

from dataclasses import dataclass
from math import ceil, inf
from typing import Literal

from scipy import stats

from harness.compare.intervals import Z80, Z95
from harness.compare.places import Ground, Place, plain_order, simplicity
from harness.records import Candidate, Metric, Summary

Met = Literal["shown", "not shown", "missed"]


@dataclass(frozen=True, slots=True)
class Choice:
    """A candidate for a need, whether it meets the target, and who would do as well.

    `best` has the best mean of all that were measured.
    """

    candidate: Candidate
    met: Met
    alike: tuple[Candidate, ...]
    best: Candidate


@dataclass(frozen=True, slots=True)
class Turn:
    """A target beyond which the choice is another one; `to` None: nothing is shown to reach it."""

    at: float
    to: Candidate | None


def better_of(metric: Metric) -> int:
    """1 where more is better, -1 where less is."""
    return -1 if metric.better == "lower" else 1


def bounds(summary: Summary, metric: Metric) -> tuple[float, float]:
    """The worse and the better end of a level's interval, so signed that more is better."""
    low, high = summary.low, summary.high
    if low is None or high is None:
        return -inf, inf
    return (low, high) if better_of(metric) > 0 else (-high, -low)


def level_of(summary: Summary, metric: Metric) -> float:
    """A level, so signed that more is better."""
    return -inf if summary.mean is None else better_of(metric) * summary.mean


def meets(summary: Summary, metric: Metric, target: float | None) -> Met:
    """Whether a level is shown to reach the target, shown to miss it, or neither."""
    if target is None:
        return "not shown"
    worst, best = bounds(summary, metric)
    wanted = better_of(metric) * target
    return "shown" if worst >= wanted else "missed" if best < wanted else "not shown"


def choose(ground: Ground, place: Place, target: float | None) -> Choice:
    """The simplest candidate that is shown to reach the target.

    Where none is: of those that may reach it, the simplest that the best is not shown to beat.
    Among equally simple ones, those that the best of them is not shown to beat, the cheapest, the
    first listed. Where all are shown to miss it, the choice is `missed`, of the best mean.
    """
    there = plain_order(c for c in ground.usable if c.name in place.measured)
    levels = {c.name: meets(place.measured[c.name], place.metric, target) for c in there}
    met: Met = "missed"
    for met in ("shown", "not shown", "missed"):
        pool = [c for c in there if levels[c.name] == met]
        if pool:
            break
    alike = pool if met == "shown" else unbeaten(ground, place, pool)
    plainest = [c for c in alike if simplicity(c) == simplicity(alike[0])]
    costs = ground.costs(place.task)
    chosen = min(unbeaten(ground, place, plainest), key=lambda c: costs.get(c.name, inf))
    best = best_of(place, there)
    return Choice(best if met == "missed" else chosen, met, tuple(alike), best)


def best_of(place: Place, candidates: list[Candidate]) -> Candidate:
    """The candidate with the best mean, the first of such."""
    return max(candidates, key=lambda c: level_of(place.measured[c.name], place.metric))


def unbeaten(ground: Ground, place: Place, candidates: list[Candidate]) -> list[Candidate]:
    """Those that the one with the best mean is not shown to beat."""
    best = best_of(place, candidates)
    return [c for c in candidates if c is best or not ground.beats(place, best, c)]


def turns(ground: Ground, place: Place, target: float) -> tuple[Turn | None, Turn | None]:
    """The nearest lower and the nearest higher target at which something else is shown to do.

    Choices change only where a target passes an end of an interval.
    """
    metric = place.metric
    wanted = better_of(metric) * target
    now = choose(ground, place, target)
    ends = sorted({bounds(s, metric)[0] for s in place.measured.values()} - {-inf})
    lower = higher = None
    for end in reversed([e for e in ends if e < wanted]):  # at this target, its owner is shown
        found = choose(ground, place, better_of(metric) * end)
        if found.met == "shown" and (now.met != "shown" or found.candidate is not now.candidate):
            lower = Turn(better_of(metric) * end, found.candidate)
            break
    above = [e for e in ends if e >= wanted] if now.met == "shown" else []
    for at, end in enumerate(above):
        if at + 1 == len(above):
            higher = Turn(better_of(metric) * end, None)
            break
        found = choose(ground, place, better_of(metric) * above[at + 1])
        if found.candidate is not now.candidate:
            higher = Turn(better_of(metric) * end, found.candidate)
            break
    return lower, higher


def survives(place: Place, candidate: Candidate, target: float) -> bool:
    """Whether that a candidate reaches the target stays shown though several had a try.

    Bonferroni over the k candidates that are not shown to miss it: the interval is that of
    1 - 0.05/k, its end scaled as a normal one's would be.
    """
    summary = place.measured[candidate.name]
    worst, _ = bounds(summary, place.metric)
    mean = level_of(summary, place.metric)
    wider = float(stats.norm.isf(0.025 / tries(place, target))) / Z95
    return mean - wider * (mean - worst) >= better_of(place.metric) * target


def tries(place: Place, target: float) -> int:
    """How many candidates are not shown to miss a target."""
    return sum(meets(s, place.metric, target) != "missed" for s in place.measured.values())


def cases_to_show(place: Place, candidate: Candidate, target: float) -> int | None:
    """How many more cases would show with 80 % power that a level as measured meets the target.

    None where the level is no better than the target.
    """
    summary = place.measured[candidate.name]
    worst, _ = bounds(summary, place.metric)
    mean = level_of(summary, place.metric)
    ahead = mean - better_of(place.metric) * target
    if ahead <= 0 or worst == -inf:
        return None
    needed = ceil(summary.n * ((Z95 + Z80) / Z95 * (mean - worst) / ahead) ** 2)
    return max(1, needed - summary.n)
