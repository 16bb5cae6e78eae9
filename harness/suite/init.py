"""Write a new suite that runs at once: from a user's rows, or with a small made-up example."""

import hashlib
import json
import math
import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.errors import UsageError, from_os_error, nearest
from harness.suite.example import STYLE, rows
from harness.suite.explain import always, validate
from harness.suite.files import Problems, read_jsonl, shown
from harness.suite.leak import normalise
from harness.suite.scalars import MAX_SEED
from harness.suite.schema import TrainRow

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
COSTLY = re.compile(r"[^\x00-\x7f]|\d")
QUICK_ROWS, QUICK_CASES = 200, 40
TEMPLATE_TOKENS = 64


def init(
    folder: str | Path,
    name: str,
    train: str | Path | None = None,
    *,
    share: float = 0.2,
    most: int = 100,
    seed: int = 7,
    model: str | None = None,
    force: bool = False,
) -> list[Path]:
    """Write a suite into `folder`; return the files written, suite.yaml first.

    `train` is a JSONL file of {"input", "output"} rows: a seeded `share` of its distinct inputs,
    at most `most`, becomes cases; rows that ask the same stay on one side. Without it the suite
    holds a made-up help desk.

    Raises:
        UsageError: a bad name or number, too few rows, or files that are there without `force`.
        SuiteError: every problem of the rows.
        MachineError: the folder cannot be written.
    """
    folder = Path(folder)
    _check_arguments(name, share, most, seed)
    style = None
    if train is None:
        style = STYLE
        trained, cases = rows(seed)
    else:
        trained, cases = _split(_read(Path(train)), share, most, seed, shown(Path(train)))
    texts = {"suite.yaml": _yaml(name, trained, cases, seed, model, styled=style is not None)}
    texts |= {"train.jsonl": _jsonl(trained), "cases.jsonl": _jsonl(cases)}
    texts |= {"style.yaml": style} if style else {}
    there = [file for file in texts if (folder / file).exists()]
    if there and not force:
        remedy = "give another folder, or --force to replace them"
        raise UsageError(f"{', '.join(there)} exists", where=shown(folder), remedy=remedy)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in texts.items():
            (folder / file).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise from_os_error(error, "writing the suite") from error
    return [folder / file for file in texts]


def _check_arguments(name: str, share: float, most: int, seed: int) -> None:
    if not NAME.fullmatch(name):
        remedy = "use letters, digits, - and _, such as my-suite"
        raise UsageError(f"'{name}' is no suite name", remedy=remedy)
    if not 0 < share < 1:
        raise UsageError(f"a share of {share:g} for cases", remedy="give more than 0, less than 1")
    if most < 1:
        raise UsageError(f"at most {most} cases", remedy="give 1 or more")
    if not 0 <= seed <= MAX_SEED:
        raise UsageError(f"seed {seed}", remedy=f"give 0 to {MAX_SEED}")


def _read(path: Path) -> list[dict[str, Any]]:
    """A user's rows, refused as a whole when one is wrong."""
    if not path.is_file():
        around = [str(p) for p in path.parent.iterdir()] if path.parent.is_dir() else []
        close = nearest(str(path), around)
        remedy = f"did you mean '{close}'?" if close else "give a JSONL file"
        raise UsageError("no such file", where=shown(path), remedy=remedy)
    problems, found = Problems(), []
    for _, where, raw in read_jsonl(path, problems):
        row = validate(TrainRow, raw, always(where), problems)
        if row is not None and row.fact is not None:
            what = f"the row names fact '{row.fact}', and a new suite has no facts"
            problems.add(what, where, "remove `fact` here; add it with facts.jsonl later")
        found.append(raw)
    problems.raise_if_any()
    return found


def _split(
    found: Sequence[dict[str, Any]], share: float, most: int, seed: int, where: str
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Training rows and cases; of rows that ask the same, a case keeps the first."""
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in found:
        groups[normalise(row["input"])].append(row)
    if len(groups) < 2:
        remedy = "give at least 2 rows with different inputs"
        raise UsageError(
            f"{len(groups)} distinct input(s) cannot be split", where=where, remedy=remedy
        )
    wanted = max(1, min(most, math.floor(share * len(groups)), len(groups) - 1))
    order = sorted(groups, key=lambda key: hashlib.sha256(f"{seed}\0{key}".encode()).digest())
    chosen = set(order[:wanted])
    train = [row for key, members in groups.items() if key not in chosen for row in members]
    return train, [members[0] for key, members in groups.items() if key in chosen]


def _jsonl(found: Sequence[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in found)


def _yaml(
    name: str,
    train: Sequence[dict[str, Any]],
    cases: Sequence[dict[str, Any]],
    seed: int,
    model: str | None,
    *,
    styled: bool,
) -> str:
    """The text of suite.yaml; lengths are generous ceilings that come from the data."""
    answer = _tokens(max(_size(row["output"]) for row in cases))
    pairs = max(_size(row["input"]) + _size(row["output"]) for row in train)
    whole = _tokens(pairs + TEMPLATE_TOKENS)
    # few rows need more passes: about 60 optimiser steps of 8 rows teach a style
    epochs = min(10, max(2, math.ceil(60 * 8 / len(train))))
    lines = [
        "# Every key: docs/suites.md. Check with `bench check`, then `bench run`.",
        f"name: {name}",
        *([f"model: {json.dumps(model)}"] if model else []),
        f"seed: {seed}",
        "train: train.jsonl",
        *(["style: style.yaml"] if styled else []),
        "tasks:",
        "  answers:",
        "    cases: cases.jsonl",
        f"    max_tokens: {answer}",
        "recipes:",
        f"  lora: {{rank: 16, alpha: 32, epochs: {epochs}, max_length: {max(whole, 128)}}}",
        "candidates:",
        "  base: {}",
        "  lora: {adapter: lora}",
        "gate:",
        "  - {kind: superior, candidate: lora, against: base, task: answers, metric: style.all}",
    ]
    if len(train) > QUICK_ROWS or len(cases) > QUICK_CASES:
        quick = f"train: {{limit: {QUICK_ROWS}}}, tasks: {{answers: {{limit: {QUICK_CASES}}}}}"
        lines += ["profiles:", f"  quick: {{{quick}}}", "  full: {}"]
    return "\n".join(lines) + "\n"


def _size(text: str) -> float:
    """Tokens that a text takes at most: one to two bytes, or to each byte beyond plain words.

    Tokenizers of English give digits, and the bytes of scripts they know little of, one each.
    """
    words = text.split(" ")
    return sum((len(word.encode()) + 1) / (1 if COSTLY.search(word) else 2) for word in words)


def _tokens(size: float) -> int:
    """The next multiple of 16, up to 4096."""
    return min(4096, 16 * math.ceil(size / 16))
