"""Distance to the house voice: how much an answer reads like the training outputs, no model.

The words, marks and character trigrams that most training outputs share, each as a z-score
(Burrows 2002, "Delta", doi 10.1093/llc/17.3.267), compared by cosine (Evert et al. 2017, cosine
Delta, doi 10.1093/llc/fqx023). A z-score needs other writers: the training inputs, which speak of
the same things in other voices, so that what sets an output apart is its voice and not its subject.
A house has several forms (a clause, a letter), so an answer is held against the outputs that it is
closest to, not against their mean.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.score.text import LIMIT, normalise, quote

ENOUGH = 20
"""Different training outputs that a voice is read from at least."""

_MOST_TEXTS = 256  # training outputs that are kept, spread evenly
_WORDS, _TRIGRAMS = 50, 100
_NEAREST = 5
_LEAST_SPREAD = 1e-3  # a feature that hardly varies must not outweigh all others
_TOKEN = re.compile(r"[^\W\d_]+|\d+|[^\w\s]|\n")
_DIGIT = re.compile(r"\d+")
_SPACE = re.compile(r"[^\S\n]+")

Floats = NDArray[np.float64]


class Heard(NamedTuple):
    """Similarity to the house voice, 0 to 1, and the training output that is closest."""

    similarity: float
    closest: str


class _Features(NamedTuple):
    """The features, and the mean and spread of the share of each over all writers."""

    counts: Callable[[str], Counter[str]]
    names: tuple[str, ...]
    mean: Floats
    spread: Floats

    def shares(self, text: str) -> Floats:
        """The share of each feature among all words, or trigrams, of a text."""
        counted = self.counts(text)
        found = np.array([counted.get(feature, 0) for feature in self.names], dtype=np.float64)
        return found / max(1, counted.total())

    def z(self, text: str) -> Floats:
        """How far each share lies from the mean, in spreads."""
        scores: Floats = (self.shares(text) - self.mean) / self.spread
        return scores


class Voice:
    """The voice of a house, read off its texts `own` and set apart from texts of `others`.

    Raises:
        ValueError: fewer than `ENOUGH` different texts of its own.
    """

    def __init__(self, own: Iterable[str], others: Iterable[str] = ()) -> None:
        self.texts = _spread(own)
        if len(self.texts) < ENOUGH:
            found = len(self.texts)
            raise ValueError(f"{found} different training outputs, {ENOUGH} make a voice")
        plain = [_plain(text) for text in self.texts]
        pool = [*plain, *(_plain(text) for text in _spread(others))]
        self._kinds = [
            _fitted(counts, plain, pool, most)
            for counts, most in ((_tokens, _WORDS), (_trigrams, _TRIGRAMS))
        ]
        self._quoted = [quote(text) for text in self.texts]
        self._house = np.stack([self._direction(text) for text in plain])

    def hear(self, text: str) -> Heard:
        """The mean cosine of a text and its nearest house texts, what points away being 0."""
        cosines = self._house @ self._direction(_plain(text))
        nearest = np.argpartition(cosines, -_NEAREST)[-_NEAREST:]
        best = int(nearest[np.argmax(cosines[nearest])])
        similarity = min(1.0, max(0.0, float(cosines[nearest].sum()) / _NEAREST))
        return Heard(round(similarity, 6), self._quoted[best])

    def _direction(self, plain: str) -> Floats:
        z = np.concatenate([kind.z(plain) for kind in self._kinds])
        direction: Floats = z / max(float(np.linalg.norm(z)), 1e-12)
        return direction


def has_voice(texts: Iterable[str]) -> bool:
    """Whether there are enough different texts to read a voice from."""
    return len({text.strip() for text in texts} - {""}) >= ENOUGH


def _spread(texts: Iterable[str]) -> list[str]:
    """At most `_MOST_TEXTS` different texts, evenly from all of them in alphabetical order."""
    known = sorted({text.strip() for text in texts} - {""})
    kept = min(len(known), _MOST_TEXTS)
    return [known[at * len(known) // kept] for at in range(kept)]


def _fitted(
    counts: Callable[[str], Counter[str]], own: Sequence[str], pool: Sequence[str], most: int
) -> _Features:
    """The features that most own texts have: those are least about one text's subject."""
    having: Counter[str] = Counter()
    for text in own:
        having.update(counts(text).keys())
    ranked = tuple(sorted(having, key=lambda feature: (-having[feature], feature))[:most])
    unit = _Features(counts, ranked, np.zeros(len(ranked)), np.ones(len(ranked)))
    shares = np.stack([unit.shares(text) for text in pool])
    spread = np.maximum(shares.std(axis=0), _LEAST_SPREAD)
    return _Features(counts, ranked, shares.mean(axis=0), spread)


def _plain(text: str) -> str:
    """Lower case, with one space for several and 0 for a number: values are no voice."""
    return _DIGIT.sub("0", _SPACE.sub(" ", normalise(text[:LIMIT].strip()).lower()))


def _tokens(plain: str) -> Counter[str]:
    return Counter(_TOKEN.findall(plain))


def _trigrams(plain: str) -> Counter[str]:
    return Counter(map("".join, zip(plain, plain[1:], plain[2:], strict=False)))
