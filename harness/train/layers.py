"""A LoRA linear layer that does its arithmetic in the base's number format.

PEFT casts each input to the adapter's float32 and the result back, which costs more than the
adapter's own arithmetic. Here the float32 adapter weights are cast instead (they are small), the
low-rank product is added inside the matrix product, and backward keeps the input only. The
modules stay PEFT's, so that saving and loading are PEFT's too. LoRA: arXiv 2106.09685.
"""

from typing import Any

import torch
from peft.tuners.lora.layer import Linear as PeftLinear
from torch import Tensor, nn
from torch.nn import functional
from transformers.pytorch_utils import Conv1D


class _LoraLinear(torch.autograd.Function):
    """`x W' + b + scale * (x A') B'`; x [n, in], W [out, in], A [r, in], B [out, r]."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, a: Tensor, b: Tensor, scale: float
    ) -> Tensor:
        a_low, b_low = a.to(x.dtype), b.to(x.dtype) * scale
        low = x @ a_low.T
        ctx.save_for_backward(x, weight, a_low, b_low, low)
        ctx.scale = scale
        return functional.linear(x, weight, bias).addmm_(low, b_low.T)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, a_low, b_low, low = ctx.saved_tensors
        grad = grads[0]
        grad_low = grad @ b_low
        grad_a = (grad_low.T @ x).float()
        grad_b = (grad.T @ low).float().mul_(ctx.scale)
        grad_x = (grad @ weight).addmm_(grad_low, a_low) if ctx.needs_input_grad[0] else None
        return grad_x, None, None, grad_a, grad_b, None


def _forward(layer: Any, x: Tensor) -> Tensor:
    base = layer.base_layer
    weight = base.weight.T if isinstance(base, Conv1D) else base.weight
    flat = x.reshape(-1, x.shape[-1])
    name = layer.active_adapters[0]
    result: Tensor = _LoraLinear.apply(  # type: ignore[no-untyped-call]
        flat,
        weight,
        base.bias,
        layer.lora_A[name].weight,
        layer.lora_B[name].weight,
        layer.scaling[name],
    )
    return result.reshape(*x.shape[:-1], weight.shape[0])


def _plain(layer: Any) -> bool:
    """Whether a PEFT layer is LoRA and nothing more: no dropout, bias, variant or quantisation."""
    if type(layer) is not PeftLinear or type(layer.base_layer) not in (nn.Linear, Conv1D):
        return False
    name = layer.active_adapters[0]
    return (
        len(layer.active_adapters) == 1
        and not layer.merged
        and name not in layer.lora_variant
        and isinstance(layer.lora_dropout[name], nn.Identity)
        and layer.lora_A[name].bias is None
        and layer.lora_B[name].bias is None
    )


def speed_up(model: nn.Module) -> int:
    """Give the plain LoRA layers of a PEFT model the fast forward; the number of them."""
    layers = [module for module in model.modules() if _plain(module)]
    for layer in layers:
        layer.forward = _forward.__get__(layer)
    return len(layers)
