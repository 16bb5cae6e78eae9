"""The trained readers: linear models over signs of a text, kept as weights in reader.json.gz.

Logistic regression over n-grams and what hand-written rules see, fitted by tests/graders/train.py;
stacking after Wolpert (1992), "Stacked generalization".
"""

import gzip
import json
import math
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

DECIMALS = 4
WEIGHTS = Path(__file__).with_name("reader.json.gz")


class Reader(NamedTuple):
    """Weights of each sign for each label, in the order of `labels`; a sign may have none."""

    labels: tuple[str, ...]
    bias: tuple[float, ...]
    weights: dict[str, tuple[float, ...]]

    def scores(self, signs: Iterable[str]) -> list[float]:
        """A score for each label, as log odds up to a constant."""
        more = zip(self.bias, self.added(signs), strict=True)
        return [round(sum(column), DECIMALS) for column in more]

    def added(self, signs: Iterable[str]) -> tuple[float, ...]:
        """What signs add to the score of each label.

        Weights have four decimals: rounding makes the sum the same in whatever order.
        """
        found = list(filter(None, map(self.weights.get, signs)))
        if not found:
            return (0.0,) * len(self.labels)
        return tuple([round(sum(column), DECIMALS) for column in zip(*found, strict=True)])


def shares(scores: Iterable[float]) -> list[float]:
    """Probabilities of labels from their scores."""
    values = list(scores)
    top = max(values)
    powers = [math.exp(value - top) for value in values]
    return [power / sum(powers) for power in powers]


@lru_cache(maxsize=1)
def readers() -> dict[str, Reader]:
    """The readers by name, read once: "abstention" and "recency"."""
    told = json.loads(gzip.decompress(WEIGHTS.read_bytes()))
    return {
        name: Reader(
            tuple(one["labels"]),
            tuple(one["bias"]),
            {sign: tuple(weights) for sign, weights in one["weights"].items()},
        )
        for name, one in told.items()
    }
