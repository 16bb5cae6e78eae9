"""Attention for training on a CPU: rows behind one another, in float32 around a bfloat16 model.

The rows of a step stand in one line of tokens without padding; each attends to itself alone, with
the causal kernel that skips what lies ahead, which it cannot do behind a padding mask. The CPU's
fused attention has a bfloat16 backward that takes about twice as long as the float32 one on the
short rows that adapters are trained on; the two casts cost less than that.
"""

from typing import Any

import torch
from torch import Tensor
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import repeat_kv, sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

NAME = "sdpa_float32"
PACKED = "sdpa_rows"


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


def no_mask(*_args: Any, **_options: Any) -> None:
    """Rows in one line need no mask: `packed_attention` knows where each ends."""


def speed_up(model: Any, device: torch.device, dtype: torch.dtype) -> bool:
    """Use this attention where it is faster: bfloat16 on a CPU, on a model that uses SDPA."""
    uses_sdpa = getattr(model.config, "_attn_implementation", None) == "sdpa"
    if device.type != "cpu" or dtype != torch.bfloat16 or not uses_sdpa:
        return False
    AttentionInterface.register(NAME, attention)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    model.set_attn_implementation(NAME)
    return True


def use_rows(model: Any) -> str:
    """Switch a model to packed attention; the name of what it used, or '' where it cannot.

    Sliding windows and other masks are dropped with it, so a probe has to compare the two.
    """
    used = str(getattr(model.config, "_attn_implementation", None))
    if used not in ("sdpa", NAME):
        return ""
    AttentionInterface.register(PACKED, packed_attention)
    AttentionMaskInterface.register(PACKED, no_mask)
    model.set_attn_implementation(PACKED)
    return used
