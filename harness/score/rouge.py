"""ROUGE-1, ROUGE-2 and ROUGE-L F1 against the reference, as diagnostics.

They reward overlap of content words and say little about style or truth (Lin 2004,
"ROUGE: A Package for Automatic Evaluation of Summaries").
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple, TypeVar

from harness.protocols import Resources
from harness.records import Answer, Case, Metric, Score
from harness.score.options import all_errors, all_unmeasured, only
from harness.score.text import LIMIT, plain_words, quote

_T = TypeVar("_T")
_TYPES = ("rouge1", "rouge2", "rougeL")
_WORD = re.compile(r"[^\W_]+")


class _Reference(NamedTuple):
    """What is read of a reference once: words, and how often each word and pair of words stands."""

    words: Sequence[str]
    ones: Counter[str]
    twos: Counter[tuple[str, str]]
    places: dict[str, int]


class Rouge:
    """Scores overlap with the reference answer."""

    description: ClassVar[str] = "overlap with the reference (diagnostic: it rewards content words)"
    metrics: tuple[Metric, ...] = tuple(
        Metric(
            f"rouge.{name}",
            f"{name} F1 against the reference; rewards content overlap",
            diagnostic=True,
        )
        for name in _TYPES
    )

    def __init__(self, options: dict[str, Any], resources: Resources) -> None:
        del resources
        only(options, (), "option for rouge")

    def score(self, case: Case, answer: Answer) -> list[Score]:
        """F1 from 0 to 1 per metric; a case without a reference is unmeasured."""
        if answer.finish == "error":
            return all_errors(self.metrics, answer)
        if not case.reference.strip():
            return all_unmeasured(self.metrics, "the case has no reference")
        words, wanted = _words(answer.text), _read(case.reference)
        values = (
            _f1(_shared(words, wanted.ones), len(words), len(wanted.words)),
            _f1(_shared(pairwise(words), wanted.twos), len(words) - 1, len(wanted.words) - 1),
            _f1(_common(words, wanted), len(words), len(wanted.words)),
        )
        pair = f"{quote(answer.text, 40)} against {quote(case.reference, 40)}"
        return [
            Score(f"rouge.{name}", value, reason=pair)
            for name, value in zip(_TYPES, values, strict=True)
        ]


def rouge_l(reference: Sequence[str], answer: Sequence[str]) -> float:
    """F1 of the longest common subsequence of two texts' words, as rouge-score gives it."""
    return _f1(_common(answer, _counted(reference)), len(answer), len(reference))


def _words(text: str) -> list[str]:
    """Words of any script; on ASCII text the same as rouge-score's own tokenizer."""
    text = text[:LIMIT].lower()
    return plain_words(text) if text.isascii() else _WORD.findall(text)


@lru_cache(maxsize=512)
def _read(text: str) -> _Reference:
    return _counted(_words(text))


def _counted(words: Sequence[str]) -> _Reference:
    places: dict[str, int] = {}
    for at, word in enumerate(words):
        places[word] = places.get(word, 0) | (1 << at)
    return _Reference(words, Counter(words), Counter(pairwise(words)), places)


def _shared(found: Iterable[_T], wanted: Counter[_T]) -> int:
    """How many of the n-grams the reference has, too, each as often as there at most."""
    said = Counter(filter(wanted.__contains__, found))
    return sum(map(min, said.values(), map(wanted.__getitem__, said)))


def _common(words: Sequence[str], wanted: _Reference) -> int:
    """Length of the longest common subsequence.

    A table, as rouge-score fills it, takes nine tenths of scoring; bits of one number do the same
    (Hyyrö 2004, "Bit-parallel LCS-length computation revisited").
    """
    row = whole = (1 << len(wanted.words)) - 1
    for place in filter(None, map(wanted.places.get, words)):
        same = row & place
        row = ((row + same) | (row - same)) & whole
    return len(wanted.words) - row.bit_count()


def _f1(shared: int, said: int, wanted: int) -> float:
    if not shared:
        return 0.0
    precision, recall = shared / said, shared / wanted
    return 2 * precision * recall / (precision + recall)
