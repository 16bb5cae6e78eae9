"""Noise on the embeddings of training rows (NEFTune, arXiv 2310.05914)."""

import math
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from harness.train.batches import Batch


@dataclass(slots=True)
class Noise:
    """Uniform noise of at most `alpha` / sqrt(L d) on each of d numbers of a row of L tokens.

    Each step draws from its own seed, so that training that goes on draws as if it had not
    stopped. Nothing is added where no gradients are taken: dev losses are of clean rows.
    """

    alpha: float
    seed: int
    generator: torch.Generator = field(default_factory=torch.Generator)
    lengths: Tensor | None = None
    handle: Any = None

    def begin(self, step: int) -> None:
        """Draw for a step from now on."""
        self.generator.manual_seed(self.seed * 1_000_003 + step)

    def over(self, batch: Batch) -> None:
        """Say how long the row of each token of the next batch is; [rows, length]."""
        if batch.mask is None:
            counts = torch.tensor(batch.lengths)
            self.lengths = counts.repeat_interleave(counts).reshape(batch.ids.shape)
        else:
            self.lengths = batch.mask.sum(dim=1, keepdim=True).expand(batch.ids.shape)

    def __call__(self, _module: nn.Module, _inputs: Any, output: Tensor) -> Tensor | None:
        """A forward hook of the embeddings; [rows, length, d]."""
        if self.lengths is None or not torch.is_grad_enabled():
            return None
        drawn = torch.rand(output.shape, generator=self.generator, dtype=torch.float32) * 2 - 1
        scale = self.alpha / (self.lengths.cpu() * output.shape[-1]).sqrt()
        return output + (drawn * scale.unsqueeze(-1)).to(output.device, output.dtype)

    def remove(self) -> None:
        """Take the hook off."""
        if self.handle is not None:
            self.handle.remove()


def noise_on(model: Any, alpha: float, seed: int) -> Noise | None:
    """Noise on a model's embeddings, or None where `alpha` is 0."""
    if alpha <= 0 or not math.isfinite(alpha):
        return None
    noise = Noise(alpha, seed)
    noise.handle = model.get_input_embeddings().register_forward_hook(noise)
    return noise
