"""report.html: one self-contained page that asks nothing of the network.

A run whose texts do not fit has them in a folder beside it, which the page alone reads.
"""

import base64
import hashlib
import re
from pathlib import Path
from typing import Any, ClassVar

from jinja2 import Environment, PackageLoader, StrictUndefined

from harness.errors import from_os_error
from harness.records import Run
from harness.report import casedata, page, text

LIMIT = 2_900_000
LEAST_DATA = 1_000_000
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_ANY_SCRIPT = "script-src 'unsafe-inline'"
_PART = re.compile(r"index\.js|\d{4,}\.js")
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
    return pages(run)[0]


def pages(run: Run) -> tuple[str, dict[str, str]]:
    """The page of a run, and the files that belong into `casedata.FOLDER` beside it, by name."""
    tables = environment().get_template("report.html.j2").render(**page.build(run))
    room = LIMIT - len(tables.encode("utf-8", "replace"))
    cases = casedata.embed(run, max(room, LEAST_DATA))
    head, tag, tail = _allow(tables, beside=bool(cases.files)).partition(_DATA_TAG)
    # casedata escapes <, > and & itself: HTML escapes would be no JSON
    return f"{head}{tag}{cases.data}{tail}", cases.files


def _allow(source: str, *, beside: bool) -> str:
    """The page with a policy that names its own scripts by their hashes: no other one runs."""
    codes = [hashlib.sha256(code.encode("utf-8", "replace")) for code in _SCRIPT.findall(source)]
    allowed = [f"'sha256-{base64.b64encode(code.digest()).decode()}'" for code in codes]
    # a page that was opened from a disk has no origin, so 'self' means nothing to some browsers
    allowed += ["'self'", "file:"] if beside else []
    return source.replace(_ANY_SCRIPT, f"script-src {' '.join(allowed)}", 1)


def _tidy(folder: Path, files: dict[str, str]) -> None:
    """Remove the parts of an earlier rendering."""
    for old in folder.glob("*.js"):
        if old.name not in files and _PART.fullmatch(old.name):
            old.unlink()
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


class HtmlReport:
    """Writes the page to open in a meeting."""

    description: ClassVar[str] = "one page with every number and the answers behind it"
    filename: ClassVar[str] = "report.html"

    def write(self, run: Run, folder: Path) -> Path:
        """Write `report.html` into `folder`, and for a large run the folder of its texts."""
        source, files = pages(run)
        beside = folder / casedata.FOLDER
        try:
            if files:
                beside.mkdir(exist_ok=True)
            for name, content in files.items():
                text.save(beside / name, content)
            _tidy(beside, files)
        except OSError as error:
            raise from_os_error(error, f"writing {casedata.FOLDER}") from error
        return text.save(folder / self.filename, source)
