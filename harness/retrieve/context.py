"""What a candidate with a context reads: documents of a date, cut to size, in the template."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from harness.records import Document, Passage

_GAP = "\n\n"
_SENTENCE_END = re.compile(r"[.!?\u0964\u3002]+[\"')\]\u2019\u201d]*(?=\s|$)|\n+")
_SLOT = re.compile(r"\{(context|input)\}")


def as_they_stood(documents: Iterable[Document], day: date) -> list[Document]:
    """The documents with valid_from <= day < valid_to, in their order."""
    return [
        document
        for document in documents
        if (document.valid_from is None or document.valid_from <= day)
        and (document.valid_to is None or day < document.valid_to)
    ]


def fit(passages: Sequence[Passage], max_chars: int) -> list[Passage]:
    """The first passages whose rendering is at most `max_chars` characters.

    Passages stay whole, except that a first one that is too long by itself is cut at the end of
    a sentence, or of a word where no sentence ends in time.
    """
    kept: list[Passage] = []
    room = max_chars
    for passage in passages:
        need = len(_block(passage)) + (len(_GAP) if kept else 0)
        if need > room:
            break
        kept.append(passage)
        room -= need
    if kept or not passages:
        return kept
    first = passages[0]
    heading = len(_block(replace(first, text="")))
    text = _cut(first.text, max_chars - heading)
    return [replace(first, text=text)] if text else []


def render(template: str, passages: Sequence[Passage], question: str) -> str:
    """The template with `{context}` and `{input}` filled in; braces in the texts stay."""
    context = _GAP.join(_block(passage) for passage in passages) or "(no passage was found)"
    slots = {"context": context, "input": question}
    return _SLOT.sub(lambda slot: slots[slot[1]], template)


def _block(passage: Passage) -> str:
    title = passage.title.strip()
    return f"{title}\n{passage.text.strip()}" if title else passage.text.strip()


def _cut(text: str, room: int) -> str:
    text = text.strip()
    if room < 1:
        return ""
    ends = [match.end() for match in _SENTENCE_END.finditer(text, 0, room + 1)]
    ends = [end for end in ends if end <= room]
    if ends:
        return text[: ends[-1]].rstrip()
    head, space, _ = text[: room + 1].rpartition(" ")
    return head.rstrip() if space else text[:room]
