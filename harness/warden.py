"""A process that runs a command and takes the whole group down when its own parent is gone.

    python -m harness.warden PARENT COMMAND...

A server has processes of its own, which outlive it when it is killed; the one who started it may be
killed too, and then nobody else is left to stop them. Linux alone says when a parent ends.
"""

import ctypes
import os
import signal
import subprocess
import sys
from typing import Any

PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> int:
    """The command's exit code; a group that is asked to end is left to do so by itself."""

    def asked(*_: Any) -> None:
        if os.getppid() != parent:
            os.killpg(0, signal.SIGKILL)

    signal.signal(signal.SIGTERM, asked)
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        return 1  # it ended before we could ask
    code = subprocess.call(command)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
