"""What a run says to do: claims, the answer per need, learning curves, and what each way costs."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from harness.records.findings import Finding

Way = Literal["base", "prompt", "fine-tune", "RAG", "combine", "none"]
"""How a candidate answers: no axis, a prompt, an adapter, a context, adapter and context."""

NEEDS = (
    "style",
    "terminology",
    "stable facts",
    "changing facts",
    "rare facts",
    "private facts",
)
"""What a reader needs answers to be good at, in the order that reports show them."""

TARGETS = {
    "style": 0.9,
    "terminology": 0.8,
    "stable facts": 0.9,
    "changing facts": 0.9,
    "rare facts": 0.8,
    "private facts": 0.8,
}
"""The share of answers that must be right for a need to be met, where a suite says nothing."""

JOINED = " or "
"""Between the tags of a `slice` that takes the cases of several: "exposures-1 or exposures-2"."""


@dataclass(frozen=True, slots=True)
class Priced:
    """A quantity that costs depend on, with where it is from; `low`/`high` is its 95 % interval."""

    name: str
    value: float
    unit: str
    origin: Literal["measured", "suite", "default"]
    low: float | None = None
    high: float | None = None
    source: str = ""
    on: date | None = None


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """A claim that people make of fine-tuning, what the run says of it, and on which evidence.

    The numbers are those of the finding that speaks for the claim (the first of `evidence`): the
    candidate less the baseline, or what `contrast` says.
    """

    name: str
    claim: str
    answer: Literal["supported", "contradicted", "not shown", "not measured"]
    sentence: str
    task: str = ""
    metric: str = ""
    slice: str = "all"
    candidate: str = ""
    baseline: str = ""
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str = "share"
    n: int = 0
    evidence: tuple[Finding, ...] = ()
    contrast: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """A candidate that could serve a need, with its level and whether it meets the target."""

    candidate: str
    way: Way
    mean: float | None
    low: float | None
    high: float | None
    n: int
    meets: Literal["shown", "not shown", "missed", "unmeasured"]
    cost_per_1000: float | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """What a candidate reaches in a task, with its 95 % interval."""

    task: str
    metric: str
    slice: str
    mean: float
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class NeedResult:
    """Which candidate to use for a need, how sure that is, why, and what would change it.

    Way `none`: no candidate reaches the target, and `candidate` is the best there is. The `slice`
    may join tags (JOINED). `failing` counts the candidate's cases that fall short. `elsewhere` are
    its levels in the other tasks of the need, the worst first.
    """

    need: str
    way: Way
    candidate: str
    sure: Literal["shown", "leaning", "not shown", "not measured"]
    why: str
    change: str = ""
    task: str = ""
    metric: str = ""
    slice: str = "all"
    target: float | None = None
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    failing: int = 0
    options: tuple[Option, ...] = ()
    elsewhere: tuple[Level, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer of a run: per need and for all together.

    `sensitivity` are sentences on which target or price would turn the answer over.
    """

    way: Way
    candidate: str
    sentence: str
    needs: tuple[NeedResult, ...]
    sensitivity: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A mean at `x` examples or exposures, of one trained adapter."""

    x: float
    seed: int
    candidate: str
    mean: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class CurveGap:
    """What nested training changes at `x`: the nested adapter less the one trained by itself.

    Both were trained on the same rows with the same seed; `low` and `high` are the 95 % interval of
    the paired difference over the `n` cases, in the metric's unit.
    """

    x: float
    seed: int
    nested: str
    independent: str
    difference: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class CurveResult:
    """A learning curve: error = a * x**-b + c, fitted to `points`, with a band over seeds.

    The error is at most that without training; `band` has the curve so cut off.

    `band` holds (x, mean, low, high) and ends at three times the largest measured x. `needed` is
    the x at which the fit reaches `target`, (value, low, high), None where it does not within that
    range. `training` says how the points were trained: independent runs, or nested ones, whose
    `gaps` to independent runs are those of two sizes.
    """

    need: str
    task: str
    metric: str
    slice: str
    axis: Literal["examples", "exposures"]
    points: tuple[CurvePoint, ...]
    sentence: str
    fit: tuple[float, float, float] | None = None
    band: tuple[tuple[float, float, float, float], ...] = ()
    target: float | None = None
    needed: tuple[float, float | None, float | None] | None = None
    seeds: int = 1
    training: Literal["independent", "nested"] = "independent"
    base: float | None = None
    gaps: tuple[CurveGap, ...] = ()


@dataclass(frozen=True, slots=True)
class BreakEven:
    """Fine-tuning against RAG in money per day, and where one overtakes the other.

    `inputs` are by the names of docs/costs.md; reports recompute from them. `tuned` and `rag` are
    costs per day at those inputs, (value, low, high). `by_rate` is the crossover in fact changes
    per fact and day at the given volume, `by_volume` in queries per day at the given rate; None
    where the two never cross. `retrain` maps a staleness target to the longest days between
    trainings that keep it. `gap` is tuned less RAG, (value, low, high). `harm` says what of the
    costs is the price of wrong answers.
    """

    inputs: dict[str, Priced]
    currency: str
    sentence: str
    tuned: tuple[float, float, float]
    rag: tuple[float, float, float]
    tuned_candidate: str = ""
    rag_candidate: str = ""
    by_rate: tuple[float, float | None, float | None] | None = None
    by_volume: tuple[float, float | None, float | None] | None = None
    retrain: dict[str, float] = field(default_factory=dict)
    optimal_days: float | None = None
    notes: tuple[str, ...] = ()
    gap: tuple[float, float, float] | None = None
    harm: str = ""


@dataclass(frozen=True, slots=True)
class CurveSpec:
    """Sizes x seeds of a recipe to train for a learning curve, as `curve:` of a suite says."""

    recipe: str
    sizes: tuple[int, ...]
    seeds: tuple[int, ...]
    tasks: tuple[str, ...] = ()
    training: Literal["independent", "nested"] = "independent"


@dataclass(frozen=True, slots=True)
class Policy:
    """Targets and costs that decide, as `decision:` of a suite says; docs/decision.md has defaults.

    `targets` are by need, in the metric's unit. `prices` and `rates` override the dated defaults
    by name (docs/costs.md), `priced_on` is the day of the suite's own prices.
    """

    targets: dict[str, float] = field(default_factory=dict)
    prices: dict[str, float] = field(default_factory=dict)
    rates: dict[str, float] = field(default_factory=dict)
    currency: str = "USD"
    priced_on: date | None = None
    source: str = ""
