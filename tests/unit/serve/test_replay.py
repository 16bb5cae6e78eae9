"""Answers from a file: what a row may hold, what is wrong with one, and who gets which."""

import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import SuiteError, UsageError
from harness.records import Answer, EngineJob, Request
from harness.serve.replay import Replayed, ReplayEngine, read_answers

NO_NAME = "Expecting property name enclosed in double quotes"
GOOD = {"case": "fee-1", "candidate": "lora", "output": "12 euros"}


def write(path: Path, *rows: Any) -> Path:
    """A line each: text as it is, all else as JSON."""
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def problems(path: Path) -> list[str]:
    with pytest.raises(SuiteError) as caught:
        read_answers(path)
    return [str(problem).replace(f"{path}:", "") for problem in caught.value.problems]


# ---------------------------------------------------------------- reading


def test_a_row_is_read_with_all_that_it_says(tmp_path: Path) -> None:
    more = {"prompt_tokens": 9, "completion_tokens": 4, "seconds": 0.5, "finish": "length"}
    path = write(tmp_path / "a.jsonl", GOOD | more | {"sample": 1, "model": "elsewhere-7b"})
    (row,) = read_answers(path)
    assert (row.case, row.candidate, row.output, row.sample) == ("fee-1", "lora", "12 euros", 1)
    assert (row.prompt_tokens, row.completion_tokens, row.seconds) == (9, 4, 0.5)
    assert (row.finish, row.where, row.data["model"]) == ("length", f"{path}:1", "elsewhere-7b")


@pytest.mark.parametrize("name", ["output", "answer", "text", "completion"])
def test_the_text_of_an_answer_goes_by_any_of_four_names(tmp_path: Path, name: str) -> None:
    row = {"case": 7, "candidate": "base", name: ""}
    assert read_answers(write(tmp_path / "a.jsonl", row)) == [
        Replayed("base", "7", "", where=f"{tmp_path / 'a.jsonl'}:1", data=row)
    ]


def test_a_case_may_be_told_by_its_input_and_empty_lines_are_none(tmp_path: Path) -> None:
    row = {"input": "What is the fee?", "candidate": "base", "output": "x", "seconds": None}
    path = write(tmp_path / "a.jsonl", "\ufeff" + json.dumps(row), "", "  ", GOOD)
    assert [(r.case, r.input, r.where[-2:]) for r in read_answers(path)] == [
        ("", "What is the fee?", ":1"),
        ("fee-1", "", ":4"),
    ]


def test_an_error_that_a_row_tells_makes_its_answer_one(tmp_path: Path) -> None:
    (row,) = read_answers(write(tmp_path / "a.jsonl", GOOD | {"output": "", "error": "timeout"}))
    assert (row.finish, row.error) == ("error", "timeout")


def test_every_bad_row_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.jsonl",
        GOOD,
        "{no json",
        [1],
        {"case": "a", "candidate": "b"},
        GOOD | {"case": "c", "text": "two texts"},
        {"output": "x"},
        GOOD | {"case": "d", "output": 3},
        GOOD | {"case": "e", "finish": "eos"},
        GOOD | {"case": "f", "prompt_tokens": -1, "seconds": "fast", "sample": True},
        GOOD | {"case": "g", "finsh": "stop"},
        GOOD | {"case": [1]},
    )
    assert problems(path) == [
        f"2: is no JSON at character 2: {NO_NAME} (one object a line)",
        "3: is a list, not an object (one object a line)",
        "4: has no answer (one of output, answer, text, completion)",
        "5: has output and text (one of output, answer, text, completion)",
        "6: names no case (add case, its id, or input, its text)",
        "6: names no candidate (add candidate: who gave the answer)",
        "7: output is 3 (a text)",
        '8: finish is "eos" (one of stop, length, error)',
        "9: sample is true (a whole number, 0 or more)",
        "9: prompt_tokens is -1 (a whole number, 0 or more)",
        '9: seconds is "fast" (a number, 0 or more)',
        "10: unknown key 'finsh' (did you mean 'finish'?)",
        "11: case is [1] (a case's id)",
    ]


def test_a_second_answer_to_a_case_names_both_lines(tmp_path: Path) -> None:
    ask = {"input": "Why?", "candidate": "lora", "output": "x"}
    path = write(
        tmp_path / "a.jsonl",
        GOOD,
        GOOD | {"candidate": "base"},
        GOOD,
        ask,
        GOOD | {"sample": 1},
        ask,
    )
    remedy = "(keep one; several answers to a case need sample: 0, 1, ...)"
    assert problems(path) == [
        f"3: 'lora' answers case 'fee-1' a second time, after line 1 {remedy}",
        f"6: 'lora' answers input 'Why?' a second time, after line 4 {remedy}",
    ]


def test_bytes_that_are_no_text_are_told_by_their_place(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"output": "\xff"}\n')
    assert problems(path) == ["1: is not UTF-8: byte 13 (save the file as UTF-8)"]


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda path: None, "No such file"),
        (lambda path: path.mkdir(), "Is a directory"),
        (lambda path: path.write_text("\n\n"), "holds no answers"),
    ],
)
def test_a_file_without_answers_is_one_line(tmp_path: Path, make: Any, words: str) -> None:
    path = tmp_path / "a.jsonl"
    make(path)
    with pytest.raises(UsageError) as caught:
        read_answers(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert words in str(caught.value)


# ---------------------------------------------------------------- the engine


def job(path: Path | str, *requests: Request, **more: Any) -> EngineJob:
    places = {"d1": "served:lora", "d2": "served:base"}
    return EngineJob("", requests, adapters=places, answers=str(path), **more)


def test_a_request_gets_the_answer_of_its_candidate_to_its_case(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.jsonl",
        GOOD | {"completion_tokens": 4, "seconds": 0.5},
        GOOD | {"candidate": "base", "output": "19 euros", "finish": "length"},
        GOOD | {"sample": 1, "output": "13 euros"},
        GOOD | {"case": "law/2", "output": "with a slash"},
    )
    asked = (
        Request("k1/fee-1", (), "d1"),
        Request("k2/fee-1", (), "d2"),
        Request("k3/fee-1", (), "d1", sample=1),
        Request("k1/law/2", (), "d1"),
        Request("k2/law/2", (), "d2"),
        Request("k0/fee-1", ()),
    )
    error = "there is none in the file"
    assert list(ReplayEngine().generate(job(path, *asked))) == [
        Answer("k1/fee-1", "12 euros", seconds=0.5, completion_tokens=4),
        Answer("k2/fee-1", "19 euros", finish="length"),
        Answer("k3/fee-1", "13 euros"),
        Answer("k1/law/2", "with a slash"),
        Answer("k2/law/2", "", finish="error", error=error),
        Answer("k0/fee-1", "", finish="error", error=error),
    ]


def test_what_a_file_cannot_give_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", GOOD)
    with pytest.raises(UsageError, match="has no answers"):
        list(ReplayEngine().generate(job("")))
    with pytest.raises(UsageError, match="cannot be probed"):
        list(ReplayEngine().generate(job(path, probes=(Request("probe/base/0", (5,)),))))


@pytest.mark.parametrize("text", ["[" * 100_000, '{"sample": ' + "9" * 5000 + "}"])
def test_a_line_that_no_reader_takes_is_a_bad_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SuiteError) as caught:
        read_answers(path)
    (problem,) = caught.value.problems
    assert str(problem) == f"{path}:1: is no JSON that can be read (one object a line)"
