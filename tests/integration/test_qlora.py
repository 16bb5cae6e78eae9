"""Adapters trained on a base in 4 bits, for real on this CPU, and what a machine without it says.

bitsandbytes is in a folder beside the environment (make qlora): where PEFT finds it, it loads it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command import ROOT, Bench

from harness.report.json import read

QLORA = Path(sys.prefix) / "qlora"


@pytest.fixture(scope="module")
def with_4bit() -> dict[str, str]:
    assert (QLORA / "bitsandbytes").is_dir(), "bitsandbytes is not there: make qlora"
    return {"PYTHONPATH": str(QLORA)}


@pytest.fixture(scope="module")
def found(with_4bit: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `four_bits.py` measured."""
    path = os.pathsep.join([str(ROOT), with_4bit["PYTHONPATH"]])
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("four_bits.py"), tmp_path_factory.mktemp("q")],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
    )
    assert done.returncode == 0, done.stderr
    outcome: dict[str, Any] = json.loads(done.stdout)
    return outcome


@pytest.mark.parametrize("kind, count", [("llama", 14), ("gpt2", 8)])
def test_quick_layers_on_weights_in_4_bits_equal_pefts(
    found: dict[str, Any], kind: str, count: int
) -> None:
    """Forward and every gradient; GPT-2 keeps its weights the other way round."""
    quick = found[kind]["quick"]
    assert (count, count) == (quick["quick"], quick["wrapped"])
    assert quick["apart"] < 1e-5
    assert "torch.uint8" in quick["sizes"]


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_an_adapter_trained_in_4_bits_learns_and_loads_on_the_whole_base(
    found: dict[str, Any], kind: str
) -> None:
    trained = found[kind]["trained"]
    record, full = trained["record"], trained["full"]
    assert record["loss"][-1][1] < record["loss"][0][1] - 0.3
    assert record["dev_loss"][-1][1] < record["dev_loss"][0][1]
    assert abs(record["dev_loss"][-1][1] - full["dev_loss"][-1][1]) < 0.5
    assert trained["kinds"] == ["torch.float32"]
    assert trained["moved"] > 0.1


def test_the_record_says_how_the_base_was_kept_and_counts_its_parameters_whole(
    found: dict[str, Any],
) -> None:
    trained = found["llama"]["trained"]
    record, full = trained["record"], trained["full"]
    assert record["base_weights"].startswith("nf4, double quantisation, bitsandbytes 0.")
    assert full["base_weights"] == "float32"
    assert record["recipe"]["load_in_4bit"] is True
    assert full["base_params"] == record["base_params"]
    assert 4 * full["base_params"] * record["tokens"] == record["flops"]


def test_side_by_side_in_4_bits_equals_one_after_the_other(found: dict[str, Any]) -> None:
    assert found["together"] < 1e-4


def test_a_torn_training_in_4_bits_goes_on_to_the_same_bytes(found: dict[str, Any]) -> None:
    assert found["resumed"] is True


def in_4bit(suite: Path) -> Path:
    """The tiny suite with its recipe twice, the second in 4 bits."""
    file = suite / "suite.yaml"
    lines = file.read_text(encoding="utf-8").splitlines()
    at = next(index for index, line in enumerate(lines) if line.startswith("  lora: {rank"))
    again = lines[at].replace("  lora:", "  small:").replace("{rank", "{load_in_4bit: true, rank")
    place = lines.index("  lora: {adapter: lora}")
    lines[place:place] = ["  small: {adapter: small}"]
    file.write_text("\n".join([*lines[: at + 1], again, *lines[at + 1 :]]) + "\n", encoding="utf-8")
    return suite


def test_a_suite_with_a_recipe_in_4_bits_runs_to_a_verdict(
    bench: Bench, tiny_suite: Callable[[Path], Path], tmp_path: Path, with_4bit: dict[str, str]
) -> None:
    """Both recipes in one run: each has an adapter of its own, served on the whole base."""
    result = bench.run(in_4bit(tiny_suite(tmp_path / "tiny")), env=with_4bit)
    assert result.returncode in (0, 1, 4), result.stderr
    (file,) = bench.reports.glob("tiny/*/run.json")
    run = read(file)
    adapters = {c.candidate.name: c.adapter for c in run.candidates if c.adapter}
    assert adapters["lora"].digest != adapters["small"].digest
    assert "nf4" in adapters["small"].record["base_weights"]
    loss = adapters["small"].record["loss"]
    assert loss[-1][1] < loss[0][1] / 2
    told = "recipe 'small' trains on a base in 4 bits; its adapter answers on the whole base"
    assert told in run.warnings


def test_without_bitsandbytes_a_run_ends_in_one_line_before_anything_is_trained(
    bench: Bench, tiny_suite: Callable[[Path], Path], tmp_path: Path
) -> None:
    result = bench.run(in_4bit(tiny_suite(tmp_path / "tiny")))
    assert result.returncode == 2
    said = " ".join(result.stderr.split())
    assert "recipe 'small' has load_in_4bit, which takes bitsandbytes" in said
    assert "pip install 'bench-harness[qlora]'" in said
    assert not list(bench.home.glob("adapters/*"))
