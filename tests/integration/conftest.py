"""One finished run that the tests of this folder share."""

from collections.abc import Callable
from pathlib import Path

import pytest
from command import Bench, Done

from harness.report.json import read


@pytest.fixture(scope="session")
def done(tmp_path_factory: pytest.TempPathFactory, tiny_suite: Callable[[Path], Path]) -> Done:
    """The tiny suite, run once."""
    root = tmp_path_factory.mktemp("end-to-end")
    bench, suite = Bench(root / "bench"), tiny_suite(root / "tiny")
    result = bench.run(suite)
    (data,) = bench.reports.glob("tiny/*/run.json")
    return Done(bench, suite, result, read(data), data.parent)
