"""The first screen of a run on a terminal: verdict, answer, claims, weaknesses, costs, curves."""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from harness.records import Run
from harness.report import decided, text, view

STYLES = {
    "PASS": "bold green",
    "FAIL": "bold red",
    "INCONCLUSIVE": "bold yellow",
    "ERROR": "bold magenta",
    view.NO_GATE: "bold",
}
_SURE = {"shown": "green", "supported": "bold", "contradicted": "bold", "leaning": "yellow"}
Cell = RenderableType


def heading(words: str) -> Text:
    """A section's title, one blank line above."""
    return Text(f"\n{words.upper()}", style="bold")


def lines(rows: Iterable[Sequence[Cell]], widths: tuple[int | None, ...]) -> Table:
    """A borderless grid: fixed columns, then one that wraps."""
    grid = Table.grid(padding=(0, 1), expand=True)
    for width in widths:
        grid.add_column(width=width, ratio=None if width else 1, overflow="fold")
    for row in rows:
        grid.add_row(*row)
    return grid


def inset(rows: Iterable[Sequence[Cell]], widths: tuple[int | None, ...]) -> Padding:
    """The same, two columns from the edge."""
    return Padding(lines(rows, widths), (0, 0, 0, 2))


def header(run: Run) -> Iterator[RenderableType]:
    """What was run, the verdict, and on what."""
    word, sentence = view.verdict(run)
    title = f"{text.one_line(run.suite)} · {text.one_line(run.profile)}"
    yield Text.assemble((title, "bold"), "   ", (f"{view.MARKS[word]} {word}", STYLES[word]))
    yield Text(sentence)
    about = dict(view.subject(run))
    yield Text(". ".join(about[key] for key in ("model", "measured", "dates") if key in about))


def _grid(columns: Sequence[tuple[str, int | None, bool]]) -> Table:
    """A table with (title, width, numbers) columns; one without a width takes what is left."""
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False, expand=True)
    for title, width, right in columns:
        table.add_column(
            title,
            width=width,
            ratio=None if width else 1,
            justify="right" if right else "left",
            overflow="fold",
            header_style="dim",
        )
    return table


def answer(run: Run) -> Iterator[RenderableType]:
    """The decision, then per need what to use, how sure, and the level."""
    yield heading("The answer")
    yield Text(decided.headline(run))
    rows = decided.need_rows(run)
    if not rows:
        return
    table = _grid(
        (
            ("need", 15, False),
            ("use", None, False),
            ("how sure", 12, False),
            ("level", 15, True),
            ("target", 6, True),
            ("n", 5, True),
        )
    )
    for need, use, sure, level, target, n in rows:
        cells = (need, use, Text(sure, style=_SURE.get(sure, "")), level, target, n)
        table.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in cells))
    yield Padding(table, (0, 0, 0, 2))
    places = decided.place_rows(run)
    if places:
        yield Text("  decided on:", style="dim")
        yield Padding(lines([(Text(a), Text(b)) for a, b in places], (15, None)), (0, 0, 0, 4))


def claims(run: Run) -> Iterator[RenderableType]:
    """What people say of fine-tuning, and what this run says of that."""
    rows = decided.claim_rows(run)
    if not rows:
        return
    yield heading("Claims about fine-tuning")
    table = _grid(
        (("claim", None, False), ("answer", 12, False), ("effect", 22, True), ("n", 5, True))
    )
    for claim, said, effect, n, pair in rows:
        about = Padding(Text(pair, style="dim"), (0, 0, 0, 2))
        cell = Group(Text(claim), about) if pair else Text(claim)
        table.add_row(cell, Text(said, style=_SURE.get(said, "")), Text(effect), Text(n))
    yield Padding(table, (0, 0, 0, 2))


def broke(run: Run) -> Iterator[RenderableType]:
    """What fine-tuning was shown to lose."""
    yield heading("What it broke")
    found = decided.broke(run)
    if not found:
        yield Text(f"  {decided.NOTHING_BROKE}")
        return
    rows = [(Text("-"), Text(text.one_line(one.sentence))) for one in found[: decided.MOST_BROKE]]
    if left := len(found) - decided.MOST_BROKE:
        rows += [(Text("…"), Text(f"{left} more below"))] if left > 0 else []
    yield inset(rows, (1, None))


def money(run: Run) -> Iterator[RenderableType]:
    """Costs and break-even in a paragraph."""
    if decided.is_old(run):
        return
    yield heading("Cost and break-even")
    yield Padding(Text(decided.cost_line(run)), (0, 0, 0, 2))


def curves(run: Run) -> Iterator[RenderableType]:
    """A sentence per learning curve."""
    if run.curves:
        yield heading("Learning curves")
        rows = [(Text("-"), Text(text.one_line(one.sentence))) for one in run.curves]
        yield inset(rows, (1, None))


def where(run: Run) -> Iterator[RenderableType]:
    """One failing answer for each weakness, as a command."""
    found = [one for one in decided.weaknesses(run) if one.case]
    if not found:
        return
    yield heading("Where to look")
    seen: dict[str, list[str]] = {}
    for one in found:
        seen.setdefault(decided.show(one.case, run), []).append(one.kind)
    rows = [(Text(", ".join(dict.fromkeys(kinds))), Text(said)) for said, kinds in seen.items()]
    yield inset(rows, (22, None))


def first(run: Run) -> Iterator[RenderableType]:
    """The whole first screen."""
    for part in (header, answer, claims, broke, money, curves, where):
        yield from part(run)
