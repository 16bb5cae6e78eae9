"""What the quick profile of a suite costs on this machine: wall seconds per stage, peak memory.

    python benchmarks/quick_profile.py suites/legal

Runs `bench run` in an empty store, samples the memory of the whole process tree, then runs it
again with nothing changed. Writes benchmarks/results/quick-<suite>.json. Nothing else should run.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil

RESULTS = Path(__file__).parent / "results"


def tree_memory(process: psutil.Process) -> int:
    """Resident bytes of a process and everything it started; shared pages count twice."""
    whole = 0
    for one in [process, *process.children(recursive=True)]:
        try:
            whole += one.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return whole


def timed(command: list[str], environment: dict[str, str]) -> dict[str, Any]:
    """Wall seconds, peak bytes and the JSON that a `bench run --json` printed."""
    began, peak = time.monotonic(), 0
    child = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True)
    process, found = psutil.Process(child.pid), []
    reader = threading.Thread(target=lambda: found.append(child.communicate()[0]))
    reader.start()
    while reader.is_alive():
        try:
            peak = max(peak, tree_memory(process))
        except psutil.NoSuchProcess:
            break
        time.sleep(0.2)
    reader.join()
    if child.returncode not in (0, 1, 4):
        sys.exit(f"bench run ended with exit code {child.returncode}")
    seconds = round(time.monotonic() - began, 1)
    return {"seconds": seconds, "peak_bytes": peak, "run": json.loads(found[0])}


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suite")
    suite = parser.parse_args().suite
    with tempfile.TemporaryDirectory() as folder:
        reports = Path(folder) / "reports"
        environment = {**os.environ, "BENCH_HOME": str(Path(folder) / "home")}
        command = [sys.executable, "-m", "harness.cli", "run", suite, "--profile", "quick"]
        command += ["--json", "--reports", str(reports)]
        first, again = timed(command, environment), timed(command, environment)
        run = json.loads(Path(first["run"]["data"]).read_text(encoding="utf-8"))
    records = [c["adapter"]["record"] for c in run["candidates"] if c["adapter"]]
    result = {
        "suite": run["suite"],
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load_average": os.getloadavg()[0],
        "model": run["model"]["name"],
        "engine": run["environment"]["engine"],
        "answers": len(run["answers"]),
        "answer_tokens": sum(c["answer_tokens"] for c in run["candidates"]),
        "seconds": first["seconds"],
        "stages": first["run"]["seconds"],
        "train_tokens_per_second": records[0]["tokens_per_second"] if records else None,
        "peak_gb": round(first["peak_bytes"] / 1e9, 2),
        "second_run_seconds": again["seconds"],
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"quick-{run['suite']}.json"
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
