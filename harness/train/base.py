"""The base model in training: loaded once for all adapters of a child process."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import peft
import torch
import transformers

from harness.errors import MachineError, UsageError
from harness.records import EncodedRow, TrainJob
from harness.train import attention, batches, fused, machine, quantised, quick
from harness.train.loss import Head, head_of, pack_where_equal


@dataclass(slots=True)
class Base:
    """A frozen base with its head, ready for adapters.

    `weights` says how they are kept, `kernels` which fused ones it has.
    """

    model: Any
    head: Head
    device: torch.device
    dtype: torch.dtype
    threads: int
    parameters: int
    probe: batches.Batch
    weights: str
    kernels: str


@dataclass(frozen=True, slots=True)
class Rows:
    """Training and dev rows of a job that fit into `limit` tokens; `phases` of a trunk's rows."""

    train: list[EncodedRow]
    dev: list[EncodedRow]
    limit: int
    phases: tuple[int, ...]


def load_base(job: TrainJob, device: torch.device, dtype: torch.dtype) -> Any:
    """The frozen base model, in `dtype` on `device`. MachineError when it cannot be loaded."""
    options = quantised.options(dtype, device) if job.recipe.load_in_4bit else {}
    if job.device == machine.SHARDED:
        options["device_map"] = "balanced"
    try:
        model = transformers.AutoModelForCausalLM.from_pretrained(
            job.model_path, dtype=dtype, **options
        )
    except (ImportError, OSError, ValueError, KeyError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:300]
        raise MachineError(f"cannot load the base model: {reason}", where=job.model_path) from error
    model.requires_grad_(requires_grad=False)
    attention.speed_up(model, device, dtype)
    quick.speed_up(model, device)
    return model if options else model.to(device)


def open_base(jobs: Sequence[TrainJob]) -> tuple[Base, list[Rows]]:
    """The base of some jobs, and the rows of each that it has room for."""
    first = jobs[0]
    device = machine.device_for(first.device)
    dtype = machine.dtype_for(device)
    threads = machine.use_threads(first.threads)
    model = load_base(first, device, dtype)
    rows = [fitting(job, model) for job in jobs]
    every = [row for found in rows for row in found.train]
    shortest = [min(every, key=batches.size)]
    beginning = batches.collate(shortest, first.pad_id, device)
    model, kernels = with_kernels(model, first, device, dtype, beginning)
    weights = in_words(model, first, dtype)
    head = pack_where_equal(head_of(model, beginning), every, device)
    packed = head.packed
    probe = batches.line(shortest, device) if packed else batches.collate(shortest, 0, device)
    parameters = sum(map(quantised.size, model.parameters()))
    made = Base(model, head, device, dtype, threads, parameters, probe, weights, kernels)
    return made, rows


def with_kernels(
    model: Any, job: TrainJob, device: torch.device, dtype: torch.dtype, batch: batches.Batch
) -> tuple[Any, str]:
    """The model with fused kernels where they are installed and do what it does; what they are."""
    known = fused.known_kinds() if device.type == "cuda" else {}
    kind = str(getattr(model.config, "model_type", ""))
    if not fused.wanted(device.type, kind, known, sharded=job.device == machine.SHARDED):
        return model, ""

    def outcome() -> list[torch.Tensor]:
        told = batch.inputs()
        put_in = model.get_input_embeddings()(told.pop("input_ids")).detach().requires_grad_()
        logits = model(inputs_embeds=put_in, **told).logits.float()
        (gradient,) = torch.autograd.grad(logits.logsumexp(dim=-1).sum(), put_in)
        return [logits.detach(), gradient.float()]

    kernels = fused.fuse(model, known[kind], outcome)
    return (model, kernels) if kernels else (load_base(job, device, dtype), "")


def in_words(model: Any, job: TrainJob, dtype: torch.dtype) -> str:
    """How the base's weights are kept. UsageError where none is in 4 bits though it should be."""
    weights = quantised.settle(model)
    if job.recipe.load_in_4bit and not weights:
        raise UsageError(
            f"recipe '{job.recipe.name}' has load_in_4bit, but no layer of the base can be so",
            remedy="load_in_4bit: false",
        )
    return weights or str(dtype).removeprefix("torch.")


def fitting(job: TrainJob, model: Any) -> Rows:
    """The rows of a job that the recipe and the model have room for."""
    positions = getattr(model.config, "max_position_embeddings", None)
    limit = min(job.recipe.max_length, positions or job.recipe.max_length)
    rows, dev = batches.usable(job.rows, limit), batches.usable(job.dev, limit)
    if not rows:
        raise UsageError(
            f"none of {len(job.rows)} training rows fits in {limit} tokens",
            remedy="raise the recipe's max_length, or shorten the rows",
        )
    phases = tuple(len(batches.usable(job.rows[:stop], limit)) for stop in job.phases)
    return Rows(rows, dev, limit, phases)


def versions() -> dict[str, str]:
    """Versions of what decides the result."""
    return {
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "peft": peft.__version__,
        "python": platform.python_version(),
    }
