"""Grouped LoRA for vLLM's CPU build, against the formula y + scale·B(Ax) in float32."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.filterwarnings("ignore")

pytest.importorskip("vllm", exc_type=ImportError)
punica = pytest.importorskip("vllm.lora.punica_wrapper.punica_cpu", exc_type=ImportError)

from harness.serve.grouped_lora import Group, GroupedLora, groups_of  # noqa: E402

SLOTS, IN = 3, 12
# the widths of an unpacked projection, of gate and up, and of QKV
SLICES = ((8,), (8, 8), (8, 4, 4))


def wrapper(kind: Any, indices: torch.Tensor) -> Any:
    """A wrapper as vLLM has it in the middle of a step with these rows."""
    made = kind(max_num_batched_tokens=64, max_batches=64, device="cpu", max_loras=SLOTS)
    made._token_lora_indices[: len(indices)] = indices
    made._sampler_indices[: len(indices)] = indices
    made.indices_len[:2] = [len(indices), len(indices)]
    if kind is GroupedLora:
        made._token_groups = made._sampler_groups = groups_of(indices)
    return made


@st.composite
def batches(draw: st.DrawFn) -> dict[str, Any]:
    """Rows of several adapters and of none, together or scattered; adapters of every rank."""
    slots = draw(st.lists(st.integers(-1, SLOTS - 1), min_size=1, max_size=24))
    if draw(st.booleans()):
        slots = sorted(slots)
    widths = draw(st.sampled_from(SLICES))
    ranks = draw(st.lists(st.integers(1, 64), min_size=SLOTS, max_size=SLOTS))
    torch.manual_seed(draw(st.integers(0, 1000)))
    padded = max(ranks)
    keep = torch.arange(padded) < torch.tensor(ranks).view(-1, 1)
    a = [torch.randn(SLOTS, 1, padded, IN) * keep[:, None, :, None] for _ in widths]
    b = [torch.randn(SLOTS, 1, width, padded) * keep[:, None, None, :] for width in widths]
    return {
        "indices": torch.tensor(slots),
        "x": torch.randn(len(slots), IN),
        "y": torch.randn(len(slots), sum(widths)),
        "a": tuple(a),
        "b": tuple(b),
        "ranks": ranks,
        "widths": widths,
        "scale": draw(st.sampled_from([1.0, 0.5, 2.0])),
    }


def by_formula(batch: dict[str, Any]) -> torch.Tensor:
    """Row by row as PEFT has it, each adapter cut to its own rank."""
    y: torch.Tensor = batch["y"].clone()
    for row, slot in enumerate(batch["indices"].tolist()):
        if slot < 0:
            continue
        rank, start = batch["ranks"][slot], 0
        for a, b, width in zip(batch["a"], batch["b"], batch["widths"], strict=True):
            low = a[slot, 0, :rank] @ batch["x"][row]
            y[row, start : start + width] += batch["scale"] * (b[slot, 0, :, :rank] @ low)
            start += width
    return y


def applied(kind: Any, batch: dict[str, Any]) -> torch.Tensor:
    y: torch.Tensor = batch["y"].clone()
    wrapper(kind, batch["indices"]).add_lora_linear(
        y, batch["x"], batch["a"], batch["b"], batch["scale"], batch["widths"]
    )
    return y


@settings(max_examples=60, deadline=None)
@given(batches())
def test_linear_layers_equal_the_formula_and_rows_without_an_adapter_are_untouched(
    batch: dict[str, Any],
) -> None:
    found = applied(GroupedLora, batch)
    torch.testing.assert_close(found, by_formula(batch), rtol=1e-4, atol=1e-4)
    bare = batch["indices"] < 0
    assert torch.equal(found[bare], batch["y"][bare])


def mixed() -> dict[str, Any]:
    torch.manual_seed(0)
    return {
        "indices": torch.tensor([-1, 0, -1, 1, 1]),
        "x": torch.randn(5, IN),
        "y": torch.randn(5, 8),
        "a": (torch.randn(SLOTS, 1, 4, IN),),
        "b": (torch.randn(SLOTS, 1, 8, 4),),
        "ranks": [4] * SLOTS,
        "widths": (8,),
        "scale": 1.0,
    }


def test_the_stock_wrapper_answers_for_the_base_with_an_adapter_and_ours_does_not() -> None:
    """Why ours is there: in a mixed batch, index -1 reads the last adapter's weights.

    When this fails because a new vLLM leaves such rows alone, ours is needed for speed only.
    """
    batch = mixed()
    bare = batch["indices"] < 0
    stock = applied(punica.PunicaWrapperCPU, batch)
    assert not torch.equal(stock[bare], batch["y"][bare])
    last = mixed() | {"indices": torch.where(bare, SLOTS - 1, batch["indices"])}
    torch.testing.assert_close(stock, by_formula(last))
    assert torch.equal(applied(GroupedLora, batch)[bare], batch["y"][bare])


def test_both_wrappers_agree_where_every_row_has_an_adapter() -> None:
    batch = mixed() | {"indices": torch.tensor([2, 0, 2, 1, 1])}
    torch.testing.assert_close(applied(GroupedLora, batch), applied(punica.PunicaWrapperCPU, batch))


def test_inputs_with_more_than_two_dimensions_are_rows_too() -> None:
    batch = mixed()
    y = batch["y"].clone().view(1, 5, 8)
    wrapper(GroupedLora, batch["indices"]).add_lora_linear(
        y, batch["x"].view(1, 5, IN), batch["a"], batch["b"], 1.0, (8,)
    )
    torch.testing.assert_close(y[0], by_formula(batch))


def test_bfloat16_stays_bfloat16() -> None:
    batch = mixed()
    half = {name: batch[name].bfloat16() for name in ("x", "y")}
    half |= {name: tuple(t.bfloat16() for t in batch[name]) for name in ("a", "b")}
    found = applied(GroupedLora, batch | half)
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.float(), by_formula(batch), rtol=0.05, atol=0.2)


def test_logits_get_their_adapters_part_and_the_bases_rows_none() -> None:
    batch = mixed()
    y: torch.Tensor = batch["y"].clone()
    made = wrapper(GroupedLora, batch["indices"])
    made.add_lora_logits(y, batch["x"], batch["a"][0], batch["b"][0], 1.0)
    torch.testing.assert_close(y, by_formula(batch))
    assert torch.equal(y[batch["indices"] < 0], batch["y"][batch["indices"] < 0])


def test_an_adapter_that_leaves_the_head_alone_leaves_the_logits_alone() -> None:
    batch = mixed()
    y: torch.Tensor = batch["y"].clone()
    zeros = torch.zeros_like(batch["a"][0])
    made = wrapper(GroupedLora, batch["indices"])
    made.add_lora_logits(y, batch["x"], zeros, batch["b"][0], 1.0)
    assert torch.equal(y, batch["y"])


def test_embeddings_get_their_adapters_part_and_the_bases_rows_none() -> None:
    """X is what A gave already, (tokens, rank)."""
    batch = mixed()
    low = torch.randn(5, 4)
    y: torch.Tensor = batch["y"].clone()
    wrapper(GroupedLora, batch["indices"]).add_lora_embedding(y, low, batch["b"][0])
    wanted = batch["y"].clone()
    for row, slot in enumerate(batch["indices"].tolist()):
        if slot >= 0:
            wanted[row] += batch["b"][0][slot, 0] @ low[row]
    torch.testing.assert_close(y, wanted)


@given(st.lists(st.integers(-1, 4), max_size=30))
def test_every_row_with_an_adapter_is_in_its_adapters_group_and_no_other(slots: list[int]) -> None:
    indices = torch.tensor(slots, dtype=torch.long)
    numbers = torch.arange(len(slots)).view(-1, 1)
    found = {group.slot: group.take(numbers).view(-1).tolist() for group in groups_of(indices)}
    wanted = {slot: [i for i, s in enumerate(slots) if s == slot] for slot in set(slots) - {-1}}
    assert found == wanted


def test_rows_that_lie_together_are_a_view_and_scattered_ones_are_not() -> None:
    together, scattered = groups_of(torch.tensor([1, 1, 0, 2, 0]))[1], Group(0, torch.tensor([2]))
    x = torch.randn(5, 3)
    assert together.rows == slice(0, 2)
    assert together.take(x).data_ptr() == x.data_ptr()
    assert scattered.take(x).data_ptr() != x[2:].data_ptr()


def test_a_step_of_vllm_groups_its_rows() -> None:
    """update_metadata is what vLLM calls once per step."""
    from vllm.lora.layers import LoRAMapping

    made = GroupedLora(max_num_batched_tokens=64, max_batches=64, device="cpu", max_loras=SLOTS)
    mapping = LoRAMapping(index_mapping=(7, 7, 0, 9), prompt_mapping=(7, 0, 9), is_prefill=True)
    made.update_metadata(mapping, [9, None, 7], SLOTS, 100)
    found = {group.slot: torch.arange(4)[group.rows].tolist() for group in made._token_groups}
    assert found == {0: [3], 2: [0, 1]}
    assert {group.slot for group in made._sampler_groups} == {0, 2}
