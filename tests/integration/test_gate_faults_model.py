"""Models, adapters and engines that could make a gate lie: each ends ERROR or FAIL."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gate_lab import errs, fails
from gate_model import Made, ModelGate, Sound, planted
from safetensors.numpy import load_file, save_file

from harness.records import Answer, EngineJob


def test_other_bytes_at_the_same_path_are_asked_again(shop: ModelGate) -> None:
    before = shop.digest()
    spoil(shop.adapter, -4.0)
    outcome = shop.gate()
    assert outcome.verdict in ("FAIL", "ERROR")
    assert outcome.code in (1, 3)
    assert shop.digest() != before


@pytest.mark.parametrize("name", ["suite.yaml", "baseline.json"])
def test_a_remembered_verdict_is_not_given_where_something_changed(
    name: str, shop: ModelGate
) -> None:
    assert shop.gate().verdict == "PASS"
    if name == "suite.yaml":
        shop.edit(lambda data: data["gate"][1].update(candidate="base", value=0.9))
        fails(shop.gate(), "lies on the wrong side of 90")
    else:
        (shop.suite / name).unlink()
        errs(shop.gate(), "no baseline is pinned")


def spoil(adapter: Path, factor: float) -> None:
    """Other weights in an adapter's folder."""
    file = adapter / "adapter_model.safetensors"
    tensors = load_file(file)
    save_file({n: t * factor if "lora_B" in n else t for n, t in tensors.items()}, file)


def test_bytes_that_change_while_they_are_served_are_an_error(
    shop: ModelGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def swap(job: EngineJob, sound: Sound) -> Made:
        yield from sound(job)
        spoil(shop.adapter, 0.5)

    shop.forget()
    planted(monkeypatch, swap)
    errs(shop.gate(), "bytes changed while it was judged")


def test_an_adapter_that_does_nothing_is_an_error(shop: ModelGate) -> None:
    spoil(shop.adapter, 0.0)
    errs(shop.gate(), "changes nothing")


def asked_of(adapter: str | None, job: EngineJob) -> EngineJob:
    """The job with every question put to one adapter, or to the base."""
    probes = tuple(replace(one, adapter=adapter) for one in job.probes)
    requests = tuple(replace(one, adapter=adapter) for one in job.requests)
    return replace(job, probes=probes, requests=requests)


def test_an_adapter_that_is_not_applied_is_an_error(
    shop: ModelGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.forget()
    planted(monkeypatch, lambda job, sound: sound(asked_of(None, job)))
    errs(shop.gate(), "changes nothing")


def test_a_base_that_the_adapter_answers_for_is_an_error(
    shop: ModelGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.forget()
    planted(monkeypatch, lambda job, sound: sound(asked_of(next(iter(job.adapters)), job)))
    errs(shop.gate(), "changes nothing")


def test_an_engine_that_stops_half_way_is_an_error(
    shop: ModelGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(job: EngineJob, sound: Sound) -> Made:
        left = len(job.probes) + len(job.requests) // 2
        for one in sound(job):
            if isinstance(one, Answer):
                if not left:
                    return
                left -= 1
            yield one

    shop.forget()
    planted(monkeypatch, half)
    errs(shop.gate(), "the engine gave 12 of 24 answers")


def test_another_base_is_an_error(shop: ModelGate, tiny_model: Path, tmp_path: Path) -> None:
    model = shutil.copytree(tiny_model, tmp_path / "model")
    tensors = load_file(model / "model.safetensors")
    tensors["model.norm.weight"] = tensors["model.norm.weight"] * 1.01
    save_file(tensors, model / "model.safetensors", metadata={"format": "pt"})
    errs(shop.gate("--model", model), "another base model or tokenizer")


@pytest.mark.parametrize("name", ["tokenizer.json", "chat_template.jinja"])
def test_another_tokenizer_or_chat_template_is_an_error(
    name: str, shop: ModelGate, tiny_model: Path, tmp_path: Path
) -> None:
    model = shutil.copytree(tiny_model, tmp_path / "model")
    file = model / name
    text = file.read_text("utf-8")
    if name == "tokenizer.json":
        data = json.loads(text)
        data["model"]["merges"].pop()
        text = json.dumps(data)
    else:
        text = text.replace("<|assistant|>", "<|assistant|> ")
    file.write_text(text, "utf-8")
    errs(shop.gate("--model", model), "another base model or tokenizer")


@pytest.mark.parametrize(
    "change, words",
    [
        ({"sampling": {"temperature": 0.7}}, "sampling.temperature was 0 and is 0.7"),
        ({"max_tokens": 24}, "max_tokens of notes was 16 and is 24"),
    ],
)
def test_another_way_to_draw_answers_is_an_error(
    change: dict[str, Any], words: str, shop: ModelGate
) -> None:
    def changed(data: dict[str, Any]) -> None:
        data["tasks"]["notes"].update({k: v for k, v in change.items() if k == "max_tokens"})
        data.update({k: v for k, v in change.items() if k != "max_tokens"})

    shop.edit(changed)
    errs(shop.gate(), words)


def test_a_judge_that_is_not_there_is_no_pass(shop: ModelGate) -> None:
    judge = {"rubric": "Which thanks more?", "against": "base", "model": "./nowhere"}

    def change(data: dict[str, Any]) -> None:
        data["tasks"]["notes"]["scorers"] = {"style": {}, "judge": judge}
        data["gate"][1].update(metric="judge.win")

    shop.edit(change)
    outcome = shop.gate()
    assert (outcome.verdict, outcome.code) == ("ERROR", 2)
    assert "nowhere" in outcome.said


def test_rules_about_the_base_alone_judge_no_adapter(shop: ModelGate) -> None:
    rule = {"kind": "max_unmeasured", "candidate": "base", "task": "notes", "value": 0.1}
    shop.edit(lambda data: data.update(gate=[{**rule, "metric": "style.all"}]))
    outcome = shop.gate()
    assert (outcome.verdict, outcome.code) == ("ERROR", 2)
    assert "--adapter would judge nothing" in outcome.said


@pytest.mark.parametrize("text", ["gate: []\n", "{}\n"])
def test_a_policy_without_rules_is_refused(text: str, shop: ModelGate) -> None:
    policy = shop.folder / "policy.yaml"
    policy.write_text(text, "utf-8")
    outcome = shop.gate("--policy", policy)
    assert (outcome.verdict, outcome.code) == ("ERROR", 2)
