"""Metrics, scores, judgements: what is said of one answer."""

from dataclasses import dataclass
from typing import Literal

from harness.records.data import State
from harness.records.engines import Answer, Passage


@dataclass(frozen=True, slots=True)
class Metric:
    """What a number means. `need` groups metrics for findings: style, terminology, facts, other.

    `lower`/`upper` are the range; `better` is the direction; a diagnostic never drives a finding.
    Headlines are in the reports' tables, and so is what is `shown` beside them.
    `binary` metrics are 0 or 1 per answer.
    """

    name: str
    description: str
    unit: str = "share"
    lower: float | None = 0.0
    upper: float | None = 1.0
    better: Literal["higher", "lower", "neither"] = "higher"
    need: Literal["style", "terminology", "facts", "other"] = "other"
    binary: bool = False
    headline: bool = False
    diagnostic: bool = False
    shown: bool = False


BUDGETS = {
    one.name: one
    for one in (
        Metric("tokens_per_answer", "tokens of an answer", "tokens", upper=None, better="lower"),
        Metric("seconds_per_answer", "engine time of an answer", "s", upper=None, better="lower"),
        Metric("adapter_mb", "the adapter's files, 10^6 bytes", "MB", upper=None, better="lower"),
    )
}
"""What a budget rule may limit. Only the first is measured case by case."""


@dataclass(frozen=True, slots=True)
class Score:
    """One number for one answer; `value` is None unless `state` is ok, never 0 for a failure."""

    metric: str
    value: float | None
    state: State = "ok"
    label: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ScoredAnswer:
    """An answer with its case and scores: the row behind every number.

    `sample` counts a candidate's answers to one case, from 0.
    """

    case: str
    task: str
    candidate: str
    answer: Answer
    scores: tuple[Score, ...]
    passages: tuple[Passage, ...] = ()
    prompt: str = ""
    sample: int = 0


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a judge model said of an answer and the one it is held against, in both orders.

    `verdicts` are 'A', 'B', 'tie' or '' (none could be read): first with the answer shown as A,
    then as B. `replies` are the words they were read from, `note` says why nobody was asked. In
    state `ok` both verdicts are there.
    """

    verdicts: tuple[str, str] = ("", "")
    replies: tuple[str, str] = ("", "")
    state: State = "ok"
    note: str = ""
