"""Why a candidate is the answer to a need, and what would change that, in words."""

from harness.compare.advice import more_cases
from harness.compare.choosing import (
    Turn,
    better_of,
    cases_to_show,
    level_of,
    meets,
    tries,
    turns,
)
from harness.compare.needs import Answered, elsewhere, missed_elsewhere, sure_of
from harness.compare.pairs import base_of
from harness.compare.places import KINDS, Ground, Place
from harness.compare.words import change_text, listing, range_text, value_text
from harness.records import Candidate, Comparison, Metric, Summary

HARDLY = 20
"""Times the cases at hand, beyond which more of them are no advice."""


def where(place: Place) -> str:
    """A place in words: "recency.current in fees, slice changed"."""
    part = "" if place.slice == "all" else f", slice {place.slice}"
    return f"{place.metric.name} in {place.task}{part}"


def level_text(metric: Metric, level: Summary) -> str:
    """A level as part of a sentence: "93 % (95 % interval 80 to 97, n = 40)"."""
    if level.mean is None or level.low is None or level.high is None:
        return "no measured level"
    text = f"{value_text(metric, level.mean)} ({range_text(metric, level.low, level.high)}"
    return f"{text}, n = {level.n})"


def why(ground: Ground, found: Answered) -> str:
    """What the choice rests on: its level, the target, and the base."""
    place, choice, metric = found.place, found.choice, found.place.metric
    chosen = choice.candidate
    level = level_text(metric, place.measured[chosen.name])
    said = [f"{chosen.name} has {level} on {where(place)}."]
    if found.target is not None:
        wanted = value_text(metric, found.target)
        said = _against_target(ground, found, wanted, level)
    base = base_of(ground.everyone)
    if len(place.measured) == 1:
        said.append("No other candidate was measured there.")
    elif base is None or base.name not in place.measured:
        said.append("The base was not asked there.")
    elif base is not chosen:
        said.append(_over(metric, ground.versus(place, chosen, base), chosen, base))
    return " ".join([*said, *_elsewhere(ground, found)])


def _elsewhere(ground: Ground, found: Answered) -> list[str]:
    """The candidate's level in the other tasks of the need, the worst two of them."""
    metrics = {metric.name: metric for metric in ground.run.metrics}
    said = [
        f"{value_text(metrics[one.metric], one.mean)} on {one.metric} in {one.task} (n = {one.n})"
        for one in elsewhere(ground, found)[:2]
    ]
    return [f"Elsewhere it has {listing(said)}."] if said else []


def _against_target(ground: Ground, found: Answered, wanted: str, level: str) -> list[str]:
    place, choice = found.place, found.choice
    chosen = choice.candidate
    if found.none:
        lead = "the best is" if choice.best is chosen else "nothing is shown to beat"
        place_text = f"{wanted} wanted on {where(place)}"
        return [f"No candidate reaches the {place_text}: {lead} {chosen.name} with {level}."]
    said = [f"{chosen.name} has {level} on {where(place)}, where {wanted} is wanted."]
    if choice.met != "shown":
        reached = level_of(place.measured[chosen.name], place.metric) >= (
            better_of(place.metric) * (found.target or 0.0)
        )
        mean = "Its mean reaches that, but its interval does not show it."
        said.append(mean if reached else "Its interval reaches that, its mean does not.")
    elif missed := missed_elsewhere(ground, found):
        said.append(f"In {missed} it is shown to miss what is wanted.")
    elif sure_of(ground, found) != "shown":
        many = tries(place, found.target or 0.0)
        said.append(f"Of {many} candidates that may reach that, one may seem to by luck.")
    elif len(choice.alike) > 1:
        others = len(choice.alike) - 1
        said.append(f"It is the simplest of {others + 1} that are shown to reach that.")
    elif len(place.measured) > 1:
        said.append("No other candidate is shown to reach that.")
    return said


def _over(metric: Metric, over: Comparison | None, chosen: Candidate, base: Candidate) -> str:
    if over is None or over.difference is None or over.low is None or over.high is None:
        return f"{chosen.name} and {base.name} share no measured case there."
    numbers = f"{change_text(metric, over.difference)}, {range_text(metric, over.low, over.high)}"
    if over.outcome == "better":
        return f"That it beats {base.name} is shown ({numbers})."
    if over.outcome == "worse":
        return f"It is worse than {base.name} ({numbers})."
    return f"That it beats {base.name} is not shown ({numbers})."


def change(ground: Ground, found: Answered) -> str:
    """What would turn the choice over: a better retriever, more cases, another target."""
    said = [_rival(ground, found)]
    if found.choice.met != "shown":
        said.insert(0, _ceiling(ground, found))
    if found.target is not None:
        more = cases_to_show(found.place, found.choice.candidate, found.target)
        if found.choice.met == "not shown" and more:
            level = found.place.measured[found.choice.candidate.name]
            text = f"About {more:,} more cases would show that it reaches the target"
            near = "Its mean is so near the target that more cases would hardly tell."
            said.append(f"{text}, if its mean is right." if more < HARDLY * level.n else near)
        said.append(turn_text(ground, found))
    return " ".join(text for text in said if text)


def turn_text(ground: Ground, found: Answered) -> str:
    """The targets at which the answer would be another one."""
    if found.target is None:
        return ""
    metric = found.place.metric
    lower, higher = turns(ground, found.place, found.target)
    said = [_turn(metric, lower, low=True), _turn(metric, higher, low=False)]
    text = "; ".join(part for part in said if part)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _turn(metric: Metric, turn: Turn | None, *, low: bool) -> str:
    if turn is None:
        return ""
    at = value_text(metric, turn.at)
    easier = (better_of(metric) > 0) == low
    if low and turn.to is not None:
        side = "or less" if easier else "or more"
        return f"with a target of {at} {side}, {turn.to.name} would be enough"
    side = "below" if easier else "above"
    if turn.to is None:
        return f"{side} {at} nothing is shown to be enough"
    return f"with a target {side} {at}, {turn.to.name} would be the answer"


def _ceiling(ground: Ground, found: Answered) -> str:
    """What the oracles of the chosen way reach: the right passage, or the right terms."""
    place, chosen = found.place, found.choice.candidate
    alike = [
        c
        for c in ground.everyone
        if c.name in place.oracles
        and ground.told(c) == ("passage" if KINDS.get(found.need) == "facts" else found.need)
    ]
    terms = KINDS.get(found.need) == "terminology"
    own = [c for c in alike if c.adapter == chosen.adapter]
    alike = own or (alike if terms else [])
    if not alike:
        return ""
    top = max(alike, key=lambda c: level_of(place.oracles[c.name], place.metric))
    level, metric = place.oracles[top.name], place.metric
    told = "the right passage" if top.context == "gold" else "the right terms"
    search = "looking terms up" if terms else "better search"
    if level.mean is None:
        return ""
    text = f"Given {told} each time, {top.name} has {value_text(metric, level.mean)}"
    if chosen.context != "none" and level_of(level, metric) <= _own(found):
        return f"{text}, no more: it is not the retriever that is lacking."
    if found.target is not None and meets(level, metric, found.target) == "missed":
        return f"{text}: {search} alone would not do."
    if level_of(level, metric) <= _own(found):
        return f"{text}: no more than without."
    able = "a better retriever" if chosen.context != "none" else "retrieval"
    return f"{text}: {search if terms else able} could come near."


def _own(found: Answered) -> float:
    return level_of(found.place.measured[found.choice.candidate.name], found.place.metric)


def crossing_text(at: tuple[float, float | None, float | None], what: str) -> str:
    """Where two costs cross: "4.3 queries per day (95 % interval 2.9 to 7.5)"."""
    value, low, high = at
    ends = " to ".join("…" if end is None else f"{end:.2g}" for end in (low, high))
    return f"{value:.2g} {what} (95 % interval {ends})"


def _rival(ground: Ground, found: Answered) -> str:
    place, best, chosen = found.place, found.choice.best, found.choice.candidate
    if best is chosen:
        return ""
    over = ground.versus(place, best, chosen)
    if over is None or over.difference is None or over.low is None or over.high is None:
        return f"{best.name} scored higher on other cases."
    metric = place.metric
    numbers = f"{change_text(metric, over.difference)}, {range_text(metric, over.low, over.high)}"
    if over.outcome == "better":
        return f"{best.name} is better still ({numbers}), more than the target asks for."
    if found.choice.met == "shown":
        return ""
    more = more_cases(over)
    settle = f"; about {more:,} more cases would settle it if it is real" if more else ""
    settle = settle if more and more < HARDLY * over.n else ""
    return f"{best.name} scored higher, which is not shown ({numbers}){settle}."
