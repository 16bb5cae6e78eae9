"""A new suite runs at once, and keeps what is asked alike on one side of the split."""

import json
from pathlib import Path

import pytest

from harness.errors import SuiteError, UsageError
from harness.suite.check import check
from harness.suite.init import init
from harness.suite.leak import normalise
from harness.suite.load import load


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def data(rows):
    Path("mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return Path("mine.jsonl")


def pairs(count):
    return [{"input": f"question {n}?", "output": f"answer {n}"} for n in range(count)]


def test_without_data_an_example_is_written_that_loads_and_passes_its_check(here):
    made = init("new", "new")
    suite = load("new")
    assert made.files[0] == Path("new/suite.yaml")
    assert (made.notes, made.profile, made.leakage) == ((), None, None)
    assert (len(suite.train), len(suite.tasks[0].cases)) == (48, 12)
    assert check(suite) == []


def test_rows_are_split_by_share_and_at_most_a_number(here):
    init("small", "small", data(pairs(50)))
    init("large", "large", data(pairs(900)))
    small, large = load("small"), load("large", "full")
    assert (len(small.train), len(small.tasks[0].cases)) == (40, 10)
    assert (len(large.train), len(large.tasks[0].cases)) == (800, 100)
    assert [len(load("large").train), len(load("large").tasks[0].cases)] == [200, 40]
    assert check(small) == check(large) == []


def test_rows_that_ask_the_same_stay_on_one_side(here):
    again = [{"input": f"QUESTION  {n}", "output": "again"} for n in range(20)]
    init("new", "new", data(pairs(20) + again))
    suite = load("new")
    trained = {normalise(row.input) for row in suite.train}
    asked = [normalise(case.input) for case in suite.tasks[0].cases]
    assert (len(asked), len(set(asked)), trained & set(asked)) == (4, 4, set())


def test_the_split_is_the_same_each_time_and_another_with_another_seed(here):
    rows = data(pairs(50))
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        init(name, "new", rows, seed=seed)
    a, b, c = (Path(name, "cases.jsonl").read_text() for name in "abc")
    assert a == b != c


def test_nothing_is_overwritten_without_force(here):
    init("new", "new")
    Path("new/cases.jsonl").write_text("mine")
    with pytest.raises(UsageError, match=r"^new: suite.yaml, .*cases.jsonl.* exists \(give"):
        init("new", "new")
    assert Path("new/cases.jsonl").read_text() == "mine"
    init("new", "new", force=True)
    assert len(load("new").tasks[0].cases) == 12


@pytest.mark.parametrize(
    "name, options, expected",
    [
        ("a b", {}, "'a b' is no suite name"),
        ("new", {"share": 1.0}, "a share of 1 for cases"),
        ("new", {"most": 0}, "at most 0 cases"),
        ("new", {"seed": -1}, "seed -1"),
        ("new", {"train": "min.jsonl"}, r"no such file \(did you mean 'mine.jsonl'"),
    ],
)
def test_a_wrong_argument_is_one_line(here, name, options, expected):
    data(pairs(3))
    with pytest.raises(UsageError, match=expected):
        init("new", name, **options)
    assert not Path("new").exists()


def test_too_few_or_broken_rows_are_refused(here):
    with pytest.raises(UsageError, match="1 distinct input"):
        init("new", "new", data([{"input": "a", "output": "b"}, {"input": "A!", "output": "c"}]))
    with pytest.raises(SuiteError) as caught:
        init("new", "new", data([{"input": "a"}, {"input": "b", "output": "c"}, {"output": "d"}]))
    assert [str(problem).split(" (")[0] for problem in caught.value.problems] == [
        "mine.jsonl:1: output is empty",
        "mine.jsonl:3: input is empty",
        "2 of 3 rows cannot be used",
    ]


HINDI = "आपका आदेश दो कार्य दिवसों के भीतर भेज दिया जाएगा और आपको एक सूचना मिलेगी। "
CHINESE = "您的订单将在两个工作日内发出，届时您会收到一条通知。"


TELUGU = "మీ ఆర్డర్ రెండు పని దినాలలో పంపబడుతుంది."


@pytest.mark.parametrize(
    "text, needed",
    [
        (HINDI * 3, 247),
        (CHINESE * 4, 176),
        (TELUGU * 4, 432),
        ("Invoice 20250331-448812, ₹ 5,00,000 on 21/11/2025. " * 4, 173),
    ],
)
def test_lengths_leave_room_for_scripts_of_many_bytes(here, text, needed):
    """`needed` is what the tokenizer of SmolLM2-135M spends on the text."""
    init("new", "new", data([{"input": f"{n}? {text}", "output": text} for n in range(40)]))
    suite = load("new")
    assert suite.tasks[0].max_tokens >= needed
    assert suite.recipes[0].max_length >= 2 * needed + 64
    assert (suite.tasks[0].max_tokens % 16, suite.recipes[0].max_length % 16) == (0, 0)


def test_lengths_are_half_the_bytes_and_have_a_ceiling(here):
    init("new", "new", data([{"input": f"{n:02}?", "output": "a" * 300} for n in range(9)]))
    init("long", "long", data([{"input": f"{n}?", "output": "a" * 9000} for n in range(9)]))
    suite, long = load("new"), load("long")
    assert (suite.tasks[0].max_tokens, suite.recipes[0].max_length) == (160, 224)
    assert (long.tasks[0].max_tokens, long.recipes[0].max_length) == (4096, 4096)


def test_the_model_can_be_named(here):
    init("new", "new", model="owner/model")
    assert load("new").model == "owner/model"


def test_one_huge_row_does_not_decide_how_long_the_others_may_be(here):
    rows = [{"input": f"question number {n}?", "output": "a short answer"} for n in range(100)]
    rows += [{"input": "word " * 9000, "output": "a short answer"}]
    Path("rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    text = init("s", "s", "rows.jsonl").files[0].read_text()
    assert "# longer than max_length, so perhaps left out: 1 rows" in text
    assert load("s").recipes[0].max_length == 128
