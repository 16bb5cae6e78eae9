"""How much of the prompts the prefix cache saves: prefilled tokens over tokens of the prefix tree.

    python benchmarks/prefix.py --model PATH_TO_SMOLLM2 suites/legal suites/support

The suites' retrieved and gold prompts (`--all`: every candidate's) are asked in the order and the
waves that `bench run` would ask them in, of one engine start per suite. Adapters are drawn at
random in the place of those that the suites train: a prompt is as long for the one as for the
other. Tokens of the prefix tree are those of a trie over an adapter's prompts, the least that must
be computed; prefilled are an answer's prompt tokens without `cached_tokens`. vLLM finds whole
blocks alone, so a cache without loss is a little above 1. Answers are cut at `--tokens`; how long
they are changes nothing unless the cache is too small for them.
"""

import argparse
import json
import platform
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import transformers
from peers import draw_adapter

from harness import plan as planning
from harness.executors import Subprocess
from harness.models import resolve
from harness.records import Adapter, AdapterSource, EngineJob, Model, Request, Suite
from harness.requests import in_waves, requests_of, room_of, wave_size
from harness.serve.vllm_engine import llm_settings
from harness.store import Store, answer_from
from harness.suite.load import load
from harness.template import Template

RESULTS = Path(__file__).parent / "results" / "prefix.json"
TARGET = 1.1


@dataclass(slots=True)
class Count:
    """Tokens of one adapter's prompts: all, those of the prefix tree, those that were computed."""

    prompts: int = 0
    tokens: int = 0
    tree: int = 0
    prefilled: int = 0

    @property
    def ratio(self) -> float:
        """Computed tokens over the least that had to be."""
        return self.prefilled / self.tree


def tree_tokens(prompts: Iterable[tuple[int, ...]]) -> int:
    """Tokens of the trie over prompts: each adds what it does not share with its neighbour."""
    whole, before = 0, ()
    for ids in sorted(prompts):
        shared = next((i for i, (a, b) in enumerate(zip(before, ids, strict=False)) if a != b), -1)
        whole += len(ids) - (min(len(before), len(ids)) if shared < 0 else shared)
        before = ids
    return whole


def draw_adapters(suite: Suite, model: Model, store: Store, folder: Path) -> dict[Any, Adapter]:
    """A drawn adapter for each that the suite's candidates name."""
    base = transformers.AutoModelForCausalLM.from_pretrained(model.path)
    found = {}
    sources = {candidate.adapter for candidate in suite.candidates} - {AdapterSource()}
    for number, source in enumerate(sorted(sources, key=lambda one: one.value)):
        path = folder / f"a{number}"
        draw_adapter(base, path, number, 16, 0.03)
        size = (path / "adapter_model.safetensors").stat().st_size
        found[source] = Adapter(source.value, str(path), store.adapter_digest(path), 16, size)
    return found


def job_of(suite: Suite, model: Model, store: Store, folder: Path, options: Any) -> EngineJob:
    """The suite's questions as one engine job; an adapter per source that it names."""
    adapters = draw_adapters(suite, model, store, folder)
    # as paths: nothing is trained here
    suite = replace(suite, recipes=())
    plan = planning.make(suite, model, ("vllm", "asked for"), adapters, store.root / "embeddings")
    template = Template(model.path, suite.template, suite.as_of)
    requests: dict[str, Request] = {}
    for number, cell in enumerate(plan.cells):
        if cell.candidate.context == "none" and not options.all:
            continue
        cell.adapter = adapters.get(cell.candidate.adapter)
        cell.key = f"cell{number}"
        for one in requests_of(cell, template):
            # what two candidates ask alike of one adapter is asked once, as in a run
            key = f"{one.adapter}/{one.token_ids}"
            requests[key] = replace(one, max_tokens=options.tokens, targets=())
    ordered = in_waves(list(requests.values()), set(), wave_size("vllm"))
    window = max(map(room_of, ordered)) + 8
    return EngineJob(
        model_path=model.path,
        requests=tuple(ordered),
        adapters={one.digest: one.path for one in adapters.values()},
        ranks={one.digest: one.rank for one in adapters.values()},
        stop_ids=template.stop_ids,
        max_model_len=max(256, -(-window // 64) * 64),
    )


def count(job: EngineJob, log: Path) -> dict[str, Count]:
    """What an engine computed for the job, by adapter digest, or `base`."""
    by_id = {request.id: request for request in job.requests}
    found: dict[str, Count] = defaultdict(Count)
    prompts: dict[str, list[tuple[int, ...]]] = defaultdict(list)
    payload = {"engine": "vllm", "job": asdict(job)}
    for message in Subprocess().run("harness.serve.worker:generate", payload, log):
        answer = answer_from(message)
        request = by_id[answer.request]
        name = request.adapter or "base"
        prompts[name].append(request.token_ids)
        found[name].prompts += 1
        found[name].tokens += answer.prompt_tokens
        found[name].prefilled += answer.prompt_tokens - answer.cached_tokens
    for name, ids in prompts.items():
        found[name].tree = tree_tokens(ids)
    return found


def measure(suite_path: str, options: argparse.Namespace, store: Store) -> dict[str, Any]:
    """One suite's rows, by the name of the adapter."""
    suite = load(suite_path, options.profile)
    model = resolve(options.model, store, Subprocess())
    with tempfile.TemporaryDirectory() as folder:
        job = job_of(suite, model, store, Path(folder), options)
        adapters = {digest: Path(path).name for digest, path in job.adapters.items()}
        counts = count(job, store.root / "logs" / "engine.log")
        block = llm_settings(job).get("block_size", "vLLM's own")
    rows = {
        adapters.get(name, name): {**asdict(one), "ratio": one.ratio}
        for name, one in counts.items()
    }
    return {"rows": rows, "block": block, "waves": job.requests[-1].wave + 1}


def main() -> None:
    """Measure, print, and write benchmarks/results/prefix.json."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("suites", nargs="+")
    parser.add_argument("--model", required=True, help="a local folder, hub id, or embedded model")
    parser.add_argument("--profile", default="full")
    parser.add_argument("--all", action="store_true", help="prompts without context too")
    parser.add_argument("--tokens", type=int, default=4, help="most tokens of an answer")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        found = {path: measure(path, options, Store(Path(home))) for path in options.suites}
    result = {
        "machine": platform.machine(),
        "model": Path(options.model).name,
        "profile": options.profile,
        "tokens": options.tokens,
        "suites": {Path(path).name: rows for path, rows in found.items()},
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"{'suite, adapter':<24}{'prompts':>9}{'tokens':>9}{'tree':>9}{'computed':>10}{'÷':>7}")
    for suite, one in result["suites"].items():
        for name, row in one["rows"].items():
            numbers = f"{row['prompts']:>9}{row['tokens']:>9}{row['tree']:>9}"
            print(f"{f'{suite}, {name}':<24}{numbers}{row['prefilled']:>10}{row['ratio']:>7.3f}")
    print(f"target: at most {TARGET}")


if __name__ == "__main__":
    main()
