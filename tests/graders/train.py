"""Train the readers of recency and abstention: `python tests/graders/train.py [--check]`.

Writes harness/score/reader.json.gz from the labelled answers of this folder; the same rows give the
same weights. `--check` cross-validates instead: whole facts, and whole questions, are left out.
What hand-written rules say is a sign only on rows that they were not written on.
"""

import argparse
import gzip
import json
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from measure import HERE, Row, fact_of
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from harness.score import judgement, reader, settling
from harness.score.asserted import LETTERS, Sentence
from harness.score.asserted import features as values_said
from harness.score.declined import features as declining
from harness.score.declined import told
from harness.score.declining import noticed
from harness.score.known import know
from harness.score.reading import read
from harness.score.settling import MARGIN
from harness.score.stated import look
from harness.score.text import normalise

UNIT = HERE.parent / "unit" / "score"
RULED = ("tune", "tune2")
"""Sets on which the rules were written: there the rules say more than they do elsewhere."""
FRESH = ("tune3", "tune4", "train", "train2", "train3")
STRENGTH = {"abstention": 0.3, "recency": 0.2}
"""Inverse of the penalty on squared weights."""
SEEN = {"abstention": 2, "recency": 3}
"""Rows that must have a sign."""
RULES = 2.0
"""How much more a sign of the rules counts than one of the text, in training and after it."""
WRITTEN_BLIND, MISLEADING = 3.0, 0.5
"""Weights of rows: those written as samples of answers count for more than traps to train on."""
FOLDS = 8
SWAP = {"C": "O", "O": "C", "C~": "O~", "O~": "C~"}


class Example(NamedTuple):
    """The signs of a row, those that rules give, its label and what it belongs to."""

    signs: frozenset[str]
    ruled: frozenset[str]
    label: str
    group: str
    kind: str
    part: str
    allowed: frozenset[str]


def rows(grader: str) -> list[tuple[str, Row]]:
    """The open rows of a grader with the names of their sets."""
    found = []
    for part in (*RULED, *FRESH):
        path = HERE / f"{grader}_{part}.jsonl"
        if path.is_file():
            lines = path.read_text(encoding="utf-8").splitlines()
            found += [(part, json.loads(line)) for line in lines if line.strip()]
    return found


def abstention() -> list[Example]:
    """Each row with the signs of its answer."""
    found = []
    for part, row in rows("abstention"):
        if row["answer"].lstrip("` \n").removeprefix("json").lstrip().startswith("{"):
            continue  # the rules read JSON
        question = row["question"]
        ruled = told(*noticed(row["answer"], question)) if part in FRESH else ()
        signs = declining(normalise(row["answer"]), normalise(question[:400]), ruled)
        label, group = row["label"], question.strip().lower()
        every = frozenset(("abstains", "answers"))
        found.append(
            Example(frozenset(signs), frozenset(ruled), label, group, row["kind"], part, every)
        )
    return found


def plain() -> list[tuple[str, Row]]:
    """The hand-labelled answers of the unit tests, on which the rules were written, too."""
    facts = {fact["id"]: fact for fact in json.loads((UNIT / "labelled_facts.json").read_text())}
    lines = (UNIT / "labelled_recency.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        (
            "unit",
            {
                "fact": facts[row["fact"]],
                "answer": row["answer"],
                "label": row["expected"],
                "question": facts[row["fact"]]["attribute"],
                "as_of": "2026-03-31",
                "kind": "written",
            },
        )
        for row in map(json.loads, lines)
    ]


def recency() -> list[list[Example]]:
    """Each row with the signs of its answer, and with the current and an old value exchanged."""
    found = []
    for part, row in [*rows("recency"), *plain()]:
        known = know(fact_of(row), date.fromisoformat(row["as_of"]))
        reading = read(row["answer"])
        seen = look(reading, known)
        rule = judgement.ruled(reading, known, None, seen.matches).label
        question = row["question"]
        said = settling.sentences_of(reading, known, seen, question)
        says = settling.told_by_rules(reading, known, seen, said, rule, question)
        says = says if part in FRESH else []
        allowed = frozenset(settling.possible(reading, known, seen, rule, said))
        swapped = {"current": "stale", "stale": "current"}
        pair = []
        for sentences, notes, label in (
            (said, says, row["label"]),
            (*_swapped(said, says), swapped.get(row["label"], row["label"])),
        ):
            signs = frozenset(values_said(sentences, notes))
            group, kind = row["fact"]["entity"], row["kind"]
            pair.append(Example(signs, frozenset(notes), label, group, kind, part, allowed))
        found.append(pair)
    return found


def _swapped(said: list[Sentence], notes: list[str]) -> tuple[list[Sentence], list[str]]:
    """The same answer about a fact whose current and old values have changed places."""
    turned = [
        [(SWAP[word], SWAP[name]) if name in SWAP else (word, name) for word, name in one]
        for one in said
    ]
    names = {"Rcurrent": "Rstale", "Rstale": "Rcurrent"}
    names |= {
        note: f"st{SWAP[letter]}{note.removeprefix('st' + letter)}"
        for note in notes
        for letter in sorted(SWAP, key=len)
        if note.startswith("st" + letter) and letter in LETTERS
    }
    return turned, [names.get(note, note) for note in notes]


class Fitted(NamedTuple):
    """A model and the signs that it weighs."""

    signs: DictVectorizer
    model: LogisticRegression

    def likely(self, example: Example, margin: float) -> str:
        """The likeliest label that a row may have, or the rules' one if that is near."""
        row = self.signs.transform([_valued(example)])
        odds = dict(zip(self.model.classes_, self.model.predict_log_proba(row)[0], strict=True))
        best = max(sorted(example.allowed), key=odds.__getitem__)
        rule = next((one[1:] for one in example.ruled if one[1:] in example.allowed), best)
        return best if odds[best] > odds[rule] + margin else rule


def _valued(example: Example) -> dict[str, float]:
    return {sign: RULES if sign in example.ruled else 1.0 for sign in sorted(example.signs)}


def fit(grader: str, examples: Sequence[Example]) -> Fitted:
    """Logistic regression on the signs that enough rows have."""
    counts = Counter(sign for example in examples for sign in example.signs)
    enough = {sign for sign, number in counts.items() if number >= SEEN[grader]}
    valued = [
        {sign: value for sign, value in _valued(example).items() if sign in enough}
        for example in examples
    ]
    signs = DictVectorizer(dtype=np.float64)
    matrix = signs.fit_transform(valued)
    model = LogisticRegression(C=STRENGTH[grader], max_iter=500)
    weights = np.array([_weight(example) for example in examples])
    labels = [example.label for example in examples]
    return Fitted(signs, model.fit(matrix, labels, sample_weight=weights / weights.mean()))


def _weight(example: Example) -> float:
    """How much a row counts: training rows mislead far more often than answers do."""
    if example.part.startswith(("tune", "unit")):
        return WRITTEN_BLIND
    return MISLEADING if example.kind == "adversarial" else 1.0


def told_of(fitted: Fitted, ruled: frozenset[str]) -> dict[str, Any]:
    """A model as reader.json.gz holds it: weights that matter, to four digits."""
    model = fitted.model
    two = len(model.classes_) == 2
    # the first class against the second: "abstains" against "answers"
    weights = -model.coef_ if two else model.coef_
    bias = -model.intercept_ if two else model.intercept_
    kept = {}
    for sign, column in zip(fitted.signs.get_feature_names_out(), weights.T, strict=True):
        value = [round(float(one) * (RULES if sign in ruled else 1), 4) for one in column]
        if max(map(abs, value)) >= 0.003:
            kept[str(sign)] = value
    labels = [str(name) for name in model.classes_[: 1 if two else None]]
    return {"labels": labels, "bias": [round(float(one), 4) for one in bias], "weights": kept}


def check(grader: str, rows_of: list[list[Example]]) -> str:
    """Agreement on rows of groups that were left out, by set and kind."""
    groups = [pair[0].group for pair in rows_of]
    right: Counter[tuple[str, str]] = Counter()
    every: Counter[tuple[str, str]] = Counter()
    for train, test in GroupKFold(FOLDS).split(groups, groups=groups):
        fitted = fit(grader, [one for at in train for one in rows_of[at]])
        for at in test:
            example = rows_of[at][0]
            hit = fitted.likely(example, MARGIN) == example.label
            for key in ((example.part, "all"), (example.part, example.kind)):
                every[key] += 1
                right[key] += hit
    return "\n".join(
        f"{grader} {part} {kind}: {right[part, kind]}/{number} = {right[part, kind] / number:.3f}"
        for (part, kind), number in sorted(every.items())
    )


def train() -> dict[str, Any]:
    """Both readers, as reader.json.gz holds them; that of abstention is a sign for recency."""
    told_all = {}
    singles = abstention()
    ruled = frozenset().union(*(one.ruled for one in singles))
    told_all["abstention"] = told_of(fit("abstention", singles), ruled)
    write(told_all | {"recency": {"labels": [], "bias": [], "weights": {}}})
    pairs = recency()
    ruled = frozenset().union(*(one.ruled for pair in pairs for one in pair))
    told_all["recency"] = told_of(fit("recency", [one for pair in pairs for one in pair]), ruled)
    return told_all


def write(told_all: dict[str, Any]) -> None:
    """Put the readers where the package reads them."""
    text = json.dumps(told_all, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    reader.WEIGHTS.write_bytes(gzip.compress(text.encode(), mtime=0))
    reader.readers.cache_clear()


def main(argv: Sequence[str] | None = None) -> None:
    """Train and write, or cross-validate."""
    parser = argparse.ArgumentParser(description="Train the readers of recency and abstention.")
    parser.add_argument("--check", action="store_true", help="cross-validate, write nothing")
    given = parser.parse_args(argv)
    if given.check:
        sys.stdout.write(check("abstention", [[one] for one in abstention()]) + "\n")
        sys.stdout.write(check("recency", recency()) + "\n")
        return
    write(train())
    sys.stdout.write(f"{reader.WEIGHTS}: {reader.WEIGHTS.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
