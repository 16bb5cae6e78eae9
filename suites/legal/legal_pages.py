"""Documents of the legal suite: one rule a page, several rules a page, and what looks like them."""

from collections.abc import Iterator
from datetime import date

from legal_base import Spec, capital, document, draw, fresh_values, in_words, table, version_on

LOOK_ALIKE_FROM = date(2016, 10, 1)


def all_documents(facts: list[Spec], used: set[str]) -> Iterator[tuple[str, str]]:
    """(id, Markdown) of every document. `used` are values that no look-alike may state."""
    pages = table("pages")
    grouped = {rule for group in pages["groups"] for rule in group["rules"]}
    by_id = {fact["id"]: fact for fact in facts}
    yield from single_documents([fact for fact in facts if fact["id"] not in grouped])
    for group in pages["groups"]:
        yield from group_documents(group, by_id)
    yield from look_alikes(pages, by_id, used)
    for name in pages["desks"]:
        yield desk(by_id[name])
    for page in table("distractors"):
        yield page["id"], document({"id": page["id"], "title": page["title"]}, page["text"])


def single_documents(facts: list[Spec]) -> Iterator[tuple[str, str]]:
    """A page for each version of each fact; one plain fact a page."""
    for fact in facts:
        title = capital(fact["subject"])
        for version in fact["versions"]:
            start, end = version["from"], version["to"]
            front: Spec = {"id": f"{fact['id']}-{start}", "title": title, "valid_from": start}
            front |= ({"valid_to": end} if end else {}) | {"facts": [fact["id"]]}
            cited = version["authority"] if end else version.get("now", version["authority"])
            reach = f"It applied until {in_words(end)}." if end else "It is still in force."
            text = f"{title} is {version['value']}. The source is {cited}. {reach}"
            yield front["id"], document(front, text)


def group_documents(group: Spec, by_id: dict[str, Spec]) -> Iterator[tuple[str, str]]:
    """A page for each edition of a group of rules: a new edition whenever one of them changes."""
    facts = [by_id[name] for name in group["rules"]]
    starts = sorted({version["from"] for fact in facts for version in fact["versions"]})
    for start, end in zip(starts, [*starts[1:], None], strict=True):
        held = [(fact, version_on(fact, start)) for fact in facts]
        front: Spec = {"id": f"{group['id']}-{start}", "title": group["title"], "valid_from": start}
        front |= {"valid_to": end} if end else {}
        front |= {"facts": [fact["id"] for fact, version in held if version]}
        parts = [
            section(group, fact["id"], version["value"], version["authority"])
            for fact, version in held
            if version
        ]
        yield front["id"], document(front, "\n\n".join(parts))


def section(group: Spec, rule: str, value: str, cited: str) -> str:
    """A rule of a page, under its heading."""
    return f"## {group['rules'][rule]}\n{group['says'].format(value=value)} Source: {cited}."


def look_alikes(pages: Spec, by_id: dict[str, Spec], used: set[str]) -> Iterator[tuple[str, str]]:
    """Pages of depots and of other people: the words of the rules, other values, no fact."""
    units = {spec["id"]: spec for spec in table("house")}

    def value(rule: str, place: str) -> str:
        spec = units[rule]
        wide = spec | {"high": spec["high"] * 2} if "high" in spec else spec
        return fresh_values(wide, 1, used, draw(f"look-alike/{place}/{rule}"))[0]

    for city in pages["depots"]:
        for group in pages["groups"]:
            name = f"{group['id']}-{city.lower()}"
            front: Spec = {"id": name, "title": f"{group['title']} at the {city} depot"}
            cited = f"{city} depot order of {in_words(LOOK_ALIKE_FROM)}, for the depot only"
            parts = [section(group, rule, value(rule, city), cited) for rule in group["rules"]]
            front |= {"valid_from": LOOK_ALIKE_FROM}
            yield name, document(front, "\n\n".join(parts))
    for number, rule in enumerate(pages["look_alikes"]):
        whose = pages["others"][number % len(pages["others"])]
        subject = by_id[rule]["subject"]
        name = f"{rule}-others"
        page: Spec = {"id": name, "title": f"{capital(subject)}, for {whose}"}
        text = (
            f"{capital(subject)} is {value(rule, whose)} for {whose}, and for them alone. "
            f"Others who ask for {subject} are shown the handbook instead."
        )
        yield name, document(page | {"valid_from": LOOK_ALIKE_FROM}, text)


def desk(fact: Spec) -> tuple[str, str]:
    """A page with every word of the question and no answer."""
    subject = fact["subject"]
    name = f"{fact['id']}-desk"
    text = (
        f"Questions on {subject} are answered in writing. Whoever needs to state {subject} signs "
        f"the book at the desk; a note on {subject} follows within the week."
    )
    return name, document({"id": name, "title": f"Whom to ask for {subject}"}, text)
