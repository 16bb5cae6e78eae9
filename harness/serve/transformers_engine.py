"""Engine `transformers`: the fallback that runs wherever torch does, and the reference."""

import time
import zlib
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from typing import Any, ClassVar

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from harness.records import Answer, EngineJob, Request
from harness.serve.decode import Decoder

ROWS = 32


class TransformersEngine:
    """Plain `generate` in left-padded batches of like length, one adapter at a time."""

    description: ClassVar[str] = "transformers and PEFT: slower, runs everywhere"

    @staticmethod
    def missing() -> str:
        """Nothing: torch, transformers and peft are required packages."""
        return ""

    def generate(self, job: EngineJob) -> Iterator[Answer]:
        """Probes first, then the requests, batch by batch."""
        device = pick_device(job.device)
        dtype = pick_dtype(job.dtype, job.model_path)
        model: Any = AutoModelForCausalLM.from_pretrained(job.model_path, dtype=dtype).to(device)
        for digest, path in job.adapters.items():
            if isinstance(model, PeftModel):
                model.load_adapter(path, adapter_name=digest)
            else:
                model = PeftModel.from_pretrained(model, path, adapter_name=digest)
        model.eval()
        decoder = Decoder(job.model_path, job.stop_ids, job.stop_texts)
        waves = [tuple(wave) for _, wave in groupby(job.requests, key=lambda r: r.wave)]
        for requests in (job.probes, *waves):
            for adapter, group in by_adapter(requests):
                if adapter is not None:
                    model.set_adapter(adapter)
                for batch in batches(group):
                    yield from self._batch(model, adapter, batch, job, decoder)

    def _batch(
        self,
        model: Any,
        adapter: str | None,
        batch: list[Request],
        job: EngineJob,
        decoder: Decoder,
    ) -> Iterator[Answer]:
        if adapter is None and isinstance(model, PeftModel):
            with model.disable_adapter():
                yield from run_batch(model, batch, job, decoder)
        else:
            yield from run_batch(model, batch, job, decoder)


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


def batches(requests: list[Request]) -> list[list[Request]]:
    """Batches of like prompt length and answer budget."""
    ordered = sorted(requests, key=lambda r: (r.max_tokens, r.logprobs, len(r.token_ids), r.id))
    found: list[list[Request]] = []
    for request in ordered:
        last = found[-1] if found else []
        same = last and (last[0].max_tokens, last[0].logprobs) == (
            request.max_tokens,
            request.logprobs,
        )
        if same and len(last) < ROWS:
            last.append(request)
        else:
            found.append([request])
    return found


@torch.inference_mode()
def run_batch(
    model: Any, batch: list[Request], job: EngineJob, decoder: Decoder
) -> Iterator[Answer]:
    """Generate for one left-padded batch, (rows, longest prompt)."""
    began = time.monotonic()
    # by batch, so that a resumed run draws the same for the same batch
    torch.manual_seed(zlib.crc32(f"{job.sampling.seed}/{batch[0].id}".encode()))
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
        yield replace(made, target_logprobs=scored)


@torch.inference_mode()
def target_logprobs(model: Any, request: Request, target: tuple[int, ...]) -> tuple[float, ...]:
    """The logprob of each token of a target after the request's prompt, by one forward pass."""
    ids = torch.tensor([[*request.token_ids, *target]], device=model.device)
    logits = model(input_ids=ids).logits[0, -len(target) - 1 : -1]
    rows = torch.log_softmax(logits.float(), dim=-1)
    return tuple(rows.gather(1, ids[0, -len(target) :, None])[:, 0].tolist())
