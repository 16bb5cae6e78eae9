"""A base in 4 bits while an adapter is trained on it (QLoRA, arXiv 2305.14314).

bitsandbytes keeps the weights as NF4 with doubly quantised scales; a product reads them back in the
number format that the model computes in. The output head and the embeddings stay whole.
"""

import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
from packaging.version import Version
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from harness.errors import UsageError

PACKAGE = "bitsandbytes"
OLDEST = "0.50"  # earlier ones were not tried


def check(recipe: str, model_path: str) -> None:
    """Refuse to train `recipe` in 4 bits where it cannot be.

    Raises:
        UsageError: bitsandbytes is not installed, or the base is quantised already.
    """
    try:
        here = version(PACKAGE)
    except PackageNotFoundError:
        here = ""
    if not here or Version(here) < Version(OLDEST):
        found = f"here is {here}" if here else "not installed"
        raise UsageError(
            f"recipe '{recipe}' has load_in_4bit, which takes {PACKAGE} {OLDEST} or later: {found}",
            remedy="pip install 'bench-harness[qlora]', or load_in_4bit: false",
        )
    file = Path(model_path) / "config.json"
    config = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    if config.get("quantization_config"):
        raise UsageError(
            f"recipe '{recipe}' has load_in_4bit, but the base is quantised already",
            where=str(file),
            remedy="load_in_4bit: false, or take the base as it was before",
        )


def options(dtype: torch.dtype, device: torch.device) -> dict[str, Any]:
    """What `from_pretrained` is told, so that weights are quantised as they are read."""
    from transformers import BitsAndBytesConfig

    config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )
    return {"quantization_config": config, "device_map": {"": device}}


def settle(model: nn.Module) -> str:
    """Keep quantised weights as they are read, and say in a word or two how; '' where none is.

    On some CPUs bitsandbytes packs them anew when a model answers, and cannot train on these.
    """
    layers: list[Any] = [module for module in model.modules() if is_quantised(module)]
    for layer in layers:
        layer.support_avx512bf16_for_cpu = False
    if not layers:
        return ""
    return f"nf4, double quantisation, {PACKAGE} {version(PACKAGE)}"


def is_quantised(module: nn.Module | None) -> bool:
    """Whether a layer holds its weight in 4 bits."""
    return getattr(getattr(module, "weight", None), "quant_state", None) is not None


def is_plain(linear: nn.Module | None) -> bool:
    """Whether a layer is a linear one and nothing else, its weight whole or in 4 bits."""
    if is_quantised(linear):
        return type(linear).__name__ == "Linear4bit"
    return type(linear) in (nn.Linear, Conv1D)


def was_conv(module: nn.Module) -> bool:
    """Whether a layer is a GPT-2's, also where its weight, then turned, is in 4 bits.

    An adapter's config has to say so, since it is served on the whole base.
    """
    return Conv1D in (type(module), getattr(module, "source_cls", None))


def weight_of(linear: Any, dtype: torch.dtype) -> Tensor:
    """The weight of a plain layer; [out, in]. One in 4 bits is read back into `dtype`."""
    weight: Tensor = linear.weight.data
    if isinstance(linear, Conv1D):
        return weight.T
    if not is_quantised(linear):
        return weight
    from bitsandbytes.functional import dequantize_4bit

    whole: Tensor = dequantize_4bit(weight, linear.weight.quant_state)
    return whole.to(dtype)


def size(weight: Tensor) -> int:
    """How many numbers a weight stands for; two of them share a byte in 4 bits."""
    state = getattr(weight, "quant_state", None)
    return weight.numel() if state is None else int(torch.Size(state.shape).numel())
