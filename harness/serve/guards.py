"""What an engine's child checks before it loads anything: the bytes, and the room for prompts."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from harness.errors import MeasurementError
from harness.records import Adapter, EngineJob, Request
from harness.store import digest_of

FILES = ("adapter_config.json", "adapter_model.safetensors")
SERVED = "served:"  # instead of a folder: a server has the adapter, under a name


def check_job(job: EngineJob) -> None:
    """Refuse a job that would measure other bytes, or less of a prompt, than was planned.

    Raises:
        MeasurementError: an adapter's folder was changed, or a prompt would be cut.
    """
    for digest, path in job.adapters.items():
        if not path.startswith(SERVED) and bytes_digest(Path(path)) != digest:
            raise MeasurementError(
                "the adapter's bytes are no longer those that the run was planned with",
                where=path,
                remedy="let nothing write to it while it is measured, then run again",
            )
    for request in (*job.probes, *job.requests):
        if room_of(request) > job.max_model_len:
            raise MeasurementError(
                f"request {request.id} needs {room_of(request)} tokens, and the engine starts with "
                f"{job.max_model_len}: its prompt or its answer would be cut",
                where=job.model_path,
            )


def room_of(request: Request) -> int:
    """Tokens of a prompt with its answer, or with its longest target and one more."""
    if not request.token_ids:
        return 0  # a server makes the tokens
    longest = max(map(len, request.targets), default=-1) + 1
    return len(request.token_ids) + max(request.max_tokens, longest)


def bytes_digest(folder: Path) -> str:
    """The digest of an adapter's bytes as the store makes it, read now: nothing is remembered."""
    found = {}
    for name in FILES:
        if (folder / name).is_file():
            with (folder / name).open("rb") as file:
                found[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return digest_of(found)


def check_loaded(names: Iterable[str], model: Any, adapter: str, path: str) -> None:
    """Refuse an adapter of which PEFT has not put every tensor into the model.

    `names` are the tensors of its file; a name with a wrong prefix fits no module, and PEFT would
    go on with the parts that fit.
    """
    from peft import get_peft_model_state_dict

    held = get_peft_model_state_dict(model, adapter_name=adapter, save_embedding_layers=False)
    stored = {name for name in names if ".lora_" in name}
    lost = sorted(stored - held.keys())
    absent = sorted(name for name in held.keys() - stored if ".lora_" in name)
    if lost or absent:
        many = f"{len(lost)} of {len(stored)} tensors fit no module of the base"
        few = f"{len(absent)} tensors of its modules are missing"
        raise MeasurementError(
            f"the adapter is not applied as a whole: {many if lost else few}, "
            f"such as {(lost or absent)[0]}",
            where=path,
            remedy="it was saved from another wrapping of the model; save it again with PEFT",
        )


def check_templates(adapters: Mapping[str, Adapter], digest: str) -> None:
    """Refuse an adapter that was trained with another prompt template than `digest` names."""
    for adapter in adapters.values():
        trained = adapter.record.get("template_digest")
        if trained not in (None, digest):
            raise MeasurementError(
                f"adapter '{adapter.name}' was trained with another prompt template than it would "
                "be asked with",
                where=adapter.path,
                remedy="give the suite the `template`, and the base the chat template, of training",
            )
