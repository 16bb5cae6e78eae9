"""A run on a terminal, at most 80 columns; report.txt holds the same without colour."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from harness.records import Finding, Run
from harness.report import decided, expected, scope, screen, text, view
from harness.report.screen import STYLES as _STYLES
from harness.report.screen import heading as _heading
from harness.report.screen import inset as _inset
from harness.report.screen import lines as _lines

WIDTH = 80
_NAME_LIMIT = 22


def _needs(run: Run) -> Iterator[RenderableType]:
    """Per need why, and what would change it."""
    if run.decision is None:
        return
    yield _heading("Why")
    for need in run.decision.needs:
        change = f" {text.one_line(need.change)}" if need.change else ""
        said = f"{text.one_line(need.why)}{change}"
        yield _inset([(Text(need.need, style="bold"), Text(said))], (15, None))
    if run.decision.sensitivity:
        yield _heading("What would change the answer")
        yield _inset(
            [(Text("-"), Text(text.one_line(line))) for line in run.decision.sensitivity], (1, None)
        )


def _claims(run: Run) -> Iterator[RenderableType]:
    if run.claims:
        yield _heading("The claims in words")
        rows = [(Text(one.answer), Text(text.one_line(one.sentence))) for one in run.claims]
        yield _inset(rows, (12, None))


def _money(run: Run) -> Iterator[RenderableType]:
    """The figures of costs and break-even, and what they rest on."""
    if run.break_even is None:
        return
    yield _heading("Fine-tuning against RAG in money")
    yield _inset(
        ((Text(label), Text(words)) for label, words in decided.cost_rows(run)), (32, None)
    )
    yield Text("What this rests on:")
    rows = [(Text(a), Text(b), Text(c)) for a, b, c in decided.price_rows(run)]
    yield _inset(rows, (22, 26, None))
    yield _inset([(Text("-"), Text(text.one_line(n))) for n in run.break_even.notes], (1, None))


def _curves(run: Run) -> Iterator[RenderableType]:
    """What each learning curve needs for its target."""
    rows = decided.curve_rows(run)
    if rows:
        yield _heading("What the targets need")
        found = [
            (Text(need), Text(f"{place}: {target or 'no target'} needs {words} ({trained})"))
            for need, place, target, words, trained in rows
        ]
        yield _inset(found, (15, None))


def _subject(run: Run) -> Iterator[RenderableType]:
    yield _heading("What was measured")
    if run.description:
        yield Text(text.one_line(run.description))
    rows: list[tuple[RenderableType, ...]] = [
        (Text(label, style="dim"), Text(words)) for label, words in view.subject(run)
    ]
    yield _lines(rows, (9, None))


def _finding(finding: Finding) -> tuple[RenderableType, ...]:
    style = "" if finding.answer == "not shown" else "bold"
    return (Text(finding.answer, style=style), Text(text.one_line(finding.sentence)))


def _findings(run: Run) -> Iterator[RenderableType]:
    for title, members in view.groups(run):
        yield _heading(title)
        if members:
            shown, left = view.digest(members)
            rows = [_finding(item) for item in shown]
            if left:
                rows.append((Text("…"), Text(f"{view.more_text(left)}: report.html")))
            yield Padding(_lines(rows, (12, None)), (0, 0, 0, 2))
        else:
            yield Text("  This run tested no such claim.")


def _expected(run: Run) -> Iterator[RenderableType]:
    if not run.phenomena:
        return
    yield _heading(expected.TITLE)
    yield Text(expected.lead(run))
    rows: list[tuple[RenderableType, ...]] = [
        (
            Text(one.verdict, style="" if one.verdict.startswith("not") else "bold"),
            Text(text.one_line(f"{expected.name(one)}: {one.sentence}")),
        )
        for one in run.phenomena
    ]
    yield Padding(_lines(rows, (12, None)), (0, 0, 0, 2))


def _advice(run: Run) -> Iterator[RenderableType]:
    if not run.advice:
        return
    yield _heading(decided.advice_title(run))
    rows: list[tuple[RenderableType, ...]] = [
        (Text(f"{place}."), Text(text.one_line(words)))
        for place, words in enumerate(run.advice, start=1)
    ]
    yield Padding(_lines(rows, (2, None)), (0, 0, 0, 2))


Column = tuple[str, list[str]]


def _columns(run: Run, task: str) -> Iterator[Column]:
    """Heading and cells, one per candidate, of a task's table."""
    names = view.task_candidates(run, task)
    summaries = view.summary_map(run)
    for metric, part in view.columns(run, task):
        found = [summaries.get((task, metric.name, part, name)) for name in names]
        cells = [
            text.estimate(item.mean, item.low, item.high, metric) if item else "" for item in found
        ]
        yield view.column_title(metric, part), cells


def _chunks(columns: Iterator[Column], room: int) -> Iterator[list[Column]]:
    """Columns in parts that each fit into `room` characters."""
    part: list[Column] = []
    used = 0
    for title, cells in columns:
        width = max(map(cell_len, (*title.split(" "), *cells))) + 2
        if part and used + width > room:
            yield part
            part, used = [], 0
        part.append((title, cells))
        used += width
    if part:
        yield part


def _task(run: Run, task: str) -> Iterator[RenderableType]:
    names = [text.one_line(name) for name in view.task_candidates(run, task)]
    head = f"\n{text.one_line(task)} ({scope.cases_text(run, task)})"
    about = text.one_line(run.tasks.get(task, ""))
    yield Text(f"{head}: {about}" if about else head)
    if not names:
        yield Text("  No answers.")
    width = max(9, min(max(map(cell_len, names), default=0), _NAME_LIMIT))
    for part in _chunks(_columns(run, task), WIDTH - width - 4):
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_edge=False)
        table.add_column("candidate", width=width, overflow="fold", header_style="dim")
        for title, cells in part:
            least = max(map(cell_len, (*title.split(" "), *cells)))
            table.add_column(
                Text(title), justify="right", overflow="fold", header_style="dim", width=least
            )
        for row, name in enumerate(names):
            table.add_row(Text(name), *(Text(cells[row]) for _, cells in part))
        yield Padding(table, (0, 0, 0, 2))


def _results(run: Run) -> Iterator[RenderableType]:
    yield _heading("Results")
    yield Text(f"Means with 95 % intervals. {scope.WEIGHTS}")
    for task in view.task_names(run):
        yield from _task(run, task)


def _methods(run: Run) -> Iterator[RenderableType]:
    rows: list[tuple[RenderableType, ...]] = [
        (Text("-"), Text(text.one_line(line))) for line in scope.method_lines(run)
    ]
    if rows:
        yield _heading(scope.METHODS)
        yield Text(scope.METHODS_LEAD)
        yield Padding(_lines(rows, (1, None)), (0, 0, 0, 2))


def _gate(run: Run) -> Iterator[RenderableType]:
    word, sentence = view.verdict(run)
    yield Text.assemble("\n", ("GATE ", "bold"), (f"{view.MARKS[word]} {word}", _STYLES[word]))
    yield Text(sentence)
    metrics = view.metric_map(run)
    rows: list[tuple[RenderableType, ...]] = []
    for result in run.gate.rules if run.gate else ():
        mark = f"{view.MARKS[result.verdict]} {result.verdict}"
        said = text.rule(result.rule, metrics[result.rule.metric])
        body = Text(text.one_line(said))
        if result.reason:
            body.append(f"\n{text.one_line(result.reason)}", style="dim")
        rows.append((Text(mark, style=_STYLES[result.verdict]), body))
    if rows:
        yield Padding(_lines(rows, (14, None)), (0, 0, 0, 2))
    notes: list[tuple[RenderableType, ...]] = [
        (Text("-"), Text(words)) for words in view.gate_notes(run)
    ]
    if notes:
        yield Padding(_lines(notes, (1, None)), (0, 0, 0, 2))


def _warnings(run: Run) -> Iterator[RenderableType]:
    if run.warnings:
        yield _heading("Warnings")
        rows: list[tuple[RenderableType, ...]] = [
            (Text("!"), Text(text.one_line(words))) for words in run.warnings
        ]
        yield Padding(_lines(rows, (1, None)), (0, 0, 0, 2))


def _notes(run: Run) -> Iterator[RenderableType]:
    if run.notes:
        yield _heading("How this was measured")
        rows: list[tuple[RenderableType, ...]] = [
            (Text("-"), Text(text.one_line(words))) for words in run.notes
        ]
        yield Padding(_lines(rows, (1, None)), (0, 0, 0, 2))


def _parts(run: Run) -> Iterator[RenderableType]:
    run = view.without_curves(run)
    yield from screen.first(run)
    why = (_needs, _claims, _findings, _advice, _expected, _curves, _money)
    for section in (*why, _results, _methods, _gate, _warnings, _subject, _notes):
        yield from section(run)


def render(run: Run, console: Console) -> None:
    """Print a run, 80 columns wide at most; `console` decides about colour."""
    width = min(console.width, WIDTH)
    if console.encoding.lower().replace("-", "").startswith("utf"):
        for part in _parts(run):
            console.print(part, width=width, highlight=False, markup=False, emoji=False)
        return
    # a terminal that cannot show a character gets '?' in its place, not a crash
    plain = plain_text(run, width).encode(console.encoding, "replace").decode(console.encoding)
    console.file.write(plain)


def plain_text(run: Run, width: int = WIDTH) -> str:
    """What `render` prints, without colour and trailing blanks."""
    out = io.StringIO()
    console = Console(
        file=out, width=width, color_system=None, force_terminal=False, legacy_windows=False
    )
    render(run, console)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


class TerminalReport:
    """Writes what the terminal shows."""

    description: ClassVar[str] = "what the terminal shows, as plain text (report.txt)"
    filename: ClassVar[str] = "report.txt"

    def write(self, run: Run, folder: Path) -> Path:
        """Write `report.txt` into `folder`: no colour, 80 columns."""
        return text.save(folder / self.filename, plain_text(run))
