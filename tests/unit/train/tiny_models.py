"""Tiny random causal LMs of several architectures, saved as ordinary checkpoints."""

import json
import random
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
import transformers

from harness.records import EncodedRow, Recipe, TrainJob
from harness.train.lora import train

VOCAB = 300
SHAPE = {
    "vocab_size": VOCAB,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 128,
}
SMALL_GPT2 = {"vocab_size": VOCAB, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 128}


ENDS = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
WITHOUT_DIM = {name: value for name, value in SHAPE.items() if name != "head_dim"}
SMALL_BLOOM = {"vocab_size": VOCAB, "hidden_size": 32, "n_layer": 2, "n_head": 4}
CONFIGS: dict[str, tuple[Any, dict[str, Any]]] = {
    "gpt2": (transformers.GPT2Config, SMALL_GPT2),
    "llama": (transformers.LlamaConfig, {**SHAPE, "tie_word_embeddings": True}),
    "qwen2": (transformers.Qwen2Config, {**WITHOUT_DIM, "tie_word_embeddings": False}),
    "gpt_neox": (transformers.GPTNeoXConfig, WITHOUT_DIM),
    "mistral": (transformers.MistralConfig, {**SHAPE, "sliding_window": 6}),
    "bloom": (transformers.BloomConfig, SMALL_BLOOM),
    "gemma2": (transformers.Gemma2Config, {**SHAPE, "final_logit_softcapping": 3.0}),
    "granite": (transformers.GraniteConfig, {**WITHOUT_DIM, "logits_scaling": 8.0}),
}


def config(kind: str) -> Any:
    made, options = CONFIGS[kind]
    return made(**options, **ENDS)


def model(kind: str, seed: int = 0) -> Any:
    torch.manual_seed(seed)
    made = transformers.AutoModelForCausalLM.from_config(config(kind), dtype=torch.float32)
    with torch.no_grad():  # away from near-zero initial weights, so that differences show
        for weight in made.parameters():
            if weight.dim() > 1:
                weight.mul_(4)
    return made.eval()


def checkpoint(kind: str, folder: Path) -> str:
    model(kind).save_pretrained(folder)
    return str(folder)


def encoded(count: int, seed: int = 0) -> tuple[EncodedRow, ...]:
    """Rows with something to learn: every completion counts up from 40."""
    draw = random.Random(seed)
    rows = []
    for _ in range(count):
        prompt = tuple(draw.randrange(3, 200) for _ in range(draw.randrange(2, 12)))
        length = draw.randrange(3, 16)
        rows.append(EncodedRow(prompt, tuple(range(40, 40 + length))))
    return tuple(rows)


def job(model_path: str, out: Path, **changes: Any) -> TrainJob:
    recipe = Recipe("lora", rank=4, alpha=8.0, learning_rate=1e-2, epochs=2.0, patience=0)
    made = TrainJob(
        model_path, recipe, encoded(24), encoded(6, seed=1), str(out), 0, device="cpu", threads=1
    )
    made = replace(made, recipe=replace(recipe, **changes.pop("recipe", {})))
    return replace(made, **changes)


def messages(made: TrainJob) -> Iterator[dict[str, Any]]:
    """Train from a payload that went through JSON, as an executor does."""
    yield from train(json.loads(json.dumps(asdict(made))))


def record(made: TrainJob) -> dict[str, Any]:
    *_, last = messages(made)
    found: dict[str, Any] = last["record"]
    return found
