"""Cells on disk survive kills, full disks and damaged files, and never pass for others."""

import errno
import hashlib
import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import store as module
from harness.errors import MachineError
from harness.records import Answer
from harness.store import AnswerCell, Store, digest_of, write_atomic

ANSWERS = [
    Answer("a", "Paris", (1, 2), "stop", 3, 0.5),
    Answer("b", "line\nbreak é", (), "length", 4, 0.1, {"5": -0.25}),
    Answer("c", "", finish="error", error="no answer"),
]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "home")


def filled(store: Store, answers: list[Answer]) -> AnswerCell:
    cell = store.answers("k")
    for answer in answers:
        cell.append(answer)
    cell.close()
    return cell


def done(store: Store) -> list[Answer]:
    return list(store.answers("k").done.values())


def fill_disk(cell: AnswerCell) -> None:
    """From here on the cell's file is one on which nothing can be written."""
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, cell._file.fileno())
    os.close(full)


# ---------------------------------------------------------------- addresses and whole files


def test_an_address_does_not_depend_on_the_order_of_keys() -> None:
    assert digest_of({"a": 1, "b": [2]}) == digest_of({"b": [2], "a": 1})
    assert digest_of({"a": 1}) != digest_of({"a": 2})
    assert len(digest_of("é")) == 32


def test_a_file_is_written_whole_into_folders_that_are_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deep" / "file.txt"
    write_atomic(path, "old")
    write_atomic(path, "new é")
    assert path.read_text(encoding="utf-8") == "new é"
    assert [found.name for found in path.parent.iterdir()] == ["file.txt"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_leaves_the_old_file_and_no_scraps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    path = tmp_path / "file.txt"
    write_atomic(path, "old")

    def full(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MachineError, match="disk full while writing file") as caught:
        write_atomic(path, "new")
    assert caught.value.problems[0].remedy == "free space and run again: finished work is kept"
    assert [(found.name, found.read_text("utf-8")) for found in tmp_path.iterdir()] == [
        ("file.txt", "old")
    ]


def test_an_interrupted_write_leaves_no_scraps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with suppress(KeyboardInterrupt):
        write_atomic(tmp_path / "file.txt", "new")
    assert list(tmp_path.iterdir()) == []


def test_a_store_where_none_can_be_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(MachineError, match="while opening the store"):
        Store(tmp_path / "file")


def test_a_second_run_is_told_at_once(store: Store) -> None:
    with store.locked():
        with pytest.raises(MachineError) as caught, Store(store.root).locked():
            pass
        assert str(caught.value) == (
            f"{store.root}: another run is using this store "
            "(wait for it to end, or set BENCH_HOME to another folder)"
        )
    with Store(store.root).locked():
        pass


# ---------------------------------------------------------------- answers


def test_answers_come_back_as_they_were_kept(store: Store) -> None:
    filled(store, ANSWERS)
    assert done(store) == ANSWERS


def test_an_answer_is_on_disk_before_the_cell_is_closed(store: Store) -> None:
    cell = store.answers("k")
    cell.append(ANSWERS[0])
    assert done(store) == ANSWERS[:1]
    cell.close()


def test_a_cell_goes_on_where_it_stopped(store: Store) -> None:
    filled(store, ANSWERS[:1])
    cell = filled(store, ANSWERS[1:])
    assert list(cell.done) == ["a", "b", "c"]
    lines = cell.path.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + len(ANSWERS)


@given(cut=st.integers(min_value=0))
def test_whatever_a_kill_cut_off_the_whole_answers_stay_and_the_rest_can_be_added(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    store = Store(tmp_path_factory.mktemp("home"))
    path = filled(store, ANSWERS).path
    raw = path.read_bytes()
    kept = raw[: cut % (len(raw) + 1)]
    path.write_bytes(kept)
    whole = max(0, kept.count(b"\n") - 1)
    assert done(store) == ANSWERS[:whole]
    filled(store, ANSWERS[whole:])
    assert done(store) == ANSWERS
    assert len(path.read_bytes().splitlines()) == 1 + len(ANSWERS)


@pytest.mark.parametrize("line", ["{", "[]", '{"request": "x", "txt": 1}', "\udcff"])
def test_a_damaged_line_ends_what_is_believed(store: Store, line: str) -> None:
    path = filled(store, ANSWERS).path
    lines = path.read_bytes().splitlines()
    lines[2] = line.encode(errors="surrogateescape")
    path.write_bytes(b"\n".join(lines) + b"\n")
    assert done(store) == ANSWERS[:1]
    assert len(path.read_bytes().splitlines()) == 2


@pytest.mark.parametrize("header", ['{"schema": 99}', "{}", "nonsense"])
def test_answers_of_another_schema_are_not_read(store: Store, header: str) -> None:
    path = filled(store, ANSWERS).path
    path.write_text(header + "\n" + json.dumps({"request": "a"}) + "\n", encoding="utf-8")
    assert done(store) == []
    assert json.loads(path.read_text(encoding="utf-8")) == {"schema": module.SCHEMA}


def test_a_full_disk_keeps_the_answers_before_it(store: Store) -> None:
    cell = store.answers("k")
    cell.append(ANSWERS[0])
    fill_disk(cell)
    with pytest.raises(MachineError, match="disk full while keeping an answer") as caught:
        cell.append(ANSWERS[1])
    assert "finished work is kept" in caught.value.problems[0].remedy
    cell.close()
    assert list(cell.done) == ["a"]
    assert done(store) == ANSWERS[:1]


def test_a_cell_goes_on_after_a_disk_that_was_full_from_the_start(store: Store) -> None:
    cell = store.answers("k")
    cell.path.touch()  # what is left of a file whose first line did not fit
    cell.append(ANSWERS[0])
    cell.close()
    filled(store, ANSWERS[1:])
    assert done(store) == ANSWERS


def test_a_disk_that_fails_at_the_end_is_one_line(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = store.answers("k")
    cell.append(ANSWERS[0])

    def broken(descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(MachineError, match="while keeping answers"):
        cell.close()
    assert done(store) == ANSWERS[:1]


# ---------------------------------------------------------------- adapters


def keep(store: Store, key: str = "k", weights: bytes = b"weights") -> Path:
    with store.draft() as draft:
        (draft / "adapter_config.json").write_text("{}", encoding="utf-8")
        (draft / "adapter_model.safetensors").write_bytes(weights)
        store.keep(key, draft, 4, {"seed": 7})
    return store.root / "adapters" / key


def test_an_adapter_appears_under_its_key_with_what_made_it(store: Store) -> None:
    assert store.adapter("k", "lora") is None
    folder = keep(store)
    made = store.adapter("k", "lora")
    assert made is not None
    assert (made.name, made.path, made.rank, made.size) == ("lora", str(folder), 4, 7)
    assert made.record == {"seed": 7}
    assert made.digest == store.adapter_digest(folder)


def test_the_same_bytes_have_the_same_digest_wherever_they_lie(store: Store) -> None:
    folders = [keep(store, "one"), keep(store, "two"), keep(store, "three", b"other")]
    digests = [store.adapter_digest(folder) for folder in folders]
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize("name", ["adapter_config.json", "adapter_model.safetensors"])
def test_an_adapter_whose_bytes_changed_is_refused(store: Store, name: str) -> None:
    folder = keep(store)
    (folder / name).write_bytes(b"changed")
    with pytest.raises(MachineError) as caught:
        store.adapter("k", "lora")
    assert str(caught.value) == (
        f"{folder}: the adapter's bytes are not those that were trained "
        "(delete this folder and run again)"
    )


@pytest.mark.parametrize("record", ['{"schema": 99}', "{", ""])
def test_an_adapter_with_another_or_a_damaged_record_is_trained_again(
    store: Store, record: str
) -> None:
    folder = keep(store)
    (folder / "record.json").write_text(record, encoding="utf-8")
    assert store.adapter("k", "lora") is None
    keep(store)
    assert store.adapter("k", "lora") is not None


def test_a_draft_that_fails_leaves_nothing(store: Store) -> None:
    with suppress(RuntimeError), store.draft() as draft:
        (draft / "half").write_text("", encoding="utf-8")
        raise RuntimeError
    assert list((store.root / "adapters").iterdir()) == []


def test_drafts_of_a_killed_run_are_swept_and_adapters_stay(store: Store) -> None:
    killed = store.draft()
    (killed.__enter__() / "half").write_text("", encoding="utf-8")
    keep(store)
    store.sweep()
    assert [path.name for path in (store.root / "adapters").iterdir()] == ["k"]


def test_an_unfinished_training_is_swept_when_nobody_went_on_with_it_for_a_week(
    store: Store,
) -> None:
    folder = store.root / "unfinished"
    folder.mkdir(parents=True)
    for name, days in (("fresh", 6), ("abandoned", 8)):
        file = folder / f"{name}.safetensors"
        file.write_bytes(b"")
        then = time.time() - days * 86_400
        os.utime(file, (then, then))
    store.sweep()
    assert [path.name for path in folder.iterdir()] == ["fresh.safetensors"]


# ---------------------------------------------------------------- digests and values


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that were really read for a digest."""
    read: list[str] = []
    whole = hashlib.file_digest

    def watched(file: Any, name: str) -> Any:
        read.append(Path(file.name).name)
        return whole(file, name)

    monkeypatch.setattr(hashlib, "file_digest", watched)
    return read


def test_a_digest_is_remembered_until_the_file_changes(
    store: Store, tmp_path: Path, hashed: list[str]
) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    first = store.file_digest(file)
    assert (store.file_digest(file), Store(store.root).file_digest(file)) == (first, first)
    assert hashed == ["weights"]
    before = file.stat()
    file.write_bytes(b"two")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))  # same size, same time
    assert store.file_digest(file) != first
    assert hashed == ["weights", "weights"]


def test_damaged_digests_are_counted_again(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    first = store.file_digest(file)
    (store.root / "digests.json").write_text("{", encoding="utf-8")
    assert store.file_digest(file) == first


def test_a_folders_digest_covers_the_named_files_only(store: Store, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("1", encoding="utf-8")
    first = store.folder_digest(tmp_path, ("*.json",))
    (tmp_path / "notes.md").write_text("new", encoding="utf-8")
    assert store.folder_digest(tmp_path, ("*.json",)) == first
    (tmp_path / "a.json").rename(tmp_path / "b.json")
    assert store.folder_digest(tmp_path, ("*.json",)) != first


def test_small_values_come_back_and_damaged_ones_do_not(store: Store) -> None:
    store.keep_value("v", {"a": [1, None]})
    assert (store.value("v"), store.value("other")) == ({"a": [1, None]}, None)
    (store.root / "values" / "v.json").write_bytes(b"\xff\xfe")
    assert store.value("v") is None
