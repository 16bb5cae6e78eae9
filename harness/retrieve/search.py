"""The retrieve stage: which documents are searched, and what is found for each question."""

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from harness import registry
from harness.records import Document, Passage, Retrieval
from harness.retrieve.chunks import chunk
from harness.retrieve.context import as_they_stood


def corpus(documents: Iterable[Document], day: date | None, settings: Retrieval) -> list[Document]:
    """What is searched for a question of `day`: in pieces, as of `settings.index` or that day.

    Documents that are not searchable are left out. Without any day, all others are in.
    """
    shown = [document for document in documents if document.searchable]
    when = settings.index or day
    if when is not None:
        shown = as_they_stood(shown, when)
    return chunk(shown, settings.chunk_chars, settings.overlap)


def find(
    documents: Sequence[Document],
    questions: Sequence[str],
    settings: Retrieval,
    k: int,
    cache_dir: Path | None = None,
) -> list[list[Passage]]:
    """At most k passages per question, best first, from a corpus that is ready to be searched.

    Retrievers that compute embeddings keep them under `cache_dir`, where it is given: asked the
    same again, they load no model.

    Raises:
        UnknownNameError: no retriever has the name in `settings`.
        UsageError: the encoder in `settings` cannot be had or read.
    """
    with registry.blaming("retriever", settings.retriever):
        retriever = registry.load("retriever", settings.retriever)(documents, settings)
        if hasattr(retriever, "search_all"):
            found: list[list[Passage]] = retriever.search_all(questions, k, cache_dir)
            return found
        return [retriever.search(question, k) for question in questions]
