"""Child target: vLLM with the CPU build's own LoRA wrapper, first split by adapter, then mixed."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

from harness.serve import vllm_engine
from harness.serve.worker import job_from


def generate(payload: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Each probe answered twice by one engine; the environment has switched our wrapper off."""
    from harness.serve.decode import Decoder

    job = job_from(payload["job"])
    vllm_engine.configure(job)
    engine = vllm_engine.start(job)
    decoder = Decoder(job.model_path, job.stop_ids)
    # the stock wrapper fails on the logprobs of a prompt, mixed or not
    probes = tuple(replace(probe, targets=()) for probe in job.probes)
    for mixed in (False, True):
        for answer in vllm_engine.answer(engine, job, probes, decoder, mixed=mixed):
            if answer is not None:
                yield asdict(answer)
