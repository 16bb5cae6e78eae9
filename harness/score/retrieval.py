"""Retrieval: were the documents that hold the answer among those that the candidate read?

Recall at k over the k documents that were found (chunks of one document count once), and the
reciprocal rank of the first gold one (Voorhees 1999, the TREC-8 question answering track).
"""

from typing import Any, ClassVar

from harness.protocols import Resources
from harness.records import Answer, Case, Metric, Score
from harness.score.options import all_errors, all_unmeasured, only


class Retrieval:
    """Scores `answer.passages` against `case.gold`; the text of the answer does not matter."""

    description: ClassVar[str] = "gold documents among the passages that retrieval found"
    metrics: tuple[Metric, ...] = (
        Metric("retrieval.recall", "share of the gold documents that retrieval found", shown=True),
        Metric(
            "retrieval.mrr",
            "one over the rank of the first gold document, 0 without one",
            shown=True,
        ),
    )

    def __init__(self, options: dict[str, Any], resources: Resources) -> None:
        del resources
        only(options, (), "option for retrieval")

    def score(self, case: Case, answer: Answer) -> list[Score]:
        """Unmeasured without gold documents, and for passages that no retriever scored."""
        if answer.finish == "error":
            return all_errors(self.metrics, answer)
        if not case.gold:
            return all_unmeasured(self.metrics, "the case names no gold document")
        retrieved = [passage for passage in answer.passages if passage.score is not None]
        if not retrieved:
            return all_unmeasured(self.metrics, "the candidate read no retrieved passage")
        found = list(dict.fromkeys(passage.document for passage in retrieved))
        gold = set(case.gold)
        ranks = [rank for rank, document in enumerate(found, 1) if document in gold]
        shown = ", ".join(found[:5]) + (", …" if len(found) > 5 else "")
        reason = f"found {shown}; gold {', '.join(case.gold[:5])}"
        label = f"rank {ranks[0]}" if ranks else "missed"
        return [
            Score("retrieval.recall", len(ranks) / len(gold), "ok", label, reason),
            Score("retrieval.mrr", 1 / ranks[0] if ranks else 0.0, "ok", label, reason),
        ]
