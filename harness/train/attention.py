"""Attention in float32 around a bfloat16 model, for training on a CPU.

The CPU's fused attention has a bfloat16 backward that takes about twice as long as the float32
one on the short rows that adapters are trained on; the two casts cost less than that.
"""

from typing import Any

import torch
from torch import Tensor
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

NAME = "sdpa_float32"


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


def speed_up(model: Any, device: torch.device, dtype: torch.dtype) -> bool:
    """Use this attention where it is faster: bfloat16 on a CPU, on a model that uses SDPA."""
    uses_sdpa = getattr(model.config, "_attn_implementation", None) == "sdpa"
    if device.type != "cpu" or dtype != torch.bfloat16 or not uses_sdpa:
        return False
    AttentionInterface.register(NAME, attention)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    model.set_attn_implementation(NAME)
    return True
