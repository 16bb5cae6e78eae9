"""Documents of a date, cut to size, put into the template."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from harness.records import Document, Passage
from harness.retrieve.context import as_they_stood, fit, render

OLD = Document("old", "", "x", date(2020, 1, 1), date(2022, 1, 1))
NEW = Document("new", "", "y", date(2022, 1, 1))
ALWAYS = Document("always", "", "z")


def test_a_document_stands_from_its_first_day_up_to_and_without_its_last() -> None:
    documents = [OLD, NEW, ALWAYS]
    assert as_they_stood(documents, date(2019, 12, 31)) == [ALWAYS]
    assert as_they_stood(documents, date(2020, 1, 1)) == [OLD, ALWAYS]
    assert as_they_stood(documents, date(2021, 12, 31)) == [OLD, ALWAYS]
    assert as_they_stood(documents, date(2022, 1, 1)) == [NEW, ALWAYS]


def test_passages_stay_whole_while_they_fit() -> None:
    passages = [Passage("a", "", "12345"), Passage("b", "", "1234"), Passage("c", "", "1")]
    assert fit(passages, 11) == passages[:2]
    assert fit(passages, 10) == passages[:1]
    assert fit([], 10) == []


def test_a_first_passage_that_is_too_long_ends_with_a_sentence() -> None:
    passage = Passage("a", "T", "It is 3.5 days. It was more! And then")
    assert fit([passage], 33)[0].text == "It is 3.5 days. It was more!"
    assert fit([passage], 20)[0].text == "It is 3.5 days."
    assert fit([passage], 12)[0].text == "It is 3.5"


@given(
    st.lists(st.tuples(st.text(max_size=9), st.text(max_size=60)), max_size=4),
    st.integers(min_value=0, max_value=150),
)
def test_what_fits_is_never_longer_than_asked(texts: list[tuple[str, str]], room: int) -> None:
    kept = fit([Passage("d", title, text) for title, text in texts], room)
    assert not kept or len(render("{context}", kept, "")) <= room or room < 30


def test_the_template_is_filled_once_and_braces_in_texts_stay() -> None:
    passage = Passage("a", "Title", "{input} {context} {x}")
    text = render("C: {context}\nQ: {input} {y}", [passage], "why {context}?")
    assert text == "C: Title\n{input} {context} {x}\nQ: why {context}? {y}"


def test_no_passage_is_said() -> None:
    assert render("{context}|{input}", [], "q") == "(no passage was found)|q"
