"""Training that goes on from a finished adapter begins with exactly its weights."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tiny_models import checkpoint, job, record

from harness.errors import MachineError

STILL = {"learning_rate": 1e-30, "epochs": 1.0}


def weights(folder: Path) -> bytes:
    return (folder / "adapter_model.safetensors").read_bytes()


def trained(base: str, out: Path, start: Path | None = None, **recipe: Any) -> dict[str, Any]:
    made = job(base, out, recipe=recipe)
    return record(replace(made, start=str(start) if start else None))


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_steps_that_move_nothing_leave_the_bytes_it_started_from(kind: str, tmp_path: Path) -> None:
    base = checkpoint(kind, tmp_path / "base")
    trained(base, tmp_path / "first", epochs=2.0)
    trained(base, tmp_path / "same", tmp_path / "first", **STILL)
    assert weights(tmp_path / "first") == weights(tmp_path / "same")
    trained(base, tmp_path / "fresh", **STILL)
    assert weights(tmp_path / "first") != weights(tmp_path / "fresh")


def test_the_first_loss_is_where_the_start_ended(llama: str, tmp_path: Path) -> None:
    first = trained(llama, tmp_path / "first", epochs=8.0)
    then = trained(llama, tmp_path / "then", tmp_path / "first", epochs=1.0)
    assert then["loss"][0][1] < first["loss"][0][1]
    assert weights(tmp_path / "first") != weights(tmp_path / "then")


@pytest.mark.parametrize(
    "recipe, told",
    [
        ({"rank": 2}, "the adapter to start from"),
        ({"targets": ("q_proj",)}, "has other modules"),
    ],
)
def test_a_start_of_another_shape_is_one_line(
    llama: str, tmp_path: Path, recipe: dict[str, Any], told: str
) -> None:
    trained(llama, tmp_path / "first", epochs=1.0, rank=4)
    with pytest.raises(MachineError, match=told) as caught:
        trained(llama, tmp_path / "then", tmp_path / "first", **{"rank": 4, **recipe})
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "then" / "adapter_model.safetensors").exists()


def test_a_start_with_fewer_modules_is_refused_too(llama: str, tmp_path: Path) -> None:
    """The others would begin untrained, and the adapter be no continuation."""
    trained(llama, tmp_path / "first", epochs=1.0, targets=("q_proj",))
    with pytest.raises(MachineError, match="has other modules"):
        trained(llama, tmp_path / "then", tmp_path / "first")
