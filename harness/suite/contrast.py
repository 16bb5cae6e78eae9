"""What a good, an empty, a stale and a wrong answer score: what a suite's scorers can tell."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from statistics import fmean

from harness.records import Answer, Case, Fact, Passage, Suite, Task, Version
from harness.suite.facts import at
from harness.suite.leak import normalise
from harness.suite.scorers import construct, resources, scored

KINDS = ("good", "empty", "stale", "wrong")
ARROWS = {"higher": "↑", "lower": "↓", "neither": "·"}


@dataclass(frozen=True, slots=True)
class Contrast:
    """Mean of one metric over a task's cases by kind of answer; None where nothing is measured.

    `cases` counts the references that were measured.
    """

    task: str
    scorer: str
    metric: str
    better: str
    cases: int
    good: float | None
    empty: float | None
    stale: float | None
    wrong: float | None


def contrasts(suite: Suite) -> list[Contrast]:
    """Every metric that is no diagnostic, task by task.

    good: the reference. stale: of a fact that had another value before, the reference with that
    value. wrong: the reference with a value that was never true, where the fact names one, else
    the reference of another case.
    """
    facts = {fact.id: fact for fact in suite.facts}
    texts = {document.id: document for document in suite.documents}
    found = []
    for task in suite.tasks:
        built, _ = construct(task, resources(suite, task))
        answers = [_answers(place, task.cases, facts) for place in range(len(task.cases))]
        for name, scorer in built.items():
            tables: dict[str, dict[str, list[float]]] = {
                metric.name: {kind: [] for kind in KINDS} for metric in scorer.metrics
            }
            for case, by_kind in zip(task.cases, answers, strict=True):
                read = tuple(
                    Passage(d.id, d.title, d.text) for key in case.gold if (d := texts.get(key))
                )
                for kind, text in by_kind.items():
                    for score in scored(scorer, case, Answer(case.id, text, passages=read)):
                        if score.value is not None:
                            tables[score.metric][kind].append(score.value)
            found += [
                _contrast(task, name, metric.name, metric.better, tables[metric.name])
                for metric in scorer.metrics
                if not metric.diagnostic
            ]
    return found


def _contrast(
    task: Task, scorer: str, metric: str, better: str, values: dict[str, list[float]]
) -> Contrast:
    means = {kind: fmean(values[kind]) if values[kind] else None for kind in KINDS}
    return Contrast(task.name, scorer, metric, better, len(values["good"]), **means)


def _answers(place: int, cases: Sequence[Case], facts: dict[str, Fact]) -> dict[str, str]:
    """The text of each kind of answer that can be made for the case at a place."""
    case = cases[place]
    found = {"good": case.reference, "empty": ""}
    fact = facts.get(case.fact or "")
    now = at(fact, case.as_of) if fact and case.as_of else None
    if fact and now and case.as_of:
        old = [v for v in fact.versions if v.valid_from < now.valid_from and v.value != now.value]
        if old:
            found["stale"] = swapped(case.reference, now, old[-1].value)
        if fact.placebo:
            found["wrong"] = swapped(case.reference, now, fact.placebo[0])
    if "wrong" not in found:
        other = _other(place, cases)
        found |= {"wrong": other} if other else {}
    return found


def swapped(text: str, now: Version, value: str) -> str:
    """The text with another value in place of the one that holds; the value alone if it is not."""
    for said in sorted((now.value, *now.aliases), key=len, reverse=True):
        pattern = rf"(?<!\w){re.escape(said)}(?!\w)"
        changed, count = re.subn(pattern, lambda _: value, text, flags=re.IGNORECASE)
        if count:
            return changed
    return value


def _other(place: int, cases: Sequence[Case]) -> str:
    """The reference of a case that stands far away and says something else, or ''."""
    own, start = normalise(cases[place].reference), (place + len(cases) // 2) % len(cases)
    after = chain(cases[start:], cases[:start])
    return next((c.reference for c in after if normalise(c.reference) != own), "")


def lines(found: Sequence[Contrast]) -> Iterator[str]:
    """A table of at most 80 columns."""
    yield f"{'task':<14} {'metric':<27}   {'cases':>6}" + "".join(f"{kind:>7}" for kind in KINDS)
    for one in found:
        values = (one.good, one.empty, one.stale, one.wrong)
        cells = "".join(f"{_number(value):>7}" for value in values)
        head = f"{_cut(one.task, 14):<14} {_cut(one.metric, 27):<27} {ARROWS[one.better]}"
        yield f"{head} {one.cases:>6,}{cells}"
    yield "good: the reference; stale: it, with the value before; wrong: it, with a value"
    yield "never true, or another case's reference. ↑ more is better, ↓ less. A scorer that"
    yield "gives a wrong answer what it gives a good one measures form, not content."


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}" if abs(value) < 1000 else f"{value:.0f}"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
