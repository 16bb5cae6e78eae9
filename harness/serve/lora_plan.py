"""Which rows of a step go through which adapters together, in products of few different sizes.

Several adapters in one product: x A of all of them, columns that are not a row's own set to zero,
then one product with their stacked B. It computes more than is needed and calls less often, so it
pays where rows are few (decoding); an adapter with many rows (prefill) gets products of its own.
Rows are handed over as views where they lie together, and product sizes are rounded up, since
oneDNN spends about a millisecond on every size that it sees for the first time.
A plan depends on the batch alone, not on what was served before, so that a step can be repeated.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch

LARGEST = 2048  # rows of one product
SPREAD = 1.25  # rows of a view over rows wanted; above it, rows are gathered
NOBODY = -1
BLOCK = 16  # rows that lora_op.cpp takes at once


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Rows that go through one product with the adapters in `slots`.

    `owners` is (size,): the slot of each row of the product; rows of other slots than `slots`, and
    those of -1, are not to change.
    Rows are `first..first+count` of x, or, where `index` is set, x[index] (count,). What `size`
    has more than `count` is filler.
    """

    slots: tuple[int, ...]
    size: int
    owners: torch.Tensor
    count: int
    first: int = 0
    index: torch.Tensor | None = None
    masks: dict[tuple[int, torch.dtype], torch.Tensor] = field(default_factory=dict)


class Batch:
    """The rows of one step by adapter; `indices` is (tokens,), -1 for rows without an adapter."""

    def __init__(self, indices: torch.Tensor, order: Iterable[int] | None = None) -> None:
        self.owners = indices
        rows: dict[int, torch.Tensor] = {}
        for slot in torch.unique(indices).tolist():
            if slot >= 0:
                rows[slot] = torch.nonzero(indices == slot).squeeze(1)
        chosen = [slot for slot in order if slot in rows] if order is not None else list(rows)
        self.rows = {slot: rows[slot] for slot in chosen}
        self.present = tuple(self.rows)
        self._parts: dict[tuple[Any, ...], list[Part]] = {}

    @cached_property
    def blocks(self) -> torch.Tensor:
        """Rows in blocks of one adapter each, int64: how many blocks, each block, then the rows.

        A block is its slot, where its rows start, and how many they are.
        """
        blocks, first = [], 0
        for slot, own in self.rows.items():
            for piece in own.tensor_split(-(-own.numel() // BLOCK)):
                blocks += [slot, first, piece.numel()]
                first += piece.numel()
        return torch.cat([torch.tensor([len(blocks) // 3, *blocks]), *self.rows.values()])

    def parts(self, ranks: dict[int, int], alone: set[int], room: float) -> list[Part]:
        """Parts for adapters of these ranks.

        `room` is how many rows x columns of a product cost as much as one more call. Adapters in
        `alone` share no product, and no row of others goes through theirs.
        """
        blocks = tuple(blocks_of(self.rows, ranks, alone, room))
        key = (blocks, tuple(sorted(alone)))
        if key not in self._parts:
            self._parts[key] = [part for slots in blocks for part in self._cut(slots, alone)]
        return self._parts[key]

    def _cut(self, slots: tuple[int, ...], alone: set[int]) -> list[Part]:
        """The parts of one block of adapters, at most LARGEST rows each."""
        owned = [self.rows[slot] for slot in slots]
        rows = owned[0] if len(owned) == 1 else torch.sort(torch.cat(owned)).values
        first, last = int(rows[0]), int(rows[-1]) + 1
        if last - first > SPREAD * rows.numel() or slots[0] in alone:
            starts = range(0, rows.numel(), LARGEST)
            return [self._gathered(slots, rows[start : start + LARGEST]) for start in starts]
        starts = range(first, last, LARGEST)
        return [self._viewed(slots, start, min(start + LARGEST, last)) for start in starts]

    def _viewed(self, slots: tuple[int, ...], first: int, last: int) -> Part:
        """Rows first..last, with neighbours that do not change where the size is rounded up."""
        total = self.owners.numel()
        size, count = rounded(last - first), last - first
        begin = first
        if size <= total:
            begin, count = min(first, total - size), size
        owners = torch.full((size,), NOBODY)
        owners[first - begin : last - begin] = self.owners[first:last]
        return Part(slots, size, owners, count, first=begin)

    def _gathered(self, slots: tuple[int, ...], rows: torch.Tensor) -> Part:
        """Scattered rows."""
        count = rows.numel()
        owners = torch.full((rounded(count),), NOBODY)
        owners[:count] = self.owners[rows]
        return Part(slots, owners.numel(), owners, count, index=rows)


def rounded(rows: int) -> int:
    """Rows of the product that `rows` rows go through: 16, 32, then multiples of 64."""
    if rows <= 16:
        return 16
    return 32 if rows <= 32 else -(-rows // 64) * 64


def blocks_of(
    rows: dict[int, torch.Tensor], ranks: dict[int, int], alone: set[int], room: float
) -> list[tuple[int, ...]]:
    """Adapters in order, neighbours together while that computes less than a call costs."""
    blocks: list[tuple[int, ...]] = []
    open_rows = open_rank = 0
    for slot, own in rows.items():
        count, rank = own.numel(), ranks[slot]
        if not rank:
            continue
        more = count * open_rank + rank * open_rows
        if open_rank and more < room and slot not in alone and blocks[-1][-1] not in alone:
            blocks[-1] = (*blocks[-1], slot)
            open_rows, open_rank = open_rows + count, open_rank + rank
        else:
            blocks.append((slot,))
            open_rows, open_rank = count, rank
    return blocks
