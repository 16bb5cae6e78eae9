"""Abstention: does an answer decline what nobody could know, and only that?

Declining and inventing are counted apart, as CRAG does (arXiv 2406.04744): a wrong answer costs
the reader more than a missing one.
"""

from typing import Any, ClassVar

from harness.protocols import Resources
from harness.records import Answer, Case, Metric, Score
from harness.score.declined import declined
from harness.score.options import all_errors, only
from harness.score.text import quote


class Abstention:
    """Scores whether an answer declines, against `case.answerable`."""

    description: ClassVar[str] = "declines what nobody could know, and answers the rest"
    metrics: tuple[Metric, ...] = (
        Metric(
            "abstention.right",
            "declines a question that has no answer, and answers one that has",
            need="other",
            binary=True,
            headline=True,
        ),
        Metric(
            "abstention.invented",
            "asserts something where nobody could know",
            better="lower",
            need="other",
            binary=True,
        ),
        Metric("abstention.declined", "declines", better="neither", need="other", binary=True),
    )

    def __init__(self, options: dict[str, Any], resources: Resources) -> None:
        del resources
        only(options, (), "option for abstention")

    def score(self, case: Case, answer: Answer) -> list[Score]:
        """Labels are declined, answered, invented and empty; an empty answer is never right."""
        if answer.finish == "error":
            return all_errors(self.metrics, answer)
        if not answer.text.strip():
            return self._scores(case, "empty", "the answer is empty", right=False)
        own = case.reference if case.answerable else ""
        given = "\n".join(passage.text for passage in answer.passages)
        words = declined(answer.text, case.input, given, own)
        if words is not None:
            reason = f"declines: {quote(words)}"
            return self._scores(case, "declined", reason, right=not case.answerable)
        label = "answered" if case.answerable else "invented"
        reason = f"answers: {quote(answer.text)}"
        return self._scores(case, label, reason, right=case.answerable)

    def _scores(self, case: Case, label: str, reason: str, *, right: bool) -> list[Score]:
        invented = Score("abstention.invented", float(label == "invented"), "ok", label, reason)
        if case.answerable:
            why = "the case has an answer"
            invented = Score("abstention.invented", None, "unmeasured", label, why)
        return [
            Score("abstention.right", float(right), "ok", label, reason),
            invented,
            Score("abstention.declined", float(label == "declined"), "ok", label, reason),
        ]
