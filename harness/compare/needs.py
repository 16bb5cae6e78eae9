"""A need with the place that speaks for it, the choice there, and how sure that choice is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from harness.compare.choosing import Choice, better_of, choose, level_of, meets, survives
from harness.compare.places import Ground, Place, simplicity
from harness.records import TARGETS, Candidate, Level, Metric

Sure = Literal["shown", "leaning", "not shown", "not measured"]


@dataclass(frozen=True, slots=True)
class Answered:
    """A need with the place that speaks for it and the choice there."""

    need: str
    place: Place
    target: float | None
    choice: Choice

    @property
    def none(self) -> bool:
        """Whether all candidates are shown to miss the target."""
        return self.choice.met == "missed"


def answer(ground: Ground, need: str) -> Answered | None:
    """The choice for a need; None where it was not measured."""
    place = next(iter(ground.places(need)), None)
    if place is None:
        return None
    target = target_of(ground.suite.decision.targets, need, place.metric)
    return Answered(need, place, target, choose(ground, place, target))


def target_of(targets: Mapping[str, float], need: str, metric: Metric) -> float | None:
    """The suite's target for a need; the default holds for shares of which more is better."""
    if need in targets:
        return targets[need]
    return TARGETS.get(need) if metric.unit == "share" and metric.better == "higher" else None


def elsewhere(ground: Ground, found: Answered) -> tuple[Level, ...]:
    """The chosen candidate's other levels of the need, the worst of each task, the worst first."""
    name = found.choice.candidate.name
    ranked = sorted(_others(ground, found), key=lambda p: level_of(p.measured[name], p.metric))
    first = {place.task: place for place in reversed(ranked)}
    return tuple(
        Level(p.task, p.metric.name, p.slice, one.mean, one.low, one.high, one.n)
        for p in ranked
        if first[p.task] is p and (one := p.measured[name]).mean is not None
    )


def _others(ground: Ground, found: Answered) -> list[Place]:
    """The other places of a need that the chosen candidate was asked in."""
    own, name = (found.place.task, found.place.metric), found.choice.candidate.name
    every = ground.places(found.need)
    return [p for p in every if (p.task, p.metric) != own and name in p.measured]


def missed_elsewhere(ground: Ground, found: Answered) -> str:
    """Another task of the need in which the chosen candidate is shown to miss the target, or ''."""
    name = found.choice.candidate.name
    for place in _others(ground, found):
        target = target_of(ground.suite.decision.targets, found.need, place.metric)
        if meets(place.measured[name], place.metric, target) == "missed":
            return place.task
    return ""


def sure_of(ground: Ground, found: Answered) -> Sure:
    """Whether the choice is shown, leans that way, or is not shown.

    Shown: it reaches the target, even after all candidates there had a try, and nowhere else is it
    shown to miss it; or all are shown to miss it; without a target, it beats all that are simpler.
    Leaning: its mean reaches the target, or none has a better mean and it beats all that are
    simpler.
    """
    place, chosen = found.place, found.choice.candidate
    if found.none:
        return "shown"
    ahead = _ahead(ground, place, chosen)
    if found.target is None:
        return "shown" if ahead else "not shown"
    if found.choice.met == "shown":
        sure = survives(place, chosen, found.target) and not missed_elsewhere(ground, found)
        return "shown" if sure else "leaning"
    wanted = better_of(place.metric) * found.target
    reaches = level_of(place.measured[chosen.name], place.metric) >= wanted
    return "leaning" if reaches or (ahead and chosen is found.choice.best) else "not shown"


def _ahead(ground: Ground, place: Place, chosen: Candidate) -> bool:
    """Whether the candidate is shown to beat all simpler ones there, of which there are some."""
    simpler = [
        c for c in ground.usable if c.name in place.measured and simplicity(c) < simplicity(chosen)
    ]
    return bool(simpler) and all(ground.beats(place, chosen, c) for c in simpler)
