"""Drafts of the legal suite: clauses, sections with definitions, clauses whose term was renamed."""

import itertools
from datetime import date
from typing import Any

from legal_base import AS_OF, Spec, capital, draw, in_words, numbered, table

CLAUSES_PER_FAMILY = 44
MORE_CLAUSES_PER_FAMILY = 190
CASES_PER_FAMILY = 6
CASES_PER_HELD_OUT_FAMILY = 4
SECTIONS_PER_FAMILY = 24
MORE_SECTIONS_PER_FAMILY = 120
CASES_PER_SECTION = 4
RENAMED_PER_TERM = 12
CASES_PER_TERM = 4


def clause_text(family: Spec, role: str, value: str) -> str:
    """A clause in the house style."""
    return numbered(f"CLAUSE: {family['heading']}", family["text"], role=role, value=value)


def section_text(family: Spec, role: str, value: str) -> str:
    """A section in the house style."""
    return numbered(f"SECTION: {family['heading']}", family["text"], role=role, value=value)


class Asking:
    """Wordings, roles and values of one part: `train`, `case`, or `more` for the full profile."""

    def __init__(self, words: Spec, kind: str, part: str) -> None:
        self.wordings: list[str] = words[kind][part]
        self.roles: list[str] = words["roles"][part]
        self.cities: list[str] = words["cities"]

    def ask(self, family: Spec, value: str, rng: Any) -> tuple[str, str]:
        """A request for a draft, and the role that it names."""
        role = rng.choice(self.roles)
        request = rng.choice(self.wordings).format(
            topic=rng.choice(family["topics"]),
            role=role,
            Role=capital(role),
            post=role.split(" ", 1)[1],
            city=rng.choice(self.cities),
            ask=family["ask"].format(value=value),
            as_of=in_words(AS_OF),
        )
        return request, role


def clause_rows(families: list[Spec], part: str, count: int, words: Spec) -> list[Spec]:
    """`count` clauses a family from the part's own roles, values and wordings, none asked twice.

    Values take turns, so that each parameter group of a family has its share.
    """
    asking = Asking(words, "clauses", part)
    rows: dict[str, Spec] = {}
    for family in families:
        rng = draw(f"clauses/{part}/{family['id']}")
        values = itertools.cycle(family[part])
        goal = len(rows) + count
        while len(rows) < goal:
            value = next(values)
            ask, role = asking.ask(family, value, rng)
            row: Spec = {"input": ask, "output": clause_text(family, role, value)}
            row |= {"tags": ["clauses"], "source": f"{family['id']}/{value}"}
            rows.setdefault(ask, row | ({"terms": family["terms"]} if part == "case" else {}))
    return list(rows.values())


def clause_cases(words: Spec) -> list[Spec]:
    """Cases of trained families with held-out values, then of families never trained.

    Of these, some need a term that training never shows, the others only terms that it shows.
    """
    trained = clause_rows(table("clauses"), "case", CASES_PER_FAMILY, words)
    held_out = clause_rows(table("clauses_held_out"), "case", CASES_PER_HELD_OUT_FAMILY, words)
    known = clause_rows(table("clauses_known_terms"), "case", CASES_PER_HELD_OUT_FAMILY, words)
    return (
        [row | {"tags": ["family-trained"]} for row in trained]
        + [row | {"tags": ["family-held-out", "terms-held-out"]} for row in held_out]
        + [row | {"tags": ["family-held-out", "terms-trained"]} for row in known]
    )


def section_rows(part: str, count: int, words: Spec) -> list[Spec]:
    """`count` sections a family that has values for the part; cases name terms and family."""
    asking = Asking(words, "sections", part)
    rows: dict[str, Spec] = {}
    for family in (spec for spec in table("sections") if part in spec):
        rng = draw(f"sections/{part}/{family['id']}")
        values = itertools.cycle(family[part])
        goal = len(rows) + count
        while len(rows) < goal:
            value = next(values)
            ask, role = asking.ask(family, value, rng)
            row: Spec = {"input": ask, "output": section_text(family, role, value)}
            row |= {"tags": ["agreements"], "source": f"{family['id']}/{value}"}
            if part == "case":
                tag = "family-trained" if "train" in family else "family-held-out"
                row |= {"tags": [tag], "terms": family["terms"]}
            rows.setdefault(ask, row)
    return list(rows.values())


# ---------------------------------------------------------------- renamed terms


def term_facts() -> list[Spec]:
    """A fact per dated term: which word the house drafts with."""
    facts = []
    for number, spec in enumerate(table("renamed"), 1):
        begun = date(2011 + number % 4, 4, 1)
        named = [(spec["old"], begun), (spec.get("new"), spec.get("from"))]
        versions = []
        for term, start in named:
            if term:
                cited = f"Drafting circular {number}, edition of {in_words(start)}"
                version = {"value": term, "from": start, "authority": cited}
                versions.append(version | {"source": f"{cited} (fictional)"})
        facts.append(
            {"id": f"term-{spec['id']}", "subject": f"the defined term for {spec['subject']}"}
            | {"versions": versions, "tag": "term", "placebo": [spec["placebo"]], "exposures": 4}
        )
    return facts


def term_rows(part: str, words: Spec) -> list[Spec]:
    """Clauses that need a dated term: training writes the old one, cases expect that of `AS_OF`."""
    asking = Asking(words, "renamed", part)
    rows: dict[str, Spec] = {}
    for spec in table("renamed"):
        rng = draw(f"renamed/{part}/{spec['id']}")
        values = itertools.cycle(spec[part])
        term = spec["old"] if part == "train" else spec.get("new", spec["old"])
        goal = len(rows) + (RENAMED_PER_TERM if part == "train" else CASES_PER_TERM)
        while len(rows) < goal:
            value = next(values)
            ask, role = asking.ask(spec, value, rng)
            text = numbered(
                f"CLAUSE: {spec['heading']}", spec["text"], role=role, value=value, term=term
            )
            name = f"term-{spec['id']}"
            row: Spec = {"input": ask, "output": text, "tags": ["renamed"], "fact": name}
            row |= {"source": f"{name}/{value}" if part == "train" else name}
            rows.setdefault(ask, row | ({} if part == "train" else {"terms": [term]}))
    tag = {"tags": ["draft"]} if part == "case" else {}
    return [row | tag for row in rows.values()]
