"""ROUGE-1, ROUGE-2 and ROUGE-L F1 against the reference, as diagnostics.

They reward overlap of content words and say little about style or truth (Lin 2004,
"ROUGE: A Package for Automatic Evaluation of Summaries").
"""

import re
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

        return RougeScorer(list(_TYPES), tokenizer=_Words())

    def score(self, case: Case, answer: Answer) -> list[Score]:
        """F1 from 0 to 1 per metric; a case without a reference is unmeasured."""
        if answer.finish == "error":
            return all_errors(self.metrics, answer)
        if not case.reference.strip():
            return all_unmeasured(self.metrics, "the case has no reference")
        found = self._scorer.score(case.reference[:LIMIT], answer.text[:LIMIT])
        pair = f"{quote(answer.text, 40)} against {quote(case.reference, 40)}"
        return [Score(f"rouge.{name}", float(found[name].fmeasure), reason=pair) for name in _TYPES]
