"""Candidates whose adapter could not be trained give errors, never the base's answers."""

from harness.plan import Cell
from harness.records import Answer
from harness.store import Store, digest_of


def answer_as_failed(cell: Cell, store: Store, why: str) -> None:
    """Give each case of a cell an error for an answer, so that nobody is asked."""
    cell.key = digest_of([cell.key, "failed", why])
    answers = store.answers(cell.key)
    for asked in cell.asked:
        if not asked.skip and asked.case.id not in answers.done:
            answers.append(Answer(asked.case.id, "", finish="error", error=why))
    answers.close()
