"""A suite, with its gate rules and what its author expects."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from harness.records.candidates import Candidate, Endpoint, Recipe, Retrieval, Sampling
from harness.records.data import Document, Fact, Prompt, Row, Task, Term
from harness.records.decision import CurveSpec, Policy

RuleKind = Literal[
    "superior",
    "non_inferior",
    "at_least",
    "at_most",
    "max_unmeasured",
    "no_new_failures",
    "budget",
]
"""What a gate rule may ask; suite.yaml knows the same words."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A gate rule over metric x task x slice; see harness/gate.

    `against` is a candidate's name, or `baseline` (the same candidate in the pinned baseline run)
    or `baseline/NAME` (another candidate of that run). `task` is '' where a budget is of all tasks.
    """

    kind: RuleKind
    candidate: str
    task: str
    metric: str
    slice: str = "all"
    against: str | None = None
    margin: float = 0.0
    min_effect: float = 0.0
    value: float = 0.0
    where: str = ""


@dataclass(frozen=True, slots=True)
class Arm:
    """One side of an expectation: a candidate's mean on a metric in a slice of a task."""

    candidate: str
    task: str
    metric: str
    slice: str = "all"


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the suite's author expects of a run, written down before it.

    The effect is the mean of `arm` minus that of `against`; where `net_of` names a candidate,
    minus the same contrast of that candidate. It is shown when the effect lies in `direction`
    beyond `min_effect`, interval and all. Kind `calibration` asks instead whether a gate on the
    arm's answers errs as often as it says. `number` is the phenomenon's in METHODS §7.
    """

    name: str
    says: str
    arm: Arm
    against: Arm
    direction: Literal["higher", "lower"] = "higher"
    min_effect: float = 0.0
    net_of: str | None = None
    kind: Literal["contrast", "calibration"] = "contrast"
    number: int | None = None
    where: str = ""


@dataclass(frozen=True, slots=True)
class Suite:
    """Everything a run needs to know about a domain, loaded and validated."""

    name: str
    root: str
    profile: str
    description: str
    model: str
    seed: int
    train: tuple[Row, ...]
    tasks: tuple[Task, ...]
    candidates: tuple[Candidate, ...]
    recipes: tuple[Recipe, ...]
    facts: tuple[Fact, ...] = ()
    glossary: tuple[Term, ...] = ()
    style: dict[str, Any] = field(default_factory=dict)
    documents: tuple[Document, ...] = ()
    prompts: tuple[Prompt, ...] = ()
    sampling: Sampling = field(default_factory=Sampling)
    retrieval: Retrieval = field(default_factory=Retrieval)
    rules: tuple[Rule, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    trained_until: date | None = None
    as_of: date | None = None
    template: str = "### Input:\n{input}\n\n### Response:\n"
    endpoint: Endpoint | None = None
    decision: Policy = field(default_factory=Policy)
    curves: tuple[CurveSpec, ...] = ()
