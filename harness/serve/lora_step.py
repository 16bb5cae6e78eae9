"""One set of adapters added to the rows of one part of a batch: what decoding does most often."""

import torch

from harness.serve.lora_pack import FUSED, Pack, Scratch
from harness.serve.lora_plan import Part


class Step:
    """A pack with the part of a batch that it is for, and everything that can be ready before.

    `y` only gives its shape, (tokens, out), and its number format; `a` those of x.
    """

    def __init__(
        self, pack: Pack, part: Part, a: torch.Tensor, y: torch.Tensor, scratch: Scratch
    ) -> None:
        self.part, self.down = part, pack.down
        columns, dtype = pack.owners.numel(), a.dtype
        self.rows = slice(part.first, part.first + part.count)
        self.whole = part.index is None and part.count == y.shape[0]
        # fillers may hold anything: what comes of them is read by nobody
        self.copied = None
        if part.index is not None or part.count < part.size:
            self.copied = scratch.get("rows", dtype, part.size, a.shape[3])
        self.low = scratch.get("low", dtype, part.size, columns)
        self.own = pack.own(part, dtype)
        # float16 may have overflowed to inf in columns of others, and inf·0 is nan
        self.foreign = self.own == 0 if dtype == torch.float16 else None
        fused = self.copied is None and part.size >= FUSED and y.dtype == dtype
        self.fused, self.apart = [], []
        for up in pack.ups:
            low = self.low[:, up.first : up.last] if up.last - up.first < columns else self.low
            end = min(up.end, y.shape[1])
            target = slice(up.start, end) if end - up.start < y.shape[1] else None
            if fused:
                self.fused.append((target, low, up.weight[: end - up.start].t()))
            else:
                delta = scratch.get("delta", dtype, part.size, up.end - up.start)
                added = delta[: part.count, : end - up.start]
                self.apart.append((target, low, delta, added, up.product))

    def add(self, x: torch.Tensor, y: torch.Tensor, scale: float) -> None:
        """Add scale·B(Ax) to the part's rows of y, (tokens, out), in place."""
        index, low = self.part.index, self.low
        if index is None and not self.whole:
            x, y = x[self.rows], y[self.rows]
        if self.copied is not None:
            rows = self.copied[: self.part.count]
            if index is None:
                rows.copy_(x)
            else:
                torch.index_select(x, 0, index, out=rows)
            x = self.copied
        self.down(low, x)
        if self.foreign is None:
            low.mul_(self.own)
        else:
            low.masked_fill_(self.foreign, 0.0)
        if scale != 1.0:
            low.mul_(scale)
        for columns, some, weight in self.fused:
            (y if columns is None else y[:, columns]).addmm_(some, weight)
        for columns, some, delta, added, product in self.apart:
            product(delta, some)
            target = y if columns is None else y[:, columns]
            if index is None:
                target.add_(added)
            else:
                target.index_add_(0, index, added.to(y.dtype))
