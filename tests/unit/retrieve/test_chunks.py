"""Chunks: nothing lost, sizes kept, order kept, cut where a reader would cut."""

import re
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.records import Document
from harness.retrieve.chunks import chunk, sections, spans
from harness.retrieve.sentences import sentence_ends

TEXT = """Before any heading.

# Leave

## Sick leave
Ten days a year. A doctor's note is due after two days.

Unused days lapse.

## Paid leave ##
Twenty days a year.

```
# a comment, no heading
```
# Travel
By train.
"""
WORDS = ["Rs. 20 are paid.", "It ends. It begins! ", "word", "ééééééééé", "。", "", "\t"]
MARKS = ["# Top", "## Low", "####### x", "- item", "```", "> quote", "    code", "==="]
GAPS = ["\n", "\n\n", " \n \n", "\r\n"]
BITS = st.sampled_from([*WORDS, *MARKS, *GAPS])
MARKDOWN = st.lists(BITS | st.text(max_size=12), max_size=25).map("".join) | st.lists(
    BITS, max_size=25
).map("\n".join)
HANDBOOK = Document(
    "hb", "Handbook", TEXT, date(2020, 1, 1), date(2021, 1, 1), ("fact",), "hb.md:1"
)


def bare(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_headings_go_into_titles_and_code_that_looks_like_one_does_not() -> None:
    found = [(piece.title, piece.text) for piece in chunk([HANDBOOK], 80)]
    assert found == [
        ("Handbook", "Before any heading."),
        (
            "Handbook > Leave > Sick leave",
            "Ten days a year. A doctor's note is due after two days.\n\nUnused days lapse.",
        ),
        (
            "Handbook > Leave > Paid leave",
            "Twenty days a year.\n\n```\n# a comment, no heading\n```",
        ),
        ("Handbook > Travel", "By train."),
    ]


def test_a_piece_keeps_all_else_of_its_document() -> None:
    for piece in chunk([HANDBOOK], 60):
        assert (piece.id, piece.facts, piece.where) == ("hb", ("fact",), "hb.md:1")
        assert (piece.valid_from, piece.valid_to) == (date(2020, 1, 1), date(2021, 1, 1))


def test_a_first_heading_that_repeats_the_title_is_said_once() -> None:
    document = Document("d", "Refunds", "# Refunds\nMoney back.\n## How\nBy card.")
    found = [(piece.title, piece.text) for piece in chunk([document], 100)]
    assert found == [("Refunds", "Money back."), ("Refunds > How", "By card.")]


def test_a_long_section_is_cut_at_paragraphs_then_sentences_then_words() -> None:
    def cut(text: str, size: int) -> list[str]:
        return [piece.text for piece in chunk([Document("d", "", text)], size)]

    assert cut("One. Two.\n\nThree.", 12) == ["One. Two.", "Three."]
    assert cut("One. Two. Three.", 12) == ["One. Two.", "Three."]
    assert cut("one two three four", 9) == ["one two", "three", "four"]
    assert cut("abcdefgh", 3) == ["abc", "def", "gh"]
    assert cut("It is Rs. 20 for No. 4 of them. Then", 32) == [
        "It is Rs. 20 for No. 4 of them.",
        "Then",
    ]


def test_an_overlap_repeats_whole_sentences_of_the_piece_before() -> None:
    document = Document("d", "", "Aaaa. Bbbb. Cccc. Dddd. Eeee.")
    for overlap, expected in (
        (5, ["Aaaa. Bbbb. Cccc.", "Dddd. Eeee."]),
        (6, ["Aaaa. Bbbb. Cccc.", "Cccc. Dddd. Eeee."]),
        (16, ["Aaaa. Bbbb. Cccc.", "Cccc. Dddd. Eeee."]),
    ):
        assert [piece.text for piece in chunk([document], 17, overlap)] == expected


def test_size_0_keeps_documents_whole() -> None:
    assert chunk([HANDBOOK], 0) == [HANDBOOK]
    assert chunk([HANDBOOK], 0, 50) == [HANDBOOK]


def test_an_empty_document_stays_one_piece() -> None:
    assert [(piece.id, piece.text) for piece in chunk([Document("d", "T", " \n")], 50)] == [
        ("d", "")
    ]


@pytest.mark.parametrize("size, overlap", [(-1, 0), (10, -1), (10, 10), (10, 11)])
def test_sizes_that_leave_no_room_are_refused(size: int, overlap: int) -> None:
    with pytest.raises(ValueError, match=str(overlap if overlap > 0 else size)):
        chunk([HANDBOOK], size, overlap)


@given(MARKDOWN)
def test_sections_leave_out_headings_alone_and_keep_the_order(text: str) -> None:
    found = sections(text)
    rest, left_out = bare(text), ""
    for _, body in found:
        head, middle, rest = rest.partition(bare(body))
        assert middle == bare(body)
        left_out += head
    left_out += rest
    said = bare("".join(words for path, _ in found for words in path))
    # a heading is said in the titles; its marks are not
    assert set(left_out) <= set(said) | set("#=-\x00")


@given(MARKDOWN, st.integers(min_value=1, max_value=60), st.integers(min_value=0, max_value=30))
def test_pieces_cover_everything_in_order_and_keep_the_size(
    text: str, size: int, overlap: int
) -> None:
    found = spans(text, size, overlap)
    covered = {place for start, end in found for place in range(start, end)}
    assert {place for place, sign in enumerate(text) if not sign.isspace()} <= covered
    assert all(0 < end - start <= size for start, end in found)
    assert found == sorted(found, key=lambda span: span[1])
    ends = [end for _, end in found]
    assert len(set(ends)) == len(ends)
    for (_, before), (start, _) in pairwise(found):
        assert before - start <= overlap


@given(MARKDOWN, st.integers(min_value=1, max_value=60))
def test_without_overlap_nothing_is_said_twice(text: str, size: int) -> None:
    found = spans(text, size)
    assert bare("".join(text[start:end] for start, end in found)) == bare(text)


@given(st.lists(MARKDOWN, max_size=3), st.integers(min_value=20, max_value=80))
def test_documents_stay_in_order(texts: list[str], size: int) -> None:
    documents = [Document(str(number), "T", text) for number, text in enumerate(texts)]
    ids = [piece.id for piece in chunk(documents, size, 10)]
    assert ids == sorted(ids)
    assert set(ids) == {document.id for document in documents}


def test_sentences_end_at_stops_before_a_space_and_not_after_abbreviations() -> None:
    text = "It is 3.5 days. See Sec. 4, i.e. A. B. Rao's. दो दिन। 三天。四天。\nEnd"
    assert [text[:end][-5:] for end in sentence_ends(text)] == [
        "days.",
        "ao's.",
        " दिन।"[-5:],
        text[: text.index("四")][-5:],
        text[: text.index("\n")][-5:],
        text[: text.index("End")][-5:],
    ]
