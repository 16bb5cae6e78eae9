"""BM25: the right passage first, ties by id, nothing for nothing."""

from harness.records import Document
from harness.retrieve.bm25 import Bm25, tokenise

DOCUMENTS = [
    Document("b", "Refunds", "Refunds are paid within 14 days of the return."),
    Document("a", "Shipping", "Parcels ship within two days from the warehouse in Pune."),
    Document("c", "Gratuity", "The gratuity ceiling is 20 lakh rupees."),
]


def test_the_document_that_shares_the_words_comes_first() -> None:
    found = Bm25(DOCUMENTS).search("What is the gratuity ceiling?", 2)
    assert [passage.document for passage in found] == ["c"]
    assert found[0].text == DOCUMENTS[2].text
    assert found[0].score is not None
    assert found[0].score > 0


def test_the_title_is_searched() -> None:
    assert Bm25(DOCUMENTS).search("shipping", 1)[0].document == "a"


def test_k_bounds_the_number_and_scores_fall() -> None:
    found = Bm25(DOCUMENTS).search("days within return gratuity", 2)
    assert len(found) == 2
    assert found[0].score >= found[1].score  # type: ignore[operator]


def test_ties_are_broken_by_id_whatever_the_order() -> None:
    same = [Document(name, "", "blue lamp") for name in ("z", "m", "a")]
    for documents in (same, same[::-1]):
        found = Bm25(documents).search("lamp", 3)
        assert [passage.document for passage in found] == ["a", "m", "z"]


def test_nothing_shared_finds_nothing() -> None:
    index = Bm25(DOCUMENTS)
    assert index.search("zebra", 3) == []
    assert index.search("what is the", 3) == []
    assert index.search("", 3) == []
    assert index.search("gratuity", 0) == []


def test_no_documents_and_empty_documents_find_nothing() -> None:
    assert Bm25([]).search("x", 1) == []
    assert Bm25([Document("a", "", ""), Document("b", "", "the")]).search("x", 1) == []


def test_it_is_quiet(capfd) -> None:  # type: ignore[no-untyped-def]
    Bm25(DOCUMENTS).search("refunds", 1)
    assert capfd.readouterr() == ("", "")


def test_other_scripts_have_words_too() -> None:
    assert tokenise("Größe 東京") == ["größe", "東", "京"]
