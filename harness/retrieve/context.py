"""What a candidate with a context reads: documents of a date, cut to size, in the template."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from harness.records import Document, Passage
from harness.retrieve.sentences import sentence_ends

_GAP = "\n\n"
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
    return fitted(passages, max_chars)[0]


def fitted(passages: Sequence[Passage], max_chars: int) -> tuple[list[Passage], int]:
    """What `fit` keeps, and how many passages it left out whole, counted from the end."""
    kept: list[Passage] = []
    room = max_chars
    for passage in passages:
        need = len(_block(passage)) + (len(_GAP) if kept else 0)
        if need > room:
            break
        kept.append(passage)
        room -= need
    if not kept and passages:
        first = passages[0]
        heading = len(_block(replace(first, text="")))
        text = _cut(first.text, max_chars - heading)
        kept = [replace(first, text=text)] if text else []
    return kept, len(passages) - len(kept)


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
    ends = sentence_ends(text, room)
    if ends:
        return text[: ends[-1]].rstrip()
    head, space, _ = text[: room + 1].rpartition(" ")
    return head.rstrip() if space else text[:room]
