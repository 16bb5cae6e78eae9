"""What the tests let a child process do: each is a generator of messages."""

import importlib.util
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.errors import BenchError, MeasurementError, UnknownNameError, UsageError

RAISED: dict[str, Exception] = {
    "usage": UsageError("a wrong word", where="suite.yaml:3", remedy="write another"),
    "unknown": UnknownNameError("engine", "vlm", ["vllm"]),
    "measurement": MeasurementError("canary: wrong weights"),
    "bench": BenchError("it broke", remedy="mend it"),
    "plain": KeyError("no such key\nand a second line"),
    "memory": MemoryError(),
    "cuda": RuntimeError("CUDA out of memory. Tried to allocate 2 GiB\nmore"),
    "disk": OSError(28, "No space left on device", "/data/x"),
}


def count(payload: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for number in range(payload["to"]):
        yield {"number": number, "pair": (number, "é\n"), "by": {number: None}}


def stamped(payload: dict[str, Any]) -> Iterator[float]:
    for _ in range(payload["to"]):
        yield time.time()
        time.sleep(payload["pause"])


def noisy(payload: dict[str, Any]) -> Iterator[str]:
    print("a library prints")  # noqa: T201
    sys.stdout.write("without an end of line")
    sys.stdout.flush()
    os.write(1, b"from C\n")
    subprocess.run(["echo", "from a grandchild"], check=True)
    print("and warns", file=sys.stderr)  # noqa: T201
    yield "the only message"


def fail(payload: dict[str, Any]) -> Iterator[str]:
    yield "before"
    raise RAISED[payload["kind"]]


def end(payload: dict[str, Any]) -> Iterator[str]:
    yield "before"
    os.kill(os.getpid(), payload["signal"]) if payload.get("signal") else os._exit(payload["code"])


def torn(payload: dict[str, Any]) -> Iterator[str]:
    """Killed while a message larger than a pipe is half written."""
    yield "before"
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGKILL)).start()
    yield "x" * 4_000_000


def wait(payload: dict[str, Any]) -> Iterator[int]:
    """Say who we are, then work for a minute; `deaf` does not mind a polite signal."""
    if payload.get("deaf"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    yield os.getpid()
    time.sleep(60)
    yield 0


def leave(payload: dict[str, Any]) -> Iterator[int]:
    """End at once and leave a grandchild at work."""
    yield subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]).pid


def promise(payload: dict[str, Any]) -> Iterator[Any]:
    """A number after each pause, and a promise before it where `seconds` is a number."""
    if payload.get("deaf"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        yield os.getpid()
    for number, pause in enumerate(payload["pauses"]):
        if payload["seconds"] is not None:
            yield {"_alive": payload["seconds"]}
        time.sleep(pause)
        yield number


def mark(payload: dict[str, Any]) -> Iterator[int]:
    """Write our id where the test finds it, then work for a minute."""
    Path(payload["file"]).write_text(str(os.getpid()), encoding="utf-8")
    yield 1
    time.sleep(60)


def look_for(payload: dict[str, Any]) -> Iterator[str | None]:
    """The file that a module would be imported from."""
    spec = importlib.util.find_spec(payload["name"])
    yield spec.origin if spec else None
