"""A gate with a tiny model and a real adapter that passes it, to plant faults in."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from gate_lab import Change, Outcome, edit

from harness.cli import cli
from harness.commands.verdict_files import FILES
from harness.errors import BenchError
from harness.records import EngineJob
from harness.serve.transformers_engine import TransformersEngine

Made = Iterator[Any]
Sound = Callable[[EngineJob], Made]
STYLE = {"candidate": "lora", "task": "notes", "metric": "style.all"}
RULES = (
    {"kind": "superior", "against": "base", **STYLE},
    {"kind": "at_least", "value": 0.3, **STYLE},
    {"kind": "non_inferior", "against": "baseline", "margin": 0.5, **STYLE},
    {"kind": "no_new_failures", "against": "baseline", "slice": "all", **STYLE},
)


def small(data: dict[str, Any]) -> None:
    """Notes alone, asked of base and lora."""
    for key in ("documents", "prompts", "facts"):
        del data[key]
    del data["tasks"]["fees"], data["tasks"]["notes"]["candidates"]
    data["candidates"] = {"base": {}, "lora": {"adapter": "lora"}}
    data["gate"] = [dict(rule) for rule in RULES]
    # passes with every seed tried, so the last digits of bfloat16 do not decide
    data["recipes"]["lora"] |= {"learning_rate": 0.02, "epochs": 40}


class ModelGate:
    """`bench gate --adapter` in one folder: store, suite, adapter, and the verdict's files."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.out = folder, folder / "out"
        self.suite, self.adapter, self.home = folder / "tiny", folder / "mine", folder / "home"

    def furnish(self, tiny_suite: Callable[[Path], Path]) -> None:
        """Train the adapter, pin its run as the baseline."""
        tiny_suite(self.suite)
        edit(self.suite, small)
        self.call("run", self.suite, *self.ways)
        (trained,) = self.home.glob("adapters/*")
        shutil.copytree(trained, self.adapter)
        (self.adapter / "record.json").unlink()
        self.call("baseline", "set", self.suite, "--reports", self.folder / "reports", "--force")

    def copied(self, folder: Path) -> "ModelGate":
        """The same in another folder."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return ModelGate(folder)

    @property
    def ways(self) -> tuple[object, ...]:
        """How all is run."""
        fixed = ("--engine", "transformers", "--executor", "inline", "--quiet")
        return (*fixed, "--reports", self.folder / "reports")

    def edit(self, change: Change) -> None:
        """Another suite.yaml."""
        edit(self.suite, change)

    def forget(self) -> None:
        """Nothing is answered and nothing was judged yet."""
        for name in ("answers", "values"):
            shutil.rmtree(self.home / name)

    def call(self, *words: object) -> Any:
        """A command's result; what it refuses is raised."""
        runner = CliRunner(env={"BENCH_HOME": str(self.home), "HF_HUB_OFFLINE": "1"})
        done = runner.invoke(cli, [str(word) for word in words])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    def data(self) -> dict[str, Any]:
        """gate.json."""
        found: dict[str, Any] = json.loads((self.out / FILES[0]).read_text("utf-8"))
        return found

    def digest(self) -> str:
        """The digest of the adapter that was judged."""
        (adapter,) = self.data()["adapters"]
        return str(adapter["digest"])

    def gate(self, *more: object) -> Outcome:
        """What gate.json says after the gate; it must say what the exit code says."""
        words = ("gate", self.suite, "--adapter", self.adapter, "--out", self.out, *self.ways)
        try:
            code = self.call(*words, *more).exit_code
        except BenchError as error:
            code = error.exit_code
        except Exception:  # noqa: BLE001 - what an engine raises in this very process
            code = 3
        data = self.data()
        assert data["exit_code"] == code
        bad = [one["reason"] for one in data["rules"] if one["verdict"] != "PASS"]
        return Outcome(data["verdict"], code, "; ".join([data["reason"], *bad, *data["notes"]]))


def planted(patch: pytest.MonkeyPatch, fault: Callable[[EngineJob, Sound], Made]) -> None:
    """The engine that is always there, with a fault: it gets the job and what answers it."""
    sound = TransformersEngine.generate
    patch.setattr(
        TransformersEngine, "generate", lambda own, job: fault(job, lambda job: sound(own, job))
    )
