"""Hybrid retrieval: reciprocal rank fusion of BM25 and dense.

Cormack, Clarke and Büttcher 2009, "Reciprocal rank fusion outperforms Condorcet and individual
rank learning methods", SIGIR: a document's score is the sum over rankings of 1 / (60 + rank).
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from harness.records import Document, Passage, Retrieval
from harness.retrieve.bm25 import Bm25
from harness.retrieve.dense import Dense
from harness.retrieve.ranking import Scores, in_order, passages, ranked

_K = 60


class Hybrid:
    """Ranks documents by their places in the rankings of BM25 and dense."""

    description: ClassVar[str] = "reciprocal rank fusion of bm25 and dense"

    def __init__(self, documents: Sequence[Document], settings: Retrieval | None = None) -> None:
        """Index the documents for both; ties are broken by document id."""
        self._documents = in_order(documents)
        self._words = Bm25(self._documents, settings)
        self._meaning = Dense(self._documents, settings)

    @staticmethod
    def check(settings: Retrieval) -> None:
        """Raise UsageError where the encoder cannot be had; the hub is not asked."""
        Dense.check(settings)

    def search(self, query: str, k: int) -> list[Passage]:
        """At most k passages, best first."""
        return self.search_all([query], k)[0]

    def search_all(
        self, queries: Sequence[str], k: int, cache: Path | None = None
    ) -> list[list[Passage]]:
        """`search` for each query; embeddings are kept under `cache`."""
        found = []
        for query, cosines in zip(queries, self._meaning.scores(queries, cache), strict=True):
            words = self._words.scores(query)
            sharing = [place for place in ranked(words) if words[place] > 0]
            scores = fused([sharing, ranked(cosines)], len(self._documents))
            found.append(passages(self._documents, scores, ranked(scores)[: max(k, 0)]))
        return found


def fused(rankings: Iterable[Sequence[int]], size: int) -> Scores:
    """(size,) reciprocal rank fusion scores; a ranking says nothing of places it leaves out."""
    scores = np.zeros(size)
    for places in rankings:
        for rank, place in enumerate(places, start=1):
            scores[place] += 1 / (_K + rank)
    return scores
