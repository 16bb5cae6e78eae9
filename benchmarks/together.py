"""Eight adapters (four sizes x two seeds) at once beside eight plain trainings, in wall time.

python benchmarks/together.py --model PATH --train suites/legal/train.jsonl

Three sides in turn: `alone`, eight trainings of one adapter each, each loading the base; `stacked`,
one training of all eight that share each pass (`--stack auto`, as a run has it: the first steps try
both ways, which small sizes do not outlast); `nested`, one training in which the sizes of a seed
share a trunk. All are whole trainings by `harness.train.lora.train_all`, saving included, in this
process: starting Python and importing torch, which eight children would do eight times, is not
counted. Medians of the rounds' ratios are kept, with loading and without it, and the tokens that
each side trained.

`--rows` is the largest size; the others are halves of it. A trunk and a branch have at least one
step each, so small sizes make the nested side dearer than a real curve does.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Literal

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
import transformers
from training import describe, roomy, rows_from

from harness.records import EncodedRow, Recipe, TrainJob, TrainWork
from harness.train import lora, machine

RESULTS = Path(__file__).parent / "results" / "together.json"
SEEDS = (7, 8)
Stack = Literal["auto", "on", "off"]


def jobs_of(
    options: argparse.Namespace, rows: list[EncodedRow], out: Path, *, nested: bool
) -> list[TrainJob]:
    """Four sizes of each seed; nested ones with their trunk and a file to hand it on."""
    sizes = tuple(options.rows // part for part in (8, 4, 2, 1))
    made = []
    for seed in SEEDS:
        for at, size in enumerate(sizes):
            trunk = sizes[: at + 1] if nested else ()
            name = f"{size}-{seed}"
            recipe = Recipe(name, seed=seed, epochs=options.epochs, patience=0, trunk=trunk)
            made.append(
                TrainJob(
                    options.model, recipe, tuple(rows[:size]), (), str(out / name), 0,
                    threads=options.threads, peak_flops=options.peak, phases=trunk,
                    keep=str(out / f"{name}.safetensors") if nested else "",
                )
            )  # fmt: skip
    return made


def train(jobs: list[TrainJob], stack: Stack) -> dict[str, Any]:
    """Wall seconds of one training of `jobs`, those without loading, and what was shown."""
    began = time.perf_counter()
    found = [
        message["record"]
        for message in lora.train_all(TrainWork(tuple(jobs), stack))
        if message["event"] == "done"
    ]
    took = time.perf_counter() - began
    if len(found) != len(jobs):
        raise SystemExit(f"{len(found)} of {len(jobs)} adapters were trained")
    return {
        "seconds": took,
        "training": took - sum(record["load_seconds"] for record in found),
        "tokens": sum(record["tokens"] for record in found),
        "stacked": max(record["stacked"] for record in found),
        "timings": found[-1]["stack_timings"],
        "batching": found[0]["batching"],
        "last_losses": {f"{record['recipe']['name']}": record["loss"][-1][1] for record in found},
    }


def one_round(options: argparse.Namespace, rows: list[EncodedRow]) -> dict[str, Any]:
    """All sides once."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        singles = jobs_of(options, rows, out / "alone", nested=False)
        parts = [train([job], "off") for job in singles]
        alone = {
            name: sum(part[name] for part in parts) for name in ("seconds", "training", "tokens")
        }
        losses = {key: loss for part in parts for key, loss in part["last_losses"].items()}
        return {
            "alone": alone | {"last_losses": losses},
            "stacked": train(jobs_of(options, rows, out / "stacked", nested=False), options.stack),
            "nested": train(jobs_of(options, rows, out / "nested", nested=True), "off"),
        }


def ratios(rounds: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Medians of each side over `alone`: wall time, that without loading, and tokens trained."""
    return {
        side: {
            name: statistics.median(one[side][name] / one["alone"][name] for one in rounds)
            for name in ("seconds", "training", "tokens")
        }
        for side in ("stacked", "nested")
    }


def main() -> None:
    """Measure, print, and write benchmarks/results/together.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="a local checkpoint folder")
    parser.add_argument("--train", help="JSONL of input and output; default: made rows")
    parser.add_argument("--stack", choices=("auto", "on"), default="on")
    parser.add_argument("--rows", type=int, default=32, help="of the largest size, at least 8")
    parser.add_argument("--epochs", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    roomy()
    tokenizer = transformers.AutoTokenizer.from_pretrained(options.model)
    rows = rows_from(options.train, tokenizer, options.rows)
    if len(rows) < options.rows or options.rows < 8:
        raise SystemExit(f"--rows {options.rows}: at least 8, and {len(rows)} are there")
    threads = machine.use_threads(options.threads)
    cpu = torch.device("cpu")
    options.peak = machine.gemm_peak(cpu, machine.dtype_for(cpu))
    rounds: list[dict[str, Any]] = []
    for number in range(options.rounds):
        rounds.append(one_round(options, rows))
        took = ", ".join(f"{side} {one['seconds']:.1f} s" for side, one in rounds[-1].items())
        print(f"round {number + 1}: {took}", flush=True)
    found = {
        "machine": describe(threads),
        "rows": options.rows,
        "epochs": options.epochs,
        "made": options.train is None,
        "stack": options.stack,
        "ratios": ratios(rounds),
        "targets": {"stacked": 0.8, "nested": 0.6},
        "rounds": rounds,
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    for side, ratio in found["ratios"].items():
        print(
            f"8 adapters, {side} ÷ alone, median of {len(rounds)}: {ratio['seconds']:.2f}", end=""
        )
        print(f" (without loading {ratio['training']:.2f}, tokens {ratio['tokens']:.2f})")


if __name__ == "__main__":
    main()
