"""Attention of short rows on a CPU, from products of padded rows that stand beside one another.

The fused kernels of a CPU multiply in float32, a row and head at a time. Where the machine has
products in bfloat16, rows of up to `LONGEST` tokens are faster with all heads and rows of like
length in one product, and the probabilities kept for backward. Scores and their softmax are
float32; what is multiplied afterwards is rounded to the model's format, as fused kernels of GPUs do
(FlashAttention-2, arXiv 2307.08691, stores less and computes more).
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

LONGEST = 256  # tokens; longer rows waste more on what lies ahead than products save
ALIKE = 0.8  # of the longest row of a group: shorter ones go to the next


@dataclass(frozen=True, slots=True)
class Group:
    """Rows padded to one length: which [token, head] of the line stands at each of their places.

    `query` is [rows * heads * length], `key` [rows * key heads * length], `spare` the places of
    `query` that are padding, `ahead` [length, length] has minus infinity on what lies ahead.
    """

    length: int
    batch: int
    query: Tensor
    key: Tensor
    spare: Tensor
    ahead: Tensor


@dataclass(frozen=True, slots=True)
class Plan:
    """The groups of a line, and where in them each [token, head] of the line stands."""

    groups: tuple[Group, ...]
    queries: Tensor
    keys: Tensor


@lru_cache(maxsize=4)
def plan(lengths: tuple[int, ...], heads: int, key_heads: int) -> Plan:
    """Rows of like length together; one plan serves all layers of a pass."""
    order = sorted(range(len(lengths)), key=lambda row: -lengths[row])
    parts: list[list[int]] = []
    for row in order:
        if parts and lengths[row] >= ALIKE * lengths[parts[-1][0]]:
            parts[-1].append(row)
        else:
            parts.append([row])
    starts = [0]
    for length in lengths:
        starts.append(starts[-1] + length)
    groups, tokens, valid = [], [], []
    for part in parts:
        longest = lengths[part[0]]
        at = torch.arange(longest)
        token = torch.stack([starts[row] + at.clamp(max=lengths[row] - 1) for row in part])
        real = torch.stack([at < lengths[row] for row in part])
        query, key = (_places(token, count) for count in (heads, key_heads))
        spare = (~real)[:, None, :].expand(-1, heads, -1).reshape(-1).nonzero().flatten()
        ahead = torch.full((longest, longest), -torch.inf).triu_(1)
        groups.append(Group(longest, len(part), query, key, spare, ahead))
        tokens.append(token)
        valid.append(real)
    back = [_inverse(groups, tokens, valid, count, starts[-1]) for count in (heads, key_heads)]
    return Plan(tuple(groups), *back)


def _places(token: Tensor, heads: int) -> Tensor:
    """[rows * heads * length] places in a line of [token, head], of `token` [rows, length]."""
    return (token[:, None, :] * heads + torch.arange(heads)[None, :, None]).reshape(-1)


def _inverse(
    groups: list[Group], tokens: list[Tensor], valid: list[Tensor], heads: int, whole: int
) -> Tensor:
    """For each [token, head] of the line its place in the groups behind one another."""
    found = torch.empty(whole * heads, dtype=torch.long)
    at = 0
    for group, token, real in zip(groups, tokens, valid, strict=True):
        places = torch.arange(at, at + group.batch * heads * group.length)
        keep = real[:, None, :].expand(-1, heads, -1).reshape(-1)
        found[_places(token, heads)[keep]] = places[keep]
        at += len(places)
    return found


def _joined(parts: list[Tensor], width: int) -> Tensor:
    flat = [part.reshape(-1, width) for part in parts]
    return flat[0] if len(flat) == 1 else torch.cat(flat)


class _ShortRows(torch.autograd.Function):
    """Causal attention of each row; q [tokens, heads, dim], k and v [tokens, key heads, dim]."""

    @staticmethod
    def forward(
        ctx: Any, q: Tensor, k: Tensor, v: Tensor, lengths: tuple[int, ...], scale: float
    ) -> Tensor:
        (tokens, heads, wide), key_heads = q.shape, k.shape[1]
        lay = plan(lengths, heads, key_heads)
        lines = [part.reshape(-1, wide) for part in (q, k, v)]
        outs, kept = [], []
        for group in lay.groups:
            batch = group.batch * key_heads
            queries, keys, values = (
                one.index_select(0, places).view(batch, -1, wide)
                for one, places in zip(lines, (group.query, group.key, group.key), strict=True)
            )
            scores = torch.bmm(queries.float() * scale, keys.float().transpose(1, 2))
            scores = scores.view(-1, group.length, group.length).add_(group.ahead)
            shares = torch.softmax(scores, dim=-1).to(q.dtype).view(batch, -1, group.length)
            outs.append(torch.bmm(shares, values))
            kept += [queries, keys, values, shares]
        ctx.save_for_backward(*kept)
        ctx.lay, ctx.scale = lay, scale
        return _joined(outs, wide).index_select(0, lay.queries).view(tokens, heads, wide)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        tokens, wide, lay = len(grads[0]), grads[0].shape[-1], ctx.lay
        line = grads[0].reshape(-1, wide)
        found: tuple[list[Tensor], ...] = ([], [], [])
        for number, group in enumerate(lay.groups):
            queries, keys, values, shares = ctx.saved_tensors[4 * number : 4 * number + 4]
            grad = line.index_select(0, group.query)
            if len(group.spare):
                grad.index_fill_(0, group.spare, 0.0)
            grad = grad.view(queries.shape)
            found[2].append(torch.bmm(shares.transpose(1, 2), grad))
            of_shares = torch.bmm(grad, values.transpose(1, 2))
            of_scores = torch._softmax_backward_data(of_shares, shares, -1, shares.dtype)  # noqa: SLF001
            found[0].append(torch.bmm(of_scores, keys).mul_(ctx.scale))
            found[1].append(torch.bmm(of_scores.transpose(1, 2), queries).mul_(ctx.scale))
        places = (lay.queries, lay.keys, lay.keys)
        return *(
            _joined(parts, wide).index_select(0, where).view(tokens, -1, wide)
            for parts, where in zip(found, places, strict=True)
        ), None, None  # fmt: skip


def short_rows(q: Tensor, k: Tensor, v: Tensor, lengths: tuple[int, ...], scale: float) -> Tensor:
    """[tokens, heads, dim]: causal attention of rows behind one another, each to itself alone."""
    found: Tensor = _ShortRows.apply(q, k, v, lengths, scale)  # type: ignore[no-untyped-call]
    return found
