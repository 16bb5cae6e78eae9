"""How a new suite scores rows: what can be checked of short answers, of JSON and of prose."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness import registry
from harness.protocols import Resources, Scorer
from harness.records import MIN_SLICE, Answer, Case, Row
from harness.suite.forms import form, is_json
from harness.suite.split import Placed

MOST_LABELS = 12  # different short outputs up to which they are labels, of which one is right
WEAK = ("length", "sentence-length", "paragraph", "ending")  # derived rules that most texts keep
JSON_RULE = {"name": "json", "kind": "shape", "is": "json"}


@dataclass(frozen=True, slots=True)
class Draft:
    """A task to be: its cases, its scorers as in suite.yaml, what is gated, and why, in words."""

    name: str
    rows: list[dict[str, Any]]
    scorers: str
    metric: str
    says: tuple[str, ...]


def drafts(train: Sequence[Placed], cases: Sequence[Placed]) -> list[Draft]:
    """One task for each form of output that has MIN_SLICE cases, at least one in all.

    - short: a value or a label; right when the answer says it (scorer `regression`)
    - json: valid JSON or not (a style rule)
    - answers: everything else; how like the house they are
    """
    labels = _labels([placed.row["output"] for placed in (*train, *cases)])
    expected = [expectation(placed.row["output"], labels) for placed in cases]
    sorted_rows: dict[str, list[dict[str, Any]]] = {"answers": [], "short": [], "json": []}
    for placed, expect in zip(cases, expected, strict=True):
        if expect:
            sorted_rows["short"].append({**placed.row, "expect": expect})
        else:
            kind = "json" if is_json(placed.row["output"]) else "answers"
            sorted_rows[kind].append(placed.row)
    for kind in ("short", "json"):
        if 0 < len(sorted_rows[kind]) < MIN_SLICE and len(sorted_rows[kind]) < len(cases):
            sorted_rows["answers"] += sorted_rows.pop(kind)
    alone = sum(map(bool, sorted_rows.values())) == 1
    return [
        replace(draft, name="answers") if alone else draft
        for kind, rows in sorted_rows.items()
        if rows
        for draft in [_draft(kind, rows, train)]
    ]


def expectation(output: str, labels: Sequence[str] = ()) -> dict[str, Any] | None:
    """What a short output's case expects, or None where that cannot be checked.

    The scorer itself says so: the output must meet it, and an empty answer must not. Of
    `labels`, an answer may name no other, unless one is part of another.
    """
    text = output.strip()
    if form(text) != "short":
        return None
    others = [label for label in labels if label.casefold() != text.casefold()]
    for expect in ({"any_of": [text], "none_of": others}, {"any_of": [text]}):
        if expect.get("none_of") != [] and _met(text, expect):
            return expect
    return None


def _met(text: str, expect: dict[str, Any]) -> bool:
    scorer = registry.load("scorer", "regression")({}, Resources())
    case = Case("c", "t", "", text, "c", expect=expect)
    full, empty = (scorer.score(case, Answer("c", said))[0].value for said in (text, ""))
    return (full, empty) == (1.0, 0.0)


def _labels(outputs: Sequence[str]) -> list[str]:
    """The short outputs, where they are few and each comes back: a closed set of labels."""
    counts = Counter(output.strip() for output in outputs if form(output) == "short")
    few = 2 <= len(counts) <= MOST_LABELS and min(counts.values()) > 1
    return sorted(counts) if few else []


def _draft(kind: str, rows: list[dict[str, Any]], train: Sequence[Placed]) -> Draft:
    if kind == "short":
        says = (
            "short outputs: right when the answer says the value, whatever words are around it",
        )
        return Draft(kind, rows, "[regression, rouge]", "regression.kept", says)
    if kind == "json":
        says = (
            "JSON outputs: the answer is valid JSON; whether its values are right is not scored",
        )
        inner = ", ".join(f"{key}: {value}" for key, value in JSON_RULE.items())
        return Draft(
            kind, rows, f"{{style: {{rules: [{{{inner}}}]}}, rouge: {{}}}}", "style.all", says
        )
    return _prose(rows, train)


def _prose(rows: list[dict[str, Any]], train: Sequence[Placed]) -> Draft:
    """What the scorers themselves offer for these texts decides what is gated."""
    lent = Resources(
        train=tuple(Row(str(n), p.row["input"], p.row["output"]) for n, p in enumerate(train)),
        references=tuple(row["output"] for row in rows),
    )
    style: Scorer = registry.load("scorer", "style")({}, lent)
    names = [metric.name for metric in style.metrics]
    voice = next((name for name in names if name == "style.voice"), "")
    rules = [n.removeprefix("style.") for n in names if n not in ("style.all", voice)]
    says = [f"style: rules that every output keeps ({', '.join(rules)})"]
    if not all(rule.startswith(WEAK) for rule in rules):
        metric = "style.all"
    elif voice:
        metric = voice
        says += ["  these alone tell little, so the gate asks for the voice of your outputs"]
    else:
        metric = "rouge.rougeL"
        says += ["  these alone tell little, so the gate asks for more of your outputs' words"]
    says += ["rouge: words shared with the reference. Neither knows whether an answer is true"]
    return Draft("answers", rows, "[style, rouge]", metric, tuple(says))
