"""The break-even's formulas against a simulation of the process that they describe.

The simulation knows no formula: facts change at random moments, models are trained on what holds
at a training's start and answer from a lag later until the next one does, users ask at random
moments about random facts, and what each thing costs is added up.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.compare import upkeep

Floats = NDArray[np.float64]
REPEATS, DAYS = 40, 500.0
CASE = {
    "train_hour": 3.0, "serve_hour": 3.0, "prompt_mtok": 0.5, "answer_mtok": 2.0, "label": 1.5,
    "evaluation": 30.0, "retrieval": 0.002, "index_day": 4.0, "bad_answer": 0.8,
    "missed_passage": 1.1, "change_rate": 0.01, "queries_per_day": 20.0, "fact_share": 0.7,
    "retrain_days": 25.0, "lag_days": 4.0, "facts": 30.0, "examples_per_fact": 3.0,
    "train_seconds": 5_400.0, "seconds_per_mtok": 900.0, "prompt_weight": 0.25,
    "prompt_tokens": 80.0, "added_tokens": 600.0, "tuned_tokens": 60.0, "rag_tokens": 90.0,
    "recall": 0.8, "wrong_if_changed": 0.9, "wrong_if_unchanged": 0.1, "wrong_if_found": 0.15,
    "wrong_if_missed": 0.95,
}  # fmt: skip


@dataclass
class Seen:
    """Per repeat: share of answers on superseded values, and money per day of both ways."""

    stale: Floats
    tuned: Floats
    rag: Floats


def simulated(case: dict[str, float], seed: int, repeats: int = REPEATS) -> Seen:
    rng = np.random.default_rng(seed)
    rows = [once(case, rng) for _ in range(repeats)]
    return Seen(*(np.array(column) for column in zip(*rows, strict=True)))


def once(case: dict[str, float], rng: np.random.Generator) -> tuple[float, float, float]:
    """A horizon of DAYS, from a training's start that is long past the first one."""
    facts, every = int(case["facts"]), case["retrain_days"]
    begin = np.ceil(case["lag_days"] / every + 1) * every
    whole = begin + DAYS
    changes = rng.poisson(case["change_rate"] * whole * facts)
    fact, moment = rng.integers(facts, size=changes), rng.uniform(0, whole, changes)
    asked = rng.poisson(case["queries_per_day"] * DAYS)
    when, about = rng.uniform(begin, whole, asked), rng.integers(facts, size=asked)
    trained = np.floor((when - case["lag_days"]) / every) * every
    stale = happened(fact, moment, about, when) > happened(fact, moment, about, trained)
    needs = rng.uniform(size=asked) < case["fact_share"]
    return (
        float(stale.mean()),
        tuned_money(case, (fact, moment), begin, stale[needs], asked, rng) / DAYS,
        rag_money(case, int(needs.sum()), asked, rng) / DAYS,
    )


def happened(fact: Floats, moment: Floats, about: Floats, until: Floats) -> Floats:
    """How many changes a fact had seen by a moment: places in one line of all changes."""
    span = 10 * (DAYS + 1_000)
    line = np.sort(fact * span + moment)
    return np.searchsorted(line, about * span + until) - np.searchsorted(line, about * span)


def tuned_money(
    case: dict[str, float],
    changes: tuple[Floats, Floats],
    begin: float,
    stale: Floats,
    asked: int,
    rng: np.random.Generator,
) -> float:
    fact, moment = changes
    every, whole = case["retrain_days"], begin + DAYS
    starts = np.arange(begin, whole, every)
    since = (moment >= begin - every) & (moment < starts[-1])
    rewritten = len(np.unique(fact[since] * 1e6 + np.floor(moment[since] / every)))
    hours = len(starts) * case["train_seconds"] / 3600
    shares = np.where(stale, case["wrong_if_changed"], case["wrong_if_unchanged"])
    bad = (rng.uniform(size=len(stale)) < shares).sum()
    return float(
        rewritten * case["examples_per_fact"] * case["label"]
        + hours * case["train_hour"]
        + len(starts) * case["evaluation"]
        + asked * served(case, case["prompt_tokens"], case["tuned_tokens"])
        + bad * case["bad_answer"]
    )


def rag_money(case: dict[str, float], needs: int, asked: int, rng: np.random.Generator) -> float:
    found = rng.uniform(size=needs) < case["recall"]
    wrong = np.where(found, case["wrong_if_found"], case["wrong_if_missed"])
    bad = rng.uniform(size=needs) < wrong
    each = served(case, case["prompt_tokens"] + case["added_tokens"], case["rag_tokens"])
    return float(
        case["index_day"] * DAYS
        + asked * (case["retrieval"] + each)
        + (bad & found).sum() * case["bad_answer"]
        + (bad & ~found).sum() * case["missed_passage"]
    )


def served(case: dict[str, float], prompt: float, answer: float) -> float:
    tokens = prompt * case["prompt_mtok"] + answer * case["answer_mtok"]
    seconds = (case["prompt_weight"] * prompt + answer) * case["seconds_per_mtok"]
    return (tokens + seconds * case["serve_hour"] / 3600) / 1e6


def close(values: Floats, expected: float) -> bool:
    """Whether a mean over repeats is within four standard errors of what is expected."""
    error = values.std(ddof=1) / np.sqrt(len(values))
    return bool(abs(values.mean() - expected) < 4 * error) and bool(error < 0.05 * abs(expected))


@pytest.mark.parametrize("rate", [0.0008, 0.01, 0.08])
@pytest.mark.parametrize("lag", [0.0, 4.0, 40.0])
def test_staleness_is_what_the_simulated_answers_show(rate: float, lag: float) -> None:
    case = CASE | {"change_rate": rate, "lag_days": lag, "facts": 150.0}
    seen = simulated(case, seed=11).stale
    expected = float(upkeep.staleness(rate, case["retrain_days"], lag))
    assert close(seen, expected), f"{seen.mean()} against {expected}"


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"change_rate": 0.08},
        {"retrain_days": 5.0},
        {"lag_days": 40.0},
        {"queries_per_day": 5.0},
    ],
    ids=str,
)
def test_both_ways_cost_what_the_simulation_adds_up(change: dict[str, float]) -> None:
    case = CASE | change
    seen = simulated(case, seed=5)
    tuned, rag = float(upkeep.tuned_per_day(case)), float(upkeep.rag_per_day(case))
    assert close(seen.tuned, tuned), f"{seen.tuned.mean()} against {tuned}"
    assert close(seen.rag, rag), f"{seen.rag.mean()} against {rag}"


@pytest.mark.parametrize(
    ("name", "crossover", "change"),
    [
        ("change_rate", upkeep.rate_crossover, {"retrain_days": 10.0, "evaluation": 5.0}),
        ("queries_per_day", upkeep.volume_crossover, {"evaluation": 200.0, "index_day": 1.0}),
    ],
)
def test_at_a_crossover_the_simulated_ways_cost_the_same(
    name: str, crossover: Callable[[upkeep.Inputs], Floats], change: dict[str, float]
) -> None:
    case = CASE | {"wrong_if_found": 0.3, "change_rate": 0.002} | change
    at = float(crossover(case))
    assert 0 < at < np.inf
    gaps = []
    for factor in (0.3, 1.0, 3.0):
        seen = simulated(case | {name: at * factor}, seed=3)
        gaps.append(seen.tuned - seen.rag)
    below, there, above = gaps
    assert abs(there.mean()) < 4 * there.std(ddof=1) / np.sqrt(REPEATS)
    rises = 1 if name == "change_rate" else -1  # training pays where many ask
    assert (np.sign(below.mean()), np.sign(above.mean())) == (-rises, rises)


def test_no_other_interval_between_trainings_is_simulated_to_be_cheaper() -> None:
    case = CASE | {"label": 0.0}
    best = upkeep.cheapest_interval(case)
    assert best is not None
    means = [
        simulated(case | {"retrain_days": best * factor}, seed=9).tuned.mean()
        for factor in (0.25, 1.0, 4.0)
    ]
    assert means[1] == min(means)


def test_an_interval_that_keeps_a_target_keeps_it_in_the_simulation() -> None:
    every = upkeep.retrain_every(0.01, 0.10, 4.0)
    assert every is not None
    case = CASE | {"retrain_days": every, "facts": 150.0}
    assert close(simulated(case, seed=2).stale, 0.10)
