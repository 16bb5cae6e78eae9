"""Dense retrieval: cosine similarity of sentence embeddings (arXiv 1908.10084)."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from harness.records import Document, Passage, Retrieval
from harness.retrieve.embeddings import embedded
from harness.retrieve.encoder import check
from harness.retrieve.ranking import Scores, in_order, passages, ranked

_DECIMALS = 6
"""Cosines are rounded: what differs only by the company a text was embedded in is a tie."""


class Dense:
    """Ranks documents by the meaning of their title and text, exactly, without an index."""

    description: ClassVar[str] = "cosine similarity of sentence embeddings (retrieve.encoder)"

    def __init__(self, documents: Sequence[Document], settings: Retrieval | None = None) -> None:
        """Nothing is embedded before the first search; ties are broken by document id."""
        self._documents = in_order(documents)
        self._encoder = (settings or Retrieval()).encoder

    def scores(self, queries: Sequence[str], cache: Path | None = None) -> list[Scores]:
        """Per query the (documents,) cosines, in the order of ids."""
        if not self._documents or not queries:
            return [np.zeros(len(self._documents)) for _ in queries]
        texts = [f"{document.title}\n{document.text}".strip() for document in self._documents]
        stored, asked = embedded(self._encoder, texts, queries, cache)
        return [np.round(stored @ query, _DECIMALS).astype(np.float64) for query in asked]

    @staticmethod
    def check(settings: Retrieval) -> None:
        """Raise UsageError where the encoder cannot be had; the hub is not asked."""
        check(settings.encoder)

    def search(self, query: str, k: int) -> list[Passage]:
        """At most k passages, best first."""
        return self.search_all([query], k)[0]

    def search_all(
        self, queries: Sequence[str], k: int, cache: Path | None = None
    ) -> list[list[Passage]]:
        """`search` for each query; embeddings are kept under `cache`."""
        return [
            passages(self._documents, scores, ranked(scores)[: max(k, 0)])
            for scores in self.scores(queries, cache)
        ]
