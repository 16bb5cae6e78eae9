"""The seams: what scorers, engines, retrievers, reports, exports and executors must offer.

Nothing inherits from these; a class fits by its shape. Contract tests under tests/contracts
check every registry entry against them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, Protocol

from harness.records import (
    Answer,
    Case,
    Document,
    EngineJob,
    Fact,
    Judgement,
    Metric,
    Passage,
    Retrieval,
    Row,
    Run,
    Score,
    Term,
)


@dataclass(frozen=True, slots=True)
class Resources:
    """What a suite lends its scorers; `references` are the task's reference answers.

    `judged` is what a judge said of a candidate's answers, by harness.score.judge.key_of.
    """

    facts: dict[str, Fact] = field(default_factory=dict)
    glossary: tuple[Term, ...] = ()
    style: dict[str, Any] = field(default_factory=dict)
    train: tuple[Row, ...] = ()
    references: tuple[str, ...] = ()
    trained_until: date | None = None
    judged: Mapping[str, Judgement] = field(default_factory=dict)


class Scorer(Protocol):
    """A pure per-answer function: same case and answer, same scores."""

    description: ClassVar[str]
    metrics: tuple[Metric, ...]

    def __init__(self, options: dict[str, Any], resources: Resources) -> None:
        """Raise `ValueError` naming an option that is wrong; the caller adds the place."""

    def score(self, case: Case, answer: Answer) -> list[Score]:
        """One score per metric of `metrics`, always; what cannot be measured says so.

        `answer.passages` is what the candidate read.
        """


class TargetScorer(Scorer, Protocol):
    """A scorer that also compares how likely the model finds given answers."""

    def targets(self, case: Case) -> tuple[str, ...]:
        """Answer texts that the engine scores after the case's prompt; () for none.

        Their logprobs come back as `answer.target_logprobs`, in this order, cut to the tokens
        that are not common to all targets, or whole where the class says `whole_targets = True`.
        """


class Engine(Protocol):
    """Turns prompts into answers, in a process of its own."""

    description: ClassVar[str]

    @staticmethod
    def missing() -> str:
        """What to install before this engine works here, or '' when it does."""

    def generate(self, job: EngineJob) -> Iterator[Answer | str | None]:
        """Probes first, then every request once, each as soon as it is finished.

        In between, a text is a note for the person. None is a sign of life: an engine that gives
        one promises to go on with answers or such signs, and is ended where it does not for
        minutes; one that gives none may be silent for as long as it likes.
        """


class Retriever(Protocol):
    """Finds passages for a question."""

    description: ClassVar[str]

    def __init__(self, documents: Sequence[Document], settings: Retrieval = ...) -> None:
        """Index documents, or chunks of them: several may share an id."""

    def search(self, query: str, k: int) -> list[Passage]:
        """At most k passages, best first."""


class CheckedRetriever(Retriever, Protocol):
    """A retriever that can say before a run that its settings will not do."""

    @staticmethod
    def check(settings: Retrieval) -> None:
        """Raise UsageError with what is wrong; called when a suite is read, so it is quick."""


class BatchRetriever(Retriever, Protocol):
    """A retriever that does better when it gets all questions at once."""

    def search_all(
        self, queries: Sequence[str], k: int, cache: Path | None = None
    ) -> list[list[Passage]]:
        """`search` for each query; what is worth keeping between runs goes under `cache`."""


class Report(Protocol):
    """Writes one rendering of a run."""

    description: ClassVar[str]
    filename: ClassVar[str]

    def write(self, run: Run, folder: Path) -> Path:
        """Write into `folder`, which exists; return the file to open."""


class Export(Protocol):
    """Writes a run in the format of another tool.

    `noun` is what it writes, `opens` says what opens that, with {to} for where it lies;
    `addresses` that it may be sent to a server's address instead of a folder.
    """

    description: ClassVar[str]
    noun: ClassVar[str]
    opens: ClassVar[str]
    addresses: ClassVar[bool]

    @staticmethod
    def missing() -> str:
        """What to install before this export works here, or '' when it does."""

    def write(self, run: Run, to: str) -> list[str]:
        """Write into the folder `to`, made if it is not there; the files, or ids, of it."""


class Executor(Protocol):
    """Runs `module:function(payload)`, a generator of JSON messages, somewhere."""

    description: ClassVar[str]

    def run(self, target: str, payload: Any, log: Path) -> Iterator[Any]:
        """Yield the messages as they come; raise MachineError when the work dies."""
