"""What the engine's child process runs: a job in, answers out.

Beside answers there are messages `{"_note": text}` for the person, and `{"_alive": seconds}` for
the executor: an engine that yields None now and then promises to go on doing so.
"""

import time
from collections.abc import Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from harness import registry
from harness.records import Answer, Endpoint, EngineJob, Request, Sampling
from harness.serve.guards import check_job

EVERY = 3.0  # seconds between two signs of life at least
STARTING = 600.0  # seconds that imports and start-up may take, and more for large weights
STEPPING = 300.0  # seconds between two signs of life later on
DISK = 100e6  # bytes/s that weights are read with at least
SLOW = 60.0  # more seconds a step per 1e9 bytes of weights, where there is no GPU


def job_to(job: EngineJob) -> dict[str, Any]:
    """An EngineJob as what becomes its JSON object; token ids are not copied one by one."""
    plain = {field.name: getattr(job, field.name) for field in fields(job)}
    names = [field.name for field in fields(Request)]
    requests = {
        key: [{name: getattr(request, name) for name in names} for request in plain[key]]
        for key in ("requests", "probes")
    }
    endpoint = asdict(job.endpoint) if job.endpoint else None
    return plain | requests | {"sampling": asdict(job.sampling), "endpoint": endpoint}


def job_from(data: dict[str, Any]) -> EngineJob:
    """An EngineJob from its JSON object."""
    requests = {
        key: tuple(request_from(request) for request in data[key]) for key in ("requests", "probes")
    }
    stops = {key: tuple(data[key]) for key in ("stop_ids", "stop_texts")}
    named = {
        "sampling": Sampling(**data["sampling"]),
        "endpoint": Endpoint(**data["endpoint"]) if data["endpoint"] else None,
    }
    return EngineJob(**{**data, **requests, **stops, **named})


def request_from(data: dict[str, Any]) -> Request:
    """A Request from its JSON object."""
    targets = tuple(tuple(target) for target in data["targets"])
    messages = tuple((role, content) for role, content in data["messages"])
    lists = {"token_ids": tuple(data["token_ids"]), "targets": targets, "messages": messages}
    return Request(**{**data, **lists})


def generate(payload: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What `payload["engine"]` yields for `payload["job"]`, as messages.

    Raises:
        MeasurementError: the job would measure something else than was planned.
    """
    yield {"_alive": STARTING}
    job = job_from(payload["job"])
    check_job(job)
    engine = registry.load("engine", payload["engine"])()
    yield {"_alive": 0}
    said: float | None = None
    for made in engine.generate(job):
        if isinstance(made, Answer):
            yield asdict(made)
        elif isinstance(made, str):
            yield {"_note": made}
        elif said is None:
            said = time.monotonic()
            yield {"_alive": STARTING + weights(job) / DISK}
        elif time.monotonic() - said > EVERY:
            said = time.monotonic()
            yield {"_alive": STEPPING + (0.0 if has_gpu() else weights(job) / 1e9 * SLOW)}


def weights(job: EngineJob) -> int:
    """Bytes of the base model's weights."""
    if not job.model_path:
        return 0
    return sum(path.stat().st_size for path in Path(job.model_path).glob("*.safetensors"))


def has_gpu() -> bool:
    """Whether the engine's steps are those of a GPU."""
    import torch

    return torch.cuda.is_available()
