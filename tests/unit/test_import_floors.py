"""A module imports only from lower floors, and a stage never from another stage.

Read from the source, so that an import inside a function counts too.
"""

import ast
from pathlib import Path

import pytest

import harness

ROOT = Path(harness.__file__).parent
STAGES = ("suite", "train", "retrieve", "serve", "score", "compare", "report", "gate")
# lowest first; modules of one line may import those to their left
FLOORS = (
    ("errors", "records", "protocols", "figures"),
    ("registry", "store", "console", "executors", "warden", "template", "hub", "models", "outside"),
    STAGES,
    (
        "asking",
        "lessons",
        "served",
        "plan",
        "replaying",
        "splitting",
        "spreading",
        "training",
        "failing",
        "requests",
        "ledger",
        "scoring",
        "supervising",
        "jobs",
        "answering",
        "panel",
        "judging",
        "judge_notes",
        "pins",
        "unlike",
        "baselines",
        "shipped",
        "preparing",
        "sweeping",
        "verdict",
        "history",
        "concluding",
        "pipeline",
    ),
    ("outlet", "commands", "results", "cli"),
)
ORDER = [name for floor in FLOORS for name in floor]
LENT_TO_STAGES = {
    "errors",
    "records",
    "protocols",
    "figures",
    "registry",
    "store",
    "console",
    "template",
    "hub",
}


def modules() -> dict[str, str]:
    """Dotted name below `harness` -> source text, of every module."""
    paths = [path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py"]
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path.read_text(encoding="utf-8")
        for path in paths
    }


def imports(name: str, source: str) -> list[tuple[int, str]]:
    """Line and dotted name below `harness` of every import, at any depth of the source."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = ["harness", *name.split(".")][: -node.level] if node.level else []
            start = ".".join([*above, *([node.module] if node.module else [])])
            whole = start == "harness"  # from harness import x: x is the module
            found += [(node.lineno, f"{start}.{a.name}" if whole else start) for a in node.names]
    return [
        (line, text.removeprefix("harness.")) for line, text in found if text.startswith("harness.")
    ]


def broken(name: str, source: str) -> list[str]:
    """Every import of a module that goes sideways or up."""
    own = name.split(".", maxsplit=1)[0]
    problems = []
    for line, target in imports(name, source):
        top = target.split(".")[0]
        if top in (own, "__version__"):
            continue
        if own in STAGES:
            fine = top in LENT_TO_STAGES
        else:
            fine = top in ORDER and ORDER.index(top) < ORDER.index(own)
        if not fine:
            problems.append(f"{name}:{line} imports {target}")
    return problems


def test_every_module_stands_on_a_floor() -> None:
    assert {name.split(".")[0] for name in modules()} == set(ORDER)


@pytest.mark.parametrize("name", sorted(modules()))
def test_no_import_goes_sideways_or_up(name: str) -> None:
    assert broken(name, modules()[name]) == []


@pytest.mark.parametrize(
    "name, source, caught",
    [
        ("score.style", "from harness.compare.words import x", "compare.words"),
        ("score.style", "import harness.gate.judge", "gate.judge"),
        ("score.style", "from harness import pipeline", "pipeline"),
        ("score.style", "from harness import executors", "executors"),
        ("score.style", "def f():\n    from harness.train import lora", "train"),
        ("score.style", "from ..report import html", "report"),
        ("errors", "from harness.records import Row", None),
        ("records", "from harness.errors import BenchError", "ok"),
        ("store", "from harness.models import resolve", "models"),
        ("plan", "from harness.pipeline import run", "pipeline"),
        ("pipeline", "if True:\n    import harness.cli", "cli"),
        ("suite.load", "from harness.suite.spec import x\nfrom harness.errors import y", "ok"),
        ("serve.worker", "import torch\nfrom os import path", "ok"),
        ("cli", "from harness import __version__, pipeline", "ok"),
    ],
)
def test_a_planted_import_is_judged_by_its_floor(
    name: str, source: str, caught: str | None
) -> None:
    found = broken(name, source)
    if caught == "ok":
        assert found == []
    else:
        assert [line.split(" imports ")[1] for line in found] == [caught or "records"]


def test_packages_hold_only_a_docstring() -> None:
    """The root also names its version; the records are one module in several files."""
    for path in set(ROOT.rglob("__init__.py")) - {ROOT / "records" / "__init__.py"}:
        body = ast.parse(path.read_text(encoding="utf-8")).body
        allowed = [ast.Expr, ast.Assign] if path.parent == ROOT else [ast.Expr]
        assert [type(node) for node in body] == allowed, path
