"""vLLM's server as a child process: on this machine alone, with a key, and gone when we are."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import click

from harness.commands.measured import Talk
from harness.console import Log
from harness.errors import MachineError, UsageError
from harness.executors import QUIET, ROOMY, signal_group
from harness.serve.chat_template import write_files
from harness.serve.vllm_engine import configure, llm_settings

HOST = "127.0.0.1"
PATIENCE = 900.0  # seconds that a server may take to load a model
USUAL = 60.0  # seconds that it most often takes, for the bar alone
GRACE = 10.0  # seconds that it gets to end by itself
# not `vllm serve`: that asks for a package named vllm, which the CPU build is not
MODULE = "vllm.entrypoints.openai.api_server"


@dataclass(frozen=True, slots=True)
class Server:
    """A server that was started; its words are in `log` from byte `start` on."""

    process: "subprocess.Popen[bytes]"
    port: int
    log: Path
    start: int

    @property
    def url(self) -> str:
        """The API's root."""
        return f"http://{HOST}:{self.port}/v1"

    def wait(self, log: Log) -> None:
        """Until it answers.

        Raises:
            MachineError: it died before, or it takes too long.
        """
        began = time.monotonic()
        with log.progress("starting vLLM", total=USUAL) as bar:
            while not well(self.port):
                if self.process.poll() is not None:
                    raise self.died()
                spent = time.monotonic() - began
                if spent > PATIENCE:
                    what = f"the server did not answer within {PATIENCE:.0f} s"
                    raise MachineError(what, where=str(self.log), remedy="the log says what it did")
                bar.set(int(spent), max(USUAL, int(spent) + 1))
                time.sleep(0.5)

    def died(self) -> MachineError:
        """Its end as one line, with the last reason that it gave."""
        code = self.process.wait()
        text = self.log.read_bytes()[self.start :].decode("utf-8", errors="replace")
        # vLLM marks its lines with process and place; a reason begins after that
        lines = [line.rpartition("] ")[2].strip() for line in text.splitlines()]
        ends = ("Error", "Exception")
        last = [at for at, one in enumerate(lines) if one.partition(":")[0].endswith(ends)][-1:]
        # what is wrong with a setting stands in the line below
        why = "".join(f": {' '.join(lines[at : at + 2])[:300]}" for at in last)
        what = f"vLLM's server ended with exit code {code}{why}"
        return MachineError(what, where=str(self.log), remedy="the log has all of it")

    def end(self) -> None:
        """Stop it and all that it started: politely, then for good."""
        if self.process.poll() is None:
            signal_group(self.process.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=GRACE)
        signal_group(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def serving(talk: Talk, port: int, key: str, log: Path) -> Iterator[Server]:
    """A server in a process group of its own; Ctrl-C or SIGTERM leaves the block quietly.

    The key goes by environment: a command line can be read by everyone on the machine.
    """
    signs = (signal.SIGINT, signal.SIGTERM)
    before = {sign: signal.signal(sign, interrupt) for sign in signs}
    server = None
    with tempfile.TemporaryDirectory(prefix="bench-serve-") as folder:
        try:
            server = start(arguments(talk, port, Path(folder)), talk, port, key, log)
            yield server
        except KeyboardInterrupt:
            click.echo("stopped", err=True)
        finally:
            for sign in signs:
                signal.signal(sign, signal.SIG_IGN)  # a second Ctrl-C must not leave it behind
            if server is not None:
                server.end()
            for sign, handler in before.items():
                signal.signal(sign, handler)


def interrupt(*_: Any) -> None:
    """Both signals ask for the same."""
    raise KeyboardInterrupt


def start(words: list[str], talk: Talk, port: int, key: str, log: Path) -> Server:
    """The child process, with the settings that the run's engine reads from its environment."""
    configure(talk.job)
    own = {"VLLM_API_KEY": key, "VLLM_HOST_IP": HOST, "VLLM_LOGGING_LEVEL": "INFO"}
    environment = {**ROOMY, **os.environ, **QUIET, **own}
    # the run's engine lives in one process, a server has its own for it
    environment.pop("VLLM_ENABLE_V1_MULTIPROCESSING", None)
    log.parent.mkdir(parents=True, exist_ok=True)
    python = sys.executable
    with log.open("ab") as sink:
        process = subprocess.Popen(
            [python, "-P", "-m", "harness.warden", str(os.getpid()), python, "-m", MODULE, *words],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            env=environment,
            start_new_session=True,
        )
        return Server(process, port, log, sink.tell())


def arguments(talk: Talk, port: int, folder: Path) -> list[str]:
    """The server's command line; stops, template and number format are as in the measurement."""
    sampling = talk.suite.sampling
    flags: dict[str, Any] = {
        "model": talk.run.model.path,
        **llm_settings(talk.job),
        "host": HOST,
        "port": port,
        "generation_config": folder,
        "override_generation_config": {
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
        },
        "chat_template": write_files(talk.template, folder),
        "chat_template_content_format": "string",
        "default_chat_template_kwargs": {
            "enable_thinking": False,
            "date_string": talk.template.as_of.strftime("%d %b %Y"),
        },
    }
    words: list[str] = []
    for name, value in flags.items():
        flag = f"--{name.replace('_', '-')}"
        if value is True:
            words.append(flag)
        elif value is not None and value is not False:
            words += [flag, json.dumps(value) if isinstance(value, dict) else str(value)]
    words += ["--served-model-name", *talk.base]
    if talk.adapters:
        modules = [{"name": name, "path": one.path} for name, one in talk.adapters.items()]
        words += ["--lora-modules", *map(json.dumps, modules)]
    return words


def free_port(wanted: int | None) -> int:
    """A port that nobody listens on: the one wanted, or any.

    Raises:
        UsageError: the one wanted is taken.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted or 0))
        except OSError as error:
            what = f"port {wanted} cannot be used: {error.strerror}"
            raise UsageError(what, remedy="leave --port out for a free one") from error
        return int(probe.getsockname()[1])


def well(port: int) -> bool:
    """Whether a server of this machine answers; a proxy is never asked."""
    connection = HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
