"""Two training children at work at once, for real: the processor under two names."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "train"))

import tiny_models

from harness import spreading
from harness.console import Log
from harness.executors import Subprocess
from harness.records import TrainWork
from harness.store import Store


def test_adapters_of_two_children_are_those_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = tiny_models.checkpoint("llama", tmp_path / "base")
    jobs = [tiny_models.job(base, tmp_path / "none", recipe={"seed": seed}) for seed in (1, 2)]
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    found = {}
    for devices in (("cpu",), ("cpu", "cpu:0")):
        monkeypatch.setattr(spreading, "devices_for", lambda *_, devices=devices: devices)
        store = Store(tmp_path / f"home{len(devices)}")
        outs = [tmp_path / f"{len(devices)}-{seed}" for seed in (1, 2)]
        work = TrainWork(
            tuple(replace(job, out=str(out)) for job, out in zip(jobs, outs, strict=True)), "off"
        )
        done = list(spreading.follow(work, store, Subprocess(), Log(quiet=True)))
        assert sorted(message["job"] for message in done) == [0, 1]
        assert {message["record"]["device"] for message in done} == set(devices)
        logs = {file.name for file in (store.root / "logs").iterdir()}
        assert logs == (
            {"train.log"} if len(devices) == 1 else {"train-cpu.log", "train-cpu-0.log"}
        )
        found[devices] = [(out / "adapter_model.safetensors").read_bytes() for out in outs]
    one, two = found.values()
    assert one == two
