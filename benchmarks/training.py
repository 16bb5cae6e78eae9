"""Training speed beside the machine's own matrix products and beside plain PEFT.

python benchmarks/training.py --model PATH [--train FILE.jsonl] [--trl trl/bin/python]

With `--trl`, whole optimiser steps stand beside those of TRL's SFTTrainer too (trl_side.py), which
has an environment of its own. On a CPU:

    python3.11 -m venv trl && trl/bin/pip install --no-deps -r locks/cpu.txt
    trl/bin/pip install trl==1.16.0

(where a registry has only CUDA builds of torch, see TORCH_INDEX in the Makefile).

All are run in turn, several times, so that a busy neighbour slows each alike; medians are kept.
A token counts 4N FLOPs, N being all parameters of the base (forward, and backward through
activations); the share of the peak is that over the fastest matrix product measured. All sides have
the memory settings that bench gives its children.
"""

import argparse
import json
import os
import platform
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import peft
import torch
import transformers
import trl_side
from torch.profiler import ProfilerActivity, profile

from harness.executors import ROOMY
from harness.records import EncodedRow, Recipe, TrainJob
from harness.train import batches, lora, machine
from harness.train.passes import Share

RESULTS = Path(__file__).parent / "results" / "training.json"
SQUARE = ((2048, 2048, 2048), (4096, 4096, 4096))
GROUPS = (
    ("matrix products", ("aten::mm", "aten::addmm", "aten::addmm_", "aten::bmm")),
    ("attention", ("scaled_dot_product",)),
    ("loss over the vocabulary", ("log_softmax", "exp_", "scatter", "gather")),
    ("casts and copies", ("copy_", "_to_copy", "cat", "contiguous", "clone", "fill_", "zero_")),
    ("norms, rotary, gate, residuals", ("mul", "add", "silu", "pow", "mean", "sum", "rsqrt",
                                        "neg", "div", "gelu", "tanh", "layer_norm", "sub")),
)  # fmt: skip


def seconds(run: Callable[[], Any]) -> float:
    """Wall time of one call."""
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def gemm(m: int, k: int, n: int, dtype: torch.dtype, repeats: int = 5) -> float:
    """GFLOP/s of `[m, k] @ [n, k].T`, median."""
    a, b = torch.randn(m, k).to(dtype), torch.randn(n, k).to(dtype)
    torch.nn.functional.linear(a, b)
    times = [seconds(lambda: torch.nn.functional.linear(a, b)) for _ in range(repeats)]
    return 2 * m * k * n / statistics.median(times) / 1e9


def model_shaped(config: Any, tokens: int, dtype: torch.dtype) -> float:
    """GFLOP/s over the products of one layer (attention and MLP, forward), weighed by work."""
    hidden, inner = config.hidden_size, config.intermediate_size
    shapes = [(hidden, hidden), (hidden, hidden), (hidden, inner), (hidden, inner), (inner, hidden)]
    work = [2 * tokens * k * n / 1e9 for k, n in shapes]
    spent = [flops / gemm(tokens, k, n, dtype) for flops, (k, n) in zip(work, shapes, strict=True)]
    return sum(work) / sum(spent)


def rows_from(path: str | None, tokenizer: Any, count: int) -> list[EncodedRow]:
    """Rows of a file through the chat template, or made ones: 45 prompt, 70 completion tokens."""
    draw = random.Random(7)
    if path is None:
        size = len(tokenizer) - 100

        def made(length: int) -> tuple[int, ...]:
            return tuple(draw.randrange(100, size) for _ in range(length))

        return [
            EncodedRow(made(45 + draw.randint(-12, 12)), made(70 + draw.randint(-25, 25)))
            for _ in range(count)
        ]
    lines = [json.loads(line) for line in Path(path).read_text("utf-8").splitlines() if line]
    draw.shuffle(lines)
    rows = []
    for line in lines[:count]:
        talk = [{"role": "user", "content": line["input"]}]
        prompt = tokenizer.apply_chat_template(
            talk, add_generation_prompt=True, tokenize=True, return_dict=False
        )
        completion = tokenizer(line["output"], add_special_tokens=False)["input_ids"]
        rows.append(EncodedRow(tuple(prompt), (*completion, tokenizer.eos_token_id)))
    return rows


def plain_peft(path: str, dtype: torch.dtype, groups: list[list[EncodedRow]]) -> Any:
    """One pass as PEFT and transformers do it: padded batches, labels, the model's own loss."""
    base = transformers.AutoModelForCausalLM.from_pretrained(path, dtype=dtype)
    config = peft.LoraConfig(
        r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"
    )
    model = peft.get_peft_model(base, config).train()
    made = [batches.collate(group, 0, torch.device("cpu")) for group in groups]

    def run() -> None:
        for batch in made:
            labels = torch.full_like(batch.ids, -100)
            labels.view(-1)[batch.positions + 1] = batch.targets
            model(
                input_ids=batch.ids, attention_mask=batch.mask, labels=labels, use_cache=False
            ).loss.backward()
        model.zero_grad()

    return run


def ours(path: str, groups: list[list[EncodedRow]], out: str, peak: float) -> Any:
    """The passes of these steps with the functions that a training child calls; no optimiser."""
    rows = tuple(row for group in groups for row in group)
    job = TrainJob(path, Recipe("lora", rank=16, alpha=32), rows, (), out, 0, peak_flops=peak)
    base, found = lora.open_base([job])
    team = lora.Team(base, peak, 0.0)
    team.gather([(0, job, found[0])])
    course = team.courses[0]

    def clear() -> None:
        course.loop.optimiser.zero_grad(set_to_none=True)

    def run() -> None:
        for group in groups:
            course.passes.gradients([Share(course.name, group)], clear)

    return run, "rows in one line" if base.head.packed else "padded rows"


def where_time_goes(run: Callable[[], Any]) -> list[dict[str, Any]]:
    """Shares of a pass by kind of work, from torch's profiler; largest first."""
    with profile(activities=[ProfilerActivity.CPU]) as trace:
        run()
    spent = dict.fromkeys([name for name, _ in GROUPS] + ["everything else"], 0.0)
    for event in trace.key_averages():
        name = next((n for n, keys in GROUPS if any(k in event.key for k in keys)), None)
        spent[name or "everything else"] += event.self_cpu_time_total / 1e6
    total = sum(spent.values())
    rows = [{"work": k, "seconds": round(v, 3), "share": v / total} for k, v in spent.items()]
    return sorted(rows, key=lambda row: -float(row["seconds"]))


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """All figures, in turn."""
    threads = machine.use_threads(options.threads)
    dtype = machine.dtype_for(torch.device("cpu"))
    tokenizer = transformers.AutoTokenizer.from_pretrained(options.model)
    rows = rows_from(options.train, tokenizer, 8 * options.steps)
    groups = list(batches.steps(rows, 8, 0, seed=7))
    draw = random.Random(7)
    shuffled = draw.sample(rows, len(rows))
    unsorted = [shuffled[i : i + 8] for i in range(0, len(rows), 8)]
    runs = {"plain PEFT": plain_peft(options.model, dtype, unsorted)}
    peak_flops = machine.gemm_peak(torch.device("cpu"), dtype)
    with tempfile.TemporaryDirectory() as out:  # nothing is saved; room on its disk is looked at
        runs["bench"], batching = ours(options.model, groups, out, peak_flops)
    machine.use_threads(threads)
    config = transformers.AutoConfig.from_pretrained(options.model)
    base = transformers.AutoModelForCausalLM.from_pretrained(options.model, dtype=dtype)
    parameters = sum(weight.numel() for weight in base.parameters())
    tokens = sum(batches.size(row) for row in rows)
    for run in runs.values():
        run()
    peaks: list[float] = []
    shaped: list[float] = []
    speeds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(options.repeats):
        peaks.append(max(gemm(*shape, dtype, 3) for shape in SQUARE))
        shaped.append(model_shaped(config, 8 * tokens // len(rows), dtype))
        for name, run in runs.items():
            speeds[name].append(tokens / seconds(run))
    trl = {"trl": compared(options, rows, dtype, peak_flops, threads)} if options.trl else {}
    peak = statistics.median(peaks)
    medians = {name: statistics.median(found) for name, found in speeds.items()}
    pairs = zip(speeds["bench"], speeds["plain PEFT"], strict=True)
    return {
        "machine": describe(threads),
        "model_parameters": parameters,
        "rows": {"count": len(rows), "tokens": tokens, "made": options.train is None},
        "repeats": options.repeats,
        "batching": batching,
        "dtype": str(dtype),
        "gemm_gflops": {"square_peak": peak, "model_shaped": statistics.median(shaped)},
        "tokens_per_second": medians,
        "all_runs": speeds,
        "share_of_peak": {n: 4e-9 * parameters * s / peak for n, s in medians.items()},
        "best": {
            "square_peak": max(peaks),
            "tokens_per_second": {name: max(found) for name, found in speeds.items()},
            "share_of_peak": {
                n: 4e-9 * parameters * max(s) / max(peaks) for n, s in speeds.items()
            },
        },
        "ratio": statistics.median(a / b for a, b in pairs),
        "where_time_goes": where_time_goes(runs["bench"]),
        **trl,
    }


def compared(
    options: argparse.Namespace,
    rows: list[EncodedRow],
    dtype: torch.dtype,
    peak: float,
    threads: int,
) -> dict[str, Any]:
    """Whole optimiser steps beside TRL's."""
    with tempfile.TemporaryDirectory() as folder:
        name = str(dtype).removeprefix("torch.")
        task = trl_side.task_of(options, rows, name, peak, Path(folder))
        return trl_side.beside(task, threads, seconds)


def roomy() -> None:
    """Start anew with the memory settings of bench's children, which glibc reads at the start."""
    if not ROOMY.keys() <= os.environ.keys():
        os.execve(sys.executable, [sys.executable, *sys.argv], {**ROOMY, **os.environ})


def describe(threads: int) -> dict[str, Any]:
    """The machine, in what decides the figures."""
    has = torch.cpu.get_capabilities()
    wanted = ("avx2", "avx512_f", "avx512_bf16", "amx_bf16", "neon", "sve", "bf16")
    return {
        "cores": os.cpu_count(),
        "threads": threads,
        "architecture": platform.machine(),
        "isa": [flag for flag in wanted if has.get(flag)],
        "limit": os.environ.get("ONEDNN_MAX_CPU_ISA", "none"),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "peft": peft.__version__,
        "load_average": round(os.getloadavg()[0], 2),
    }


def main() -> None:
    """Measure, print, and write benchmarks/results/training.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="a local checkpoint folder or a hub id")
    parser.add_argument("--train", help="JSONL of input and output; default: made rows")
    parser.add_argument("--steps", type=int, default=3, help="steps of 8 rows in a run")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--trl", help="the Python that has TRL; default: TRL is left out")
    parser.add_argument("--trl-way", choices=(*trl_side.WAYS, "each"), default="each")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    roomy()
    found = measure(options)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(found, indent=2) + "\n")
    peaks = found["gemm_gflops"]
    print(f"{found['machine']}, bench: {found['batching']}")
    print(f"GEMM {found['dtype']}: square {peaks['square_peak']:.0f} GFLOP/s", end=", ")
    print(f"model-shaped {peaks['model_shaped']:.0f} GFLOP/s")
    for name, speed in found["tokens_per_second"].items():
        share, best = found["share_of_peak"][name], found["best"]
        print(f"{name:12} {speed:7.0f} tok/s, {share:6.1%} of peak at 4N", end="; best ")
        print(f"{best['tokens_per_second'][name]:.0f}, {best['share_of_peak'][name]:.1%}")
    print(f"ratio, median of paired runs: {found['ratio']:.2f}")
    for row in found["where_time_goes"]:
        print(f"{row['work']:32} {row['seconds']:7.3f} s {row['share']:6.1%}")
    if options.trl:
        trl_side.show(found["trl"])


if __name__ == "__main__":
    main()
