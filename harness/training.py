"""The train stage as the pipeline drives it: adapters from recipes, paths or the hub."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness import models, outside, served
from harness.console import Log
from harness.errors import MachineError, UsageError
from harness.plan import Plan, adapter_key, machine, rows_of
from harness.protocols import Executor
from harness.records import (
    Adapter,
    AdapterSource,
    EncodedRow,
    Model,
    Recipe,
    Row,
    Suite,
    TrainJob,
)
from harness.store import Store, digest_of, write_atomic
from harness.suite.adapters import check_adapter
from harness.suite.files import Problems


def split(rows: Sequence[tuple[Row, EncodedRow]], recipe: Recipe) -> tuple[list[EncodedRow], ...]:
    """Train and dev rows: a seeded share, equal inputs always on one side.

    Rows that teach a fact stay in training where others can serve as dev, so that a fact is
    shown as often as the suite says.
    """
    taught = {encoded.prompt for row, encoded in rows if row.fact is not None}
    spare = sum(encoded.prompt not in taught for _, encoded in rows)
    enough = spare >= 2 * recipe.dev_fraction * len(rows)
    share = recipe.dev_fraction * (len(rows) / spare if enough and spare else 1.0)

    def is_dev(encoded: EncodedRow) -> bool:
        drawn = int(digest_of([encoded.prompt, recipe.seed])[:8], 16) / 0xFFFFFFFF
        return drawn < share and not (enough and encoded.prompt in taught)

    ordered = sorted(rows, key=lambda pair: digest_of([pair[0].id, recipe.seed]))
    dev = [encoded for _, encoded in ordered if is_dev(encoded)]
    train = [encoded for _, encoded in ordered if not is_dev(encoded)]
    return train, dev


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
    """The adapters that candidates name, trained where they were not yet."""
    found: dict[AdapterSource, Adapter | None] = {AdapterSource(): None}
    missing = untrained(plan, store)
    for recipe in plan.recipes:
        if recipe in missing:
            made: Adapter | None = trained(recipe, plan, store, executor, log)
        else:
            made = store.adapter(adapter_key(plan, recipe), recipe.name)
            if made:  # one that only finished adapters started from may be gone
                log.stage("train", f"{recipe.name}: already trained")
        found[AdapterSource("recipe", recipe.name)] = made
    return found


def untrained(plan: Plan, store: Store) -> list[Recipe]:
    """Recipes to train: not in the store, and named by a candidate or by one that starts there."""
    wanted = {c.adapter.value for c in plan.suite.candidates if c.adapter.kind == "recipe"}
    missing: list[Recipe] = []
    for recipe in reversed(plan.recipes):  # first those that start from others
        if recipe.name in wanted and not store.adapter(adapter_key(plan, recipe), recipe.name):
            missing.append(recipe)
            wanted |= {recipe.start} if recipe.start else set()
    return missing


def trained(recipe: Recipe, plan: Plan, store: Store, executor: Executor, log: Log) -> Adapter:
    """Train a recipe's adapter in a child process and keep it.

    Raises:
        UsageError: there is nothing to train on.
        MachineError: training failed, or the adapter that it starts from is gone.
    """
    key = adapter_key(plan, recipe)
    before = started_from(recipe, plan, store)
    chosen = rows_of(plan.suite, recipe)
    from harness.template import Template

    template = Template(plan.model.path, plan.suite.template, plan.suite.as_of)
    rows = [(row, template.train_row(row.input, row.output)) for row in chosen]
    train, dev = split(rows, recipe)
    if not train:
        raise UsageError(
            f"recipe '{recipe.name}' has no rows to train on", remedy="give the suite train rows"
        )
    log.stage("train", f"{recipe.name}: {len(train)} rows, {len(dev)} for dev")
    with store.draft() as draft:
        job = TrainJob(
            plan.model.path,
            recipe,
            tuple(train),
            tuple(dev),
            str(draft),
            template.pad_id,
            start=before.path if before else None,
            peak_flops=store.value(peak_key()) or 0.0,
        )
        record = follow(job, store, executor, log)
        store.keep_value(peak_key(), record["peak_flops"])
        name_base(draft, plan.model.name)
        record |= {
            "base": plan.model.name,
            "base_digest": plan.model.digest,
            "data_digest": digest_of([(row.id, row.input, row.output) for row in chosen]),
            "template": template.kind,
            "template_digest": template.digest,
            "start_digest": before.digest if before else None,
        }
        store.keep(key, draft, recipe.rank, record)
    made = store.adapter(key, recipe.name)
    if made is None:
        raise MachineError("the trained adapter cannot be read back", where=str(store.root))
    log.say(
        f"          {record['seconds']:.0f} s, {record['tokens_per_second']:.0f} tokens/s, "
        f"dev loss {_last(record['dev_loss'])}, {made.size / 1e6:.1f} MB"
    )
    return made


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


def follow(job: TrainJob, store: Store, executor: Executor, log: Log) -> dict[str, Any]:
    """Run a training job and show its progress; its record."""
    record: dict[str, Any] = {}
    logfile = store.root / "logs" / "train.log"
    with log.progress(f"training {job.recipe.name}", total=1) as bar:
        for message in executor.run("harness.train.lora:train", asdict(job), logfile):
            if message["event"] == "step":
                note = f"loss {message['loss']:.3f}"
                bar.set(message["step"], message["steps"], note)
            elif message["event"] == "done":
                record = message["record"]
            elif message["event"] == "note":
                log.caution(str(message["message"]))
    if not record:
        raise MachineError("training ended without a record", where=str(logfile))
    return record
