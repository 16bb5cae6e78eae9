"""What a run found: summaries, comparisons, findings, verdicts."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from harness.records.candidates import Candidate
from harness.records.costs import CandidateCost
from harness.records.data import Case, VerdictName
from harness.records.decision import BreakEven, ClaimResult, CurveResult, Decision
from harness.records.engines import Adapter, Model
from harness.records.findings import Finding
from harness.records.scores import Metric, ScoredAnswer
from harness.records.suite import Expectation, Rule


@dataclass(frozen=True, slots=True)
class Summary:
    """A candidate's mean on a metric in a slice, 95 % interval, over n cases in k clusters."""

    task: str
    metric: str
    slice: str
    candidate: str
    n: int
    clusters: int
    mean: float | None
    low: float | None
    high: float | None
    unmeasured: int = 0
    errors: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """Candidate minus baseline, paired by case, 95 % interval, clustered.

    `mde` is the smallest difference that this many cases would show with 80 % power.
    `outcome` reads the interval in the metric's direction. `equal_within` is the smallest margin
    within which the two are shown to be equal, as two one-sided tests would (TOST). The `claim`
    is of a method where both the cases and the seeds of its training are behind the interval.
    """

    task: str
    metric: str
    slice: str
    candidate: str
    baseline: str
    n: int
    clusters: int
    difference: float | None
    low: float | None
    high: float | None
    win: int = 0
    tie: int = 0
    loss: int = 0
    p_value: float | None = None
    method: str = ""
    mde: float | None = None
    outcome: Literal["better", "worse", "not shown", "unmeasured"] = "unmeasured"
    equal_within: float | None = None
    claim: Literal["these weights", "this method"] = "these weights"


@dataclass(frozen=True, slots=True)
class Phenomenon:
    """An expectation with what the run saw of it; `effect` as Expectation defines it."""

    expectation: Expectation
    verdict: Literal["shown", "reversed", "not shown", "not measured"]
    sentence: str
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    p_value: float | None = None


@dataclass(frozen=True, slots=True)
class RuleResult:
    """A gate rule with its verdict and the numbers it was judged on.

    `cases` are the ids of the cases that decided a rule about single cases.
    """

    rule: Rule
    verdict: VerdictName
    reason: str
    n: int = 0
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    n_needed: int | None = None
    cases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseResult:
    """A must-pass case of a candidate: did it pass the metric of a rule, and why not."""

    case: str
    task: str
    candidate: str
    metric: str
    verdict: VerdictName
    reason: str = ""


@dataclass(frozen=True, slots=True)
class GateResult:
    """The verdict of a suite's rules; without rules there was nothing to judge.

    `baseline` says which pinned run the rules were held against, `notes` what a reader must know
    of the verdict beside its numbers, `allow_inconclusive` that someone let INCONCLUSIVE pass.
    """

    verdict: VerdictName
    rules: tuple[RuleResult, ...]
    must_pass: tuple[CaseResult, ...] = ()
    baseline: str = ""
    notes: tuple[str, ...] = ()
    allow_inconclusive: bool = False


@dataclass(frozen=True, slots=True)
class CandidateResult:
    """A candidate with what it cost. `answer_seconds` shares the engine's wall time by tokens."""

    candidate: Candidate
    adapter: Adapter | None = None
    answers: int = 0
    answer_tokens: int = 0
    prompt_tokens: int = 0
    answer_seconds: float = 0.0
    truncated: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """All of a finished run: what every report is rendered from, and what run.json holds.

    `notes` are sentences on how things were measured, such as how far a judge agrees with people.
    `setup` has what answers and scores depend on beside weights and cases (harness/ledger.py), so
    that a later run can tell whether it may be held against this one.
    `methods` compare recipes that were trained with several seeds, where single adapters do not.
    `claims`, `decision`, `curves` and `break_even` are what the report's first sections say,
    `costs` what each candidate took.
    """

    schema: int
    id: str
    suite: str
    profile: str
    description: str
    created: str
    model: Model
    engine: str
    engine_reason: str
    trained_until: date | None
    as_of: date | None
    candidates: tuple[CandidateResult, ...]
    tasks: dict[str, str]
    metrics: tuple[Metric, ...]
    cases: tuple[Case, ...]
    answers: tuple[ScoredAnswer, ...]
    summaries: tuple[Summary, ...]
    comparisons: tuple[Comparison, ...]
    findings: tuple[Finding, ...]
    advice: tuple[str, ...]
    gate: GateResult | None
    phenomena: tuple[Phenomenon, ...] = ()
    warnings: tuple[str, ...] = ()
    stage_seconds: dict[str, float] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    command: str = ""
    notes: tuple[str, ...] = ()
    setup: dict[str, Any] = field(default_factory=dict)
    methods: tuple[Comparison, ...] = ()
    claims: tuple[ClaimResult, ...] = ()
    decision: Decision | None = None
    curves: tuple[CurveResult, ...] = ()
    break_even: BreakEven | None = None
    costs: tuple[CandidateCost, ...] = ()
