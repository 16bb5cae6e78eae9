"""The child refuses other bytes, prompts that would be cut, and adapters applied in part."""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from harness import registry
from harness.errors import MeasurementError
from harness.records import Adapter, Answer, EngineJob, Request
from harness.serve import guards, worker
from harness.store import Store


@pytest.fixture
def job(tmp_path: Path) -> EngineJob:
    folder = tmp_path / "adapter"
    folder.mkdir()
    (folder / "adapter_config.json").write_text("{}", encoding="utf-8")
    (folder / "adapter_model.safetensors").write_bytes(b"weights")
    digest = Store(tmp_path / "home").adapter_digest(folder)
    return EngineJob("", (Request("a", (1, 2), digest, 3),), adapters={digest: str(folder)})


# ---------------------------------------------------------------- bytes


def test_an_adapter_with_the_planned_bytes_passes(job: EngineJob) -> None:
    """The child's digest is the store's."""
    guards.check_job(job)


@pytest.mark.parametrize("name", guards.FILES)
@pytest.mark.parametrize("how", ["changed", "gone"])
def test_the_same_name_with_other_bytes_is_refused(job: EngineJob, name: str, how: str) -> None:
    (path,) = job.adapters.values()
    if how == "gone":
        (Path(path) / name).unlink()
    else:
        (Path(path) / name).write_bytes(b"weightz")
    with pytest.raises(MeasurementError, match="no longer those that the run was planned with"):
        guards.check_job(job)


def test_an_adapter_on_a_server_has_no_bytes_here(job: EngineJob) -> None:
    guards.check_job(replace(job, adapters={"x": "served:lora"}))


# ---------------------------------------------------------------- room


@pytest.mark.parametrize("length, fits", [(5, True), (4, False)])
def test_a_prompt_that_would_be_cut_is_refused(job: EngineJob, length: int, fits: bool) -> None:
    """Two tokens of prompt and three of answer."""
    job = replace(job, max_model_len=length)
    if fits:
        guards.check_job(job)
        return
    with pytest.raises(MeasurementError, match=r"request a needs 5 tokens, and .* 4: its"):
        guards.check_job(job)


def test_a_target_needs_room_too_and_a_servers_prompt_none_here() -> None:
    assert guards.room_of(Request("a", (1, 2), None, 3, targets=((1,) * 7, ()))) == 10
    assert guards.room_of(Request("a", (), None, 3, messages=(("user", "Hi"),))) == 0


# ---------------------------------------------------------------- whole adapters


def held(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    state = SimpleNamespace(keys=lambda: {*names})
    monkeypatch.setattr("peft.get_peft_model_state_dict", lambda *_, **__: state)


A, B = "base_model.model.layers.0.q.lora_A.weight", "base_model.model.layers.0.q.lora_B.weight"


@pytest.mark.parametrize(
    "stored, what",
    [
        ((A, B, "base_model.lm_head.weight"), ""),
        (
            (A.replace("layers", "h"), B.replace("layers", "h")),
            "2 of 2 tensors fit no module of the base, such as base_model.model.h.0.q.lora_A",
        ),
        ((A, B, A.replace("q", "k")), "1 of 3 tensors fit no module"),
        ((A,), "1 tensors of its modules are missing, such as base_model.model.layers.0.q.lora_B"),
    ],
)
def test_an_adapter_that_is_not_applied_as_a_whole_is_refused(
    monkeypatch: pytest.MonkeyPatch, stored: tuple[str, ...], what: str
) -> None:
    held(monkeypatch, A, B)
    if not what:
        guards.check_loaded(stored, None, "d", "/a")
        return
    with pytest.raises(MeasurementError, match="the adapter is not applied as a whole") as caught:
        guards.check_loaded(stored, None, "d", "/a")
    assert what in str(caught.value)


# ---------------------------------------------------------------- templates


def test_an_adapter_that_was_trained_with_another_template_is_refused() -> None:
    adapters = {
        name: Adapter(name, "/a", name, 8, 1, record)
        for name, record in (("own", {"template_digest": "t1"}), ("foreign", {}))
    }
    guards.check_templates(adapters, "t1")
    with pytest.raises(MeasurementError, match="'own' was trained with another prompt template"):
        guards.check_templates(adapters, "t2")


# ---------------------------------------------------------------- the child


class Lively:
    """Yields what it is told to."""

    description: ClassVar[str] = "a fake"
    made: ClassVar[list[Any]] = []

    def generate(self, job: EngineJob) -> Iterator[Any]:
        yield from self.made


def messages(monkeypatch: pytest.MonkeyPatch, job: EngineJob, *made: Any) -> list[Any]:
    monkeypatch.setattr(registry, "load", lambda *_: Lively)
    monkeypatch.setattr(Lively, "made", list(made))
    payload = json.loads(json.dumps({"engine": "lively", "job": asdict(job)}))
    return list(worker.generate(payload))


def test_the_child_checks_before_the_engine_is_loaded(
    monkeypatch: pytest.MonkeyPatch, job: EngineJob
) -> None:
    monkeypatch.setattr(registry, "load", lambda *_: pytest.fail("loaded"))
    payload = {"engine": "vllm", "job": asdict(replace(job, max_model_len=1))}
    with pytest.raises(MeasurementError):
        list(worker.generate(json.loads(json.dumps(payload))))


def test_an_engine_that_gives_no_sign_of_life_promises_nothing(
    monkeypatch: pytest.MonkeyPatch, job: EngineJob
) -> None:
    found = messages(monkeypatch, job, Answer("a", "x"), Answer("b", "y"))
    assert [m["_alive"] for m in found if "_alive" in m] == [worker.STARTING, 0]
    assert [m["request"] for m in found if "request" in m] == ["a", "b"]


def test_signs_of_life_promise_first_a_start_then_a_step_and_come_seldom(
    monkeypatch: pytest.MonkeyPatch, job: EngineJob, tmp_path: Path
) -> None:
    monkeypatch.setattr(worker, "has_gpu", lambda: True)
    monkeypatch.setattr(worker, "EVERY", 0.0)
    (tmp_path / "model.safetensors").write_bytes(b"0" * 1000)
    job = replace(job, model_path=str(tmp_path))
    start, step = worker.STARTING + 1000 / worker.DISK, worker.STEPPING
    found = messages(monkeypatch, job, None, Answer("a", "x"), None, "a note", None)
    assert [m.get("_alive", m.get("_note", m.get("request"))) for m in found[2:]] == [
        start,
        "a",
        step,
        "a note",
        step,
    ]
    monkeypatch.setattr(worker, "EVERY", 60.0)
    assert [m["_alive"] for m in messages(monkeypatch, job, *[None] * 9)[2:]] == [start]


def test_large_weights_on_a_cpu_are_given_more_time_for_a_step(
    monkeypatch: pytest.MonkeyPatch, job: EngineJob
) -> None:
    monkeypatch.setattr(worker, "has_gpu", lambda: False)
    monkeypatch.setattr(worker, "EVERY", 0.0)
    monkeypatch.setattr(worker, "weights", lambda job: 14e9)
    found = messages(monkeypatch, job, None, None)
    assert found[-1] == {"_alive": worker.STEPPING + 14 * worker.SLOW}
