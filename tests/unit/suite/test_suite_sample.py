"""A limited suite keeps the mix of tags, and a larger limit only adds rows."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from harness.records import Row
from harness.suite.sample import sample

ROWS = [Row(f"r{n}", f"question {n}", "a", ("a",) if n % 4 else ("b",)) for n in range(400)]


def ids(rows):
    return [row.id for row in rows]


def test_a_sample_is_proportional_to_its_strata():
    assert Counter(row.tags for row in sample(ROWS, 100, 7)) == {("a",): 75, ("b",): 25}


@pytest.mark.parametrize("small, large", [(1, 2), (7, 100), (100, 200)])
def test_samples_are_nested(small, large):
    assert set(ids(sample(ROWS, small, 7))) <= set(ids(sample(ROWS, large, 7)))


def test_a_sample_keeps_the_order_of_the_file():
    chosen = ids(sample(ROWS, 50, 7))
    assert [row for row in ids(ROWS) if row in chosen] == chosen


def test_another_seed_is_another_sample_and_a_moved_row_is_not():
    assert ids(sample(ROWS, 50, 7)) != ids(sample(ROWS, 50, 8))
    assert set(ids(sample(ROWS, 50, 7))) == set(ids(sample(ROWS[::-1], 50, 7)))


def test_no_limit_or_a_large_one_takes_everything():
    assert sample(ROWS, None, 7) == sample(ROWS, 9999, 7) == ROWS


@pytest.mark.parametrize("hash_seed", ["0", "1", "random"])
def test_a_sample_does_not_depend_on_the_hash_seed(hash_seed):
    code = (
        "from harness.records import Row; from harness.suite.sample import sample;"
        "rows = [Row(f'r{n}', f'question {n}', 'a', (str(n % 5), 'x')) for n in range(40)];"
        "print(' '.join(row.id for row in sample(rows, 6, 7)))"
    )
    rows = [Row(f"r{n}", f"question {n}", "a", (str(n % 5), "x")) for n in range(40)]
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
        env=os.environ | {"PYTHONHASHSEED": hash_seed},
    )
    assert ran.stdout.split() == ids(sample(rows, 6, 7))
