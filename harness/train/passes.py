"""Forward and backward passes of a step, of one adapter or of several side by side."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

import torch

from harness.errors import MachineError
from harness.records import EncodedRow
from harness.train.batches import Batch, answers, collate, line, lines, micro_batches, size
from harness.train.layers import Stretches
from harness.train.loss import Head
from harness.train.machine import out_of_memory
from harness.train.noise import Noise

LIMIT = {"cpu": 4096, "cuda": 16384}  # tokens in a micro-batch, padding included


@dataclass(frozen=True, slots=True)
class Share:
    """What a step shows one adapter."""

    adapter: str
    rows: Sequence[EncodedRow]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A share's mean loss in nats per completion token, and tokens computed, padding included."""

    loss: float
    padded: int


@dataclass(slots=True)
class Passes:
    """A base with its adapters; `stretches` tells the layers whose tokens stand where."""

    head: Head
    stretches: Stretches
    pad_id: int
    device: torch.device
    limit: int = 0
    notes: list[str] = field(default_factory=list)
    saving: bool = False
    noise: Noise | None = None

    def __post_init__(self) -> None:
        self.limit = self.limit or LIMIT.get(self.device.type, LIMIT["cpu"])

    def gradients(self, shares: Sequence[Share], clear: Callable[[], None]) -> list[Outcome]:
        """Gradients of a step, in ever smaller micro-batches while memory runs out.

        MachineError when not even one row fits in memory.
        """
        while True:
            clear()
            try:
                return self._gradients(shares)
            except (RuntimeError, MemoryError) as error:
                if not out_of_memory(error):
                    raise
                self._spare(max(size(row) for share in shares for row in share.rows), error)

    def _spare(self, longest: int, error: BaseException) -> None:
        """Take less memory from now on, or raise MachineError."""
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        if self.limit > longest:
            self.limit //= 2
            text = f"out of memory: micro-batches now hold {self.limit} tokens at most"
        elif not self.saving and save_activations(self.head.model):
            self.saving = True
            text = "out of memory: activations are now computed twice instead of kept"
        else:
            raise MachineError(
                f"out of memory on one row of {longest} tokens",
                remedy="lower the recipe's max_length, or take a smaller model",
            ) from error
        self.notes.append(text)

    def _gradients(self, shares: Sequence[Share]) -> list[Outcome]:
        """Each token of a share weighs the same, however the step is split or shared."""
        wanted = [sum(answers(row) for row in share.rows) for share in shares]
        totals, padded = [0.0] * len(shares), [0] * len(shares)
        limit = self.limit // len(shares)
        parts = [list(self._parts(share.rows, limit)) for share in shares]
        for together in zip_longest(*parts):
            present = [(at, rows) for at, rows in enumerate(together) if rows]
            batch, counts = self._batch([(shares[at].adapter, rows) for at, rows in present])
            if self.noise:
                self.noise.over(batch)
            losses = self.head.losses(batch, counts)
            means = [loss / wanted[at] for (at, _), loss in zip(present, losses, strict=True)]
            torch.autograd.backward(torch.stack(means).sum())
            for (at, rows), loss in zip(present, losses, strict=True):
                totals[at] += loss.item() / wanted[at]
                padded[at] += sum(map(size, rows)) if batch.lengths else batch.ids.numel()
        return [Outcome(*pair) for pair in zip(totals, padded, strict=True)]

    def _parts(self, rows: Sequence[EncodedRow], limit: int) -> list[list[EncodedRow]]:
        return lines(rows, limit) if self.head.packed else micro_batches(rows, limit)

    def _batch(self, shares: list[tuple[str, list[EncodedRow]]]) -> tuple[Batch, list[int]]:
        """Rows of all shares behind one another, and how many targets each share has."""
        rows = [row for _, own in shares for row in own]
        names = tuple(name for name, _ in shares)
        ends: tuple[int, ...] = ()
        if self.head.packed:
            at = 0
            ends = tuple(at := at + sum(map(size, own)) for _, own in shares)
            batch = line(rows, self.device)
        elif len(shares) > 1:
            raise ValueError("padded rows of several adapters in one pass")
        else:
            batch = collate(rows, self.pad_id, self.device)
        self.stretches.names, self.stretches.ends = names, ends
        return batch, [sum(map(answers, own)) for _, own in shares]

    def evaluate(self, adapter: str, rows: Sequence[EncodedRow], group: int) -> float:
        """Mean loss on rows in nats per completion token; changes nothing."""
        near = sorted(rows, key=size)
        total = 0.0
        with torch.no_grad():
            for start in range(0, len(near), group):
                for part in self._parts(near[start : start + group], self.limit):
                    batch, counts = self._batch([(adapter, part)])
                    total += sum(loss.item() for loss in self.head.losses(batch, counts))
        return total / sum(answers(row) for row in rows)


def save_activations(model: Any) -> bool:
    """Compute activations again in backward instead of keeping them; False where it cannot be.

    The blocks look whether they are in training, which is for them alone: dropout stays off.
    """
    if not getattr(model, "supports_gradient_checkpointing", False):
        return False
    model.gradient_checkpointing_enable({"use_reentrant": False})
    for module in model.modules():
        if hasattr(module, "gradient_checkpointing"):
            module.training = True
    return True
