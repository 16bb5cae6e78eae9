"""What every registered executor must do."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import registry
from harness.errors import UsageError
from harness.protocols import Executor

HERE = Path(__file__)


def echo(payload: dict[str, Any]) -> Iterator[Any]:
    """A target: each of the payload's messages, then, where asked for, an error."""
    for message in payload["messages"]:
        yield (message,)
    if payload["fails"]:
        raise UsageError("a wrong word", where="suite.yaml:3", remedy="write another")


@pytest.fixture(params=registry.names("executor"))
def executor(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Executor:
    monkeypatch.setenv("PYTHONPATH", str(HERE.parent))
    made: Executor = registry.load("executor", request.param)()
    return made


def run(executor: Executor, log: Path, messages: list[Any], *, fails: bool = False) -> list[Any]:
    payload = {"messages": messages, "fails": fails}
    return list(executor.run(f"{HERE.stem}:echo", payload, log))


@pytest.mark.parametrize(
    "messages", [[], [1, 1.5, None, True, "é\n\x00"], [{"a": [1, {"b": {}}]}], ["x" * 300_000]]
)
def test_every_json_value_comes_back_in_order(
    executor: Executor, tmp_path: Path, messages: list[Any]
) -> None:
    found = run(executor, tmp_path / "new" / "log", messages)
    assert found == [[message] for message in messages]
    assert json.loads(json.dumps(found)) == found


def test_a_log_file_is_there(executor: Executor, tmp_path: Path) -> None:
    run(executor, tmp_path / "log", [1])
    assert (tmp_path / "log").is_file()


def test_a_users_error_keeps_its_class_place_and_remedy(executor: Executor, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        run(executor, tmp_path / "log", [1], fails=True)
    assert str(caught.value) == "suite.yaml:3: a wrong word (write another)"


def test_messages_before_an_error_arrive(executor: Executor, tmp_path: Path) -> None:
    messages = executor.run(
        f"{HERE.stem}:echo", {"messages": [1, 2], "fails": True}, tmp_path / "log"
    )
    assert [next(messages), next(messages)] == [[1], [2]]
    with pytest.raises(UsageError):
        next(messages)
