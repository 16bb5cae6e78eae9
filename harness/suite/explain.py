"""Say in one line what a schema found wrong, where, and what to write instead."""

import copy
import re
from collections.abc import Callable, Mapping
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from harness.errors import nearest, unknown_remedy
from harness.suite.files import Problems, quote
from harness.suite.scalars import UNSHOWN
from harness.suite.yamlfile import Loc

Model = TypeVar("Model", bound=BaseModel)


PLAIN = {  # what people call pydantic's types
    "a valid string": "text",
    "a valid dictionary or instance of": "a mapping: one",
    "a valid dictionary": "a mapping",
    "a valid list": "a list",
    "a valid tuple": "a list",
    "a valid integer": "a whole number",
    "a valid number": "a number",
    "a valid boolean, unable to interpret input": "true or false",
    "a valid boolean": "true or false",
}
Where = Callable[[Loc], str]


def always(place: str) -> Where:
    """The same place for every key path: a JSONL row is one line."""
    return lambda _: place


def validate(model: type[Model], data: Any, where: Where, problems: Problems) -> Model | None:
    """`data` as a `model`, or None with every problem noted; `where` places a key path."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        meant = {
            (*loc[:-1], nearest(str(loc[-1]), keys_at(model, loc[:-1])))
            for loc in (found["loc"] for found in errors if found["type"] == "extra_forbidden")
        }
        for found in errors:
            # a misspelt key is one fault, not also a missing one
            if found["type"] != "missing" or found["loc"] not in meant:
                _note(model, found, where, problems)
        return None


def faulty(model: type[Model], data: dict[str, Any], depths: Mapping[Loc, int]) -> list[Loc]:
    """Key paths of what is wrong and may be left out, the last of a list first; () may not.

    `depths` says for the first parts of a key path ('' stands for any) how many parts of it
    lead to what is left out whole.
    """
    try:
        model.model_validate(data)
    except ValidationError as error:
        faults = {tuple(found["loc"]) for found in error.errors(include_url=False)}
        cuts = {loc[: _depth(loc, depths)] for loc in faults}
        return sorted(cuts, key=lambda loc: [(isinstance(p, int), p) for p in loc], reverse=True)
    return []


def without(model: type[Model], data: dict[str, Any], depths: Mapping[Loc, int]) -> Model | None:
    """`data` as a `model` without what is wrong in it, where that may be left out; else None.

    `depths` is as for `faulty`, which says what is left out.
    """
    cuts = faulty(model, data, depths)
    if () in cuts:
        return None
    kept = copy.deepcopy(data)
    for loc in cuts:
        parent: Any = kept
        for part in loc[:-1]:
            parent = parent[part]
        del parent[loc[-1]]
    try:
        return model.model_validate(kept)
    except ValidationError:
        return None


def _depth(loc: Loc, depths: Mapping[Loc, int]) -> int:
    """How much of a fault's path is left out, 0 where it cannot be."""
    for start, depth in depths.items():
        same = all(own in ("", part) for own, part in zip(start, loc, strict=False))
        if same and len(loc) >= max(depth, len(start)) and "[key]" not in loc[:depth]:
            return depth
    return 0


def _note(model: type[BaseModel], found: Any, where: Where, problems: Problems) -> None:
    loc: Loc = tuple(part for part in found["loc"] if part != "[key]")
    place = where(loc)
    path = dotted(loc)
    if found["type"] == "missing":
        problems.add(f"key '{path}' is missing", place, "add it")
    elif found["type"] == "extra_forbidden":
        valid = keys_at(model, loc[:-1])
        problems.add(f"unknown key '{path}'", place, unknown_remedy(str(loc[-1]), valid))
    elif found["type"] == "string_pattern_mismatch":
        allowed = "letters, digits, -, _" + (", + and ." if "+." in str(found["ctx"]) else "")
        name = quote(found["input"])
        problems.add(f"{path}: {name} is no name", place, f"use at most 64 {allowed}")
    elif found["type"] == UNSHOWN:
        what, _, remedy = found["msg"].partition(": ")
        problems.add(f"{path} {what}", place, remedy)
    elif found["type"] == "literal_error":
        valid = re.findall(r"'([^']*)'", found["ctx"]["expected"])
        remedy = unknown_remedy(str(found["input"]), valid)
        problems.add(f"{path} is {quote(found['input'])}", place, remedy)
    elif found["type"] == "too_short":
        problems.add(f"{path} is empty", place, "give at least one, or leave the key out")
    else:
        remedy = found["msg"].removeprefix("Value error, ").removeprefix("Input ")
        for pydantic, plain in PLAIN.items():
            remedy = remedy.replace(pydantic, plain)
        value = quote(found["input"])
        problems.add(f"{path} is {value}" if path else f"found {value}", place, remedy)


def dotted(loc: Loc) -> str:
    """A key path as a person reads it: `tasks.clauses.cases[0]`."""
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def keys_at(model: type[BaseModel], loc: Loc) -> list[str]:
    """The keys that a schema allows at a key path."""
    kind: Any = model
    for part in loc:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            kind = _plain(kind.model_fields[str(part)].annotation)
        else:
            kind = _plain(get_args(kind)[-1])
    return list(kind.model_fields) if hasattr(kind, "model_fields") else []


def _plain(kind: Any) -> Any:
    """The type without Optional and Annotated."""
    while get_origin(kind) in (Annotated, Union, UnionType):
        kind = next(arg for arg in get_args(kind) if arg is not type(None))
    return kind
