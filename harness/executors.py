"""Where a stage's heavy work runs: in a child process, or in this one.

A child gives its memory back when it ends, and its crash is one error, not the end of the run.
Messages are JSON lines on the child's standard output; its library logs go to a file.

A message `{"_alive": seconds}` promises another one within that time, from now on (0: no longer).
A child that breaks the promise hangs, and is ended; one that promises nothing may take its time.
"""

import contextlib
import ctypes
import importlib
import json
import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from harness.errors import (
    NO_ROOM,
    BenchError,
    MachineError,
    MeasurementError,
    UsageError,
    from_os_error,
    out_of_memory,
)

OFF = ("DO_NOT_TRACK", "HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_PROGRESS_BARS")
QUIET = {
    **dict.fromkeys((*OFF, "VLLM_DO_NOT_TRACK", "VLLM_NO_USAGE_STATS"), "1"),
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_VERBOSITY": "error",
    "WANDB_DISABLED": "true",
}
ROOMY = {
    f"MALLOC_{name}_": str(1 << bits)
    for name, bits in (("MMAP_THRESHOLD", 33), ("TOP_PAD", 26), ("TRIM_THRESHOLD", 33))
}
"""glibc keeps freed tensors: giving them back at every layer took a tenth of an engine's time."""
GRACE = 3.0  # seconds that a child gets to end by itself, and again after a polite signal
PATIENCE = "BENCH_PATIENCE"  # seconds; stands over what children promise


class CrashError(MachineError):
    """The work ended in a way that nobody foresaw: another start may do better."""


class HungError(CrashError):
    """The child broke its promise to be heard of."""


class NoMemoryError(CrashError):
    """There was no memory for the work, or the system ended it, most often for that."""


RAISED_AS: dict[str, type[BenchError]] = {
    "UsageError": UsageError,
    "MeasurementError": MeasurementError,
    "NoMemoryError": NoMemoryError,
    "CrashError": CrashError,
}


class Inline:
    """Runs the work in this process: for debugging a stage with a debugger attached."""

    description: ClassVar[str] = "in this process (debugging)"

    def run(self, target: str, payload: Any, log: Path) -> Iterator[Any]:
        """Yield the generator's messages; `log` stays empty."""
        log.parent.mkdir(parents=True, exist_ok=True)
        log.touch()
        for message in resolve(target)(json.loads(json.dumps(payload))):
            if not (isinstance(message, dict) and "_alive" in message):
                # through JSON, so that tuples and number keys read as they do from a child
                yield json.loads(json.dumps(message))


class Subprocess:
    """Runs the work in a fresh interpreter that dies with this one."""

    description: ClassVar[str] = "in a child process of its own (default)"

    def run(self, target: str, payload: Any, log: Path) -> Iterator[Any]:
        """Yield messages as they come.

        Raises:
            CrashError: the child died, hung, had no memory, or raised what bench has no word for.
            BenchError: any other, as the child raised it.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as sink:
            child = subprocess.Popen(
                [sys.executable, "-P", "-m", "harness.executors", target, str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=sink,
                env={**ROOMY, **os.environ, **QUIET},
                start_new_session=True,
            )
        if child.stdin is None or child.stdout is None:
            raise MachineError("the child process has no pipes")
        finished = False
        try:
            with contextlib.suppress(BrokenPipeError), child.stdin as inlet:
                inlet.write(json.dumps(payload).encode())
            pipe = Lines(child.stdout.fileno(), log)
            while (line := pipe.next()).endswith(b"\n"):
                message = json.loads(line)
                signs = message if isinstance(message, dict) else {}
                if "_alive" in signs:
                    pipe.promised(float(signs["_alive"]))
                    continue
                if "_raised" in signs:
                    raise rebuild(signs, log)
                if "_finished" in signs:
                    finished = True
                    break
                yield message
            if not finished:
                raise died(target, child.wait(), log)
        finally:
            stop(child)


class Lines:
    """Lines from a pipe, waited for as long as the child promised."""

    def __init__(self, pipe: int, log: Path) -> None:
        self.pipe = pipe
        self.log = log
        self.patience: float | None = None
        self._torn: list[bytes] = []
        self._whole: deque[bytes] = deque()

    def promised(self, seconds: float) -> None:
        """The child is to be heard of within `seconds`, each time it is waited for; 0: or not."""
        asked = os.environ.get(PATIENCE, "")
        try:
            patience = float(asked) if asked else seconds
        except ValueError:
            patience = 0.0
        if asked and not 0 < patience < float("inf"):
            raise UsageError(f"{PATIENCE}={asked} is no number of seconds", remedy="such as 600")
        self.patience = patience if seconds > 0 else None

    def next(self) -> bytes:
        """The next line with its end; torn or empty where the child is gone.

        Raises:
            HungError: it did not come in time. Time in which nobody waits does not count.
        """
        if not self._whole:
            until = None if self.patience is None else time.monotonic() + self.patience
            with selectors.DefaultSelector() as selector:
                selector.register(self.pipe, selectors.EVENT_READ)
                while not self._whole:
                    left = None if until is None else max(0.0, until - time.monotonic())
                    if not selector.select(left):
                        raise hung(self.patience or 0.0, self.log)
                    self._take(os.read(self.pipe, 1 << 16))
        return self._whole.popleft()

    def _take(self, piece: bytes) -> None:
        first, *more = piece.split(b"\n")
        self._torn.append(first)
        for part in more:
            self._whole.append(b"".join(self._torn) + b"\n")
            self._torn = [part]
        if not piece:  # the end: what is torn is all there will be
            self._whole.append(b"".join(self._torn))


def stop(child: "subprocess.Popen[bytes]") -> None:
    """End the child and what it started: politely, then for good."""
    if child.stdout:
        child.stdout.close()
    for sign in (None, signal.SIGTERM):
        if sign is not None:
            signal_group(child.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=GRACE)
            break
    # a child that ended by itself may have left workers of its own
    signal_group(child.pid, signal.SIGKILL)
    child.wait()


def signal_group(group: int, sign: signal.Signals) -> None:
    """Signal every process that a child started, where any is left."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, sign)


def rebuild(message: dict[str, Any], log: Path) -> BenchError:
    """The child's error as ours, one line; what is unknown names the log."""
    kind = RAISED_AS.get(message["_raised"], MachineError)
    remedy = message.get("remedy", "") or f"details in {log}"
    return kind(message["what"], where=message.get("where", ""), remedy=remedy)


def died(target: str, code: int, log: Path) -> CrashError:
    """What a silent death most likely means."""
    if code in (-signal.SIGKILL, 128 + signal.SIGKILL):
        return NoMemoryError(
            f"{target} was killed by the system (most often: no memory for the model)",
            remedy="use a smaller model or free memory, then run again: finished work is kept",
        )
    return CrashError(f"{target} died with exit code {code}", remedy=f"details in {log}")


def hung(seconds: float, log: Path) -> HungError:
    """What a silence most likely means."""
    return HungError(
        f"nothing was heard of the child process for {seconds:g} s",
        remedy=f"details in {log}; {PATIENCE}=SECONDS waits longer",
    )


def resolve(target: str) -> Any:
    """The function behind `module:function`."""
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


def describe(error: BaseException) -> dict[str, str]:
    """A child's exception as a message for the parent."""
    if isinstance(error, BenchError):
        problem = error.problems[0]
        kinds = (kind.__name__ for kind in type(error).__mro__)
        return {
            "_raised": next((kind for kind in kinds if kind in RAISED_AS), "MachineError"),
            "what": problem.what,
            "where": problem.where,
            "remedy": problem.remedy,
        }
    what = f"{type(error).__name__}: {str(error).strip() or 'no message'}".splitlines()[0]
    if out_of_memory(error):
        return {
            "_raised": "NoMemoryError",
            "what": f"no memory for the model ({what[:200]})",
            "remedy": "use a smaller model or free memory, then run again: finished work is kept",
        }
    number = os_number(error)
    if number in NO_ROOM:
        file = getattr(error, "filename", None)
        return describe(from_os_error(OSError(number, what, file), "saving what was made"))
    return {"_raised": "CrashError", "what": what[:400]}


def os_number(error: BaseException) -> int | None:
    """An error's errno, also where a library (safetensors) has it in its text alone."""
    if isinstance(error, OSError):
        return error.errno
    found = re.search(r"\(os error (\d+)\)", str(error))
    return int(found[1]) if found else None


def die_with_parent(parent: int) -> None:
    """Ask Linux to end this process when its parent ends, however that happens."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None, use_errno=True).prctl(pr_set_pdeathsig, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)  # it ended before we could ask


def child_main(target: str, parent: int) -> int:
    """Read the payload, write one JSON line per message; libraries' prints go to the log."""
    die_with_parent(parent)
    payload = json.loads(sys.stdin.buffer.read())
    messages = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    try:
        for message in resolve(target)(payload):
            messages.write(json.dumps(message) + "\n")
    except BrokenPipeError:
        return 1
    except BaseException as error:  # noqa: BLE001 - whatever it is, the parent must hear of it
        import traceback

        traceback.print_exc()
        messages.write(json.dumps(describe(error)) + "\n")
        return 1
    messages.write('{"_finished": true}\n')
    messages.flush()
    # engines leave threads and grandchildren behind; everything of ours is already written
    os._exit(0)


if __name__ == "__main__":
    sys.exit(child_main(sys.argv[1], int(sys.argv[2])))
