"""Read training rows and cases, and give each case its tags, gold documents and cluster."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Generic, TypeVar

from harness.records import Case, Document, Fact, Row
from harness.suite.explain import always, validate
from harness.suite.facts import at, since
from harness.suite.files import Problems, quote, read_jsonl
from harness.suite.parts import note_twice
from harness.suite.row_schema import CaseRow, TrainRow

Kind = TypeVar("Kind", bound=TrainRow)


@dataclass(frozen=True, slots=True)
class Placed(Generic[Kind]):
    """A row with its id and `file:line`."""

    id: str
    where: str
    row: Kind


@dataclass(frozen=True, slots=True)
class World:
    """What rows may name. `fact_ids` also holds the ids of facts that were refused."""

    facts: dict[str, Fact] = field(default_factory=dict)
    fact_ids: set[str] = field(default_factory=set)
    terms: frozenset[str] = frozenset()
    documents: dict[str, Document] = field(default_factory=dict)
    trained_until: date | None = None
    as_of: date | None = None

    def gold(self, day: date | None) -> dict[str, tuple[str, ...]]:
        """Ids of the searchable documents that name a fact and are valid on `day`, by fact."""
        found: dict[str, tuple[str, ...]] = {}
        for document in self.documents.values():
            if document.searchable and valid_on(document, day):
                for fact in document.facts:
                    found[fact] = (*found.get(fact, ()), document.id)
        return found


def default_ids(files: Sequence[Path], root: Path) -> dict[Path, str]:
    """What default ids of a file's rows begin with: its stem, or its path where stems repeat."""
    stems = Counter(path.stem for path in dict.fromkeys(files))
    prefixes = {}
    for path in files:
        inside = path.relative_to(root) if path.is_relative_to(root) else path
        whole = "-".join(inside.with_suffix("").parts)
        prefixes[path] = path.stem if stems[path.stem] == 1 else whole
    return prefixes


def read_rows(
    path: Path, kind: type[Kind], prefix: str, problems: Problems
) -> tuple[list[Placed[Kind]], int]:
    """The good rows of a JSONL file, and how many rows it has, good or bad."""
    rows = []
    before = len(problems)
    count = 0
    for line, where, raw in read_jsonl(path, problems):
        count += 1
        row = validate(kind, raw, always(where), problems)
        if row is not None:
            rows.append(Placed(row.id or f"{prefix}-{line}", where, row))
    return rows, count or len(problems) - before


def note_duplicate_ids(rows: Iterable[Placed[Kind]], problems: Problems) -> None:
    """Note ids that two rows of the suite share."""
    seen: dict[str, str] = {}
    for row in rows:
        if seen.get(row.id) == row.where:
            file = row.where.rpartition(":")[0]
            problems.add("the file is read twice", file, "name it once in the suite")
            continue
        note_twice(seen, row.id, "id", row.where, problems, "ids are unique in a suite")


def train_row(placed: Placed[TrainRow], world: World, problems: Problems) -> Row:
    """A training row as a record."""
    row = placed.row
    if row.fact is not None and row.fact not in world.fact_ids:
        problems.unknown("fact", row.fact, world.fact_ids, placed.where)
    return Row(
        placed.id, row.input, row.output, tuple(row.tags), row.fact, row.source, placed.where
    )


def task_cases(
    task: str, rows: Iterable[Placed[CaseRow]], world: World, problems: Problems
) -> list[Case]:
    """Cases as records; see docs/suites.md for their tags, gold documents and clusters."""
    cases = []
    gold: dict[date | None, dict[str, tuple[str, ...]]] = {}
    first: dict[str, str] = {}
    for placed in rows:
        row = placed.row
        day = row.as_of or world.as_of
        if day not in gold:
            gold[day] = world.gold(day)
        _check_names(placed, world, problems)
        # a question asked again under another id says nothing new
        same = first.setdefault(" ".join(row.input.casefold().split()), placed.id)
        cases.append(
            Case(
                placed.id,
                task,
                row.input,
                row.output,
                row.fact or row.source or same,
                day,
                _tags(placed, world, problems),
                row.fact,
                row.source,
                gold[day].get(row.fact or "", ()) if row.gold is None else tuple(row.gold),
                tuple(row.terms),
                placed.where,
                row.answerable,
                row.expect,
            )
        )
    return cases


def valid_on(document: Document, day: date | None) -> bool:
    """Whether a document may be read on `day`; without a day every document may."""
    if day is None:
        return True
    started = document.valid_from is None or document.valid_from <= day
    return started and (document.valid_to is None or day < document.valid_to)


def _tags(placed: Placed[CaseRow], world: World, problems: Problems) -> tuple[str, ...]:
    tags = list(placed.row.tags)
    if "all" in tags:
        problems.add("tag 'all' is the name of the whole task", placed.where, "rename the tag")
    fact = world.facts.get(placed.row.fact or "")
    day = placed.row.as_of or world.as_of
    if fact and day:
        now = at(fact, day)
        if now is None:
            what = f"fact '{fact.id}' ({fact.where}) has no version valid on {day}"
            problems.add(what, placed.where, "add the version, or drop `fact` from the case")
        elif world.trained_until:
            tags.append(since(at(fact, world.trained_until), now))
    return tuple(dict.fromkeys(tags))


def _check_names(placed: Placed[CaseRow], world: World, problems: Problems) -> None:
    row, where = placed.row, placed.where
    if row.fact is not None and row.fact not in world.fact_ids:
        problems.unknown("fact", row.fact, world.fact_ids, where)
    day = row.as_of or world.as_of
    if row.fact is not None and day is None:
        what = "cases name facts, but the suite has no date to ask them on"
        problems.add(what, where.rpartition(":")[0], "set dates.as_of in suite.yaml")
    if row.as_of and world.trained_until and row.as_of < world.trained_until:
        what = f"as_of {row.as_of} is before trained_until {world.trained_until}"
        problems.add(what, where, "ask on a day after training")
    for term in row.terms:
        if term not in world.terms:
            problems.unknown("term", term, world.terms, where)
    for name in row.gold or ():
        document = world.documents.get(name)
        if document is None:
            problems.unknown("document", name, world.documents, where)
        elif not valid_on(document, day):
            what = f"gold document {quote(name)} is not valid on {day}"
            problems.add(what, where, "name the one that was valid then")
