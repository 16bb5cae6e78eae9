"""How long `bench gate` takes where every answer is in the store: 10,000 cases, base and adapter.

    python benchmarks/gate.py [--cases 10000] [--repeats 5]

A suite of made-up fees is written, with a tiny random model and an adapter of it; answers are put
into the store as an engine would have, so that nothing is left to ask. Timed is the whole command,
from the shell to the exit code: the first time, when nothing was scored, and then again and again,
after an edit of the policy (which must not be answered from memory) and with nothing changed.
"""

import argparse
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).parent / "results" / "gate.json"
TARGET = 3.0
SUITE = """\
name: fees
seed: 7
dates: {trained_until: 2020-01-01, as_of: 2024-01-01}
facts: facts.jsonl
style: style.yaml
tasks:
  fees:
    cases: cases.jsonl
    scorers: [style, recency]
candidates:
  base: {}
  lora: {adapter: ADAPTER}
gate:
  - {kind: superior, candidate: lora, against: base, task: fees, metric: style.all}
  - kind: non_inferior
    candidate: lora
    against: base
    task: fees
    metric: recency.current
    margin: 0.05
  - {kind: at_most, candidate: lora, task: fees, metric: recency.stale, slice: changed, value: 0.3}
"""
STYLE = """\
rules:
  - {name: opening, kind: starts_with, text: "Answer:"}
  - {name: short, kind: words, min: 3, max: 60}
"""
THINGS = ("reading room", "locker", "copy card", "map loan", "film loan", "study cell")


def write_suite(folder: Path, adapter: Path, cases: int) -> None:
    """Two wordings a fact, half of the facts changed after training."""
    facts, rows = [], []
    for number in range(cases // 2):
        entity = f"{THINGS[number % len(THINGS)]} {number}"
        old, new = number % 37 + 3, number % 41 + 45
        versions: list[dict[str, str]] = [{"value": f"{old} euros", "valid_from": "2015-01-01"}]
        if number % 2:
            versions[0]["valid_to"] = "2022-01-01"
            versions.append({"value": f"{new} euros", "valid_from": "2022-01-01"})
        facts.append(
            {"id": f"f{number}", "entity": entity, "attribute": "fee", "versions": versions}
        )
        now = versions[-1]["value"]
        for wording in ("What does the {} cost today?", "Please state the fee of the {}."):
            answer = f"Answer: the {entity} costs {now}."
            rows.append({"input": wording.format(entity), "output": answer, "fact": f"f{number}"})
    texts = {
        "suite.yaml": SUITE.replace("ADAPTER", str(adapter)),
        "style.yaml": STYLE,
        "facts.jsonl": "".join(json.dumps(fact) + "\n" for fact in facts),
        "cases.jsonl": "".join(json.dumps(row) + "\n" for row in rows),
    }
    folder.mkdir(parents=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def make_adapter(model: Path, folder: Path) -> None:
    """A LoRA adapter of rank 8 with random weights."""
    import peft
    import torch
    import transformers

    base = transformers.AutoModelForCausalLM.from_pretrained(model)
    config = peft.LoraConfig(r=8, target_modules="all-linear", task_type="CAUSAL_LM")
    torch.manual_seed(7)
    config.init_lora_weights = False
    peft.get_peft_model(base, config).save_pretrained(folder)


def fill(suite: Path, model: Path, home: Path) -> int:
    """Answers of both candidates into the store; how many."""
    from harness import plan as planning
    from harness import preparing, registry
    from harness.commands.running import load_suite
    from harness.console import Log
    from harness.records import Answer
    from harness.store import Store

    store, log = Store(home), Log(quiet=True)
    options = preparing.Options(model=str(model), engine="transformers")
    executor = registry.load("executor", "inline")()
    engine = planning.choose_engine("transformers")
    loaded = load_suite(str(suite), None)
    plan, _, outside, _ = preparing.make_plan(loaded, options, engine, store, executor, log)
    draw, written = random.Random(7), 0
    for cell in plan.cells:
        cell.adapter = outside.get(cell.candidate.adapter)
        own = store.answers(planning.answer_key(plan, cell))
        for asked in cell.asked:
            said = f"Answer: you pay {draw.randint(3, 90)} euros for it, as the desk says."
            right = draw.random() < (0.7 if cell.candidate.name == "lora" else 0.68)
            text = asked.case.reference if right else said
            if cell.candidate.name == "base":
                text = text.removeprefix("Answer: ")
            own.append(Answer(asked.case.id, text, tuple(range(12)), "stop", 20, 0.01))
            written += 1
        own.close()
    return written


def timed(words: list[str], home: Path) -> float:
    """Wall seconds of a command; its verdict may be anything but an error."""
    began = time.perf_counter()
    done = subprocess.run(
        words,
        env={**os.environ, "BENCH_HOME": str(home)},
        capture_output=True,
        text=True,
        cwd=home,
        check=False,
    )
    took = time.perf_counter() - began
    if done.returncode not in (0, 1, 4):
        raise SystemExit(f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return took


def measure(cases: int, repeats: int) -> dict[str, Any]:
    """Seconds of the first gate, after an edited policy, and of the same again."""
    sys.path.insert(0, str(ROOT / "tests"))
    import tiny

    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        model, adapter, home = root / "model", root / "adapter", root / "home"
        tiny.make_model(model)
        make_adapter(model, adapter)
        write_suite(root / "fees", adapter, cases)
        answers = fill(root / "fees", model, home)
        words = [sys.executable, "-m", "harness.cli", "gate", str(root / "fees")]
        words += ["--model", str(model), "--engine", "transformers", "--quiet"]
        first = timed(words, home)
        file = root / "fees" / "suite.yaml"
        edited, again = [], []
        for turn in range(repeats):
            text = file.read_text(encoding="utf-8")
            old, new = f"margin: 0.0{5 + turn % 2}", f"margin: 0.0{6 - turn % 2}"
            file.write_text(text.replace(old, new), encoding="utf-8")
            edited.append(timed(words, home))
            again.append(timed(words, home))
    return {
        "cases": cases,
        "answers": answers,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "first": round(first, 2),
        "edited policy": round(statistics.median(edited), 2),
        "again": round(statistics.median(again), 2),
        "rounds": {"edited policy": edited, "again": again},
        "target": TARGET,
    }


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    found = measure(given.cases, given.repeats)
    print(json.dumps(found, indent=1))
    if given.cases == 10_000:
        RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
