"""What the generators of the legal suite share: tables, seeded streams, dates, rows, pages."""

import json
import random
from datetime import date
from pathlib import Path
from typing import Any

import yaml

Spec = dict[str, Any]

HERE = Path(__file__).resolve().parent
SEED = 20161231
TRAINED_UNTIL = date(2016, 12, 31)
AS_OF = date(2025, 12, 31)
MONEY = {"rupees": "₹{0:,}", "lakh": "₹{0} lakh", "rupees a kilometre": "₹{0} a kilometre"}


def table(name: str) -> Any:
    """A table under source/, parsed."""
    return yaml.safe_load((HERE / "source" / f"{name}.yaml").read_text(encoding="utf-8"))


def draw(purpose: str) -> random.Random:
    """A stream of its own per purpose, so that adding a row elsewhere moves nothing here."""
    return random.Random(f"{SEED}/{purpose}")


def in_words(day: date) -> str:
    """A date as the house writes it, e.g. 1 April 2015."""
    return f"{day.day} {day:%B %Y}"


def capital(text: str) -> str:
    """The text with its first letter upper-case."""
    return text[:1].upper() + text[1:]


def fresh_values(spec: Spec, count: int, used: set[str], rng: random.Random) -> list[str]:
    """`count` values of the rule's unit that no fact has used, as version or placebo."""
    pattern = MONEY.get(spec["unit"], "{0} " + spec["unit"])
    pool = spec.get("pool") or [
        pattern.format(n) for n in range(spec["low"], spec["high"] + 1, spec.get("step", 1))
    ]
    free = [value for value in pool if value not in used]
    if len(free) < count:
        raise ValueError(f"source/house.yaml: {spec['id']} needs {count} free values; widen it")
    values = rng.sample(free, count)
    used.update(values)
    return values


def version_on(fact: Spec, day: date) -> Spec | None:
    """The version in force on a day, if any."""
    for version in fact["versions"]:
        if version["from"] <= day and (version["to"] is None or day < version["to"]):
            return dict(version)
    return None


def ended(facts: list[Spec]) -> list[Spec]:
    """The facts, every version of which now knows the day it ended (`to`)."""
    for fact in facts:
        ends = [version["from"] for version in fact["versions"][1:]]
        for version, end in zip(fact["versions"], [*ends, None], strict=True):
            version["to"] = end
    return facts


def numbered(head: str, lines: list[str], **slots: str) -> str:
    """A clause or section in the house form: heading, numbered sentences, closing line."""
    said = [f"{n}. {line.format(**slots)}" for n, line in enumerate(lines, 1)]
    return "\n".join([head, *said, "Subject to the Handbook."])


def document(front: Spec, text: str) -> str:
    """A Markdown document with front matter."""
    head = yaml.safe_dump(front, sort_keys=False, allow_unicode=True, width=1000)
    return f"---\n{head}---\n{text}\n"


def jsonl(rows: list[Spec], prefix: str = "", first: int = 1) -> str:
    """One JSON object a line; with a prefix, ids numbered from `first`."""
    named = [{"id": f"{prefix}-{n:03}"} | row for n, row in enumerate(rows, first)]
    chosen = named if prefix else rows
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in chosen)
