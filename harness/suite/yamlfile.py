"""YAML with the line of every key, so that a message can point at it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from yaml.reader import ReaderError

from harness.suite.files import Problems, quote, read_text, shown

Loc = tuple[str | int, ...]
MAX_NODES = 500_000  # what nested aliases may unfold to
MAX_DEPTH = 50


class _Loader(yaml.SafeLoader):
    """SafeLoader that leaves an impossible date as text, for the schema to refuse."""

    def date_or_text(self, node: yaml.ScalarNode) -> Any:
        """The date, or the scalar's own text."""
        try:
            return self.construct_yaml_timestamp(node)
        except ValueError:
            return str(node.value)


# YAML 1.1 wants "5.0e-4"; everybody writes "5e-4", which would be a string
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?[0-9]+(?:\.[0-9]*)?[eE][-+]?[0-9]+$"),
    list("-+0123456789"),
)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.date_or_text)


@dataclass
class YamlFile:
    """A parsed YAML file; `lines` maps a key path to its line, counted from 1."""

    path: Path
    data: Any = None
    lines: dict[Loc, int] = field(default_factory=dict)

    def where(self, loc: Loc = ()) -> str:
        """`file:line` of a key path, or of its nearest parent that is written down."""
        while loc and loc not in self.lines:
            loc = loc[:-1]
        return f"{shown(self.path)}:{self.lines.get(loc, 1)}"

    def below(self, loc: Loc) -> dict[Loc, int]:
        """Lines of everything under a key path, with paths that start there."""
        return {k[len(loc) :]: v for k, v in self.lines.items() if k[: len(loc)] == loc}

    def without_items(self, places: Iterable[Loc]) -> "YamlFile":
        """The lines of what is left where these items of lists are left out, the last first."""
        lines = self.lines
        for loc in places:
            at = loc[-1] if loc else ""
            if isinstance(at, int):
                lines = dict(_closed_up(lines, loc[:-1], at))
        return YamlFile(self.path, self.data, lines)


def _closed_up(lines: dict[Loc, int], parent: Loc, at: int) -> Iterator[tuple[Loc, int]]:
    """The lines without item `at` of a list; later items move up by one."""
    depth = len(parent)
    for loc, line in lines.items():
        index = loc[depth] if loc[:depth] == parent and len(loc) > depth else None
        if not isinstance(index, int) or index < at:
            yield loc, line
        elif index > at:
            yield (*parent, index - 1, *loc[depth + 1 :]), line


def read(path: Path, problems: Problems) -> YamlFile | None:
    """A YAML file's data and lines, or None with the problem noted."""
    text = read_text(path, problems)
    return None if text is None else parse(text, path, problems)


def parse(text: str, path: Path, problems: Problems, first_line: int = 1) -> YamlFile | None:
    """YAML text that starts at `first_line` of `path`; None with the problem noted."""
    found = YamlFile(path)
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return found
        for loc, line, twice in _walk(node):
            if twice:
                place = f"{shown(path)}:{line + first_line}"
                problems.add(f"key {quote(loc[-1])} is written twice", place, "keep one")
            found.lines[loc] = line + first_line
        found.data = loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = (mark.line if mark else 0) + first_line
        reason = error.problem or error.context or "cannot be read"
        if reason == "but found another document":
            reason = "a second document begins here; a file holds one"
        problems.add(f"not valid YAML: {reason}", f"{shown(path)}:{line}")
        return None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + first_line
        reason = f"character {error.character!r} is not allowed"
        problems.add(f"not valid YAML: {reason}", f"{shown(path)}:{line}", "remove it")
        return None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        problems.add(f"not valid YAML: {reason}", f"{shown(path)}:{first_line}")
        return None
    return found


def _walk(root: yaml.Node) -> Iterator[tuple[Loc, int, bool]]:
    """Yield (key path, line from 0, written twice) of every node, depth first."""
    stack: list[tuple[yaml.Node, Loc, int, bool]] = [(root, (), root.start_mark.line, False)]
    count = 0
    while stack:
        node, loc, line, twice = stack.pop()
        yield loc, line, twice
        count += 1
        if count > MAX_NODES or len(loc) > MAX_DEPTH:
            raise ValueError("nested or repeated too much; write it out without aliases")
        if isinstance(node, yaml.MappingNode):
            keys: set[str] = set()
            for key, value in node.value:
                name = str(key.value)
                again = name in keys and name != "<<"
                stack.append((value, (*loc, name), key.start_mark.line, again))
                keys.add(name)
        elif isinstance(node, yaml.SequenceNode):
            for i, value in enumerate(node.value):
                stack.append((value, (*loc, i), value.start_mark.line, False))
