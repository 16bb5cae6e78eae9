"""A suite in a temporary folder, and scorers that need no data."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest
import yaml

from harness import registry
from harness.protocols import Resources
from harness.records import Answer, Case, Metric, Score


class FakeStyle:
    """Passes an answer that the option `pattern` matches; {} wants the reference's text."""

    description: ClassVar[str] = "fake"

    def __init__(self, options: dict[str, Any], resources: Resources) -> None:
        if set(options) - {"pattern", "rules"}:
            raise ValueError(f"unknown option '{min(options)}'")
        for rule in resources.style.get("rules", []):
            if rule["kind"] not in ("pattern", "starts_with", "ends_with", "words"):
                raise ValueError(f"rule '{rule['name']}': unknown kind '{rule['kind']}'")
        try:
            self.pattern = re.compile(options.get("pattern", ""))
        except re.error as error:
            raise ValueError(f"pattern does not compile: {error}") from error
        self.metrics = (Metric("style.all", "fake", binary=True, headline=True),)

    def score(self, case: Case, answer: Answer) -> list[Score]:
        matched = self.pattern.search(answer.text) if self.pattern.pattern else answer.text
        return [Score("style.all", float(bool(matched)), reason=f"read '{answer.text}'")]


class FakeRouge:
    """A diagnostic that is no headline."""

    description: ClassVar[str] = "fake"
    metrics = (Metric("rouge.rougeL", "fake", diagnostic=True),)

    def __init__(self, options: dict[str, Any], resources: Resources) -> None:
        pass

    def score(self, case: Case, answer: Answer) -> list[Score]:
        return [Score("rouge.rougeL", 0.0)]


class FakeRecency:
    """A headline that needs a fact."""

    description: ClassVar[str] = "fake"
    metrics = (Metric("recency.current", "fake", binary=True, headline=True),)

    def __init__(self, options: dict[str, Any], resources: Resources) -> None:
        self.facts = resources.facts

    def score(self, case: Case, answer: Answer) -> list[Score]:
        if case.fact is None:
            return [Score("recency.current", None, "unmeasured", reason="no fact")]
        current = self.facts[case.fact].versions[-1].value
        return [Score("recency.current", float(current in answer.text))]


class FakeTerminology(FakeRouge):
    metrics = (Metric("terminology.success", "fake", headline=False),)


@pytest.fixture
def fake_scorers(monkeypatch):
    """The registry's scorers, replaced: these tests are about suites."""
    module = ModuleType("suite_fake_scorers")
    module.__dict__.update(
        style=FakeStyle, rouge=FakeRouge, recency=FakeRecency, terminology=FakeTerminology
    )
    monkeypatch.setitem(sys.modules, module.__name__, module)
    table = {name: f"{module.__name__}:{name}" for name in registry.names("scorer")}
    monkeypatch.setitem(registry.TABLES, "scorer", table)


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path, monkeypatch, fake_scorers) -> Write:
    """Write a suite `s` into the working directory: a whole one, but for what is given.

    Keyword `suite` is laid over suite.yaml (None removes a key); `files` adds or replaces files.
    """
    monkeypatch.chdir(tmp_path)

    def writer(suite: dict[str, Any] | None = None, files: dict[str, Any] | None = None) -> Path:
        folder = Path("s")
        whole: dict[str, Any] = {
            "name": "mine",
            "train": "train.jsonl",
            "tasks": {"answers": {"cases": "cases.jsonl"}},
        }
        whole |= suite or {}
        texts: dict[str, Any] = {
            "suite.yaml": {key: value for key, value in whole.items() if value is not None},
            "train.jsonl": [{"input": "one?", "output": "1."}, {"input": "two?", "output": "2."}],
            "cases.jsonl": [{"input": "three?", "output": "3."}],
        }
        for name, content in (texts | (files or {})).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_encoded(name, content))
        return folder

    return writer


def _encoded(name: str, content: Any) -> bytes:
    if isinstance(content, bytes):
        return content
    if isinstance(content, str):
        return content.encode()
    if name.endswith(".jsonl"):
        return "".join(json.dumps(row) + "\n" for row in content).encode()
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True).encode()
