"""A scorer with a planted fault, brought by a package that only the tests install.

It is right of an answer that is not empty, but of one that ends in `MARK` it says what the
variable PLANTED_SCORE names.
"""

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest

from harness import registry
from harness.records import Answer, Case, Metric, Score

MARK = " Truly."
NAME = "planted.right"


class Right:
    """1 for an answer, 0 for none, and something else for what is marked."""

    description: ClassVar[str] = "is there an answer, with a planted fault"
    metrics = (
        Metric(NAME, "there is an answer", binary=True, headline=True),
        Metric("planted.plain", "neither good nor bad", better="neither"),
    )

    def __init__(self, options: dict[str, Any], resources: Any) -> None:
        """Takes anything."""

    def score(self, case: Case, answer: Answer) -> list[Score]:
        """The score, or the fault."""
        plain = Score("planted.plain", 0.5)
        if not answer.text.endswith(MARK):
            return [Score(NAME, float(bool(answer.text))), plain]
        fault = os.environ["PLANTED_SCORE"]
        if fault == "crash":
            raise RuntimeError("planted")
        if fault == "nothing":
            return [plain]
        if fault == "unmeasured":
            return [Score(NAME, None, "unmeasured", reason="planted"), plain]
        return [Score(NAME, float(fault)), plain]


@contextmanager
def installed(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """The package, as pip would leave it."""
    info = folder / "planted_scorer-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Name: planted-scorer\nVersion: 1.0\n", "utf-8")
    entry = "[bench.scorers]\nplanted = planted_scorer:Right\n"
    (info / "entry_points.txt").write_text(entry, "utf-8")
    patch.syspath_prepend(folder)
    importlib.invalidate_caches()
    registry._brought.cache_clear()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        importlib.invalidate_caches()
        registry._brought.cache_clear()
