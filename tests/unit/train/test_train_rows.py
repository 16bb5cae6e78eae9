"""Rows stand in one line without padding, where a probe shows that no row sees another."""

import pytest
import tiny_models
import torch

from harness.records import EncodedRow
from harness.train import batches
from harness.train.loss import Head, head_of, pack_where_equal

CPU = torch.device("cpu")


def heads(kind: str, rows: tuple[EncodedRow, ...]) -> tuple[Head, Head]:
    """The head of a model with padded rows, and what the probe makes of it."""
    plain = tiny_models.model(kind).requires_grad_(requires_grad=False)
    other = tiny_models.model(kind).requires_grad_(requires_grad=False)
    batch = batches.collate(rows[:1], 0, CPU)
    return head_of(plain, batch), pack_where_equal(head_of(other, batch), rows, CPU)


def row(prompt: int, completion: int, start: int = 10) -> EncodedRow:
    tokens = tuple(range(start, start + prompt + completion))
    return EncodedRow(tokens[:prompt], tokens[prompt:])


def test_a_line_has_no_padding_and_each_row_counts_its_own_positions() -> None:
    batch = batches.line([row(3, 2), row(0, 3, start=50)], CPU)
    assert batch.ids.tolist() == [[10, 11, 12, 13, 14, 50, 51, 52]]
    assert batch.inputs()["position_ids"].tolist() == [[0, 1, 2, 3, 4, 0, 1, 2]]
    assert batch.ids.flatten()[batch.positions].tolist() == [12, 13, 50, 51]
    assert batch.targets.tolist() == [13, 14, 51, 52]
    assert (batch.tokens, batch.lengths) == (8, (5, 3))


def test_lines_hold_as_many_rows_as_fit_and_every_row_once() -> None:
    rows = [row(1, n) for n in (5, 9, 3, 20, 2)]
    parts = batches.lines(rows, 12)
    assert [[batches.size(one) for one in part] for part in parts] == [[6], [10], [4], [21], [3]]
    assert [one for part in batches.lines(rows, 1000) for one in part] == rows
    assert len(batches.lines(rows, 1000)) == 1


@pytest.mark.parametrize("kind", ["llama", "qwen2", "gpt2", "gpt_neox", "gemma2", "granite"])
def test_rows_in_a_line_have_the_loss_of_padded_rows(kind: str) -> None:
    rows = tiny_models.encoded(8)
    plain, packed = heads(kind, rows)
    assert packed.packed
    expected = plain.loss(batches.collate(rows, 0, CPU)).item()
    assert packed.loss(batches.line(rows, CPU)).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("kind", ["mistral", "bloom"])
def test_a_window_that_rows_outgrow_and_biases_of_positions_are_trained_padded(kind: str) -> None:
    rows = tiny_models.encoded(8)
    plain, kept = heads(kind, rows)
    assert not kept.packed
    assert kept.model.config._attn_implementation == plain.model.config._attn_implementation


def test_a_model_that_looks_across_rows_is_trained_padded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: attention that takes the whole line for one row."""
    from harness.train import attention

    own = attention.packed_attention

    def leaking(*args: object, row_lengths: tuple[int, ...], **options: object) -> object:
        return own(*args, row_lengths=(sum(row_lengths),), **options)  # type: ignore[arg-type]

    monkeypatch.setattr(attention, "packed_attention", leaking)
    _, kept = heads("llama", tiny_models.encoded(8))
    assert not kept.packed
