"""Ends of a gate that could leave an earlier PASS behind: none does."""

import json
import resource
from pathlib import Path

import planted_engines
import pytest
from command import Bench
from gate_lab import errs
from gate_model import Made, ModelGate, Sound, planted

from harness.records import EngineJob


def test_a_crash_half_way_leaves_no_earlier_pass(
    shop: ModelGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(job: EngineJob, sound: Sound) -> Made:
        for count, one in enumerate(sound(job)):
            if count > len(job.probes) + 3:
                raise RuntimeError("CUDA error: an illegal memory access")
            yield one

    shop.forget()
    planted(monkeypatch, crash)
    errs(shop.gate(), "illegal memory access")


def test_a_process_that_dies_leaves_no_earlier_pass(shop: ModelGate, tmp_path: Path) -> None:
    site = planted_engines.install(tmp_path / "site")
    plan = {"fault": "exit", "after": 3, "starts": 1, "notes": str(tmp_path / "notes")}
    words = ("gate", shop.suite, "--adapter", shop.adapter, "--out", shop.out)
    more = ("--engine", "planted", "--executor", "inline")
    done = Bench(shop.folder)(*words, *more, env={"PLANTED": json.dumps(plan), "PYTHONPATH": site})
    assert done.returncode == 9
    data = shop.data()
    assert (data["verdict"], data["reason"]) == ("ERROR", "the gate did not come to an end")


def test_a_full_disk_leaves_no_earlier_pass(shop: ModelGate) -> None:
    words = ("gate", shop.suite, "--adapter", shop.adapter, "--out", shop.out)

    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50, 50))

    done = Bench(shop.folder)(*words, "--engine", "transformers", preexec_fn=full)
    assert done.returncode == 3
    assert not (shop.out / "gate.json").exists()
    assert not (shop.out / "gate.junit.xml").exists()
