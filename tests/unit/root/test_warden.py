"""What a command started ends with the one who asked for it, however that ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

SLEEPS = "import time; time.sleep(60)"
# a server with a process of its own
FORKS = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {SLEEPS!r}])
print(child.pid, flush=True)
child.wait()
"""
# who asks for it: starts a warden in a group of its own, and tells its number
ASKS = f"""
import os, subprocess, sys
words = [sys.executable, "-m", "harness.warden", str(os.getpid()), sys.executable, "-c", {FORKS!r}]
subprocess.Popen(words, start_new_session=True).wait()
"""


def test_what_a_server_started_is_gone_when_its_starter_is_killed() -> None:
    asks = subprocess.Popen([sys.executable, "-c", ASKS], stdout=subprocess.PIPE, text=True)
    assert asks.stdout is not None
    last = psutil.Process(int(asks.stdout.readline()))
    tree = psutil.Process(asks.pid).children(recursive=True)
    assert last in tree
    assert len(tree) == 3
    asks.kill()
    asks.communicate()
    _, left = psutil.wait_procs(tree, timeout=10)
    assert left == []


def test_the_exit_code_is_the_commands() -> None:
    words = [sys.executable, "-m", "harness.warden", str(os.getpid()), sys.executable, "-c"]
    assert subprocess.run([*words, "raise SystemExit(7)"], check=False).returncode == 7
    ends = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    assert subprocess.run([*words, ends], check=False).returncode == 128 + signal.SIGKILL


def test_a_group_that_is_asked_to_end_may_do_so_by_itself(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    code = (
        "import pathlib, signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))\n"
        f"pathlib.Path({str(ready)!r}).touch()\ntime.sleep(60)"
    )
    words = [sys.executable, "-m", "harness.warden", str(os.getpid()), sys.executable, "-c", code]
    warden = subprocess.Popen(words, start_new_session=True)
    while not ready.exists():
        time.sleep(0.05)
    os.killpg(warden.pid, signal.SIGTERM)
    assert warden.wait(timeout=10) == 5
