"""The cases and answers behind a report's numbers, as compact JSON for its case browser.

Repeated strings, passages and scores are stored once and named by their place in a list.
"""

import base64
import json
import math
import zlib
from collections.abc import Hashable
from typing import Any, Generic, TypeVar

from harness.records import Case, Run, Score, ScoredAnswer
from harness.report import text, view

PLAIN_LIMIT = 1_000_000
_CUTS = (0, 4000, 1500, 500, 200, 60)
# text never deflates further than this, so trying would only cost time
_BEST_RATIO = 12
_STATES = ("ok", "unmeasured", "error")
_ESCAPES = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}

T = TypeVar("T", bound=Hashable)


class Pool(Generic[T]):
    """Items in the order they were first met, each once."""

    def __init__(self) -> None:
        self.places: dict[T, int] = {}

    def place(self, item: T) -> int:
        """Where an item stands, adding it if it is new."""
        return self.places.setdefault(item, len(self.places))

    def items(self) -> list[T]:
        """The items in order."""
        return list(self.places)


class Builder:
    """Collects a run's cases and answers; `cut` shortens texts to that many characters."""

    def __init__(self, run: Run, cut: int) -> None:
        self.cut = cut
        self.shortened = False
        self.strings: Pool[str] = Pool()
        self.scores: Pool[tuple[Any, ...]] = Pool()
        self.passages: Pool[tuple[int, int, int]] = Pool()
        self.tasks: Pool[str] = Pool()
        self.candidates: Pool[str] = Pool()
        self.metrics: Pool[str] = Pool()
        for task in view.task_names(run):
            self.tasks.place(task)
        for result in run.candidates:
            self.candidates.place(result.candidate.name)

    def string(self, value: str) -> int:
        """The place of a text, made visible and shortened."""
        if self.cut and len(value) > self.cut:
            self.shortened = True
            value = f"{value[: self.cut]}…"
        return self.strings.place(text.visible(value))

    def score(self, score: Score) -> int:
        """The place of a score."""
        # NaN and infinity are no JSON, and no measurement either
        measured = score.value is not None and math.isfinite(score.value)
        value = round(score.value or 0.0, 4) if measured else None
        state = _STATES.index(score.state)
        words = (self.string(score.label), self.string(score.reason))
        return self.scores.place((self.metrics.place(score.metric), value, state, *words))

    def case(self, case: Case) -> list[Any]:
        """A case as [task, id, input, reference, tags, notes]."""
        notes = [f"as of {case.as_of.isoformat()}"] if case.as_of else []
        notes += [f"fact {case.fact}"] if case.fact else []
        notes += [f"gold {', '.join(case.gold)}"] if case.gold else []
        tags = [self.string(tag) for tag in case.tags]
        words = (self.string(case.input), self.string(case.reference))
        head = (self.tasks.place(case.task), self.string(case.id))
        return [*head, *words, tags, self.string(" · ".join(notes))]

    def answer(self, item: ScoredAnswer, case: int) -> list[Any]:
        """An answer as [case, candidate, text, finish, scores, passages, sample]."""
        finish = {"stop": 0, "length": 1, "error": 2}[item.answer.finish]
        said = item.answer.error if finish == 2 and item.answer.error else item.answer.text
        passages = [
            self.passages.place(
                (self.string(p.document), self.string(p.title), self.string(p.text))
            )
            for p in item.passages
        ]
        scores = [self.score(score) for score in item.scores]
        candidate = self.candidates.place(item.candidate)
        return [case, candidate, self.string(said), finish, scores, passages, item.sample]


def build(run: Run, cut: int = 0) -> dict[str, Any]:
    """Everything the case browser reads, as JSON-ready lists."""
    builder = Builder(run, cut)
    places = {(case.task, case.id): place for place, case in enumerate(run.cases)}
    cases = [builder.case(case) for case in run.cases]
    answers = [
        builder.answer(item, places[item.task, item.case])
        for item in run.answers
        if (item.task, item.case) in places
    ]
    known = view.metric_map(run)
    rows = []
    for name in builder.metrics.items():
        metric = known.get(name)
        facts = (metric.unit, metric.better, metric.headline, metric.binary) if metric else ()
        rows.append([name, *(facts or ("", "higher", False, False))])
    return {
        "tasks": [text.visible(name) for name in builder.tasks.items()],
        "candidates": [text.visible(name) for name in builder.candidates.items()],
        "base": text.visible(view.plain(run)),
        "metrics": rows,
        "cases": cases,
        "answers": answers,
        "scores": builder.scores.items(),
        "passages": builder.passages.items(),
        "strings": builder.strings.items(),
        "cut": cut if builder.shortened else 0,
    }


def escape(data: Any) -> str:
    """JSON that is safe inside a script element."""
    plain = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for character, code in _ESCAPES.items():
        plain = plain.replace(character, code)
    return plain


def embed(run: Run, limit: int) -> str:
    """The JSON to embed, `limit` bytes where it can be.

    Plain where it is small, else deflated, else with texts shortened ever more.
    """
    packed = ""
    for cut in _CUTS:
        plain = escape(build(run, cut)).encode()
        if len(plain) <= min(PLAIN_LIMIT, limit):
            return plain.decode()
        if len(plain) > _BEST_RATIO * limit and cut != _CUTS[-1]:
            continue
        packed = base64.b64encode(zlib.compress(plain, 6)).decode()
        if len(packed) <= limit:
            break
    return escape({"packed": packed})
