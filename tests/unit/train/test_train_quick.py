"""Quick norms and rotations are the model's own, or the model's own are kept."""

from typing import Any

import pytest
import tiny_models
import torch
from torch import nn
from transformers.models.gpt_neox.modeling_gpt_neox import GPTNeoXLayer
from transformers.models.llama import modeling_llama

from harness.train import quick

CPU = torch.device("cpu")


class RootMeanSquare(nn.Module):
    """A norm that no library knows, as a model of somebody's own might have it."""

    def __init__(self, width: int, floor: float, added: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.rand(width) + 0.5, requires_grad=False)
        self.floor, self.added = floor, added

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        wide = x.float()
        wide = wide / (wide.square().mean(-1, keepdim=True) + self.floor).sqrt()
        return (wide * (self.weight.float() + self.added)).to(x.dtype)


class Shifted(RootMeanSquare):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x - x.mean(-1, keepdim=True))


class Clipped(RootMeanSquare):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x).clamp(-2, 2)


def gradient(run: Any, x: torch.Tensor, weighed: torch.Tensor) -> torch.Tensor:
    x = x.clone().requires_grad_()
    run(x).backward(weighed)
    assert x.grad is not None
    return x.grad


@pytest.mark.parametrize(("floor", "added"), [(1e-6, 0.0), (1e-5, 0.0), (1e-6, 1.0)])
@pytest.mark.parametrize(("dtype", "near"), [(torch.float32, 2e-6), (torch.bfloat16, 2e-2)])
def test_a_norm_is_known_by_what_it_does_and_keeps_its_gradient(
    floor: float, added: float, dtype: torch.dtype, near: float
) -> None:
    norm = RootMeanSquare(24, floor, added).to(dtype)
    x, weighed = (torch.randn(2, 5, 24).add_(0.3).to(dtype) for _ in range(2))
    expected, slope = norm(x), gradient(norm, x, weighed)
    assert quick.speed_up(norm, CPU) == (1, 0)
    assert torch.allclose(norm(x), expected, atol=near, rtol=near)
    assert torch.allclose(gradient(norm, x, weighed), slope, atol=near, rtol=near)


def test_what_is_nearly_a_norm_is_left_alone() -> None:
    trained = RootMeanSquare(24, 1e-6, 0.0)
    trained.weight.requires_grad = True
    others = [Shifted(24, 1e-6, 0.0), Clipped(24, 1e-6, 0.0), nn.LayerNorm(24, bias=False), trained]
    assert [quick.norm_of(one) for one in others] == [None] * 4
    assert quick.speed_up(nn.ModuleList(others), CPU) == (0, 0)


def test_a_model_is_what_it_was_forward_and_backward() -> None:
    """All norms and rotations of a Llama, the gradient of its embeddings with them."""
    model = tiny_models.model("llama").requires_grad_(requires_grad=False)
    ids = torch.arange(3, 23).reshape(2, 10)

    def run(x: torch.Tensor) -> torch.Tensor:
        return model(inputs_embeds=x, use_cache=False).logits  # type: ignore[no-any-return]

    x = model.get_input_embeddings()(ids)
    weighed = torch.randn(2, 10, tiny_models.VOCAB)
    expected, slope = run(x), gradient(run, x, weighed)
    assert quick.speed_up(model, CPU) == (5, 2)
    assert torch.allclose(run(x), expected, atol=1e-4, rtol=1e-5)
    assert torch.allclose(gradient(run, x, weighed), slope, atol=1e-3, rtol=1e-4)


def test_a_rotation_that_is_another_is_left_alone() -> None:
    def pairs(q: Any, k: Any, cos: Any, sin: Any, unsqueeze_dim: int = 1) -> Any:
        return q * cos.unsqueeze(1), k * cos.unsqueeze(1)

    assert quick.is_rotation(modeling_llama.apply_rotary_pos_emb)
    assert not quick.is_rotation(pairs)
    assert not quick.is_rotation(None)
    assert not quick.is_rotation(len)


def test_models_of_other_kinds_keep_what_is_theirs() -> None:
    gpt2 = tiny_models.model("gpt2").requires_grad_(requires_grad=False)
    assert quick.speed_up(gpt2, CPU) == (0, 0)
    neox = tiny_models.model("gpt_neox").requires_grad_(requires_grad=False)
    assert quick.speed_up(neox, CPU)[0] == 0
    assert any(isinstance(module, GPTNeoXLayer) for module in neox.modules())


def test_a_device_that_is_no_cpu_changes_nothing() -> None:
    assert quick.speed_up(RootMeanSquare(24, 1e-6, 0.0), torch.device("cuda")) == (0, 0)
