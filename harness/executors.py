"""Where a stage's heavy work runs: in a child process, or in this one.

A child gives its memory back when it ends, and its crash is one error, not the end of the run.
Messages are JSON lines on the child's standard output; its library logs go to a file.
"""

import contextlib
import ctypes
import importlib
import json
import os
import re
import signal
import subprocess
import sys
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
)

QUIET = {
    "DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_VERBOSITY": "error",
    "VLLM_DO_NOT_TRACK": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "WANDB_DISABLED": "true",
}
GRACE = 3.0  # seconds that a child gets to end by itself, and again after a polite signal
RAISED_AS = {"UsageError": UsageError, "MeasurementError": MeasurementError}


class Inline:
    """Runs the work in this process: for debugging a stage with a debugger attached."""

    description: ClassVar[str] = "in this process (debugging)"

    def run(self, target: str, payload: Any, log: Path) -> Iterator[Any]:
        """Yield the generator's messages; `log` stays empty."""
        log.parent.mkdir(parents=True, exist_ok=True)
        log.touch()
        for message in resolve(target)(json.loads(json.dumps(payload))):
            # through JSON, so that tuples and number keys read as they do from a child
            yield json.loads(json.dumps(message))


class Subprocess:
    """Runs the work in a fresh interpreter that dies with this one."""

    description: ClassVar[str] = "in a child process of its own (default)"

    def run(self, target: str, payload: Any, log: Path) -> Iterator[Any]:
        """Yield messages as they come; MachineError with the log's last line if the child dies."""
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as sink:
            child = subprocess.Popen(
                [sys.executable, "-P", "-m", "harness.executors", target, str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=sink,
                env={**os.environ, **QUIET},
                start_new_session=True,
            )
        if child.stdin is None or child.stdout is None:
            raise MachineError("the child process has no pipes")
        finished = False
        try:
            with contextlib.suppress(BrokenPipeError), child.stdin as pipe:
                pipe.write(json.dumps(payload).encode())
            for line in child.stdout:
                if not line.endswith(b"\n"):
                    break  # torn: the child was killed while it wrote
                message = json.loads(line)
                signs = message if isinstance(message, dict) else {}
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


def died(target: str, code: int, log: Path) -> MachineError:
    """What a silent death most likely means."""
    if code in (-signal.SIGKILL, 128 + signal.SIGKILL):
        return MachineError(
            f"{target} was killed by the system (most often: no memory for the model)",
            remedy="use a smaller model or free memory, then run again: finished work is kept",
        )
    return MachineError(f"{target} died with exit code {code}", remedy=f"details in {log}")


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
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return {
            "_raised": "MachineError",
            "what": f"no memory for the model ({what[:200]})",
            "remedy": "use a smaller model or free memory, then run again: finished work is kept",
        }
    number = os_number(error)
    if number in NO_ROOM:
        file = getattr(error, "filename", None)
        return describe(from_os_error(OSError(number, what, file), "saving what was made"))
    return {"_raised": "MachineError", "what": what[:400]}


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
