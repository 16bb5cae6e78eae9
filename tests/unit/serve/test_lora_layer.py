"""vLLM's layers with LoRA, shortened: the base's output, then the adapters', and nothing else."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch

pytestmark = pytest.mark.filterwarnings("ignore")

pytest.importorskip("vllm", exc_type=ImportError)

from harness.serve import lora_layer  # noqa: E402
from harness.serve.grouped_lora import GroupedLora  # noqa: E402

SLOTS, IN, OUT, RANK = 3, 8, 12, 4


class Base(torch.nn.Module):
    """A base layer with the method that vLLM calls through."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(OUT, IN), requires_grad=False)
        self.quant_method = SimpleNamespace(
            apply=lambda layer, x, bias: torch.nn.functional.linear(x, layer.weight, bias)
        )


def layer_with(base: Base, wrapper: Any) -> Any:
    """A layer as vLLM's manager makes it, short of its configuration."""
    from vllm.lora.layers.base_linear import BaseLinearLayerWithLoRA

    layer = BaseLinearLayerWithLoRA.__new__(BaseLinearLayerWithLoRA)
    torch.nn.Module.__init__(layer)
    layer.base_layer = base
    layer.lora_a_stacked = (torch.randn(SLOTS, 1, RANK, IN),)
    layer.lora_b_stacked = (torch.randn(SLOTS, 1, OUT, RANK),)
    layer.output_slices = (OUT,)
    layer.set_mapping(wrapper)
    return layer


def wrapper_for(slots: list[int]) -> Any:
    from vllm.lora.layers import LoRAMapping

    made = GroupedLora(max_num_batched_tokens=64, max_batches=64, device="cpu", max_loras=SLOTS)
    names = tuple(slot + 1 for slot in slots)
    made.update_metadata(LoRAMapping(names, names, is_prefill=True), [1, 2, 3], SLOTS, 100)
    return made


@pytest.mark.parametrize("shape", [(5, IN), (1, 5, IN)], ids=["rows", "a batch of one"])
@pytest.mark.parametrize("bias", [None, torch.arange(OUT) * 1.0], ids=["no bias", "bias"])
def test_a_layer_gives_the_bases_output_and_each_rows_adapter(
    shape: tuple[int, ...], bias: torch.Tensor | None
) -> None:
    torch.manual_seed(1)
    slots, base = [-1, 0, 2, -1, 1], Base()
    layer = layer_with(base, wrapper_for(slots))
    x = torch.randn(5, IN)
    plain = torch.nn.functional.linear(x, base.weight, bias)
    wanted = plain.clone()
    for row, slot in enumerate(slots):
        if slot >= 0:
            a, b = layer.lora_a_stacked[0][slot, 0], layer.lora_b_stacked[0][slot, 0]
            wanted[row] += b @ (a @ x[row])
    found = layer.apply(x.view(shape), bias)
    assert found.shape == (*shape[:-1], OUT)
    torch.testing.assert_close(found.view(5, OUT), wanted, rtol=1e-4, atol=1e-4)
    assert torch.equal(found.view(5, OUT)[[0, 3]], plain[[0, 3]])


def test_the_classes_of_vllm_are_the_shortened_ones_once_a_wrapper_is_there() -> None:
    from vllm.lora.layers.base import BaseLayerWithLoRA
    from vllm.lora.layers.base_linear import BaseLinearLayerWithLoRA

    wrapper_for([0])
    assert BaseLinearLayerWithLoRA.apply is lora_layer.apply
    assert BaseLayerWithLoRA.set_mapping is lora_layer.set_mapping


def test_a_base_layer_that_is_replaced_is_the_one_that_is_asked() -> None:
    """It is kept where torch does not look first."""
    layer = layer_with(Base(), wrapper_for([-1]))
    other = Base()
    layer.base_layer = other
    x = torch.randn(1, IN)
    assert torch.equal(layer.apply(x), torch.nn.functional.linear(x, other.weight))
    assert list(layer.state_dict()) == ["base_layer.weight"]
