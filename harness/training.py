"""The train stage as the pipeline drives it: adapters from recipes, paths or the hub."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness import models
from harness.console import Log
from harness.errors import MachineError, UsageError
from harness.plan import Plan, adapter_key
from harness.protocols import Executor
from harness.records import Adapter, AdapterSource, EncodedRow, Recipe, TrainJob
from harness.store import Store, digest_of, write_atomic


def split(rows: list[tuple[str, EncodedRow]], recipe: Recipe) -> tuple[list[EncodedRow], ...]:
    """Train and dev rows: a seeded share, equal inputs always on one side."""

    def place(prompt: tuple[int, ...]) -> float:
        return int(digest_of([prompt, recipe.seed])[:8], 16) / 0xFFFFFFFF

    ordered = sorted(rows, key=lambda row: digest_of([row[0], recipe.seed]))
    dev = [row for _, row in ordered if place(row.prompt) < recipe.dev_fraction]
    train = [row for _, row in ordered if place(row.prompt) >= recipe.dev_fraction]
    return train, dev


def adapter_for(
    source: AdapterSource, plan: Plan, store: Store, executor: Executor, log: Log
) -> Adapter | None:
    """The adapter of a candidate, trained now if it was not yet."""
    if source.kind == "none":
        return None
    if source.kind == "recipe":
        recipe = next(r for r in plan.recipes if r.name == source.value)
        return trained(recipe, plan, store, executor, log)
    folder = Path(source.value).expanduser()
    if source.kind == "hub":
        folder = models.from_hub(source.value)
    elif not folder.is_absolute():
        folder = Path(plan.suite.root) / folder
    config = models.check_adapter(folder, plan.model)
    size = (folder / "adapter_model.safetensors").stat().st_size
    rank = int(config.get("r", 0))
    return Adapter(source.value, str(folder), store.adapter_digest(folder), rank, size)


def trained(recipe: Recipe, plan: Plan, store: Store, executor: Executor, log: Log) -> Adapter:
    """The adapter of a recipe: from the store, or trained in a child process."""
    key = adapter_key(plan, recipe)
    known = store.adapter(key, recipe.name)
    if known is not None:
        log.stage("train", f"{recipe.name}: already trained")
        return known
    from harness.template import Template

    template = Template(plan.model.path, plan.suite.template, plan.suite.as_of)
    rows = [(row.id, template.train_row(row.input, row.output)) for row in plan.suite.train]
    train, dev = split(rows, recipe)
    if not train:
        raise UsageError(
            f"recipe '{recipe.name}' has no rows to train on", remedy="give the suite train rows"
        )
    log.stage("train", f"{recipe.name}: {len(train)} rows, {len(dev)} for dev")
    with store.draft() as draft:
        job = TrainJob(
            plan.model.path, recipe, tuple(train), tuple(dev), str(draft), template.pad_id
        )
        record = follow(job, store, executor, log)
        name_base(draft, plan.model.name)
        record |= {
            "base": plan.model.name,
            "base_digest": plan.model.digest,
            "data_digest": digest_of([(row.id, row.input, row.output) for row in plan.suite.train]),
            "template": template.kind,
            "template_digest": template.digest,
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
