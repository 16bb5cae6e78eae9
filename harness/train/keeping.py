"""An unfinished training on disk: one file of tensors and JSON, replaced whole; never pickle."""

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from harness.errors import MachineError, from_os_error
from harness.train.loop import Loop

SCHEMA = "1"


def keep(path: Path, tensors: dict[str, Tensor], state: dict[str, Any]) -> None:
    """Write a file or leave the old one; MachineError when the disk is full."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        save_file(whole, fresh, metadata={"schema": SCHEMA, "state": json.dumps(state)})
        fresh.replace(path)
    except OSError as error:
        raise from_os_error(error, "keeping an unfinished training") from error


def kept(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """What `keep` wrote; None where there is nothing, or nothing whole."""
    if not path.exists():
        return None
    try:
        with safe_open(path, "pt") as file:
            notes = file.metadata() or {}
            if notes.get("schema") != SCHEMA:
                return None
            names = list(file.keys())
            return {name: file.get_tensor(name) for name in names}, json.loads(notes["state"])
    except (SafetensorError, OSError, ValueError, KeyError):
        path.unlink(missing_ok=True)
        return None


def tensors_of(loop: Loop, best: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights, moments, best weights so far and the random state, by name."""
    found = {"random": torch.get_rng_state()}
    for name, weight in loop.weights.items():
        found[f"weight.{name}"] = weight
        for moment in ("exp_avg", "exp_avg_sq"):
            found[f"{moment}.{name}"] = loop.optimiser.state[weight][moment]
    return found | {f"best.{name}": weight for name, weight in best.items()}


def put_back(loop: Loop, tensors: dict[str, Tensor], steps: int) -> dict[str, Tensor]:
    """Set a loop to what was kept after `steps`; the best weights.

    KeyError when the file is of another adapter.
    """
    loop.restore({name: tensors[f"weight.{name}"] for name in loop.weights})
    for name, weight in loop.weights.items():
        state = {m: tensors[f"{m}.{name}"].to(weight.device) for m in ("exp_avg", "exp_avg_sq")}
        count = torch.tensor(float(steps), device=weight.device)
        loop.optimiser.state[weight] = {"step": count, **state}
    torch.set_rng_state(tensors["random"])
    best = {name: tensors.get(f"best.{name}") for name in loop.weights}
    return {name: one.to(loop.device) for name, one in best.items() if one is not None}


def check_room(folder: Path, needed: int) -> None:
    """MachineError when the disk has less than `needed` bytes free."""
    there = next(one for one in (folder, *folder.parents) if one.exists())
    free = shutil.disk_usage(there).free
    if free < needed:
        raise MachineError(
            f"{free / 1e6:.0f} MB are free, training keeps up to {needed / 1e6:.0f} MB",
            where=str(there),
            remedy="free some space, or set BENCH_HOME to a larger disk",
        )
