"""What is searched on a day, what is found, and how rankings are fused."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from harness import registry
from harness.errors import UnknownNameError
from harness.records import Document, Retrieval
from harness.retrieve.context import fitted
from harness.retrieve.hybrid import fused
from harness.retrieve.search import corpus, find

OLD = Document("old", "Fee", "The fee is 3 euros.", date(2020, 1, 1), date(2022, 1, 1))
NEW = Document("new", "Fee", "The fee is 5 euros.", date(2022, 1, 1))
HIDDEN = Document("hidden", "Fee", "The fee is 9 euros.", searchable=False)
LONG = Document("long", "Rules", "# Fees\nA fee is due.\n# Hours\nOpen from nine to five.")
DOCUMENTS = [OLD, NEW, HIDDEN, LONG]
FEE, HOURS = "What is the fee?", "Opening hours: open from nine to five?"


def test_a_corpus_is_what_stood_on_the_day_and_may_be_searched() -> None:
    assert corpus(DOCUMENTS, date(2021, 5, 1), Retrieval()) == [OLD, LONG]
    assert corpus(DOCUMENTS, date(2022, 1, 1), Retrieval()) == [NEW, LONG]
    assert corpus(DOCUMENTS, None, Retrieval()) == [OLD, NEW, LONG]


def test_an_index_of_a_day_is_searched_whatever_day_is_asked() -> None:
    settings = Retrieval(index=date(2021, 5, 1))
    assert corpus(DOCUMENTS, date(2025, 1, 1), settings) == [OLD, LONG]
    assert corpus(DOCUMENTS, None, settings) == [OLD, LONG]


def test_a_corpus_is_cut_into_chunks() -> None:
    found = corpus([LONG], None, Retrieval(chunk_chars=60))
    assert [(piece.id, piece.title) for piece in found] == [
        ("long", "Rules > Fees"),
        ("long", "Rules > Hours"),
    ]


@pytest.mark.parametrize("name", registry.names("retriever"))
def test_every_question_gets_the_passages_that_a_search_finds(name: str, tmp_path: Path) -> None:
    settings = Retrieval(retriever=name, chunk_chars=60)
    documents = corpus(DOCUMENTS, date(2023, 1, 1), settings)
    found = find(documents, [FEE, HOURS, FEE], settings, 2, tmp_path)
    made = registry.load("retriever", name)(documents, settings)
    assert found == [made.search(question, 2) for question in (FEE, HOURS, FEE)]
    assert [passages[0].document for passages in found] == ["new", "long", "new"]
    assert found[1][0].title == "Rules > Hours"
    assert find(documents, [], settings, 2, tmp_path) == []
    assert find(documents, [FEE], settings, 0, tmp_path) == [[]]
    assert find([], [FEE], settings, 2, tmp_path) == [[]]


@pytest.mark.parametrize("name", registry.names("retriever"))
def test_equal_documents_come_by_id_whatever_their_order(name: str) -> None:
    same = [Document(one, "Lamp", "A blue lamp.") for one in ("z", "m", "a")]
    settings = Retrieval(retriever=name)
    for documents in (same, same[::-1]):
        found = find(documents, ["lamp"], settings, 3)[0]
        if name != "hybrid":  # a fused score falls with the rank, so that no two are equal
            assert len({passage.score for passage in found}) == 1
        assert [passage.document for passage in found] == ["a", "m", "z"]


def test_dense_finds_what_shares_no_word() -> None:
    documents = [
        Document("dog", "", "The puppy barked all night."),
        Document("tax", "", "Income above the limit is taxed."),
    ]
    question = ["a young canine was noisy"]
    assert find(documents, question, Retrieval(retriever="bm25"), 1) == [[]]
    assert find(documents, question, Retrieval(retriever="dense"), 1)[0][0].document == "dog"
    assert find(documents, question, Retrieval(retriever="hybrid"), 1)[0][0].document == "dog"


def test_a_fused_score_is_the_sum_of_reciprocal_ranks() -> None:
    scores = fused([[2, 0], [0, 1, 2]], 4)
    assert np.allclose(scores, [1 / 62 + 1 / 61, 1 / 62, 1 / 61 + 1 / 63, 0])


def test_an_unknown_retriever_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError) as caught:
        find([], [], Retrieval(retriever="desne"), 1)
    assert str(caught.value) == "unknown retriever 'desne' (did you mean 'dense'?)"


def test_what_does_not_fit_is_counted() -> None:
    passages = find([OLD, NEW], [FEE], Retrieval(), 2)[0]
    assert fitted(passages, 1000) == (passages, 0)
    assert fitted(passages, 30) == (passages[:1], 1)
    assert fitted(passages, 2) == ([], 2)
    assert fitted([], 2) == ([], 0)
