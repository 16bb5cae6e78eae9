"""An adapter's optimiser: schedule, clipping, weights copied and put back."""

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from harness.errors import MachineError
from harness.records import Recipe

COOL = 0.15  # share of a nested run in which the rate falls; arXiv 2405.18392 has 10 to 20 %


class DivergedError(MachineError):
    """A loss or a gradient is not a finite number."""


@dataclass(slots=True)
class Counts:
    """What passed through forward and backward; `padded` counts padding too."""

    tokens: int = 0
    completion_tokens: int = 0
    padded: int = 0
    step_seconds: float = 0.0
    dev_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Schedule:
    """Steps of a run, and from which on the rate falls: to zero along half a cosine, or a line.

    A `constant` one does not fall.
    """

    steps: int
    warm: int
    cool: int
    shape: str = "cosine"

    def rate(self, step: int, top: float) -> float:
        """Learning rate of a step counted from 0; `top` is the highest."""
        if step < self.warm:
            return top * (step + 1) / self.warm
        if step < self.cool or self.shape == "constant":
            return top
        share = (step - self.cool) / max(1, self.steps - self.cool)
        if self.shape == "linear":
            return top * (1 - share)
        return top * 0.5 * (1 + math.cos(math.pi * share))


def plain(steps: int, recipe: Recipe) -> Schedule:
    """Linear warmup, then the recipe's schedule."""
    warm = math.ceil(recipe.warmup * steps)
    return Schedule(steps, warm, warm, recipe.schedule)


@dataclass(slots=True)
class Loop:
    """One adapter in training; only its `weights` change."""

    weights: dict[str, Tensor]
    recipe: Recipe
    schedule: Schedule
    device: torch.device
    counts: Counts = field(default_factory=Counts)
    optimiser: torch.optim.Optimizer = field(init=False)

    def __post_init__(self) -> None:
        self.optimiser = torch.optim.AdamW(
            list(self.weights.values()),
            lr=self.recipe.learning_rate,
            weight_decay=self.recipe.weight_decay,
            fused=self.device.type in ("cpu", "cuda"),
        )

    def update(self, number: int, loss: float) -> None:
        """Step `number`, counted from 1, with the gradients that are there.

        DivergedError when the loss or the gradient is not a finite number.
        """
        norm = torch.nn.utils.clip_grad_norm_(
            self.weights.values(), self.recipe.clip if self.recipe.clip > 0 else math.inf
        )
        if not (math.isfinite(loss) and math.isfinite(norm.item())):
            raise DivergedError(
                f"training diverged: loss {loss}, gradient norm {norm.item()} at step {number}",
                remedy=f"lower the recipe's learning_rate, now {self.recipe.learning_rate:g}",
            )
        for group in self.optimiser.param_groups:
            group["lr"] = self.schedule.rate(number - 1, self.recipe.learning_rate)
        self.optimiser.step()

    def copy(self) -> dict[str, Tensor]:
        """The adapter's weights as they are now."""
        return {name: weight.detach().clone() for name, weight in self.weights.items()}

    def restore(self, saved: dict[str, Tensor]) -> None:
        """Put weights from `copy` back."""
        with torch.no_grad():
            for name, weight in self.weights.items():
                weight.copy_(saved[name])


def plan(
    rows: int, batch_rows: int, epochs: float, steps: int | None = None
) -> tuple[int, int, set[int]]:
    """Steps in an epoch, steps in all, and the steps after which the dev loss is taken.

    The dev loss is taken each half epoch and after the last step. `steps` replace `epochs`.
    """
    per_epoch = math.ceil(rows / max(1, batch_rows))
    total = steps or max(1, math.ceil(per_epoch * epochs))
    half = per_epoch / 2
    checks = {min(total, max(1, round(half * n))) for n in range(1, math.ceil(total / half) + 1)}
    return per_epoch, total, checks | {total}
