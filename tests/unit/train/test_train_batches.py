"""Rows become steps and micro-batches; every token keeps its place and its weight."""

from collections import Counter

import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.records import EncodedRow
from harness.train import batches

CPU = torch.device("cpu")


def row(prompt: int, completion: int, start: int = 10) -> EncodedRow:
    tokens = tuple(range(start, start + prompt + completion))
    return EncodedRow(tokens[:prompt], tokens[prompt:])


def test_loss_falls_on_completion_tokens_only() -> None:
    batch = batches.collate([row(3, 2), row(1, 3, start=50)], 0, CPU)
    assert batch.ids.tolist() == [[10, 11, 12, 13, 14], [50, 51, 52, 53, 0]]
    assert batch.mask.tolist() == [[1, 1, 1, 1, 1], [1, 1, 1, 1, 0]]
    assert batch.ids.flatten()[batch.positions].tolist() == [12, 13, 50, 51, 52]
    assert batch.targets.tolist() == [13, 14, 51, 52, 53]
    assert batch.tokens == 9


def test_without_a_prompt_the_first_token_is_not_predicted() -> None:
    batch = batches.collate([row(0, 3)], 0, CPU)
    assert batch.targets.tolist() == [11, 12]
    assert batches.answers(row(0, 3)) == 2


def test_rows_that_are_too_long_or_teach_nothing_are_left_out() -> None:
    rows = [row(3, 3), row(5, 5), row(4, 0), row(0, 1)]
    assert [row(3, 3)] == batches.usable(rows, 6)


def test_an_epoch_holds_each_row_once_in_an_order_of_its_own() -> None:
    rows = [row(1, length, start=length) for length in range(1, 60)]
    first = list(batches.steps(rows, 8, 0, seed=7))
    assert first == list(batches.steps(rows, 8, 0, seed=7))
    assert first != list(batches.steps(rows, 8, 1, seed=7))
    assert first != list(batches.steps(rows, 8, 0, seed=8))
    assert Counter(rows) == Counter(found for step in first for found in step)
    assert max(len(step) for step in first) == 8


@given(st.lists(st.integers(1, 200), min_size=1, max_size=24), st.integers(50, 2000))
def test_micro_batches_keep_every_row_and_the_limit(lengths: list[int], limit: int) -> None:
    rows = [row(1, length, start=index) for index, length in enumerate(lengths)]
    parts = batches.micro_batches(rows, limit)
    assert Counter(rows) == Counter(found for part in parts for found in part)
    assert [
        part for part in parts if len(part) > 1 and len(part) * max(map(batches.size, part)) > limit
    ] == []


def test_a_step_is_split_only_where_that_saves_padding() -> None:
    alike = [row(10, 90)] * 8
    mixed = [row(10, 10)] * 4 + [row(10, 290)] * 4
    assert [len(part) for part in batches.micro_batches(alike, 10_000)] == [8]
    assert [len(part) for part in batches.micro_batches(mixed, 10_000)] == [4, 4]
