"""What candidates cost: prices, their machine time and tokens, and the table of both."""

from collections.abc import Sequence

import numpy as np

from harness.compare.summaries import mean_interval
from harness.compare.upkeep import token_price
from harness.records import (
    CPU_HOUR,
    GPU_HOUR,
    PRICES,
    RATES,
    Answer,
    Candidate,
    CandidateCost,
    CandidateResult,
    Endpoint,
    Metric,
    Policy,
    Priced,
    Run,
    ScoredAnswer,
)

ASSUMED = "assumption"
Level = tuple[float, float, float]


def known(name: str, policy: Policy, measured: Priced | None = None) -> Priced | None:
    """An input as the suite sets it, else as measured, else by default; None: it has no default."""
    one = PRICES.get(name) or RATES[name]
    unit = one.unit.format(currency=policy.currency)
    own = policy.prices if name in PRICES else policy.rates
    if name in own:
        source, on = policy.source, policy.priced_on
        return Priced(name, float(own[name]), unit, "suite", source=source, on=on)
    if measured is not None:
        return measured
    if one.default is None:
        return None
    return Priced(name, float(one.default), unit, "default", source=ASSUMED)


def prices_of(run: Run, policy: Policy, endpoint: Endpoint | None = None) -> dict[str, Priced]:
    """Every price by its name in PRICES: the suite's, else the endpoint's, else by default.

    Where tokens have a price, the machine that answers is somebody else's and has none.
    """
    found = {name: known(name, policy) for name in PRICES}
    for name, asked in _hosted(endpoint).items():
        if name not in policy.prices:
            unit = PRICES[name].unit.format(currency=policy.currency)
            found[name] = Priced(name, asked, unit, "suite", source="the suite's endpoint")
    hour = GPU_HOUR if on_gpu(run) else CPU_HOUR
    hosted = any(one.value > 0 for n in _TOKENS if (one := found[n])) or run.engine == "endpoint"
    bad = found["bad_answer"]
    fallback = {
        "train_hour": hour,
        "serve_hour": 0.0 if hosted else hour,
        "missed_passage": bad.value if bad else 0.0,
    }
    complete: dict[str, Priced] = {}
    for name, price in found.items():
        unit = PRICES[name].unit.format(currency=policy.currency)
        complete[name] = price or Priced(name, fallback[name], unit, "default", source=ASSUMED)
    return complete


_TOKENS = ("prompt_mtok", "answer_mtok")


def _hosted(endpoint: Endpoint | None) -> dict[str, float]:
    asked = (endpoint.input_price, endpoint.output_price) if endpoint else (None, None)
    return {name: one for name, one in zip(_TOKENS, asked, strict=True) if one is not None}


def on_gpu(run: Run) -> bool:
    """Whether an adapter of the run was trained on a GPU, as its record says."""
    records = [one.adapter.record for one in run.candidates if one.adapter]
    return any(str(record.get("device", "")).startswith("cuda") for record in records)


def serving(run: Run, policy: Policy, endpoint: Endpoint | None = None) -> dict[str, Priced]:
    """The inputs that price an answer: hour, seconds per million tokens, weight, tokens, search.

    Engine seconds are shared over all tokens of the run, a prompt token counting `prompt_weight`
    of an answer token: the engine reads many prompt tokens at once and writes one at a time.
    """
    prices = prices_of(run, policy, endpoint)
    weight = known("prompt_weight", policy)
    found = {name: prices[name] for name in ("serve_hour", "retrieval", *_TOKENS)}
    if weight is not None:
        found["prompt_weight"] = weight
    work = sum(
        one.answer_tokens + (weight.value if weight else 0.0) * one.prompt_tokens
        for one in run.candidates
    )
    seconds = sum(one.answer_seconds for one in run.candidates)
    name, measured = "seconds_per_mtok", None
    if work and seconds:
        measured = Priced(name, seconds / work * 1e6, RATES[name].unit, "measured")
    speed = known(name, policy, measured)
    return found | ({name: speed} if speed else {})


def cost_per_1000(
    run: Run, policy: Policy, endpoint: Endpoint | None = None, task: str | None = None
) -> dict[str, Priced]:
    """What 1,000 answers cost per candidate: tokens and machine time, and search where it reads.

    Training is not in it. Over all tasks that a candidate was asked, which differ between
    candidates; with `task`, over that one. A candidate without answers is left out. The interval
    is of the answers' lengths, clustered as all means are.
    """
    parts = serving(run, policy, endpoint)
    clusters = {(case.task, case.id): case.cluster for case in run.cases}
    answers: dict[str, list[ScoredAnswer]] = {}
    for one in run.answers:
        if task in (None, one.task) and one.answer.finish != "error":
            answers.setdefault(one.candidate, []).append(one)
    priced: dict[str, Priced] = {}
    for result in run.candidates:
        candidate = result.candidate
        own = answers.get(candidate.name, [])
        costs = [
            (
                clusters.get((one.task, one.case), one.case),
                1000 * price_of_answer(one.answer, candidate, parts),
            )
            for one in own
        ]
        if costs:
            value, low, high = level(costs)
            unit = f"{policy.currency} per 1,000 answers"
            priced[candidate.name] = Priced(candidate.name, value, unit, "measured", low, high)
    return priced


def price_of_answer(answer: Answer, candidate: Candidate, parts: dict[str, Priced]) -> float:
    """Money for one answer with the prompt and the search behind it; `parts` as `serving` has."""
    prompt, written = token_price({name: one.value for name, one in parts.items()})
    read, wrote = tokens_of(answer)
    search = parts["retrieval"].value if candidate.context == "retrieved" else 0.0
    return float(prompt * read + written * wrote + search)


def tokens_of(answer: Answer) -> tuple[int, int]:
    """Prompt tokens and answer tokens."""
    return answer.prompt_tokens, len(answer.token_ids) or answer.completion_tokens


def level(values: Sequence[tuple[str, float]], metric: Metric | None = None) -> Level:
    """Mean and 95 % interval of (cluster, value), each value weighing the same."""
    metric = metric or Metric("amount", "a quantity of at least 0", upper=None)
    _, codes = np.unique([cluster for cluster, _ in values], return_inverse=True)
    numbers = np.array([value for _, value in values], np.float64)
    sums = np.bincount(codes, weights=numbers).astype(np.float64)
    sizes = np.bincount(codes).astype(np.float64)
    width = 1.0 if metric.upper is not None else float(np.abs(numbers).max())
    low, high = mean_interval(sums, sizes, metric, width)
    return float(sums.sum() / sizes.sum()), low, high


def costs(run: Run, policy: Policy, endpoint: Endpoint | None = None) -> tuple[CandidateCost, ...]:
    """What each candidate took to train and to answer, with prices, in the run's order."""
    each = cost_per_1000(run, policy, endpoint)
    prices = prices_of(run, policy, endpoint)
    return tuple(_cost(one, each, prices, policy.currency) for one in run.candidates)


def _cost(
    result: CandidateResult, each: dict[str, Priced], prices: dict[str, Priced], currency: str
) -> CandidateCost:
    record = result.adapter.record if result.adapter else {}
    seconds = seconds_of(record)
    rows = int(record.get("rows", 0)) + int(record.get("dev_rows", 0))
    per = each.get(result.candidate.name)
    alone = result.adapter is None
    return CandidateCost(
        result.candidate.name,
        adapter=result.adapter.name if result.adapter else "",
        rows=rows,
        train_seconds=0.0 if alone else seconds,
        train_tokens=0 if alone else record.get("tokens"),
        train_flops=0.0 if alone else record.get("flops"),
        peak_memory=record.get("peak_memory_bytes"),
        utilisation=record.get("utilisation"),
        train_price=None if seconds is None and not alone else _hours(seconds, prices),
        label_price=None if not rows and not alone else rows * prices["label"].value,
        answers=result.answers,
        prompt_tokens=result.prompt_tokens,
        answer_tokens=result.answer_tokens,
        answer_seconds=result.answer_seconds,
        per_1000=(per.value, per.low, per.high) if per else None,
        currency=currency,
    )


def seconds_of(record: dict[str, object]) -> float | None:
    """Seconds of a training with loading the base, None where its record has none."""
    found = [record.get(name) for name in ("seconds", "load_seconds")]
    numbers = [float(one) for one in found if isinstance(one, int | float)]
    return sum(numbers) if isinstance(found[0], int | float) else None


def _hours(seconds: float | None, prices: dict[str, Priced]) -> float:
    return (seconds or 0.0) / 3600 * prices["train_hour"].value
