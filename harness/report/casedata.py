"""The cases and answers behind a report's numbers, for its case browser.

An index holds what filters ask for: cases, tags, candidates, values, classes. Parts hold the
texts: inputs, references, answers, reasons, passages. Both are in the page where they fit; else
the parts are files of a folder beside it, which the page loads when a reader asks for a text.
"""

import math
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from harness.records import Case, Run, Score, ScoredAnswer
from harness.report import packing, text, view

FOLDER = "report-cases"
"""The folder of the files beside the page."""
PLAIN_LIMIT = 1_000_000
PART_BYTES = 2_000_000
"""Text of a part that is a file of its own, before it is packed."""
HEAD = 160
# prose never packs further than this, so trying would only cost time
_BEST_RATIO = 8
_STATES = ("ok", "unmeasured", "error")
_FINISHES = {"stop": 0, "length": 1, "error": 2}

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


@dataclass(frozen=True, slots=True)
class Cases:
    """What the page holds, as JSON for a script element, and the files beside it by name."""

    data: str
    files: dict[str, str] = field(default_factory=dict)


def answers_by_case(run: Run) -> Iterator[tuple[Case, list[ScoredAnswer]]]:
    """Each case with its answers, in the run's order."""
    found: dict[tuple[str, str], list[ScoredAnswer]] = {}
    for item in run.answers:
        found.setdefault((item.task, item.case), []).append(item)
    for case in run.cases:
        yield case, found.get((case.task, case.id), [])


def _head(words: str) -> str:
    """The beginning of an input, on one line."""
    return " ".join(text.visible(words[: 4 * HEAD]).split())[:HEAD]


def _notes(case: Case) -> str:
    notes = [f"as of {case.as_of.isoformat()}"] if case.as_of else []
    notes += [f"fact {case.fact}"] if case.fact else []
    notes += [f"gold {', '.join(case.gold)}"] if case.gold else []
    return text.visible(" · ".join(notes))


class Index:
    """What filters ask for; `marks` are the distinct (metric, value, state, label)."""

    def __init__(self, run: Run) -> None:
        self.tasks: Pool[str] = Pool()
        self.candidates: Pool[str] = Pool()
        self.metrics: Pool[str] = Pool()
        self.tags: Pool[str] = Pool()
        self.marks: Pool[tuple[int, float | None, int, str]] = Pool()
        for task in view.task_names(run):
            self.tasks.place(task)
        for result in run.candidates:
            self.candidates.place(result.candidate.name)

    def mark(self, score: Score) -> int:
        """The place of a score without its reason."""
        # NaN and infinity are no JSON, and no measurement either
        measured = score.value is not None and math.isfinite(score.value)
        value = round(score.value or 0.0, 4) if measured else None
        label = text.visible(score.label)
        metric = self.metrics.place(score.metric)
        return self.marks.place((metric, value, _STATES.index(score.state), label))

    def case(self, case: Case) -> list[Any]:
        """A case as [task, id, tags, notes, the input's beginning]."""
        tags = [self.tags.place(text.visible(tag)) for tag in case.tags]
        head = (self.tasks.place(case.task), text.visible(case.id))
        return [*head, tags, _notes(case), _head(case.input)]

    def answer(self, item: ScoredAnswer, case: int) -> list[Any]:
        """An answer as [case, candidate, finish, sample, marks]."""
        candidate = self.candidates.place(item.candidate)
        marks = [self.mark(score) for score in item.scores]
        return [case, candidate, _FINISHES[item.answer.finish], item.sample, marks]


def index(run: Run) -> dict[str, Any]:
    """The index of a run, as JSON-ready lists; answers are in the order of their cases."""
    found = Index(run)
    cases, answers = [], []
    for place, (case, own) in enumerate(answers_by_case(run)):
        cases.append(found.case(case))
        answers += [found.answer(item, place) for item in own]
    known = view.metric_map(run)
    rows = []
    for name in found.metrics.items():
        metric = known.get(name)
        facts = (metric.unit, metric.better, metric.headline, metric.binary) if metric else ()
        rows.append([text.visible(name), *(facts or ("", "higher", False, False))])
    return {
        "run": text.visible(run.id),
        "tasks": [text.visible(name) for name in found.tasks.items()],
        "candidates": [text.visible(name) for name in found.candidates.items()],
        "base": text.visible(view.plain(run)),
        "metrics": rows,
        "tags": found.tags.items(),
        "marks": found.marks.items(),
        "cases": cases,
        "answers": answers,
    }


class Part:
    """The texts of some cases; repeated strings and passages are stored once."""

    def __init__(self) -> None:
        self.strings: Pool[str] = Pool()
        self.passages: Pool[tuple[int, int, int]] = Pool()
        self.cases: list[list[int]] = []
        self.answers: list[list[Any]] = []
        self.size = 0

    def string(self, value: str) -> int:
        """The place of a text, made visible."""
        shown = text.visible(value)
        if shown not in self.strings.places:
            self.size += len(shown)
        return self.strings.place(shown)

    def add(self, case: Case, answers: list[ScoredAnswer]) -> None:
        """A case as [input, reference]; an answer as [text, reasons, passages]."""
        self.cases.append([self.string(case.input), self.string(case.reference)])
        for item in answers:
            failed = item.answer.finish == "error" and item.answer.error
            said = self.string(failed or item.answer.text)
            reasons = [self.string(score.reason) for score in item.scores]
            passages = [
                self.passages.place(
                    (self.string(p.document), self.string(p.title), self.string(p.text))
                )
                for p in item.passages
            ]
            self.answers.append([said, reasons, passages])

    def data(self) -> dict[str, Any]:
        """The part as JSON-ready lists."""
        return {
            "cases": self.cases,
            "answers": self.answers,
            "passages": self.passages.items(),
            "strings": self.strings.items(),
        }


def parts(run: Run, most: float = math.inf) -> list[Part]:
    """The texts of a run in its order, in parts of about `most` characters."""
    found = [Part()]
    for case, answers in answers_by_case(run):
        if found[-1].size >= most:
            found.append(Part())
        found[-1].add(case, answers)
    return found


def embed(run: Run, limit: int) -> Cases:
    """What to embed in `limit` bytes: all of it plain, all of it packed, or a part of it.

    Where the texts do not fit, they are in files of FOLDER; where not even the index fits, so is
    that.
    """
    own = index(run)
    whole = parts(run)
    if whole[0].size <= min(PLAIN_LIMIT, limit):
        plain = packing.escape({"index": own, "parts": [whole[0].data()]})
        if len(plain.encode()) <= min(PLAIN_LIMIT, limit):
            return Cases(plain)
    small = packing.escape(packing.pack(own))
    if whole[0].size <= _BEST_RATIO * limit:
        texts = packing.escape(packing.pack(whole[0].data()))
        if len(small) + len(texts) + 100 <= limit:
            return Cases(f'{{"index":{small},"parts":[{texts}]}}')
    return _beside(run, own, small, limit)


def _beside(run: Run, own: dict[str, Any], small: str, limit: int) -> Cases:
    """The texts, and where it must be the index, as files."""
    name = packing.escape(own["run"])
    found = parts(run, PART_BYTES)
    files = {
        f"{place:04d}.js": _file(name, f"{place:04d}", packing.escape(packing.pack(part.data())))
        for place, part in enumerate(found)
    }
    sizes = [len(part.cases) for part in found]
    about = {"run": own["run"], "folder": FOLDER, "sizes": sizes, "answers": len(own["answers"])}
    if len(small) + 20 * len(found) + 1000 <= limit:
        return Cases(f'{{"index":{small},"beside":{packing.escape(about)}}}', files)
    files["index.js"] = _file(name, "index", small)
    return Cases(packing.escape({"beside": about}), files)


def _file(run: str, name: str, packed: str) -> str:
    """A script that hands a part to the page: the one thing that opens from a disk offline."""
    return f'benchCases({run},"{name}",{packed});\n'
