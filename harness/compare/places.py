"""Where a run measured a need: a metric on the cases of a task that speak for it.

A need is looked up by what metrics measure and by the tags that facts give their cases, never by
the names of a suite. docs/decision.md says how.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from harness.compare.costs import cost_per_1000
from harness.compare.evidence import Evidence, headlines
from harness.compare.paired import compare
from harness.compare.pairs import adapted, parts, told
from harness.compare.summaries import summarise
from harness.records import (
    FACT_TAGS,
    JOINED,
    MIN_SLICE,
    NEEDS,
    Candidate,
    Case,
    Comparison,
    Metric,
    Run,
    Suite,
    Summary,
    Way,
)

FEW = 3
"""Exposures up to which a fact is rare."""
KINDS = {need: need if need in ("style", "terminology") else "facts" for need in NEEDS}
_EXPOSED = re.compile(r"exposures-(\d+)(?:(?:-to)?-(\d+|up))?$")


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where a need was measured, with the summaries there of who could serve and of oracles."""

    need: str
    task: str
    metric: Metric
    slice: str
    measured: Mapping[str, Summary]
    oracles: Mapping[str, Summary]


def exposures(tag: str) -> tuple[int, int | None] | None:
    """The least and most exposures that a tag tells of; None where it tells of none.

    >>> exposures("exposures-2-to-3"), exposures("exposures-16-up"), exposures("changed")
    ((2, 3), (16, None), None)
    """
    found = _EXPOSED.match(tag)
    if found is None:
        return None
    low = int(found[1])
    return low, None if found[2] == "up" else int(found[2] or low)


def speaks(need: str, tag: str) -> bool:
    """Whether cases with a tag are of a need of facts."""
    if need == "stable facts":
        return tag == "unchanged"
    if need == "changing facts":
        return tag == "changed"
    shown = exposures(tag)
    if need == "rare facts":
        return shown is not None and shown[0] >= 1 and shown[1] is not None and shown[1] <= FEW
    return need == "private facts" and (tag in ("private", "new") or shown == (0, 0))


def way_of(candidate: Candidate) -> Way:
    """How a candidate answers, in the words of a decision."""
    if adapted(candidate):
        return "combine" if candidate.context != "none" else "fine-tune"
    if candidate.context != "none":
        return "RAG"
    return "prompt" if candidate.prompt is not None else "base"


class Ground:
    """A run as decisions read it: who could serve, where a need was measured, and who is better."""

    def __init__(self, run: Run, suite: Suite) -> None:
        self.run, self.suite = run, suite
        self.evidence = Evidence(run.comparisons, run.summaries)
        self.everyone = [one.candidate for one in run.candidates if not one.candidate.curve]
        self.usable = [one for one in self.everyone if not self.told(one)]
        self._costs: dict[str, dict[str, float]] = {}
        self._compared: dict[tuple[str, ...], Comparison | None] = {}

    def told(self, candidate: Candidate) -> str:
        """What a candidate is told that nobody knows when the question comes; '' for nothing.

        That is the `passage` with the answer, or of `terminology` the terms that the answer
        needs; `control` stands for others in their place.
        """
        return told(candidate, self.suite.prompts)

    def named(self, name: str) -> list[Candidate]:
        """The candidate of a name, if it is one."""
        return [one for one in self.everyone if one.name == name]

    def costs(self, task: str) -> dict[str, float]:
        """What 1,000 answers to a task cost, of each candidate that answered it."""
        if task not in self._costs:
            asked = (self.run, self.suite.decision, self.suite.endpoint, task)
            self._costs[task] = {name: one.value for name, one in cost_per_1000(*asked).items()}
        return self._costs[task]

    def places(self, need: str) -> list[Place]:
        """Every place of a need, the one that speaks for it first.

        Of style and terms, tasks that ask no facts come first; of facts, tasks that were
        answered both with passages and without. Then the one with most cases.
        """
        found = []
        for task in self.run.tasks:
            for metric in self._metrics(need, task):
                part = self.slice_of(need, task)
                place = part and self._place(need, task, metric, part)
                if place:
                    found.append(place)
        return sorted(found, key=self._rank, reverse=True)

    def versus(self, place: Place, one: Candidate, other: Candidate) -> Comparison | None:
        """One against the other on the cases of a place; None where no case has both."""
        pair = (one, other)
        found = self.evidence.comparison(place.task, place.metric.name, place.slice, pair)
        if found is None:
            key = (place.task, place.metric.name, place.slice, one.name, other.name)
            if key not in self._compared:
                self._compared[key] = self.on(
                    place.task, place.metric, self._pooled(place.task, place.slice), pair
                )
            found = self._compared[key]
        return found if found is not None and found.n else None

    def beats(self, place: Place, one: Candidate, other: Candidate) -> bool:
        """Whether one is shown better than the other."""
        found = self.versus(place, one, other)
        return found is not None and found.outcome == "better"

    def _metrics(self, need: str, task: str) -> list[Metric]:
        if need in KINDS:
            return headlines(self.run.metrics, KINDS[need])
        taught = {(r.task, r.metric) for r in self.suite.rules if r.kind == "superior"}
        other = headlines(self.run.metrics, "other")
        return [m for m in other if need == f"task {task}" and (task, m.name) in taught]

    def cases(self, task: str) -> list[Case]:
        """The cases of a task."""
        return [case for case in self.run.cases if case.task == task]

    def slice_of(self, need: str, task: str) -> str:
        """The slice of a task that speaks for a need; '' where too few cases do.

        Several tags are joined, those that add no case left out.
        """
        if KINDS.get(need) != "facts":
            return "all"
        cases = self.cases(task)
        tags = {tag for case in cases for tag in case.tags}
        if need == "stable facts" and not tags & set(FACT_TAGS):
            return "all"  # a suite without dates: nothing is known to change
        held = {t: {c.id for c in cases if t in c.tags} for t in tags if speaks(need, t)}
        chosen: list[str] = []
        covered: set[str] = set()
        for tag in sorted(held, key=lambda t: (-len(held[t]), t)):
            if held[tag] - covered:
                chosen.append(tag)
                covered |= held[tag]
        if len(covered) < MIN_SLICE:
            return ""
        if len(chosen) == 1 and len(covered) == len(cases) and chosen[0] not in FACT_TAGS:
            return "all"  # a tag on every case is no slice
        return JOINED.join(chosen)

    def _place(self, need: str, task: str, metric: Metric, part: str) -> Place | None:
        names = {c.name: c for c in self.everyone}
        if JOINED in part:
            summaries: Iterable[Summary] = self._summarise(task, metric, part)
        else:
            found = (self.evidence.summary(task, metric.name, part, name) for name in names)
            summaries = [one for one in found if one is not None]
        known = {s.candidate: s for s in summaries if s.mean is not None}
        measured = {c.name: known[c.name] for c in self.usable if c.name in known}
        if not measured:
            return None
        oracles = {name: s for name, s in known.items() if name not in measured}
        return Place(need, task, metric, part, measured, oracles)

    def _rank(self, place: Place) -> tuple[bool, bool, bool, int, int]:
        there = [c for c in self.usable if c.name in place.measured]
        contexts = {c.context != "none" for c in there}
        n = max(s.n for s in place.measured.values())
        ways = len({way_of(c) for c in there})
        if KINDS.get(place.need) == "facts":
            return len(there) > 1, len(contexts) > 1, True in contexts, n, ways
        asked = {s.metric for s in self.run.summaries if s.task == place.task and s.n}
        plain = not any(m.name in asked for m in headlines(self.run.metrics, "facts"))
        return len(there) > 1, plain, True, n, ways

    def _summarise(self, task: str, metric: Metric, part: str) -> list[Summary]:
        cases = self._pooled(task, part)
        answers = [a for a in self.run.answers if a.task == task and a.case in cases]
        found = summarise(answers, list(cases.values()), [metric], self.everyone)
        return [one for one in found if one.slice == "all"]

    def on(
        self, task: str, metric: Metric, ids: Collection[str], pair: tuple[Candidate, Candidate]
    ) -> Comparison | None:
        """One candidate against another on chosen cases of a task."""
        cases = [case for case in self.cases(task) if case.id in ids]
        names = (pair[0].name, pair[1].name)
        answers = [
            a for a in self.run.answers if a.task == task and a.case in ids and a.candidate in names
        ]
        found = compare(answers, cases, [metric], pair, [names], seed=self.suite.seed)
        return next((one for one in found if one.slice == "all"), None)

    def _pooled(self, task: str, part: str) -> dict[str, Case]:
        """The cases of a slice by id, without tags."""
        tags = set(part.split(JOINED))
        return {c.id: c for c in self.cases(task) if part == "all" or tags & set(c.tags)}


def plain_order(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Simplest first: fewer axes, then no adapter, then no context, then as listed."""
    return sorted(candidates, key=simplicity)


def simplicity(candidate: Candidate) -> tuple[int, bool, bool]:
    """How much there is to a candidate: its axes, an adapter, a context."""
    return parts(candidate), adapted(candidate), candidate.context != "none"
