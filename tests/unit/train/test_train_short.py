"""Attention of short rows from products is attention of each row alone."""

import pytest
import torch
from torch.nn import functional

from harness.train import attention
from harness.train.short import plan, short_rows

LINES = [(7,), (5, 5, 5), (9, 3, 8, 1, 2, 7), (1, 1)]


def made(tokens: int, dtype: torch.dtype) -> list[torch.Tensor]:
    torch.manual_seed(3)
    return [torch.randn(tokens, heads, 8).to(dtype).requires_grad_() for heads in (6, 2, 2)]


def row_by_row(parts: list[torch.Tensor], lengths: tuple[int, ...]) -> torch.Tensor:
    outs = []
    for row in zip(*(part.split(lengths) for part in parts), strict=True):
        q, k, v = (one.transpose(0, 1).float() for one in row)
        out = functional.scaled_dot_product_attention(
            q, k, v, is_causal=True, scale=0.3, enable_gqa=True
        )
        outs.append(out.transpose(0, 1))
    return torch.cat(outs)


@pytest.mark.parametrize("lengths", LINES)
@pytest.mark.parametrize(("dtype", "near"), [(torch.float32, 1e-5), (torch.bfloat16, 4e-2)])
def test_rows_and_their_gradients_are_those_of_each_row_alone(
    lengths: tuple[int, ...], dtype: torch.dtype, near: float
) -> None:
    parts = made(sum(lengths), dtype)
    weighed = torch.randn(sum(lengths), 6, 8)
    found = []
    for run in (
        lambda: row_by_row(parts, lengths),
        lambda: short_rows(*parts, lengths, 0.3),  # type: ignore[call-arg, arg-type]
    ):
        out = run()
        slopes = torch.autograd.grad(out, parts, weighed.to(out.dtype))
        found.append([out.float(), *(slope.float() for slope in slopes)])
    for expected, actual in zip(*found, strict=True):
        assert torch.allclose(actual, expected, atol=near, rtol=near)


def test_a_row_does_not_see_the_rows_beside_it() -> None:
    q, k, v = (part.detach() for part in made(14, torch.bfloat16))
    before = short_rows(q, k, v, (6, 5, 3), 0.3)
    q[:6], k[:6], v[:6] = 3.0, -2.0, 7.0
    after = short_rows(q, k, v, (6, 5, 3), 0.3)
    assert torch.equal(before[6:], after[6:])
    assert not torch.equal(before[:6], after[:6])


def test_rows_of_unlike_length_are_not_padded_to_the_longest() -> None:
    lay = plan((100, 10, 95, 9, 90), 4, 2)
    assert [(group.batch, group.length) for group in lay.groups] == [(3, 100), (2, 10)]
    assert len(lay.queries) == 304 * 4
    assert len(lay.keys) == 304 * 2


def test_long_rows_other_formats_and_dropout_take_the_fused_kernel() -> None:
    module = torch.nn.Module().train()
    q = torch.zeros(1, 2, 4, 8, dtype=torch.bfloat16)
    assert attention.short(module, q, (3, 1), {"dropout": 0.0})
    assert not attention.short(module, q, (3, 1), {"dropout": 0.1})
    assert attention.short(module.eval(), q, (3, 1), {"dropout": 0.1})
    assert not attention.short(module, q, (3, attention.LONGEST + 1), {})
    assert not attention.short(module, q.float(), (3, 1), {})
