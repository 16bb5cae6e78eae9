"""Stacked adapter weights, cut to their real ranks and packed for products, per set of adapters."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from vllm import _custom_ops as ops

from harness.serve.lora_plan import Part

FILLER = -2  # owner of columns that only round up a size
COLUMNS = 16  # column counts are multiples of it
SAFE = 1e6  # weights above it could overflow in rows that are not the adapter's own
JOINED = 1 << 15  # multiply-adds per row that one product over all slices may waste
FUSED = 128  # rows from which adding to y in the same pass is faster than packed weights
PRIMITIVES = 64  # sizes that oneDNN keeps ready per product
KEPT = 2  # packs hold at most this many times the columns of the slots themselves

Layouts = dict[tuple[tuple[int, int], ...], torch.Tensor]


class Product:
    """x, (n, in), times the transpose of weight, (out, in), which is packed once."""

    def __init__(self, weight: torch.Tensor) -> None:
        self.weight = weight.t()
        self.handle: Any = None
        try:
            self.handler = ops.create_onednn_mm(self.weight, PRIMITIVES)
            self.handle = self.handler.handler_tensor
            self.run = torch.ops._C.onednn_mm.default  # noqa: SLF001 - vLLM's own
        except (AttributeError, RuntimeError):  # a build without oneDNN
            return

    def __call__(self, out: torch.Tensor, x: torch.Tensor) -> None:
        """Write into out, (n, out), contiguous."""
        if self.handle is None:
            torch.mm(x, self.weight, out=out)
        else:
            self.run(out, x, None, self.handle)


class Scratch:
    """Memory for what products read and write, shared by all modules; not thread-safe."""

    def __init__(self) -> None:
        self._flat: dict[tuple[str, torch.dtype], torch.Tensor] = {}

    def get(self, name: str, dtype: torch.dtype, rows: int, columns: int) -> torch.Tensor:
        """(rows, columns), contiguous; what was got under this name before may be overwritten."""
        flat = self._flat.get((name, dtype))
        if flat is None or flat.numel() < rows * columns:
            flat = self._flat[name, dtype] = torch.zeros(rows * columns, dtype=dtype)
        return flat[: rows * columns].view(rows, columns)


@dataclass(eq=False)
class Up:
    """A product with B: columns first..last of x A give columns start..end of y.

    `weight` is (end - start, last - first).
    """

    first: int
    last: int
    start: int
    end: int
    weight: torch.Tensor

    @cached_property
    def product(self) -> Product:
        """Packed when it is first asked for: products with many rows do without."""
        return Product(self.weight)


@dataclass(frozen=True, slots=True, eq=False)
class Pack:
    """A and B of some adapters for one module; `owners` is (columns,): whose column of x A."""

    owners: torch.Tensor
    down: Product
    ups: tuple[Up, ...]

    def own(self, part: Part, dtype: torch.dtype) -> torch.Tensor:
        """(size, columns): 1 where the column is the row's own, else 0."""
        key = (id(self.owners), dtype)
        if key not in part.masks:
            part.masks[key] = (part.owners.view(-1, 1) == self.owners).to(dtype)
        return part.masks[key]


@dataclass(slots=True, eq=False)
class Module:
    """The stacked weights of one module and what was packed of them.

    `a` is (slots, 1, rank, in) and `b` is (slots, 1, out, rank), one each per slice of a packed
    projection (QKV, gate and up). `layouts` shares the owners of columns among modules.
    """

    a: tuple[torch.Tensor, ...]
    b: tuple[torch.Tensor, ...]
    layouts: Layouts
    stacked: tuple[torch.Tensor, ...] = ()
    seen: int = -1
    packs: dict[tuple[int, ...], Pack] = field(default_factory=dict)
    ranks: dict[int, tuple[int, ...]] = field(default_factory=dict)
    alone: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.stacked = (*self.a, *self.b)

    def changed(self) -> bool:
        """Whether a slot was written since the last call; what was packed is forgotten then.

        vLLM writes a slot in place when it puts another adapter there, and so moves the version
        that torch counts per tensor.
        """
        now = 0
        for tensor in self.stacked:
            now += tensor._version  # noqa: SLF001 - torch has no public one
        if now == self.seen:
            return False
        self.seen = now
        self.packs.clear()
        self.ranks.clear()
        self.alone.clear()
        return True

    def width(self) -> int:
        """Multiply-adds of a row per column that its adapter has in each slice."""
        return sum(a.shape[3] + b.shape[2] for a, b in zip(self.a, self.b, strict=True))

    def real_ranks(self, slot: int) -> tuple[int, ...]:
        """Rank of the adapter in this slot, per slice; 0 where it does nothing."""
        if slot not in self.ranks:
            found = []
            for a, b in zip(self.a, self.b, strict=True):
                used = a[slot, 0].any(dim=1) & b[slot, 0].any(dim=0)
                found.append(int(used.nonzero()[-1]) + 1 if used.any() else 0)
                highest = [float(weight[slot].abs().amax()) for weight in (a, b)]
                if not all(value <= SAFE for value in highest):  # nan is not
                    self.alone.add(slot)
            self.ranks[slot] = tuple(found)
        return self.ranks[slot]

    def pack(self, slots: tuple[int, ...]) -> Pack:
        """The adapters in these slots, side by side."""
        found = self.packs.pop(slots, None) or self._packed(slots)
        room = KEPT * sum(a.shape[0] * a.shape[2] for a in self.a) - found.owners.numel()
        for others in list(self.packs):  # what was used longest ago comes first
            if sum(pack.owners.numel() for pack in self.packs.values()) > room:
                del self.packs[others]
        self.packs[slots] = found
        return found

    def _packed(self, slots: tuple[int, ...]) -> Pack:
        down, up = [], []
        layout: list[tuple[int, int]] = []
        for number, (a, b) in enumerate(zip(self.a, self.b, strict=True)):
            ranks = [(slot, self.real_ranks(slot)[number]) for slot in slots]
            more = -sum(rank for _, rank in ranks) % COLUMNS
            down += [a[slot, 0, :rank] for slot, rank in ranks] + [a.new_zeros(more, a.shape[3])]
            side = [b[slot, 0, :, :rank] for slot, rank in ranks] + [b.new_zeros(b.shape[2], more)]
            up.append(torch.cat(side, dim=1))
            layout += [*ranks, (FILLER, more)]
        key = tuple(layout)
        if key not in self.layouts:
            self.layouts[key] = torch.cat([torch.full((rank,), slot) for slot, rank in layout])
        return Pack(self.layouts[key], Product(torch.cat(down)), tuple(ups_of(up)))


def ups_of(up: list[torch.Tensor]) -> Iterator[Up]:
    """The products with B, (out, columns) per slice; one for all where that wastes little."""
    columns, width = sum(b.shape[1] for b in up), sum(b.shape[0] for b in up)
    waste = columns * width - sum(b.numel() for b in up)
    if len(up) > 1 and waste <= JOINED:
        up = [torch.block_diag(*up)]  # type: ignore[no-untyped-call]
    first, start = 0, 0
    for b in up:
        last, end = first + b.shape[1], start + b.shape[0]
        if b.shape[1]:
            yield Up(first, last, start, end, b)
        first, start = last, end
