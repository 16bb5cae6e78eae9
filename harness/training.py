"""The train stage as the pipeline drives it: adapters from recipes, paths or the hub."""

import json
import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from harness import models, outside, served, spreading
from harness.console import Log
from harness.errors import MachineError, UsageError
from harness.lessons import mixture, rows_of, trunk_rows
from harness.plan import Plan, adapter_key, machine
from harness.protocols import Executor
from harness.records import (
    Adapter,
    AdapterSource,
    Model,
    Recipe,
    Suite,
    TrainJob,
    TrainWork,
)
from harness.splitting import split, split_trunk
from harness.store import Store, digest_of, write_atomic
from harness.suite.adapters import check_adapter
from harness.suite.files import Problems

if TYPE_CHECKING:
    from harness.template import Template


def outside_adapters(suite: Suite, base: Model, store: Store) -> dict[AdapterSource, Adapter]:
    """The adapters that candidates bring along, checked against the base before any compute.

    Raises:
        SuiteError: one of them is damaged, or asks for what no engine serves.
        UsageError: one of them is for another base model, tokenizer or chat template.
    """
    found: dict[AdapterSource, Adapter] = {}
    for source in dict.fromkeys(candidate.adapter for candidate in suite.candidates):
        if source.kind == "served":
            found[source] = served.adapter_of(source, suite.endpoint)
        if source.kind not in ("path", "hub"):
            continue
        folder = Path(source.value).expanduser()
        if source.kind == "hub":
            folder = models.from_hub(source.value)
        elif not folder.is_absolute():
            folder = Path(suite.root) / folder
        problems = Problems()
        check_adapter(folder, str(folder), problems)
        problems.raise_if_any()
        config = models.check_adapter(folder, base)
        outside.check_prompting(folder, Path(base.path))
        rank = max([int(config["r"]), *map(int, (config.get("rank_pattern") or {}).values())])
        size = (folder / "adapter_model.safetensors").stat().st_size
        digest = store.adapter_digest(folder)
        record = outside.own_record(folder, base)
        found[source] = Adapter(source.value, str(folder), digest, rank, size, record)
    return found


def get_adapters(
    plan: Plan, store: Store, executor: Executor, log: Log
) -> dict[AdapterSource, Adapter | None]:
    """The adapters that candidates name, trained where they were not yet.

    A recipe whose training diverged is not among them: `failed` says why.
    """
    found: dict[AdapterSource, Adapter | None] = {AdapterSource(): None}
    missing = untrained(plan, store)
    for recipe in plan.recipes:
        if recipe not in missing and store.adapter(adapter_key(plan, recipe), recipe.name):
            log.stage("train", f"{recipe.name}: already trained")
    while missing:
        held_back = {recipe.name for recipe in missing}
        ready = [recipe for recipe in missing if recipe.start not in held_back]
        train_together(ready, plan, store, executor, log)
        missing = [recipe for recipe in missing if recipe not in ready]
    for recipe in plan.recipes:
        if not failed(recipe, plan, store):
            # one that only finished adapters started from may be gone
            made = store.adapter(adapter_key(plan, recipe), recipe.name)
            found[AdapterSource("recipe", recipe.name)] = made
    return found


def failed(recipe: Recipe, plan: Plan, store: Store) -> str:
    """Why a recipe, or one that it starts from, has no adapter; '' where nothing went wrong."""
    told = store.value(failure_key(plan, recipe))
    if told:
        return f"recipe '{recipe.name}': {told['message']} ({told['remedy']})"
    before = next((one for one in plan.recipes if one.name == recipe.start), None)
    if before is None or store.adapter(adapter_key(plan, recipe), recipe.name):
        return ""
    why = failed(before, plan, store)
    return f"recipe '{recipe.name}' starts from another: {why}" if why else ""


def why_failed(source: AdapterSource, plan: Plan, store: Store) -> str:
    """Why there is no adapter for a source that a candidate names."""
    recipe = next((one for one in plan.recipes if one.name == source.value), None)
    return (failed(recipe, plan, store) if recipe else "") or f"no adapter '{source.value}'"


def failure_key(plan: Plan, recipe: Recipe) -> str:
    """Where it is kept that a recipe's training diverged."""
    return f"failed-{adapter_key(plan, recipe)}"


def untrained(plan: Plan, store: Store) -> list[Recipe]:
    """Recipes to train: not in the store, and named by a candidate or by one that starts there."""
    wanted = {c.adapter.value for c in plan.suite.candidates if c.adapter.kind == "recipe"}
    missing: list[Recipe] = []
    for recipe in reversed(plan.recipes):  # first those that start from others
        if recipe.name in wanted and not store.adapter(adapter_key(plan, recipe), recipe.name):
            missing.append(recipe)
            wanted |= {recipe.start} if recipe.start else set()
    return [recipe for recipe in missing if not failed(recipe, plan, store)]


@dataclass(slots=True)
class Making:
    """A recipe in training: its job for the child, and what goes into the record."""

    recipe: Recipe
    key: str
    job: TrainJob
    facts: dict[str, Any]


def train_together(
    recipes: Sequence[Recipe], plan: Plan, store: Store, executor: Executor, log: Log
) -> None:
    """Train the adapters of some recipes in one child process, and keep each as it ends.

    Recipes whose rows and numbers come out alike are one adapter. One whose training diverges is
    noted as failed, and the others go on.

    Raises:
        UsageError: there is nothing to train on.
        MachineError: training failed, or an adapter to start from is gone.
    """
    from harness.template import Template

    template = Template(plan.model.path, plan.suite.template, plan.suite.as_of)
    ready = {adapter_key(plan, one): one for one in recipes if not failed(one, plan, store)}
    if not ready:
        return
    with ExitStack() as drafts:
        making = [
            make(one, key, plan, store, template, str(drafts.enter_context(store.draft())))
            for key, one in ready.items()
        ]
        for one in making:
            rows, dev = len(one.job.rows), len(one.job.dev)
            log.stage("train", f"{one.recipe.name}: {rows} rows, {dev} for dev")
        work = TrainWork(tuple(one.job for one in making), stacking(plan, store))
        for message in spreading.follow(work, store, executor, log):
            one = making[message["job"]]
            if message["event"] == "failed":
                told = {key: message[key] for key in ("message", "remedy", "record")}
                store.keep_value(f"failed-{one.key}", told)
                log.caution(failed(one.recipe, plan, store))
            else:
                keep(one, message["record"], plan, store, log)
            Path(one.job.keep).unlink(missing_ok=True)


def make(
    recipe: Recipe, key: str, plan: Plan, store: Store, template: "Template", draft: str
) -> Making:
    """What is needed to train a recipe into a draft."""
    before = started_from(recipe, plan, store)
    chosen = rows_of(plan.suite, recipe)
    rows = [(row, template.train_row(row.input, row.output)) for row in chosen]
    phases: tuple[int, ...] = ()
    if recipe.trunk:
        train, dev, phases = split_trunk(rows, trunk_rows(plan.suite, recipe), recipe)
    else:
        train, dev = split(rows, recipe)
    if not train:
        raise UsageError(
            f"recipe '{recipe.name}' has no rows to train on", remedy="give the suite train rows"
        )
    job = TrainJob(
        plan.model.path,
        recipe,
        tuple(train),
        tuple(dev),
        draft,
        template.pad_id,
        start=before.path if before else None,
        peak_flops=store.value(peak_key()) or 0.0,
        keep=str(store.root / "unfinished" / f"{key}.safetensors"),
        phases=phases,
    )
    facts = {
        "base": plan.model.name,
        "base_digest": plan.model.digest,
        "data_digest": digest_of([(row.id, row.input, row.output) for row in chosen]),
        "template": template.kind,
        "template_digest": template.digest,
        "start_digest": before.digest if before else None,
        "mixture": mixture(plan.suite, recipe),
    }
    return Making(recipe, key, job, facts)


def keep(one: Making, record: dict[str, Any], plan: Plan, store: Store, log: Log) -> None:
    """Put a finished adapter into the store."""
    draft = Path(one.job.out)
    name_base(draft, plan.model.name)
    store.keep_value(peak_key(), record["peak_flops"])
    timings = record.get("stack_timings")
    if timings and not one.recipe.load_in_4bit:
        better = timings["stacked"] < timings["in turn"]
        store.keep_value(stack_key(plan), "on" if better else "off")
    store.keep(one.key, draft, one.recipe.rank, record | one.facts)
    if store.adapter(one.key, one.recipe.name) is None:
        raise MachineError("the trained adapter cannot be read back", where=str(store.root))
    beside = f", {record['stacked']:.0f} side by side" if record["stacked"] > 1 else ""
    log.say(
        f"          {one.recipe.name}: {record['seconds']:.0f} s, "
        f"{record['tokens_per_second']:.0f} tokens/s{beside}, "
        f"dev loss {_last(record['dev_loss'])}"
    )


def check_recipes(plan: Plan, store: Store) -> None:
    """Refuse recipes that are still to be trained and that this machine cannot train.

    Raises:
        UsageError: one wants a base in 4 bits, which cannot be here.
    """
    wanted = [recipe for recipe in untrained(plan, store) if recipe.load_in_4bit]
    if wanted:
        from harness.train import quantised

        quantised.check(wanted[0].name, plan.model.path)


def stack_key(plan: Plan) -> str:
    """Where it is kept whether this machine trains several adapters of a base faster at once."""
    threads = os.environ.get("OMP_NUM_THREADS", "")
    return f"stack-{digest_of([plan.model.digest, machine(), os.cpu_count(), threads])}"


def stacking(plan: Plan, store: Store) -> Literal["auto", "on", "off"]:
    """What earlier trainings of the base showed; where there were none, the first steps show it."""
    known = store.value(stack_key(plan))
    return known if known in ("on", "off") else "auto"


def peak_key() -> str:
    """Where the FLOP/s that this machine's matrix products reach are kept."""
    threads = os.environ.get("OMP_NUM_THREADS", "")
    return f"peak-flops-{digest_of([machine(), os.cpu_count(), threads])}"


def started_from(recipe: Recipe, plan: Plan, store: Store) -> Adapter | None:
    """The adapter that a recipe goes on from, or None."""
    if recipe.start is None:
        return None
    before = next(one for one in plan.recipes if one.name == recipe.start)
    adapter = store.adapter(adapter_key(plan, before), before.name)
    if adapter is None:
        raise MachineError(f"the adapter of recipe '{before.name}' is not in the store")
    return adapter


def name_base(folder: Path, name: str) -> None:
    """Let the adapter name its base as people do: a path of this machine would be in its bytes."""
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config["base_model_name_or_path"] = name
    write_atomic(path, json.dumps(config, indent=2, sort_keys=True) + "\n")


def _last(curve: list[list[float]]) -> str:
    return f"{curve[0][1]:.2f} → {min(loss for _, loss in curve):.2f}" if curve else "none"
