"""report.md: a run as a pull-request comment, one screen and then folds."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from harness.records import Run
from harness.report import decided, folds, text, view
from harness.report.text import markdown

# a pull-request comment holds 65,536 characters, one line of them for what is left out
_ROOM = 65_000


def _top(run: Run) -> Iterator[str]:
    word, sentence = view.verdict(run)
    title = f"{markdown(run.suite)} ({markdown(run.profile)})"
    yield f"## {view.MARKS[word]} {word}: {title}"
    yield ""
    yield f"**{markdown(decided.headline(run))}**"
    yield ""
    about = dict(view.subject(run))
    parts = [sentence, f"{about['measured']}.", f"Model: {about['model']}."]
    parts += [f"{about['dates'].capitalize()}."] if "dates" in about else []
    yield " ".join(markdown(part) for part in parts)


def _needs(run: Run) -> Iterator[str]:
    places = dict(decided.place_rows(run))
    rows = [(*row, places.get(row[0], "")) for row in decided.need_rows(run)]
    if rows:
        yield ""
        columns = ("need", "use", "how sure", "level", "target", "n", "decided on")
        yield from folds.table(columns, rows, (3, 4, 5))


def _limits(run: Run) -> Iterator[str]:
    """What it cannot do: needs that are not shown to be met, and what fine-tuning lost."""
    found = decided.weaknesses(run)
    yield from ("", "**What it cannot do**", "")
    for one in found:
        shown = f" See `{decided.show(one.case, run).replace('`', '')}`." if one.case else ""
        yield f"- **{one.kind}**: {markdown(one.sentence)}{shown}"
    if not found:
        yield f"- {decided.NOTHING_BROKE}"


def _advice(run: Run) -> Iterator[str]:
    """What findings advise, where no decision does."""
    if run.decision is None:
        yield from folds.advice(run)


def render(run: Run) -> str:
    """The Markdown of a run."""
    run = view.without_curves(run)
    screen = [line for part in (_top, _needs, _limits, _advice) for line in part(run)]
    room = _ROOM - sum(len(line) + 1 for line in screen)
    return "\n".join((*screen, *folds.every(run, room))) + "\n"


class MarkdownReport:
    """Writes a pull-request comment."""

    description: ClassVar[str] = "a pull-request comment with folded details (report.md)"
    filename: ClassVar[str] = "report.md"

    def write(self, run: Run, folder: Path) -> Path:
        """Write `report.md` into `folder`."""
        return text.save(folder / self.filename, render(run))
