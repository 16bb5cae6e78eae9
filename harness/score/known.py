"""What a fact's values are on a date: what holds, what held, and what never did or not yet."""

from datetime import date
from typing import NamedTuple

from harness.records import Fact, Version
from harness.score.values import Value, core, value


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
    entries: list[Entry] = []
    for index, version in enumerate(fact.versions):
        ended = version.valid_to is not None and (as_of is None or version.valid_to <= as_of)
        kind = "current" if index == current else "stale" if ended else "other"
        texts = (version.value, *version.aliases)
        entries += [Entry(value(text, strip=strip), kind, index) for text in texts]
    entries += [Entry(value(text, strip=strip), "placebo", -1) for text in fact.placebo]
    entries += _cores(entries)
    units = frozenset(entry.unit or "" for entry, _, _ in entries if entry.quantity)
    attribute = f"{fact.entity} {fact.attribute}"
    return Known(tuple(entries), fact.versions, current, attribute, units)


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
