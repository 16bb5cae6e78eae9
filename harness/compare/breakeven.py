"""Fine-tuning against RAG in money per day.

The formulas are in `upkeep`, the measured inputs in `upkeep_inputs`. For the report's sliders,
report/templates/breakeven.js has the formulas of `upkeep` under the same names in camel case;
each takes an object of numbers by input name, which is `{name: priced.value}` of
`BreakEven.inputs`. docs/costs.md explains every input.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from harness.compare import upkeep
from harness.compare.evidence import headlines
from harness.compare.pairs import adapted
from harness.compare.upkeep_inputs import Arms, arms_of, inputs_of
from harness.figures import three
from harness.records import SHARES, BreakEven, Priced, Run, Suite

DRAWS = 2_000
TARGETS = {"5 %": 0.05, "10 %": 0.10}
"""Staleness that reports give a retraining interval for."""
Z = 1.959964


def break_even(
    run: Run, suite: Suite, taught: Mapping[str, Counter[str]] | None = None
) -> BreakEven | None:
    """What both ways cost at the suite's rates, None where a run measured only one of them.

    Intervals carry those of the measured inputs: in 2,000 seeded draws each input is drawn by
    itself, from two half normals that put 95 % between its bounds, and the 2.5 % and 97.5 %
    quantiles of the results are the interval. Prices and rates without an interval are held.
    `taught` has per recipe the distinct training rows of each fact.
    """
    arms = arms_of(run)
    if arms is None:
        return None
    inputs = inputs_of(run, suite, arms, taught)
    case = _solve(inputs, suite.seed)
    return BreakEven(
        inputs=inputs,
        currency=suite.decision.currency,
        sentence=_sentence(case, inputs, arms, suite.decision.currency),
        tuned=case.tuned,
        rag=case.rag,
        tuned_candidate=arms.tuned.name,
        rag_candidate=arms.rag.name,
        by_rate=case.by_rate,
        by_volume=case.by_volume,
        retrain=case.retrain,
        optimal_days=case.optimal,
        gap=case.gap,
        harm=_harm(case, inputs, suite.decision.currency),
        notes=tuple(_notes(case, inputs, suite.decision.currency)),
    )


Bounded = tuple[float, float, float]
Open = tuple[float, float | None, float | None]


@dataclass(frozen=True, slots=True)
class _Case:
    """Everything solved; `gap` is RAG's advantage in money per day."""

    values: dict[str, float]
    tuned: Bounded
    rag: Bounded
    gap: Bounded
    by_rate: Open | None
    by_volume: Open | None
    retrain: dict[str, float]
    optimal: float | None


def _solve(inputs: dict[str, Priced], seed: int) -> _Case:
    values = {name: one.value for name, one in inputs.items()}
    drawn = draws(inputs, seed)
    rate, lag = values["change_rate"], values["lag_days"]
    kept = {name: upkeep.retrain_every(rate, share, lag) for name, share in TARGETS.items()}
    return _Case(
        values,
        _bounded(float(upkeep.tuned_per_day(values)), upkeep.tuned_per_day(drawn)),
        _bounded(float(upkeep.rag_per_day(values)), upkeep.rag_per_day(drawn)),
        _bounded(float(upkeep.advantage(values)), upkeep.advantage(drawn)),
        _open(float(upkeep.rate_crossover(values)), upkeep.rate_crossover(drawn)),
        _open(float(upkeep.volume_crossover(values)), upkeep.volume_crossover(drawn)),
        {name: one for name, one in kept.items() if one is not None and np.isfinite(one)},
        upkeep.cheapest_interval(values),
    )


def draws(inputs: dict[str, Priced], seed: int, count: int = DRAWS) -> upkeep.Inputs:
    """`count` values of each input: drawn where it has an interval, else its value again."""
    rng = np.random.default_rng([seed, count])
    found: dict[str, upkeep.Floats] = {}
    for name in sorted(inputs):
        one, normal = inputs[name], rng.standard_normal(count)
        low = one.value if one.low is None else one.low
        high = one.value if one.high is None else one.high
        step = np.where(normal < 0, one.value - low, high - one.value) / Z
        ceiling = 1.0 if name in SHARES else np.inf
        found[name] = np.clip(one.value + normal * step, 0.0, ceiling)
    return found


def _bounded(value: float, drawn: upkeep.Floats) -> Bounded:
    low, high = (float(one) for one in np.quantile(drawn, [0.025, 0.975]))
    return value, min(low, value), max(high, value)


def _open(value: float, drawn: upkeep.Floats) -> Open | None:
    """A crossover with its interval, an end None where there is none; None where none is at all."""
    if not np.isfinite(value) or value <= 0:
        return None
    # by order statistics: between a number and infinity there is no quantile
    low, high = (float(one) for one in np.quantile(drawn, [0.025, 0.975], method="inverted_cdf"))
    return (
        value,
        min(low, value) if np.isfinite(low) else value,
        max(high, value) if np.isfinite(high) else None,
    )


def _sentence(case: _Case, inputs: dict[str, Priced], arms: Arms, currency: str) -> str:
    rate = inputs["change_rate"]
    tuned, rag = arms.tuned.name, arms.rag.name
    ways = ((tuned, case.tuned, case.values), (rag, case.rag, case.values))
    each = " and ".join(
        f"{name} {three(cost[0])} {currency} a day (95 % interval {three(cost[1])} to "
        f"{three(cost[2])})"
        for name, cost, _ in ways
    )
    _, low, high = case.gap
    which = f"{rag} costs less" if low > 0 else f"{tuned} costs less" if high < 0 else ""
    text = (
        f"Bad answers counted in, {which or 'it is not shown which costs less'} at "
        f"{three(case.values['queries_per_day'])} queries a day, {three(rate.value)} changes per "
        f"fact and day and a training every {three(case.values['retrain_days'])} days: {each}."
    )
    return f"{text} {_turn(case, tuned, rag)}"


def _turn(case: _Case, tuned: str, rag: str) -> str:
    """What rate of change, or what volume, turns the answer over."""
    low, high = (tuned, rag) if _rises(case.values) else (rag, tuned)
    if case.by_rate is not None:
        return (
            f"{low} costs less below {_span(case.by_rate)} changes per fact and day, {high} above."
        )
    cheaper = rag if case.gap[0] > 0 else tuned
    text = f"By these numbers {cheaper} costs less at every rate of change"
    if case.by_volume is None:
        return f"{text} and every volume."
    other = tuned if cheaper == rag else rag
    side = "below" if case.values["queries_per_day"] > case.by_volume[0] else "above"
    return f"{text}; {other} does {side} {_span(case.by_volume)} queries a day."


def _rises(values: dict[str, float]) -> bool:
    """Whether fine-tuning grows dearer as facts change faster."""
    at = [upkeep.advantage({**values, "change_rate": rate}) for rate in (0.0, upkeep.FASTEST)]
    return bool(at[1] >= at[0])


def _levels(inputs: dict[str, Priced]) -> list[str]:
    """How often either way is right, which the costs rest on; nothing where that is assumed."""
    shares = [inputs[name] for name in SHARES if name == "recall" or name.startswith("wrong")]
    if any(one.origin == "default" for one in shares):
        return []
    right = {one.name: f"{100 * (1 - one.value):.0f} %" for one in shares}
    text = (
        f"Fine-tuned answers are current in {right['wrong_if_unchanged']} of cases where the fact "
        f"is as it was trained and in {right['wrong_if_changed']} where it changed; RAG's in "
        f"{right['wrong_if_found']} with the passage and in {right['wrong_if_missed']} without, "
        f"and it is found for {100 * inputs['recall'].value:.0f} %."
    )
    return [text]


def _shares_of_harm(values: dict[str, float], currency: str) -> list[str]:
    """What bad answers are of both costs, and what is left without them."""
    ways = (upkeep.tuned_parts(values), upkeep.rag_parts(values))
    whole = [float(sum(parts.values())) for parts in ways]
    harm = [float(parts["bad answers"]) for parts in ways]
    if min(whole) <= 0:
        return []
    shares = [f"{100 * bad / cost:.0f} %" for bad, cost in zip(harm, whole, strict=True)]
    left = [three(cost - bad) for bad, cost in zip(harm, whole, strict=True)]
    text = (
        f"Bad answers are {shares[0]} of the cost of fine-tuning and {shares[1]} of RAG's; "
        f"without them they cost {left[0]} and {left[1]} {currency} a day."
    )
    return [text]


def _harm(case: _Case, inputs: dict[str, Priced], currency: str) -> str:
    """What of both costs is the price of wrong answers, in plain words, and what turns it over."""
    parts = (upkeep.tuned_parts(case.values), upkeep.rag_parts(case.values))
    whole = [float(sum(one.values())) for one in parts]
    harm = [float(one["bad answers"]) for one in parts]
    if min(whole) <= 0:
        return ""
    shares = [bad / cost for bad, cost in zip(harm, whole, strict=True)]
    most = "Most of both figures" if min(shares) > 0.5 else "Of both figures a part"
    price = inputs["bad_answer"]
    assumed = "assumed price" if price.origin == "default" else "price"
    left = [three(cost - bad) for bad, cost in zip(harm, whole, strict=True)]
    text = (
        f"{most} is the {assumed} of a wrong answer ({three(price.value)} {currency}): "
        f"without it they are {left[0]} and {left[1]} {currency} a day."
    )
    return f"{text} {_price_of_harm(case, inputs, currency)[0]}"


def lacking(run: Run) -> str:
    """Why a run does not set fine-tuning against retrieval in money."""
    everyone = [one.candidate for one in run.candidates if not one.candidate.curve]
    read = [c for c in everyone if c.context == "retrieved"]
    if not any(adapted(c) and c.context == "none" for c in everyone):
        return "No adapter was asked without passages."
    if not read:
        return "No candidate retrieves passages."
    if all(c.retrieve is not None and c.retrieve.index is not None for c in read):
        return "All that retrieve search the index of a set day, none that of the question's date."
    if not headlines(run.metrics, "facts"):
        return "No headline metric is of facts."
    return "The same facts were not asked of an adapter and of retrieved passages."


def _price_of_harm(case: _Case, inputs: dict[str, Priced], currency: str) -> list[str]:
    """The price of a bad answer at which the other way would cost less: costs are lines in it."""
    names = ["bad_answer"]
    if inputs["missed_passage"].origin == "default":  # then it follows
        names.append("missed_passage")
    at = [upkeep.advantage({**case.values, **dict.fromkeys(names, price)}) for price in (0.0, 1.0)]
    slope = float(at[1] - at[0])
    turn = -float(at[0]) / slope if slope else 0.0
    if turn <= 0:
        return ["Which costs less does not hang on the price of a bad answer."]
    cheaper, other = ("RAG", "fine-tuning") if slope > 0 else ("fine-tuning", "RAG")
    text = (
        f"Where a bad answer costs more than {three(turn)} {currency}, {cheaper} costs less, "
        f"below that {other}; here it is {three(case.values['bad_answer'])}."
    )
    return [text]


def _span(crossing: Open) -> str:
    value, low, high = crossing
    upper = "no bound" if high is None else three(high)
    return f"{three(value)} (95 % interval {three(low or 0.0)} to {upper})"


def _notes(case: _Case, inputs: dict[str, Priced], currency: str) -> list[str]:
    found = [*_levels(inputs), *_shares_of_harm(case.values, currency)]
    found += _price_of_harm(case, inputs, currency)
    rate = inputs["change_rate"]
    if rate.origin == "measured":
        found.append(
            f"The rate of change is of the suite's own facts: {rate.source}. A suite that picked "
            "facts because they change overstates it."
        )
    for name in TARGETS:
        if name not in case.retrain:
            never = case.values["change_rate"] <= 0
            why = "facts do not change" if never else "the lag alone makes more answers stale"
            found.append(f"No retraining interval is given for {name} stale answers: {why}.")
    if case.optimal is None:
        found.append("Fine-tuning costs least where it is never repeated.")
    assumed = [one.name for one in inputs.values() if one.origin == "default"]
    if assumed:
        found.append(
            f"Assumed, not measured: {', '.join(assumed)}. Set them under `decision:` in the suite"
            + (f"; the numbers are plain, in {currency}." if currency != "USD" else ".")
        )
    return found
