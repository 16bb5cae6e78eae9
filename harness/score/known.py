"""What a fact's values are on a date: what holds, what held, and what never did or not yet."""

import re
from datetime import date
from functools import partial
from typing import NamedTuple

from harness.records import Fact, Version
from harness.score.aliases import edition, shorter, surname, unshared
from harness.score.values import Value, core, value

_VERSION = re.compile(r"\b(?:versions?|releases?|builds?|firmware|revisions?)\b", re.IGNORECASE)


class Entry(NamedTuple):
    """One way to state a value; `kind` is current, stale, other (not yet) or placebo."""

    value: Value
    kind: str
    version: int


class Known(NamedTuple):
    """A fact's values on a date; `current` and an entry's `version` index `versions`."""

    entries: tuple[Entry, ...]
    versions: tuple[Version, ...]
    current: int
    attribute: str
    units: frozenset[str]


def know(fact: Fact, as_of: date | None) -> Known | None:
    """The fact's values on a date (None: what still holds); None when nothing holds then."""
    holding = [
        index
        for index, version in enumerate(fact.versions)
        if (version.valid_to is None or (as_of is not None and as_of < version.valid_to))
        and (as_of is None or version.valid_from <= as_of)
    ]
    if not holding:
        return None
    current = holding[-1]
    strip = _distinct(fact)
    short = _short(fact)
    read = _edition if _numbered(fact) else partial(value, strip=strip)
    entries: list[Entry] = []
    for index, version in enumerate(fact.versions):
        ended = version.valid_to is not None and (as_of is None or version.valid_to <= as_of)
        kind = "current" if index == current else "stale" if ended else "other"
        texts = (version.value, *version.aliases)
        entries += [Entry(read(text), kind, index) for text in texts]
        entries += [Entry(form, kind, index) for form in short[index]]
    entries += [Entry(read(text), "placebo", -1) for text in fact.placebo]
    entries += _cores(entries)
    units = frozenset(entry.unit or "" for entry, _, _ in entries if entry.quantity)
    attribute = f"{fact.entity} {fact.attribute}"
    return Known(tuple(entries), fact.versions, current, attribute, units)


def _numbered(fact: Fact) -> bool:
    """Whether a fact's values are version numbers."""
    texts = [version.value for version in fact.versions]
    asked = _VERSION.search(fact.attribute) or any(text.count(".") > 1 for text in texts)
    return bool(asked) and all(edition(text) and value(text).unit != "date" for text in texts)


def _edition(text: str) -> Value:
    pattern = edition(text)
    return Value(text, None, "", code=pattern) if pattern else value(text)


def _short(fact: Fact) -> list[list[Value]]:
    """Shorter ways to write each version's value that stand for no other value of the fact."""
    texts = [*(version.value for version in fact.versions), *fact.placebo]
    tails = unshared(texts) or [""] * len(texts)
    forms = [
        [value(form) for form in (*shorter(text), tail) if form]
        for text, tail in zip(texts, tails, strict=True)
    ]
    owned: dict[str, set[str]] = {}
    for text, short in zip(texts, forms, strict=True):
        for form in (value(text), *short):
            owned.setdefault(form.canonical, set()).add(value(text).canonical)
    kept = [[form for form in short if len(owned[form.canonical]) == 1] for short in forms]
    attribute = f"{fact.entity} {fact.attribute}"
    names = [surname(text, attribute) for text in texts]
    patterns = [name.pattern if name else text for name, text in zip(names, texts, strict=True)]
    for short, name, text in zip(kept, names, texts, strict=True):
        if (
            name
            and len({t for t, p in zip(texts, patterns, strict=True) if p == name.pattern}) == 1
        ):
            short.append(Value(text, None, "", code=name))
    return kept[: len(fact.versions)]


def _cores(entries: list[Entry]) -> list[Entry]:
    """Quantities that stand for longer values, where they tell all values apart."""
    cores = [Entry(number, kind, at) for entry, kind, at in entries if (number := core(entry))]
    owners: dict[str, set[tuple[str, int]]] = {}
    for entry, kind, at in [*cores, *entries]:
        owners.setdefault(entry.canonical, set()).add((kind, at))
    return cores if all(len(owners[entry.canonical]) == 1 for entry, _, _ in cores) else []


def _distinct(fact: Fact) -> bool:
    """Whether versions still differ without "at least", "up to" and their like."""
    plain = {value(version.value, strip=False).canonical for version in fact.versions}
    return len({value(version.value).canonical for version in fact.versions}) == len(plain)
