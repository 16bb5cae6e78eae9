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
from harness.train import attention, batches, machine
from harness.train.loss import Head, head_of, pack_where_equal


@dataclass(slots=True)
class Base:
    """A frozen base with its head, ready for adapters."""

    model: Any
    head: Head
    device: torch.device
    dtype: torch.dtype
    threads: int
    parameters: int
    probe: batches.Batch


@dataclass(frozen=True, slots=True)
class Rows:
    """Training and dev rows of a job that fit into `limit` tokens; `phases` of a trunk's rows."""

    train: list[EncodedRow]
    dev: list[EncodedRow]
    limit: int
    phases: tuple[int, ...]


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


def open_base(jobs: Sequence[TrainJob]) -> tuple[Base, list[Rows]]:
    """The base of some jobs, and the rows of each that it has room for."""
    first = jobs[0]
    device = machine.device_for(first.device)
    dtype = machine.dtype_for(device)
    threads = machine.use_threads(first.threads)
    model = load_base(first.model_path, device, dtype)
    rows = [fitting(job, model) for job in jobs]
    every = [row for found in rows for row in found.train]
    shortest = [min(every, key=batches.size)]
    head = head_of(model, batches.collate(shortest, first.pad_id, device))
    head = pack_where_equal(head, every, device)
    packed = head.packed
    probe = batches.line(shortest, device) if packed else batches.collate(shortest, 0, device)
    parameters = sum(weight.numel() for weight in model.parameters())
    return Base(model, head, device, dtype, threads, parameters, probe), rows


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
