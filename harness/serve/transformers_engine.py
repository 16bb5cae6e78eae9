"""Engine `transformers`: the fallback that runs wherever torch does, and the reference."""

import time
import zlib
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import nullcontext
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any, ClassVar

import torch
from peft import PeftConfig, PeftModel
from safetensors import safe_open
from transformers import AutoModelForCausalLM

from harness.errors import out_of_memory
from harness.records import Answer, EngineJob, Request
from harness.serve.decode import Decoder
from harness.serve.guards import check_loaded
from harness.serve.settings import ROWS

LOOK = 1.0  # seconds between two looks at a batch that runs
Made = Iterator[Answer | str | None]


class TransformersEngine:
    """Plain `generate` in left-padded batches of like length, one adapter at a time."""

    description: ClassVar[str] = "transformers and PEFT: slower, runs everywhere"

    @staticmethod
    def missing() -> str:
        """Nothing: torch, transformers and peft are required packages."""
        return ""

    def generate(self, job: EngineJob) -> Made:
        """Probes first, then the requests, batch by batch."""
        yield None
        runner = Runner(job)
        yield None
        waves = [tuple(wave) for _, wave in groupby(job.requests, key=lambda r: r.wave)]
        with ThreadPoolExecutor(1) as pool:
            for requests in (job.probes, *waves):
                for adapter, group in by_adapter(requests):
                    yield from runner.answers(adapter, group, pool)


class Runner:
    """The model with its adapters, and how many rows its memory has taken so far."""

    def __init__(self, job: EngineJob) -> None:
        self.job = job
        self.model: Any = load(job)
        self.decoder = Decoder(job.model_path, job.stop_ids, job.stop_texts)
        self.rows = job.max_sequences or ROWS
        self.layers = 0  # passed through so far: the sign that a batch goes on
        for module in self.model.modules():
            if isinstance(module, torch.nn.ModuleList):
                for layer in module:
                    layer.register_forward_hook(self._passed)

    def _passed(self, *_: Any) -> None:
        self.layers += 1

    def answers(
        self, adapter: str | None, requests: list[Request], pool: ThreadPoolExecutor
    ) -> Made:
        """Answers of one adapter, None while a batch goes on, a line when rows are halved."""
        if adapter is not None:
            self.model.set_adapter(adapter)
        waiting = batches(requests, self.rows)
        while waiting:
            batch = waiting.pop(0)
            try:
                yield from (yield from self._watched(adapter, batch, pool))
                continue
            except (RuntimeError, MemoryError) as error:
                # a probe that fails must not pass for an answer; the parent decides what then
                if not out_of_memory(error) or (len(batch) == 1 and batch[0] in self.job.probes):
                    raise
                why = (str(error).splitlines() or [type(error).__name__])[0][:200]
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
            if len(batch) == 1:
                yield Answer(batch[0].id, "", finish="error", error=f"out of memory: {why}")
                continue
            self.rows = len(batch) // 2
            yield f"out of memory: going on with {self.rows} sequences at a time"
            waiting = batches([request for one in (batch, *waiting) for request in one], self.rows)

    def _watched(
        self, adapter: str | None, batch: list[Request], pool: ThreadPoolExecutor
    ) -> Generator[None, None, list[Answer]]:
        """Run a batch beside this thread, and yield None as long as it gets on."""
        work = pool.submit(self._batch, adapter, batch)
        seen = -1
        while not wait([work], LOOK).done:
            if self.layers != seen:
                seen = self.layers
                yield None
        return work.result()

    def _batch(self, adapter: str | None, batch: list[Request]) -> list[Answer]:
        apart = adapter is None and isinstance(self.model, PeftModel)
        with self.model.disable_adapter() if apart else nullcontext():
            return run_batch(self.model, batch, self.job, self.decoder)


def load(job: EngineJob) -> Any:
    """The base with every adapter of the job, each with all its tensors.

    Raises:
        MeasurementError: some of an adapter's tensors fit no module.
    """
    device = pick_device(job.device)
    dtype = pick_dtype(job.dtype, job.model_path)
    model: Any = AutoModelForCausalLM.from_pretrained(job.model_path, dtype=dtype).to(device)
    for digest, path in job.adapters.items():
        if not isinstance(model, PeftModel):
            # not `from_pretrained`, which warns of what it could not place and goes on
            model = PeftModel(model, PeftConfig.from_pretrained(path), adapter_name=digest)
        model.load_adapter(path, adapter_name=digest)
        with safe_open(Path(path) / "adapter_model.safetensors", framework="pt") as file:
            check_loaded(file.keys(), model, digest, path)
    model.eval()
    return model


def pick_device(wanted: str) -> str:
    """`auto` is CUDA where there is one."""
    if wanted != "auto":
        return wanted
    return "cuda" if torch.cuda.is_available() else "cpu"


def pick_dtype(wanted: str, model_path: str) -> torch.dtype:
    """`auto` is the checkpoint's own type."""
    from transformers import AutoConfig

    if wanted != "auto":
        return {"bfloat16": torch.bfloat16, "float16": torch.float16}.get(wanted, torch.float32)
    return AutoConfig.from_pretrained(model_path).dtype or torch.float32


def by_adapter(requests: tuple[Request, ...]) -> list[tuple[str | None, list[Request]]]:
    """Requests grouped by adapter, base first."""
    keys = sorted({request.adapter for request in requests}, key=lambda key: key or "")
    return [(key, [r for r in requests if r.adapter == key]) for key in keys]


def batches(requests: list[Request], rows: int = ROWS) -> list[list[Request]]:
    """Batches of like prompt length and answer budget, of at most `rows` requests."""
    ordered = sorted(requests, key=lambda r: (r.max_tokens, r.logprobs, len(r.token_ids), r.id))
    found: list[list[Request]] = []
    for request in ordered:
        last = found[-1] if found else []
        same = last and (last[0].max_tokens, last[0].logprobs) == (
            request.max_tokens,
            request.logprobs,
        )
        if same and len(last) < rows:
            last.append(request)
        else:
            found.append([request])
    return found


@torch.inference_mode()
def run_batch(model: Any, batch: list[Request], job: EngineJob, decoder: Decoder) -> list[Answer]:
    """Generate for one left-padded batch, (rows, longest prompt)."""
    began = time.monotonic()
    # by batch, so that a resumed run draws the same for the same batch
    seed = job.sampling.seed + batch[0].sample
    torch.manual_seed(zlib.crc32(f"{seed}/{batch[0].id}".encode()))
    longest = max(len(request.token_ids) for request in batch)
    pad = job.stop_ids[0]
    ids = torch.full((len(batch), longest), pad)
    mask = torch.zeros_like(ids)
    for row, request in enumerate(batch):
        ids[row, longest - len(request.token_ids) :] = torch.tensor(request.token_ids)
        mask[row, longest - len(request.token_ids) :] = 1
    wants = batch[0].logprobs
    sampling: dict[str, Any] = {"do_sample": False}
    if job.sampling.temperature > 0:
        sampling = {
            "do_sample": True,
            "temperature": job.sampling.temperature,
            "top_p": job.sampling.top_p,
            "top_k": 0,
        }
    output = model.generate(
        input_ids=ids.to(model.device),
        attention_mask=mask.to(model.device),
        max_new_tokens=batch[0].max_tokens,
        eos_token_id=list(job.stop_ids),
        pad_token_id=pad,
        return_dict_in_generate=True,
        output_logits=bool(wants),
        repetition_penalty=1.0,
        **sampling,
    )
    seconds = time.monotonic() - began
    answers = []
    for row, request in enumerate(batch):
        first: dict[str, float] = {}
        if wants:
            logprobs = torch.log_softmax(output.logits[0][row].float(), dim=-1)
            top = logprobs.topk(min(wants, logprobs.numel()))
            pairs = zip(top.indices.tolist(), top.values.tolist(), strict=True)
            first = {str(token): value for token, value in pairs}
        answer_ids = output.sequences[row, longest:].tolist()
        made = decoder.answer(request, answer_ids, seconds, first)
        scored = tuple(target_logprobs(model, request, target) for target in request.targets)
        answers.append(replace(made, target_logprobs=scored))
    return answers


@torch.inference_mode()
def target_logprobs(model: Any, request: Request, target: tuple[int, ...]) -> tuple[float, ...]:
    """The logprob of each token of a target after the request's prompt, by one forward pass."""
    ids = torch.tensor([[*request.token_ids, *target]], device=model.device)
    logits = model(input_ids=ids).logits[0, -len(target) - 1 : -1]
    rows = torch.log_softmax(logits.float(), dim=-1)
    return tuple(rows.gather(1, ids[0, -len(target) :, None])[:, 0].tolist())
