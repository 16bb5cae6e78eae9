"""TRL's SFTTrainer beside bench, over whole optimiser steps; part of benchmarks/training.py.

Both train the same rows in the same steps of 8, from the same adapter (B is 0), with AdamW, half a
cosine without warmup, clipping and threads alike. TRL is given our order, in which rows of like
length share a step: its own sampler would pad more. Each of `WAYS` is tried for a block of steps
after one that warms up, and the fastest is measured (or `--trl-way` names it). Ours is
`harness.train.lora.Team`, what a training child runs.

Left out: Liger (its kernels are for GPUs), packing (it makes other steps; padding free computes no
padding either), adapters in bfloat16 (another training: small updates vanish).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from harness.records import EncodedRow, Recipe, TrainJob
from harness.train import adapter, batches, course, lora

BATCH = 8
GOAL = 1.5
WAYS: dict[str, dict[str, Any]] = {
    "padded": {},
    "padded, one loader": {"workers": 1},
    "padded, autocast": {"autocast": True},
    "padded, eager attention": {"attention": "eager"},
    "padding free": {"padding_free": True},
    "padding free, autocast": {"padding_free": True, "autocast": True},
    "padded, compiled": {"compile": True},
}
QUICK = [name for name in WAYS if "compiled" not in name]  # compiling takes minutes
Block = dict[str, Any]  # seconds, and the loss of each step


@dataclass(slots=True)
class Task:
    """What both sides train: `steps` in a block, as many blocks, the rows of every step."""

    options: argparse.Namespace
    recipe: Recipe
    rows: list[EncodedRow]
    blocks: int
    dtype: str
    peak: float
    folder: Path

    def answers(self) -> int:
        """Completion tokens of a block: an epoch, so the same in each."""
        return sum(batches.answers(row) for row in self.rows)


def task_of(
    options: argparse.Namespace, rows: list[EncodedRow], dtype: str, peak: float, folder: Path
) -> Task:
    """One warm block and `--repeats` measured ones, an epoch of the rows each."""
    blocks = options.repeats + 1
    recipe = Recipe("beside", warmup=0.0, epochs=blocks, batch_rows=BATCH, patience=0)
    return Task(options, recipe, rows, blocks, dtype, peak, folder)


class Ours:
    """One training of ours, a block at a time."""

    def __init__(self, task: Task, threads: int) -> None:
        job = TrainJob(
            task.options.model, task.recipe, tuple(task.rows), (), str(task.folder / "ours"), 0,
            device="cpu", threads=threads, peak_flops=task.peak,
        )  # fmt: skip
        base, found = lora.open_base([job])
        team = lora.Team(base, task.peak, 0.0)
        team.gather([(0, job, found[0])])
        adapter.save(team.model, task.folder / "start")
        self.steps = len(task.rows) // BATCH
        self.events = team.run("off")

    def block(self) -> list[float]:
        """The losses of the next steps."""
        steps = (event for event in self.events if event["event"] == "step")
        return [event["loss"] for event in islice(steps, self.steps)]


class Peer:
    """One training of TRL's, in a process of its own."""

    def __init__(self, task: Task, threads: int, way: str, blocks: int) -> None:
        steps = islice(course.order(task.rows, (), task.recipe), task.blocks * self.steps(task))
        job = {
            "model": str(Path(task.options.model).resolve()),
            "adapter": str(task.folder / "start"),
            "rows": [[row.prompt, row.completion] for step in steps for row in step],
            "batch": BATCH,
            "block": self.steps(task),
            "blocks": blocks,
            "threads": threads,
            "dtype": task.dtype,
            "way": WAYS[way],
            "learning_rate": task.recipe.learning_rate,
            "weight_decay": task.recipe.weight_decay,
            "clip": task.recipe.clip,
            "folder": str(task.folder / "trl"),
        }
        file = task.folder / "trl.json"
        file.write_text(json.dumps(job), encoding="utf-8")
        self.log = task.folder / "trl.log"
        script = Path(__file__).parent / "peer_trl.py"
        more = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_CACHE": str(task.folder / "data")}
        with self.log.open("ab") as sink:
            self.child = subprocess.Popen(
                [task.options.trl, "-P", str(script), str(file)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=sink, text=True,
                env={**os.environ, **more, "PYTHONPATH": "", "OMP_NUM_THREADS": str(threads)},
            )  # fmt: skip

    @staticmethod
    def steps(task: Task) -> int:
        """Optimiser steps in a block."""
        return len(task.rows) // BATCH

    def block(self) -> Block:
        """Seconds and losses of the next steps, by TRL's own clock."""
        assert self.child.stdin
        assert self.child.stdout
        self.child.stdin.write("go\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        if not line:
            sys.exit(f"TRL ended: {self.log.read_text(errors='replace')[-2000:]}")
        found: Block = json.loads(line)
        return found

    def end(self) -> None:
        """Stop it, finished or not."""
        if self.child.poll() is None:
            self.child.kill()
        self.child.communicate()


@contextmanager
def peer(task: Task, threads: int, way: str, blocks: int) -> Iterator[Peer]:
    """A training of TRL's that ends with the block of code."""
    found = Peer(task, threads, way, blocks)
    try:
        yield found
    finally:
        found.end()


def tried(task: Task, threads: int) -> dict[str, float]:
    """Answer tokens per second of each way, over one block after one that warms up."""
    asked = task.options.trl_way
    speeds = {}
    for way in QUICK if asked == "each" else [asked]:
        with peer(task, threads, way, 2) as one:
            one.block()
            speeds[way] = task.answers() / one.block()["seconds"]
            print(f"TRL, {way}: {speeds[way]:.0f} answer tokens/s", flush=True)
    return speeds


def beside(task: Task, threads: int, clock: Any) -> dict[str, Any]:
    """Both sides in turn, block by block."""
    own = Ours(task, threads)
    speeds = tried(task, threads)
    way = max(speeds, key=lambda name: speeds[name])
    times: dict[str, list[float]] = {"bench": [], "TRL": []}
    losses: dict[str, list[float]] = {"bench": [], "TRL": []}
    with peer(task, threads, way, task.blocks) as other:
        for _ in range(task.blocks):
            times["bench"].append(clock(lambda: losses["bench"].extend(own.block())))
            block = other.block()
            times["TRL"].append(block["seconds"])
            losses["TRL"] += block["losses"]
    answers = task.answers()
    rates = {name: [answers / took for took in found[1:]] for name, found in times.items()}
    pairs = list(zip(rates["bench"], rates["TRL"], strict=True))
    gaps = [abs(a - b) for a, b in zip(losses["bench"], losses["TRL"], strict=True)]
    return {
        "way": way,
        "tried": speeds,
        "steps_in_a_block": len(task.rows) // BATCH,
        "answer_tokens_in_a_block": answers,
        "answer_tokens_per_second": {name: statistics.median(v) for name, v in rates.items()},
        "all_runs": rates,
        "ratio": statistics.median(a / b for a, b in pairs),
        "ratios": [a / b for a, b in pairs],
        "goal": GOAL,
        "losses": losses,
        "largest_difference": max(gaps),
    }


def show(found: dict[str, Any]) -> None:
    """The comparison, and both curves."""
    for name, speed in found["answer_tokens_per_second"].items():
        print(f"{name:12} {speed:7.0f} answer tok/s, whole steps")
    low, high = min(found["ratios"]), max(found["ratios"])
    print(f"bench ÷ TRL ({found['way']}): {found['ratio']:.2f} [{low:.2f}, {high:.2f}]", end="")
    print(f", n = {len(found['ratios'])}, goal {found['goal']}")
    for name, losses in found["losses"].items():
        print(f"loss, {name:6}", " ".join(f"{loss:.4f}" for loss in losses))
    print(f"largest difference of a step's losses: {found['largest_difference']:.4f}")
