"""Fused kernels for parts of a model on a GPU, where Liger Kernel (arXiv 2410.10989) is installed.

Only norms, rotary positions and gated products are taken: the loss is in chunks here already, on
completion tokens alone. What the kernels make of a model is held against the model itself; where
it differs, or they fail, the model is trained as it was.
"""

import importlib.util
import inspect
import sys
from collections.abc import Callable, Collection, Sequence
from importlib.metadata import version
from typing import Any

import torch
from torch import Tensor

PACKAGE = "liger_kernel"
PARTS = ("rope", "rms_norm", "layer_norm", "swiglu", "geglu")
APART = {torch.float32: 1e-3, torch.bfloat16: 5e-2, torch.float16: 1e-2}  # relative


def wanted(device: str, kind: str, known: Collection[str], *, sharded: bool) -> bool:
    """Whether a model of a `kind` (config.model_type) takes fused kernels.

    A model whose layers lie on several GPUs does not: the kernels start on the current one.
    """
    return device == "cuda" and kind in known and not sharded


def known_kinds() -> dict[str, Callable[..., None]]:
    """What is installed knows how to do, by model type; {} where nothing is installed."""
    if importlib.util.find_spec(PACKAGE) is None:
        return {}
    try:
        from liger_kernel.transformers.monkey_patch import MODEL_TYPE_TO_APPLY_LIGER_FN
    except ImportError:  # it is there, and what it needs (Triton) is not
        return {}
    return dict(MODEL_TYPE_TO_APPLY_LIGER_FN)


def fuse(model: Any, apply: Callable[..., None], outcome: Callable[[], Sequence[Tensor]]) -> str:
    """Put fused kernels into a model; what was put in, or '' where the model has to be loaded anew.

    `outcome` runs the model on a few rows: what comes of it forward and backward, in float32.
    """
    try:
        before = outcome()
    except (TypeError, ValueError, RuntimeError):  # it takes no embeddings, say
        return ""
    home = vars(sys.modules[type(model).__module__])
    names = dict(home)
    options = inspect.signature(apply).parameters
    used = [part for part in PARTS if part in options and options[part].default is True]
    off = {"cross_entropy": False, "fused_linear_cross_entropy": False}
    try:
        apply(model=model, **{name: value for name, value in off.items() if name in options})
        after = outcome()
    except Exception:  # noqa: BLE001 - compilers of kernels raise errors of their own
        after = []
    far = APART.get(model.dtype, 5e-2)
    same = [(a - b).norm() < far * b.norm() for a, b in zip(after, before, strict=False)]
    if not after or not all(same):
        home.update(names)
        return ""
    return f"liger-kernel {version('liger-kernel')}: {', '.join(used)}"
