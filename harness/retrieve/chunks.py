"""Long documents in pieces: at Markdown headings, then paragraphs, then sentences, then words."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from harness.records import Document
from harness.retrieve.sentences import sentence_ends

_PARAGRAPH = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_WORD = re.compile(r"\S+")
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
_LONGEST_HEADING = 150

Span = tuple[int, int]


def chunk(documents: Iterable[Document], chunk_chars: int, overlap: int = 0) -> list[Document]:
    """Documents as pieces of at most `chunk_chars` characters of text, in order.

    A piece has its document's id, dates and facts, and the title "Title > Heading". Under one
    heading each piece begins with the whole sentences that end the one before, up to `overlap`
    characters, as far as they leave room. 0 for `chunk_chars` keeps documents whole.

    Raises:
        ValueError: a size below 0, or an overlap that fills a piece.
    """
    if chunk_chars < 0 or overlap < 0:
        raise ValueError(f"chunk_chars {chunk_chars} and overlap {overlap} may not be below 0")
    if chunk_chars and overlap >= chunk_chars:
        raise ValueError(f"overlap {overlap} leaves no room in chunk_chars {chunk_chars}")
    if not chunk_chars:
        return list(documents)
    return [
        replace(document, title=title, text=text)
        for document in documents
        for title, text in _pieces(document, chunk_chars, overlap)
    ]


def _pieces(document: Document, size: int, overlap: int) -> Iterator[tuple[str, str]]:
    found = False
    for path, body in sections(document.text):
        # a first heading that repeats the title says nothing new
        own = path[1:] if path and path[0].strip() == document.title.strip() else path
        title = " > ".join([part for part in (document.title, *own) if part])
        for start, end in spans(body, size, overlap):
            found = True
            yield title, body[start:end]
    if not found:
        yield document.title, ""


def sections(text: str) -> list[tuple[tuple[str, ...], str]]:
    """The text's sections as (headings from the outermost in, text below), in order.

    A heading with nothing below it, not even another heading, is text itself.
    """
    lines = _LINE.findall(text)
    heads = _headings(text)
    found: list[tuple[tuple[str, ...], str]] = []
    opening = "".join(lines[: heads[0].first]) if heads else text
    if opening.strip():
        found.append(((), opening))
    above: list[_Heading] = []
    for head, after in zip(heads, [*heads, None][1:], strict=True):
        above = [one for one in above if one.level < head.level]
        until = after.first if after else len(lines)
        body = "".join(lines[head.below : until])
        empty = not body.strip()
        if head.words and (not empty or (after and after.level > head.level)):
            above.append(head)
        else:
            body, empty = "".join(lines[head.first : until]), False
        if not empty:
            found.append((tuple(one.words for one in above), body))
    return found


class _Heading(NamedTuple):
    """A heading's lines [first, below), level and words."""

    first: int
    below: int
    level: int
    words: str


def _headings(text: str) -> list[_Heading]:
    """Markdown's headings that stand in no list or quote; code that looks like one is none."""
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark").disable("inline").parse(text)
    found = []
    for token, inside in pairwise(tokens):
        if token.type == "heading_open" and token.level == 0 and token.map:
            words = " ".join(inside.content.split())
            # a rule right below a paragraph makes a heading of all of it: nobody meant that
            if len(words) <= _LONGEST_HEADING:
                found.append(_Heading(token.map[0], token.map[1], int(token.tag[1:]), words))
    return found


def spans(text: str, size: int, overlap: int = 0) -> list[Span]:
    """Offsets (start, end) of pieces of at most `size` characters that cover all but blanks."""
    pieces: list[list[Span]] = [[]]
    for paragraph in _between(text, 0, len(text), _PARAGRAPH):
        current = pieces[-1]
        if current and paragraph[1] - current[0][0] <= size:
            current.append(paragraph)
        elif paragraph[1] - paragraph[0] <= size:
            pieces.append([paragraph])
        else:
            pieces.append([])
            for unit in _units(text, *paragraph, size):
                if pieces[-1] and unit[1] - pieces[-1][0][0] > size:
                    pieces.append([])
                pieces[-1].append(unit)
    whole = [(units[0][0], units[-1][1]) for units in pieces if units]
    return [
        (_earlier(text, whole[number - 1], start, min(overlap, size - (end - start))), end)
        if number
        else (start, end)
        for number, (start, end) in enumerate(whole)
    ]


def _earlier(text: str, before: Span, start: int, room: int) -> int:
    """The first start of a sentence of the piece before that is at most `room` characters back."""
    starts = [first for first, _ in _sentences(text, *before) if start - first <= room]
    return starts[0] if starts else start


def _units(text: str, start: int, end: int, size: int) -> Iterator[Span]:
    """Sentences; of those that are longer than `size` words; of those that are, cuts."""
    for sentence in _sentences(text, start, end):
        if sentence[1] - sentence[0] <= size:
            yield sentence
            continue
        for word in _WORD.finditer(text, *sentence):
            for first in range(word.start(), word.end(), size):
                yield first, min(first + size, word.end())


def _sentences(text: str, start: int, end: int) -> Iterator[Span]:
    first = start
    for stop in [*(start + place for place in sentence_ends(text[start:end])), end]:
        span = _trimmed(text, first, stop)
        if span:
            yield span
        first = stop


def _between(text: str, start: int, end: int, gap: re.Pattern[str]) -> Iterator[Span]:
    first = start
    for match in [*gap.finditer(text, start, end), None]:
        span = _trimmed(text, first, match.start() if match else end)
        if span:
            yield span
        first = match.end() if match else end


def _trimmed(text: str, start: int, end: int) -> Span | None:
    words = text[start:end]
    left = len(words) - len(words.lstrip())
    right = len(words.rstrip())
    return (start + left, start + right) if left < right else None
