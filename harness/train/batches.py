"""Rows into optimiser steps, and steps into micro-batches of like length.

Steps are cut from windows of shuffled rows that are sorted by length, so that a step holds rows
of like length without ever seeing the whole set sorted (the idea of length-grouped sampling).
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from harness.records import EncodedRow

WINDOW_STEPS = 8
MICRO_BATCH_COST = 96  # tokens: what starting one more micro-batch costs, in padding it must save


@dataclass(frozen=True, slots=True)
class Batch:
    """A micro-batch: rows padded on the right, or behind one another in one line (`lengths`).

    `ids` and `mask` are [rows, length], of a line [1, tokens] and None; `positions` index the
    flattened hidden states whose next token is a completion token, `targets` are those tokens;
    both [n].
    """

    ids: torch.Tensor
    mask: torch.Tensor | None
    positions: torch.Tensor
    targets: torch.Tensor
    tokens: int
    lengths: tuple[int, ...] = ()

    def inputs(self) -> dict[str, Any]:
        """What a model is called with."""
        asked = {"input_ids": self.ids, "attention_mask": self.mask, "use_cache": False}
        if not self.lengths:
            return asked
        places = torch.cat([torch.arange(length) for length in self.lengths]).unsqueeze(0)
        line = {"position_ids": places.to(self.ids.device), "row_lengths": self.lengths}
        return asked | line


def size(row: EncodedRow) -> int:
    """Tokens of a row."""
    return len(row.prompt) + len(row.completion)


def answers(row: EncodedRow) -> int:
    """Completion tokens that have a token before them to be predicted from."""
    return len(row.completion) if row.prompt else max(0, len(row.completion) - 1)


def usable(rows: Sequence[EncodedRow], max_length: int) -> list[EncodedRow]:
    """The rows that fit `max_length` tokens and have something to learn; order is kept."""
    return [row for row in rows if size(row) <= max_length and answers(row) > 0]


def steps(
    rows: Sequence[EncodedRow], batch_rows: int, epoch: int, seed: int
) -> Iterator[list[EncodedRow]]:
    """One epoch's optimiser steps, each row once, in an order that `seed` and `epoch` decide."""
    order = random.Random(f"{seed}-{epoch}")  # noqa: S311 - an order, not a secret
    shuffled = list(rows)
    order.shuffle(shuffled)
    cut: list[list[EncodedRow]] = []
    window = WINDOW_STEPS * batch_rows
    for start in range(0, len(shuffled), window):
        near = sorted(shuffled[start : start + window], key=size)
        cut.extend(near[i : i + batch_rows] for i in range(0, len(near), batch_rows))
    order.shuffle(cut)
    yield from cut


def micro_batches(rows: Sequence[EncodedRow], limit: int) -> list[list[EncodedRow]]:
    """The cheapest split of a step: padded tokens plus `MICRO_BATCH_COST` per part.

    No part of two rows or more holds above `limit` padded tokens.
    """
    near = sorted(rows, key=size)
    best: list[tuple[int, int]] = [(0, 0)]  # cost of the first n rows, start of their last part
    for stop in range(1, len(near) + 1):
        longest = size(near[stop - 1])
        options = [
            (best[start][0] + (stop - start) * longest + MICRO_BATCH_COST, start)
            for start in range(stop)
            if stop - start == 1 or (stop - start) * longest <= limit
        ]
        best.append(min(options))
    parts: list[list[EncodedRow]] = []
    stop = len(near)
    while stop:
        start = best[stop][1]
        parts.append(near[start:stop])
        stop = start
    return parts


def lines(rows: Sequence[EncodedRow], limit: int) -> list[list[EncodedRow]]:
    """A step's rows in as few parts as hold at most `limit` tokens each, or one row."""
    parts: list[list[EncodedRow]] = [[]]
    held = 0
    for row in rows:
        if parts[-1] and held + size(row) > limit:
            parts.append([])
            held = 0
        parts[-1].append(row)
        held += size(row)
    return parts


def line(rows: Sequence[EncodedRow], device: torch.device) -> Batch:
    """Rows behind one another, without padding, and where the loss falls."""
    tokens: list[int] = []
    positions: list[int] = []
    targets: list[int] = []
    for row in rows:
        tokens.extend(row.prompt + row.completion)
        positions.extend(range(len(tokens) - answers(row) - 1, len(tokens) - 1))
        targets.extend(tokens[len(tokens) - answers(row) :])
    return Batch(
        ids=torch.tensor([tokens]).to(device),
        mask=None,
        positions=torch.tensor(positions).to(device),
        targets=torch.tensor(targets).to(device),
        tokens=len(tokens),
        lengths=tuple(size(row) for row in rows),
    )


def collate(rows: Sequence[EncodedRow], pad_id: int, device: torch.device) -> Batch:
    """Right-pad rows of one micro-batch and index where the loss falls."""
    length = max(size(row) for row in rows)
    ids = torch.full((len(rows), length), pad_id, dtype=torch.long)
    mask = torch.zeros((len(rows), length), dtype=torch.long)
    positions: list[int] = []
    targets: list[int] = []
    for index, row in enumerate(rows):
        tokens = row.prompt + row.completion
        ids[index, : len(tokens)] = torch.tensor(tokens)
        mask[index, : len(tokens)] = 1
        first = len(tokens) - answers(row)
        positions.extend(index * length + at - 1 for at in range(first, len(tokens)))
        targets.extend(tokens[first:])
    return Batch(
        ids=ids.to(device),
        mask=mask.to(device),
        positions=torch.tensor(positions).to(device),
        targets=torch.tensor(targets).to(device),
        tokens=sum(size(row) for row in rows),
    )
