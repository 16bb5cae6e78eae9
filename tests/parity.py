"""Probes for a base and random adapters, to hold an engine against the reference."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from harness.executors import Subprocess
from harness.records import Answer, EngineJob
from harness.serve import canary
from harness.store import Store, answer_from

WORKER = "harness.serve.worker:generate"
# shorter than a cache block, so that nothing is read from an earlier batch
PROMPTS = (
    "The capital of France is",
    "Water boils at a temperature of",
    "The employee shall give notice of",
    "Once upon a time there was",
    "Two and two make",
    "The opposite of hot is",
    "My favourite colour is",
    "The contract ends when",
)


def random_adapter(base: Path, rank: int, folder: Path) -> str:
    """Save an adapter that has learnt nothing and changes much; the digest of its bytes."""
    import peft
    import torch
    from transformers import AutoModelForCausalLM

    with torch.random.fork_rng():
        torch.manual_seed(rank)
        model = peft.get_peft_model(
            AutoModelForCausalLM.from_pretrained(base),
            peft.LoraConfig(
                r=rank, lora_alpha=2 * rank, target_modules="all-linear", task_type="CAUSAL_LM"
            ),
        )
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(weight, std=0.06)
    model.save_pretrained(folder, save_embedding_layers=False)
    return Store(folder.parent).adapter_digest(folder)


def probe_job(base: Path, root: Path, chosen: tuple[int, ...] = (8, 16)) -> EngineJob:
    """Every prompt for the base and for adapters of the ranks, which are made in `root`."""
    from transformers import AutoTokenizer

    ranks = {random_adapter(base, rank, root / f"r{rank}"): rank for rank in chosen}
    tokenizer: Any = AutoTokenizer.from_pretrained(base)
    prompts = [tuple(tokenizer(text)["input_ids"]) for text in PROMPTS]
    # each prompt is also followed by what begins the next one, to be scored token by token
    following = dict(zip(prompts, [*prompts[1:], prompts[0]], strict=True))
    probes = [
        replace(probe, targets=(following[probe.token_ids],))
        for probe in canary.probe_requests(prompts, list(ranks))
    ]
    return EngineJob(
        model_path=str(base),
        requests=(),
        probes=tuple(probes),
        adapters={digest: str(root / f"r{rank}") for digest, rank in ranks.items()},
        ranks=ranks,
        stop_ids=(int(tokenizer.eos_token_id),),
        max_model_len=256,
    )


def ask(job: EngineJob, log: Path, engine: str = "vllm", target: str = WORKER) -> list[Answer]:
    """What a child process answers."""
    messages = Subprocess().run(target, {"engine": engine, "job": asdict(job)}, log)
    return [answer_from(message) for message in messages]
