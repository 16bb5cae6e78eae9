"""Context: does an answer follow the passage that the candidate read, its memory, or neither?

Passage and memory agree, conflict, or training never showed the fact; after Longpre et al. 2021,
"Entity-Based Knowledge Conflicts in Question Answering" (arXiv 2109.05052).
"""

from datetime import date
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple

from harness.protocols import Resources
from harness.records import Answer, Case, Fact, Metric, Score
from harness.score.abstain import abstention
from harness.score.known import Entry, Known, know
from harness.score.options import all_errors, all_unmeasured, only
from harness.score.reading import read
from harness.score.stance import stance
from harness.score.text import quote
from harness.score.values import find

_METRICS = (
    Metric("context.followed", "says what the passage says", need="facts", binary=True, shown=True),
    Metric(
        "context.memory",
        "says what training showed although the passage says something else",
        better="lower",
        need="facts",
        binary=True,
    ),
    Metric(
        "context.neither",
        "says neither what the passage says nor what training showed",
        better="lower",
        need="facts",
        binary=True,
    ),
)


class Stated(NamedTuple):
    """A value of a fact that a text asserts: a version, or a placebo (version -1)."""

    version: int
    value: str


class _Read(NamedTuple):
    """What the passages say, what training showed, and how the two relate."""

    said: frozenset[Stated]
    memory: Stated | None
    relation: str


class Context:
    """Scores answers of candidates that read passages to cases that name a fact."""

    description: ClassVar[str] = "follows the passage, its memory, or neither"
    metrics: tuple[Metric, ...] = _METRICS

    def __init__(self, options: dict[str, Any], resources: Resources) -> None:
        only(options, (), "option for context")
        self.facts = resources.facts
        self.trained_until = resources.trained_until
        self.shown = frozenset(row.fact for row in resources.train if row.fact)
        self._known = lru_cache(maxsize=4096)(self._know)
        self._read = lru_cache(maxsize=4096)(self._reading)

    def score(self, case: Case, answer: Answer) -> list[Score]:
        """Labels are "<relation>: <what the answer says>", relation alone where unmeasured."""
        if answer.finish == "error":
            return all_errors(self.metrics, answer)
        if case.fact is None or case.fact not in self.facts:
            return all_unmeasured(self.metrics, "the case names no fact of the suite")
        if not answer.passages:
            return all_unmeasured(self.metrics, "the candidate read no passage")
        known = self._known(case.fact, case.as_of)
        if known is None:
            return all_unmeasured(self.metrics, f"fact '{case.fact}' has no value on that day")
        texts = tuple(passage.text for passage in answer.passages)
        told = self._read(case.fact, case.as_of, texts)
        if not told.said:
            reason = f"no passage states a value of fact '{case.fact}'"
            return [Score(m.name, None, "unmeasured", "absent", reason) for m in self.metrics]
        return _scores(told, answer.text, known)

    def _know(self, fact: str, as_of: date | None) -> Known | None:
        return know(self.facts[fact], as_of)

    def _reading(self, fact: str, as_of: date | None, texts: tuple[str, ...]) -> _Read:
        known = self._known(fact, as_of)
        said = frozenset(one for text in texts for one in stated(text, known)) if known else None
        memory = self._memory(self.facts[fact])
        if not said:
            return _Read(frozenset(), memory, "absent")
        if memory is None:
            return _Read(said, None, "untaught")
        return _Read(said, memory, "agree" if memory in said else "conflict")

    def _memory(self, fact: Fact) -> Stated | None:
        """The version that held when training ended, where training shows the fact."""
        taught = fact.exposures > 0 if fact.exposures is not None else fact.id in self.shown
        day = self.trained_until
        if not taught or day is None:
            return None
        for at, version in enumerate(fact.versions):
            if version.valid_from <= day and (version.valid_to is None or day < version.valid_to):
                return Stated(at, version.value)
        return None


def stated(text: str, known: Known) -> dict[Stated, str]:
    """The values of a fact that a text asserts, each with the words that say it.

    Where values overlap the longest counts. What is denied or called past is not asserted; a past
    tense alone is, unless another value stands in the present.
    """
    reading = read(text)
    found = [(span, entry) for entry in known.entries for span in find(entry.value, reading)]
    found.sort(key=lambda item: (item[0].start - item[0].end, item[0].start))
    taken: set[int] = set()
    told: dict[str, dict[Stated, str]] = {"asserted": {}, "was": {}}
    for span, entry in found:
        if taken.isdisjoint(range(*span)):
            taken.update(range(*span))
            how = stance(reading.text, *span)
            if how in told:
                told[how].setdefault(_stated(entry, known), reading.shown[span.start : span.end])
    return told["asserted"] or told["was"]


def _stated(entry: Entry, known: Known) -> Stated:
    if entry.version < 0:
        return Stated(-1, entry.value.text)
    return Stated(entry.version, known.versions[entry.version].value)


def _scores(read: _Read, text: str, known: Known) -> list[Score]:
    said = stated(text, known)
    passage = [words for value, words in said.items() if value in read.said]
    beside = [words for value, words in said.items() if value not in read.said]
    memory = read.memory is not None and read.memory in said and read.relation == "conflict"
    followed = bool(passage) and not beside
    if followed:
        how = "followed"
    elif memory:
        how = "both" if passage else "memory"
    else:
        how = "neither"
        if not said and abstention(text):
            how = "declined"
    shown = ", ".join(quote(words) for words in (*passage, *beside)) or quote(text)
    held = ", ".join(sorted(quote(value.value) for value in read.said))
    reason = f"says {shown}; the passage says {held}"
    if read.relation == "conflict" and read.memory:
        reason += f", training {quote(read.memory.value)}"
    label = f"{read.relation}: {how}"
    conflict = Score("context.memory", float(how == "memory"), "ok", label, reason)
    if read.relation != "conflict":
        why = f"passage and memory do not conflict ({read.relation})"
        conflict = Score("context.memory", None, "unmeasured", label, why)
    neither = how in ("neither", "declined")
    return [
        Score("context.followed", float(followed), "ok", label, reason),
        conflict,
        Score("context.neither", float(neither), "ok", label, reason),
    ]
