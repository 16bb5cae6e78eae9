"""The answer to a need as a record: the choice, its numbers, its words and its options."""

from harness.compare.choosing import better_of, meets
from harness.compare.needs import Answered, elsewhere, sure_of
from harness.compare.places import FEW, Ground, plain_order, way_of
from harness.compare.reasons import change, why
from harness.records import JOINED, TARGETS, Candidate, NeedResult, Option

NOT_MEASURED = {
    "style": "No headline metric of style was measured: give a task the style scorer.",
    "terminology": "No headline metric of terms was measured: give the suite a glossary, and a "
    "task the terminology scorer.",
    "stable facts": "No case asks for a fact that stayed as it was: give the suite facts with "
    "dates.",
    "changing facts": "No case asks for a fact that changed after training: give the suite facts "
    "with several versions.",
    "rare facts": f"No case asks for a fact that training shows 1 to {FEW} times: give the facts "
    "their exposures.",
    "private facts": "No case asks for a fact that training never shows: give such facts "
    "`exposures: 0`.",
}


def unanswered(ground: Ground, need: str) -> NeedResult:
    """A need that was not measured, and what is missing."""
    target = ground.suite.decision.targets.get(need, TARGETS.get(need))
    return NeedResult(need, "none", "", "not measured", NOT_MEASURED[need], target=target)


def result(ground: Ground, found: Answered) -> NeedResult:
    """The answer to a need, in words and numbers."""
    place, chosen = found.place, found.choice.candidate
    level = place.measured[chosen.name]
    return NeedResult(
        need=found.need,
        way="none" if found.none else way_of(chosen),
        candidate=chosen.name,
        sure=sure_of(ground, found),
        why=why(ground, found),
        change=change(ground, found),
        task=place.task,
        metric=place.metric.name,
        slice=place.slice,
        target=found.target,
        mean=level.mean,
        low=level.low,
        high=level.high,
        n=level.n,
        failing=_failing(ground, found),
        options=tuple(
            _option(ground, found, c)
            for c in plain_order(ground.usable)
            if c.name in place.measured
        ),
        elsewhere=elsewhere(ground, found),
    )


def _option(ground: Ground, found: Answered, candidate: Candidate) -> Option:
    level = found.place.measured[candidate.name]
    return Option(
        candidate.name,
        way_of(candidate),
        level.mean,
        level.low,
        level.high,
        level.n,
        meets(level, found.place.metric, found.target),
        ground.costs(found.place.task).get(candidate.name),
    )


def _failing(ground: Ground, found: Answered) -> int:
    """Cases of the slice in which the candidate's answer falls short.

    Short of the metric's best value where it is binary, else of the target.
    """
    place, name = found.place, found.choice.candidate.name
    metric, tags = place.metric, set(place.slice.split(JOINED))
    cases = {
        c.id
        for c in ground.run.cases
        if c.task == place.task and (place.slice == "all" or tags & set(c.tags))
    }
    wanted = found.target
    if metric.binary or wanted is None:
        wanted = metric.lower if metric.better == "lower" else metric.upper
    if wanted is None:
        return 0
    short = {
        answer.case
        for answer in ground.run.answers
        if answer.candidate == name and answer.task == place.task and answer.case in cases
        for score in answer.scores
        if score.metric == metric.name
        and score.value is not None
        and better_of(metric) * (score.value - wanted) < 0
    }
    return len(short)
