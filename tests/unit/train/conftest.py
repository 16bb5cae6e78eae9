import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))

from harness.train import machine


@pytest.fixture(autouse=True)
def float32(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiny models are compared exactly, so they train in float32 on every machine."""
    monkeypatch.setattr(machine, "dtype_for", lambda device: torch.float32)


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> str:
    from tiny_models import checkpoint

    return checkpoint("llama", tmp_path_factory.mktemp("llama"))
