"""Policy pages of the support suite: Markdown with headings, one page an edition."""

import random
from collections.abc import Iterator

import yaml
from support_ledger import Edition, Ledger, Policy
from support_tables import Spec, capital, draw, in_words, table

GUIDED = 0.2


def pages(ledger: Ledger) -> Iterator[tuple[str, str]]:
    """(id, Markdown) of each edition of each policy, and of the look-alikes."""
    for one in [*ledger.policies, *ledger.distractors]:
        for edition in one.editions:
            yield page(one, edition)
    for one in guided(ledger):
        yield guide(one)


def guided(ledger: Ledger) -> list[Policy]:
    """The policies whose scope has a guide: a seeded share, never the named one."""
    some = [one for one in ledger.policies if one.id != table("kinds")["named"]["id"]]
    return draw("guides").sample(some, int(GUIDED * len(some)))


def guide(one: Policy) -> tuple[str, str]:
    """(id, Markdown) of a page about the same scope that states no policy."""
    made = (table("private") if "topic" in one.scope else table("kinds")[one.kind])["guide"]
    words = one.scope | {"examples": examples(one)}
    return document(
        {"id": f"guide-{one.id}", "title": made["title"].format(**words)},
        [
            ("Good to know", made["text"].format(**words)),
        ],
    )


def page(one: Policy, edition: Edition) -> tuple[str, str]:
    """(id, Markdown) of an edition; a page names its fact only where a case can ask for it."""
    front: Spec = {"id": f"{one.id}-{edition.start}", "title": title(one)}
    front |= {"valid_from": edition.start} | ({"valid_to": edition.end} if edition.end else {})
    front |= {"facts": [one.id]} if one.exposures is not None else {}
    return document(front, sections(one, edition))


def document(front: Spec, parts: list[tuple[str, str]]) -> tuple[str, str]:
    """(id, Markdown) with front matter, and a heading for each part."""
    head = yaml.safe_dump(front, sort_keys=False, allow_unicode=True, width=1000)
    body = "\n\n".join(f"## {name}\n{text}" for name, text in parts)
    return front["id"], f"---\n{head}---\n{body}\n"


def title(one: Policy) -> str:
    """The page's title."""
    if "topic" in one.scope:
        return f"Note for agents: {one.scope['topic']}"
    return str(table("kinds")[one.kind]["title"].format(**one.scope))


def sections(one: Policy, edition: Edition) -> list[tuple[str, str]]:
    """Heading and text of each part; what is left out comes before the rule."""
    rule = f"{capital(one.subject)} is {edition.value}."
    reach = f"This edition holds from {in_words(edition.start)}"
    reach += f" and ended on {in_words(edition.end)}." if edition.end else "."
    if "topic" in one.scope:
        use = "Agents pass it on by voice and never write it to a customer."
        return [("Who reads this", "Only agents on duty."), ("What to use", f"{rule} {use}")]
    kind = table("kinds")[one.kind]
    rng = draw(f"page/{one.id}")
    words = {dim: neighbour(dim, name, rng) for dim, name in one.scope.items()}
    other, near = (words[dim] for dim in other_and_near(one.kind))
    said = one.scope | {"examples": examples(one)}
    return [
        ("What this page covers", kind["covers"].format(**said)),
        ("What this page leaves out", kind["elsewhere"].format(**said, other=other, near=near)),
        ("The rule", rule),
        ("How it works", kind["steps"]),
        ("Edition", reach),
    ]


def examples(one: Policy) -> str:
    """Things of the policy's category, if it has one."""
    known = {entry["name"]: entry["examples"] for entry in table("scopes")["category"]}
    return str(known.get(one.scope.get("category", ""), ""))


def other_and_near(kind: str) -> tuple[str, str]:
    """Which dimensions `{other}` and `{near}` of a kind name."""
    first, second = table("kinds")[kind]["dims"]
    return (second, first) if kind == "sale" else (first, second)


def neighbour(dim: str, name: str, rng: random.Random) -> str:
    """Another name of the dimension."""
    names = [entry["name"] for entry in table("scopes")[dim] if entry["name"] != name]
    return str(rng.choice(names))
