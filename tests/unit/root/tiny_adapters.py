"""Base models and adapters that are nothing but shapes, small enough to make in a test."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from harness.records import Model

BASE = {
    "model.embed_tokens.weight": (20, 8),
    "model.layers.0.self_attn.q_proj.weight": (8, 8),
    "model.layers.0.mlp.down_proj.weight": (8, 16),
    "model.norm.weight": (8,),
}
GPT2 = {"h.0.attn.c_attn.weight": (8, 24), "h.0.ln_1.weight": (8,)}
Q = "base_model.model.model.layers.0.self_attn.q_proj"
DOWN = "base_model.model.model.layers.0.mlp.down_proj"


def weights(path: Path, shapes: dict[str, tuple[int, ...]]) -> None:
    save_file({name: np.zeros(shape, np.float32) for name, shape in shapes.items()}, path)


def folder(path: Path, shapes: dict[str, tuple[int, ...]] | None = None) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    (path / "config.json").write_text("{}", encoding="utf-8")
    weights(path / "model.safetensors", shapes or BASE)
    return path


def base(path: Path, shapes: dict[str, tuple[int, ...]] | None = None) -> Model:
    return Model("base", str(folder(path, shapes)), "digest")


def adapter(path: Path, modules: dict[str, tuple[int, int]], rank: int = 4, **more: Any) -> Path:
    """An adapter over modules of (in, out); `more` are further options of its config."""
    path.mkdir()
    config = {"r": rank, "base_model_name_or_path": "acme/other", **more}
    (path / "adapter_config.json").write_text(json.dumps(config), encoding="utf-8")
    shapes: dict[str, tuple[int, ...]] = {}
    for name, (wide, out) in modules.items():
        shapes |= {f"{name}.lora_A.weight": (rank, wide), f"{name}.lora_B.weight": (out, rank)}
    weights(path / "adapter_model.safetensors", shapes)
    return path
