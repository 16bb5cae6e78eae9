"""What the tests of the whole pipeline share: a tiny model, a tiny suite, the command."""

from collections.abc import Callable
from pathlib import Path

import pytest
from command import Bench
from tiny import make_model, write_suite


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny random Llama, made once a session."""
    return make_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="session")
def tiny_suite(tiny_model: Path) -> Callable[[Path], Path]:
    """Writes the tiny suite into a folder."""
    return lambda folder: write_suite(folder, tiny_model)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """The command in an empty folder."""
    return Bench(tmp_path / "bench")
