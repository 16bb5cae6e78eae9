"""Which candidate to use, per need and for all needs together; docs/decision.md says how."""

from collections.abc import Iterable, Mapping, Sequence

from harness.compare.answers import result, unanswered
from harness.compare.choosing import choose
from harness.compare.needs import Answered, answer, sure_of, target_of
from harness.compare.pairs import adapted
from harness.compare.places import Ground, plain_order, simplicity, way_of
from harness.compare.reasons import crossing_text, turn_text
from harness.compare.words import listing, value_text
from harness.figures import three
from harness.records import NEEDS, Candidate, Decision, Run, Suite, Way

_VERBS: dict[Way, str] = {
    "base": "keep the base as it is",
    "prompt": "prompt",
    "fine-tune": "fine-tune",
    "RAG": "retrieve",
    "combine": "fine-tune and retrieve",
}
MUCH = 0.95
"""A candidate below this share of another's cost is cheaper."""
_RANKS = {"shown": 2, "not shown": 1, "missed": 0}
Served = Mapping[str, Candidate]
"""Who serves each need."""


def decide(run: Run, suite: Suite) -> Decision | None:
    """The answer of a run; None where no need was measured."""
    ground = Ground(run, suite)
    needs = [*NEEDS, *(f"task {task}" for task in run.tasks)]
    answered = [found for need in needs if (found := answer(ground, need))]
    if not answered:
        return None
    known = {found.need: result(ground, found) for found in answered}
    able = [found for found in answered if not found.none]
    told = [found for found in able if sure_of(ground, found) != "not shown"]
    met = told or able  # what cases do not tell decides only where nothing else does
    short = [found for found in answered if found.none]
    served = _served(ground, met) if met else {}
    said = [
        _how(served) if met else "No candidate reaches what is wanted of any need.",
        _apart(met, served),
        _sure(ground, met),
        _short([found for found in able if found not in met], "Too few cases tell for"),
        _short(short, "Nothing measured is good enough for"),
        _lacking(need for need in NEEDS if need not in known),
    ]
    return Decision(
        _way(served.values()) if met else "none",
        _name(served) if met else _most([found.choice.candidate for found in short]),
        " ".join(text for text in said if text),
        tuple(known.get(n) or unanswered(ground, n) for n in needs if n in known or n in NEEDS),
        _sensitivity(ground, answered),
    )


def _served(ground: Ground, met: Sequence[Answered]) -> dict[str, Candidate]:
    """Who serves each need that can be met: one for all, else one adapter for all, else each own.

    The simplest one; of adapters, the one whose candidates are simplest together.
    """
    able = {one.need: _able(ground, one) for one in met}
    for candidate in plain_order(ground.usable):
        if all(candidate in members for members in able.values()):
            alike = [one.choice.candidate for one in met]
            alike = [c for c in alike if simplicity(c) == simplicity(candidate)]
            same = next((c for c in alike if all(c in members for members in able.values())), None)
            return dict.fromkeys(able, same or candidate)
    plans = []
    for source in dict.fromkeys(c.adapter for c in plain_order(ground.usable)):
        plan = {
            need: own[0]
            for need, members in able.items()
            if (own := [c for c in members if c.adapter == source])
        }
        plans += [plan] if len(plan) == len(able) else []
    each = {one.need: one.choice.candidate for one in met}
    return min(plans, key=lambda plan: sum(simplicity(c)[0] for c in plan.values()), default=each)


def _able(ground: Ground, found: Answered) -> list[Candidate]:
    """Candidates that serve a need as well as the chosen one, simplest first, that one foremost.

    One that was not asked where the need was decided is judged by the first other place of it.
    """
    able = list(found.choice.alike)
    judged = set(found.place.measured)
    for place in ground.places(found.need)[1:]:
        target = target_of(ground.suite.decision.targets, found.need, place.metric)
        choice = choose(ground, place, target)
        if _RANKS[choice.met] >= _RANKS[found.choice.met]:
            able += [c for c in choice.alike if c.name not in judged]
        judged |= set(place.measured)
    chosen = found.choice.candidate
    return [chosen, *(c for c in plain_order(able) if c is not chosen)]


def _how(served: Served) -> str:
    """Who serves which needs, in words, and what that takes."""
    by_candidate: dict[str, list[str]] = {}
    ways: dict[str, Way] = {}
    for need, candidate in served.items():
        by_candidate.setdefault(candidate.name, []).append(need)
        ways[candidate.name] = way_of(candidate)
    text = "; ".join(
        f"{_VERBS[ways[name]]} ({name}) for {listing(needs)}"
        for name, needs in by_candidate.items()
    )
    text = f"{text[0].upper()}{text[1:]}."
    if len(by_candidate) < 2:
        return text
    adapters = {c.adapter for c in served.values()}
    if not any(adapted(c) for c in served.values()):
        return f"{text} Nothing of it needs training."
    if len(adapters) == 1:
        return f"{text} One adapter serves them all."
    return f"{text} No single candidate serves them all."


def _apart(met: Sequence[Answered], served: Served) -> str:
    """The needs that would have another answer if they were the only one."""
    by_candidate: dict[str, list[str]] = {}
    for found in met:
        by_candidate.setdefault(found.choice.candidate.name, []).append(found.need)
    if len(set(served.values())) > 1 or len(by_candidate) < 2:
        return ""
    one = next(iter(served.values())).name
    said = [f"{name} for {listing(own)}" for name, own in by_candidate.items() if name != one]
    return f"Taken by themselves they would go elsewhere: {listing(said)}."


def _way(candidates: Iterable[Candidate]) -> Way:
    """One candidate's way, or what several take together."""
    listed = list(candidates)
    tuned = any(adapted(c) for c in listed)
    read = any(c.context != "none" for c in listed)
    if tuned:
        return "combine" if read else "fine-tune"
    if read:
        return "RAG"
    return "prompt" if any(c.prompt is not None for c in listed) else "base"


def _name(served: Served) -> str:
    """The candidate, or of several with one adapter the one with most to it; else ''."""
    candidates = list(dict.fromkeys(served.values()))
    if len({c.adapter for c in candidates}) > 1:
        return ""
    return max(candidates, key=simplicity).name


def _most(candidates: Sequence[Candidate]) -> str:
    """The name that is there most often, the first of such."""
    names = [c.name for c in candidates]
    return max(names, key=names.count)


def _sure(ground: Ground, met: Sequence[Answered]) -> str:
    by_sure: dict[str, list[str]] = {}
    for found in met:
        by_sure.setdefault(sure_of(ground, found), []).append(found.need)
    text = "; ".join(f"{sure} for {listing(needs)}" for sure, needs in by_sure.items())
    return f"How sure: {text}." if text else ""


def _short(short: Sequence[Answered], lead: str) -> str:
    """The needs that nothing is known to serve, with what comes nearest."""
    said = []
    for found in short:
        chosen, metric = found.choice.candidate, found.place.metric
        mean = found.place.measured[chosen.name].mean
        if mean is not None and found.target is not None:
            level, wanted = value_text(metric, mean), value_text(metric, found.target)
            said.append(f"{found.need} ({chosen.name} has {level}, wanted {wanted})")
    return f"{lead} {listing(said)}." if said else ""


def _lacking(needs: Iterable[str]) -> str:
    listed = listing(list(needs))
    return f"Not measured: {listed}." if listed else ""


def _sensitivity(ground: Ground, answered: Sequence[Answered]) -> tuple[str, ...]:
    """Per need, the targets and prices that would turn the answer over; then money in general."""
    said = []
    for found in answered:
        need = f"{found.need[0].upper()}{found.need[1:]}"
        text = turn_text(ground, found)
        said += [f"{need}: {text[0].lower()}{text[1:]}"] if text else []
        cheaper = "" if found.none else _cheaper(ground, found)
        said += [f"{need}: {cheaper}"] if cheaper else []
    return (*said, *_money(ground))


def _cheaper(ground: Ground, found: Answered) -> str:
    """The cheapest candidate that serves a need as well, where that is another one."""
    costs, chosen = ground.costs(found.place.task), found.choice.candidate
    priced = [c for c in found.choice.alike if c.name in costs]
    if chosen not in priced:
        return ""
    cheap = min(priced, key=lambda c: costs[c.name])
    if costs[cheap.name] >= MUCH * costs[chosen.name]:
        return ""
    pair = f"{costs[cheap.name]:.2g} instead of {costs[chosen.name]:.2g}"
    unit = f"{ground.suite.decision.currency} per 1,000 answers"
    return f"{cheap.name} is not shown worse and costs {pair} {unit}, training apart."


def _money(ground: Ground) -> list[str]:
    """Where fine-tuning and retrieval change places in money."""
    found = ground.run.break_even
    if found is None:
        return []
    who = f"Money: {found.tuned_candidate} and {found.rag_candidate} cost the same at"
    turns = ((found.by_rate, "changes per fact and day"), (found.by_volume, "queries per day"))
    both = f"{found.tuned_candidate} {three(found.tuned[0])} and {found.rag_candidate} "
    both += f"{three(found.rag[0])} {found.currency} a day"
    harm = [f"Money: {both}. {found.harm}"] if found.harm else []
    return [*harm, *(f"{who} {crossing_text(at, what)}." for at, what in turns if at is not None)]
