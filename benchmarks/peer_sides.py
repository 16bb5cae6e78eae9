"""The sides of benchmarks/peers.py: what each is started with, and what it answered."""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.records import EngineJob
from harness.serve.vllm_engine import configure, llm_settings

ROOT = Path(__file__).resolve().parents[1]
Answers = dict[str, dict[str, str]]  # source -> prompt number -> text


@dataclass(frozen=True, slots=True)
class World:
    """What all sides share; `sources` has None for the base, then a folder per adapter."""

    options: argparse.Namespace
    folder: Path
    prompts: list[str]
    sources: dict[str, Path | None]
    dtype: str

    def run(self, command: list[str], log: Path, codes: tuple[int, ...], **more: str) -> float:
        """Wall seconds of a command; it and what it leaves behind end with its process group."""
        environment = {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
        with log.open("ab") as sink:
            began = time.monotonic()
            child = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**environment, **more},
                stdout=sink,
                stderr=sink,
                start_new_session=True,
            )
            try:
                code = child.wait()
                took = time.monotonic() - began
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
        if code not in codes:
            sys.exit(f"{' '.join(command)[:200]} ended with {code}; its words are in {log}")
        return took


def ours(world: World, folder: Path) -> tuple[float, Answers]:
    """`bench run` in an empty store."""
    suite = folder / "suite"
    suite.mkdir()
    rows = [
        {"id": f"p{at}", "input": text, "output": "An answer."}
        for at, text in enumerate(world.prompts)
    ]
    write_rows(suite / "cases.jsonl", rows)
    candidates = "".join(
        f"  {name}: {{adapter: {json.dumps(str(path))}}}\n" if path else f"  {name}: {{}}\n"
        for name, path in world.sources.items()
    )
    (suite / "suite.yaml").write_text(
        f"name: peers\nmodel: {world.options.model}\nsampling: {{temperature: 0}}\n"
        "tasks:\n  peers:\n    cases: cases.jsonl\n    scorers: [rouge]\n"
        f"    max_tokens: {world.options.tokens}\ncandidates:\n{candidates}",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "harness.cli", "run", str(suite), "--engine", "vllm"]
    command += ["--reports", str(folder / "reports")]
    took = world.run(command, folder / "log", (0, 1, 4), BENCH_HOME=str(folder / "home"))
    (data,) = folder.glob("reports/peers/*/run.json")
    found: Answers = {}
    for one in json.loads(data.read_text(encoding="utf-8"))["answers"]:
        found.setdefault(one["candidate"], {})[one["case"][1:]] = one["answer"]["text"]
    return took, found


def lm_eval(world: World, folder: Path) -> tuple[float, Answers]:
    """lm-evaluation-harness, a process per adapter."""
    rows = [{"number": str(at), "input": text} for at, text in enumerate(world.prompts)]
    write_rows(folder / "prompts.jsonl", rows)
    (folder / "peers.yaml").write_text(
        "task: peers\ndataset_path: json\n"
        f"dataset_kwargs: {{data_files: {{test: {json.dumps(str(folder / 'prompts.jsonl'))}}}}}\n"
        "output_type: generate_until\ntest_split: test\n"
        'doc_to_text: "{{input}}"\ndoc_to_target: "{{number}}"\n'
        f"generation_kwargs: {{do_sample: false, max_gen_toks: {world.options.tokens}, "
        "until: []}\nmetric_list: [{metric: bypass}]\n",
        encoding="utf-8",
    )
    whole, found = 0.0, {}
    for name, path in world.sources.items():
        asked = f"pretrained={world.options.model},dtype={world.dtype}"
        asked += f",peft={path}" if path else ""
        command = [world.options.lm_eval, "-m", "lm_eval", "run", "--model", "hf"]
        command += ["--model_args", asked, "--tasks", "peers", "--include_path", str(folder)]
        command += ["--batch_size", world.options.batch, "--apply_chat_template", "--log_samples"]
        command += ["--output_path", str(folder / name)]
        cache = {"HF_DATASETS_CACHE": str(folder / "datasets")}
        whole += world.run(command, folder / "log", (0,), **cache)
        (samples,) = (folder / name).rglob("samples_*.jsonl")
        lines = map(json.loads, samples.read_text(encoding="utf-8").splitlines())
        found[name] = {one["doc"]["number"]: one["resps"][0][0] for one in lines}
    return whole, found


def inspect(world: World, folder: Path, *, wrapped: bool = False) -> tuple[float, Answers]:
    """Inspect with its vLLM provider, all models on one server."""
    base = str(Path(world.options.model).resolve())
    models = {f"vllm/{base}:{path}" if path else f"vllm/{base}": name
              for name, path in world.sources.items()}  # fmt: skip
    job = {
        "models": list(models),
        "prompts": world.prompts,
        "tokens": world.options.tokens,
        "connections": 64,
        "logs": str(folder / "logs"),
        "out": str(folder / "answers.json"),
    }
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
    settings = server_settings(world)
    more = {
        "PATH": f"{launcher(folder, world.options.inspect)}:{os.environ['PATH']}",
        "VLLM_DEFAULT_SERVER_ARGS": json.dumps(settings),
    }
    if not wrapped:
        more["VLLM_PLUGINS"] = ""
    script = str(ROOT / "benchmarks" / "peer_inspect.py")
    command = [world.options.inspect, "-P", script, str(folder / "job.json")]
    took = world.run(command, folder / "log", (0,), **more, **engine_environment())
    found = json.loads((folder / "answers.json").read_text(encoding="utf-8"))
    return took, {models[model]: answers for model, answers in found.items()}


def server_settings(world: World) -> dict[str, Any]:
    """The engine settings that bench chooses for such a job, for Inspect's server."""
    adapters = {name: str(path) for name, path in world.sources.items() if path}
    ranks = dict.fromkeys(adapters, world.options.rank)
    length = world.options.length
    job = EngineJob(world.options.model, (), (), adapters, ranks, max_model_len=length)
    configure(job)
    return {"host": "127.0.0.1", **llm_settings(job)}


def engine_environment() -> dict[str, str]:
    """Cores and cache as bench's engine has them; `configure` has put them into our environment."""
    names = ("VLLM_CPU_OMP_THREADS_BIND", "VLLM_CPU_KVCACHE_SPACE")
    return {name: os.environ[name] for name in names if name in os.environ}


def launcher(folder: Path, python: str) -> Path:
    """A folder with a `vllm` that works on the CPU wheel too."""
    bin_folder = folder / "bin"
    bin_folder.mkdir()
    script = bin_folder / "vllm"
    module = "vllm.entrypoints.openai.api_server"
    script.write_text(
        f'#!/bin/sh\nshift\nmodel="$1"\nshift\nexec {python} -m {module} --model "$model" "$@"\n',
        encoding="utf-8",
    )
    script.chmod(0o755)
    return bin_folder


def write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    """One JSON object a line."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
