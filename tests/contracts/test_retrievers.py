"""What every registered retriever must do."""

import pytest

from harness import registry
from harness.protocols import Retriever
from harness.records import Document, Retrieval

DOCUMENTS = [
    Document("a", "Refund window", "Goods may be returned within thirty days."),
    Document("b", "Shipping", "Parcels leave the warehouse each morning."),
    Document("c", "Warranty", "Lamps carry a warranty of two years."),
]


@pytest.fixture(params=registry.names("retriever"))
def retriever(request: pytest.FixtureRequest) -> Retriever:
    made: Retriever = registry.load("retriever", request.param)(DOCUMENTS, Retrieval())
    return made


def test_it_says_what_it_is(retriever: Retriever) -> None:
    assert retriever.description


def test_a_document_is_found_by_its_own_text(retriever: Retriever) -> None:
    for document in DOCUMENTS:
        passage = retriever.search(document.text, 1)[0]
        assert (passage.document, passage.text) == (document.id, document.text)


def test_at_most_k_passages_come_best_first_and_the_same_each_time(retriever: Retriever) -> None:
    found = retriever.search("warranty of the returned goods", 2)
    assert len(found) <= 2
    assert found == sorted(found, key=lambda passage: -(passage.score or 0.0))
    assert found == retriever.search("warranty of the returned goods", 2)


def test_more_than_there_are_is_no_error(retriever: Retriever) -> None:
    assert len(retriever.search("warranty", 50)) <= len(DOCUMENTS)


def test_no_documents_find_nothing() -> None:
    for name in registry.names("retriever"):
        assert registry.load("retriever", name)([]).search("x", 3) == []


@pytest.mark.parametrize("name", registry.names("retriever"))
def test_pieces_of_one_document_are_found_apart(name: str) -> None:
    pieces = [
        Document("hb", "Handbook > Leave", "Sick leave is ten days a year."),
        Document("hb", "Handbook > Travel", "Trains are booked in second class."),
        Document("hb", "Handbook > Phones", "Phones are returned on the last day."),
    ]
    retriever = registry.load("retriever", name)(pieces, Retrieval(retriever=name))
    found = [retriever.search(piece.text, 1)[0] for piece in pieces]
    assert [(one.document, one.title) for one in found] == [("hb", one.title) for one in pieces]


@pytest.mark.parametrize("name", registry.names("retriever"))
def test_the_order_of_the_documents_changes_nothing(name: str) -> None:
    made = registry.load("retriever", name)
    found = [made(documents).search("goods", 3) for documents in (DOCUMENTS, DOCUMENTS[::-1])]
    assert found[0] == found[1]
