"""Recall and reciprocal rank of gold documents among what retrieval found."""

import pytest

from harness.protocols import Resources
from harness.records import Answer, Case, Passage, Score
from harness.score.retrieval import Retrieval


def scored(found: str, gold: str) -> dict[str, Score]:
    """Scores for documents named by a letter each, in the order of their rank."""
    case = Case("c", "t", "q", "", "c", gold=tuple(gold))
    passages = tuple(Passage(name, "", "text", score=1.0) for name in found)
    scores = Retrieval({}, Resources()).score(case, Answer("a", "", passages=passages))
    return {score.metric.removeprefix("retrieval."): score for score in scores}


@pytest.mark.parametrize(
    "found, gold, recall, rank",
    [
        ("a", "a", 1.0, 1.0),
        ("bca", "a", 1.0, 1 / 3),
        ("bbba", "a", 1.0, 1 / 2),
        ("aab", "ac", 1 / 2, 1.0),
        ("bcd", "a", 0.0, 0.0),
        ("dcb", "bc", 1.0, 1 / 2),
    ],
)
def test_chunks_of_a_document_count_once(found: str, gold: str, recall: float, rank: float) -> None:
    scores = scored(found, gold)
    assert (scores["recall"].value, scores["mrr"].value) == (recall, rank)
    assert f"gold {gold[0]}" in scores["recall"].reason


def test_without_gold_or_passages_nothing_is_measured() -> None:
    assert {score.state for score in scored("ab", "").values()} == {"unmeasured"}
    assert {score.state for score in scored("", "a").values()} == {"unmeasured"}


def test_gold_passages_were_not_retrieved() -> None:
    case = Case("c", "t", "q", "", "c", gold=("a",))
    answer = Answer("a", "x", passages=(Passage("a", "", "text"),))
    assert {s.state for s in Retrieval({}, Resources()).score(case, answer)} == {"unmeasured"}
