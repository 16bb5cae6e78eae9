"""The head on completion rows gives what the whole model gives."""

from typing import Any

import pytest
import tiny_models
import torch
from torch.nn import functional

from harness.records import Recipe
from harness.train import batches, loss
from harness.train.adapter import add_adapter, make_ready
from harness.train.layers import Stretches

CPU = torch.device("cpu")


def batch(count: int = 5) -> batches.Batch:
    return batches.collate(tiny_models.encoded(count), 0, CPU)


def trainable(kind: str) -> tuple[Any, Any]:
    base = tiny_models.model(kind).requires_grad_(requires_grad=False)
    head = loss.head_of(base, batch(1))
    model = add_adapter(base, Recipe("lora", rank=4))
    make_ready(model, Stretches(("default",)), lambda: head.loss(batch(1)))
    torch.manual_seed(1)
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.1)
    return head, model


def gradients(model: Any, value: torch.Tensor) -> dict[str, torch.Tensor]:
    value.backward()
    found = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    return found


@pytest.mark.parametrize("kind", ["llama", "qwen2", "gpt2"])
def test_fast_loss_and_gradients_equal_those_of_labels(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against the model's own loss on `labels`, with several chunks of logits."""
    monkeypatch.setattr(loss, "CHUNK_LOGITS", 4 * tiny_models.VOCAB)
    head, model = trainable(kind)
    made = batch()
    labels = torch.full_like(made.ids, -100)
    labels.view(-1)[made.positions + 1] = made.targets
    fast = head.loss(made) / len(made.targets)
    full = model(input_ids=made.ids, attention_mask=made.mask, labels=labels).loss
    assert head.fast
    assert full.item() == pytest.approx(fast.item(), abs=1e-5)
    expected, actual = gradients(model, full), gradients(model, fast)
    assert sorted(expected) == sorted(actual)
    for name, grad in expected.items():
        assert torch.allclose(grad, actual[name], atol=1e-5, rtol=1e-4), name


@pytest.mark.parametrize("kind", ["gemma2", "granite"])
def test_scaled_or_capped_logits_take_the_models_own_forward(kind: str) -> None:
    head, model = trainable(kind)
    made = batch()
    logits = model(input_ids=made.ids, attention_mask=made.mask).logits
    rows = logits.reshape(-1, tiny_models.VOCAB)[made.positions]
    expected = functional.cross_entropy(rows, made.targets, reduction="sum")
    assert not head.fast
    assert expected.item() == pytest.approx(head.loss(made).item(), rel=1e-5)


def test_padding_changes_no_loss() -> None:
    head, _ = trainable("llama")
    rows = tiny_models.encoded(6)
    alone = sum(head.loss(batches.collate([row], 0, CPU)).item() for row in rows)
    assert alone == pytest.approx(head.loss(batches.collate(rows, 0, CPU)).item(), rel=1e-5)


def test_no_gradient_reaches_the_base() -> None:
    head, model = trainable("llama")
    found = gradients(model, head.loss(batch()))
    assert [name for name in found if "lora_" not in name] == []
    assert [name for name in found if "embed" in name or "lm_head" in name] == []
