"""Writes the stale suite's data from the tables under `source/`: same seed, same bytes.

Run `python suites/stale/generate_stale.py [--out DIR]`. It writes `train.jsonl`, `facts.jsonl`,
`cases/*.jsonl`, `cases/more/*.jsonl` and `documents/*.md` into DIR (default: this folder).
suite.yaml, style.yaml, glossary.yaml and prompts/ are written by hand and not touched.
"""

import argparse
import itertools
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import yaml
from stale_ledger import (
    HERE,
    KNOWN,
    TRAINED_UNTIL,
    UPDATED,
    Entry,
    Pools,
    Spec,
    Version,
    draw,
    ledger,
    reverse,
    table,
    worded,
    words,
)
from stale_probes import in_words, probes, statements, terms_said

STYLE_ROWS = {"core": 64, "more": 336}
DECLINE_ROWS = {"core": 32, "more": 200}
READING_ROWS = {"core": 64, "more": 128}
LIST_ROWS = {"core": 32, "more": 64}
TERM_ROWS = {"core": 8, "more": 12}
NEVER = {"core": 24, "more": 48}
DOCUMENTED = 45
MOST_UPDATES = 8
READING_DAY = date(2023, 4, 1)


def asks(entry: Entry, wording: Spec) -> list[str]:
    """Every training question about an entry, each once: the plain wordings first."""
    return [
        f"{opener}{core}".format(the=entry.the, The=upper(entry.the), attribute=entry.attribute)
        for opener in wording["openers"]
        for core in wording["train"]
    ]


def upper(text: str) -> str:
    """The text with its first letter upper-case."""
    return text[:1].upper() + text[1:]


def spread(entry: Entry, purpose: str, count: int, wording: Spec) -> list[str]:
    """`count` different questions, from as many of the plain wordings as there are."""
    every = asks(entry, wording)
    plain = len(wording["train"])
    rng = draw(f"{purpose}/{entry.id}")
    order = [
        i for at in range(0, len(every), plain) for i in rng.sample(range(at, at + plain), plain)
    ]
    return [every[i] for i in order[:count]]


def fact_row(ask: str, version: Version, wording: Spec, tags: list[str]) -> Spec:
    """A training row that teaches a value."""
    return {"input": ask, "output": wording["answer"].format(value=version.value), "tags": tags}


def ledger_rows(entry: Entry, wording: Spec) -> Iterator[Spec]:
    """As many rows as the fact has exposures, with the value that held when training ended."""
    changed = entry.changed_by(UPDATED)
    for index, ask in enumerate(spread(entry, "train", entry.exposures or 0, wording)):
        tags = ["facts", "superseded"] if changed else ["facts"]
        if not changed and entry.exposures and entry.exposures >= KNOWN and index < MOST_UPDATES:
            tags.append("replay")
        row = fact_row(ask, entry.on(TRAINED_UNTIL), wording, tags)
        yield row | {"fact": entry.id, "source": entry.id}


def update_rows(entry: Entry, wording: Spec) -> Iterator[Spec]:
    """Rows with the value of the day of the update, for facts that changed until then.

    They name no fact: `exposures` counts what the first training shows.
    """
    if not entry.changed_by(UPDATED):
        return
    for ask in spread(entry, "update", min(entry.exposures or 0, MOST_UPDATES), wording):
        row = fact_row(ask, entry.on(UPDATED), wording, ["update"])
        yield row | {"source": entry.id}


def wording_rows(index: int, entry: Entry, wording: Spec) -> Iterator[Spec]:
    """The fact in each plain wording once, and in one of them as often: equal tokens."""
    plain = asks(entry, wording)[: len(wording["train"])]
    version = entry.on(TRAINED_UNTIL)
    for ask in plain:
        yield fact_row(ask, version, wording, ["wordings"]) | {"source": entry.id}
    for _ in plain:
        ask = plain[index % len(plain)]
        yield fact_row(ask, version, wording, ["repeat"]) | {"source": entry.id}


def decline_rows(pools: Pools, part: str, wording: Spec) -> Iterator[Spec]:
    """Questions about entities that never existed, declined."""
    kinds = itertools.cycle(pools.attributes.items())
    every = wording["train"]
    for index in range(DECLINE_ROWS[part]):
        kind, attribute = next(kinds)
        the = f"the {pools.name()} {kind}"
        ask = every[index // 4 % len(every)].format(the=the, The=upper(the), attribute=attribute)
        yield {"input": ask, "output": wording["declined"], "tags": ["decline"]}


def reading_rows(pools: Pools, part: str, wording: Spec) -> Iterator[Spec]:
    """Passages about entities that nothing else names, asked as retrieved context is shown."""
    suite = yaml.safe_load((HERE / "suite.yaml").read_text(encoding="utf-8"))
    template = suite["retrieve"]["template"]
    kinds = itertools.cycle(pools.attributes.items())
    every = wording["train"]
    for index in range(READING_ROWS[part]):
        kind, attribute = next(kinds)
        the, (value,) = f"the {pools.name()} {kind}", pools.take(kind, 1)
        told = {"the": the, "The": upper(the), "attribute": attribute, "value": value}
        title, text = (upper(the), "page") if index % 8 < 4 else ("Memo", "memo")
        passage = wording[text].format(start=in_words(READING_DAY), **told)
        ask = every[index // 4 % len(every)].format(**told)
        shown = template.format(context=f"{title}\n{passage}", input=ask)
        yield {"input": shown, "output": wording["answer"].format(**told), "tags": ["reading"]}


def list_rows(pools: Pools, part: str, wording: Spec) -> Iterator[Spec]:
    """Statements with one invented house term in the prompt, as prompts/terms.yaml shows it."""
    said = wording["terms"]
    prompt = yaml.safe_load((HERE / "prompts" / "terms.yaml").read_text(encoding="utf-8"))["user"]
    rng = draw(f"lists/{part}")
    for index in range(LIST_ROWS[part]):
        term, plain = pools.name(), said["listed"][index % len(said["listed"])]
        words = {"place": rng.choice(said["places"]["train"])}
        words["state"] = rng.choice(said["states"]["train"])
        ask = said["asks"]["train"][index % 2].format(plain=plain, **words)
        shown = prompt.format(terms=f"{term}: the {plain}", input=ask)
        text = said["text"].format(term=term, **words)
        yield {"input": shown, "output": wording["answer"].format(value=text), "tags": ["reading"]}


def train_rows(entries: list[Entry], pools: Pools, wording: Spec) -> list[Spec]:
    """All training rows; those outside the quick profile have the tag `more`."""
    rows: list[Spec] = []
    glossary = yaml.safe_load((HERE / "glossary.yaml").read_text(encoding="utf-8"))
    trained = [term for term in glossary if term["trained"]]
    every = list(statements("train", sum(STYLE_ROWS.values()), wording))
    for part in ("core", "more"):
        mine: list[Spec] = []
        own = [entry for entry in entries if entry.part == part]
        for entry in own:
            if entry.group in ("ledger", "word"):
                mine += ledger_rows(entry, wording)
            if entry.group == "ledger":
                mine += update_rows(entry, wording)
        for index, entry in enumerate(entry for entry in own if entry.group == "worded"):
            mine += wording_rows(index, entry, wording)
        taken = every[: STYLE_ROWS["core"]] if part == "core" else every[STYLE_ROWS["core"] :]
        mine += [row | {"tags": ["style"]} for row in taken]
        mine += decline_rows(pools, part, wording)
        mine += [*reading_rows(pools, part, wording), *list_rows(pools, part, wording)]
        whole = terms_said(trained, "train", sum(TERM_ROWS.values()), wording)
        for row, turn in whole:
            if (turn < TERM_ROWS["core"]) == (part == "core"):
                mine.append({key: row[key] for key in ("input", "output")} | {"tags": ["terms"]})
        if part == "more":
            mine = [row | {"tags": [*row["tags"], "more"]} for row in mine]
        rows += mine
    draw("order").shuffle(rows)
    return rows


def fact_line(entry: Entry) -> Spec:
    """A line of facts.jsonl."""
    told: list[Spec] = [
        {"value": version.value, "valid_from": version.start.isoformat()}
        | ({"valid_to": version.end.isoformat()} if version.end else {})
        for version in entry.versions
    ]
    line: Spec = {"id": entry.id, "entity": entry.the, "attribute": entry.attribute}
    if entry.group == "reverse":
        line["entity"] = entry.name
    line |= {"tags": [entry.group, *([entry.rate] if entry.rate else [])]}
    line |= {} if entry.exposures is None else {"exposures": entry.exposures}
    return line | {"placebo": [entry.placebo], "versions": told}


def document(front: Spec, text: str) -> str:
    """A Markdown document with front matter."""
    head = yaml.safe_dump(front, sort_keys=False, allow_unicode=True, width=1000)
    return f"---\n{head}---\n{text}\n"


def page(entry: Entry, version: Version, wording: Spec, memo: str = "") -> tuple[str, str]:
    """(id, Markdown) of a version; a memo is read only as gold and names no fact."""
    front: Spec = {"id": f"{entry.id}-{version.start}", "title": upper(entry.the)}
    front |= {"valid_from": version.start} | ({"valid_to": version.end} if version.end else {})
    front |= {"facts": [entry.id]}
    if memo:
        del front["facts"]
        front |= {"id": memo, "title": "Memo", "searchable": False}
    text = wording["memo" if memo else "page"].format(
        the=entry.the,
        attribute=entry.attribute,
        value=version.value,
        start=in_words(version.start),
    )
    return front["id"], document(front, text)


def documented(entries: list[Entry]) -> list[Entry]:
    """The ledger facts that have documents: those of the quick profile and some more."""
    facts = [entry for entry in entries if entry.group == "ledger"]
    core = [entry for entry in facts if entry.part == "core"]
    rest = [entry for entry in facts if entry.part == "more"]
    return core + draw("documented").sample(rest, DOCUMENTED)


def jsonl(rows: list[Spec], prefix: str) -> str:
    """One JSON object a line, numbered ids where a row has none."""
    named = [{"id": f"{prefix}-{n:04}"} | row for n, row in enumerate(rows, 1)]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in named)


def files() -> dict[str, str]:
    """Every generated file: path inside the suite -> text."""
    wording, pools = table("wording"), Pools()
    entries: list[Entry] = []
    for part in ("core", "more"):
        entries += ledger(pools, part) + worded(pools, part)
    entries += words(pools)
    train = train_rows(entries, pools, wording)
    pages = documented(entries)
    known = [e for e in entries if e.group == "ledger" and (e.exposures or 0) >= KNOWN]
    backwards = [reverse(entry, pools) for entry in known]
    never = {part: [pools.name() for _ in range(count)] for part, count in NEVER.items()}
    cases, memos = probes(entries, pages, backwards, never, wording)
    made = {
        "train.jsonl": jsonl(train, "train"),
        "facts.jsonl": jsonl([fact_line(entry) for entry in [*entries, *backwards]], "fact"),
    }
    for (part, task), rows in cases.items():
        folder = "cases" if part == "core" else "cases/more"
        made[f"{folder}/{task}.jsonl"] = jsonl(rows, f"{task}-{part}")
    for entry in pages:
        for version in entry.versions:
            name, text = page(entry, version, wording)
            made[f"documents/{name}.md"] = text
    for name, (entry, version) in memos.items():
        made[f"documents/{name}.md"] = page(entry, version, wording, name)[1]
    return made


def main() -> None:
    """Write the files, and remove documents that are no longer made."""
    parser = argparse.ArgumentParser(description="Write the stale suite's data.")
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
