"""Writes the legal suite's data from the tables under `source/`: same seed, same bytes.

Run `python suites/legal/generate.py [--out DIR]`. It writes `train.jsonl`, `facts.jsonl`,
`cases/*.jsonl` and `documents/*.md` into DIR (default: this folder). suite.yaml, style.yaml,
glossary.yaml and prompts/ are written by hand and not touched.
"""

import argparse
import itertools
import json
import random
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import yaml

Spec = dict[str, Any]

HERE = Path(__file__).resolve().parent
SEED = 20161231
TRAINED_UNTIL = date(2016, 12, 31)
AS_OF = date(2025, 12, 31)
EXPOSURES = (0, 1, 2, 4, 8, 16)
CLAUSES_PER_FAMILY = 44
CASES_PER_FAMILY = 6
CASES_PER_HELD_OUT_FAMILY = 4
CASES_PER_FACT = 2
SLICES = {0: "exposures-0"} | dict.fromkeys((1, 2), "exposures-1-2")
SLICES |= dict.fromkeys((4, 8), "exposures-4-8") | {16: "exposures-16"}
MONEY = {"rupees": "₹{0:,}", "lakh": "₹{0} lakh", "rupees a kilometre": "₹{0} a kilometre"}


def table(name: str) -> Any:
    """A table under source/, parsed."""
    return yaml.safe_load((HERE / "source" / f"{name}.yaml").read_text(encoding="utf-8"))


def draw(purpose: str) -> random.Random:
    """A stream of its own per purpose, so that adding a row elsewhere moves nothing here."""
    return random.Random(f"{SEED}/{purpose}")


def in_words(day: date) -> str:
    """A date as the house writes it, e.g. 1 April 2015."""
    return f"{day.day} {day:%B %Y}"


def capital(text: str) -> str:
    """The text with its first letter upper-case."""
    return text[:1].upper() + text[1:]


# ---------------------------------------------------------------- facts


def fresh_values(spec: Spec, count: int, used: set[str], rng: random.Random) -> list[str]:
    """`count` values of the rule's unit that no fact has used, as version or placebo."""
    pattern = MONEY.get(spec["unit"], "{0} " + spec["unit"])
    pool = spec.get("pool") or [
        pattern.format(n) for n in range(spec["low"], spec["high"] + 1, spec.get("step", 1))
    ]
    free = [value for value in pool if value not in used]
    if len(free) < count:
        raise ValueError(f"source/house.yaml: {spec['id']} needs {count} free values; widen it")
    values = rng.sample(free, count)
    used.update(values)
    return values


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
    facts = statutory + house_facts(used)
    for fact in facts:
        ends = [version["from"] for version in fact["versions"][1:]]
        for version, end in zip(fact["versions"], [*ends, None], strict=True):
            version["to"] = end
    return facts


def version_on(fact: Spec, day: date) -> Spec | None:
    """The version in force on a day, if any."""
    for version in fact["versions"]:
        if version["from"] <= day and (version["to"] is None or day < version["to"]):
            return dict(version)
    return None


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
    line |= {"tags": [fact["tag"]], "exposures": fact["exposures"], "placebo": fact["placebo"]}
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


# ---------------------------------------------------------------- clauses


def clause_text(family: Spec, role: str, value: str) -> str:
    """A clause in the house style."""
    text = [line.format(role=role, value=value) for line in family["text"]]
    numbered = [f"{n}. {line}" for n, line in enumerate(text, 1)]
    return "\n".join([f"CLAUSE: {family['heading']}", *numbered, "Subject to the Handbook."])


def clause_rows(families: list[Spec], part: str, count: int, words: Spec) -> list[Spec]:
    """`count` clauses a family from the part's own roles, values and wordings, none asked twice.

    Values take turns, so that each parameter group of a family has its share.
    """
    rows: dict[str, Spec] = {}
    for family in families:
        rng = draw(f"clauses/{part}/{family['id']}")
        values = itertools.cycle(family[part])
        goal = len(rows) + count
        while len(rows) < goal:
            value, role = next(values), rng.choice(words["roles"][part])
            ask = rng.choice(words["clauses"][part]).format(
                topic=rng.choice(family["topics"]),
                role=role,
                Role=capital(role),
                post=role.split(" ", 1)[1],
                city=rng.choice(words["cities"]),
                ask=family["ask"].format(value=value),
            )
            row = {"input": ask, "output": clause_text(family, role, value)}
            row |= {"tags": ["clauses"], "source": f"{family['id']}/{value}"}
            rows.setdefault(ask, row | ({"terms": family["terms"]} if part == "case" else {}))
    return list(rows.values())


def clause_cases(words: Spec) -> list[Spec]:
    """Cases of trained families with held-out values, then of families never trained."""
    trained = clause_rows(table("clauses"), "case", CASES_PER_FAMILY, words)
    held_out = clause_rows(table("clauses_held_out"), "case", CASES_PER_HELD_OUT_FAMILY, words)
    return [row | {"tags": ["trained-terms"]} for row in trained] + [
        row | {"tags": ["held-out-terms"]} for row in held_out
    ]


# ---------------------------------------------------------------- files


def document(front: Spec, text: str) -> str:
    """A Markdown document with front matter."""
    head = yaml.safe_dump(front, sort_keys=False, allow_unicode=True, width=1000)
    return f"---\n{head}---\n{text}\n"


def fact_documents(facts: list[Spec]) -> Iterator[tuple[str, str]]:
    """(id, Markdown) of each version of each fact; one plain fact a document."""
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


def jsonl(rows: list[Spec], prefix: str = "") -> str:
    """One JSON object a line; with a prefix, numbered ids."""
    named = [{"id": f"{prefix}-{n:03}"} | row for n, row in enumerate(rows, 1)] if prefix else rows
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in named)


def files() -> dict[str, str]:
    """Every generated file: path inside the suite -> text."""
    words, facts = table("wording"), all_facts()
    train = clause_rows(table("clauses"), "train", CLAUSES_PER_FAMILY, words)
    train += fact_rows(facts, "train", words["facts"]["train"])
    draw("order").shuffle(train)
    cases = fact_rows(facts, "case", words["facts"]["case"])
    made = {
        "train.jsonl": jsonl(train, "train"),
        "facts.jsonl": jsonl([fact_line(fact) for fact in facts]),
        "cases/clauses.jsonl": jsonl(clause_cases(words), "clauses"),
        "cases/recency.jsonl": jsonl(cases, "recency"),
    }
    made |= {f"documents/{name}.md": text for name, text in fact_documents(facts)}
    for page in table("distractors"):
        front = {"id": page["id"], "title": page["title"]}
        made[f"documents/{page['id']}.md"] = document(front, page["text"])
    return made


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
