"""Embeddings are kept by what they depend on, and nothing is computed twice."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from harness.errors import MachineError
from harness.retrieve import embeddings, encoder
from harness.retrieve.embeddings import embedded
from harness.retrieve.encoder import Form, Vectors

SEARCH = """
import sys
from pathlib import Path
from harness.records import Document, Retrieval
from harness.retrieve.search import find
documents = [Document("a", "Fee", "Five euros."), Document("b", "Hours", "Nine to five.")]
settings = Retrieval(retriever="hybrid")
found = find(documents, ["When is it open?"], settings, 1, Path(sys.argv[1]))
print(found[0][0].document, found[0][0].score, "torch" in sys.modules)
"""


class Counting:
    """An encoder of two numbers that notes what it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.asked: list[list[str]] = []
        self.folder = folder
        folder.mkdir()
        (folder / "config.json").write_text("{}", encoding="utf-8")
        monkeypatch.setattr(encoder, "resolve", lambda name: folder)
        monkeypatch.setattr(encoder, "form_of", lambda folder: Form(query="q: ", passage="p: "))
        monkeypatch.setattr(encoder, "encode", self.encode)

    def encode(self, folder: Path, texts: Sequence[str]) -> Vectors:
        self.asked.append(list(texts))
        return np.array([[len(text), ord(text[-1])] for text in texts], dtype=np.float32)


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Counting:
    return Counting(monkeypatch, tmp_path / "encoder")


def test_each_text_is_encoded_once_with_its_prefix(counting: Counting, tmp_path: Path) -> None:
    for cache in (None, tmp_path / "cache"):
        counting.asked.clear()
        passages, queries = embedded("x", ["one", "two", "one"], ["one", "who"], cache)
        assert counting.asked == [["p: one", "p: two", "q: one", "q: who"]]
        assert passages.tolist() == [[6, ord("e")], [6, ord("o")], [6, ord("e")]]
        assert queries.tolist() == [[6, ord("e")], [6, ord("o")]]


def test_only_new_texts_are_encoded_and_the_rest_is_read(
    counting: Counting, tmp_path: Path
) -> None:
    first = embedded("x", ["one", "two"], ["who"], tmp_path / "cache")
    again = embedded("x", ["two", "three"], ["who"], tmp_path / "cache")
    assert counting.asked[1:] == [["p: three"]]
    assert np.array_equal(again[0][0], first[0][1])
    assert np.array_equal(again[1], first[1])
    embedded("x", ["three", "two", "one"], ["who"], tmp_path / "cache")
    assert len(counting.asked) == 2


def test_an_encoder_with_other_bytes_keeps_its_own(counting: Counting, tmp_path: Path) -> None:
    embedded("x", ["one"], [], tmp_path / "cache")
    (counting.folder / "1_Pooling").mkdir()
    (counting.folder / "1_Pooling/config.json").write_text("{}", encoding="utf-8")
    embedded("x", ["one"], [], tmp_path / "cache")
    assert counting.asked == [["p: one"], ["p: one"]]


@pytest.mark.parametrize("kept", [0, 40, 400])
def test_a_damaged_file_is_as_good_as_none(counting: Counting, tmp_path: Path, kept: int) -> None:
    before = embedded("x", ["one"], [], tmp_path / "cache")
    (file,) = (tmp_path / "cache").glob("*/*.npz")
    file.write_bytes(file.read_bytes()[:kept])
    embeddings._keys.cache_clear()
    after = embedded("x", ["one"], [], tmp_path / "cache")
    assert len(counting.asked) == 2
    assert np.array_equal(before[0], after[0])


def test_a_folder_that_cannot_be_made_is_one_line(counting: Counting, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file", encoding="utf-8")
    with pytest.raises(MachineError, match="while keeping embeddings"):
        embedded("x", ["one"], [], tmp_path / "cache")


def test_asked_the_same_again_no_model_is_loaded(tmp_path: Path) -> None:
    def search() -> list[str]:
        command = [sys.executable, "-c", SEARCH, str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stderr == ""
        return done.stdout.split()

    first, second = search(), search()
    assert first[0] == "b"
    assert second[:2] == first[:2]
    assert (first[2], second[2]) == ("True", "False")
