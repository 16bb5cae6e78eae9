"""A verdict from memory: only where nothing that it rests on has changed."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from root_factory import make_run

from harness.commands import recall
from harness.commands.recall import Memory, Verdict
from harness.records import Adapter, Model, Run

SAID = Verdict(
    {"verdict": "PASS", "exit_code": 0, "run": "aaaa000001"},
    ("{}", "<testsuites/>", "# PASS"),
    ("gate: PASS", "PASS: 1 rule"),
    {"report": "report.html"},
)


@dataclass(frozen=True, slots=True)
class Place:
    """A suite's folder, a model's, an adapter's, and a finished run's."""

    root: Path

    @property
    def settings(self) -> dict[str, Any]:
        return {
            "model": str(self.root / "model"), "adapter": str(self.root / "adapter"),
            "engine": "auto", "endpoint": "", "baseline": None, "profile": None,
        }  # fmt: skip

    def memory(self, **changes: Any) -> Memory:
        return Memory(str(self.root / "suite"), self.settings | changes)

    def run(self) -> Run:
        run = make_run(model=Model("m", str(self.root / "model"), "d0"))
        held = Adapter("lora", str(self.root / "adapter"), "d" * 32, 8, 1)
        base, lora = run.candidates
        return replace(run, candidates=(base, replace(lora, adapter=held)))

    def keep(self, verdict: Verdict = SAID) -> None:
        read = [self.root / "elsewhere.jsonl"]
        self.memory().keep(self.run(), verdict, read, self.root / "reports")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("BENCH_HOME", str(tmp_path / "home"))
    for name in (
        "suite/suite.yaml", "suite/cases.jsonl", "model/config.json", "elsewhere.jsonl",
        "adapter/adapter_model.safetensors", "reports/run.json",
    ):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name, encoding="utf-8")
    return Place(tmp_path)


def test_an_unchanged_gate_is_answered_from_memory_and_says_so(place: Place) -> None:
    assert place.memory().find() is None
    place.keep()
    found = place.memory().find()
    assert found is not None
    assert (found.data, found.texts, found.more) == (SAID.data, SAID.texts, SAID.more)
    assert found.lines[0] == "gate: PASS"
    assert found.lines[1].startswith("note: this verdict was reached at 20")
    assert found.lines[-1] == "PASS: 1 rule"


@pytest.mark.parametrize(
    "name",
    [
        "suite/suite.yaml",
        "suite/cases.jsonl",
        "model/config.json",
        "elsewhere.jsonl",
        "adapter/adapter_model.safetensors",
    ],
)
@pytest.mark.parametrize("change", [lambda p: p.write_text("other"), lambda p: p.unlink()])
def test_a_changed_or_missing_file_is_judged_anew(
    name: str, change: Callable[[Path], Any], place: Place
) -> None:
    place.keep()
    change(place.root / name)
    assert place.memory().find() is None


def test_bytes_of_the_same_size_and_time_are_still_seen(place: Place) -> None:
    place.keep()
    file = place.root / "adapter/adapter_model.safetensors"
    status, text = file.stat(), file.read_text()
    file.write_text(text[::-1])
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert place.memory().find() is None


def test_a_new_file_in_the_suite_is_judged_anew(place: Place) -> None:
    place.keep()
    (place.root / "suite/documents").mkdir()
    (place.root / "suite/documents/new.md").write_text("news", encoding="utf-8")
    assert place.memory().find() is None


@pytest.mark.parametrize("name", ["model/chat_template.jinja", "adapter/adapter_config.json"])
def test_a_new_file_of_the_model_or_the_adapter_is_judged_anew(name: str, place: Place) -> None:
    place.keep()
    (place.root / name).write_text("new", encoding="utf-8")
    assert place.memory().find() is None


def test_a_file_that_was_edited_while_the_gate_ran_is_judged_anew(place: Place) -> None:
    memory = place.memory()
    time.sleep(0.05)
    (place.root / "suite/cases.jsonl").write_text("edited", encoding="utf-8")
    memory.keep(place.run(), SAID, [], place.root / "reports")
    assert place.memory().find() is None


def test_what_bench_writes_into_the_folder_of_a_suite_changes_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENCH_HOME", str(place.root / "suite/.bench"))
    out = {"reports": place.root / "suite/reports", "out": place.root / "suite/out"}
    memory = place.memory(**out)
    (place.root / "suite/out").mkdir()
    (place.root / "suite/out/gate.json").write_text("{}", encoding="utf-8")
    memory.keep(place.run(), SAID, [], place.root / "reports")
    (place.root / "suite/out/gate.json").write_text("ERROR", encoding="utf-8")
    assert place.memory(**out).find() is not None


def other_bytes(place: Place) -> Path:
    """A second adapter folder, as a second release leaves it."""
    other = place.root / "second"
    other.mkdir()
    (other / "adapter_model.safetensors").write_text("second", encoding="utf-8")
    return other


def test_a_link_to_the_latest_adapter_that_leads_to_another_one_is_judged_anew(
    place: Place,
) -> None:
    link = place.root / "latest"
    link.symlink_to(place.root / "adapter")
    memory = place.memory(adapter=str(link))
    memory.keep(place.run(), SAID, [], place.root / "reports")
    assert place.memory(adapter=str(link)).find() is not None
    link.unlink()
    link.symlink_to(other_bytes(place))
    assert place.memory(adapter=str(link)).find() is None


def test_a_link_that_the_suite_names_and_that_leads_elsewhere_is_judged_anew(
    place: Place,
) -> None:
    (place.root / "adapter").rename(place.root / "first")
    (place.root / "adapter").symlink_to(place.root / "first")
    memory = place.memory(adapter=None)
    memory.keep(place.run(), SAID, [], place.root / "reports")
    assert place.memory(adapter=None).find() is not None
    (place.root / "adapter").unlink()
    (place.root / "adapter").symlink_to(other_bytes(place))
    assert place.memory(adapter=None).find() is None


def test_a_report_that_was_deleted_is_made_again(place: Place) -> None:
    place.keep()
    (place.root / "reports/run.json").unlink()
    assert place.memory().find() is None


@pytest.mark.parametrize(
    "changes", [{"profile": "full"}, {"engine": "vllm"}, {"allow_inconclusive": True}]
)
def test_other_settings_are_another_gate(changes: dict[str, Any], place: Place) -> None:
    place.keep()
    assert place.memory(**changes).find() is None


def test_a_setting_of_the_environment_is_another_gate(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.keep()
    monkeypatch.setenv("BENCH_STOCK_CPU_LORA", "1")
    assert place.memory().find() is None


def test_other_code_is_another_gate(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.keep()
    (place.root / "code").mkdir()
    (place.root / "code/scorer.py").write_text("", encoding="utf-8")
    monkeypatch.setattr(recall, "CODE", place.root / "code")
    assert place.memory().find() is None


def test_an_error_is_looked_into_every_time(place: Place) -> None:
    place.keep(replace(SAID, data=SAID.data | {"verdict": "ERROR"}))
    assert place.memory().find() is None


@pytest.mark.parametrize(
    "changes",
    [
        {"endpoint": "http://127.0.0.1:8000/v1"},
        {"engine": "endpoint"},
        {"model": "acme/on-a-hub"},
        {"adapter": "acme/adapter-on-a-hub"},
        {"baseline": "latest"},
    ],
)
def test_what_cannot_be_checked_is_never_remembered(changes: dict[str, Any], place: Place) -> None:
    memory = place.memory(**changes)
    memory.keep(place.run(), SAID, [], place.root / "reports")
    assert place.memory(**changes).find() is None
