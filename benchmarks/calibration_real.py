"""Does the gate err as often as it says on real answers? Against themselves, and spoilt ones.

    python benchmarks/calibration_real.py copies suites/legal OUT --tasks clauses recency
    bench run OUT/* --profile quick --reports reports
    python benchmarks/calibration_real.py seeds reports/legal-seed-*/*/run.json
    python benchmarks/calibration_real.py corrupted reports/legal/RUN/run.json --suite suites/legal

`copies` writes the suite once per seed, with sampled answers and one candidate. `seeds` holds an
adapter against itself: every gate takes, for each case, two of its sampled answers at random, so
that nothing is behind their difference. `corrupted` spoils exactly so many of a candidate's
answers, scores the spoilt ones with the suite's scorers, and judges many choices of cases.
"""

import argparse
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from harness.compare.intervals import wilson
from harness.compare.paired import compare_tables
from harness.compare.summaries import summarise_tables
from harness.compare.table import Grid, TaskTable, pivot
from harness.gate.evidence import Evidence
from harness.gate.judge import judge, needed_pairs
from harness.records import Metric, Rule, Run, Score, ScoredAnswer, VerdictName
from harness.report.json import read
from harness.scoring import scorers_of
from harness.suite.load import load
from harness.suite.scorers import scored

Floats = NDArray[np.float64]
PAIR = ("again", "once")
SHARES = (0.0, 0.01, 0.03, 0.05)
MARGINS = (0.0, 0.05, 0.10)
BATCH = 500
VERDICTS: tuple[VerdictName, ...] = ("PASS", "INCONCLUSIVE", "FAIL", "ERROR")


def copies(suite: Path, out: Path, given: argparse.Namespace) -> None:
    """The suite once per seed of sampling, with one candidate and no rules."""
    candidate, temperature = given.candidate, given.temperature
    for seed in range(1, given.seeds + 1):
        to = out / f"{suite.name}-seed-{seed}"
        shutil.copytree(suite, to)
        page = to / "suite.yaml"
        text = yaml.safe_load(page.read_text(encoding="utf-8"))
        text |= {"name": to.name, "sampling": {"temperature": temperature, "seed": seed}}
        for key in ("gate", "expect", "prompts"):
            text.pop(key, None)
        text["candidates"] = {candidate: text["candidates"][candidate]}
        recipe = text["candidates"][candidate].get("adapter")
        text["recipes"] = {name: one for name, one in text["recipes"].items() if name == recipe}
        asked = [name for name, task in text["tasks"].items() if candidate in task["candidates"]]
        asked = [name for name in asked if name in (given.tasks or asked)]
        text["tasks"] = {name: text["tasks"][name] | {"candidates": [candidate]} for name in asked}
        for profile in text.get("profiles", {}).values():
            tasks = profile.get("tasks", {})
            for name in list(tasks):
                if name not in asked:
                    del tasks[name]
                elif "candidates" in tasks[name]:
                    tasks[name]["candidates"] = [candidate]
        page.write_text(yaml.safe_dump(text, sort_keys=False), encoding="utf-8")
        print(to)


def tables_of(run: Run) -> Iterator[TaskTable]:
    """The run's answers as arrays."""
    metrics = [metric for metric in run.metrics if metric.headline]
    candidates = [result.candidate for result in run.candidates]
    yield from pivot(run.answers, run.cases, metrics, candidates)


def gates(table: TaskTable, metric: Metric, ours: Floats, theirs: Floats) -> Iterator[str]:
    """Verdicts of gates on scores (gates x cases), for each of MARGINS in turn."""
    for start in range(0, len(ours), BATCH):
        metrics = [replace(metric, name=f"m{at}") for at in range(len(ours[start : start + BATCH]))]
        grids = []
        for one, *pair in zip(metrics, ours[start:], theirs[start:], strict=False):
            values = np.stack(pair, axis=1)
            nothing = np.zeros(values.shape, dtype=np.bool_)
            grids.append(Grid(one, values, np.isnan(values), nothing))
        whole = {"all": np.ones(len(table.cases), dtype=np.bool_)}
        part = replace(table, slices=whole, candidates=PAIR, grids=tuple(grids))
        rules = [
            Rule("non_inferior", PAIR[0], table.task, one.name, against=PAIR[1], margin=margin)
            for one in metrics
            for margin in MARGINS
        ]
        compared = compare_tables([part], needed_pairs(rules))
        found = judge(Evidence(rules, summarise_tables([part]), compared, metrics))
        yield from (result.verdict for result in found.rules)


def line(cells: Sequence[str], said: Sequence[str]) -> str:
    """A row of the table: what was judged, then per margin the share of each verdict."""
    parts = []
    for place in range(len(MARGINS)):
        counts = Counter(said[place :: len(MARGINS)])
        total = sum(counts.values())
        shares = [f"{counts[name] / total:.1%} {name}" for name in VERDICTS if counts[name]]
        parts.append(", ".join(shares).replace("%", " %"))
    return f"| {' | '.join([*cells, *parts])} |"


def head(*first: str) -> str:
    """The table's first two lines."""
    cells = [*first, *(f"margin {100 * margin:g} pp" for margin in MARGINS)]
    return f"| {' | '.join(cells)} |\n{'|---' * len(cells)}|"


def seeds(paths: Sequence[Path], count: int) -> None:
    """An adapter against itself with another seed: gates on random pairs of sampled answers."""
    runs = [list(tables_of(read(path))) for path in paths]
    print(head("task", "metric", "cases", "clusters", "differ"))
    rng, failed, total = np.random.default_rng(0), 0, 0
    for tables in zip(*runs, strict=True):
        first = tables[0]
        for at, grid in enumerate(first.grids):
            drawn = np.stack([table.grids[at].values[:, 0] for table in tables])
            order = rng.random((count, *drawn.shape)).argsort(axis=1)
            cases = np.arange(drawn.shape[1])
            ours, theirs = (drawn[order[:, side], cases] for side in (0, 1))
            said = list(gates(first, grid.metric, ours, theirs))
            differ = float(np.mean(np.abs(ours - theirs) > 0))
            clusters = len(set(first.clusters.tolist()))
            cells = [first.task, grid.metric.name, str(len(cases)), str(clusters), f"{differ:.1%}"]
            print(line([cell.replace("%", " %") for cell in cells], said))
            failed += said[:: len(MARGINS)].count("FAIL")
            total += count
    low, high = wilson(failed, total)
    print(f"\nmargin 0: {failed} of {total:,} gates fail, {failed / total:.2%} "
          f"[{low:.2%}, {high:.2%}]")  # fmt: skip


def corrupted(path: Path, suite: Path, candidate: str, count: int) -> None:
    """A candidate against itself with exactly so many of its answers spoilt."""
    run = read(path)
    loaded = load(suite, run.profile)
    own = replace(run, answers=tuple(a for a in run.answers if a.candidate == candidate))
    known = {case.id: case for case in run.cases}
    spoilt = []
    for task in loaded.tasks:
        scorers = scorers_of(loaded, task)
        for answer in (one for one in own.answers if one.task == task.name):
            wrong = replace(answer.answer, text=nonsense(answer), passages=answer.passages)
            scores: list[Score] = []
            for scorer in scorers:
                scores += scored(scorer, known[answer.case], wrong)
            spoilt.append(replace(answer, scores=tuple(scores)))
    rng = np.random.default_rng(0)
    print(head("task", "metric", "cases", "clusters", "spoilt", "loss"))
    for good, bad in zip(
        tables_of(own), tables_of(replace(own, answers=tuple(spoilt))), strict=True
    ):
        for one, other in zip(good.grids, bad.grids, strict=True):
            base, n = one.values[:, 0], len(good.cases)
            for share in SHARES:
                hit = rng.random((count, n)).argsort(axis=1).argsort(axis=1) < round(share * n)
                ours = np.where(hit, other.values[:, 0], base)
                said = list(gates(good, one.metric, ours, np.broadcast_to(base, ours.shape)))
                loss = 100 * float(np.nanmean(base - ours))
                clusters = len(set(good.clusters.tolist()))
                cells = [good.task, one.metric.name, str(n), str(clusters)]
                print(line([*cells, str(round(share * n)), f"{loss:.1f} pp"], said))


def nonsense(answer: ScoredAnswer) -> str:
    """The answer backwards and without its digits, of which one backwards might be right."""
    return "".join(letter for letter in reversed(answer.answer.text) if not letter.isdigit())


def main() -> None:
    """Run one of the three parts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = parser.add_subparsers(dest="part", required=True)
    part = parts.add_parser("copies")
    part.add_argument("suite", type=Path)
    part.add_argument("out", type=Path)
    part.add_argument("--candidate", default="lora")
    part.add_argument("--seeds", type=int, default=6)
    part.add_argument("--temperature", type=float, default=0.7)
    part.add_argument("--tasks", nargs="+", help="these only (default: all)")
    part = parts.add_parser("seeds")
    part.add_argument("runs", type=Path, nargs="+")
    part.add_argument("--gates", type=int, default=2000)
    part = parts.add_parser("corrupted")
    part.add_argument("run", type=Path)
    part.add_argument("--suite", type=Path, required=True)
    part.add_argument("--candidate", default="lora")
    part.add_argument("--gates", type=int, default=2000)
    given = parser.parse_args()
    if given.part == "copies":
        copies(given.suite, given.out, given)
    elif given.part == "seeds":
        seeds(given.runs, given.gates)
    else:
        corrupted(given.run, given.suite, given.candidate, given.gates)


if __name__ == "__main__":
    main()
