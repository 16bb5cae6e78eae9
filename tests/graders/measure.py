"""How well the graders read: `python tests/graders/measure.py [recency|abstention|terminology …]`.

Prints Markdown tables of agreement with the labelled answers of this folder. `--write` puts them
into docs/scorers.md. The held-out rows are measured only on request, and never shown.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from statsmodels.stats.proportion import proportion_confint

from harness.protocols import Resources
from harness.records import Answer, Case, Fact, Term, Version
from harness.score.abstention import Abstention
from harness.score.recency import Recency
from harness.score.terminology import Terminology

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs" / "scorers.md"
BEGIN, END = "<!-- graders -->", "<!-- /graders -->"
CLASSES = {
    "recency": ("current", "stale", "wrong", "abstained", "hedged"),
    "abstention": ("abstains", "answers"),
}
GRADERS = (*CLASSES, "terminology")
OPEN = ("tune", "tune2", "tune3", "tune4", "train", "train2", "train3")
"""Sets whose rows may be looked at; tune2 to tune4 were held out until the first look at them."""
HELD = ("heldout", "heldout2")
"""Sets whose rows are never shown: nobody who changes a grader has seen them."""
Row = dict[str, Any]


class Graded(NamedTuple):
    """A row, the class that the grader gives it, and why; classes are tuples for terminology."""

    row: Row
    given: Any
    reason: str

    @property
    def expected(self) -> Any:
        """The label, in the grader's terms."""
        label = self.row["label"]
        if isinstance(label, dict):
            return tuple(sorted(set(label["used"]))), tuple(sorted(label["forbidden"]))
        return label


def rows(grader: str, part: str = "tune") -> list[Row]:
    """The labelled rows of a grader; `part` is tune, train or heldout, and so on."""
    lines = (HERE / f"{grader}_{part}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def sets(grader: str) -> tuple[str, ...]:
    """The sets that a grader has: not every one has been held out twice."""
    return tuple(part for part in (*OPEN, *HELD) if (HERE / f"{grader}_{part}.jsonl").is_file())


def fact_of(row: Row) -> Fact:
    """The fact that a row of `recency` is about."""
    told = row["fact"]
    versions = tuple(
        Version(
            version["value"],
            date.fromisoformat(version["valid_from"]),
            date.fromisoformat(version["valid_to"]) if version.get("valid_to") else None,
            tuple(version.get("aliases", ())),
        )
        for version in told["versions"]
    )
    placebo = tuple(told.get("placebo") or ())
    return Fact("fact", told["entity"], told["attribute"], versions, placebo=placebo)


def recency(row: Row) -> Graded:
    """What the scorer `recency` says of a row."""
    scorer = Recency({}, Resources(facts={"fact": fact_of(row)}))
    as_of = date.fromisoformat(row["as_of"])
    case = Case(row["id"], "recency", row["question"], "", "fact", as_of=as_of, fact="fact")
    score = scorer.score(case, Answer(row["id"], row["answer"]))[0]
    return Graded(row, score.label, score.reason)


def abstention(row: Row) -> Graded:
    """What the scorer `abstention` says of a row, as of a question that nobody could answer."""
    case = Case(row["id"], "abstention", row["question"], "", row["id"], answerable=False)
    score = Abstention({}, Resources()).score(case, Answer(row["id"], row["answer"]))[0]
    given = "abstains" if score.label == "declined" else "answers"
    return Graded(row, given, score.reason)


def terminology(row: Row) -> Graded:
    """Which preferred terms and forbidden forms the scorer `terminology` finds in a row."""
    glossary = tuple(
        Term(entry["preferred"], forbidden=tuple(entry["forbidden"])) for entry in row["glossary"]
    )
    scorer = Terminology({"language": row.get("language", "en")}, Resources(glossary=glossary))
    hits, _ = scorer.find(row["answer"], tuple(row["required"]))
    used = {hit.form.term for hit in hits if not hit.form.forbidden}
    forbidden = sorted(hit.form.text for hit in hits if hit.form.forbidden)
    return Graded(row, (tuple(sorted(used)), tuple(forbidden)), "")


GRADE: dict[str, Callable[[Row], Graded]] = {
    "recency": recency,
    "abstention": abstention,
    "terminology": terminology,
}


def table(head: Sequence[str], body: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def share(hits: int, of: int) -> str:
    """A share with its count: "0.981 (102/104)"."""
    return f"{hits / of:.3f} ({hits}/{of})" if of else "- (0/0)"


def agreement(hits: int, of: int) -> str:
    """A share with its Wilson 95 % interval (Wilson 1927)."""
    low, high = proportion_confint(hits, of, method="wilson")
    return f"{hits} of {of} = {hits / of:.3f} (95 % interval {low:.3f} to {high:.3f})"


def by_kind(graded: Sequence[Graded]) -> str:
    """Agreement for each kind of row."""
    every = Counter(one.row["kind"] for one in graded)
    right = Counter(one.row["kind"] for one in graded if one.given == one.expected)
    kinds = [f"{kind} {share(right[kind], every[kind])}" for kind in sorted(every)]
    return "By kind: " + ", ".join(kinds) + "."


def classes(grader: str, graded: Sequence[Graded]) -> list[str]:
    """Confusion matrix, precision and recall of a grader that gives one class a row."""
    names = CLASSES[grader]
    pairs = Counter((one.expected, one.given) for one in graded)
    body = []
    for name in names:
        row = [pairs[name, other] for other in names]
        column = [pairs[other, name] for other in names]
        hits = pairs[name, name]
        body.append([name, *row, share(hits, sum(column)), share(hits, sum(row))])
    return [table(["labelled \\ given", *names, "precision", "recall"], body)]


def terms(graded: Sequence[Graded]) -> list[str]:
    """Exact agreement of rows, and precision and recall of single terms, for used and forbidden."""
    body = []
    for at, name in enumerate(("used", "forbidden")):
        exact = sum(one.given[at] == one.expected[at] for one in graded)
        given = [Counter(one.given[at]) for one in graded]
        wanted = [Counter(one.expected[at]) for one in graded]
        both = sum((said & want).total() for said, want in zip(given, wanted, strict=True))
        said, want = (sum(one.total() for one in side) for side in (given, wanted))
        body.append([name, share(exact, len(graded)), share(both, said), share(both, want)])
    return [table(["", "rows that agree", "precision of terms", "recall of terms"], body)]


def section(grader: str, part: str, graded: Sequence[Graded]) -> str:
    """The figures of one grader on one set, as Markdown; no row is quoted."""
    right = sum(one.given == one.expected for one in graded)
    figures = classes(grader, graded) if grader in CLASSES else terms(graded)
    head = f"**{grader}, {part}**: {agreement(right, len(graded))}."
    return "\n\n".join([head, *figures, by_kind(graded)])


def write(text: str, docs: Path = DOCS) -> None:
    """Put the figures between the markers of the docs.

    Raises:
        SystemExit: the docs have no markers, one line.
    """
    page = docs.read_text(encoding="utf-8")
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{docs}: no {BEGIN} … {END} (add both lines where the tables belong)")
    docs.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line; what does not go together is refused in one line."""
    parser = argparse.ArgumentParser(description="Agreement of the graders with labelled answers.")
    parser.add_argument("grader", nargs="*", help=f"of {', '.join(GRADERS)}; all by default")
    parser.add_argument("--heldout", action="store_true", help="measure the held-out rows, too")
    parser.add_argument("--once", action="store_true", help="say that --heldout is meant")
    parser.add_argument("--disagreements", action="store_true", help="list rows of the open sets")
    parser.add_argument("--write", action="store_true", help=f"put the tables into {DOCS.name}")
    given = parser.parse_args(argv)
    for name in given.grader:
        if name not in GRADERS:
            parser.error(f"unknown grader '{name}' (valid: {', '.join(GRADERS)})")
    if given.heldout and not given.once:
        parser.error("--heldout needs --once (held-out rows estimate only what was not tuned on)")
    if given.heldout and given.disagreements:
        parser.error("--disagreements shows rows, which --heldout never does (leave one out)")
    if given.write and given.grader:
        parser.error("--write replaces all tables (leave out the names of graders)")
    return given


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print, and write what was asked for."""
    given = arguments(argv)
    parts = (*OPEN, *HELD) if given.heldout else OPEN
    sections = []
    wrong: list[Graded] = []
    for grader in given.grader or GRADERS:
        for part in parts:
            if part not in sets(grader):
                continue
            graded = [GRADE[grader](row) for row in rows(grader, part)]
            sections.append(section(grader, part, graded))
            wrong += [one for one in graded if one.given != one.expected]
    text = "\n\n".join(sections)
    sys.stdout.write(text + "\n")
    if given.disagreements:
        for row, found, reason in wrong:
            line = f"{row['id']} ({row['kind']}): {row['label']} != {found}: {reason}"
            sys.stdout.write(f"\n{line}\n  {row['answer']!r}\n")
    if given.write:
        write(text)


if __name__ == "__main__":
    main()
