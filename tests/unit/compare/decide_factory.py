"""Planted worlds: runs whose best candidate is known, for the tests of decisions and claims."""

import random
from collections.abc import Mapping, Sequence

from harness.compare.evidence import Basis
from harness.compare.findings import find
from harness.compare.paired import compare
from harness.compare.summaries import summarise
from harness.records import (
    AdapterSource,
    Answer,
    Candidate,
    CandidateResult,
    Case,
    Metric,
    Model,
    Policy,
    Prompt,
    Rule,
    Run,
    Score,
    ScoredAnswer,
    Suite,
)

LORA = AdapterSource("recipe", "r16")
BASE = Candidate("plain")
HOUSE = Candidate("asked", prompt="house")
FOUND = Candidate("found", context="retrieved")
GOLD = Candidate("given", context="gold")
TUNED = Candidate("tuned", LORA)
TUNED_FOUND = Candidate("tuned+found", LORA, context="retrieved")
TUNED_GOLD = Candidate("tuned+given", LORA, context="gold")
EVERYONE = (BASE, HOUSE, FOUND, GOLD, TUNED, TUNED_FOUND, TUNED_GOLD)

METRICS = {
    "style": Metric("s.all", "keeps every rule", need="style", headline=True, binary=True),
    "terms": Metric("t.success", "uses the terms", need="terminology", headline=True, binary=True),
    "facts": Metric("r.current", "is current", need="facts", headline=True, binary=True),
    "slips": Metric(
        "s.slips", "slips", "per answer", upper=None, better="lower", need="style", headline=True
    ),
    "task": Metric("q.right", "is right", need="other", headline=True, binary=True),
}
Levels = Mapping[str, float]
"""Candidate -> the share of its answers that are right."""
World = Mapping[tuple[str, tuple[str, ...]], Levels]
"""(metric's key, the cases' tags) -> levels; a task per key."""


def planted(
    world: World,
    n: int = 100,
    candidates: Sequence[Candidate] = EVERYONE,
    targets: Levels | None = None,
    seed: int = 1,
    prompts: Sequence[Prompt] = (Prompt("house"),),
    rules: Sequence[Rule] = (),
    compared: bool = True,
) -> tuple[Run, Suite]:
    """A run with `n` cases a group, in which shares are as planted up to one answer."""
    rng = random.Random(seed)
    cases: list[Case] = []
    answers: list[ScoredAnswer] = []
    for (key, tags), levels in world.items():
        group = [
            Case(f"{key}-{'-'.join(tags)}-{i:04d}", key, "in", "out", f"{key}{tags}{i}", tags=tags)
            for i in range(n)
        ]
        cases += group
        for name, level in levels.items():
            values = [float(i < round(level * n)) for i in range(n)]
            if key == "slips":
                values = [level + (i % 3 - 1) for i in range(n)]
            rng.shuffle(values)
            answers += [
                _scored(case, name, METRICS[key].name, value)
                for case, value in zip(group, values, strict=True)
            ]
    metrics = list({METRICS[key].name: METRICS[key] for key, _ in world}.values())
    run = _run(cases, answers, metrics, candidates, compared=compared)
    policy = Policy(targets=dict(targets or {}))
    return run, Suite(
        "w", "/", "full", "", "m", seed, (), (), tuple(candidates), (),
        prompts=tuple(prompts), rules=tuple(rules), decision=policy,
    )  # fmt: skip


def _scored(case: Case, name: str, metric: str, value: float) -> ScoredAnswer:
    answer = Answer(f"{case.id}/{name}", "text")
    return ScoredAnswer(case.id, case.task, name, answer, (Score(metric, value),))


def _run(
    cases: Sequence[Case],
    answers: Sequence[ScoredAnswer],
    metrics: Sequence[Metric],
    candidates: Sequence[Candidate],
    *,
    compared: bool,
) -> Run:
    tasks = {case.task: "" for case in cases}
    summaries = summarise(answers, cases, metrics, candidates)
    pairs = None if compared else []
    comparisons = compare(answers, cases, metrics, candidates, pairs, seed=3)
    return Run(
        1, "id", "w", "full", "", "now", Model("m", "", "d"), "cpu", "", None, None,
        tuple(CandidateResult(one) for one in candidates), tasks, tuple(metrics), tuple(cases),
        tuple(answers), summaries, comparisons,
        find(Basis(comparisons, summaries, metrics, candidates, list(tasks))), (), None,
    )  # fmt: skip
