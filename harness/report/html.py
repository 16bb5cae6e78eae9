"""report.html: one self-contained page that asks nothing of the network."""

from pathlib import Path
from typing import Any, ClassVar

from jinja2 import Environment, PackageLoader, StrictUndefined

from harness.records import Run
from harness.report import casedata, page, text

LIMIT = 2_900_000
LEAST_DATA = 1_000_000
# escaped text cannot hold this, so the data have one place to go
_DATA_TAG = '<script type="application/json" id="data">'


def _finalize(value: Any) -> Any:
    """Control characters become pictures before a value is escaped."""
    return text.visible(value) if type(value) is str else value


def environment() -> Environment:
    """Templates that escape everything: what a model said is untrusted."""
    return Environment(
        loader=PackageLoader("harness.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )


def render(run: Run) -> str:
    """The page of a run; the case data take the room that the tables leave below LIMIT."""
    tables = environment().get_template("report.html.j2").render(**page.build(run))
    head, tag, tail = tables.partition(_DATA_TAG)
    room = LIMIT - len(tables.encode("utf-8", "replace"))
    # casedata escapes <, > and & itself: HTML escapes would be no JSON
    return f"{head}{tag}{casedata.embed(run, max(room, LEAST_DATA))}{tail}"


class HtmlReport:
    """Writes the page to open in a meeting."""

    description: ClassVar[str] = "one page with every number and the answers behind it"
    filename: ClassVar[str] = "report.html"

    def write(self, run: Run, folder: Path) -> Path:
        """Write `report.html` into `folder`."""
        return text.save(folder / self.filename, render(run))
