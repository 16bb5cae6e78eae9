"""Whether a local adapter can be served at all, before anything is trained or loaded."""

import json
from pathlib import Path
from typing import Any

from harness.errors import nearest
from harness.suite.files import Problems, quote, shown
from harness.suite.schema import MAX_RANK

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
MAX_HEADER = 100_000_000  # bytes; the limit of the safetensors library
# options that engines refuse or silently ignore: any value but a false one
REFUSED = (
    "use_dora",
    "lora_bias",
    "modules_to_save",
    "layer_replication",
    "trainable_token_indices",
    "use_qalora",
)
# initialisations that also change the base weights, so the adapter alone is not the model
REFUSED_INITS = ("pissa", "olora", "loftq", "corda")


def check_adapter(folder: Path, where: str, problems: Problems) -> None:
    """Note what makes a local PEFT LoRA folder unusable; nothing of it is executed."""
    name = f"adapter {quote(shown(folder))}"
    if not folder.is_dir():
        around = [p.name for p in folder.parent.iterdir()] if folder.parent.is_dir() else []
        close = nearest(folder.name, around)
        remedy = f"did you mean '{shown(folder.parent / close)}'?" if close else "give a folder"
        problems.add(f"{name} is not a folder that exists", where, remedy)
        return
    config = _config(folder, name, where, problems)
    if config is not None:
        for what, remedy in _config_faults(config):
            problems.add(f"{name}: {what}", where, remedy)
    fault = _weights_fault(folder)
    if fault:
        problems.add(f"{name}: {fault[0]}", where, fault[1])


def _config(folder: Path, name: str, where: str, problems: Problems) -> dict[str, Any] | None:
    path = folder / CONFIG
    if not path.is_file():
        problems.add(f"{name} has no {CONFIG}", where, "copy it beside the weights")
        return None
    try:
        config = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        problems.add(f"{name}: {CONFIG} cannot be read: {error}", where, "save it again")
        return None
    if not isinstance(config, dict):
        problems.add(f"{name}: {CONFIG} is not a JSON object", where, "save it again")
        return None
    return config


def _config_faults(config: dict[str, Any]) -> list[tuple[str, str]]:
    faults = []
    if config.get("peft_type", "LORA") != "LORA":
        faults.append((f"peft_type is {quote(config['peft_type'])}", "only LORA is served"))
    ranks = [config.get("r")]
    pattern = config.get("rank_pattern")
    ranks += list(pattern.values()) if isinstance(pattern, dict) else []
    for rank in ranks:
        if isinstance(rank, bool) or not isinstance(rank, int) or not 1 <= rank <= MAX_RANK:
            remedy = f"engines serve ranks 1 to {MAX_RANK}; train it again"
            faults.append((f"rank {quote(rank)} cannot be served", remedy))
    for option in REFUSED:
        if config.get(option):
            what = f"{option} is {quote(config[option])}, which engines do not serve"
            faults.append((what, f"train it without {option}"))
    if config.get("bias", "none") != "none":
        faults.append((f"bias is {quote(config['bias'])}", "only bias: none is served"))
    init = config.get("init_lora_weights", True)
    if isinstance(init, str) and init.lower().startswith(REFUSED_INITS):
        what = f"init_lora_weights is {quote(init)}, which also changed the base weights"
        faults.append((what, "convert it to a plain LoRA with PEFT"))
    return faults


def _weights_fault(folder: Path) -> tuple[str, str] | None:
    path = folder / WEIGHTS
    if not path.is_file():
        if list(folder.glob("*.bin")) or list(folder.glob("*.pt")):
            return ("its weights are a pickle, which could run code", f"save them as {WEIGHTS}")
        return (f"it has no {WEIGHTS}", "copy the weights beside the config")
    try:
        fault = header_fault(path)
    except OSError as error:
        fault = str(error)
    return (f"{WEIGHTS} is damaged: {fault}", "copy it again") if fault else None


def header_fault(path: Path) -> str:
    """What is wrong with a safetensors file's header, or ''; no tensor is read.

    Format: 8 bytes little-endian header length N, N bytes of JSON, then the tensors' bytes.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(size - 8, MAX_HEADER):
            return f"a header of {length} bytes in a file of {size}"
        try:
            header = json.loads(file.read(length))
        except (ValueError, RecursionError):
            return "its header is not JSON"
    return _tensors_fault(header, size - 8 - length)


def _tensors_fault(header: Any, stored: int) -> str:
    """What is wrong with the tensors that a header lists, for `stored` bytes, or ''."""
    if not isinstance(header, dict):
        return "its header is not a JSON object"
    tensors = [value for key, value in header.items() if key != "__metadata__"]
    if not tensors:
        return "it holds no tensors"
    try:
        end = max(int(tensor["data_offsets"][1]) for tensor in tensors)
    except (TypeError, KeyError, IndexError, ValueError):
        return "its header lists no offsets"
    return "" if end == stored else f"tensors end at byte {end} of {stored}"
