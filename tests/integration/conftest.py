"""What the tests of this folder share: a finished run, and two gates that pass."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import planted_scorer
import pytest
from command import Bench, Done
from gate_lab import Lab, Outcome
from gate_model import ModelGate

from harness.report.json import read


@pytest.fixture(scope="session")
def done(tmp_path_factory: pytest.TempPathFactory, tiny_suite: Callable[[Path], Path]) -> Done:
    """The tiny suite, run once."""
    root = tmp_path_factory.mktemp("end-to-end")
    bench, suite = Bench(root / "bench"), tiny_suite(root / "tiny")
    result = bench.run(suite)
    (data,) = bench.reports.glob("tiny/*/run.json")
    return Done(bench, suite, result, read(data), data.parent)


@pytest.fixture(scope="session")
def sound_lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Answers that pass: without a fault, each test of these would begin with PASS."""
    made = Lab(tmp_path_factory.mktemp("gate") / "lab")
    made.furnish()
    control = made.copied(tmp_path_factory.mktemp("gate") / "control").judge()
    assert (control.verdict, control.code) == ("PASS", 0), control.said
    return made


@pytest.fixture
def lab(sound_lab: Lab, tmp_path: Path) -> Lab:
    """A copy of the gate of answers, to plant a fault in."""
    return sound_lab.copied(tmp_path / "lab")


@pytest.fixture(scope="session")
def sound_gate(
    tmp_path_factory: pytest.TempPathFactory, tiny_suite: Callable[[Path], Path]
) -> ModelGate:
    """A real adapter that passes, with the verdict's files and a store that holds its answers."""
    made = ModelGate(tmp_path_factory.mktemp("gate"))
    made.furnish(tiny_suite)
    control = made.gate()
    assert (control.verdict, control.code) == ("PASS", 0), control.said
    return made


@pytest.fixture
def shop(sound_gate: ModelGate, tmp_path: Path) -> ModelGate:
    """A copy of the gate with the real adapter, to plant a fault in."""
    copy = sound_gate.copied(tmp_path / "shop")
    assert copy.data()["verdict"] == "PASS"
    return copy


@pytest.fixture
def scorer(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str, int], Outcome]]:
    """What the gate says where a scorer gives a value to so many of the adapter's answers."""
    rule = {"candidate": "lora", "task": "fees", "metric": planted_scorer.NAME}
    rules = [
        {"kind": "at_least", "value": 0.8, **rule},
        {"kind": "non_inferior", "against": "base", "margin": 0.1, **rule},
    ]

    def change(data: dict[str, Any]) -> None:
        data["tasks"]["fees"]["scorers"] = ["style", "recency", "planted"]
        data["gate"] = rules

    def judged(value: str, count: int) -> Outcome:
        for row in [*lab.answers["lora"].values()][:count]:
            row["output"] += planted_scorer.MARK
        monkeypatch.setenv("PLANTED_SCORE", value)
        return lab.judge()

    lab.edit(change)
    with planted_scorer.installed(tmp_path / "site", monkeypatch):
        yield judged
