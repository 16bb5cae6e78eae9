"""Rows in one line on a GPU: what takes them is chosen from facts, and is called as torch asks.

The kernel itself runs under the gpu marker only (tests/gpu). Here attention written out stands in
its place, so that all around it is the real thing.
"""

from typing import Any

import pytest
import tiny_models
import torch
from torch import Tensor
from torch.nn import functional

from harness.train import attention, batches
from harness.train.loss import Head, head_of, pack_where_equal

CPU = torch.device("cpu")
HALF, WHOLE = torch.bfloat16, torch.float32


@pytest.mark.parametrize(
    "device, dtype, head, capability, flash, expected",
    [
        ("cpu", WHOLE, 64, (0, 0), False, "rows"),
        ("cpu", HALF, 7, (0, 0), False, "rows"),
        ("cuda", HALF, 128, (9, 0), True, "varlen"),
        ("cuda", torch.float16, 256, (8, 0), True, "varlen"),
        ("cuda", HALF, 128, (9, 0), False, ""),  # a torch built without it
        ("cuda", WHOLE, 128, (9, 0), True, ""),
        ("cuda", HALF, 128, (7, 5), True, ""),  # Turing
        ("cuda", HALF, 320, (9, 0), True, ""),
        ("cuda", HALF, 60, (9, 0), True, ""),
        ("cuda", HALF, 0, (9, 0), True, ""),
        ("mps", HALF, 64, (0, 0), False, ""),
    ],
)
def test_what_takes_rows_in_one_line_hangs_on_the_device_and_the_heads(
    device: str,
    dtype: torch.dtype,
    head: int,
    capability: tuple[int, int],
    flash: bool,
    expected: str,
) -> None:
    assert attention.kernel_for(device, dtype, head, capability, flash=flash) == expected


def test_the_real_kernel_takes_what_it_is_given_and_passes_gradients_back() -> None:
    """Without data, torch looks at arguments, shapes and formats as it does on a GPU."""
    query, key, value = (
        torch.empty(1, heads, 12, 64, device="meta", dtype=HALF, requires_grad=True)
        for heads in (4, 2, 2)
    )
    out, _ = attention.varlen_attention(
        torch.nn.Identity(), query, key, value, None,
        row_lengths=(5, 7), scaling=0.1, sliding_window=4, dropout=0.0,
    )  # fmt: skip
    assert (out.shape, out.dtype) == ((1, 12, 4, 64), HALF)
    found = torch.autograd.grad(out.sum(), (query, key, value))
    assert [one.shape for one in found] == [query.shape, key.shape, value.shape]


def test_masks_and_biases_of_positions_are_refused() -> None:
    part = torch.zeros(1, 2, 4, 8)
    for mask, options in ((torch.ones(1, 1, 4, 4), {}), (None, {"position_bias": part})):
        with pytest.raises(TypeError, match="rows that stand in one line"):
            attention.varlen_attention(
                torch.nn.Identity(), part, part, part, mask, row_lengths=(4,), **options
            )


def written_out(
    query: Tensor, key: Tensor, value: Tensor, ends: Tensor, others: Tensor, longest: int,
    longest_other: int, *, scale: float | None, window_size: tuple[int, int], enable_gqa: bool,
) -> Tensor:  # fmt: skip
    """What torch says of varlen_attn: each row on its own, [tokens, heads, d]."""
    assert torch.equal(ends, others)
    assert ends.dtype == torch.int32
    lengths = ends.diff().tolist()
    assert max(lengths) == longest == longest_other
    assert enable_gqa == (query.shape[1] != key.shape[1])
    left, right = window_size
    outs = []
    for parts in zip(*(torch.split(one, lengths) for one in (query, key, value)), strict=True):
        q, k, v = (one.transpose(0, 1) for one in parts)
        places = torch.arange(q.shape[1])
        far = places.unsqueeze(1) - places
        seen = (far >= -right) & ((far <= left) | (left < 0))
        out = functional.scaled_dot_product_attention(
            q, k, v, attn_mask=seen, scale=scale, enable_gqa=enable_gqa
        )
        outs.append(out.transpose(0, 1))
    return torch.cat(outs)


@pytest.fixture
def on_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a GPU that has the kernel."""
    monkeypatch.setattr(attention, "found_kernel", lambda model, device: "varlen")
    monkeypatch.setattr(attention, "varlen_attn", written_out)


def heads(kind: str, rows: Any) -> tuple[Head, Head]:
    plain, other = (tiny_models.model(kind).requires_grad_(requires_grad=False) for _ in range(2))
    batch = batches.collate(rows[:1], 0, CPU)
    return head_of(plain, batch), pack_where_equal(head_of(other, batch), rows, CPU)


@pytest.mark.parametrize("kind", ["llama", "qwen2", "gpt2", "gemma2", "mistral"])
@pytest.mark.usefixtures("on_gpu")
def test_rows_in_one_call_have_the_loss_of_padded_rows(kind: str) -> None:
    """A window that rows outgrow is kept to (Mistral's is 6 here), unlike on a CPU."""
    rows = tiny_models.encoded(8)
    plain, packed = heads(kind, rows)
    assert packed.packed
    assert packed.model.config._attn_implementation == "varlen_rows"
    expected = plain.loss(batches.collate(rows, 0, CPU)).item()
    assert packed.loss(batches.line(rows, CPU)).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.usefixtures("on_gpu")
def test_a_model_with_biases_of_positions_is_trained_padded() -> None:
    _, kept = heads("bloom", tiny_models.encoded(8))
    assert not kept.packed


def test_an_adapter_trained_in_one_call_is_the_one_of_rows_one_by_one(
    llama: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as on_gpu:
        on_gpu.setattr(attention, "found_kernel", lambda model, device: "varlen")
        on_gpu.setattr(attention, "varlen_attn", written_out)
        flash = tiny_models.record(tiny_models.job(llama, tmp_path / "flash"))
    rows = tiny_models.record(tiny_models.job(llama, tmp_path / "rows"))
    assert (flash["attention"], rows["attention"]) == ("varlen_rows", "sdpa_rows")
    assert flash["batching"] == rows["batching"] == "rows in one line"
    for mine, other in zip(flash["loss"], rows["loss"], strict=True):
        assert mine == pytest.approx(other, abs=1e-4)


def test_where_rows_end_is_counted_once_for_all_layers() -> None:
    first = attention._ends((3, 4), CPU)
    assert first.tolist() == [0, 3, 7]
    assert attention._ends((3, 4), CPU) is first
