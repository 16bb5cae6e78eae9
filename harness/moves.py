"""What moved between two runs of a suite: `bench compare`."""

from dataclasses import asdict, replace
from typing import Any

from rich.table import Table
from rich.text import Text

from harness.errors import UsageError
from harness.records import Candidate, Run
from harness.views import console


def compare_runs(before: Run, after: Run) -> list[dict[str, Any]]:
    """After minus before per candidate and metric, paired over the cases of both."""
    from harness.compare.paired import compare

    if before.suite != after.suite:
        raise UsageError(f"run {before.id} is of suite {before.suite}, {after.id} of {after.suite}")
    known = {case.id: case for case in before.cases}
    cases = [case for case in after.cases if case.id in known]
    common = {case.id for case in cases if known[case.id].input == case.input}
    names = {c.candidate.name for c in before.candidates}
    shared = [c.candidate for c in after.candidates if c.candidate.name in names]
    if not common or not shared:
        raise UsageError(f"runs {before.id} and {after.id} share no case or no candidate")
    answers, candidates, pairs = [], [], []
    for candidate in shared:
        for side, run in (("before", before), ("after", after)):
            name = f"{candidate.name}@{side}"
            candidates.append(
                Candidate(name, candidate.adapter, candidate.prompt, candidate.context)
            )
            answers += [
                replace(answer, candidate=name)
                for answer in run.answers
                if answer.candidate == candidate.name and answer.case in common
            ]
        pairs.append((f"{candidate.name}@after", f"{candidate.name}@before"))
    metrics = [m for m in after.metrics if m in before.metrics]
    kept = [case for case in cases if case.id in common]
    rows = compare(answers, kept, metrics, candidates, pairs)
    flips = flipped(before, after, common)
    return [
        {
            **asdict(row),
            "candidate": row.candidate.removesuffix("@after"),
            "baseline": before.id,
            "flipped": flips.get((row.task, row.metric, row.candidate.removesuffix("@after")), []),
        }
        for row in rows
        if row.slice == "all" and row.n
    ]


def flipped(before: Run, after: Run, common: set[str]) -> dict[tuple[str, str, str], list[str]]:
    """Case ids whose score moved, by task, metric and candidate."""
    old = {
        (a.task, s.metric, a.candidate, a.case, a.sample): s.value
        for a in before.answers
        for s in a.scores
    }
    found: dict[tuple[str, str, str], dict[str, None]] = {}
    for answer in after.answers:
        if answer.case not in common:
            continue
        for score in answer.scores:
            key = (answer.task, score.metric, answer.candidate)
            place = (*key, answer.case, answer.sample)
            flips = found.setdefault(key, {})
            if old.get(place, score.value) != score.value:
                flips[answer.case] = None
    return {key: [*flips] for key, flips in found.items()}


def print_moves(moves: list[dict[str, Any]]) -> None:
    """What moved between two runs, what did not, and which cases flipped."""
    out = console()
    moved = [move for move in moves if move["flipped"]]
    out.print(Text(f"{len(moves)} comparisons, {len(moved)} with cases that moved"))
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("candidate", "metric", "change", "95 % interval", "n", "reads as", "cases"):
        table.add_column(name, overflow="fold")
    for move in moved:
        shown = ", ".join(move["flipped"][:3])
        more = f" +{len(move['flipped']) - 3}" if len(move["flipped"]) > 3 else ""
        table.add_row(
            move["candidate"],
            move["metric"],
            f"{move['difference']:+.3f}",
            f"{move['low']:+.3f} to {move['high']:+.3f}",
            str(move["n"]),
            move["outcome"],
            shown + more,
        )
    if moved:
        out.print(table)
