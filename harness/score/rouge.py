"""ROUGE-1, ROUGE-2 and ROUGE-L F1 against the reference, as diagnostics.

They reward overlap of content words and say little about style or truth (Lin 2004,
"ROUGE: A Package for Automatic Evaluation of Summaries").
"""

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

from harness.protocols import Resources
from harness.records import Answer, Case, Metric, Score
from harness.score.options import all_errors, all_unmeasured, only
from harness.score.text import LIMIT, quote

_TYPES = ("rouge1", "rouge2", "rougeL")
_WORD = re.compile(r"[^\W_]+")


class _Words:
    """Words of any script; on ASCII text the same as rouge-score's own tokenizer."""

    def tokenize(self, text: str) -> list[str]:
        return _WORD.findall(text.lower())


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

    @cached_property
    def _scorer(self) -> Any:
        # the import pulls in nltk (a second); loading a suite must not wait for it
        from rouge_score.rouge_scorer import RougeScorer

        return RougeScorer(["rouge1", "rouge2"], tokenizer=_Words())

    def score(self, case: Case, answer: Answer) -> list[Score]:
        """F1 from 0 to 1 per metric; a case without a reference is unmeasured."""
        if answer.finish == "error":
            return all_errors(self.metrics, answer)
        if not case.reference.strip():
            return all_unmeasured(self.metrics, "the case has no reference")
        texts = case.reference[:LIMIT], answer.text[:LIMIT]
        found = self._scorer.score(*texts)
        values = [float(found[name].fmeasure) for name in ("rouge1", "rouge2")]
        values.append(rouge_l(*(_WORD.findall(text.lower()) for text in texts)))
        pair = f"{quote(answer.text, 40)} against {quote(case.reference, 40)}"
        return [
            Score(f"rouge.{name}", value, reason=pair)
            for name, value in zip(_TYPES, values, strict=True)
        ]


def rouge_l(reference: Sequence[str], answer: Sequence[str]) -> float:
    """F1 of the longest common subsequence of two texts' words, as rouge-score gives it.

    The package fills a table, nine tenths of scoring; bits of one number do the same (Hyyrö 2004,
    "Bit-parallel LCS-length computation revisited").
    """
    if not reference or not answer:
        return 0.0
    places: dict[str, int] = {}
    for at, word in enumerate(reference):
        places[word] = places.get(word, 0) | (1 << at)
    row = whole = (1 << len(reference)) - 1
    for word in answer:
        same = row & places.get(word, 0)
        row = ((row + same) | (row - same)) & whole
    common = len(reference) - row.bit_count()
    precision, recall = common / len(answer), common / len(reference)
    return 2 * precision * recall / (precision + recall) if common else 0.0
