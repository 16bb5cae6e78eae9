"""Attention for training: rows behind one another in one line, without padding.

Each row attends to itself alone, with the causal kernel that skips what lies ahead, which it cannot
do behind a padding mask. A GPU takes all rows in one call of the FlashAttention that torch brings
(arXiv 2307.08691). A CPU takes them one by one, in float32 around a bfloat16 model: its fused
attention has a bfloat16 backward that takes about twice as long as the float32 one on the short
rows that adapters are trained on; the two casts cost less than that. Rows of a bfloat16 model that
are short enough go another way still (`harness.train.short`).
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn.attention.varlen import varlen_attn
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import repeat_kv, sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

from harness.train.short import LONGEST, short_rows

NAME = "sdpa_float32"
# by what takes rows in one line; transformers looks for a package behind a name with "flash" in it
PACKED = {"rows": "sdpa_rows", "varlen": "varlen_rows"}
MOST_DIM = 256  # numbers of a head that FlashAttention takes, in eights


def attention(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    **options: Any,
) -> tuple[Tensor, None]:
    """Transformers' attention interface: [rows, length, heads, dim] from [rows, heads, …, dim]."""
    mask = attention_mask
    if mask is not None and mask.is_floating_point():
        mask = mask.float()
    out, weights = sdpa_attention_forward(
        module, query.float(), key.float(), value.float(), mask, **options
    )
    return out.to(query.dtype), weights


def packed_attention(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    row_lengths: tuple[int, ...],
    **options: Any,
) -> tuple[Tensor, None]:
    """The same for one line of rows: [1, tokens, heads, dim] from [1, heads, tokens, dim].

    A model that does not hand `row_lengths` on raises TypeError here, and trains padded.
    """
    if attention_mask is not None or options.get("position_bias") is not None:
        raise TypeError("a mask or a bias of positions over rows that stand in one line")
    alike = query.shape[-1] == key.shape[-1] == value.shape[-1]
    if alike and short(module, query, row_lengths, options):
        q, k, v = (part[0].transpose(0, 1) for part in (query, key, value))
        scale = options.get("scaling") or query.shape[-1] ** -0.5
        return short_rows(q, k, v, row_lengths, scale).unsqueeze(0), None
    query_32, key_32, value_32 = (
        torch.split(part.float(), list(row_lengths), dim=2) for part in (query, key, value)
    )
    groups = query.shape[1] // key.shape[1]
    outs = [
        sdpa_attention_forward(module, q, repeat_kv(k, groups), repeat_kv(v, groups), None,
                               **{**options, "is_causal": True})[0]
        for q, k, v in zip(query_32, key_32, value_32, strict=True)
    ]  # fmt: skip
    return torch.cat(outs, dim=1).to(query.dtype), None


def short(
    module: torch.nn.Module, query: Tensor, row_lengths: tuple[int, ...], options: dict[str, Any]
) -> bool:
    """Whether all rows are short, of a bfloat16 model, and nothing but scaling is asked for."""
    drops = module.training and bool(options.get("dropout"))
    return query.dtype == torch.bfloat16 and not drops and max(row_lengths) <= LONGEST


def varlen_attention(
    _module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    row_lengths: tuple[int, ...],
    scaling: float | None = None,
    sliding_window: int | None = None,
    **options: Any,
) -> tuple[Tensor, None]:
    """The same in one call for all rows, on a GPU; a window of positions is kept to."""
    if attention_mask is not None or options.get("position_bias") is not None:
        raise TypeError("a mask or a bias of positions over rows that stand in one line")
    query, key, value = (part[0].transpose(0, 1) for part in (query, key, value))
    ends, longest = _ends(row_lengths, query.device), max(row_lengths)
    out = varlen_attn(
        query, key, value, ends, ends, longest, longest,
        scale=scaling,
        window_size=(sliding_window - 1 if sliding_window else -1, 0),
        enable_gqa=query.shape[1] != key.shape[1],
    )  # fmt: skip
    if isinstance(out, tuple):
        raise TypeError("more than the outcome of attention was asked for")
    return out.unsqueeze(0), None


@lru_cache(maxsize=16)
def _ends(lengths: tuple[int, ...], device: torch.device) -> Tensor:
    """Where rows begin, and where the last one ends; of a batch, all layers ask the same."""
    starts = torch.tensor([0, *lengths], dtype=torch.int32).cumsum(0, dtype=torch.int32)
    return starts.to(device)


def no_mask(*_args: Any, **_options: Any) -> None:
    """Rows in one line need no mask: attention knows where each ends."""


def speed_up(model: Any, device: torch.device, dtype: torch.dtype) -> bool:
    """Use this attention where it is faster: bfloat16 on a CPU, on a model that uses SDPA."""
    uses_sdpa = getattr(model.config, "_attn_implementation", None) == "sdpa"
    if device.type != "cpu" or dtype != torch.bfloat16 or not uses_sdpa:
        return False
    AttentionInterface.register(NAME, attention)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    model.set_attn_implementation(NAME)
    return True


def kernel_for(
    device: str, dtype: torch.dtype, head: int, capability: tuple[int, int], *, flash: bool
) -> Literal["rows", "varlen", ""]:
    """What takes rows in one line on a device; '' where they have to be padded.

    FlashAttention needs a GPU of compute capability 8.0 (Ampere), half precision, and heads of at
    most `MOST_DIM` numbers, in eights; `flash` says that this torch was built with it.
    """
    if device == "cpu":
        return "rows"
    fits = 0 < head <= MOST_DIM and head % 8 == 0 and dtype in (torch.bfloat16, torch.float16)
    return "varlen" if device == "cuda" and flash and fits and capability >= (8, 0) else ""


def found_kernel(model: Any, device: torch.device) -> Literal["rows", "varlen", ""]:
    """`kernel_for` a model on the device that is here."""
    config = model.config.get_text_config()
    heads = getattr(config, "num_attention_heads", 0) or 1
    head = getattr(config, "head_dim", None) or getattr(config, "hidden_size", 0) // heads
    on_gpu = device.type == "cuda"
    capability = torch.cuda.get_device_capability(device) if on_gpu else (0, 0)
    flash = on_gpu and torch.backends.cuda.is_flash_attention_available()
    kernel = kernel_for(device.type, model.dtype, head, capability, flash=flash)
    return "" if kernel == "varlen" and not _trains(head, model.dtype, device) else kernel


def _trains(head: int, dtype: torch.dtype, device: torch.device) -> bool:
    """Whether FlashAttention runs forward and backward here: its wide heads hang on the GPU."""
    part = torch.ones(1, 1, 8, head, dtype=dtype, device=device, requires_grad=True)
    try:
        out, _ = varlen_attention(torch.nn.Identity(), part, part, part, None, row_lengths=(5, 3))
        torch.autograd.grad(out.sum(), part)
    except RuntimeError:
        return False
    return True


def use_rows(model: Any, device: torch.device) -> str:
    """Switch a model to rows in one line; the name of what it used, or '' where it cannot.

    Masks are dropped with it, so a probe has to compare the two.
    """
    used = str(getattr(model.config, "_attn_implementation", None))
    kernel = found_kernel(model, device)
    if used not in ("sdpa", NAME) or not kernel:
        return ""
    ways: dict[str, Callable[..., Any]] = {"rows": packed_attention, "varlen": varlen_attention}
    AttentionInterface.register(PACKED[kernel], ways[kernel])
    AttentionMaskInterface.register(PACKED[kernel], no_mask)
    model.set_attn_implementation(PACKED[kernel])
    return used
