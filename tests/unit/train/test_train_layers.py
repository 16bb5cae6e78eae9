"""The quick LoRA layer and attention compute what PEFT and transformers compute."""

from typing import Any

import peft
import pytest
import tiny_models
import torch

from harness.train import attention, layers


def adapted(kind: str, **options: Any) -> Any:
    config = peft.LoraConfig(
        r=4, lora_alpha=8, target_modules="all-linear", fan_in_fan_out=kind == "gpt2", **options
    )
    torch.manual_seed(3)
    model = peft.get_peft_model(tiny_models.model(kind), config).eval()
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.1)
    return model


def outcome(model: Any) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    torch.manual_seed(5)
    logits = model(input_ids=torch.randint(3, 200, (3, 9))).logits
    (logits**2).mean().backward()
    return logits, {n: p.grad for n, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("kind", ["llama", "qwen2", "gpt2"])
@pytest.mark.parametrize("rslora", [False, True])
def test_quick_layers_equal_pefts_forward_and_backward(kind: str, rslora: bool) -> None:
    logits, grads = outcome(adapted(kind, use_rslora=rslora))
    quick = adapted(kind, use_rslora=rslora)
    changed = layers.speed_up(quick)
    quick_logits, quick_grads = outcome(quick)
    assert changed == {"llama": 14, "qwen2": 14, "gpt2": 8}[kind]
    assert torch.allclose(logits, quick_logits, atol=1e-5)
    assert sorted(grads) == sorted(quick_grads)
    for name, grad in grads.items():
        assert torch.allclose(grad, quick_grads[name], atol=1e-6, rtol=1e-4), name


@pytest.mark.parametrize("kind, groups", [("llama", 8), ("qwen2", 8), ("gpt_neox", 8)])
def test_layers_that_read_the_same_tensor_are_one_operation_and_equal_pefts(
    kind: str, groups: int
) -> None:
    """Of a Llama's seven layers: query, key and value; output; gate and up; down."""
    logits, grads = outcome(adapted(kind))
    quick = adapted(kind)
    layers.speed_up(quick, lambda: quick(input_ids=torch.tensor([[5, 6, 7]])))
    shared = {id(m.bench_shared) for m in quick.modules() if hasattr(m, "bench_shared")}
    quick_logits, quick_grads = outcome(quick)
    assert groups == len(shared)
    assert torch.allclose(logits, quick_logits, atol=1e-5)
    assert sorted(grads) == sorted(quick_grads)
    for name, grad in grads.items():
        assert torch.allclose(grad, quick_grads[name], atol=1e-6, rtol=1e-4), name


def test_a_tensor_that_changed_in_place_is_read_anew() -> None:
    quick = adapted("llama")
    layers.speed_up(quick, lambda: quick(input_ids=torch.tensor([[5, 6, 7]])))
    block = quick.base_model.model.model.layers[0].self_attn
    with torch.no_grad():
        x = torch.ones(1, 2, 32)
        block.q_proj(x)
        expected = block.k_proj(x.clone() * 2)
        x.mul_(2)
        assert torch.equal(block.k_proj(x), expected)


@pytest.mark.parametrize(
    "options", [{"lora_dropout": 0.1}, {"use_dora": True}, {"lora_bias": True}]
)
def test_layers_with_more_than_lora_keep_pefts_forward(options: dict[str, Any]) -> None:
    assert layers.speed_up(adapted("gpt2", **options)) == 0


def test_float32_attention_is_close_to_bfloat16_attention_with_padding() -> None:
    ids = torch.randint(3, 200, (2, 12), generator=torch.Generator().manual_seed(0))
    mask = torch.ones_like(ids)
    mask[1, 7:] = 0
    reference = tiny_models.model("llama")
    low = tiny_models.model("llama").to(torch.bfloat16)
    changed = attention.speed_up(low, torch.device("cpu"), torch.bfloat16)
    expected = reference(input_ids=ids, attention_mask=mask).logits[mask == 1]
    actual = low(input_ids=ids, attention_mask=mask).logits[mask == 1].float()
    assert changed
    assert low.config._attn_implementation == attention.NAME
    assert (expected - actual).norm() / expected.norm() < 0.05


def test_attention_of_a_float32_model_is_left_alone() -> None:
    model = tiny_models.model("llama")
    assert not attention.speed_up(model, torch.device("cpu"), torch.float32)
