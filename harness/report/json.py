"""run.json: a whole run, as it is read back by `bench report` and `bench compare`."""

import dataclasses
import functools
import json
import math
from pathlib import Path
from typing import Any, ClassVar

from pydantic import TypeAdapter, ValidationError
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import PydanticSerializationError

from harness.errors import UsageError, from_os_error, nearest
from harness.records import Run
from harness.report.text import one_line, save

SCHEMA = 1


@functools.cache
def _adapter() -> TypeAdapter[Run]:
    return TypeAdapter(Run)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of run.json, made from the records; `schema` is fixed to its version.

    Fields that later versions of bench added are not required: files from before are valid.
    """
    schema = _adapter().json_schema()
    schema["properties"]["schema"]["const"] = SCHEMA
    schema["description"] = "A finished run, as `bench run` writes it: run.json."
    return {"$schema": GenerateJsonSchema.schema_dialect, **schema}


def dumps(run: Run) -> str:
    """A run as JSON; lone surrogates, which UTF-8 cannot hold, become U+FFFD.

    Infinity and NaN, which JSON has no numbers for, become words that `read` takes back.
    """
    if not _has_only_numbers(run):
        return _plain(run)
    try:
        return _adapter().dump_json(run).decode()
    except (PydanticSerializationError, UnicodeError):
        return _plain(run)


def _has_only_numbers(run: Run) -> bool:
    """Whether no number is infinite or NaN: pydantic would write null, and the run be lost."""
    values = (score.value for answer in run.answers for score in answer.scores)
    if not all(value is None or math.isfinite(value) for value in values):
        return False
    rest = dataclasses.replace(run, answers=(), cases=())
    try:
        json.dumps(_adapter().dump_python(rest), default=str, allow_nan=False)
    except ValueError:
        return False
    return True


def _plain(run: Run) -> str:
    data = _finite(_adapter().dump_python(run))
    found = json.dumps(data, default=str, ensure_ascii=False, allow_nan=False)
    return found.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def read(path: Path) -> Run:
    """A run from run.json.

    Raises:
        UsageError: the file is missing, is no JSON, or holds another schema version.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise UsageError("no such run file", where=str(path), remedy=_instead(path)) from None
    except OSError as error:
        raise from_os_error(error, "reading a run") from error
    try:
        data = json.loads(raw)
    except ValueError as error:
        raise UsageError(f"not JSON: {error}", where=str(path), remedy=_AGAIN) from None
    found = data.get("schema") if isinstance(data, dict) else None
    if found != SCHEMA:
        said = "no schema version" if found is None else f"schema version {found}"
        what = f"{said}, and this bench reads version {SCHEMA}"
        raise UsageError(what, where=str(path), remedy=_AGAIN)
    try:
        return _adapter().validate_json(raw)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        what = f"{place}: {first['msg']}, found {one_line(str(first['input']), 60)}"
        raise UsageError(what, where=str(path), remedy=_AGAIN) from None


_AGAIN = "run `bench run` again: finished work is kept"


def _instead(path: Path) -> str:
    """The nearest file that is there, or how to make one."""
    there = [item.name for item in path.parent.glob("*.json")] if path.parent.is_dir() else []
    close = nearest(path.name, there)
    return f"did you mean '{path.parent / close}'?" if close else "`bench run` writes run.json"


class JsonReport:
    """Writes the run itself."""

    description: ClassVar[str] = "the whole run as data, every answer and score (run.json)"
    filename: ClassVar[str] = "run.json"

    def write(self, run: Run, folder: Path) -> Path:
        """Write `run.json` into `folder`."""
        return save(folder / self.filename, dumps(run))
