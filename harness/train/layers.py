"""LoRA linear layers that do their arithmetic in the base's number format, several at once.

PEFT casts each input to the adapter's float32 and the result back, which costs more than the
adapter's own arithmetic. Here the float32 adapter weights are cast instead (they are small), the
low-rank product is added inside the matrix product, and backward keeps the input only.

Layers that read the same tensor (query, key and value; gate and up) are one operation: their
narrow products with A become one, and backward adds up the input's gradient inside the products.
Several adapters share a forward pass: each has a stretch of tokens of its own (`Stretches`), so
their ranks need not be alike, and no gradient passes from one to another.

The modules stay PEFT's, so that saving and loading are PEFT's too. LoRA: arXiv 2106.09685.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from peft.tuners.lora.layer import Linear as PeftLinear
from torch import Tensor, nn
from torch.nn import functional

from harness.train import quantised


@dataclass(slots=True)
class Stretches:
    """Whose tokens stand where: adapter names, and where each one's tokens end.

    Without ends, the first adapter has all tokens.
    """

    names: tuple[str, ...]
    ends: tuple[int, ...] = ()

    def of(self, tokens: int) -> Iterator[tuple[str, slice]]:
        """Each adapter with the slice of its tokens."""
        start = 0
        for name, end in zip(self.names, self.ends or (tokens,), strict=False):
            yield name, slice(start, end)
            start = end


@dataclass(slots=True)
class _Shared:
    """Layers that read the same tensor, and what was computed for those not called yet."""

    layers: list[Any]
    stretches: Stretches
    source: Tensor | None = None
    version: int = -1
    outputs: dict[int, Tensor] = field(default_factory=dict)

    def output(self, layer: Any, x: Tensor) -> Tensor:
        version = x._version  # noqa: SLF001 - torch's own count of changes in place
        fresh = self.source is not x or self.version != version
        if fresh or id(layer) not in self.outputs:
            found = _apply(self.layers, self.stretches, x)
            self.outputs = {id(one): y for one, y in zip(self.layers, found, strict=True)}
            self.source, self.version = x, version
        result = self.outputs.pop(id(layer))
        if not self.outputs:
            self.source = None
        return result


class _LoraLinears(torch.autograd.Function):
    """`x W' + b + scale * (x A') B'` of layers that read x [n, in]; W [out, in], A [r, in].

    `pieces` are A and B [out, r], layer by layer, for each stretch of `x` in turn. A weight in
    4 bits is read back twice, for forward and for backward, and not kept between.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        linears: tuple[Any, ...],
        stretches: tuple[tuple[slice, tuple[float, ...]], ...],
        *pieces: Tensor,
    ) -> tuple[Tensor, ...]:
        outs = tuple(
            functional.linear(x, quantised.weight_of(linear, x.dtype), linear.bias)
            for linear in linears
        )
        count = len(linears)
        kept: list[Tensor] = []
        for index, (part, scales) in enumerate(stretches):
            own = pieces[2 * count * index : 2 * count * (index + 1)]
            a_low = torch.cat(own[::2]).to(x.dtype)
            low = x[part] @ a_low.T
            kept += [a_low, low]
            at = 0
            for out, b, scale in zip(outs, own[1::2], scales, strict=True):
                b_low = b.to(x.dtype) * scale
                out[part].addmm_(low[:, at : at + b.shape[1]], b_low.T)
                at += b.shape[1]
                kept.append(b_low)
        ctx.save_for_backward(x, *kept)
        ctx.stretches = stretches
        ctx.linears = linears
        return outs

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        count = len(ctx.linears)
        x, *kept = ctx.saved_tensors
        grads = tuple(grad.contiguous() for grad in grads)
        grad_x: Tensor | None = None
        if ctx.needs_input_grad[0]:
            grad_x = grads[0] @ quantised.weight_of(ctx.linears[0], x.dtype)
            for grad, linear in zip(grads[1:], ctx.linears[1:], strict=True):
                grad_x.addmm_(grad, quantised.weight_of(linear, x.dtype))
        found: list[Tensor] = []
        for index, (part, scales) in enumerate(ctx.stretches):
            a_low, low, *b_lows = kept[(2 + count) * index : (2 + count) * (index + 1)]
            grad_low = torch.empty_like(low)
            grads_b, cuts, at = [], [], 0
            for grad, b_low, scale in zip(grads, b_lows, scales, strict=True):
                own = slice(at, at + b_low.shape[1])
                torch.mm(grad[part], b_low, out=grad_low[:, own])
                grads_b.append((grad[part].T @ low[:, own]).float().mul_(scale))
                cuts.append(b_low.shape[1])
                at = own.stop
            grads_a = (grad_low.T @ x[part]).float().split(cuts)
            if grad_x is not None:
                grad_x[part].addmm_(grad_low, a_low)
            found += [one for pair in zip(grads_a, grads_b, strict=True) for one in pair]
        return grad_x, None, None, *found


def _apply(layers: list[Any], stretches: Stretches, x: Tensor) -> list[Tensor]:
    """Outputs of layers that read x [..., in]."""
    flat = x.reshape(-1, x.shape[-1])
    linears = tuple(layer.base_layer for layer in layers)
    parts, pieces = [], []
    for name, part in stretches.of(flat.shape[0]):
        parts.append((part, tuple(layer.scaling[name] for layer in layers)))
        for layer in layers:
            pieces += [layer.lora_A[name].weight, layer.lora_B[name].weight]
    outs = _LoraLinears.apply(flat, linears, tuple(parts), *pieces)  # type: ignore[no-untyped-call]
    return [out.reshape(*x.shape[:-1], out.shape[-1]) for out in outs]


def _forward(layer: Any, x: Tensor) -> Tensor:
    result: Tensor = layer.bench_shared.output(layer, x)
    return result


def _plain(layer: Any) -> bool:
    """Whether a PEFT layer is LoRA and nothing more: no dropout, bias or variant."""
    usual = type(layer) is PeftLinear or type(layer).__name__ == "Linear4bit"
    if not usual or not quantised.is_plain(getattr(layer, "base_layer", None)):
        return False
    return not layer.merged and all(
        name not in layer.lora_variant
        and isinstance(layer.lora_dropout[name], nn.Identity)
        and layer.lora_A[name].bias is None
        and layer.lora_B[name].bias is None
        for name in layer.lora_A
    )


def speed_up(
    model: nn.Module, probe: Callable[[], Any] | None = None, stretches: Stretches | None = None
) -> int:
    """Give the plain LoRA layers of a PEFT model the fast forward; the number of them.

    `probe` runs the model once, which shows which layers read the same tensor; without it each
    layer is on its own.
    """
    layers: list[Any] = [module for module in model.modules() if _plain(module)]
    if not layers:
        return 0
    stretches = stretches or Stretches(tuple(layers[0].active_adapters[:1]))
    for group in _readers(layers, probe):
        shared = _Shared(group, stretches)
        for layer in group:
            layer.bench_shared = shared
            layer.forward = _forward.__get__(layer)
    return len(layers)


def _readers(layers: list[Any], probe: Callable[[], Any] | None) -> list[list[Any]]:
    """Layers by the tensor that they read in a run of the model; each once."""
    if probe is None:
        return [[layer] for layer in layers]
    inputs: dict[int, list[Tensor]] = {}

    def note(layer: nn.Module, args: tuple[Tensor, ...]) -> None:
        inputs.setdefault(id(layer), []).extend(args[:1])

    handles = [layer.register_forward_pre_hook(note) for layer in layers]
    try:
        with torch.no_grad():
            probe()
    finally:
        for handle in handles:
            handle.remove()
    groups: dict[int, list[Any]] = {}
    for layer in layers:
        read = inputs.get(id(layer), [])
        # called twice or never: it shares with nobody
        groups.setdefault(id(read[0]) if len(read) == 1 else id(layer), []).append(layer)
    return list(groups.values())
