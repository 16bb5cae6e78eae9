"""On a CUDA device: bf16 training, vLLM's own LoRA, and the same canary as on the CPU."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from command import Bench, Result
from parity import ask, probe_job

from harness.plan import has_gpu
from harness.report.json import read
from harness.serve import canary
from harness.serve.vllm_engine import VllmEngine, on_gpu

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not has_gpu(), reason="no CUDA device is visible"),
]
needs_vllm = pytest.mark.skipif(
    bool(VllmEngine.missing()) or not on_gpu(), reason="the CUDA build of vllm is not installed"
)


@pytest.fixture
def gpu(tmp_path: Path) -> Bench:
    """The command with the device that the caller may see."""
    return Bench(tmp_path / "bench", device=os.environ.get("CUDA_VISIBLE_DEVICES", "0"))


def finished(result: Result, gpu: Bench) -> Path:
    """The run.json of a run that reached a verdict."""
    assert result.returncode in (0, 1, 4), result.stderr
    (data,) = gpu.reports.glob("tiny/*/run.json")
    return data


@needs_vllm
def test_base_and_two_adapters_in_one_batch_match_the_reference(
    tiny_model: Path, tmp_path: Path
) -> None:
    job = probe_job(tiny_model, tmp_path)
    reference = ask(job, tmp_path / "log", "transformers")
    measured = canary.judge(ask(job, tmp_path / "log"), reference, {})
    assert len(measured) == 3
    assert max(row["to_reference"] for row in measured.values()) < canary.NOISE


def test_an_adapter_is_trained_in_bf16_on_the_device(
    gpu: Bench, tiny_suite: Callable[[Path], Path], tmp_path: Path
) -> None:
    run = read(finished(gpu.run(tiny_suite(tmp_path / "tiny")), gpu))
    record = next(c.adapter for c in run.candidates if c.adapter).record
    assert record["device"].startswith("cuda")
    assert record["dtype"] == "bfloat16"
    assert record["loss"][-1][1] < record["loss"][0][1]
    assert record["peak_memory_bytes"] > 0


@needs_vllm
def test_a_suite_runs_on_the_device_to_a_verdict(
    gpu: Bench, tiny_suite: Callable[[Path], Path], tmp_path: Path
) -> None:
    suite = tiny_suite(tmp_path / "tiny")
    args = ("run", suite, "--engine", "vllm", "--reports", gpu.reports)
    run = read(finished(gpu(*args, timeout=600), gpu))
    assert run.engine == "vllm"
    assert {"canary base", "canary lora"} <= set(run.environment)
    assert len(run.answers) == 8 * 3 + 10 * 5
    means = {
        row.candidate: row.mean
        for row in run.summaries
        if (row.task, row.metric, row.slice) == ("fees", "style.all", "all")
    }
    assert means["lora"] is not None
    assert means["base"] is not None
    assert means["lora"] > means["base"]
