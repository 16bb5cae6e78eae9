"""Write a new suite that runs at once: from a user's rows, or with a small made-up example."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import UsageError, from_os_error
from harness.suite.alike import NEAR, OVERLAP
from harness.suite.draft import Sides, suite_yaml
from harness.suite.example import STYLE, rows
from harness.suite.files import shown
from harness.suite.gather import Asked, gather
from harness.suite.leak import Leakage, Text, leakage
from harness.suite.profile import Profile, profile
from harness.suite.scalars import MAX_SEED
from harness.suite.split import Placed, split
from harness.suite.tasks import Draft, drafts

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class Made:
    """What was written, suite.yaml first; of a user's rows also what they are like."""

    files: list[Path]
    notes: tuple[str, ...] = ()
    profile: Profile | None = None
    leakage: Leakage | None = None


def init(
    folder: str | Path,
    name: str,
    train: str | Path | Asked | None = None,
    *,
    share: float = 0.2,
    most: int = 100,
    seed: int = 7,
    model: str | None = None,
    force: bool = False,
    near: float = NEAR,
    overlap: float = OVERLAP,
) -> Made:
    """Write a suite into `folder`.

    `train` says where rows are (harness/suite/sources.py): a seeded `share` of their distinct
    inputs, at most `most`, becomes cases; rows that ask the same, or nearly (`near`, `overlap`:
    harness/suite/alike.py), stay on one side. Without it the suite holds a made-up help desk.

    Raises:
        UsageError: a bad name or number, too few rows, or files that are there without `force`.
        SuiteError: every problem of the rows.
        MachineError: the folder cannot be written.
    """
    folder = Path(folder)
    _check_arguments(name, share, most, seed)
    _check_thresholds(near, overlap)
    if train is None:
        trained, cases = rows(seed)
        sides = Sides(trained, [Draft("answers", cases, "", "style.all", ())])
        texts = {"suite.yaml": suite_yaml(name, sides, seed, model, styled=True)}
        return Made(_write(folder, texts | _data(sides) | {"style.yaml": STYLE}, force=force))
    asked = train if isinstance(train, Asked) else Asked(str(train))
    _refuse(folder, ["suite.yaml", "train.jsonl", "cases.jsonl"], force=force)
    found = gather(asked, seed)
    parts = split(found.rows, share, most, seed, asked.source, near=near, overlap=overlap)
    sides = Sides([placed.row for placed in parts.train], drafts(parts.train, parts.cases))
    texts = {"suite.yaml": suite_yaml(name, sides, seed, model, styled=False)} | _data(sides)
    notes = [*found.notes]
    if parts.left_out:
        notes.append(f"{parts.left_out:,} rows are like a case, or repeat it: in neither file")
    if not parts.apart:
        notes.append("almost all inputs are near-duplicates: they were split as if they were not")
    written = _write(folder, texts, force=force)
    checked = leakage(*_texts(parts.train, parts.cases), near=near, overlap=overlap)
    return Made(written, tuple(notes), profile(found.rows), checked)


def _texts(train: Sequence[Placed], cases: Sequence[Placed]) -> tuple[list[Text], list[Text]]:
    return (
        [Text(placed.row["input"], placed.where) for placed in train],
        [Text(placed.row["input"], placed.where, "cases") for placed in cases],
    )


def _refuse(folder: Path, files: Sequence[str], *, force: bool) -> None:
    there = [file for file in files if (folder / file).exists()]
    if there and not force:
        remedy = "give another folder, or --force to replace them"
        raise UsageError(f"{', '.join(there)} exists", where=shown(folder), remedy=remedy)


def _write(folder: Path, texts: dict[str, str], *, force: bool) -> list[Path]:
    _refuse(folder, list(texts), force=force)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in texts.items():
            (folder / file).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise from_os_error(error, "writing the suite") from error
    return [folder / file for file in texts]


def _data(sides: Sides) -> dict[str, str]:
    """The data files' texts, by name."""
    return {"train.jsonl": _jsonl(sides.train)} | {
        sides.file(draft): _jsonl(draft.rows) for draft in sides.drafts
    }


def _jsonl(found: Sequence[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in found)


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


def _check_thresholds(near: float, overlap: float) -> None:
    for name, value in (("near", near), ("overlap", overlap)):
        if not 0 < value <= 1:
            raise UsageError(f"--{name} is {value:g}", remedy="give more than 0, at most 1")
