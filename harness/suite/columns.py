"""Which columns are the input and the output, and each row as {"input", "output", …}."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from harness.errors import UsageError, nearest
from harness.suite.files import quote
from harness.suite.turns import is_chat, pair, rendered, turns

CHATS = ("messages", "conversations", "conversation", "dialog", "turns")
PAIRS = (
    ("input", "output"), ("prompt", "completion"), ("prompt", "response"), ("prompt", "chosen"),
    ("instruction", "output"), ("instruction", "response"), ("question", "answer"),
    ("question", "response"), ("query", "response"), ("query", "answer"), ("input", "target"),
    ("problem", "solution"), ("text", "label"),
)  # fmt: skip
INPUTS = (*dict.fromkeys(first for first, _ in PAIRS), "request", "ticket", "user", "message")
OUTPUTS = (*dict.fromkeys(last for _, last in PAIRS), "reply", "assistant", "reference")
MORE = ("input", "context")  # what an instruction or a question is asked of
MISSING = ("nan", "null", "<na>", "#n/a", "#value!", "#ref!")
_APART = re.compile(r"[,;|]")


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of columns; several inputs are joined. With `chat`, both come from its turns."""

    inputs: tuple[str, ...] = ()
    output: str = ""
    tags: str = ""
    source: str = ""
    id: str = ""
    chat: str = ""
    nested_as_json: bool = False
    guessed: tuple[str, ...] = field(default=(), compare=False)

    def says(self) -> str:
        """One line: what is read from where."""
        if self.chat:
            text = f"chats in '{self.chat}': the last answer is the output, all before it the input"
        else:
            joined = " then ".join(f"'{name}'" for name in self.inputs)
            text = f"input from {joined}, output from '{self.output}'"
        for name in ("tags", "source", "id"):
            text += f", {name} from '{getattr(self, name)}'" if getattr(self, name) else ""
        return text


def choose(asked: Columns, rows: Sequence[Mapping[str, Any]], where: str) -> Columns:
    """The columns asked for, and guesses for those that were not.

    `rows` are the first ones of the data.

    Raises:
        UsageError: a column that is not there, or no single guess; names what is there.
    """
    there = list(dict.fromkeys(str(name) for row in rows for name in row))
    for name in (*asked.inputs, asked.output, asked.tags, asked.source, asked.id):
        if name and name not in there:
            close = nearest(name, there)
            remedy = f"did you mean '{close}'? " if close else ""
            raise UsageError(f"no column '{name}'", where=where, remedy=remedy + _has(there))
    named = {re.sub(r"[\s-]+", "_", name.strip().lower()): name for name in reversed(there)}
    chosen = replace(asked, guessed=())
    chats = {name for row in rows for name, value in row.items() if _chat(value) is not None}
    if not asked.output:
        chosen = _main(chosen, named, chats, where, there)
    elif not asked.inputs:
        found = [named[n] for n in INPUTS if n in named and named[n] != asked.output]
        chosen = replace(chosen, inputs=(_only(found, "input", where, there),))
    for role in ("tags", "source", "id"):
        if not getattr(chosen, role) and role in named and named[role] not in _used(chosen):
            guess: dict[str, Any] = {role: named[role], "guessed": (*chosen.guessed, role)}
            chosen = replace(chosen, **guess)
    return chosen


def _used(columns: Columns) -> set[str]:
    return {*columns.inputs, columns.output, columns.chat}


def _main(
    asked: Columns, named: dict[str, str], chats: set[str], where: str, there: list[str]
) -> Columns:
    """The input and output columns, where the output was not named."""
    if asked.inputs:
        if len(asked.inputs) == 1 and asked.inputs[0] in chats:
            return replace(asked, chat=asked.inputs[0], inputs=())
        found = [named[n] for n in OUTPUTS if n in named and named[n] not in asked.inputs]
        return replace(asked, output=_only(found, "output", where, there))
    pairs = [(a, b) for a, b in PAIRS if a in named and b in named]
    if "instruction" in named:  # its `input` is what the instruction is about
        pairs = [(a, b) for a, b in pairs if a == "instruction"]
    exact = [both for both in pairs if both == PAIRS[0]]
    talks = [named[name] for name in CHATS if name in named and named[name] in chats]
    if talks and not exact:
        return replace(asked, chat=talks[0])
    if len(pairs) == 1 or exact:
        first, last = (exact or pairs)[0]
    elif pairs:
        several = ", ".join(f"{named[a]} → {named[b]}" for a, b in pairs)
        what = f"several columns could be the input and the output: {several}"
        raise UsageError(what, where=where, remedy="say which: --input COLUMN --output COLUMN")
    else:
        firsts, lasts = ([n for n in names if n in named] for names in (INPUTS, OUTPUTS))
        if len(firsts) != 1 or len(lasts) != 1:
            what = "no columns that are plainly an input and an output"
            remedy = f"say which: --input COLUMN --output COLUMN; {_has(there)}"
            raise UsageError(what, where=where, remedy=remedy)
        first, last = firsts[0], lasts[0]
    more = MORE if first in ("instruction", "question") else ()
    inputs = [named[first], *(named[name] for name in more if name in named)]
    return replace(asked, inputs=tuple(inputs), output=named[last])


def _only(found: list[str], role: str, where: str, there: list[str]) -> str:
    if len(found) == 1:
        return found[0]
    what = f"{len(found)} columns could be the {role}"
    raise UsageError(what, where=where, remedy=f"give --{role} COLUMN; {_has(there)}")


def _has(there: list[str]) -> str:
    some = ", ".join(quote(name, 30) for name in there[:12])
    more = f" and {len(there) - 12} more" if len(there) > 12 else ""
    return f"the columns are {some}{more}" if there else "there are no columns"


# ---------------------------------------------------------------- one row


def mapped(raw: Mapping[str, Any], columns: Columns) -> tuple[dict[str, Any] | None, list[str]]:
    """A row for the suite, or None for a blank one, and what is wrong with it."""
    names = (columns.chat,) if columns.chat else (*columns.inputs, columns.output)
    if all(_blank(raw.get(name)) for name in names):
        return None, []
    wrong: list[str] = []
    row: dict[str, Any] = {}
    if columns.chat:
        try:
            row["input"], row["output"] = pair(_turns(raw.get(columns.chat)))
        except ValueError as error:
            wrong.append(f"{columns.chat}: {error}")
    else:
        parts = [_text(raw, name, columns, wrong, whole=True) for name in columns.inputs]
        if parts and not parts[0] and not wrong:
            wrong.append(_empty(raw.get(columns.inputs[0]), columns.inputs[0]))
        row["input"] = "\n\n".join(filter(None, parts))
        row["output"] = _text(raw, columns.output, columns, wrong, whole=False)
        if not row["output"] and not wrong:
            wrong.append(_empty(raw.get(columns.output), columns.output))
    if not wrong and not (row["input"].strip() and row["output"].strip()):
        wrong.append("the input or the output is empty (fill it in)")
    for role in ("id", "source"):
        value = raw.get(getattr(columns, role)) if getattr(columns, role) else None
        if not _blank(value):
            row[role] = str(value).strip()
    tags = _tags(raw.get(columns.tags)) if columns.tags else []
    return row | ({"tags": tags} if tags else {}), wrong


def _blank(value: Any) -> bool:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    return value in ([], {}) or (isinstance(value, str) and not value.strip())


def _empty(value: Any, name: str) -> str:
    missing = isinstance(value, float) or (isinstance(value, str) and value.strip())
    shown = quote(str(value)) if missing else "empty"
    return f"{name} is {shown} (fill it in, or remove the row)"


def _text(
    raw: Mapping[str, Any], name: str, columns: Columns, wrong: list[str], *, whole: bool
) -> str:
    """A cell as text; '' where nothing is there, or where a fault was added to `wrong`."""
    value = raw.get(name)
    if _blank(value) or (isinstance(value, str) and value.strip().lower() in MISSING):
        return ""
    try:
        if is_chat(value):
            return rendered(turns(value)) if whole else turns(value)[-1][1]
        return _plain(value, columns)
    except ValueError as error:
        wrong.append(f"{name} {error}")
        return ""


def _plain(value: Any, columns: Columns) -> str:
    """Numbers are written out; ValueError says why a value is no text."""
    if isinstance(value, dict | list):
        text = json.dumps(value, ensure_ascii=False, default=str)
        if not columns.nested_as_json:
            raise ValueError(f"is nested: {quote(text)} (write text, or give --nested-as-json)")
    elif isinstance(value, bytes):
        what = f"is {len(value)} bytes, no text (leave the column out)"
        raise ValueError(what)  # noqa: TRY004 - wrong data, as every other fault of a row
    elif isinstance(value, bool):
        text = str(value).lower()
    else:
        text = str(int(value) if isinstance(value, float) and value.is_integer() else value)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("holds half of a surrogate pair, which is no character") from None
    return text.strip("\ufeff")


def _chat(value: Any) -> Any:
    """The turns that a cell holds, as a list or as JSON, or None."""
    if isinstance(value, str) and value.lstrip().startswith("[{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    return value if is_chat(value) else None


def _turns(value: Any) -> Any:
    found = _chat(value)
    if found is None:
        raise ValueError(f"{quote(value)} is no list of turns (write role and content for each)")
    return found


def _tags(value: Any) -> list[str]:
    """A list as it is, a text cut at commas, semicolons and bars."""
    if _blank(value):
        return []
    parts = value if isinstance(value, list) else _APART.split(str(value))
    return list(dict.fromkeys(str(part).strip() for part in parts if str(part).strip()))
