"""Writes the legal suite's data from the tables under `source/`: same seed, same bytes.

Run `python suites/legal/generate.py [--out DIR]`. It writes `train.jsonl`, `train-more.jsonl`,
`facts.jsonl`, `cases/*.jsonl` and `documents/*.md` into DIR (default: this folder). suite.yaml,
style.yaml, glossary.yaml and prompts/ are written by hand and not touched.
"""

import argparse
import itertools
import random
from datetime import date
from pathlib import Path

from legal_base import (
    AS_OF,
    HERE,
    TRAINED_UNTIL,
    Spec,
    capital,
    draw,
    ended,
    fresh_values,
    in_words,
    jsonl,
    table,
    version_on,
)
from legal_drafts import (
    CASES_PER_SECTION,
    CLAUSES_PER_FAMILY,
    MORE_CLAUSES_PER_FAMILY,
    MORE_SECTIONS_PER_FAMILY,
    RENAMED_PER_TERM,
    SECTIONS_PER_FAMILY,
    clause_cases,
    clause_rows,
    section_rows,
    term_facts,
    term_rows,
)
from legal_pages import all_documents

EXPOSURES = (0, 1, 2, 4, 8, 16)
CASES_PER_FACT = 2
SLICES = {0: "exposures-0"} | dict.fromkeys((1, 2), "exposures-1-2")
SLICES |= dict.fromkeys((4, 8), "exposures-4-8") | {16: "exposures-16"}


# ---------------------------------------------------------------- facts


def version_starts(path: str, rng: random.Random) -> list[date]:
    """The first days of a house rule's editions, oldest first."""
    quarters = [date(y, m, 1) for y in range(2017, 2026) for m in (4, 7, 10)][:-1]
    if path == "new":
        return [rng.choice(quarters[3:])]
    changes = {"unchanged": 0, "changed": 1, "changed-twice": 2}[path]
    return [date(rng.randint(2010, 2016), 4, 1), *sorted(rng.sample(quarters, changes))]


def house_exposures(specs: list[Spec]) -> dict[str, int]:
    """Training repetitions per house rule: the six levels, dealt in random order.

    They are balanced within changed and within unchanged rules; a new rule has none.
    """
    dealt = {spec["id"]: 0 for spec in specs}
    for stay in (True, False):
        ids = [s["id"] for s in specs if s["path"] != "new" and (s["path"] == "unchanged") == stay]
        draw(f"exposures/{stay}").shuffle(ids)
        dealt.update(zip(ids, itertools.cycle(EXPOSURES), strict=False))
    return dealt


def house_facts(used: set[str]) -> list[Spec]:
    """Handbook rules in the shape of source/statutory.yaml."""
    specs: list[Spec] = table("house")
    exposures = house_exposures(specs)
    facts = []
    for spec in specs:
        rng = draw(f"house/{spec['id']}")
        starts = version_starts(spec["path"], rng)
        *values, placebo = fresh_values(spec, len(starts) + 1, used, rng)
        versions = []
        for value, start in zip(values, starts, strict=True):
            cited = f"Handbook rule {spec['rule']}, edition of {in_words(start)}"
            version = {"value": value, "from": start, "authority": cited}
            versions.append(version | {"source": f"{cited} (fictional)"})
        facts.append(
            {"id": spec["id"], "subject": spec["subject"], "versions": versions, "tag": "house"}
            | {"placebo": [placebo], "exposures": exposures[spec["id"]]}
        )
    return facts


def all_facts() -> list[Spec]:
    """Statutory facts, then house facts; every version knows the day it ended (`to`)."""
    statutory: list[Spec] = [fact | {"tag": "statutory"} for fact in table("statutory")]
    used = {version["value"] for fact in statutory for version in fact["versions"]}
    used.update(value for fact in statutory for value in fact["placebo"])
    return ended(statutory + house_facts(used))


def fact_answer(fact: Spec, version: Spec, day: date) -> str:
    """The house answer; on `as_of` a code that took the value over is cited instead."""
    cited = version.get("now", version["authority"]) if day == AS_OF else version["authority"]
    return f"Position: {capital(fact['subject'])} is {version['value']}.\nAuthority: {cited}."


def fact_line(fact: Spec) -> Spec:
    """A line of facts.jsonl."""
    versions: list[Spec] = [
        {"value": version["value"], "valid_from": version["from"].isoformat()}
        | ({"valid_to": version["to"].isoformat()} if version["to"] else {})
        | {key: version[key] for key in ("aliases", "source") if key in version}
        for version in fact["versions"]
    ]
    entity = "Indian law" if fact["tag"] == "statutory" else "Tarangini handbook"
    line: Spec = {"id": fact["id"], "entity": entity, "attribute": fact["subject"]}
    shown = fact["exposures"] + (RENAMED_PER_TERM if fact["tag"] == "term" else 0)
    line |= {"tags": [fact["tag"]], "exposures": shown, "placebo": fact["placebo"]}
    return line | {"versions": versions}


def fact_rows(facts: list[Spec], part: str, wordings: list[str]) -> list[Spec]:
    """Questions about facts, each of a fact in another wording.

    Training asks as often as the fact's exposures say and teaches the value of
    `TRAINED_UNTIL`; cases ask `CASES_PER_FACT` times and expect the value of `AS_OF`.
    """
    day = TRAINED_UNTIL if part == "train" else AS_OF
    rows: list[Spec] = []
    for fact in facts:
        times = fact["exposures"] if part == "train" else CASES_PER_FACT
        version = version_on(fact, day)
        if times and version is None:
            raise ValueError(f"source/: fact '{fact['id']}' has no value on {day}")
        for wording in draw(f"{part}/{fact['id']}").sample(wordings, times):
            ask = wording.format(subject=fact["subject"], as_of=in_words(AS_OF))
            rows.append({"input": ask, "output": fact_answer(fact, version or {}, day)})
            tags = ["facts"] if part == "train" else [fact["tag"], SLICES[fact["exposures"]]]
            rows[-1] |= {"tags": tags, "fact": fact["id"], "source": fact["id"]}
    return rows


def other_wordings(facts: list[Spec]) -> list[Spec]:
    """Cases that ask for a handbook rule with other words than its document has."""
    by_id = {fact["id"]: fact for fact in facts}
    rows = []
    for name, question in table("paraphrases").items():
        fact = by_id[name]
        version = version_on(fact, AS_OF)
        if version is None:
            raise ValueError(f"source/paraphrases.yaml: '{name}' has no value on {AS_OF}")
        row = {"input": f"{question} Answer as on {in_words(AS_OF)}."}
        row |= {"output": fact_answer(fact, version, AS_OF)}
        tags = [fact["tag"], SLICES[fact["exposures"]], "paraphrased"]
        rows.append(row | {"tags": tags, "fact": name, "source": name})
    return rows


# ---------------------------------------------------------------- files


def training(facts: list[Spec], terms: list[Spec], words: Spec) -> tuple[list[Spec], list[Spec]]:
    """The rows of both profiles, and those of `full` alone.

    Rows of the first edition of this suite keep their ids: they come first, in their own order.
    """
    asked = words["facts"]["train"]
    first = clause_rows(table("clauses"), "train", CLAUSES_PER_FAMILY, words)
    first += fact_rows(facts, "train", asked)
    draw("order").shuffle(first)
    later = section_rows("train", SECTIONS_PER_FAMILY, words) + term_rows("train", words)
    later += [row | {"tags": ["renamed"]} for row in fact_rows(terms, "train", asked)]
    draw("order/later").shuffle(later)
    more = clause_rows(table("clauses"), "more", MORE_CLAUSES_PER_FAMILY, words)
    more += section_rows("more", MORE_SECTIONS_PER_FAMILY, words)
    draw("order/more").shuffle(more)
    return first + later, more


def files() -> dict[str, str]:
    """Every generated file: path inside the suite -> text."""
    words, facts, terms = table("wording"), all_facts(), ended(term_facts())
    train, more = training(facts, terms, words)
    asked = words["facts"]["case"]
    recency = fact_rows(facts, "case", asked) + other_wordings(facts)
    renamed = term_rows("case", words)
    renamed += [row | {"tags": ["question"]} for row in fact_rows(terms, "case", asked)]
    made = {
        "train.jsonl": jsonl(train, "train"),
        "train-more.jsonl": jsonl(more, "train", first=len(train) + 1),
        "facts.jsonl": jsonl([fact_line(fact) for fact in facts + terms]),
        "cases/clauses.jsonl": jsonl(clause_cases(words), "clauses"),
        "cases/recency.jsonl": jsonl(recency, "recency"),
        "cases/agreements.jsonl": jsonl(
            section_rows("case", CASES_PER_SECTION, words), "agreements"
        ),
        "cases/renamed.jsonl": jsonl(renamed, "renamed"),
    }
    used = {version["value"] for fact in facts for version in fact["versions"]}
    used.update(value for fact in facts for value in fact["placebo"])
    pages = all_documents(facts + terms, used)
    return made | {f"documents/{name}.md": text for name, text in pages}


def main() -> None:
    """Write the files, and remove documents that are no longer made."""
    parser = argparse.ArgumentParser(description="Write the legal suite's data.")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write into")
    out: Path = parser.parse_args().out
    made = files()
    for old in (out / "documents").glob("*.md"):
        if f"documents/{old.name}" not in made:
            old.unlink()
    for name, text in made.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    print(f"{len(made)} files in {out}")


if __name__ == "__main__":
    main()
