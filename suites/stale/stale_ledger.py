"""The seeded ledger of a fictional company: invented names, facts that change at known rates.

A fact's value is replaced as a Poisson process: gaps between changes are drawn from an
exponential distribution with the rate of the fact's class, in changes per year.
"""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

Spec = dict[str, Any]

HERE = Path(__file__).resolve().parent
SEED = 20231231
FIRST_DAY = date(2022, 1, 1)
TRAINED_UNTIL = date(2023, 12, 31)
UPDATED = date(2026, 12, 31)
RENAMED = date(2027, 7, 1)
LAST_DAY = date(2028, 12, 31)
YEAR = 365.25
RATES = {"fast": 0.8, "medium": 0.25, "slow": 0.05}
KINDS = ("depot", "line", "workshop", "account")
# exposures -> facts; `core` is what the quick profile trains on and asks, `more` comes on top
CORE = {0: 6, 1: 6, 2: 6, 4: 6, 8: 9, 16: 9, 32: 2, 64: 1}
MORE = {0: 18, 1: 18, 2: 18, 4: 18, 8: 15, 16: 15, 32: 22, 64: 23}
WORDED = {"core": 16, "more": 16}
RENAMABLE = {"core": 12, "more": 12}
WORD_EXPOSURES = 16
KNOWN = 8
"""Exposures from which a fact is asked as one that training taught."""


@dataclass(frozen=True, slots=True)
class Version:
    """A value and the days it held: `start` <= day < `end` (None: still)."""

    value: str
    start: date
    end: date | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A fact of the ledger. `group` is ledger, worded, word or reverse; `rate` its class."""

    id: str
    group: str
    part: str
    kind: str
    name: str
    attribute: str
    versions: tuple[Version, ...]
    placebo: str
    exposures: int | None
    rate: str = ""
    tags: tuple[str, ...] = field(default=())

    @property
    def the(self) -> str:
        """The entity with its article, as texts write it."""
        return f"the {self.name} {self.kind}" if self.kind else f"the {self.name}"

    def on(self, day: date) -> Version:
        """The version that held on a day."""
        for version in self.versions:
            if version.start <= day and (version.end is None or day < version.end):
                return version
        raise ValueError(f"ledger: '{self.id}' has no value on {day}")

    def changed_by(self, day: date) -> bool:
        """Whether its value on a day differs from the one that training ends with."""
        return self.on(day) != self.on(TRAINED_UNTIL)


def table(name: str) -> Any:
    """A table under source/, parsed."""
    return yaml.safe_load((HERE / "source" / f"{name}.yaml").read_text(encoding="utf-8"))


def draw(purpose: str) -> random.Random:
    """A stream of its own per purpose, so that adding a row elsewhere moves nothing here."""
    return random.Random(f"{SEED}/{purpose}")


def combinations(
    spec: Spec, purpose: str, first: str = "first", second: str = "second"
) -> list[str]:
    """Every first word with every second one, shuffled."""
    glue = spec.get("glue", " ")
    pairs = itertools.product(spec[first], spec[second])
    made = [f"{one}{glue}{two}" for one, two in pairs if one != two]
    draw(f"pool/{purpose}").shuffle(made)
    return made


class Pools:
    """Names and values, each handed out once."""

    def __init__(self) -> None:
        pools = table("pools")
        self.attributes = {kind: pools["kinds"][kind]["attribute"] for kind in KINDS}
        names = combinations(pools["names"] | {"glue": ""}, "names", "starts", "ends")
        self.names: Iterator[str] = iter(names)
        self.values = {
            kind: iter(combinations(pools["kinds"][kind], kind)) for kind in pools["kinds"]
        }
        self.words: Spec = pools["words"]

    def take(self, kind: str, count: int) -> list[str]:
        """`count` values of a kind that no fact has yet."""
        found = list(itertools.islice(self.values[kind], count))
        if len(found) < count:
            raise ValueError(f"source/pools.yaml: kind '{kind}' has too few values; add words")
        return found

    def name(self) -> str:
        """A name that no entity has yet."""
        return next(self.names)


def changes(rate: float, rng: random.Random) -> list[date]:
    """The days of a Poisson process after `FIRST_DAY`, to `LAST_DAY`; one change a day at most."""
    days: list[date] = []
    at = rng.expovariate(rate)
    horizon = (LAST_DAY - FIRST_DAY).days
    while at * YEAR < horizon:
        days.append(FIRST_DAY + timedelta(days=1 + int(at * YEAR)))
        at += rng.expovariate(rate)
    return sorted(set(days))


def versions(values: list[str], starts: list[date]) -> tuple[Version, ...]:
    """Values in order, each until the next begins."""
    ends = [*starts[1:], None]
    return tuple(Version(*each) for each in zip(values, starts, ends, strict=True))


def ledger(pools: Pools, part: str) -> list[Entry]:
    """Facts of all exposures; rates take turns within an exposure, kinds over the part."""
    entries = []
    kinds = itertools.cycle(KINDS)
    for exposures, count in (CORE if part == "core" else MORE).items():
        rates = list(itertools.islice(itertools.cycle(RATES), count))
        draw(f"rates/{part}/{exposures}").shuffle(rates)
        for rate in rates:
            kind, name = next(kinds), pools.name()
            days = changes(RATES[rate], draw(f"changes/{name}"))
            *values, placebo = pools.take(kind, len(days) + 2)
            told = versions(values, [FIRST_DAY, *days])
            entries.append(
                Entry(
                    f"{name.lower()}-{kind}",
                    "ledger",
                    part,
                    kind,
                    name,
                    pools.attributes[kind],
                    told,
                    placebo,
                    exposures,
                    rate,
                )
            )
    return entries


def worded(pools: Pools, part: str) -> list[Entry]:
    """Facts that never change, for wordings against repetition; not among the ledger's rows."""
    entries = []
    for kind in itertools.islice(itertools.cycle(KINDS), WORDED[part]):
        name = pools.name()
        value, placebo = pools.take(kind, 2)
        told = versions([value], [FIRST_DAY])
        identity = f"{name.lower()}-{kind}"
        attribute = pools.attributes[kind]
        entries.append(Entry(identity, "worded", part, kind, name, attribute, told, placebo, None))
    return entries


def words(pools: Pools) -> list[Entry]:
    """House words for things; every second one is renamed on `RENAMED`."""
    things, values = list(pools.words["things"]), iter(pools.words["values"])
    parts = ["core"] * RENAMABLE["core"] + ["more"] * RENAMABLE["more"]
    entries = []
    for index, (thing, part) in enumerate(zip(things, parts, strict=True)):
        starts = [FIRST_DAY, RENAMED] if index % 2 else [FIRST_DAY]
        *told, placebo = itertools.islice(values, len(starts) + 1)
        identity = f"word-{thing.replace(' ', '-')}"
        given = versions(told, starts)
        entries.append(
            Entry(identity, "word", part, "", thing, "house word", given, placebo, WORD_EXPOSURES)
        )
    return entries


def reverse(entry: Entry, pools: Pools) -> Entry:
    """What has this value, on the day training ends: the fact read backwards, never trained so."""
    version = entry.on(TRAINED_UNTIL)
    told = (Version(entry.name, version.start, version.end),)
    attribute = f"{entry.kind} whose {entry.attribute} it is"
    name = version.value
    identity = f"{entry.id}-reversed"
    return Entry(
        identity, "reverse", entry.part, entry.kind, name, attribute, told, pools.name(), 0
    )
