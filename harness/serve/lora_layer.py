"""vLLM's layers with LoRA without the checks that only matter elsewhere.

A decode step on a CPU calls each of them, a hundred and more, for products of some 20 µs. A third
of what adapters cost there were `__getattr__` in Python for `base_layer`, several times a call, and
questions about streams and platforms whose answers never change. For the vLLM that cpu_lora names.
"""

from typing import Any

import torch


def apply(self: Any, x: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """The base's output, (..., out), with each row's adapter added in place."""
    base = self.base_layer
    y: torch.Tensor = base.quant_method.apply(base, x, bias)
    self.punica_wrapper.add_lora_linear(
        y, x, self.lora_a_stacked, self.lora_b_stacked, 1.0, self.output_slices
    )
    return y


def set_mapping(self: Any, punica_wrapper: Any) -> None:
    """Keep the wrapper, and the base layer where Python finds it without `__getattr__`.

    torch takes it out of there again when another module is put in its place.
    """
    self.punica_wrapper = punica_wrapper
    if "base_layer" in self._modules:
        self.__dict__["base_layer"] = self._modules["base_layer"]


def shorten() -> None:
    """Put both in place of vLLM's, for all layers that do not bring their own."""
    from vllm.lora.layers.base import BaseLayerWithLoRA
    from vllm.lora.layers.base_linear import BaseLinearLayerWithLoRA

    BaseLinearLayerWithLoRA.apply = apply
    BaseLayerWithLoRA.set_mapping = set_mapping
