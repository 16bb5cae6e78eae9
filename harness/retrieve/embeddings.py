"""Vectors of texts, kept on disk by what they depend on: the encoder's bytes and the text.

    <cache>/<encoder>/<texts>.npz   keys (n,) and vectors (n, width) of texts that were new together
    <cache>/digests.json            digests of encoder files, by path, size and change time

Files are written whole, never changed, and named by what is in them, so that runs can share them.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from harness.errors import from_os_error
from harness.retrieve import encoder
from harness.retrieve.encoder import Form, Vectors
from harness.store import digest_of, remembered_digest

_REVISION = 1
"""Raised when the same encoder and text begin to give other vectors."""


def embedded(
    name: str, passages: Sequence[str], queries: Sequence[str], cache: Path | None
) -> tuple[Vectors, Vectors]:
    """(passages, width) and (queries, width) unit vectors, with the encoder's prefixes.

    Equal texts have equal vectors. What is under `cache` is not computed again, and where all
    of it is, no model is loaded.
    """
    folder = encoder.resolve(name)
    form = encoder.form_of(folder)
    texts = prefixed(form, passages, queries)
    unique = list(dict.fromkeys(texts))
    if cache is None:
        vectors = dict(zip(unique, encoder.encode(folder, unique), strict=True))
    else:
        vectors = _through(cache, folder, unique)
    rows = np.stack([vectors[text] for text in texts])
    return rows[: len(passages)], rows[len(passages) :]


def prefixed(form: Form, passages: Iterable[str], queries: Iterable[str]) -> list[str]:
    """All texts as the encoder is to see them, passages first."""
    return [form.passage + text for text in passages] + [form.query + text for text in queries]


def digest(folder: Path, memo: Path) -> str:
    """The address of an encoder: every file of it that vectors depend on."""
    files = sorted({file for pattern in encoder.FILES for file in folder.rglob(pattern)})
    names = {str(file.relative_to(folder)): remembered_digest(file, memo) for file in files}
    return digest_of([_REVISION, names])


def _through(cache: Path, folder: Path, texts: Sequence[str]) -> dict[str, Vectors]:
    try:
        cache.mkdir(parents=True, exist_ok=True)
        home = cache / digest(folder, cache / "digests.json")
        home.mkdir(exist_ok=True)
        keys = {text: hashlib.sha256(text.encode()).hexdigest() for text in texts}
        known = _stored(home, set(keys.values()))
        new = [text for text in texts if keys[text] not in known]
        if new:
            made = encoder.encode(folder, new)
            names = [keys[text] for text in new]
            _write(home / f"{digest_of(names)}.npz", names, made)
            known |= dict(zip(names, made, strict=True))
    except OSError as error:
        raise from_os_error(error, "keeping embeddings") from error
    return {text: known[key] for text, key in keys.items()}


def _stored(home: Path, wanted: set[str]) -> dict[str, Vectors]:
    found: dict[str, Vectors] = {}
    for path in sorted(home.glob("*.npz")):
        places = _keys(path)
        hits = wanted & places.keys() - found.keys()
        vectors = _member(path, "vectors") if hits else None
        if vectors is not None:
            found |= {key: vectors[places[key]] for key in hits}
    return found


@lru_cache(maxsize=4096)
def _keys(path: Path) -> dict[str, int]:
    """Text digest -> row of one file, which never changes."""
    keys = _member(path, "keys")
    return {} if keys is None else {str(key): place for place, key in enumerate(keys)}


def _member(path: Path, name: str) -> NDArray[Any] | None:
    """An array of one file, or None where the file is damaged."""
    try:
        with path.open("rb") as stream, np.load(stream) as file:
            member: NDArray[Any] = file[name]
            return member
    except (BadZipFile, EOFError, KeyError, ValueError):
        return None


def _write(path: Path, keys: Sequence[str], vectors: Vectors) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, keys=np.array(keys), vectors=vectors)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
