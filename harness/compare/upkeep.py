"""What answers to facts cost a day, by fine-tuning and by RAG: formulas alone.

METHODS: facts change as a Poisson process at rate r per day; a model trained every T days on
what holds then answers from D days later until the next one does. An answer at a random moment
then rests on a fact that is D to D + T days old, which has changed with the probability
S = 1 - exp(-r D) (1 - exp(-r T)) / (r T). docs/costs.md has every symbol by name.

All functions take the inputs by name (harness/records/costs.py), numbers or arrays of one shape,
so that draws go through at once; report/templates/breakeven.js has the same functions.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

Floats = NDArray[np.float64]
Inputs = Mapping[str, Any]

SHORTEST, LONGEST = 1 / 24, 36_500.0
"""Days between trainings that are looked at: an hour to a century."""
FASTEST = 24.0
"""Changes per fact and day that are looked at: one an hour."""
STEPS = 200


def staleness(rate: Any, every: Any, lag: Any = 0.0) -> Any:
    """Share of answers about changing facts that rest on a superseded value."""
    x = np.asarray(rate, float) * every
    small = np.abs(x) < 1e-5
    safe = np.where(small, 1.0, x)
    ageing = np.where(small, x / 2 - x * x / 6, 1 + np.expm1(-safe) / safe)
    stale = -np.expm1(-rate * np.asarray(lag, float))
    return stale + (1 - stale) * ageing


def retrain_every(rate: float, target: float, lag: float = 0.0) -> float | None:
    """The longest days between trainings that keep `staleness` at `target`.

    None where no interval does: the lag alone makes more answers stale. Infinite where facts do
    not change. For a lag of 0 it is near 2 * target / rate (METHODS: 0.10 / rate for 5 %).
    """
    if rate <= 0:
        return np.inf
    if not 0 < target < 1 or staleness(rate, 0.0, lag) >= target:
        return None
    within = 1 - (1 - target) * np.exp(rate * lag)
    # 1 - (1 - exp(-x)) / x >= 1 - 1 / x, so the root lies below 1 / (1 - within)
    root = optimize.brentq(lambda x: float(staleness(1.0, x)) - within, 0, 2 / (1 - within))
    return float(root) / rate


def token_price(i: Inputs) -> tuple[Any, Any]:
    """Price of a prompt token and of an answer token: what a host asks, and machine time."""
    machine = i["serve_hour"] / 3600 * i["seconds_per_mtok"]
    prompt = i["prompt_mtok"] + machine * i["prompt_weight"]
    return prompt / 1e6, (i["answer_mtok"] + machine) / 1e6


def tuned_parts(i: Inputs) -> dict[str, Any]:
    """Money per day of fine-tuning: labels, training, evaluation, serving, bad answers."""
    rate, every = i["change_rate"], i["retrain_days"]
    changed = i["facts"] * -np.expm1(-np.asarray(rate, float) * every)
    stale = staleness(rate, every, i["lag_days"])
    wrong = stale * i["wrong_if_changed"] + (1 - stale) * i["wrong_if_unchanged"]
    read, written = token_price(i)
    queries = i["queries_per_day"]
    return {
        "labels": i["label"] * i["examples_per_fact"] * changed / every,
        "training": i["train_hour"] * i["train_seconds"] / 3600 / every,
        "evaluation": i["evaluation"] / every,
        "serving": queries * (i["prompt_tokens"] * read + i["tuned_tokens"] * written),
        "bad answers": queries * i["fact_share"] * wrong * i["bad_answer"],
    }


def rag_parts(i: Inputs) -> dict[str, Any]:
    """Money per day of RAG: index, search, serving, bad answers."""
    read, written = token_price(i)
    queries, found = i["queries_per_day"], i["recall"]
    prompt = i["prompt_tokens"] + i["added_tokens"]
    wrong = found * i["wrong_if_found"] * i["bad_answer"]
    wrong = wrong + (1 - found) * i["wrong_if_missed"] * i["missed_passage"]
    return {
        "index": i["index_day"] + 0 * queries,
        "search": queries * i["retrieval"],
        "serving": queries * (prompt * read + i["rag_tokens"] * written),
        "bad answers": queries * i["fact_share"] * wrong,
    }


def tuned_per_day(i: Inputs) -> Any:
    """All of `tuned_parts`."""
    return sum(tuned_parts(i).values())


def rag_per_day(i: Inputs) -> Any:
    """All of `rag_parts`."""
    return sum(rag_parts(i).values())


def advantage(i: Inputs) -> Any:
    """Money per day by which RAG is cheaper; negative where fine-tuning is."""
    return tuned_per_day(i) - rag_per_day(i)


def volume_crossover(i: Inputs) -> Any:
    """Queries per day at which both cost the same: both are lines in the volume.

    Infinite where one way costs less at every volume.
    """
    fixed = advantage({**i, "queries_per_day": 0.0})
    slope = advantage({**i, "queries_per_day": 1.0}) - fixed
    with np.errstate(divide="ignore", invalid="ignore"):
        volume = np.asarray(-fixed / slope, float)
    return np.where(np.isfinite(volume) & (volume > 0), volume, np.inf)


def rate_crossover(i: Inputs) -> Any:
    """Changes per fact and day at which both cost the same, by bisection to the last digits.

    0 where RAG costs less even for facts that never change, infinite where fine-tuning does even
    for facts that change hourly.
    """
    at_rest = advantage({**i, "change_rate": 0.0})
    at_most = advantage({**i, "change_rate": FASTEST})
    low = np.zeros(np.shape(at_rest))
    high = np.full(np.shape(at_rest), FASTEST)
    for _ in range(STEPS):
        middle = (low + high) / 2
        same = (advantage({**i, "change_rate": middle}) > 0) == (at_rest > 0)
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    never = np.where(at_rest > 0, 0.0, np.inf)
    return np.where((at_rest > 0) == (at_most > 0), never, high)


def cheapest_interval(i: Inputs) -> float | None:
    """Days between trainings at which fine-tuning costs least, None where that is never.

    The best of a grid in log days, refined between its neighbours. Near
    sqrt(2 * cost of a training / (queries * fact_share * bad_answer * rate)) (METHODS) where every
    answer is right unless stale, the interval is short against 1 / rate, and labels cost nothing.
    """

    def cost(log_days: float) -> float:
        return float(tuned_per_day({**i, "retrain_days": np.exp(log_days)}))

    grid = np.linspace(np.log(SHORTEST), np.log(LONGEST), STEPS + 1)
    best = int(np.argmin([cost(float(one)) for one in grid]))
    if best == STEPS:
        return None
    around = float(grid[max(0, best - 1)]), float(grid[best + 1])
    found = optimize.minimize_scalar(cost, bounds=around, method="bounded", options={"xatol": 1e-9})
    return float(np.exp(found.x))
