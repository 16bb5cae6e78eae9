"""What every retriever of ours does with scores: one order, one way to break ties."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.records import Document, Passage

Scores = NDArray[np.floating[Any]]


def in_order(documents: Iterable[Document]) -> list[Document]:
    """By id; chunks of one document stay as they come. Ties go to the earlier one."""
    return sorted(documents, key=lambda document: document.id)


def ranked(scores: Scores) -> list[int]:
    """Places, best score first; of equal ones the earlier first."""
    return [int(place) for place in np.argsort(-scores, kind="stable")]


def passages(documents: Sequence[Document], scores: Scores, places: Sequence[int]) -> list[Passage]:
    """The documents at these places with their scores."""
    return [
        Passage(
            documents[place].id,
            documents[place].title,
            documents[place].text,
            float(scores[place]),
        )
        for place in places
    ]
