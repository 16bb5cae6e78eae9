"""Inspect's side of benchmarks/peers.py, run by the interpreter that has Inspect.

    python peer_inspect.py JOB.json

JOB.json has `models`, `prompts`, `tokens`, `connections`, `logs` and `out`; the answers go to `out`
as model -> prompt number -> text.
"""

import json
import sys
from pathlib import Path

from inspect_ai import Task
from inspect_ai import eval as run_eval
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import GenerateConfig
from inspect_ai.solver import generate


def main() -> None:
    """All models in one process, which is one server; every task at once."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    samples = [Sample(input=text, id=str(at)) for at, text in enumerate(job["prompts"])]
    config = GenerateConfig(
        temperature=0.0, max_tokens=job["tokens"], max_connections=job["connections"]
    )
    logs = run_eval(
        Task(dataset=MemoryDataset(samples), solver=generate(), config=config, name="peers"),
        model=job["models"],
        max_tasks=len(job["models"]),
        log_dir=job["logs"],
        display="none",
    )
    found = {}
    for log in logs:
        if log.status != "success" or log.samples is None:
            sys.exit(f"{log.eval.model}: {log.status} {log.error.message if log.error else ''}")
        found[log.eval.model] = {one.id: one.output.completion for one in log.samples}
    Path(job["out"]).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
