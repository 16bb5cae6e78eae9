"""On CUDA devices: rows in one line, fused kernels, bases in 4 bits, adapters on several GPUs."""

import importlib.util
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import peft
import pytest
import torch
import transformers
from command import Bench

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "train"))

import tiny_models

from harness.plan import has_gpu
from harness.report.json import read
from harness.train import attention, fused

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not has_gpu(), reason="no CUDA device is visible"),
]
needs_two = pytest.mark.skipif(torch.cuda.device_count() < 2, reason="one GPU")
IDS = torch.tensor([[5, 6, 7, 8, 9]])


def needs(package: str) -> pytest.MarkDecorator:
    missing = importlib.util.find_spec(package) is None
    return pytest.mark.skipif(missing, reason=f"{package} is not installed")


@pytest.fixture(scope="module", params=["llama", "qwen2"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    return tiny_models.checkpoint(request.param, tmp_path_factory.mktemp(request.param))


def record(model: str, out: Path, **changes: Any) -> dict[str, Any]:
    made = replace(tiny_models.job(model, out), device=changes.pop("device", "cuda"))
    return tiny_models.record(replace(made, recipe=replace(made.recipe, **changes)))


def near(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Losses of each step, within what bfloat16 rounds."""
    pairs = zip(one["loss"], other["loss"], strict=True)
    return all(abs(mine[1] - others[1]) < 0.05 for mine, others in pairs)


def test_rows_in_one_line_train_as_padded_rows_do(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = record(model, tmp_path / "line")
    monkeypatch.setattr(attention, "found_kernel", lambda model, device: "")
    padded = record(model, tmp_path / "padded")
    assert (line["dtype"], line["attention"]) == ("bfloat16", "varlen_rows")
    assert (line["batching"], padded["batching"]) == ("rows in one line", "padded rows")
    assert line["padded_share"] == 0 < padded["padded_share"]
    assert near(line, padded)


@needs("liger_kernel")
def test_fused_kernels_train_as_the_model_does_without_them(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = record(model, tmp_path / "fused")
    monkeypatch.setattr(fused, "known_kinds", dict)
    plain = record(model, tmp_path / "plain")
    assert quick["kernels"].startswith("liger-kernel")
    assert plain["kernels"] == ""
    assert near(quick, plain)


@needs("bitsandbytes")
def test_an_adapter_trained_in_4_bits_learns_and_loads_on_the_whole_base(
    model: str, tmp_path: Path
) -> None:
    four = record(model, tmp_path / "four", load_in_4bit=True)
    assert four["base_weights"].startswith("nf4")
    assert four["loss"][-1][1] < four["loss"][0][1]
    whole = transformers.AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    plain = whole(input_ids=IDS).logits
    adapted = peft.PeftModel.from_pretrained(whole, str(tmp_path / "four"))
    assert float((adapted(input_ids=IDS).logits - plain).abs().max()) > 0.01


@needs_two
def test_layers_spread_over_gpus_train_as_on_one(model: str, tmp_path: Path) -> None:
    spread = record(model, tmp_path / "spread", device="sharded")
    assert near(spread, record(model, tmp_path / "one"))


@needs_two
def test_adapters_of_a_run_are_trained_on_all_gpus(
    tiny_suite: Callable[[Path], Path], tmp_path: Path
) -> None:
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "0,1")
    bench = Bench(tmp_path / "bench", device=visible)
    suite = tiny_suite(tmp_path / "tiny")
    file = suite / "suite.yaml"
    text = file.read_text(encoding="utf-8")
    text = text.replace("recipes:\n", "recipes:\n  other: {rank: 4, steps: 20}\n")
    text = text.replace("  lora: {adapter: lora}\n", "  lora: {adapter: lora}\n"
                        "  other: {adapter: other}\n")  # fmt: skip
    file.write_text(text, encoding="utf-8")
    result = bench.run(suite)
    assert result.returncode in (0, 1, 4), result.stderr
    (data,) = bench.reports.glob("tiny/*/run.json")
    adapters = [one.adapter for one in read(data).candidates if one.adapter]
    assert {one.record["device"] for one in adapters} == {"cuda:0", "cuda:1"}
