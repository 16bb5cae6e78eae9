"""`bench compare`: two runs by name, and what moved between them in 80 columns."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.commands.flags import reports_option

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from harness.commands.moves import Move, Moves, Side

CASES = 6
"""Flipped cases that are named per comparison."""


@click.command("compare")
@click.argument("before")
@click.argument("after")
@reports_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def compare_command(before: str, after: str, reports: Path, as_json: bool) -> None:  # noqa: FBT001
    """Compare runs BEFORE and AFTER: what moved, and whether it matters.

    A run is named by its id, its beginning, or its suite; candidates of one
    name are paired, case by case. RUN:CANDIDATE compares single candidates:

    \b
    bench compare 3f2a 9c41
    bench compare 3f2a:lora 3f2a:base
    """  # noqa: D301 - click knows \b by the character itself
    from harness.commands.moves import compare_runs
    from harness.commands.running import print_json

    found = compare_runs(side_of(reports, before), side_of(reports, after))
    if as_json:
        print_json(found.data())
    else:
        print_moves(found)


def side_of(reports: Path, text: str) -> "Side":
    """`RUN` or `RUN:CANDIDATE`; UsageError where there is no such run or candidate."""
    from harness.commands.moves import Side
    from harness.commands.views import find_run

    run, colon, candidate = text.rpartition(":")
    if not colon or Path(text).exists():
        return Side(find_run(reports, text))
    side = Side(find_run(reports, run or "latest"), candidate)
    side.result(candidate)
    return side


def print_moves(found: "Moves") -> None:
    """The sentence, what is different about the runs, then what moved and in which cases."""
    from rich.table import Table
    from rich.text import Text

    from harness.commands.views import console

    out = console()
    out.print(Text(f"{found.sentence}.", "bold"))
    for note in found.notes:
        out.print(Text(f"- {note}"))
    moved = [m for m in found.moves if m.flipped or m.comparison.slice != "all"]
    if not moved:
        return
    table = Table(box=None, padding=(0, 1, 0, 0))
    for head in ("candidate", "task, metric", "change, 95 % interval", "n", "+/-", "reads as"):
        table.add_column(head, overflow="fold", justify="right" if head in ("n", "+/-") else "left")
    for move in sorted(moved, key=_order):
        table.add_row(*_row(move))
    out.print()
    out.print(table)
    flips = [move for move in moved if move.flipped]
    for move in flips:
        _cases(out, move)
    if flips:
        out.print(Text(f"one case: bench show CASE-ID --run {found.after.partition(':')[0]}"))


def _order(move: "Move") -> tuple[bool, bool, str]:
    row = move.comparison
    return (move.matters not in ("better", "worse"), row.slice != "all", row.candidate)


def _row(move: "Move") -> list["Text"]:
    from rich.text import Text

    row = move.comparison
    part = "" if row.slice == "all" else f" [{row.slice}]"
    counts = f"{len(move.gained)}/{len(move.lost)}" if not part else f"{row.win}/{row.loss}"
    n = str(row.n) if row.n == row.clusters else f"{row.n} in {row.clusters}"
    style = {"better": "green", "worse": "red"}.get(move.matters, "")
    return [
        Text(row.candidate), Text(f"{row.task}, {row.metric}{part}"), Text(move.change), Text(n),
        Text(counts), Text(move.matters, style),
    ]  # fmt: skip


def _cases(out: "Console", move: "Move") -> None:
    from rich.text import Text

    row = move.comparison
    for word, cases in (
        ("lost", move.lost),
        ("gained", move.gained),
        ("one side", move.unmeasured),
    ):
        if cases:
            more = f" and {len(cases) - CASES} more" if len(cases) > CASES else ""
            named = ", ".join(cases[:CASES]) + more
            out.print(Text(f"{row.candidate}, {row.metric}, {word}: {named}"))
