"""Tokenizers with every kind of chat template, small enough to make in a test."""

import json
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

BOS, EOS, TURN = "<s>", "</s>", "<|end|>"
SPECIAL = (BOS, EOS, TURN, "<think>", "</think>")
CHAT = (
    "{{ bos_token }}{% for m in messages %}[{{ m['role'] }}]{{ m['content'] }}<|end|>\n"
    "{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}"
)
NO_SYSTEM = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    + CHAT
)
DEAF_TO_SYSTEM = CHAT.replace("in messages", "in messages if m['role'] != 'system'")
DATES = (
    "{{ bos_token }}{% if strftime_now is defined %}{{ strftime_now('%Y-%m-%d') }}{% endif %} "
    "{{ date_string }} " + CHAT.replace("{{ bos_token }}", "")
)
THINKING = CHAT.replace(
    "[assistant]", "[assistant]{% if not enable_thinking %}<think></think>{% endif %}"
)


def make(
    folder: Path,
    chat: str | None = CHAT,
    *,
    adds: str = "",
    stops: list[int] | None = None,
    **settings: Any,
) -> str:
    """A byte-level tokenizer in `folder`.

    `adds` is what it puts around a plain text: `bos`, `eos`, `bos eos` or nothing. `stops` are
    eos_token_id of a generation_config.json.
    """
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate([*SPECIAL, *alphabet])}
    raw = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    raw.add_special_tokens(list(SPECIAL))
    if adds:
        parts = [BOS if "bos" in adds else "", "$A", EOS if "eos" in adds else ""]
        raw.post_processor = processors.TemplateProcessing(
            single=" ".join(part for part in parts if part), special_tokens=[(BOS, 0), (EOS, 1)]
        )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw, **({"bos_token": BOS, "eos_token": EOS} | settings)
    )
    tokenizer.chat_template = chat
    tokenizer.save_pretrained(folder)
    if stops is not None:
        text = json.dumps({"eos_token_id": stops if len(stops) > 1 else stops[0]})
        (folder / "generation_config.json").write_text(text, encoding="utf-8")
    return str(folder)


def make_model(folder: Path, window: int) -> str:
    """A folder with a tokenizer of one token a byte, no chat template, and a config: no weights."""
    path = make(folder, None)
    config = {"model_type": "llama", "max_position_embeddings": window}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return path
