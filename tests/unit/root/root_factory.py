"""Small suites and finished runs, made by hand."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness import plan as planning
from harness.plan import Plan
from harness.records import (
    Adapter,
    AdapterSource,
    Answer,
    Candidate,
    CandidateResult,
    Case,
    Comparison,
    GateResult,
    Metric,
    Model,
    Passage,
    Recipe,
    Rule,
    RuleResult,
    Run,
    Score,
    ScoredAnswer,
    ScorerSpec,
    Suite,
    Summary,
    Task,
)
from harness.report.json import JsonReport

BASE = Candidate("base")
LORA = Candidate("lora", AdapterSource("recipe", "lora"))
MODEL = Model("acme/small", "/models/small", "d0")
METRICS = (Metric("m.right", "is right", binary=True, headline=True),)
Values = dict[str, tuple[float | None, ...]]
VALUES: Values = {"base": (0.0, 0.0, 1.0, 0.0), "lora": (1.0, 1.0, 1.0, 0.0)}


def cases(count: int = 4) -> tuple[Case, ...]:
    return tuple(
        Case(f"case-{i}", "fees", f"What is fee {i}?", f"{i} euros", f"case-{i}", tags=("new",))
        for i in range(count)
    )


def scored(case: Case, candidate: str, value: float | None) -> ScoredAnswer:
    state = "unmeasured" if value is None else "ok"
    return ScoredAnswer(
        case.id,
        case.task,
        candidate,
        Answer(case.id, f"{candidate} says {value}", (1, 2), "stop", 3, 0.25),
        (Score("m.right", value, state, reason=f"found {value}"),),  # type: ignore[arg-type]
        (Passage("doc", "Title", "The passage."),),
        case.input,
    )


def make_run(name: str = "aaaa000001", values: Values = VALUES, **changes: Any) -> Run:
    """A run of two candidates; `values` are each candidate's scores, case by case."""
    asked = cases(len(values["base"]))
    answers = [
        scored(case, candidate, value)
        for candidate, scores in values.items()
        for case, value in zip(asked, scores, strict=True)
    ]
    rule = Rule("superior", "lora", "fees", "m.right", against="base")
    verdict = RuleResult(rule, "PASS", "+0.5 (0.1 to 0.9)", 4, 0.5, 0.1, 0.9)
    run = Run(
        schema=1,
        id=name,
        suite="shop",
        profile="quick",
        description="Fees of a shop",
        created="2026-01-02T03:04:05Z",
        model=MODEL,
        engine="transformers",
        engine_reason="asked for",
        trained_until=None,
        as_of=None,
        candidates=(CandidateResult(BASE, answers=4), CandidateResult(LORA, answers=4)),
        tasks={"fees": "What things cost"},
        metrics=METRICS,
        cases=asked,
        answers=tuple(answers),
        summaries=(Summary("fees", "m.right", "all", "base", 4, 4, 0.25, 0.0, 0.7),),
        comparisons=(
            Comparison("fees", "m.right", "all", "lora", "base", 4, 4, 0.5, 0.1, 0.9, 2, 2, 0),
        ),
        findings=(),
        advice=(),
        gate=GateResult("PASS", (verdict,)),
        stage_seconds={"train": 1.0, "serve": 2.0},
    )
    return replace(run, **changes)


def stored(reports: Path, run: Run) -> Path:
    """A run's folder with its run.json."""
    folder = reports / run.suite / run.id
    folder.mkdir(parents=True)
    JsonReport().write(run, folder)
    return folder


def make_suite(**changes: Any) -> Suite:
    """Two candidates and a task of four cases."""
    suite = Suite(
        name="shop",
        root="/suites/shop",
        profile="quick",
        description="",
        model="",
        seed=7,
        train=(),
        tasks=(Task("fees", cases(), (ScorerSpec("rouge"),)),),
        candidates=(BASE, LORA),
        recipes=(Recipe("lora"), Recipe("unused")),
    )
    return replace(suite, **changes)


def make_plan(
    suite: Suite | None = None,
    model: Model = MODEL,
    outside: Mapping[AdapterSource, Adapter] | None = None,
) -> Plan:
    """The plan of a suite for the engine that is always there."""
    return planning.make(suite or make_suite(), model, ("transformers", "asked for"), outside or {})
