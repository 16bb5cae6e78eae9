"""The course of one adapter: which rows when, losses, early stop, what is kept and reported."""

import itertools
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from harness.records import EncodedRow, Recipe, TrainJob
from harness.train import keeping
from harness.train.batches import answers, size, steps
from harness.train.loop import COOL, Counts, DivergedError, Loop, Schedule, plain, plan
from harness.train.passes import Outcome, Passes, Share

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Route:
    """Steps of a course, dev losses after `checks`, and the step at which a trunk is left."""

    schedule: Schedule
    per_epoch: int
    checks: set[int]
    branch: int = 0


def route(rows: int, phases: Sequence[int], recipe: Recipe) -> Route:
    """The way of a recipe through `rows`; `phases` are the sizes of its trunk, if it has one."""
    if not phases:
        per_epoch, total, checks = plan(rows, recipe.batch_rows, recipe.epochs, recipe.steps)
        return Route(plain(total, recipe), per_epoch, checks)
    per_epoch = math.ceil(rows / recipe.batch_rows)
    stages = trunk_steps(phases, recipe)
    branch = sum(stages)
    total = branch + max(1, round(rows / recipe.batch_rows * recipe.epochs * COOL))
    warm = math.ceil(recipe.warmup * stages[0] / (1 - COOL))
    return Route(Schedule(total, warm, branch, "linear"), per_epoch, {total}, branch)


def trunk_steps(phases: Sequence[int], recipe: Recipe) -> list[int]:
    """Steps that each phase of a trunk takes over the rows that are new in it."""
    fresh = [stop - start for start, stop in itertools.pairwise((0, *phases))]
    share = recipe.epochs * (1 - COOL) / recipe.batch_rows
    return [max(1, math.ceil(count * share)) for count in fresh]


def order(
    rows: list[EncodedRow], phases: Sequence[int], recipe: Recipe
) -> Iterator[list[EncodedRow]]:
    """Rows of each step, without end. A trunk shows what is new in each phase, then all rows."""
    for number, (start, stop) in enumerate(itertools.pairwise((0, *phases))):
        endless = _epochs(rows[start:stop], recipe.batch_rows, recipe.seed + 1000 * (number + 1))
        yield from itertools.islice(endless, trunk_steps(phases, recipe)[number])
    yield from _epochs(rows, recipe.batch_rows, recipe.seed)


def _epochs(rows: list[EncodedRow], batch_rows: int, seed: int) -> Iterator[list[EncodedRow]]:
    for epoch in itertools.count():
        yield from steps(rows, batch_rows, epoch, seed)


@dataclass(slots=True)
class Course:
    """One adapter on its way; `name` is the adapter's in the model, `index` its job's."""

    index: int
    name: str
    job: TrainJob
    rows: list[EncodedRow]
    dev: list[EncodedRow]
    way: Route
    loop: Loop
    passes: Passes
    facts: dict[str, Any]
    phases: tuple[int, ...] = ()
    number: int = 0
    loss: list[list[float]] = field(default_factory=list)
    dev_loss: list[list[float]] = field(default_factory=list)
    best: dict[str, Tensor] = field(default_factory=dict)
    lowest: float = math.inf
    best_step: int = 0
    worse: int = 0
    seconds: float = 0.0
    resumed: int = 0
    shared: int = 0
    stacked: float = 0.0
    _order: Iterator[list[EncodedRow]] = field(init=False)
    _kept: float = field(init=False)

    def __post_init__(self) -> None:
        self._order = order(self.rows, self.phases, self.loop.recipe)
        self._kept = time.monotonic()

    @property
    def ended(self) -> bool:
        """All steps are done, or dev losses say that more would not help."""
        patience = self.loop.recipe.patience
        enough = 0 < patience <= self.worse and not self.phases
        return self.number >= self.way.schedule.steps or enough

    def share(self) -> Share:
        """What the next step shows."""
        return Share(self.name, next(self._order))

    def took(self, share: Share, outcome: Outcome, seconds: float, beside: int) -> Iterator[Event]:
        """Finish a step whose gradients are there, `beside` adapters having shared the pass.

        DivergedError when it came to no finite number.
        """
        self.number += 1
        counts = self.loop.counts
        counts.tokens += sum(map(size, share.rows))
        counts.completion_tokens += sum(map(answers, share.rows))
        counts.padded += outcome.padded
        began = time.perf_counter()
        self.loop.update(self.number, outcome.loss)
        seconds += time.perf_counter() - began
        counts.step_seconds += seconds
        self.seconds += seconds
        self.stacked += beside
        self.loss.append([self.number, outcome.loss])
        yield self.event("step", loss=outcome.loss, tokens=counts.tokens, seconds=self.seconds)
        if self.dev and self.number in self.way.checks:
            yield from self._check()
        if self.job.keep and time.monotonic() - self._kept > self.job.keep_every:
            self.keep(self.job.keep)

    def _check(self) -> Iterator[Event]:
        """Take the dev loss, and keep the weights where it is the lowest."""
        began = time.perf_counter()
        value = self.passes.evaluate(self.name, self.dev, max(1, self.loop.recipe.batch_rows))
        took = time.perf_counter() - began
        self.loop.counts.dev_seconds += took
        self.seconds += took
        if not math.isfinite(value):
            raise DivergedError(f"training diverged: dev loss {value} after step {self.number}")
        self.dev_loss.append([self.number, value])
        yield self.event("dev", loss=value)
        if value < self.lowest:
            self.best, self.lowest, self.best_step, self.worse = (
                self.loop.copy(), value, self.number, 0,
            )  # fmt: skip
        else:
            self.worse += 1

    def event(self, kind: str, **more: Any) -> Event:
        """A message of this course."""
        step = {"step": self.number, "steps": self.way.schedule.steps}
        return {"event": kind, "job": self.index, **step, **more}

    def curves(self) -> dict[str, Any]:
        """What the record says of the way."""
        return {
            "steps": self.number,
            "best_step": self.best_step if self.dev else self.number,
            "stopped_early": self.number < self.way.schedule.steps,
            "epochs_done": self.number / self.way.per_epoch,
            "seconds": self.seconds,
            "resumed_at": self.resumed,
            "loss": self.loss,
            "dev_loss": self.dev_loss,
        }

    # -------------------------------------------------- kept, and gone on from

    def keep(self, path: str, *, trunk: bool = False) -> None:
        """Write all that going on takes; of a `trunk` nothing that only this course has."""
        state = {
            "number": self.number,
            "loss": self.loss,
            "dev_loss": [] if trunk else self.dev_loss,
            "lowest": None if trunk or math.isinf(self.lowest) else self.lowest,
            "best_step": 0 if trunk else self.best_step,
            "worse": 0 if trunk else self.worse,
            "seconds": 0.0 if trunk else self.seconds,
            "stacked": self.stacked,
            "counts": asdict(Counts()) if trunk else asdict(self.loop.counts),
            "shared": self.shared + self.loop.counts.tokens if trunk else self.shared,
        }
        best = {} if trunk else self.best
        keeping.keep(Path(path), keeping.tensors_of(self.loop, best), state)
        if not trunk:
            self._kept = time.monotonic()

    def resume(self) -> bool:
        """Go on from what an earlier start kept, if it did."""
        found = keeping.kept(Path(self.job.keep)) if self.job.keep else None
        if found is None:
            return False
        tensors, state = found
        self.best = keeping.put_back(self.loop, tensors, state["number"])
        self.number = self.resumed = state["number"]
        self.loss, self.dev_loss = state["loss"], state["dev_loss"]
        self.lowest = math.inf if state["lowest"] is None else state["lowest"]
        self.best_step, self.worse = state["best_step"], state["worse"]
        self.seconds, self.stacked, self.shared = (
            state["seconds"], state["stacked"], state["shared"],
        )  # fmt: skip
        self.loop.counts = Counts(**state["counts"])
        for _ in range(self.number):
            next(self._order)
        return True
