"""Progress and logs for a person, on standard error; quiet when piped."""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from harness.errors import BenchError


def printable(text: str) -> str:
    """The text without control characters: no file or model steers the terminal."""
    return "".join(c for c in text if c == "\n" or unicodedata.category(c) != "Cc")


def many(number: int, noun: str) -> str:
    """A number with its noun: "1 case", "2,000 cases"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


class Log:
    """What a run tells while it works. `quiet` keeps errors only."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.console = Console(stderr=True, highlight=False, soft_wrap=True)
        self.quiet = quiet
        self.animated = self.console.is_terminal and not quiet

    def say(self, text: str) -> None:
        """A plain line."""
        if not self.quiet:
            self.console.print(Text(printable(text)))

    def stage(self, name: str, text: str) -> None:
        """A line that opens a stage."""
        if not self.quiet:
            self.console.print(Text.assemble((f"{name:<9}", "bold cyan"), f" {printable(text)}"))

    def caution(self, text: str) -> None:
        """A warning; also kept in the run's record by the caller."""
        if not self.quiet:
            self.console.print(Text.assemble(("warning", "yellow"), f"   {printable(text)}"))

    @contextmanager
    def progress(self, what: str, total: float) -> "Iterator[Bar]":
        """A bar with ETA on a terminal; nothing when piped."""
        columns = (
            TextColumn("          {task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("ETA"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        )
        with Progress(
            *columns, console=self.console, transient=True, disable=not self.animated
        ) as bars:
            yield Bar(bars, bars.add_task(escape(what), total=total, note=""))


class Bar:
    """One progress bar."""

    def __init__(self, bars: Progress, task: TaskID) -> None:
        self._bars = bars
        self._task = task

    def advance(self, by: float = 1, note: str | None = None) -> None:
        """Move on by `by` units; `note` is shown at the end of the line."""
        self._bars.advance(self._task, by)
        if note is not None:
            self._bars.update(self._task, note=note)

    def set(self, done: float, total: float | None = None, note: str | None = None) -> None:
        """Say how much is done in all."""
        self._bars.update(self._task, completed=done)
        if total is not None:
            self._bars.update(self._task, total=total)
        if note is not None:
            self._bars.update(self._task, note=note)


def show_error(error: BenchError) -> None:
    """Every problem on one line, on standard error."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for problem in error.problems:
        console.print(Text.assemble(("error", "bold red"), f" {printable(str(problem))}"))
    if len(error.problems) > 1:
        console.print(f"{len(error.problems)} problems")
