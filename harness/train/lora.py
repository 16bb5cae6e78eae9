"""Train one LoRA adapter; runs in a child process and reports as it goes.

Method: LoRA (arXiv 2106.09685) on every linear layer but the output head, loss on completion
tokens only, AdamW (arXiv 1711.05101). Weights are saved in PEFT's format, safetensors only.
"""

import itertools
import json
import math
import platform
import time
import warnings
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import peft
import torch
import transformers
from transformers.pytorch_utils import Conv1D

from harness.errors import MachineError, UsageError, from_os_error
from harness.records import EncodedRow, Recipe, TrainJob
from harness.train import attention, batches, layers, machine
from harness.train.loop import Loop, plan
from harness.train.loss import head_of, pack_where_equal


def job_from(payload: TrainJob | dict[str, Any]) -> TrainJob:
    """The job behind a payload that went through JSON."""
    if isinstance(payload, TrainJob):
        return payload
    recipe = dict(payload["recipe"])
    for name in ("targets", "only", "without"):
        if isinstance(recipe.get(name), list):
            recipe[name] = tuple(recipe[name])

    def rows(name: str) -> tuple[EncodedRow, ...]:
        return tuple(
            EncodedRow(tuple(row["prompt"]), tuple(row["completion"])) for row in payload[name]
        )

    return TrainJob(
        **{**payload, "recipe": Recipe(**recipe), "rows": rows("rows"), "dev": rows("dev")}
    )


def load_base(path: str, device: torch.device, dtype: torch.dtype) -> Any:
    """The frozen base model, in `dtype` on `device`. MachineError when it cannot be loaded."""
    try:
        model = transformers.AutoModelForCausalLM.from_pretrained(path, dtype=dtype)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:300]
        raise MachineError(f"cannot load the base model: {reason}", where=path) from error
    model.requires_grad_(requires_grad=False)
    attention.speed_up(model, device, dtype)
    return model.to(device)


def add_adapter(base: Any, recipe: Recipe, probe: Callable[[], Any] | None = None) -> Any:
    """The base with fresh adapter weights, float32. UsageError for targets that are not there.

    `probe` runs the base once, to see which layers read the same tensor. Dropout of the base
    stays off: only the recipe's own dropout is trained with.
    """
    targets = recipe.targets if isinstance(recipe.targets, str) else list(recipe.targets)
    refuse_embeddings(base, recipe)
    config = peft.LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        lora_dropout=recipe.dropout,
        use_rslora=recipe.rslora,
        target_modules=targets,
        task_type="CAUSAL_LM",
        fan_in_fan_out=any(isinstance(module, Conv1D) for module in base.modules()),
    )
    try:
        with warnings.catch_warnings():
            # models that mix Conv1D and Linear: PEFT sets each right, and says so
            warnings.filterwarnings("ignore", message="fan_in_fan_out is set to")
            model = peft.get_peft_model(base, config, autocast_adapter_dtype=True)
    except ValueError as error:
        reason = " ".join(str(error).split())[:300]
        raise UsageError(
            f"recipe '{recipe.name}': {reason}", remedy="targets: all-linear"
        ) from error
    model.eval()
    for name, module in model.named_modules():
        if name.endswith("lora_dropout"):
            module.train()
    layers.speed_up(model, probe)
    return model


def take_weights(model: Any, folder: str) -> None:
    """Set the fresh adapter's weights to those of a finished one.

    Raises:
        MachineError: the folder holds another rank or other modules.
    """
    found = peft.utils.load_peft_weights(folder, device="cpu")
    try:
        result = peft.set_peft_model_state_dict(model, found)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:300]
        raise MachineError(f"the adapter to start from: {reason}", where=folder) from error
    left = [name for name in result.missing_keys if "lora_" in name]
    if left or result.unexpected_keys:
        raise MachineError(
            f"the adapter to start from has other modules: {(left or result.unexpected_keys)[0]}",
            where=folder,
            remedy="give both recipes the same targets",
        )


def refuse_embeddings(base: Any, recipe: Recipe) -> None:
    """Raise UsageError when a recipe names the embeddings or the output head among its targets."""
    tops = (base.get_input_embeddings(), base.get_output_embeddings())
    names = [name for name, module in base.named_modules() if any(module is top for top in tops)]
    wanted = recipe.targets if isinstance(recipe.targets, tuple) else ()
    for target in wanted:
        if any(name == target or name.endswith(f".{target}") for name in names):
            raise UsageError(
                f"recipe '{recipe.name}' targets '{target}', the embeddings or the output head",
                remedy="targets: all-linear, which leaves them out",
            )


def train(payload: TrainJob | dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Train an adapter into `job.out`; yields JSON-able progress messages.

    Events: `start` (steps, rows, …), `step` (step, steps, loss, tokens, seconds), `dev` (step,
    loss), `note` (message), and at last `done` with the record. Losses are nats per completion
    token. Raises MachineError when training diverges or memory runs out, UsageError when no row
    can be trained on.
    """
    job = job_from(payload)
    recipe = job.recipe
    began = time.perf_counter()
    device = machine.device_for(job.device)
    dtype = machine.dtype_for(device)
    threads = machine.use_threads(job.threads)
    torch.manual_seed(recipe.seed)
    base = load_base(job.model_path, device, dtype)
    rows, dev, limit = fitting(job, base)
    parameters = sum(weight.numel() for weight in base.parameters())
    shortest = [min(rows, key=batches.size)]
    head = head_of(base, batches.collate(shortest, job.pad_id, device))
    head = pack_where_equal(head, rows, device)
    probe = batches.line(shortest, device) if head.packed else batches.collate(shortest, 0, device)
    model = add_adapter(base, recipe, lambda: head.loss(probe))
    if job.start is not None:
        take_weights(model, job.start)
    weights = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    per_epoch, steps, checks = plan(len(rows), recipe.batch_rows, recipe.epochs)
    loop = Loop(head, weights, recipe, steps, job.pad_id, device)
    load_seconds = time.perf_counter() - began
    facts: dict[str, Any] = {
        "recipe": {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(recipe).items()},
        "seed": recipe.seed,
        "load_seconds": load_seconds,
        "rows": len(rows),
        "dev_rows": len(dev),
        "dropped_rows": len(job.rows) + len(job.dev) - len(rows) - len(dev),
        "max_length": limit,
        "trainable_params": sum(weight.numel() for weight in weights.values()),
        "base_params": parameters,
        "device": str(device),
        "dtype": str(dtype).removeprefix("torch."),
        "threads": threads,
        "versions": versions(),
    }
    yield {"event": "start", "step": 0, "steps": steps, **facts}
    curves = yield from run(loop, rows, dev, checks)
    save(model, Path(job.out))
    record = {**facts, **curves, "epochs_done": curves["steps"] / per_epoch}
    record.update(costs(loop, parameters, job.peak_flops or machine.gemm_peak(device, dtype)))
    yield {"event": "done", "step": curves["steps"], "steps": steps, "record": record}


def costs(loop: Loop, parameters: int, peak: float) -> dict[str, Any]:
    """What training took: tokens, FLOPs at 4 a base parameter and token, seconds, bytes.

    `utilisation` is the share of `peak`, the FLOP/s of this machine's matrix products.
    """
    counts = loop.counts
    flops = 4 * parameters * counts.tokens
    return {
        "tokens": counts.tokens,
        "completion_tokens": counts.completion_tokens,
        "padded_share": 1 - counts.tokens / counts.padded,
        "batching": "rows in one line" if loop.head.packed else "padded rows",
        "step_seconds": counts.step_seconds,
        "dev_seconds": counts.dev_seconds,
        "flops": flops,
        "peak_flops": peak,
        "utilisation": flops / counts.step_seconds / peak,
        "tokens_per_second": counts.tokens / counts.step_seconds,
        "peak_memory_bytes": machine.peak_memory_bytes(loop.device),
    }


def fitting(job: TrainJob, base: Any) -> tuple[list[EncodedRow], list[EncodedRow], int]:
    """Training and dev rows that the recipe and the model have room for, and that room."""
    positions = getattr(base.config, "max_position_embeddings", None)
    limit = min(job.recipe.max_length, positions or job.recipe.max_length)
    rows, dev = batches.usable(job.rows, limit), batches.usable(job.dev, limit)
    if not rows:
        raise UsageError(
            f"none of {len(job.rows)} training rows fits in {limit} tokens",
            remedy="raise the recipe's max_length, or shorten the rows",
        )
    return rows, dev, limit


def run(
    loop: Loop, rows: list[EncodedRow], dev: list[EncodedRow], checks: set[int]
) -> Generator[dict[str, Any], None, dict[str, Any]]:
    """All steps, with dev losses, early stop and the best weights put back; returns the curves."""
    recipe = loop.recipe
    order = itertools.chain.from_iterable(
        batches.steps(rows, recipe.batch_rows, epoch, recipe.seed) for epoch in itertools.count()
    )
    began = time.perf_counter()
    curve: list[list[float]] = []
    dev_curve: list[list[float]] = []
    best, lowest, best_step, worse, number = loop.copy(), math.inf, 0, 0, 0
    for number, step_rows in zip(range(1, loop.steps + 1), order, strict=False):
        value = loop.step(number, step_rows)
        curve.append([number, value])
        yield from ({"event": "note", "step": number, "message": text} for text in loop.notes)
        loop.notes.clear()
        yield {
            "event": "step",
            "step": number,
            "steps": loop.steps,
            "loss": value,
            "tokens": loop.counts.tokens,
            "seconds": time.perf_counter() - began,
        }
        if not dev or number not in checks:
            continue
        value = loop.evaluate(dev)
        if not math.isfinite(value):
            raise MachineError(f"training diverged: dev loss {value} after step {number}")
        dev_curve.append([number, value])
        yield {"event": "dev", "step": number, "steps": loop.steps, "loss": value}
        if value < lowest:
            best, lowest, best_step, worse = loop.copy(), value, number, 0
        else:
            worse += 1
        if 0 < recipe.patience <= worse:
            break
    if dev:
        loop.restore(best)
    return {
        "steps": number,
        "best_step": best_step if dev else number,
        "stopped_early": number < loop.steps,
        "seconds": time.perf_counter() - began,
        "loss": curve,
        "dev_loss": dev_curve,
    }


def versions() -> dict[str, str]:
    """Versions of what decides the result."""
    return {
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "peft": peft.__version__,
        "python": platform.python_version(),
    }


def settle(file: Path) -> None:
    """Sort a config's targets: PEFT writes them in another order each time, and bytes are names."""
    config = json.loads(file.read_text(encoding="utf-8"))
    if isinstance(config.get("target_modules"), list):
        config["target_modules"].sort()
    file.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def save(model: Any, out: Path) -> None:
    """Write `adapter_model.safetensors` and `adapter_config.json`, and nothing else."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        # without False, PEFT would ask a hub whether the vocabulary has grown
        model.save_pretrained(out, safe_serialization=True, save_embedding_layers=False)
        settle(out / "adapter_config.json")
    except OSError as error:
        raise from_os_error(error, "saving the adapter") from error
    (out / "README.md").unlink(missing_ok=True)
