"""What the engine's child process runs: a job in, answers out."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from harness import registry
from harness.records import Endpoint, EngineJob, Request, Sampling


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
    """Answers of `payload["engine"]` to `payload["job"]`, as JSON objects."""
    engine = registry.load("engine", payload["engine"])()
    for answer in engine.generate(job_from(payload["job"])):
        yield asdict(answer)
