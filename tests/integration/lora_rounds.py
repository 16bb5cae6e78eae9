"""Child target: one vLLM start that answers the same probes in several orders and with faults."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any
from unittest.mock import patch

from harness.serve import vllm_engine
from harness.serve.worker import job_from


def generate(payload: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Answers of every round, {"round": name, "answer": …}.

    `settings` go to `vllm.LLM`; a round is a name, the order of the probes, and a fault or ''.
    """
    from harness.serve.decode import Decoder

    job = job_from(payload["job"])
    vllm_engine.configure(job)
    chosen = {**vllm_engine.llm_settings(job), **payload["settings"]}
    with patch.object(vllm_engine, "llm_settings", lambda _: chosen):
        engine = vllm_engine.start(job)
    decoder = Decoder(job.model_path, job.stop_ids)
    numbers = {name: index + 1 for index, name in enumerate(job.adapters)}
    for name, order, fault in payload["rounds"]:
        engine.reset_prefix_cache()
        batch = [job.probes[index] for index in order]
        with planted(fault):
            for answer in vllm_engine.step_through(engine, job, batch, numbers, decoder):
                if answer is not None:
                    yield {"round": name, "answer": asdict(answer)}


@contextmanager
def planted(fault: str) -> Iterator[None]:
    """The wrapper with one line wrong."""
    if not fault:
        yield
        return
    import torch

    from harness.serve.grouped_lora import GroupedLora
    from harness.serve.lora_pack import Module

    indices, ranks = GroupedLora.token_lora_indices.fget, Module.real_ranks
    faults: dict[str, tuple[Any, str, Any]] = {
        # rows without an adapter read the last slot, as the stock wrapper has it
        "index": (
            GroupedLora,
            "token_lora_indices",
            property(lambda self: torch.where(indices(self) < 0, 1, indices(self))),
        ),
        # an adapter loses the last of its ranks
        "rank": (
            Module,
            "real_ranks",
            lambda self, slot: tuple(max(0, rank - 1) for rank in ranks(self, slot)),
        ),
        # a slot that got another adapter goes on with the one before
        "slot": (Module, "changed", lambda _: False),
    }
    owner, name, wrong = faults[fault]
    with patch.object(owner, name, wrong):
        yield
