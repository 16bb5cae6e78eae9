"""Which rows go through which product: each row that has an adapter once, with that adapter."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.serve.lora_plan import LARGEST, NOBODY, Batch, Part, rounded

SLOTS = 4


def rows_of(part: Part) -> list[int]:
    """The row of the step that each row of the product is, fillers apart."""
    if part.index is None:
        return list(range(part.first, part.first + part.count))
    return part.index.tolist()


def changed(part: Part) -> dict[int, int]:
    """Rows that the part changes, with the slot of their adapter."""
    owners = part.owners[: part.count].tolist()
    return {row: s for row, s in zip(rows_of(part), owners, strict=True) if s in part.slots}


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-1, SLOTS - 1), st.integers(1, 90)), max_size=9),
    st.booleans(),
    st.lists(st.sampled_from([0, 1, 8, 64, 256]), min_size=SLOTS, max_size=SLOTS),
    st.sets(st.integers(0, SLOTS - 1), max_size=2),
    st.sampled_from([0.0, 500.0, 1e4, 1e9]),
    st.permutations(range(SLOTS)),
)
def test_every_row_with_an_adapter_is_changed_once_by_its_own_and_no_other_row_is(
    runs: list[tuple[int, int]],
    scattered: bool,
    ranks: list[int],
    alone: set[int],
    room: float,
    order: list[int],
) -> None:
    indices = torch.tensor([slot for slot, count in runs for _ in range(count)], dtype=torch.long)
    if scattered:
        seeded = torch.Generator().manual_seed(1)
        indices = indices[torch.randperm(len(indices), generator=seeded)]
    batch = Batch(indices, order)
    parts = batch.parts(dict(enumerate(ranks)), alone, room)
    found = [pair for part in parts for pair in changed(part).items()]
    wanted = [(row, slot) for row, slot in enumerate(indices.tolist()) if slot >= 0 and ranks[slot]]
    assert sorted(found) == wanted
    for part in parts:
        assert part.owners.numel() == part.size == rounded(part.size) <= LARGEST
        assert len(rows_of(part)) == part.count <= part.size
        assert max(rows_of(part)) < len(indices)
        assert set(part.owners[part.count :].tolist()) <= {NOBODY}


@given(st.lists(st.integers(-1, 3), min_size=1, max_size=60), st.integers(0, 3))
def test_an_adapter_that_is_not_safe_shares_no_product(slots: list[int], unsafe: int) -> None:
    """What it gives in rows of others may be nan, even where it is multiplied by zero."""
    parts = Batch(torch.tensor(slots)).parts(dict.fromkeys(range(SLOTS), 8), {unsafe}, 1e9)
    for part in parts:
        if unsafe in part.slots:
            assert part.slots == (unsafe,)
            assert part.index is not None
            assert set(part.owners[: part.count].tolist()) == {unsafe}
            assert {slots[row] for row in rows_of(part)} == {unsafe}


def test_fillers_of_gathered_rows_come_after_the_rows_and_belong_to_nobody() -> None:
    slots = [0, -1] * 20
    (part,) = Batch(torch.tensor(slots)).parts({0: 8}, set(), 1e9)
    assert part.index is not None
    assert part.index.tolist() == list(range(0, 40, 2))
    assert (part.count, part.size) == (20, 32)
    assert part.owners.tolist() == [0] * 20 + [NOBODY] * 12


def test_rows_of_a_step_that_is_smaller_than_a_product_are_taken_as_they_lie() -> None:
    (part,) = Batch(torch.tensor([-1] * 4 + [1] * 16)).parts({1: 8}, set(), 1e9)
    assert part.index is None
    assert (part.first, part.count, part.size) == (4, 16, 16)
    (part,) = Batch(torch.tensor([-1] * 4 + [1] * 17)).parts({1: 8}, set(), 1e9)
    assert part.index is None
    assert (part.first, part.count, part.size) == (4, 17, 32)


def test_rows_that_lie_together_are_not_copied() -> None:
    indices = torch.tensor([-1] * 60 + [2] * 40 + [0] * 40)
    (part,) = Batch(indices).parts({0: 8, 2: 8}, set(), 1e9)
    assert part.index is None
    assert (part.first, part.size) == (12, 128)
    assert changed(part) == {row: int(slot) for row, slot in enumerate(indices) if slot >= 0}


@pytest.mark.parametrize(("rows", "blocks"), [(1, [(0, 1, 2)]), (500, [(0,), (1,), (2,)])])
def test_adapters_with_few_rows_share_a_product_and_those_with_many_do_not(
    rows: int, blocks: list[tuple[int, ...]]
) -> None:
    indices = torch.tensor([slot for slot in range(3) for _ in range(rows)])
    parts = Batch(indices).parts(dict.fromkeys(range(3), 16), set(), 5000.0)
    assert list(dict.fromkeys(part.slots for part in parts)) == blocks


def test_the_plan_follows_the_order_of_adapters_and_not_the_slots_they_lie_in() -> None:
    """Slots depend on what was served before; a step must not."""
    rows = [5, 9, 2]
    first = Batch(torch.tensor([s for s, n in zip((0, 1, 2), rows, strict=True) for _ in range(n)]))
    moved = {0: 2, 1: 0, 2: 1}
    other = Batch(
        torch.tensor([moved[s] for s, n in zip((0, 1, 2), rows, strict=True) for _ in range(n)]),
        order=[2, 0, 1],
    )
    ranks = {0: 4, 1: 8, 2: 16}
    one = first.parts(ranks, set(), 60.0)
    two = other.parts({moved[slot]: rank for slot, rank in ranks.items()}, set(), 60.0)
    assert [tuple(moved[slot] for slot in part.slots) for part in one] == [p.slots for p in two]
    assert [rows_of(part) for part in one] == [rows_of(part) for part in two]


def test_a_long_prompt_is_cut_and_each_of_its_rows_is_changed_once() -> None:
    rows = 2 * LARGEST + 100
    parts = Batch(torch.zeros(rows, dtype=torch.long)).parts({0: 8}, set(), 1e9)
    found = sorted(row for part in parts for row in changed(part))
    assert found == list(range(rows))
    assert len(parts) == 3


def test_sizes_of_products_are_few() -> None:
    """Each new one costs oneDNN a millisecond."""
    sizes = {rounded(rows) for rows in range(1, LARGEST + 1)}
    assert len(sizes) == 34
    assert all(rounded(rows) >= rows for rows in range(1, LARGEST + 1))
