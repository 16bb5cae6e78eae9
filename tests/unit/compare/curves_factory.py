"""Runs of a learning curve from plain shares, for the tests of harness/compare/curves.py."""

from collections.abc import Mapping, Sequence
from typing import Any

from compare_factory import answers_of, cases_of

from harness.records import (
    AdapterSource,
    Candidate,
    CandidateResult,
    Case,
    CurveSpec,
    Metric,
    Model,
    Policy,
    Recipe,
    Run,
    ScoredAnswer,
    Suite,
)

STYLE = Metric("style.all", "keeps every rule", need="style", binary=True, headline=True)
FACTS = Metric("recency.current", "says it", need="facts", binary=True, headline=True)
Shares = Mapping[float, Sequence[float]]


def column(share: float, cases: int, start: int = 0) -> list[float]:
    """Right answers for the first `share` of the cases, counted from `start`."""
    right = {(start + i) % cases for i in range(round(share * cases))}
    return [float(i in right) for i in range(cases)]


def examples(
    shares: Shares,
    metric: Metric = STYLE,
    *,
    cases: int = 60,
    base: float = 0.0,
    alone: Mapping[int, float] | None = None,
    **more: Any,
) -> tuple[Run, Suite]:
    """A run and its suite: `shares` are the right ones by size, one a seed.

    `alone` are those of a nested curve's controls, by size, of seed 1.
    """
    sizes = tuple(map(int, shares))
    nested = more.get("training") == "nested"
    listed = cases_of(cases)
    columns = {"base": {metric.name: column(base, cases)}}
    candidates, recipes = [Candidate("base")], [Recipe("lora", epochs=2)]
    for size, row in shares.items():
        for seed, share in enumerate(row, start=1):
            name = f"lora-at-{size:g}-s{seed}"
            columns[name] = {metric.name: column(share, cases, 7 * seed)}
            trunk = sizes[: sizes.index(int(size)) + 1] if nested else ()
            recipes.append(Recipe(name, limit=int(size), seed=seed, trunk=trunk))
            candidates.append(Candidate(name, AdapterSource("recipe", name), curve="lora"))
    for size, share in (alone or {}).items():
        name = f"lora-at-{size:g}-s1-alone"
        columns[name] = {metric.name: column(share, cases, 7)}
        recipes.append(Recipe(name, limit=size, seed=1))
        candidates.append(Candidate(name, AdapterSource("recipe", name), curve="lora"))
    spec = CurveSpec("lora", sizes, (1,), ("t",), more.pop("training", "independent"))
    run = run_of(answers_of(listed, columns), listed, [metric], candidates)
    return run, suite_of(recipes, curves=(spec,), **more)


def exposures(
    shares: Mapping[int, float], *, each: int = 20, tags: Sequence[str] = ("unchanged",)
) -> tuple[Run, Suite, dict[str, dict[str, int]]]:
    """A run of one adapter, and how often its recipe shows each fact; `each` facts a number."""
    cases, right, counts = [], [], {}
    for times, share in shares.items():
        for index, value in enumerate(column(share, each)):
            fact = f"f{times}-{index:03d}"
            own = (f"exposures-{times}", *tags)
            cases.append(Case(fact, "rare", "in", "out", fact, tags=own, fact=fact))
            right.append(value)
            counts[fact] = times
    columns = {"base": {FACTS.name: [0.0] * len(cases)}, "lora": {FACTS.name: right}}
    candidates = [Candidate("base"), Candidate("lora", AdapterSource("recipe", "lora"))]
    run = run_of(answers_of(cases, columns), cases, [FACTS], candidates)
    return run, suite_of([Recipe("lora", epochs=1)]), {"lora": counts}


def run_of(
    answers: Sequence[ScoredAnswer],
    cases: Sequence[Case],
    metrics: Sequence[Metric],
    candidates: Sequence[Candidate],
) -> Run:
    """A run of which only answers, cases, metrics and candidates matter."""
    return Run(
        schema=1, id="r", suite="s", profile="full", description="", created="",
        model=Model("m", "m", "d"), engine="e", engine_reason="", trained_until=None, as_of=None,
        candidates=tuple(map(CandidateResult, candidates)), tasks={}, metrics=tuple(metrics),
        cases=tuple(cases), answers=tuple(answers), summaries=(), comparisons=(), findings=(),
        advice=(), gate=None,
    )  # fmt: skip


def suite_of(
    recipes: Sequence[Recipe], targets: Mapping[str, float] | None = None, **more: Any
) -> Suite:
    """A suite of which recipes, curves and targets matter."""
    return Suite(
        "s", "", "full", "", "m", 7, (), (), (), tuple(recipes),
        decision=Policy(targets=dict(targets or {})), **more,
    )  # fmt: skip
