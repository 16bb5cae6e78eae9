"""Scorer `judge`: how often a judge model prefers an answer to another candidate's.

The pipeline asks the judge and lends the outcome through `Resources.judged`; without it nothing
is measured. A win counts only if it survives both orders (METHODS §3).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from harness import registry
from harness.errors import unknown_remedy
from harness.protocols import Resources
from harness.records import Answer, Case, Judgement, Metric, Score
from harness.score.options import all_errors, all_unmeasured, only
from harness.score.text import quote
from harness.store import digest_of

METRIC = "judge.win"
VALUES = {"win": 1.0, "tie": 0.5, "disagree": 0.5, "loss": 0.0}
OWN = "the run's base model"
MOST_TOKENS = 1000


@dataclass(frozen=True, slots=True)
class Label:
    """A pair of answers that a person compared; `label` is first, second or tie.

    `candidate` and `case` are '' where the pair is not from a run; `cluster` is the unit of
    independence.
    """

    input: str
    first: str
    second: str
    label: str
    case: str = ""
    candidate: str = ""
    reference: str = ""
    cluster: str = ""


@dataclass(frozen=True, slots=True)
class JudgeOptions:
    """How a task's answers are judged. `model` '' is the run's base, `engine` '' the run's."""

    rubric: str
    against: str
    model: str = ""
    engine: str = ""
    reference: bool = False
    max_tokens: int = 8
    labels: tuple[Label, ...] = ()

    @property
    def judge(self) -> str:
        """The judge's name for a reader."""
        return self.model or OWN


KEYS = ("rubric", "against", "model", "engine", "reference", "max_tokens", "labels")


def options_of(options: Mapping[str, Any]) -> JudgeOptions:
    """The options of suite.yaml, `labels` being the rows of its file.

    Raises:
        ValueError: an option is missing, unknown or of another kind.
    """
    only(options, KEYS, "option")
    for key, meaning in (
        ("rubric", "say what makes one answer better than the other"),
        ("against", "name the candidate whose answers the others are held against"),
    ):
        if key not in options:
            raise ValueError(f"{key} is missing ({meaning})")
    for key in ("rubric", "against", "model", "engine"):
        if key in options and not (isinstance(options[key], str) and options[key].strip()):
            raise ValueError(f"{key} is {options[key]!r} (write a text)")
    engine = options.get("engine", "auto")
    if engine != "auto" and engine not in registry.known("engine"):
        remedy = unknown_remedy(engine, ["auto", *registry.names("engine")])
        raise ValueError(f"unknown engine '{engine}' ({remedy})")
    if not isinstance(options.get("reference", False), bool):
        raise ValueError(f"reference is {options['reference']!r} (true or false)")  # noqa: TRY004
    budget = options.get("max_tokens", 8)
    if not isinstance(budget, int) or isinstance(budget, bool) or not 1 <= budget <= MOST_TOKENS:
        raise ValueError(f"max_tokens is {budget!r} (a whole number from 1 to {MOST_TOKENS})")
    rows = options.get("labels", ())
    if not isinstance(rows, list | tuple) or not all(isinstance(row, Mapping) for row in rows):
        raise ValueError(f"labels is {rows!r} (name a JSONL file of the suite)")
    known = {key: options[key] for key in KEYS if key in options and key != "labels"}
    return JudgeOptions(**known, labels=tuple(label_of(row) for row in rows))


def label_of(row: Mapping[str, Any]) -> Label:
    """A Label from a row that the suite's loader completed."""
    return Label(**{key: value for key, value in row.items() if key != "where"})


def key_of(case: str, text: str) -> str:
    """Under which a judgement of an answer's text is lent."""
    return digest_of([case, text])


def outcome(judgement: Judgement) -> str:
    """win, loss, tie (said twice), disagree (the order changed it), or '' for no verdict."""
    if judgement.state != "ok" or "" in judgement.verdicts:
        return ""
    named = {("A", "B"): "win", ("B", "A"): "loss", ("tie", "tie"): "tie"}
    return named.get(judgement.verdicts, "disagree")


class Judge:
    """Looks up what the judge said; asks nobody."""

    description: ClassVar[str] = "preferred to another candidate's answer by a judge model"

    def __init__(self, options: dict[str, Any], resources: Resources) -> None:
        self.options = options_of(options)
        self.judged = resources.judged
        about = (
            f"preferred by the judge ({self.options.judge}) to the answer that the task's others "
            "are held against: 1 in both orders, 0.5 for a tie or where the order decides"
        )
        self.metrics = (Metric(METRIC, about, need="style", shown=True),)

    def score(self, case: Case, answer: Answer) -> list[Score]:
        """1 for a win in both orders, 0 for a loss in both, else 0.5; the label says which."""
        if answer.finish == "error":
            return all_errors(self.metrics, answer)
        found = self.judged.get(key_of(case.id, answer.text))
        if found is None:
            return all_unmeasured(self.metrics, "no judge was asked about this answer")
        said = outcome(found)
        if found.state == "ok" and said:
            return [Score(METRIC, VALUES[said], label=said, reason=_reason(found, answer.text))]
        state = "error" if found.state == "ok" else found.state
        return [Score(METRIC, None, state, reason=_reason(found, answer.text))]


def _reason(found: Judgement, text: str) -> str:
    if found.note:
        return f"{found.note}; judged: {quote(text)}"
    said = [
        f"shown {place}: {verdict or 'no verdict'} ({quote(reply)})"
        for place, verdict, reply in zip(
            ("first as A", "second as B"), found.verdicts, found.replies, strict=True
        )
    ]
    return f"{', '.join(said)}; judged: {quote(text)}"
