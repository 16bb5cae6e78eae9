"""Name -> "module:attribute". The only place that is lazy by name."""

import importlib
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
