"""Where a stage's heavy work runs: in a child process, or in this one.

A child gives its memory back when it ends, and its crash is one error, not the end of the run.
Messages are JSON lines on the child's standard output; its library logs go to a file.
"""

import contextlib
import ctypes
import errno
import importlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from harness.errors import BenchError, MachineError, MeasurementError, UsageError

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
RAISED_AS = {"UsageError": UsageError, "MeasurementError": MeasurementError}


class Inline:
    """Runs the work in this process: for debugging a stage with a debugger attached."""

    description: ClassVar[str] = "in this process (debugging)"

    def run(self, target: str, payload: Any, log: Path) -> Iterator[Any]:
        """Yield the generator's messages; `log` stays empty."""
        log.touch()
        yield from resolve(target)(json.loads(json.dumps(payload)))


class Subprocess:
    """Runs the work in a fresh interpreter that dies with this one."""

    description: ClassVar[str] = "in a child process of its own (default)"

    def run(self, target: str, payload: Any, log: Path) -> Iterator[Any]:
        """Yield messages as they come; MachineError with the log's last line if the child dies."""
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as sink:
            child = subprocess.Popen(
                [sys.executable, "-m", "harness.executors", target],
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
                message = json.loads(line)
                if "_raised" in message:
                    raise rebuild(message, log)
                if "_finished" in message:
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
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(timeout=3)
        return
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=5)
            return


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
        return {
            "_raised": type(error).__name__,
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
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return {
            "_raised": "MachineError",
            "what": f"disk full ({error.filename})",
            "remedy": "free space and run again: finished work is kept",
        }
    return {"_raised": "MachineError", "what": what[:400]}


def die_with_parent() -> None:
    """Ask Linux to end this process when its parent ends, however that happens."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None, use_errno=True).prctl(pr_set_pdeathsig, signal.SIGKILL)


def child_main(target: str) -> int:
    """Read the payload, write one JSON line per message; libraries' prints go to the log."""
    die_with_parent()
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
    sys.exit(child_main(sys.argv[1]))
