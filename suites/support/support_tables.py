"""Tables, seeded draws and the brand voice that the support generator's parts share."""

import functools
import random
import re
from datetime import date
from pathlib import Path
from typing import Any

import yaml

Spec = dict[str, Any]

HERE = Path(__file__).resolve().parent
SEED = 20231231
TRAINED_UNTIL = date(2023, 12, 31)
AS_OF = date(2025, 12, 31)
REGISTERS = ("plain", "polite", "angry", "hinglish", "typos")
_WORD = re.compile(r"\b[a-z]{5,}\b")


@functools.cache
def table(name: str) -> Any:
    """A table under source/, parsed; it is shared, so nothing may change it."""
    return yaml.safe_load((HERE / "source" / f"{name}.yaml").read_text(encoding="utf-8"))


def draw(purpose: str) -> random.Random:
    """A stream of its own per purpose, so that adding a row elsewhere moves nothing here."""
    return random.Random(f"{SEED}/{purpose}")


def in_words(day: date) -> str:
    """A date as the house writes it, e.g. 1 April 2022."""
    return f"{day.day} {day:%B %Y}"


def capital(text: str) -> str:
    """The text with its first letter upper-case."""
    return text[:1].upper() + text[1:]


def slug(text: str) -> str:
    """The text as part of an id."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def said(dim: str, name: str, rng: random.Random) -> str:
    """One of the words that customers use for a scope."""
    known = {entry["name"]: entry.get("said", [entry["name"]]) for entry in table("scopes")[dim]}
    return str(rng.choice(known.get(name, [name if dim != "category" else name.lower()])))


def voice(empathy: str, steps: list[str]) -> str:
    """An answer in the brand voice."""
    words = table("wording")
    numbered = [f"{n}. {step}" for n, step in enumerate(steps, 1)]
    return "\n".join([f"{words['greeting']} {empathy}", *numbered, words["sign_off"]])


def framed(ask: str, part: str, register: str, rng: random.Random) -> str:
    """A question in a register: alone, politely, angrily, half in Hindi or mistyped."""
    if register == "typos":
        ask = mistyped(ask, rng)
    frame: str = rng.choice(table("wording")["frames"][part][register])
    return frame.format(ask=capital(ask))


def mistyped(text: str, rng: random.Random) -> str:
    """The text with two neighbouring letters swapped inside one of its lower-case words."""
    places = [
        place
        for match in _WORD.finditer(text)
        for place in range(match.start() + 1, match.end() - 2)
        if text[place] != text[place + 1]
    ]
    if not places:
        return text
    at = rng.choice(places)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
