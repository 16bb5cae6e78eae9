"""The engine that is always there: too little memory, signs of life, adapters applied in part."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import peft
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from harness.errors import MeasurementError
from harness.executors import NoMemoryError, describe
from harness.records import Answer, EngineJob, Request
from harness.serve import transformers_engine
from harness.serve.canary import judge, probe_requests
from harness.serve.transformers_engine import TransformersEngine

FULL = "CUDA out of memory. Tried to allocate 2 GiB\nmore"


@pytest.fixture(scope="module")
def adapter(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("adapter")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        base = AutoModelForCausalLM.from_pretrained(tiny_model)
        model = peft.get_peft_model(base, peft.LoraConfig(r=4, target_modules="all-linear"))
        for name, weight in model.named_parameters():
            if "lora_" in name:
                torch.nn.init.normal_(weight, std=0.3)
    model.save_pretrained(folder)
    return folder


@pytest.fixture
def job(tiny_model: Path) -> EngineJob:
    """Nine requests of one budget and length."""
    requests = tuple(Request(f"r{n}", (5, 60 + n, 61), max_tokens=4) for n in range(9))
    probes = tuple(probe_requests([(5, 60)], []))
    return EngineJob(str(tiny_model), requests, probes, stop_ids=(1,), device="cpu")


def parts(made: Iterator[Any]) -> tuple[dict[str, Answer], list[str], int]:
    """Answers by request, notes, and how many signs of life."""
    found = list(made)
    answers = [one for one in found if isinstance(one, Answer)]
    notes = [one for one in found if isinstance(one, str)]
    assert len({answer.request for answer in answers}) == len(answers)
    return {answer.request: answer for answer in answers}, notes, found.count(None)


def full(monkeypatch: pytest.MonkeyPatch, above: int, error: BaseException) -> list[int]:
    """Batches of more rows than this find no memory; the sizes that were tried."""
    tried: list[int] = []
    real = transformers_engine.run_batch

    def run(model: Any, batch: list[Request], *rest: Any) -> list[Answer]:
        if not batch[0].logprobs:
            tried.append(len(batch))
        if len(batch) > above:
            raise error
        return real(model, batch, *rest)

    monkeypatch.setattr(transformers_engine, "run_batch", run)
    return tried


# ---------------------------------------------------------------- memory


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError(FULL),
        RuntimeError("[enforce fail at alloc_cpu.cpp:1] DefaultCPUAllocator: not enough memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
        MemoryError(),
    ],
)
def test_rows_are_halved_until_they_fit_and_all_is_answered(
    job: EngineJob, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    undisturbed, _, _ = parts(TransformersEngine().generate(job))
    tried = full(monkeypatch, 2, error)
    answers, notes, _ = parts(TransformersEngine().generate(job))
    assert tried == [9, 4, 2, 2, 2, 2, 1]
    assert notes == [f"out of memory: going on with {rows} sequences at a time" for rows in (4, 2)]
    texts = [{k: a.text for k, a in found.items()} for found in (answers, undisturbed)]
    assert texts[0] == texts[1]


def test_a_request_for_which_one_row_is_too_much_is_an_error_and_the_rest_goes_on(
    job: EngineJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = transformers_engine.run_batch

    def run(model: Any, batch: list[Request], *rest: Any) -> list[Answer]:
        if any(request.id == "r3" for request in batch):
            raise torch.OutOfMemoryError(FULL)
        return real(model, batch, *rest)

    monkeypatch.setattr(transformers_engine, "run_batch", run)
    answers, _, _ = parts(TransformersEngine().generate(job))
    assert [name for name, answer in answers.items() if answer.finish == "error"] == ["r3"]
    assert answers["r3"].error == f"out of memory: {FULL.splitlines()[0]}"
    assert len(answers) == 10


def test_probes_that_find_no_memory_are_no_answers(
    job: EngineJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    full(monkeypatch, 0, torch.OutOfMemoryError(FULL))
    with pytest.raises(torch.OutOfMemoryError) as caught:
        parts(TransformersEngine().generate(job))
    assert describe(caught.value)["_raised"] == NoMemoryError.__name__


def test_another_error_is_not_taken_for_a_lack_of_memory(
    job: EngineJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    full(monkeypatch, 0, RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    with pytest.raises(RuntimeError, match="mat1"):
        parts(TransformersEngine().generate(job))


def test_a_job_says_how_many_rows_to_begin_with(
    job: EngineJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = full(monkeypatch, 9, MemoryError())
    parts(TransformersEngine().generate(replace(job, max_sequences=4)))
    assert tried == [4, 4, 1]


# ---------------------------------------------------------------- signs of life


def slow(monkeypatch: pytest.MonkeyPatch, layers: int) -> None:
    """A batch that takes half a second, in which so many layers are passed."""
    monkeypatch.setattr(transformers_engine, "LOOK", 0.01)

    def run(model: Any, batch: list[Request], *_: Any) -> list[Answer]:
        for _ in range(10):
            for _ in range(layers):
                model(torch.tensor([[5]]))
            time.sleep(0.05)
        return [Answer(request.id, "") for request in batch]

    monkeypatch.setattr(transformers_engine, "run_batch", run)


def test_a_batch_that_goes_on_is_alive_and_one_that_stands_still_is_not(
    job: EngineJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = replace(job, probes=())
    slow(monkeypatch, 1)
    answers, _, alive = parts(TransformersEngine().generate(job))
    slow(monkeypatch, 0)
    _, _, still = parts(TransformersEngine().generate(job))
    assert len(answers) == 9
    # two at the start, one when the batch begins
    assert still == 3
    assert alive >= 8


# ---------------------------------------------------------------- adapters


def served(job: EngineJob, folder: Path) -> EngineJob:
    probes = tuple(probe_requests([(5, 60), (5, 61, 62)], ["d1"]))
    return replace(job, requests=(), probes=probes, adapters={"d1": str(folder)}, ranks={"d1": 4})


def copied(adapter: Path, to: Path, rename: Any) -> Path:
    """The adapter with other tensor names; None leaves a tensor out."""
    to.mkdir()
    (to / "adapter_config.json").write_bytes((adapter / "adapter_config.json").read_bytes())
    tensors = load_file(adapter / "adapter_model.safetensors")
    kept = {rename(name): tensor for name, tensor in tensors.items() if rename(name)}
    save_file(kept, to / "adapter_model.safetensors")
    return to


def test_an_adapter_is_loaded_as_peft_itself_loads_it(job: EngineJob, adapter: Path) -> None:
    job = served(job, adapter)
    answers, _, _ = parts(TransformersEngine().generate(job))
    base = AutoModelForCausalLM.from_pretrained(job.model_path)
    model = peft.PeftModel.from_pretrained(base, adapter)
    for probe in job.probes:
        with torch.no_grad():
            if probe.adapter:
                logits = model(torch.tensor([probe.token_ids])).logits[0, -1]
            else:
                with model.disable_adapter():
                    logits = model(torch.tensor([probe.token_ids])).logits[0, -1]
        token, chance = next(iter(answers[probe.id].first_logprobs.items()))
        expected = float(torch.log_softmax(logits, dim=-1)[int(token)])
        assert expected == pytest.approx(chance, abs=1e-5)


@pytest.mark.parametrize(
    "rename, what",
    [
        (lambda name: name.replace("base_model.model.", "model.", 1), "28 of 28 tensors fit no"),
        (lambda name: name.replace("model.layers", "model.decoder.layers"), "28 of 28 tensors fit"),
        (lambda name: name.replace("layers.1", "layers.7"), "14 of 28 tensors fit no module"),
        (lambda name: None if "layers.1.mlp" in name else name, "6 tensors of its modules are"),
    ],
)
def test_an_adapter_of_which_not_every_tensor_is_applied_is_refused(
    job: EngineJob, adapter: Path, tmp_path: Path, rename: Any, what: str
) -> None:
    """A wrong prefix, as another wrapping of the model leaves it; PEFT would go on without."""
    folder = copied(adapter, tmp_path / "renamed", rename)
    with pytest.raises(MeasurementError, match="the adapter is not applied as a whole") as caught:
        parts(TransformersEngine().generate(served(job, folder)))
    assert what in str(caught.value)
    assert caught.value.problems[0].where == str(folder)


def test_an_engine_that_applies_no_adapter_is_caught_by_the_canary(
    job: EngineJob, adapter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind the reference, which checks that it applied all: an engine that does not."""
    job = served(job, adapter)
    reference, _, _ = parts(TransformersEngine().generate(job))
    monkeypatch.setattr(peft.PeftModel, "set_adapter", lambda self, name: None)
    monkeypatch.setattr(
        transformers_engine, "check_loaded", lambda names, model, *_: model.disable_adapter_layers()
    )
    engine, _, _ = parts(TransformersEngine().generate(job))
    with pytest.raises(MeasurementError, match="'lora' answers like 'base'"):
        judge([*engine.values()], [*reference.values()], {"d1": "lora"})
