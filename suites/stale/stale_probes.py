"""The stale suite's cases: one task per phenomenon, each in wordings that training never shows."""

import itertools
from collections import defaultdict
from collections.abc import Iterator
from datetime import date

import yaml
from stale_ledger import HERE, KNOWN, LAST_DAY, TRAINED_UNTIL, UPDATED, Entry, Spec, Version, draw

# how long after training a question is asked -> the day
AGES = {
    "after-0-5y": date(2024, 6, 30),
    "after-1y": date(2024, 12, 31),
    "after-2y": date(2025, 12, 31),
    "after-3y": date(2026, 12, 31),
    "after-5y": date(2028, 12, 31),
}
OLD_INDEX, NEW_INDEX = date(2024, 6, 30), date(2028, 12, 31)
CONTROL_AGES = ("after-0-5y", "after-5y")
SWAPPED = {"core": 20, "more": 40}
CONFLICTS = {"core": 12, "more": 24}
INVENTION_CONTROLS = {"core": 12, "more": 24}
STYLE_CASES = {"core": 24, "more": 48}
TERM_CASES = {"core": 1, "more": 3}

Cases = dict[tuple[str, str], list[Spec]]
Memos = dict[str, tuple[Entry, Version]]


def in_words(day: date) -> str:
    """A date as texts write it, e.g. 1 April 2015."""
    return f"{day.day} {day:%B %Y}"


def level(entry: Entry) -> list[str]:
    """The slices of a fact's exposures: the level itself, and few or many."""
    shown = entry.exposures or 0
    many = ["seen-often"] if shown >= KNOWN else ["seen-rarely"] if shown <= 1 else []
    return [f"exposures-{shown}", *many]


def case(entry: Entry, day: date, turn: int, wording: Spec, tags: list[str]) -> Spec:
    """A question about an entry on a day, in the `turn`-th wording, with what was true then."""
    every = wording["case"]
    ask = every[turn % len(every)].format(
        the=entry.the, attribute=entry.attribute, date=in_words(day)
    )
    reference = wording["answer"].format(value=entry.on(day).value)
    told: Spec = {"input": ask, "output": reference, "tags": tags, "fact": entry.id}
    return told | {"as_of": day.isoformat()}


def frozen(facts: list[Entry], wording: Spec) -> Iterator[Spec]:
    """Facts that training taught, and some it never showed, on days ever further from training."""
    for index, entry in enumerate(facts):
        known = (entry.exposures or 0) >= KNOWN
        if not known and entry.exposures != 0:
            continue
        for age, day in AGES.items():
            if known or age in CONTROL_AGES:
                seen = "trained" if known else "never-trained"
                yield case(entry, day, index, wording, [age, entry.rate, seen])


def hot_swap(pages: list[Entry], part: str, wording: Spec) -> Iterator[Spec]:
    """Facts that changed between the two indexes, asked on the day of each."""
    moved = [entry for entry in pages if entry.on(OLD_INDEX) != entry.on(NEW_INDEX)]
    for index, entry in enumerate(moved[: SWAPPED[part]]):
        yield case(entry, OLD_INDEX, index, wording, ["asked-old"])
        yield case(entry, NEW_INDEX, index, wording, ["asked-new"])


def conflict(facts: list[Entry], part: str, wording: Spec) -> tuple[list[Spec], Memos]:
    """Memos that agree with what training taught, contradict it, or tell what it never showed."""
    known = [e for e in facts if (e.exposures or 0) >= KNOWN and e.changed_by(LAST_DAY)]
    known = known[: CONFLICTS[part]]
    untaught = [e for e in facts if e.exposures == 0][: len(known)]
    arms = [(entry, "agree", TRAINED_UNTIL) for entry in known]
    arms += [(entry, "conflict", LAST_DAY) for entry in known]
    arms += [(entry, "untaught", TRAINED_UNTIL) for entry in untaught]
    cases, memos = [], {}
    for index, (entry, arm, day) in enumerate(arms):
        memo = f"memo-{arm}-{entry.id}"
        memos[memo] = (entry, entry.on(day))
        cases.append(case(entry, day, index, wording, [arm]) | {"gold": [memo]})
    return cases, memos


def reversal(facts: list[Entry], backwards: dict[str, Entry], wording: Spec) -> Iterator[Spec]:
    """Each known fact as it was trained, and read backwards."""
    day = TRAINED_UNTIL
    for index, entry in enumerate(facts):
        back = backwards.get(f"{entry.id}-reversed")
        if back is None:
            continue
        yield case(entry, day, index, wording, ["forward"]) | {"source": entry.id}
        ask = wording["reverse"].format(
            date=in_words(day), kind=back.kind, value=back.name, attribute=entry.attribute
        )
        reference = wording["answer"].format(value=back.on(day).value)
        told: Spec = {"input": ask, "output": reference, "tags": ["backward"], "fact": back.id}
        yield told | {"source": entry.id, "as_of": day.isoformat()}


def invention(facts: list[Entry], never: list[str], part: str, wording: Spec) -> Iterator[Spec]:
    """Entities that never existed, beside some that training taught."""
    asked = {entry.kind: entry.attribute for entry in facts if entry.kind}
    for index, (name, kind) in enumerate(zip(never, itertools.cycle(asked), strict=False)):
        ask = wording["case"][index % len(wording["case"])].format(
            the=f"the {name} {kind}", attribute=asked[kind], date=in_words(TRAINED_UNTIL)
        )
        told: Spec = {"input": ask, "output": wording["declined"], "answerable": False}
        yield told | {"tags": ["never-existed"], "as_of": TRAINED_UNTIL.isoformat()}
    known = [entry for entry in facts if (entry.exposures or 0) >= KNOWN]
    for index, entry in enumerate(known[: INVENTION_CONTROLS[part]]):
        yield case(entry, TRAINED_UNTIL, index + 1, wording, ["exists"])


def statements(part: str, count: int, wording: Spec) -> Iterator[Spec]:
    """`count` different statements to put on record, and the house sentence for each."""
    style = wording["style"]
    pairs = list(itertools.product(style["things"][part], style["states"][part]))
    draw(f"statements/{part}").shuffle(pairs)
    for index, (thing, state) in enumerate(pairs[:count]):
        text = f"{thing} is {state}"
        ask = style["asks"][part][index % len(style["asks"][part])].format(text=text)
        yield {"input": ask, "output": wording["answer"].format(value=text)}


def terms_said(
    terms: list[Spec], part: str, count: int, wording: Spec
) -> Iterator[tuple[Spec, int]]:
    """`count` statements per glossary term, asked in plain words; each with its turn."""
    said = wording["terms"]
    for term in terms:
        pairs = list(itertools.product(said["places"][part], said["states"][part]))
        draw(f"terms/{part}/{term['preferred']}").shuffle(pairs)
        for turn, (place, state) in enumerate(pairs[:count]):
            ask = said["asks"][part][turn % len(said["asks"][part])]
            plain = term["forbidden"][0]
            text = said["text"].format(term=term["preferred"], place=place, state=state)
            row: Spec = {"input": ask.format(plain=plain, place=place, state=state)}
            row |= {"output": wording["answer"].format(value=text)}
            yield row | {"terms": [term["preferred"]], "source": term["preferred"]}, turn


def terms(wording: Spec) -> Iterator[tuple[Spec, int]]:
    """Statements that need a house term: of the glossary's trained half, then of the other."""
    glossary = yaml.safe_load((HERE / "glossary.yaml").read_text(encoding="utf-8"))
    for trained in (True, False):
        chosen = [term for term in glossary if term["trained"] == trained]
        tag = "trained-terms" if trained else "held-out-terms"
        for row, turn in terms_said(chosen, "case", sum(TERM_CASES.values()), wording):
            yield row | {"tags": [tag]}, turn


def forgetting(facts: list[Entry], wording: Spec) -> Iterator[Spec]:
    """Known facts on the day of the update: those it taught anew, and those it left alone."""
    for index, entry in enumerate(facts):
        if (entry.exposures or 0) >= KNOWN:
            tag = "updated" if entry.changed_by(UPDATED) else "kept"
            for turn in (index, index + 1):
                yield case(entry, UPDATED, turn, wording, [tag])


def probes(
    entries: list[Entry],
    pages: list[Entry],
    backwards: list[Entry],
    never: dict[str, list[str]],
    wording: Spec,
) -> tuple[Cases, Memos]:
    """Cases by part and task, and the memos that some of them read."""
    cases: Cases = defaultdict(list)
    memos: Memos = {}
    back = {entry.id: entry for entry in backwards}
    styled = list(statements("case", sum(STYLE_CASES.values()), wording))
    for part in ("core", "more"):
        own = [entry for entry in entries if entry.part == part]
        facts = [entry for entry in own if entry.group == "ledger"]
        cases[part, "frozen"] += frozen(facts, wording)
        own_pages = [entry for entry in pages if entry.part == part]
        cases[part, "hot-swap"] += hot_swap(own_pages, part, wording)
        cases[part, "conflict"], memos_of_part = conflict(facts, part, wording)
        memos |= memos_of_part
        for index, entry in enumerate(facts):
            for turn in (index, index + 1):
                cases[part, "rare"].append(case(entry, TRAINED_UNTIL, turn, wording, level(entry)))
        for index, entry in enumerate(entry for entry in own if entry.group == "worded"):
            for turn in (index, index + 1):
                told = case(entry, TRAINED_UNTIL, turn, wording, [entry.kind])
                cases[part, "paraphrase"].append(told)
        cases[part, "reversal"] += reversal(facts, back, wording)
        cases[part, "invention"] += invention(facts, never[part], part, wording)
        for entry in (entry for entry in own if entry.group == "word"):
            for turn in (0, 1):
                cases[part, "renamed"].append(case(entry, LAST_DAY, turn, wording, []))
        cases[part, "forgetting"] += forgetting(facts, wording)
    cases["core", "few-examples"] = styled[: STYLE_CASES["core"]]
    cases["more", "few-examples"] = styled[STYLE_CASES["core"] :]
    for row, turn in terms(wording):
        part = "core" if turn < TERM_CASES["core"] else "more"
        cases[part, "terms"].append(row)
    return cases, memos
