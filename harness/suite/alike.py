"""Texts that say nearly the same: near-duplicates among many, without comparing every pair.

Short texts are compared by the Jaccard index of their character 5-grams (shingling, Broder 1997,
doi 10.1109/SEQUEN.1997.666900), texts of `LONG` words or more by the share of the shorter one's
word 8-grams that the other has (the unit of the contamination check of PaLM, arXiv 2204.02311).
An inverted index (a sparse matrix of texts by grams) finds the pairs. Grams that very many texts
share are a template, not a likeness: they are left out, which also bounds the work. Short texts
must be as alike with their template: "the dose of aspirin" and "the price of aspirin" are not.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LETTERS, WORDS = 5, 8
LONG = 20  # words from which a text is compared by word grams
NEAR, OVERLAP = 0.8, 0.5
MOST_CHARACTERS = 4000  # of a text that are compared
LEAST_GRAMS = 3  # of its own that a text needs to be compared at all
COMMON_SHARE, COMMON_LEAST, COMMON_MOST = 0.1, 10, 500  # how many texts a telling gram is in
CHUNK = 256
_NUMBER = re.compile(r"\d+")


class Pairs(NamedTuple):
    """Pairs of texts by index, `left` before `right`; `words` says which score was taken."""

    left: "NDArray[np.int64]"
    right: "NDArray[np.int64]"
    score: "NDArray[np.float64]"
    words: "NDArray[np.bool_]"


def near_pairs(
    texts: Sequence[str],
    *,
    near: float = NEAR,
    overlap: float = OVERLAP,
    counted: Sequence[bool] | None = None,
) -> Pairs:
    """Every pair of normalised, distinct texts that reaches its threshold.

    Of two short texts the numbers must also be the same: desk 12 is not desk 13. What is a
    template is told from the `counted` texts, by default all.
    """
    import numpy as np

    long = np.array([text.count(" ") + 1 >= LONG for text in texts], bool)
    letters = [f" {text[:MOST_CHARACTERS]} " for text in texts]
    short_at, long_at = np.flatnonzero(~long), np.flatnonzero(long)
    own = np.ones(len(texts), bool) if counted is None else np.array(counted, bool)
    codes = [_codes(letters[at]) for at in short_at]
    short = _of(codes, LETTERS, near, own[short_at], jaccard=True)
    words: dict[str, int] = {}
    many = [_word_codes(letters[at], words) for at in long_at]
    whole = _of(many, WORDS, overlap, own[long_at], jaccard=False)
    numbers = np.array([hash(tuple(_NUMBER.findall(text))) for text in texts], np.int64)
    left, right = short_at[short[0]], short_at[short[1]]
    same = numbers[left] == numbers[right] if len(left) else np.zeros(0, bool)
    left, right, score = left[same], right[same], short[2][same]
    flags = np.repeat([False, True], [len(left), len(whole[0])])
    return Pairs(
        np.concatenate([left, long_at[whole[0]]]),
        np.concatenate([right, long_at[whole[1]]]),
        np.concatenate([score, whole[2]]),
        flags,
    )


def groups(texts: Sequence[str], *, near: float = NEAR, overlap: float = OVERLAP) -> list[int]:
    """A group number per text: texts linked by near-duplicates, even through others, share it."""
    import numpy as np
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    pairs = near_pairs(texts, near=near, overlap=overlap)
    links = (np.ones(len(pairs.left), bool), (pairs.left, pairs.right))
    graph = coo_matrix(links, shape=(len(texts), len(texts)))
    return [int(label) for label in connected_components(graph, directed=False)[1]]


def _codes(text: str) -> "NDArray[np.uint64]":
    import numpy as np

    raw = text.encode("utf-32-le", "surrogatepass")
    return np.frombuffer(raw, dtype="<u4").astype(np.uint64)


def _word_codes(text: str, known: dict[str, int]) -> "NDArray[np.uint64]":
    import numpy as np

    return np.array([known.setdefault(word, len(known)) for word in text.split()], np.uint64)


def _of(
    rows: "list[NDArray[np.uint64]]",
    size: int,
    least: float,
    counted: "NDArray[np.bool_]",
    *,
    jaccard: bool,
) -> Any:
    """(left, right, score) of the pairs of rows whose grams are alike."""
    import numpy as np

    nothing = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
    lengths = np.array([len(row) for row in rows], np.int64)
    if len(rows) < 2 or lengths.max() < size:
        return nothing
    every, telling, sizes = _index(np.concatenate(rows), lengths, size, counted)
    grams = every[:, telling]
    if grams.nnz == 0:
        return nothing
    other = grams.T.tocsr()
    found = []
    for start in range(0, len(rows), CHUNK):
        shared = (grams[start : start + CHUNK] @ other).tocoo()
        left, right = shared.row.astype(np.int64) + start, shared.col.astype(np.int64)
        keep = (left < right) & (np.minimum(sizes[left], sizes[right]) >= LEAST_GRAMS)
        left, right, both = left[keep], right[keep], shared.data[keep]
        whole = sizes[left] + sizes[right] - both
        score = both / (whole if jaccard else np.minimum(sizes[left], sizes[right]))
        alike = score >= least
        left, right, score = left[alike], right[alike], score[alike]
        if jaccard:
            score = np.minimum(score, _jaccard(every, left, right))
            left, right, score = (part[score >= least] for part in (left, right, score))
        found.append((left, right, score))
    return tuple(np.concatenate(parts) for parts in zip(*found, strict=True))


def _jaccard(every: Any, left: "NDArray[np.int64]", right: "NDArray[np.int64]") -> Any:
    """The Jaccard index of each pair, of all of its grams."""
    import numpy as np

    sizes = np.diff(every.indptr)
    both = np.asarray(every[left].multiply(every[right]).sum(axis=1)).ravel()
    return both / (sizes[left] + sizes[right] - both)


def _index(
    flat: "NDArray[np.uint64]",
    lengths: "NDArray[np.int64]",
    size: int,
    counted: "NDArray[np.bool_]",
) -> Any:
    """Texts by grams; which grams tell (two texts have them, few do); each text's own number."""
    import numpy as np
    from scipy.sparse import csr_matrix

    with np.errstate(over="ignore"):
        mixed = (flat + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
        hashed = np.zeros(len(flat) - size + 1, np.uint64)
        for offset in range(size):  # a polynomial of the codes, modulo 2**64
            part = mixed[offset : len(flat) - size + 1 + offset]
            hashed = hashed * np.uint64(0xD6E8FEB86659FD93) + part
    owner = np.repeat(np.arange(len(lengths)), lengths)
    inside = owner[: len(hashed)] == owner[size - 1 :]  # no gram crosses into the next text
    _, column = np.unique(hashed[inside], return_inverse=True)
    row = owner[: len(hashed)][inside]
    ones = np.ones(len(row), np.int32)
    grams = csr_matrix((ones, (row, column)), shape=(len(lengths), int(column.max()) + 1))
    grams.data[:] = 1  # the constructor added up repeats
    texts, own = (
        np.bincount(some.indices, minlength=grams.shape[1]) for some in (grams, grams[counted])
    )
    common = min(COMMON_MOST, max(COMMON_LEAST, int(COMMON_SHARE * counted.sum())))
    sizes = np.asarray(grams[:, np.flatnonzero(own <= common)].sum(axis=1)).ravel()
    return grams, np.flatnonzero((texts > 1) & (own <= common)), sizes
