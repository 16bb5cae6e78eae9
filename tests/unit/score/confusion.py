"""The recency classes against the hand-labelled answers: `python tests/unit/score/confusion.py`."""

import json
import sys
from collections import Counter
from datetime import date
from pathlib import Path

from harness.protocols import Resources
from harness.records import Answer, Case, Fact, Version
from harness.score.recency import Recency

HERE = Path(__file__).parent
CLASSES = ("current", "stale", "wrong", "abstained", "hedged")
AS_OF = date(2026, 3, 31)


def facts() -> dict[str, Fact]:
    """The facts that the labelled answers are about."""
    return {
        item["id"]: _fact(item) for item in json.loads((HERE / "labelled_facts.json").read_text())
    }


def _fact(item: dict) -> Fact:
    versions = tuple(
        Version(
            version["value"],
            date.fromisoformat(version["valid_from"]),
            date.fromisoformat(version["valid_to"]) if "valid_to" in version else None,
            tuple(version.get("aliases", ())),
        )
        for version in item["versions"]
    )
    return Fact(
        item["id"], item["entity"], item["attribute"], versions, placebo=tuple(item["placebo"])
    )


def labelled() -> list[dict[str, str]]:
    """Rows with fact, answer, expected class."""
    lines = (HERE / "labelled_recency.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def classify(scorer: Recency, fact: str, text: str, as_of: date | None = AS_OF) -> tuple[str, str]:
    """The class of an answer and the reason for it."""
    case = Case("c", "recency", "", "", fact, as_of=as_of, fact=fact)
    score = scorer.score(case, Answer("r", text))[0]
    return score.label, score.reason


def matrix() -> tuple[Counter[tuple[str, str]], list[str]]:
    """How often each (labelled, given) pair came up, and a line for every disagreement."""
    scorer = Recency({}, Resources(facts=facts()))
    counts: Counter[tuple[str, str]] = Counter()
    wrong = []
    for row in labelled():
        given, reason = classify(scorer, row["fact"], row["answer"])
        counts[row["expected"], given] += 1
        if given != row["expected"]:
            wrong.append(f"{row['fact']}: {row['answer']!r} {row['expected']} != {given}: {reason}")
    return counts, wrong


def markdown(counts: Counter[tuple[str, str]]) -> str:
    """The matrix as the table that docs/scorers.md shows."""
    lines = [
        "| labelled \\ given | " + " | ".join(CLASSES) + " |",
        "|---|" + "---|" * len(CLASSES),
    ]
    lines += [
        f"| {row} | " + " | ".join(str(counts[row, column]) for column in CLASSES) + " |"
        for row in CLASSES
    ]
    agreed = sum(number for (row, col), number in counts.items() if row == col)
    lines.append(f"\nAgreement: {agreed} of {counts.total()} ({agreed / counts.total():.3f}).")
    return "\n".join(lines)


if __name__ == "__main__":
    table, disagreements = matrix()
    sys.stdout.write("\n".join([markdown(table), *disagreements]) + "\n")
