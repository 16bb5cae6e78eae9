"""Stacked weights, cut to the adapters' own ranks: how much is packed, and when anew."""

import pytest
import torch

pytestmark = pytest.mark.filterwarnings("ignore")

pytest.importorskip("vllm", exc_type=ImportError)

from harness.serve.lora_pack import COLUMNS, FILLER, KEPT, Module  # noqa: E402

SLOTS, IN, RANK = 6, 12, 32


def module(ranks: list[int], widths: tuple[int, ...] = (8, 4)) -> Module:
    """Slots as vLLM has them: zeros above each adapter's rank."""
    keep = torch.arange(RANK) < torch.tensor(ranks).view(-1, 1)
    a = tuple(torch.ones(SLOTS, 1, RANK, IN) * keep[:, None, :, None] for _ in widths)
    b = tuple(torch.ones(SLOTS, 1, width, RANK) * keep[:, None, None, :] for width in widths)
    made = Module(a, b, {})
    made.changed()
    return made


def test_ranks_are_those_of_the_adapters_and_not_the_engines() -> None:
    made = module([1, 8, 31, 32, 0, 7])
    found = [made.real_ranks(slot) for slot in range(SLOTS)]
    assert found == [(1, 1), (8, 8), (31, 31), (32, 32), (0, 0), (7, 7)]


def test_a_slice_that_an_adapter_leaves_alone_has_no_rank() -> None:
    made = module([8] * SLOTS)
    made.b[1][2] = 0
    assert made.changed()
    assert made.real_ranks(2) == (8, 0)


def test_a_pack_has_the_columns_of_its_adapters_slice_by_slice_and_is_filled_up() -> None:
    owners = module([3, 8, 1, 1, 0, 7]).pack((0, 5)).owners.tolist()
    once = [0] * 3 + [5] * 7 + [FILLER] * (COLUMNS - 10)
    assert owners == once * 2


def test_a_pack_is_made_once_until_a_slot_is_written() -> None:
    made = module([8] * SLOTS)
    first = made.pack((0, 1))
    assert not made.changed()
    assert made.pack((0, 1)) is first
    with torch.inference_mode():  # as vLLM writes it
        made.a[0][4, 0, :2].copy_(torch.zeros(2, IN))
    assert made.changed()
    assert not made.changed()
    assert made.pack((0, 1)) is not first


def test_what_is_packed_is_bounded_and_the_newest_stay() -> None:
    """Sets of adapters are many: each engine step may have another."""
    made = module([RANK] * SLOTS)
    sets = [(a, b) for a in range(SLOTS) for b in range(a + 1, SLOTS)]
    for slots in sets:
        made.pack(slots)
    columns = sum(pack.owners.numel() for pack in made.packs.values())
    assert columns <= KEPT * SLOTS * RANK * len(made.a)
    assert list(made.packs) == sets[-len(made.packs) :]
    assert len(made.packs) == KEPT * SLOTS // 2


@pytest.mark.parametrize("weight", [float("nan"), float("inf"), 1e7])
def test_adapters_that_could_spoil_the_rows_of_others_stand_alone(weight: float) -> None:
    made = module([8] * SLOTS)
    made.b[1][3, 0, 0, 0] = weight
    made.changed()
    for slot in range(SLOTS):
        made.real_ranks(slot)
    assert made.alone == {3}
