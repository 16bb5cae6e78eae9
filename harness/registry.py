"""Name -> "module:attribute". The only place that is lazy by name."""

import ast
import importlib
import importlib.util
from pathlib import Path
from typing import Any

from harness.errors import UnknownNameError

TABLES: dict[str, dict[str, str]] = {
    "scorer": {
        "style": "harness.score.style:Style",
        "terminology": "harness.score.terminology:Terminology",
        "recency": "harness.score.recency:Recency",
        "rouge": "harness.score.rouge:Rouge",
    },
    "engine": {
        "vllm": "harness.serve.vllm_engine:VllmEngine",
        "transformers": "harness.serve.transformers_engine:TransformersEngine",
    },
    "retriever": {"bm25": "harness.retrieve.bm25:Bm25"},
    "report": {
        "json": "harness.report.json:JsonReport",
        "markdown": "harness.report.markdown:MarkdownReport",
        "html": "harness.report.html:HtmlReport",
        "csv": "harness.report.csv:CsvReport",
        "terminal": "harness.report.terminal:TerminalReport",
        "junit": "harness.report.junit:JunitReport",
    },
    "executor": {
        "subprocess": "harness.executors:Subprocess",
        "inline": "harness.executors:Inline",
    },
}


def names(kind: str) -> list[str]:
    """The registered names of a kind, in the order they are listed."""
    return list(TABLES[kind])


def load(kind: str, name: str, *, where: str = "") -> Any:
    """The class behind a name; UnknownNameError names the nearest valid one."""
    table = TABLES[kind]
    if name not in table:
        raise UnknownNameError(kind, name, table, where=where)
    module, _, attribute = table[name].partition(":")
    return getattr(importlib.import_module(module), attribute)


def describe(kind: str, name: str) -> str:
    """An entry's one-line `description`, read from its source: importing all takes seconds."""
    module, _, attribute = TABLES[kind][name].partition(":")
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        return ""
    for node in ast.parse(Path(spec.origin).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and node.name == attribute:
            for line in node.body:
                if isinstance(line, ast.AnnAssign) and ast.unparse(line.target) == "description":
                    return str(ast.literal_eval(line.value)) if line.value else ""
    return ""
