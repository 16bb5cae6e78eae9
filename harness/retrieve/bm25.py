"""BM25 retrieval with bm25s (arXiv 2407.03618), Lucene's variant, without stemming."""

import re
import unicodedata
from collections.abc import Sequence
from typing import ClassVar

import bm25s
import numpy as np
from bm25s.stopwords import STOPWORDS_EN

from harness.records import Document, Passage, Retrieval
from harness.retrieve.ranking import Scores, in_order, passages, ranked

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+")
_STOP = frozenset(STOPWORDS_EN) | frozenset(
    [
        "what",
        "which",
        "who",
        "whom",
        "when",
        "where",
        "why",
        "how",
        "do",
        "does",
        "did",
        "can",
        "could",
        "should",
        "would",
        "i",
        "you",
        "we",
        "our",
        "your",
        "has",
        "have",
        "had",
        "from",
        "its",
        "been",
        "am",
        "were",
    ]
)


class Bm25:
    """Ranks documents by words of their title and text."""

    description: ClassVar[str] = "BM25 over words (bm25s, Lucene variant, no stemming)"

    def __init__(
        self,
        documents: Sequence[Document],
        settings: Retrieval | None = None,  # noqa: ARG002 - words need none
    ) -> None:
        """Index the documents; ties are broken by document id."""
        self._documents = in_order(documents)
        words = [tokenise(f"{document.title}\n{document.text}") for document in self._documents]
        self._index: bm25s.BM25 | None = None
        if any(words):
            self._index = bm25s.BM25(method="lucene")
            self._index.index(words, show_progress=False)

    def scores(self, query: str) -> Scores:
        """(documents,) scores in the order of ids; 0 where no word is shared."""
        words = tokenise(query)
        if self._index is None or not words:
            return np.zeros(len(self._documents))
        return np.asarray(self._index.get_scores(words), dtype=np.float64)

    def search(self, query: str, k: int) -> list[Passage]:
        """At most k passages, best first; documents that share no word with the query are none."""
        scores = self.scores(query)
        best = [place for place in ranked(scores)[: max(k, 0)] if scores[place] > 0]
        return passages(self._documents, scores, best)


def tokenise(text: str) -> list[str]:
    """Lower-case words without stop words; Chinese and Japanese by character."""
    found = _WORD.findall(unicodedata.normalize("NFKC", text).lower())
    return [word for word in found if word not in _STOP]
