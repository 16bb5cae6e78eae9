"""Optimiser steps over an adapter's weights: losses, gradients, schedule, memory."""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from harness.errors import MachineError
from harness.records import EncodedRow, Recipe
from harness.train.batches import Batch, answers, collate, line, lines, micro_batches, size
from harness.train.loss import Head
from harness.train.machine import out_of_memory

LIMIT = {"cpu": 4096, "cuda": 16384}  # padded tokens in a micro-batch


@dataclass(slots=True)
class Counts:
    """What passed through forward and backward; `padded` counts padding too."""

    tokens: int = 0
    completion_tokens: int = 0
    padded: int = 0
    step_seconds: float = 0.0
    dev_seconds: float = 0.0


def rate(step: int, steps: int, recipe: Recipe) -> float:
    """Learning rate of a step counted from 0: linear warmup, then half a cosine to zero."""
    warm = math.ceil(recipe.warmup * steps)
    if step < warm:
        return recipe.learning_rate * (step + 1) / warm
    share = (step - warm) / max(1, steps - warm)
    return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * share))


@dataclass(slots=True)
class Loop:
    """One model in training; only `weights`, the adapter's, change."""

    head: Head
    weights: dict[str, Tensor]
    recipe: Recipe
    steps: int
    pad_id: int
    device: torch.device
    counts: Counts = field(default_factory=Counts)
    notes: list[str] = field(default_factory=list)
    limit: int = 0
    optimiser: torch.optim.Optimizer = field(init=False)

    def __post_init__(self) -> None:
        self.limit = self.limit or LIMIT.get(self.device.type, LIMIT["cpu"])
        self.optimiser = torch.optim.AdamW(
            list(self.weights.values()),
            lr=self.recipe.learning_rate,
            weight_decay=self.recipe.weight_decay,
            fused=self.device.type in ("cpu", "cuda"),
        )

    def step(self, number: int, rows: Sequence[EncodedRow]) -> float:
        """One optimiser step, counted from 1; its mean loss in nats per completion token.

        MachineError when the loss or the gradient is not a finite number, or when not even one
        row fits in memory.
        """
        began = time.perf_counter()
        loss = self._with_less_memory(rows)
        norm = torch.nn.utils.clip_grad_norm_(
            self.weights.values(), self.recipe.clip if self.recipe.clip > 0 else math.inf
        )
        if not (math.isfinite(loss) and math.isfinite(norm.item())):
            raise MachineError(
                f"training diverged: loss {loss}, gradient norm {norm.item()} at step {number}",
                remedy=f"lower the recipe's learning_rate, now {self.recipe.learning_rate:g}",
            )
        for group in self.optimiser.param_groups:
            group["lr"] = rate(number - 1, self.steps, self.recipe)
        self.optimiser.step()
        self.counts.step_seconds += time.perf_counter() - began
        return loss

    def _with_less_memory(self, rows: Sequence[EncodedRow]) -> float:
        """Gradients of a step, in ever smaller micro-batches while memory runs out."""
        while True:
            self.optimiser.zero_grad(set_to_none=True)
            try:
                return self._gradients(rows)
            except (RuntimeError, MemoryError) as error:
                if not out_of_memory(error):
                    raise
                longest = max(size(row) for row in rows)
                if self.limit <= longest:
                    raise MachineError(
                        f"out of memory on one row of {longest} tokens",
                        remedy="lower the recipe's max_length, or take a smaller model",
                    ) from error
            if self.device.type == "cuda":
                torch.cuda.empty_cache()
            self.limit //= 2
            self.notes.append(f"out of memory: micro-batches now hold {self.limit} tokens at most")

    def _gradients(self, rows: Sequence[EncodedRow]) -> float:
        """Mean loss of a step; each token weighs the same however the step is split."""
        wanted = sum(answers(row) for row in rows)
        total = 0.0
        padded = 0
        for batch in self.batches(rows):
            loss = self.head.loss(batch) / wanted
            torch.autograd.backward(loss)
            total += loss.item()
            padded += batch.ids.numel()
        self.counts.tokens += sum(size(row) for row in rows)
        self.counts.completion_tokens += wanted
        self.counts.padded += padded
        return total

    def batches(self, rows: Sequence[EncodedRow]) -> Iterator[Batch]:
        """A step's rows in parts that fit: in lines without padding, or padded."""
        if self.head.packed:
            yield from (line(part, self.device) for part in lines(rows, self.limit))
        else:
            for part in micro_batches(rows, self.limit):
                yield collate(part, self.pad_id, self.device)

    def evaluate(self, rows: Sequence[EncodedRow]) -> float:
        """Mean loss on rows in nats per completion token; changes nothing."""
        began = time.perf_counter()
        group = max(1, self.recipe.batch_rows)
        near = sorted(rows, key=size)
        total = 0.0
        with torch.no_grad():
            for start in range(0, len(near), group):
                for batch in self.batches(near[start : start + group]):
                    total += self.head.loss(batch).item()
        self.counts.dev_seconds += time.perf_counter() - began
        return total / sum(answers(row) for row in rows)

    def copy(self) -> dict[str, Tensor]:
        """The adapter's weights as they are now."""
        return {name: weight.detach().clone() for name, weight in self.weights.items()}

    def restore(self, saved: dict[str, Tensor]) -> None:
        """Put weights from `copy` back."""
        with torch.no_grad():
            for name, weight in self.weights.items():
                weight.copy_(saved[name])


def plan(rows: int, batch_rows: int, epochs: float) -> tuple[int, int, set[int]]:
    """Steps in an epoch, steps in all, and the steps after which the dev loss is taken.

    The dev loss is taken each half epoch and after the last step.
    """
    per_epoch = math.ceil(rows / max(1, batch_rows))
    total = max(1, math.ceil(per_epoch * epochs))
    half = per_epoch / 2
    checks = {min(total, max(1, round(half * n))) for n in range(1, math.ceil(total / half) + 1)}
    return per_epoch, total, checks | {total}
