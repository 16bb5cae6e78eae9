"""What a suite is made of: rows, facts, terms, documents, cases, tasks, prompts."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

State = Literal["ok", "unmeasured", "error"]
ContextKind = Literal["none", "retrieved", "gold"]
VerdictName = Literal["PASS", "FAIL", "INCONCLUSIVE", "ERROR"]

MIN_SLICE = 5
"""Cases that a slice has at least, and that a gate rule needs measured where some were not."""

FACT_TAGS = ("changed", "unchanged", "new")
"""Tags that cases get from what became of their fact since training; always slices."""

MUST_PASS = "must_pass"  # noqa: S105 - a tag
"""The tag of cases that may never fail; what a no_new_failures rule looks at by default."""


@dataclass(frozen=True, slots=True)
class Row:
    """A training pair."""

    id: str
    input: str
    output: str
    tags: tuple[str, ...] = ()
    fact: str | None = None
    source: str | None = None
    where: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """A value of a fact, valid from `valid_from` up to and without `valid_to` (None: still)."""

    value: str
    valid_from: date
    valid_to: date | None = None
    aliases: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """An entity's attribute and its values through time, oldest first.

    `exposures` is how often training shows it (None: not controlled); `placebo` are values of
    the same type that were never true.
    """

    id: str
    entity: str
    attribute: str
    versions: tuple[Version, ...]
    exposures: int | None = None
    placebo: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    where: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """A glossary entry; `trained` says whether training shows the preferred form."""

    preferred: str
    definition: str = ""
    forbidden: tuple[str, ...] = ()
    trained: bool = True


@dataclass(frozen=True, slots=True)
class Document:
    """A text that retrieval may read while `valid_from <= date < valid_to`.

    One that is not `searchable` is read only as gold.
    """

    id: str
    title: str
    text: str
    valid_from: date | None = None
    valid_to: date | None = None
    facts: tuple[str, ...] = ()
    where: str = ""
    searchable: bool = True


@dataclass(frozen=True, slots=True)
class Case:
    """One prompt with its reference and what the scorers need.

    `cluster` is the unit of independence (fact, source, or the case itself); `gold` are ids of
    the documents that hold the answer; `terms` the glossary terms that the answer must use.
    `answerable` False: nobody could know, the right answer declines. `expect` is what the
    regression scorer checks the answer for.
    """

    id: str
    task: str
    input: str
    reference: str
    cluster: str
    as_of: date | None = None
    tags: tuple[str, ...] = ()
    fact: str | None = None
    source: str | None = None
    gold: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    where: str = ""
    answerable: bool = True
    expect: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScorerSpec:
    """A scorer by registry name, with its options from the suite."""

    name: str
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Task:
    """A named group of cases that measure one thing; `candidates` None means all of them."""

    name: str
    cases: tuple[Case, ...]
    scorers: tuple[ScorerSpec, ...]
    max_tokens: int = 128
    description: str = ""
    candidates: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """House words around a case; `user` holds `{input}`.

    Both texts may hold `{glossary}` (all of it), `{terms}` (the entries that the case needs),
    `{random_terms}` (as many other entries) and `{examples}` (`shots` training rows).
    """

    name: str
    system: str = ""
    user: str = "{input}"
    shots: int = 0
