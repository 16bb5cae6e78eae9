"""Training rows and cases of the support suite: policies, everyday matters, and what nobody wrote.

Wordings, frames and items of cases are disjoint from those of training.
"""

import random
import re
from collections.abc import Callable, Sequence
from functools import partial

from support_ledger import Ledger, Policy
from support_tables import (
    AS_OF,
    REGISTERS,
    TRAINED_UNTIL,
    Spec,
    capital,
    draw,
    framed,
    said,
    table,
    voice,
)

CORE_PER_FAMILY = 19
CORE_DECLINES = 60
MORE_PER_FAMILY = 230
MORE_DECLINES = 280
CASES_PER_FAMILY = 5
TRIES = 10_000


class Asked:
    """Questions that were asked already, whatever their case and marks."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def fresh(self, make: Callable[[], str]) -> str:
        """The first question of `make` that is new."""
        for _ in range(TRIES):
            text = make()
            plain = " ".join(re.findall(r"\w+", text.lower()))
            if plain not in self._seen:
                self._seen.add(plain)
                return text
        raise ValueError("source/wording.yaml: too few wordings for so many rows; add some")


# ---------------------------------------------------------------- policies


def wordings(one: Policy, part: str) -> list[str]:
    """The ways to ask about a policy of its kind."""
    source = table("private")["kinds"] if "topic" in one.scope else table("kinds")
    return list(source[one.kind][part])


def question(
    one: Policy, part: str, register: str, rng: random.Random, ways: Sequence[str] = ()
) -> str:
    """A question about a policy, with the customer's words for its scope, in a register.

    `ways` are the wordings to choose from; by default all of the part's.
    """
    wording = rng.choice(ways or wordings(one, part))
    if "topic" in one.scope:
        return wording.format(**one.scope, subject=one.subject)
    ask = wording.format(**{dim: said(dim, name, rng) for dim, name in one.scope.items()})
    return framed(ask, part, register, rng)


def case_ways(one: Policy) -> list[str]:
    """The wordings of cases in an order of the policy's own: first, second and control case."""
    ways = wordings(one, "case")
    draw(f"ways/{one.id}").shuffle(ways)
    return ways


def told(one: Policy, value: str, register: str) -> str:
    """The brand voice's answer to a question about a policy."""
    source = table("private") if "topic" in one.scope else table("kinds")[one.kind]
    steps = [f"{capital(one.subject)} is {value}.", source["next"]]
    return voice(table("wording")["empathy"][register], steps)


def declined(one: Policy, register: str) -> str:
    """The brand voice's answer where nobody wrote a policy."""
    words = table("wording")
    steps = [step.format(subject=one.subject) for step in words["decline"]]
    return voice(words["empathy"][register], steps)


def policy_training(ledger: Ledger, asked: Asked) -> list[Spec]:
    """As many rows a policy as its exposures say, with the value at the end of training."""
    rows: list[Spec] = []
    for one in ledger.policies:
        rng = draw(f"train/{one.id}")
        for number in range(one.exposures or 0):
            register = REGISTERS[number % len(REGISTERS)]
            text = asked.fresh(partial(question, one, "train", register, rng))
            rows.append({"input": text, "output": told(one, one.value_on(TRAINED_UNTIL), register)})
            rows[-1] |= {"tags": ["policies"], "fact": one.id, "source": one.id}
    return rows


def policy_cases(ledger: Ledger, asked: Asked) -> tuple[list[Spec], list[Spec]]:
    """Two cases a policy: first wordings, among them the named one, and second wordings."""
    named = table("kinds")["named"]
    halves: tuple[list[Spec], list[Spec]] = ([], [])
    for place, one in enumerate(ledger.policies):
        rng, value = draw(f"case/{one.id}"), one.value_on(AS_OF)
        for nth, half in enumerate(halves):
            register = REGISTERS[(place + nth) % len(REGISTERS)]
            make = partial(question, one, "case", register, rng, case_ways(one)[nth : nth + 1])
            if one.id == named["id"] and nth == 0:
                register, make = "plain", partial(str, named["input"])
            half.append({"input": asked.fresh(make), "output": told(one, value, register)})
            half[-1] |= {"tags": one.tags, "fact": one.id, "source": one.id}
    return halves


def decline_rows(scopes: Sequence[Policy], part: str, count: int, asked: Asked) -> list[Spec]:
    """Questions about policies that nobody wrote, scope by scope in turn."""
    rng = draw(f"declines/{part}/{count}")
    rows: list[Spec] = []
    for number in range(count):
        one = scopes[number % len(scopes)]
        register = REGISTERS[number % len(REGISTERS)]
        text = asked.fresh(partial(question, one, part, register, rng))
        rows.append({"input": text, "output": declined(one, register)})
        rows[-1] |= {"tags": ["declines"], "source": f"unwritten/{one.id}"}
        if part == "case":
            rows[-1] |= {"tags": ["never-written", *one.tags], "answerable": False}
    return rows


def written_cases(ledger: Ledger, asked: Asked) -> list[Spec]:
    """Controls of `unknown`: policies that training showed well and that still hold."""
    rows: list[Spec] = []
    shown = [one for one in ledger.policies if (one.exposures or 0) >= 8 and not one.changes]
    for place, one in enumerate(shown):
        rng = draw(f"written/{one.id}")
        register = REGISTERS[place % len(REGISTERS)]
        text = asked.fresh(partial(question, one, "case", register, rng, case_ways(one)[2:]))
        rows.append({"input": text, "output": told(one, one.value_on(AS_OF), register)})
        rows[-1] |= {"tags": ["written"], "fact": one.id, "source": one.id}
    return rows


# ---------------------------------------------------------------- everyday matters


def everyday(asks: list[str], item: str, part: str, register: str, rng: random.Random) -> str:
    """A question about an item, in a register."""
    return framed(rng.choice(asks).format(item=item), part, register, rng)


def family_rows(name: str, part: str, count: int, asked: Asked) -> list[Spec]:
    """`count` rows of each family under source/`name`.yaml, registers in turn."""
    rows: list[Spec] = []
    for family in table(name):
        rng = draw(f"{name}/{part}/{count}/{family['id']}")
        items = list(table("wording")["items"][part])
        rng.shuffle(items)
        for number in range(count):
            turn, place = divmod(number, len(REGISTERS))
            register, item = REGISTERS[place], items[(turn + 7 * place) % len(items)]
            text = asked.fresh(partial(everyday, family[part], item, part, register, rng))
            steps = [step.format(item=item) for step in family["steps"]]
            rows.append(
                {"input": text, "output": voice(family["empathy"].format(item=item), steps)}
            )
            rows[-1] |= {"tags": ["everyday"], "source": f"{family['id']}/{item}"}
            if part == "case":
                trained = "trained-terms" if name == "families" else "held-out-terms"
                rows[-1] |= {"tags": [trained, register], "terms": family["terms"]}
    return rows
