"""What `bench run` takes beyond its engines: wall seconds in which no engine works.

    python benchmarks/overhead.py suites/legal --repeats 5

The suite is run once, so that everything is trained. Then its answers and small results are
removed and it is run again, `--repeats` times: planning, prompts, retrieval, the canary, serving,
scoring, comparing and reports, with training cached. Engine seconds are those in which a child
that answers questions is alive, watched from outside, its start included. There are two: the
reference engine, which answers the canary's probes alone, and the engine that is measured. The
overhead is the rest; `with canary` counts the reference engine as overhead too.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "overhead.json"
WORKER = "harness.serve.worker:generate"
EVERY = 0.05  # seconds between looks at the processes
TARGET = 0.05


class Watch:
    """Since when, and until when, each engine child of a process is alive."""

    def __init__(self, process: psutil.Process) -> None:
        self.process = process
        self.seen: dict[int, list[float]] = {}

    def look(self) -> None:
        """Note who is alive now."""
        now = time.monotonic()
        for child in self.process.children():
            with suppress(psutil.NoSuchProcess):
                if child.status() != psutil.STATUS_ZOMBIE and WORKER in child.cmdline():
                    self.seen.setdefault(child.pid, [now, now])[1] = now

    @property
    def seconds(self) -> list[float]:
        """Seconds of each child, in the order of their starts."""
        return [round(end - start, 2) for start, end in self.seen.values()]


def run(command: list[str], environment: dict[str, str]) -> tuple[float, list[float]]:
    """Wall seconds of a run, and those of each of its engines."""
    began = time.monotonic()
    child = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    err: list[bytes] = []
    reader = threading.Thread(target=lambda: err.append(child.stderr.read()))
    reader.start()
    with suppress(psutil.NoSuchProcess):
        watch = Watch(psutil.Process(child.pid))
        while child.poll() is None:
            watch.look()
            time.sleep(EVERY)
    took = time.monotonic() - began
    reader.join()
    if child.returncode not in (0, 1, 4):
        sys.exit(f"bench run ended with exit code {child.returncode}: {err[0].decode()[-500:]}")
    return took, watch.seconds


def measure(options: argparse.Namespace, home: Path, reports: Path) -> dict[str, Any]:
    """The suite once to train it, then `--repeats` times without its answers."""
    command = [sys.executable, "-m", "harness.cli", "run", *options.suites]
    command += ["--engine", options.engine, "--reports", str(reports)]
    for name in ("profile", "model"):
        if getattr(options, name):
            command += [f"--{name}", getattr(options, name)]
    environment = {**os.environ, "BENCH_HOME": str(home)}
    first, _ = run(command, environment)
    print(json.dumps({"first run": round(first, 1)}), file=sys.stderr, flush=True)
    rows = []
    for _ in range(options.repeats):
        for name in ("answers", "values"):
            shutil.rmtree(home / name, ignore_errors=True)
        wall, engines = run(command, environment)
        # the reference engine is asked before the other is started
        reference = sum(engines[:-1]) if options.engine != "transformers" else 0.0
        main = sum(engines) - reference
        rest = wall - sum(engines)
        rows.append(
            {
                "wall": round(wall, 2),
                "engine": round(main, 2),
                "reference": round(reference, 2),
                "rest": round(rest, 2),
                "share": rest / wall,
                "share_with_canary": (rest + reference) / wall,
            }
        )
        print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    medians = {key: statistics.median(row[key] for row in rows) for key in rows[0]}
    return {
        "machine": platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "suites": [Path(path).name for path in options.suites],
        "profile": options.profile or "by machine",
        "engine": options.engine,
        "first_run": round(first, 1),
        "load_at_the_end": os.getloadavg()[0],
        "runs": rows,
        "medians": medians,
    }


def main() -> None:
    """Measure, print, and write benchmarks/results/overhead.json."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("suites", nargs="+")
    parser.add_argument("--engine", default="vllm")
    parser.add_argument("--profile")
    parser.add_argument("--model")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--home", type=Path, help="a store to go on with; its answers are removed")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = (options.home or Path(folder) / "home").resolve()
        found = measure(options, home, Path(folder) / "reports")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    middle = found["medians"]
    print(f"{'wall':>10}{'engine':>10}{'reference':>11}{'rest':>8}{'share':>9}{'with canary':>13}")
    print(
        f"{middle['wall']:>10.1f}{middle['engine']:>10.1f}{middle['reference']:>11.1f}"
        f"{middle['rest']:>8.1f}{middle['share']:>9.1%}{middle['share_with_canary']:>13.1%}"
    )
    print(f"target: at most {TARGET:.0%}")


if __name__ == "__main__":
    main()
