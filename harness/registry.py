"""Name -> "module:attribute". The only place that is lazy by name.

Installed packages add entries through the entry points `bench.scorers`, `bench.retrievers`,
`bench.engines`, `bench.reports`, `bench.exports` and `bench.executors`; docs/extending.md shows
how. They are looked up once, and nothing of a package is imported before it is used.
"""

import ast
import importlib
import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, NamedTuple

from harness.errors import BenchError, MachineError, UnknownNameError, UsageError

# bench's own entries; whoever wants to know what there is asks `names` or `known`
TABLES: dict[str, dict[str, str]] = {
    "scorer": {
        "style": "harness.score.style:Style",
        "terminology": "harness.score.terminology:Terminology",
        "recency": "harness.score.recency:Recency",
        "rouge": "harness.score.rouge:Rouge",
        "drafting": "harness.score.drafting:Drafting",
        "abstention": "harness.score.abstention:Abstention",
        "context": "harness.score.context:Context",
        "regression": "harness.score.regression:Regression",
        "choice": "harness.score.choice:Choice",
        "retrieval": "harness.score.retrieval:Retrieval",
        "judge": "harness.score.judge:Judge",
        "evaluate": "harness.score.hf_scorer:Evaluate",
    },
    "engine": {
        "vllm": "harness.serve.vllm_engine:VllmEngine",
        "transformers": "harness.serve.transformers_engine:TransformersEngine",
        "endpoint": "harness.serve.endpoint:EndpointEngine",
        "replay": "harness.serve.replay:ReplayEngine",
    },
    "retriever": {
        "bm25": "harness.retrieve.bm25:Bm25",
        "dense": "harness.retrieve.dense:Dense",
        "hybrid": "harness.retrieve.hybrid:Hybrid",
    },
    "report": {
        "json": "harness.report.json:JsonReport",
        "markdown": "harness.report.markdown:MarkdownReport",
        "html": "harness.report.html:HtmlReport",
        "csv": "harness.report.csv:CsvReport",
        "parquet": "harness.report.parquet:ParquetReport",
        "terminal": "harness.report.terminal:TerminalReport",
        "junit": "harness.report.junit:JunitReport",
    },
    "export": {
        "inspect": "harness.report.exports.inspect_log:InspectExport",
        "lm-eval": "harness.report.exports.lm_eval:LmEvalExport",
        "model-card": "harness.report.exports.model_card:ModelCardExport",
        "mlflow": "harness.report.exports.mlflow_runs:MlflowExport",
        "parquet": "harness.report.exports.tables:ParquetExport",
        "csv": "harness.report.exports.tables:CsvExport",
    },
    "executor": {
        "subprocess": "harness.executors:Subprocess",
        "inline": "harness.executors:Inline",
    },
}


KINDS = tuple(TABLES)


class Entry(NamedTuple):
    """What stands behind a name: "module:attribute", and the package that brings it ('': bench)."""

    target: str
    package: str = ""

    def __str__(self) -> str:
        return f"{self.target} of {self.package or 'bench'}"


def names(kind: str) -> list[str]:
    """The registered names of a kind: bench's own in their order, then those of packages."""
    return list(known(kind))


def known(kind: str) -> dict[str, list[Entry]]:
    """Name -> all entries of that name. More than one is a clash, which `load` refuses."""
    found = {name: [Entry(target)] for name, target in TABLES[kind].items()}
    for name, entry in _brought(kind):
        found.setdefault(name, []).append(entry)
    return found


def entry(kind: str, name: str, *, where: str = "") -> Entry:
    """What stands behind a name; nothing is imported.

    Raises:
        UnknownNameError: there is none; names the nearest valid one.
        UsageError: two packages, or a package and bench, use the name.
    """
    entries = known(kind).get(name)
    if entries is None:
        raise UnknownNameError(kind, name, names(kind), where=where)
    if len(entries) > 1:
        raise UsageError(
            f"{len(entries)} {kind}s are named '{name}': {' and '.join(map(str, entries))}",
            where=where,
            remedy=f"uninstall {entries[-1].package}, or rename its entry point",
        )
    return entries[0]


def load(kind: str, name: str, *, where: str = "") -> Any:
    """The class behind a name.

    Raises:
        UsageError: as `entry` does.
        MachineError: a package's entry cannot be imported.
    """
    found = entry(kind, name, where=where)
    module, _, attribute = found.target.partition(":")
    if not found.package:
        return getattr(importlib.import_module(module), attribute)
    try:
        return getattr(importlib.import_module(module), attribute)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise MachineError(
            f"{kind} '{name}' cannot be loaded: {found} ({reason})",
            where=where,
            remedy=f"repair or uninstall {found.package}",
        ) from error


@contextmanager
def blaming(kind: str, name: str) -> Iterator[None]:
    """What goes wrong inside is said to be the package's that brings the entry, if one does.

    Raises:
        MachineError: the entry is a package's, and failed with an error that bench has no word for.
    """
    try:
        yield
    except (BenchError, ValueError):
        raise
    except Exception as error:
        found = known(kind)[name][0]
        if not found.package:
            raise
        raise MachineError(
            f"{kind} '{name}' failed: {found} ({type(error).__name__}: {error})",
            remedy=f"repair or uninstall {found.package}",
        ) from error


def describe(kind: str, name: str) -> str:
    """An entry's one-line `description`, read from its source: importing all takes seconds.

    Of a package's entry the package is said too, and of a clash both sides.
    """
    entries = known(kind)[name]
    if len(entries) > 1:
        return f"cannot be used: {' and '.join(map(str, entries))} have this name"
    about = _description(entries[0].target)
    package = entries[0].package
    return f"{about} ({package})".strip() if package else about


@cache
def _brought(kind: str) -> tuple[tuple[str, Entry], ...]:
    """Entries of installed packages, by name and package."""
    found = {
        (point.name, Entry(point.value.partition("[")[0].strip(), _package(point)))
        for point in entry_points(group=f"bench.{kind}s")
    }
    return tuple(sorted(found, key=lambda one: (one[0], one[1].package, one[1].target)))


def _package(point: Any) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else "an unnamed package"


def _description(target: str) -> str:
    module, _, attribute = target.partition(":")
    try:
        spec = importlib.util.find_spec(module)
        source = Path(spec.origin).read_text(encoding="utf-8") if spec and spec.origin else ""
        tree = ast.parse(source)
    except Exception:  # noqa: BLE001 - a package that is broken is listed all the same
        return ""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == attribute:
            return next(filter(None, map(_said, node.body)), "")
    return ""


def _said(line: ast.stmt) -> str:
    """The text of a class body's line `description = "..."`, annotated or not."""
    if isinstance(line, ast.AnnAssign | ast.Assign) and isinstance(line.value, ast.Constant):
        targets = line.targets if isinstance(line, ast.Assign) else [line.target]
        if [ast.unparse(target) for target in targets] == ["description"]:
            return str(line.value.value)
    return ""
