"""Cases whose text is in the training data: such a case measures memory, not the task."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten

from harness.errors import Problem
from harness.records import Case, Row, Suite
from harness.suite.alike import LETTERS, LONG, NEAR, OVERLAP, WORDS, Pairs, near_pairs
from harness.suite.files import quote, shown

EXAMPLES = 5  # pairs shown of each kind
PLACES = {
    "between": "cases that training asks too",
    "training": "training rows that repeat one",
    "cases": "cases that repeat one",
}

_MARK = re.compile(r"[^\w\s]|_")


def normalise(text: str) -> str:
    """NFKC, case-folded, with punctuation and spaces collapsed to one space.

    A mark between two digits stays, or "2-2" and "2/2" would be one text; so do symbols
    (+, <, ₹) and vowel signs, which are not punctuation.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    kept = " ".join(_MARK.sub(_space, folded).split())
    return kept or folded.strip()


def _space(match: re.Match[str]) -> str:
    mark, (start, end) = match.group(), match.span()
    inside = match.string[start - 1 : start].isdigit() and match.string[end : end + 1].isdigit()
    return " " if unicodedata.category(mark).startswith("P") and not inside else mark


def leaks(train: Iterable[Row], cases: Iterable[Case]) -> list[Problem]:
    """One problem for each case that asks what a training row asks, naming the pair."""
    trained: dict[str, Row] = {}
    for row in train:
        trained.setdefault(normalise(row.input), row)
    found = []
    for case in cases:
        same = trained.get(normalise(case.input))
        if same is not None:
            what = (
                f"case '{case.id}' is in training as '{same.id}' ({same.where}):"
                f" {quote(' '.join(case.input.split()))}"
            )
            found.append(Problem(what, case.where, "remove one of the two"))
    return found


@dataclass(frozen=True, slots=True)
class Text:
    """An input with where it stands; `group` is a case's task, '' for a training row."""

    input: str
    where: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """An input, the place of one that it is like, and how like (1: equal)."""

    score: float
    where: str
    like: str
    text: str


@dataclass(frozen=True, slots=True)
class Found:
    """How many inputs have a like one before them, or in training, with a few examples."""

    count: int
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True)
class Leakage:
    """Inputs that are alike, by place (a key of PLACES); `near` and `overlap` are thresholds."""

    near: float
    overlap: float
    training: int
    cases: int
    exact: dict[str, Found]
    alike: dict[str, Found]

    @property
    def crossing(self) -> int:
        """Cases that training asks too, word for word or nearly."""
        return self.exact["between"].count + self.alike["between"].count


def leakage(
    train: Sequence[Text],
    cases: Sequence[Text],
    *,
    near: float = NEAR,
    overlap: float = OVERLAP,
    foreign: str | None = None,
) -> Leakage:
    """Count exact and near-duplicate inputs; see harness/suite/alike.py for what is near.

    Inputs of different tasks are not compared: two tasks may ask the same on purpose. Groups
    that begin with `foreign` do not say what the suite's own template is.
    """
    members: dict[str, list[Text]] = defaultdict(list)
    for text in [*train, *cases]:
        members[normalise(text.input)].append(text)
    whole = list(members.values())
    counted = [
        foreign is None or not all(text.group.startswith(foreign) for text in texts)
        for texts in whole
    ]
    pairs = near_pairs(list(members), near=near, overlap=overlap, counted=counted)
    exact = {place: _exact(whole, place) for place in PLACES}
    return Leakage(near, overlap, len(train), len(cases), exact, _alike(whole, pairs))


def suite_leakage(suite: Suite, *, near: float = NEAR, overlap: float = OVERLAP) -> Leakage:
    """The leakage of a loaded suite. Cases that come with bench are held against training only."""
    ours = shown(Path(__file__).parent / "builtin")
    train = [Text(row.input, row.where) for row in suite.train]
    cases = [
        Text(c.input, c.where, c.where if c.where.startswith(ours) else task.name)
        for task in suite.tasks
        for c in task.cases
    ]
    return leakage(train, cases, near=near, overlap=overlap, foreign=ours)


def _exact(whole: Sequence[Sequence[Text]], place: str) -> Found:
    """Texts that an equal one before them (for `between`: one of training) makes a repeat."""
    count, examples = 0, []
    for texts in whole:
        first: dict[str, Text] = {}
        for text in texts:
            other = first.get("" if place == "between" else text.group)
            first.setdefault(text.group, text)
            if other is not None and (place == "training") == (not text.group):
                count += 1
                examples.append(Example(1.0, text.where, other.where, text.input))
    return Found(count, tuple(examples[:EXAMPLES]))


def _alike(whole: Sequence[Sequence[Text]], pairs: Pairs) -> dict[str, Found]:
    import numpy as np

    trained = np.array([not texts[0].group for texts in whole], bool)
    asked = np.array([sum(bool(text.group) for text in texts) for texts in whole], np.int64)
    numbers: dict[str, int] = {}
    task = np.array([numbers.setdefault(texts[-1].group, len(numbers)) for texts in whole])
    left, right = pairs.left, pairs.right  # training comes first: left is never the only case
    both = (asked[left] > 0) & (asked[right] > 0) & (task[left] == task[right])
    holds = {
        "between": trained[left] & ~trained[right],
        "training": trained[left] & trained[right],
        "cases": both,
    }
    found = {}
    for place, chosen in holds.items():
        weight = np.ones_like(asked) if place == "training" else asked
        count = int(weight[np.unique(right[chosen])].sum())
        best = np.flatnonzero(chosen)[np.argsort(-pairs.score[chosen], kind="stable")]
        shown: dict[int, Example] = {}
        for at in best:
            if len(shown) == EXAMPLES:
                break
            text = whole[right[at]][0 if place == "training" else -1]
            like = whole[left[at]][-1 if place == "cases" else 0]
            example = Example(float(pairs.score[at]), text.where, like.where, text.input)
            shown.setdefault(int(right[at]), example)
        found[place] = Found(count, tuple(shown.values()))
    return found


def lines(found: Leakage) -> Iterator[str]:
    """The report as lines of at most 80 columns; `near` is what is alike but not equal."""
    yield (f"leakage: {found.cases:,} cases against {found.training:,} training rows; near is")
    yield (
        f"  {found.near:g} of {LETTERS}-letter pieces shared (Jaccard),"
        f" from {LONG} words on {found.overlap:g} of {WORDS}-word pieces"
    )
    for place, says in PLACES.items():
        equal, near = found.exact[place], found.alike[place]
        yield f"  {says:<30} exact {equal.count:>6,}   near {near.count:>6,}"
        for example in [*equal.examples, *near.examples][:EXAMPLES]:
            yield from _shown(example)


def _shown(example: Example) -> Iterator[str]:
    text = " ".join(example.text.split())
    line = f"    {example.where} ~ {example.like} ({example.score:.2f})"
    yield line if len(line) <= 80 else f"    {example.where} ~"
    if len(line) > 80:
        yield f"      {example.like} ({example.score:.2f})"
    yield f"      {shorten(text, 72, placeholder=' …') or text[:72]}"
