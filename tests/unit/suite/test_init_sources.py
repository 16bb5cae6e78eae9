"""Rows come from whatever people have, and what is wrong with them is said all at once."""

import json
from pathlib import Path

import datasets
import pandas as pd
import pytest

from harness.errors import SuiteError, UsageError
from harness.suite.columns import Columns
from harness.suite.files import Problems
from harness.suite.gather import Asked, gather
from harness.suite.sources import read

ROWS = [{"input": "Ask «one»?", "output": "ਇੱਕ, one"}, {"input": "Ask, two", "output": 'say "2"'}]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(name: str) -> str:
    frame = pd.DataFrame(ROWS)
    path = Path(name)
    if name.endswith(".parquet"):
        frame.to_parquet(path)
    elif name.endswith(".json"):
        path.write_text(json.dumps(ROWS, indent=1), encoding="utf-8")
    elif name.endswith("l"):
        path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    elif name.endswith("dataset"):
        datasets.Dataset.from_pandas(frame).save_to_disk(name)
    else:
        mark = {".tsv": "\t", ".csv": ",", ".semicolon": ";"}[path.suffix]
        name = name.replace(".semicolon", ".csv")
        frame.to_csv(name, index=False, sep=mark, encoding="utf-8-sig")
    return name


def rows(source, **settings):
    return [placed.row for placed in gather(Asked(source, **settings), 7).rows]


def lines(source, **settings):
    with pytest.raises(UsageError) as caught:
        gather(Asked(source, **settings), 7)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    "name",
    ["a.csv", "a.tsv", "b.semicolon", "a.jsonl", "a.json", "jsonl.ndjsonl", "a.parquet", "dataset"],
)
def test_the_same_rows_come_from_every_kind_of_file(name):
    source = write(name)
    if name == "jsonl.ndjsonl":
        source = str(Path(source).rename("rows.json"))  # JSONL under a JSON name
    assert rows(source) == ROWS


def test_a_place_is_the_line_of_a_text_file_even_after_a_cell_of_several_lines():
    Path("a.csv").write_text('input,output\n"one\nmore",1\n\ntwo,\n')
    assert lines("a.csv")[0] == "a.csv:5: output is empty (fill it in, or remove the row)"


def test_a_folder_of_splits_gives_its_training_rows_or_the_split_asked_for():
    both = datasets.DatasetDict(
        train=datasets.Dataset.from_list(ROWS[:1]), test=datasets.Dataset.from_list(ROWS[1:])
    )
    both.save_to_disk("saved")
    assert (rows("saved"), rows("saved", split="test")) == (ROWS[:1], ROWS[1:])
    assert lines("saved", split="dev") == [
        "saved: no split 'dev' (give --split, one of: train, test)"
    ]


def test_a_folder_of_files_gives_the_one_for_training():
    Path("folder").mkdir()
    write("folder/train.jsonl")
    write("folder/test.csv")
    assert rows("folder") == ROWS
    assert lines("folder", split="dev") == [
        "folder: 0 data files fit (test.csv, train.jsonl) (give the one file to read)"
    ]


def test_every_bad_row_is_one_line_and_all_come_at_once():
    cells = ["input,output", "one,1", ",2", "three,", "four,nan", "five,5,more", 'six,"6"7', ",,"]
    Path("a.csv").write_text("\n".join(cells) + "\n")
    said = [line.split(" (")[0] for line in lines("a.csv")]
    assert said == [
        "a.csv:3: input is empty",
        "a.csv:4: output is empty",
        "a.csv:5: output is 'nan'",
        "a.csv:6: 3 cells under 2 column names",
        "a.csv:7: not valid CSV: ',' expected after '\"'",
        "5 of 6 rows cannot be used",
    ]
    assert lines("a.csv")[-1].endswith("(correct them, or give --skip-bad)")


def test_bad_rows_can_be_left_out_and_are_then_counted():
    Path("a.jsonl").write_text('{"input": "a", "output": "b"}\nno\n{"input": "c"}\n')
    found = gather(Asked("a.jsonl", skip_bad=True), 7)
    assert [placed.where for placed in found.rows] == ["a.jsonl:1"]
    assert found.notes[1] == "2 bad rows left out, such as"
    assert found.notes[2].startswith("  a.jsonl:2: not valid JSON")


def test_values_that_are_no_text_are_written_out_or_refused():
    values = [7, 7.0, 0.5, True, float("nan"), {"a": [1]}, ["x"], None]
    text = "".join(json.dumps({"input": f"q{n}", "output": v}) + "\n" for n, v in enumerate(values))
    Path("a.jsonl").write_text(text)
    found = gather(Asked("a.jsonl", skip_bad=True), 7).rows
    assert [placed.row["output"] for placed in found] == ["7", "7", "0.5", "true"]
    assert [line.split(" (")[0] for line in lines("a.jsonl")[:-1]] == [
        "a.jsonl:5: output is 'nan'",
        "a.jsonl:6: output is nested: '{\"a\": [1]}'",
        "a.jsonl:7: output is nested: '[\"x\"]'",
        "a.jsonl:8: output is empty",
    ]
    nested = gather(Asked("a.jsonl", Columns(nested_as_json=True), skip_bad=True), 7).rows
    assert nested[4].row["output"] == '{"a": [1]}'


@pytest.mark.parametrize(
    "name, content, expected",
    [
        ("a.csv", b"input,output\nit\x92s,\n", "a.csv:2: byte 0x92 is not UTF-8; as cp1252"),
        ("a.jsonl", b'{"input": "caf\xe9"}\n', "a.jsonl:1: byte 0xe9 is not UTF-8"),
        ("a.csv", "input,output\na,b\n".encode("utf-16"), "a.csv:1: the file is UTF-16 (save"),
        ("a.csv", b"", "a.csv: no rows (give rows to learn from)"),
        ("a.csv", b"input,input\na,b\n", "a.csv:1: two columns are named 'input' (rename one)"),
        ("a.json", b"[1, 2", "a.json:1: not valid JSON: expecting ',' delimiter"),
        ("a.json", b'{"a": 1}', "a.json:1: dict where a list of objects should be (give a list"),
        ("a.parquet", b"PAR1 no", "a.parquet: not valid Parquet: "),
        ("a.pkl", b"\x80", "a.pkl: .pkl cannot be read here (a pickle can run code"),
        ("a.xlsx", b"PK", "a.xlsx: .xlsx cannot be read here (save the sheet"),
        ("a.csv.gz", b"\x1f\x8b", "a.csv.gz: .gz cannot be read here (unpack it first)"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_one_line(name, content, expected):
    Path(name).write_bytes(content)
    found = lines(name)
    assert (len(found), found[0][: len(expected)]) == (1, expected)


def test_a_name_that_is_nothing_here_is_the_nearest_file():
    write("rows.csv")
    assert lines("row.csv") == ["row.csv: no such file (did you mean 'rows.csv'?)"]


def test_a_hub_that_cannot_be_reached_is_one_line(monkeypatch):
    def load_dataset(*names, **settings):
        raise ConnectionError("no\nroute")

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    assert lines("owner/name") == [
        (
            "owner/name: the dataset cannot be read: no route"
            " (no such file is here; is it an id of the hub, and can the hub be reached?)"
        )
    ]


def test_a_dataset_of_the_hub_is_streamed_without_running_code(monkeypatch):
    asked = {}

    def load_dataset(name, subset, **settings):
        asked.update(name=name, subset=subset, **settings)
        return {"train": iter(ROWS), "test": iter([])}

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    assert rows("owner/name", subset="main") == ROWS
    assert asked == {"name": "owner/name", "subset": "main", "streaming": True}


def test_of_a_big_file_a_seeded_sample_is_kept_in_order():
    text = "".join(f'{{"input": "q{n}", "output": "a"}}\n' for n in range(500))
    Path("a.jsonl").write_text(text)
    found = gather(Asked("a.jsonl", rows=50), 7)
    kept = [int(placed.row["input"][1:]) for placed in found.rows]
    assert (len(kept), kept) == (50, sorted(kept))
    assert max(kept) > 250
    assert kept == [int(row["input"][1:]) for row in rows("a.jsonl", rows=50)]
    assert "took a sample of 50 of 500 rows; --rows takes more" in found.notes


def test_reading_is_lazy():
    Path("a.jsonl").write_text('{"input": "a"}\n' * 3 + "broken\n")
    problems = Problems()
    first = next(read("a.jsonl", problems))
    assert (first, len(problems)) == (("a.jsonl:1", {"input": "a"}), 0)


def test_ids_are_unique_or_not_taken():
    same = '{"input": "a", "output": "b", "id": 1}\n{"input": "c", "output": "d", "id": 1}\n'
    Path("a.jsonl").write_text(same)
    assert [set(row) for row in rows("a.jsonl")] == [{"input", "output"}] * 2
    with pytest.raises(SuiteError, match="2 problem"):
        gather(Asked("a.jsonl", Columns(id="id")), 7)


def test_a_guessed_source_of_few_values_is_a_label_and_is_left_out():
    few = [{"input": f"q{n}", "output": "a", "source": f"s{n % 2}"} for n in range(20)]
    many = [{"input": f"q{n}", "output": "a", "source": f"s{n}"} for n in range(20)]
    for name, data in (("few", few), ("many", many)):
        Path(f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in data))
    assert ["source" in rows(f"{name}.jsonl")[0] for name in ("few", "many")] == [False, True]
    assert rows("few.jsonl", columns=Columns(source="source"))[1]["source"] == "s1"


def test_lines_that_are_no_rows_count_as_read():
    Path("rows.jsonl").write_text(
        '{"input": "a", "output": "b"}\n{bad\n{"input": "c", "output": ""}\n'
    )
    notes = gather(Asked("rows.jsonl", skip_bad=True), 7).notes
    assert notes[0].startswith("read 3 rows of rows.jsonl: ")
    assert notes[1].startswith("2 bad rows left out")


def test_a_file_has_no_splits():
    Path("rows.jsonl").write_text('{"input": "a", "output": "b"}\n')
    with pytest.raises(UsageError, match=r"rows\.jsonl: a file has no splits or subsets \(leave "):
        gather(Asked("rows.jsonl", split="test"), 7)
