"""`bench serve`: a person gets the answers that were measured, with the key, until Ctrl-C."""

import json
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psutil
import pytest
from command import Done

from harness.serve.cpu_lora import active_for, installed_version
from harness.serve.vllm_engine import VllmEngine

pytestmark = pytest.mark.skipif(
    bool(VllmEngine.missing()) or not active_for(installed_version()),
    reason="needs the CPU build of vLLM that the wrapper was tested with",
)
START = 600.0  # seconds, on one busy core


@dataclass(frozen=True)
class Served:
    """A server that was started by the command."""

    process: "subprocess.Popen[str]"
    told: dict[str, Any]

    def ask(self, model: str, text: str, key: str | None = None) -> tuple[int, dict[str, Any]]:
        body = {"model": model, "messages": [{"role": "user", "content": text}], "max_tokens": 16}
        head = {"Authorization": f"Bearer {key or self.told['key']}"}
        connection = HTTPConnection(self.told["url"].split("/")[2], timeout=120)
        connection.request(
            "POST",
            "/v1/chat/completions",
            json.dumps(body),
            {**head, "Content-Type": "application/json"},
        )
        response = connection.getresponse()
        status, said = response.status, json.loads(response.read())
        connection.close()
        return status, said

    def tree(self) -> list[psutil.Process]:
        """The command and all that it started."""
        own = psutil.Process(self.process.pid)
        return [own, *own.children(recursive=True)]


def begin(done: Done, *more: str) -> Served:
    process = done.bench.start(
        "serve", done.suite, done.run.id, "--reports", done.bench.reports, "--json", *more
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise AssertionError(process.communicate()[1])
    return Served(process, json.loads(line))


@pytest.fixture(scope="module")
def served(done: Done) -> Iterator[Served]:
    made = begin(done)
    yield made
    if made.process.poll() is None:
        made.process.kill()
    made.process.communicate()


def test_the_names_are_the_base_and_the_candidates_with_an_adapter(
    served: Served, done: Done
) -> None:
    assert served.told["models"] == ["base", done.run.model.name, "lora", "lora+retrieved"]


def test_base_and_adapter_answer_as_the_run_stored(served: Served, done: Done) -> None:
    inputs = {case.id: case.input for case in done.run.cases}
    stored = [one for one in done.run.answers if one.candidate in ("base", "lora")]
    assert len(stored) > 8
    for one in stored:
        status, said = served.ask(one.candidate, inputs[one.case])
        assert status == 200
        text = (said["choices"][0]["message"]["content"] or "").strip()
        # where an answer is cut inside a character, a server leaves the half one out
        assert text.rstrip("\ufffd") == one.answer.text.rstrip("\ufffd")
        assert said["usage"]["prompt_tokens"] == one.answer.prompt_tokens
        assert said["choices"][0]["finish_reason"] == one.answer.finish


def test_without_the_key_nothing_is_answered(served: Served) -> None:
    assert served.ask("base", "Hi", key="another")[0] == 401


def test_nobody_else_can_reach_it_or_read_its_key(served: Served) -> None:
    tree = served.tree()
    heard = [c.laddr.ip for p in tree for c in p.net_connections() if c.status == "LISTEN"]
    assert heard
    assert set(heard) == {"127.0.0.1"}
    assert not [p for p in tree if served.told["key"] in " ".join(p.cmdline())]


def test_ctrl_c_stops_it_and_leaves_no_process(served: Served) -> None:
    tree = served.tree()
    assert len(tree) > 2
    served.process.send_signal(signal.SIGINT)
    _, err = served.process.communicate(timeout=60)
    assert served.process.returncode == 0
    assert err.endswith("stopped\n")
    _, left = psutil.wait_procs(tree, timeout=20)
    assert left == []


def test_the_servers_log_names_our_wrapper(served: Served, done: Done) -> None:
    log = (done.bench.home / "logs" / "serve.log").read_text(encoding="utf-8", errors="replace")
    assert "GroupedLora" in log


def test_a_server_that_dies_at_its_start_is_one_line(done: Done, tmp_path: Path) -> None:
    result = done.bench(
        "serve",
        done.suite,
        "--reports",
        done.bench.reports,
        timeout=START,
        env={"VLLM_CPU_KVCACHE_SPACE": "not a number"},
    )
    assert result.returncode == 3
    assert "serve.log: vLLM's server ended with exit code 1" in result.stderr
    assert [line[:5] for line in result.stderr.splitlines()] == ["serve", "error"]
