"""Writes the support suite's data from the tables under `source/`: same seed, same bytes.

Run `python suites/support/generate_support.py [--out DIR]`. It writes `train.jsonl`,
`train_more.jsonl`, `facts.jsonl`, `cases/*.jsonl` and `documents/*.md` into DIR (default: this
folder). suite.yaml, style.yaml, glossary.yaml and prompts/ are written by hand and not touched.
"""

import argparse
import json
from pathlib import Path

import support_rows as rows
from support_ledger import Policy, ledger
from support_pages import pages
from support_tables import HERE, Spec, draw


def fact_line(one: Policy) -> Spec:
    """A line of facts.jsonl."""
    versions = [
        {"value": edition.value, "valid_from": edition.start.isoformat()}
        | ({"valid_to": edition.end.isoformat()} if edition.end else {})
        for edition in one.editions
    ]
    line: Spec = {"id": one.id, "entity": "Neemgali", "attribute": one.subject}
    line |= {"tags": [one.tags[0]], "exposures": one.exposures, "placebo": [one.placebo]}
    return line | {"versions": versions}


def jsonl(made: list[Spec], prefix: str = "") -> str:
    """One JSON object a line; with a prefix, numbered ids."""
    named = [{"id": f"{prefix}-{n:04}"} | row for n, row in enumerate(made, 1)] if prefix else made
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in named)


def files() -> dict[str, str]:
    """Every generated file: path inside the suite -> text."""
    book, asked = ledger(), rows.Asked()
    unwritten = book.unwritten
    core = rows.policy_training(book, asked)
    core += rows.family_rows("families", "train", rows.CORE_PER_FAMILY, asked)
    core += rows.decline_rows(unwritten["train"], "train", rows.CORE_DECLINES, asked)
    more = rows.family_rows("families", "train", rows.MORE_PER_FAMILY, asked)
    more += rows.decline_rows(unwritten["train"], "train", rows.MORE_DECLINES, asked)
    draw("order").shuffle(core)
    draw("more").shuffle(more)
    first, second = rows.policy_cases(book, asked)
    everyday = rows.family_rows("families", "case", rows.CASES_PER_FAMILY, asked)
    everyday += rows.family_rows("families_held_out", "case", rows.CASES_PER_FAMILY, asked)
    unknown = rows.decline_rows(unwritten["case"], "case", len(unwritten["case"]), asked)
    unknown += rows.written_cases(book, asked)
    made = {
        "train.jsonl": jsonl(core, "train"),
        "train_more.jsonl": jsonl(more, "more"),
        "facts.jsonl": jsonl([fact_line(one) for one in book.policies]),
        "cases/refunds.jsonl": jsonl(everyday, "refunds"),
        "cases/policies.jsonl": jsonl(first, "policies"),
        "cases/policies_more.jsonl": jsonl(second, "policies-more"),
        "cases/unknown.jsonl": jsonl(unknown, "unknown"),
    }
    return made | {f"documents/{name}.md": text for name, text in pages(book)}


def main() -> None:
    """Write the files, and remove documents that are no longer made."""
    parser = argparse.ArgumentParser(description="Write the support suite's data.")
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
