"""A recipe trained with several learning rates: which one leaves the lowest dev loss."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness import models, served, training
from harness import plan as planning
from harness.console import Log, many
from harness.errors import MachineError, UnknownNameError, UsageError
from harness.plan import Plan, adapter_key
from harness.protocols import Executor
from harness.records import AdapterSource, Candidate, Recipe, Suite
from harness.store import Store

AROUND = (0.25, 0.5, 1.0, 2.0, 4.0)
"""The rates that are tried unless others are asked for: the recipe's own, times these."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One training. `loss` is its lowest dev loss in nats a token, None where it diverged.

    `part` is the share of the recipe's steps that it took, `rows` how many dev rows there were.
    """

    rate: float
    part: float
    loss: float | None
    rows: int
    tokens: int
    steps: int
    best_step: int
    seconds: float
    adapter: str
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Sweep:
    """What came of it; `best` is the rate of the lowest loss of those that took all steps."""

    recipe: str
    own: float
    tried: tuple[Tried, ...]
    best: float | None
    words: str


def asked_rates(text: str | None, recipe: Recipe) -> list[float]:
    """The rates of a list such as `1e-4,3e-4`, lowest first; without one, around the recipe's.

    Raises:
        UsageError: one is no number above 0 and at most 1, or is there twice.
    """
    if text is None:
        return sorted({min(1.0, recipe.learning_rate * factor) for factor in AROUND})
    found: list[float] = []
    for part in text.split(","):
        try:
            rate = float(part)
        except ValueError:
            rate = math.nan
        if not 0 < rate <= 1:
            remedy = "write numbers above 0 and at most 1, such as 1e-4,3e-4,1e-3"
            raise UsageError(f"--rates has '{part.strip()}'", remedy=remedy)
        if rate in found:
            raise UsageError(f"--rates has {rate:g} twice", remedy="keep one")
        found.append(rate)
    return sorted(found)


def recipe_of(suite: Suite, name: str) -> Recipe:
    """The recipe to sweep, where a sweep can tell anything.

    Raises:
        UnknownNameError: the suite has no such recipe.
        UsageError: it holds no dev rows back, or is trained on a server.
    """
    known = {recipe.name: recipe for recipe in suite.recipes}
    points = {one.name for one in suite.candidates if one.curve}
    if name not in known:
        raise UnknownNameError("recipe", name, known.keys() - points)
    if not known[name].dev_fraction:
        raise UsageError(
            f"recipe '{name}' holds no dev rows back, so rates cannot be told apart",
            remedy="give it a dev_fraction, such as 0.08",
        )
    if not suite.train:
        raise UsageError("the suite has no training rows", remedy="add `train: train.jsonl`")
    return known[name]


def sweep(
    suite: Suite,
    name: str,
    rates: str | None,
    tools: tuple[Store, Executor, Log],
    *,
    model: str | None = None,
    halving: bool = False,
) -> Sweep:
    """Train a recipe with each rate, and say which one to take.

    With `halving`, all are trained on a part of the steps first, and in each round the better half
    goes on to twice as many. A round trains anew: each training has a schedule of its own length.
    What is in the store is not trained again.

    Source:
        Successive halving, arXiv 1502.07943.
    """
    recipe = recipe_of(suite, name)
    wanted = asked_rates(rates, recipe)
    base = model or suite.model or planning.DEFAULT_MODEL
    if base.startswith(served.SERVED):
        remedy = "give --model a hub id or a folder"
        raise UsageError(f"model '{base}' is on a server, which trains nothing", remedy=remedy)
    made = models.resolve(base, tools[0], tools[1])
    rounds = math.ceil(math.log2(len(wanted))) if halving else 0
    tried: list[Tried] = []
    left = wanted
    for number in range(rounds, -1, -1):
        part = 0.5**number
        plan = _plan(suite, [_variant(recipe, rate, part) for rate in left], made)
        tools[2].stage("sweep", f"{many(len(left), 'rate')} on {part:.3g} of the steps")
        training.check_recipes(plan, tools[0])
        training.get_adapters(plan, *tools)
        done = list(_outcomes(plan, left, part, tools[0]))
        tried += done
        ranked = sorted((one for one in done if one.loss is not None), key=_rank)
        left = sorted(one.rate for one in ranked[: math.ceil(len(left) / 2)])
        if not left:
            break
    return _told(recipe, wanted, tried)


def _rank(one: Tried) -> tuple[float, float]:
    return (math.inf if one.loss is None else one.loss, one.rate)


def _variant(recipe: Recipe, rate: float, part: float) -> Recipe:
    """The recipe with another rate, on a part of its steps; its name is in no address."""
    name = f"{recipe.name}-rate-{rate:g}" + ("" if part == 1 else f"-part-{part:g}")
    steps = None if recipe.steps is None else max(1, math.ceil(recipe.steps * part))
    return replace(recipe, name=name, learning_rate=rate, epochs=recipe.epochs * part, steps=steps)


def _plan(suite: Suite, variants: Sequence[Recipe], model: Any) -> Plan:
    """A plan that trains the variants and asks nothing."""
    candidates = tuple(Candidate(one.name, AdapterSource("recipe", one.name)) for one in variants)
    names = {one.name for one in variants}
    others = tuple(one for one in suite.recipes if one.name not in names)
    only = replace(
        suite, tasks=(), candidates=candidates, recipes=(*others, *variants), curves=(), rules=(),
        expectations=(),
    )  # fmt: skip
    return planning.make(only, model, ("transformers", "nothing is asked"), {})


def _outcomes(plan: Plan, rates: Sequence[float], part: float, store: Store) -> Iterator[Tried]:
    known = {candidate.name: candidate for candidate in plan.suite.candidates}
    variants = [recipe for recipe in plan.recipes if recipe.name in known]
    for rate, recipe in zip(rates, variants, strict=True):
        made = store.adapter(adapter_key(plan, recipe), recipe.name)
        if made is None:
            why = training.failed(recipe, plan, store)
            yield Tried(rate, part, None, 0, 0, 0, 0, 0.0, "", why or "it has no adapter")
            continue
        record = made.record
        losses = [value for _, value in record["dev_loss"]]
        if not losses:
            raise UsageError(
                f"of recipe '{recipe.name}' no row was held back", remedy="raise its dev_fraction"
            )
        yield Tried(
            rate, part, min(losses), record["dev_rows"], record["tokens"], record["steps"],
            record["best_step"], record["seconds"], made.path,
        )  # fmt: skip


def _told(recipe: Recipe, rates: Sequence[float], tried: Sequence[Tried]) -> Sweep:
    """The best rate, and in a sentence what that is worth."""
    whole = sorted((one for one in tried if one.part == 1 and one.loss is not None), key=_rank)
    if not whole:
        told = next((one.failed for one in tried if one.failed), "")
        raise MachineError(f"no rate was trained to its end: {told}", remedy="try lower rates")
    best = whole[0]
    words = f"best: learning_rate {best.rate:g}, dev loss {best.loss:.4f} on {best.rows} rows"
    if len(whole) > 1:
        ahead = (whole[1].loss or 0.0) - (best.loss or 0.0)
        words += f", {ahead:.4f} below {whole[1].rate:g}"
    words += "; one seed, so no interval: a small lead may be chance"
    ends = {rates[0]: "lowest, so try lower ones", rates[-1]: "highest, so try higher ones"}
    if len(rates) > 1 and best.rate in ends:
        words += f". It is the {ends[best.rate]}, too"
    if len(rates) == 1:
        words += ". It was the only one"
    return Sweep(recipe.name, recipe.learning_rate, tuple(tried), best.rate, words)
