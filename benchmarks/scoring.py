"""How fast answers are scored, and whether memory stays flat: no model runs.

`taskset -c 0 python benchmarks/scoring.py [--answers 100000]` prints answers per processor second
of each scorer, the seconds of all together, and the peak memory of a child process at a tenth of
the answers and at all. Answers are varied: 628 of a run of suites/legal (answers.jsonl), its
references, and mixtures of their lines with other numbers and words.
"""

import argparse
import json
import multiprocessing
import random
import resource
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from harness import registry
from harness.records import Answer, Case, Passage, Suite
from harness.scoring import BLOCK
from harness.suite.load import load
from harness.suite.scorers import resources

ROOT = Path(__file__).parents[1]
WORDS = ("not", "until 2019", "now", "perhaps", "the worker", "will", "I am not sure, but", "about")
OTHERS = ("evaluate", "judge", "preference")  # code of others, or a model
EXPECT = ({"any_of": ["20", "Paris"], "max_words": 60}, {"refuse": False}, {"refuse": True})


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=100_000)
    parser.add_argument("--scorers", nargs="*", help="default: all that need no other code")
    chosen = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    for number in (chosen.answers // 10, chosen.answers):
        with context.Pool(1) as pool:
            seconds, peak = pool.apply(measure, (number, chosen.scorers))
        total = sum(seconds.values())
        print(f"\n{number:,} answers, peak memory {peak:,.0f} MiB")
        for name, spent in seconds.items():
            print(f"  {name:<12} {number / spent:>10,.0f} answers/s {spent:>8.1f} s")
        print(f"  {'together':<12} {number / total:>10,.0f} answers/s {total:>8.1f} s")


def measure(number: int, names: list[str] | None) -> tuple[dict[str, float], float]:
    """Seconds of each scorer over so many answers, and the peak memory in MiB.

    As in a run, a scorer reads a block of answers before the next one does. Scores are counted and
    let go, as a writer of results would.
    """
    suite = load(ROOT / "suites" / "legal", "full")
    scorers = made(suite, names)
    seconds = dict.fromkeys(scorers, 0.0)
    states: Counter[str] = Counter()
    made_up = answers(suite, number)
    while block := list(islice(made_up, BLOCK)):
        for name, scorer in scorers.items():
            begin = time.process_time()
            scores = [scorer.score(case, answer) for case, answer in block]
            seconds[name] += time.process_time() - begin
            states.update(score.state for one in scores for score in one)
    if states["error"]:
        raise RuntimeError(f"{states['error']} scores are errors")
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def made(suite: Suite, names: list[str] | None) -> dict[str, Any]:
    """Each scorer as the first task that names it sets it up, the others as they are."""
    wanted = names or [name for name in registry.names("scorer") if name not in OTHERS]
    found: dict[str, Any] = {}
    for name in wanted:
        uses = [(t, s) for t in suite.tasks for s in t.scorers if s.name == name]
        task, options = (uses[0][0], uses[0][1].options) if uses else (suite.tasks[0], {})
        found[name] = registry.load("scorer", name)(dict(options), resources(suite, task))
    return found


def answers(suite: Suite, number: int) -> Iterator[tuple[Case, Answer]]:
    """So many answers to the suite's cases, no two alike but by chance."""
    draw = random.Random(suite.seed)
    cases = [
        replace(case, expect=case.expect or EXPECT[at % len(EXPECT)], answerable=at % 3 > 0)
        for task in suite.tasks
        for at, case in enumerate(task.cases)
    ]
    stored = (ROOT / "benchmarks" / "answers.jsonl").read_text("utf-8")
    texts: list[str] = [json.loads(line) for line in stored.splitlines()]
    texts += [case.reference for case in cases]
    documents = suite.documents or ()
    for at in range(number):
        case = cases[at % len(cases)]
        lines = draw.choice(texts).splitlines()
        if at % 2:
            lines += draw.choice(texts).splitlines()[:2]
        words = " ".join(lines[at % len(lines) :] or lines).split(" ") if lines else [""]
        words.insert(draw.randrange(len(words)), f"{draw.choice(WORDS)} {draw.randrange(1000)}")
        text = "\n".join([*lines[: len(lines) // 2], " ".join(words)])
        found = draw.sample(documents, min(2, len(documents)))
        read = tuple(Passage(one.id, one.title, one.text[:800], 1.0) for one in found)
        yield case, Answer(case.id, text, passages=read if at % 4 == 0 else ())


if __name__ == "__main__":
    main()
