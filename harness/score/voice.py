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
_DIGIT = re.compile(r"\d+")
_SPACE = re.compile(r"[^\S\n]{2,}|[^\S\n ]")  # what is not one space already

# An ASCII text is counted as bytes, which takes a third of the time: letters, white space and _
# are no marks, and the characters of trigrams have small numbers that make a place in a table.
_LETTERS = bytes(range(ord("a"), ord("z") + 1))
_ONLY_LETTERS = bytes(code if code in _LETTERS else 32 for code in range(256))
_NO_MARKS = np.array([*_LETTERS, *b"_ \t\r\f\v\x1c\x1d\x1e\x1f"])
_ONE_DIGIT = bytes.maketrans(b"123456789", b"0" * 9)
_OTHER_SPACE = b"\t\r\f\v\x1c\x1d\x1e\x1f"

Floats = NDArray[np.float64]


class Heard(NamedTuple):
    """Similarity to the house voice, 0 to 1, and the training output that is closest."""

    similarity: float
    closest: str


class _Features(NamedTuple):
    """What is counted in a text: words and marks, and trigrams as sorted numbers.

    `places` says where each of the sorted trigrams stands among the ranked ones. For ASCII texts
    `words` has the places of words, `marks` place and code of each mark, and `table` the place of
    each ASCII trigram among the ranked ones, the number of trigrams for all others. `small` gives
    the characters of trigrams their numbers of `bits` bits, 0 to all others.
    """

    tokens: tuple[str, ...]
    codes: NDArray[np.uint64]
    places: NDArray[np.intp]
    words: dict[bytes, int]
    marks: tuple[NDArray[np.intp], NDArray[np.intp]]
    table: NDArray[np.int16]
    small: bytes
    bits: int

    def shares(self, plain: str) -> Floats:
        """The share of each feature among all words, or trigrams, of a text; words come first."""
        if plain.isascii():
            return self._of_ascii(plain.encode("ascii"))
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

    def _of_ascii(self, plain: bytes) -> Floats:
        """The same of a text in ASCII."""
        shares = np.empty(len(self.tokens) + len(self.codes))
        said = plain.translate(_ONLY_LETTERS).split()
        points = np.frombuffer(plain, np.uint8).astype(np.intp)
        counts = np.bincount(points, minlength=128)
        counts[_NO_MARKS] = 0
        known = [*map(self.words.get, said, repeat(len(self.tokens)))]
        shares[: len(self.tokens)] = np.bincount(known, minlength=len(self.tokens) + 1)[:-1]
        places, codes = self.marks
        shares[places] = counts[codes]
        shares[: len(self.tokens)] /= max(1, len(said) + int(counts.sum()))
        trigrams = max(0, len(plain) - 2)
        small = np.frombuffer(plain.translate(self.small), np.uint8).astype(np.intp)
        hits = self.table[(small[:-2] << 2 * self.bits) | (small[1:-1] << self.bits) | small[2:]]
        found = np.bincount(hits, minlength=len(self.codes) + 1)[:-1]
        shares[len(self.tokens) :] = found / max(1, trigrams)
        return shares


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
        nearest = cosines.argpartition(-_NEAREST)[-_NEAREST:]
        near = cosines[nearest]
        best = int(nearest[near.argmax()])
        similarity = min(1.0, max(0.0, float(near.sum()) / _NEAREST))
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
    marks = [at for at, one in enumerate(tokens) if one.isascii() and not one.isalpha()]
    points = np.array([ord(tokens[at]) for at in marks], np.intp)
    ascii_ones = {one.encode(): at for at, one in enumerate(trigrams) if one.isascii()}
    letters = sorted(set(b"".join(ascii_ones)))
    bits = len(letters).bit_length()
    small = bytes(letters.index(code) + 1 if code in letters else 0 for code in range(256))
    table = np.full(1 << 3 * bits, len(trigrams), np.int16)
    for one, at in ascii_ones.items():
        first, second, third = one.translate(small)
        table[(first << 2 * bits) | (second << bits) | third] = at
    words = {token.encode(): at for at, token in enumerate(tokens) if token.isascii()}
    places = (np.array(marks, np.intp), points)
    return _Features(tokens, codes[order], order, words, places, table, small, bits)


def _shared(features: Iterable[set[str]], most: int) -> tuple[str, ...]:
    having = Counter(feature for text in features for feature in text)
    return tuple(sorted(having, key=lambda feature: (-having[feature], feature))[:most])


def _plain(text: str) -> str:
    """Lower case, with one space for several and 0 for a number: values are no voice."""
    text = normalise(text[:LIMIT].strip()).lower()
    if not text.isascii():
        return _DIGIT.sub("0", _SPACE.sub(" ", text))
    raw = text.encode("ascii")
    if b"  " in raw or len(raw.translate(None, _OTHER_SPACE)) < len(raw):
        raw = _SPACE.sub(" ", text).encode("ascii")
    raw = raw.translate(_ONE_DIGIT)
    while b"00" in raw:
        raw = raw.replace(b"00", b"0")
    return raw.decode("ascii")


def _tokens(plain: str) -> list[str]:
    return _TOKEN.findall(plain)


def _trigrams(plain: str) -> list[str]:
    return [plain[at : at + 3] for at in range(len(plain) - 2)]


def _codes(plain: str) -> NDArray[np.uint64]:
    """A number for each trigram: three code points of 21 bits; numpy counts numbers, not texts."""
    points = np.frombuffer(plain.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    high, low = np.uint64(42), np.uint64(21)
    codes: NDArray[np.uint64] = (points[:-2] << high) | (points[1:-1] << low) | points[2:]
    return codes
