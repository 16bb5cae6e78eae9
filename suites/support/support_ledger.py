"""The ledger of policies: scopes, values through time, exposures, and what nobody ever wrote."""

import itertools
import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from support_tables import TRAINED_UNTIL, Spec, draw, slug, table

LEVELS = (0, 1, 2, 4, 8, 16, 32, 64)
CHANGED_LEVELS = (4, 16, 32)
FACTS_PER_LEVEL = 6
TAUGHT = (16, 32)
SELDOM, OFTEN = {0, 1, 2}, {16, 32, 64}
NEW_POLICIES = 4


@dataclass
class Edition:
    """A value of a policy while `start <= day < end`."""

    value: str
    start: date
    end: date | None = None


@dataclass
class Policy:
    """What a page says about a scope; `exposures` None is a page that no case asks about."""

    id: str
    kind: str
    scope: dict[str, str]
    editions: list[Edition] = field(default_factory=list)
    exposures: int | None = None
    placebo: str = ""
    tags: list[str] = field(default_factory=list)
    changes: bool = False

    @property
    def subject(self) -> str:
        """What the policy sets, as a noun phrase."""
        kinds = table("kinds") | table("private")["kinds"]
        return str(kinds[self.kind]["subject"].format(**self.scope))

    def value_on(self, day: date) -> str:
        """The value in force on a day; ValueError where there is none."""
        for edition in self.editions:
            if edition.start <= day and (edition.end is None or day < edition.end):
                return edition.value
        raise ValueError(f"policy '{self.id}' has no value on {day}")


@dataclass
class Ledger:
    """All policies, the pages that answer no case, and scopes without any page."""

    policies: list[Policy]
    distractors: list[Policy]
    unwritten: dict[str, list[Policy]]


class Pools:
    """Values that no policy has used yet, as version or placebo."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def take(self, kind: str, count: int, rng: random.Random, *, keep: bool = True) -> list[str]:
        """`count` free values of a kind; without `keep` others may take them again."""
        free = [value for value in pool(kind) if value not in self._used]
        if len(free) < count:
            raise ValueError(f"source/: '{kind}' needs {count} free values; widen its pool")
        values = rng.sample(free, count)
        self._used.update(values if keep else [])
        return values


def pool(kind: str) -> list[str]:
    """All values that a kind of policy can have."""
    private = table("private")["kinds"]
    if kind in private:
        return list(private[kind]["pool"])
    made = table("kinds")[kind]["value"]
    step = made.get("step", 1)
    count = int((made["high"] - made["low"]) / step) + 1
    numbers = [made["low"] + index * step for index in range(count)]
    return [made["pattern"].format(int(n) if n == int(n) else n) for n in numbers]


# ---------------------------------------------------------------- scopes


def kinds() -> dict[str, Spec]:
    """The kinds of public policies."""
    return {name: spec for name, spec in table("kinds").items() if "dims" in spec}


def policy(kind: str, scope: dict[str, str]) -> Policy:
    """A policy without values."""
    return Policy("-".join([kind, *map(slug, scope.values())]), kind, scope)


def pairs(kind: str, spec: Spec) -> list[dict[str, str]]:
    """Scopes of a kind in seeded order, without those that the tables name."""
    names = [[entry["name"] for entry in table("scopes")[dim]] for dim in spec["dims"]]
    named = [table("kinds")["named"]["scope"], *table("kinds")["look_alikes"]]
    grid = [dict(zip(spec["dims"], pair, strict=True)) for pair in itertools.product(*names)]
    grid = [scope for scope in grid if scope not in named and not _later(scope)]
    draw(f"scopes/{kind}").shuffle(grid)
    return grid


def far(kind: str, spec: Spec, part: str) -> list[dict[str, str]]:
    """Scopes of which one half is nowhere in the ledger; training knows of no later sale."""
    rng = draw(f"far/{kind}/{part}")
    known = {
        dim: [e["name"] for e in table("scopes")[dim] if e.get("from", date.min) <= TRAINED_UNTIL]
        for dim in spec["dims"]
    }
    scopes = []
    for dim in spec["dims"]:
        for name in table("scopes")["unwritten"][part][dim]:
            halves = {d: rng.choice(names) for d, names in known.items()}
            scopes.append(halves | {dim: name})
    return scopes


def _later(scope: dict[str, str]) -> bool:
    return "sale" in scope and sale_start(scope["sale"]) > TRAINED_UNTIL


def sale_start(name: str) -> date:
    """The first day of a sale."""
    starts: dict[str, date] = {sale["name"]: sale["from"] for sale in table("scopes")["sale"]}
    return starts[name]


# ---------------------------------------------------------------- values


def starts(one: Policy, rng: random.Random) -> list[date]:
    """First days of a policy's editions, oldest first; about half were revised before training."""
    if "sale" in one.scope:
        return [sale_start(one.scope["sale"])]
    days = [date(rng.randint(2019, 2020), rng.choice((1, 4, 7)), 1)]
    if "topic" in one.scope:
        return days
    if rng.random() < 0.5:
        days.append(date(2021, 6, 1) + timedelta(days=rng.randrange(700)))
    if one.changes:
        days.append(date(2024, 2, 1) + timedelta(days=rng.randrange(600)))
    return days


def deal(rest: list[Policy]) -> None:
    """Exposures and changes, dealt at random.

    FACTS_PER_LEVEL policies that stay are shown as often as each level says, and as many that
    change after training at each of CHANGED_LEVELS. Sales stay: they are over.
    """
    draw("deal").shuffle(rest)
    count = len(CHANGED_LEVELS) * FACTS_PER_LEVEL
    moving = [one for one in rest if "sale" not in one.scope][:count]
    staying = [one for one in rest if one not in moving]
    for group, levels in ((moving, CHANGED_LEVELS), (staying, LEVELS)):
        hands = [level for level in levels for _ in range(FACTS_PER_LEVEL)]
        for one, level in zip(group, hands, strict=True):
            _expose(one, level, changed=group is moving)


def _expose(one: Policy, level: int, *, changed: bool) -> None:
    one.exposures, one.changes = level, changed
    one.tags = ["policy"] if changed else ["policy", f"exposures-{level}"]
    if level in TAUGHT:
        one.tags.append("taught-changed" if changed else "taught-unchanged")
    if not changed and level in SELDOM | OFTEN:
        one.tags.append("seldom" if level in SELDOM else "often")


def fill(one: Policy, pools: Pools) -> None:
    """Give a policy its editions and a value that was never true."""
    rng = draw(f"values/{one.id}")
    days = starts(one, rng)
    *values, one.placebo = pools.take(one.kind, len(days) + 1, rng)
    one.editions = _editions(values, days)


def _editions(values: list[str], days: list[date]) -> list[Edition]:
    ends = [*days[1:], None]
    return [Edition(*made) for made in zip(values, days, ends, strict=True)]


# ---------------------------------------------------------------- ledger


def ledger() -> Ledger:
    """The whole ledger."""
    asked: list[Policy] = []
    quiet = [policy("sale", scope) for scope in table("kinds")["look_alikes"]]
    unwritten: dict[str, list[Policy]] = {"train": [], "case": []}
    for kind, spec in kinds().items():
        grid = iter(pairs(kind, spec))
        asked += [policy(kind, next(grid)) for _ in range(spec["facts"])]
        quiet += [policy(kind, next(grid)) for _ in range(spec["distractors"])]
        for part, some in unwritten.items():
            near = [policy(kind, next(grid)) for _ in range(spec["near"][part])]
            some += [_tagged(one, "near") for one in near]
            some += [_tagged(policy(kind, scope), "far") for scope in far(kind, spec, part)]
    deal(asked)
    everyone = [*asked, named(), *new_sales(), *private()]
    pools = Pools()
    for one in everyone:
        fill(one, pools)
    for one in quiet:
        rng = draw(f"values/{one.id}")
        value = pools.take(one.kind, 1, rng, keep=False)
        one.editions = _editions(value, starts(one, rng)[:1])
    return Ledger(everyone, quiet, unwritten)


def _tagged(one: Policy, tag: str) -> Policy:
    one.tags = [tag]
    return one


def named() -> Policy:
    """The policy that one case asks for word for word; training never shows it."""
    one = policy("sale", table("kinds")["named"]["scope"])
    one.exposures, one.tags = 0, ["policy", "exposures-0", "seldom"]
    return one


def new_sales() -> list[Policy]:
    """Policies of sales that came after training."""
    sales = [sale["name"] for sale in table("scopes")["sale"] if sale["from"] > TRAINED_UNTIL]
    cities = [city["name"] for city in table("scopes")["city"]]
    made = []
    for number, city in enumerate(draw("new").sample(cities, NEW_POLICIES)):
        one = policy("sale", {"city": city, "sale": sales[number % len(sales)]})
        one.exposures, one.tags = 0, ["policy"]
        made.append(one)
    return made


def private() -> list[Policy]:
    """Notes for agents alone, which training never shows."""
    return [
        Policy(topic["id"], topic["kind"], {"topic": topic["topic"]}, exposures=0, tags=["private"])
        for topic in table("private")["topics"]
    ]
