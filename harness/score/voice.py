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
from collections.abc import Iterable, Sequence
from itertools import repeat
from math import sqrt
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
_ASCII_TOKEN = re.compile(r"[a-z]+|[^a-z_ \t\r\f\v\x1c-\x1f]")  # the same of a plain ASCII text
_DIGIT = re.compile(r"\d+")
_SPACE = re.compile(r"[^\S\n]{2,}|[^\S\n ]")  # what is not one space already

Floats = NDArray[np.float64]


class Heard(NamedTuple):
    """Similarity to the house voice, 0 to 1, and the training output that is closest."""

    similarity: float
    closest: str


class _Features(NamedTuple):
    """What is counted in a text: words and marks, and trigrams as sorted numbers.

    `places` says where each of the sorted trigrams stands among the ranked ones.
    """

    tokens: tuple[str, ...]
    codes: NDArray[np.uint64]
    places: NDArray[np.intp]

    def shares(self, plain: str) -> Floats:
        """The share of each feature among all words, or trigrams, of a text; words come first."""
        tokens = _tokens(plain)
        said = map(Counter(tokens).get, self.tokens, repeat(0))
        words = np.array([*said], dtype=np.float64)
        trigrams = np.zeros(len(self.codes))
        codes = _codes(plain)
        if len(codes) and len(self.codes):
            near = np.minimum(np.searchsorted(self.codes, codes), len(self.codes) - 1)
            hits = near[self.codes[near] == codes]
            trigrams[self.places] = np.bincount(hits, minlength=len(self.codes))
        return np.concatenate([words / max(1, len(tokens)), trigrams / max(1, len(codes))])


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
        self._features = _ranked(plain)
        shares = np.stack([self._features.shares(text) for text in pool])
        self._mean = shares.mean(axis=0)
        self._spread = np.maximum(shares.std(axis=0), _LEAST_SPREAD)
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
        z = (self._features.shares(plain) - self._mean) / self._spread
        direction: Floats = z / max(sqrt(float(z.dot(z))), 1e-12)
        return direction


def has_voice(texts: Iterable[str]) -> bool:
    """Whether there are enough different texts to read a voice from."""
    return len({text.strip() for text in texts} - {""}) >= ENOUGH


def _spread(texts: Iterable[str]) -> list[str]:
    """At most `_MOST_TEXTS` different texts, evenly from all of them in alphabetical order."""
    known = sorted({text.strip() for text in texts} - {""})
    kept = min(len(known), _MOST_TEXTS)
    return [known[at * len(known) // kept] for at in range(kept)]


def _ranked(own: Sequence[str]) -> _Features:
    """The features that most own texts have: those are least about one text's subject."""
    tokens = _shared((set(_tokens(text)) for text in own), _WORDS)
    trigrams = _shared((set(_trigrams(text)) for text in own), _TRIGRAMS)
    codes = np.concatenate([np.zeros(0, np.uint64), *map(_codes, trigrams)])
    order = np.argsort(codes)
    return _Features(tokens, codes[order], order)


def _shared(features: Iterable[set[str]], most: int) -> tuple[str, ...]:
    having = Counter(feature for text in features for feature in text)
    return tuple(sorted(having, key=lambda feature: (-having[feature], feature))[:most])


def _plain(text: str) -> str:
    """Lower case, with one space for several and 0 for a number: values are no voice."""
    return _DIGIT.sub("0", _SPACE.sub(" ", normalise(text[:LIMIT].strip()).lower()))


def _tokens(plain: str) -> list[str]:
    return (_ASCII_TOKEN if plain.isascii() else _TOKEN).findall(plain)


def _trigrams(plain: str) -> list[str]:
    return [plain[at : at + 3] for at in range(len(plain) - 2)]


def _codes(plain: str) -> NDArray[np.uint64]:
    """A number for each trigram: three code points of 21 bits; numpy counts numbers, not texts."""
    points = np.frombuffer(plain.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    high, low = np.uint64(42), np.uint64(21)
    codes: NDArray[np.uint64] = (points[:-2] << high) | (points[1:-1] << low) | points[2:]
    return codes
