"""Columns are guessed where one guess is plain, asked for where not, and always said."""

import json

import pytest

from harness.errors import UsageError
from harness.suite.columns import Columns, choose, mapped
from harness.suite.turns import is_chat, pair

CHAT = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "One?"},
    {"role": "assistant", "content": "1."},
    {"role": "user", "content": "Two?"},
    {"role": "assistant", "content": "2."},
]


def guess(names, **asked):
    row = dict.fromkeys(names.split(), "text")
    return choose(Columns(**asked), [row], "rows.csv")


@pytest.mark.parametrize(
    "names, inputs, output",
    [
        ("input output", ("input",), "output"),
        ("Prompt Completion id", ("Prompt",), "Completion"),
        ("instruction input output", ("instruction", "input"), "output"),
        ("instruction context response category", ("instruction", "context"), "response"),
        ("question context answer", ("question", "context"), "answer"),
        ("text label", ("text",), "label"),
        ("query response title", ("query",), "response"),
        ("ticket reply", ("ticket",), "reply"),
        ("input output prompt response", ("input",), "output"),
    ],
)
def test_names_that_people_use_are_understood(names, inputs, output):
    found = guess(names)
    assert (found.inputs, found.output) == (inputs, output)


@pytest.mark.parametrize(
    "names, asked, expected",
    [
        (
            "a b",
            {},
            (
                "rows.csv: no columns that are plainly an input and an output (say which: --input"
                " COLUMN --output COLUMN; the columns are 'a', 'b')"
            ),
        ),
        (
            "question answer query response",
            {},
            (
                "rows.csv: several columns could be the input and the output: question → answer,"
                " question → response, query → response, query → answer"
                " (say which: --input COLUMN --output COLUMN)"
            ),
        ),
        (
            "question answer",
            {"inputs": ("questoin",)},
            (
                "rows.csv: no column 'questoin' (did you mean 'question'?"
                " the columns are 'question', 'answer')"
            ),
        ),
        (
            "a output answer",
            {"inputs": ("a",)},
            (
                "rows.csv: 2 columns could be the output"
                " (give --output COLUMN; the columns are 'a', 'output', 'answer')"
            ),
        ),
    ],
)
def test_what_is_not_plain_is_asked_for_in_one_line(names, asked, expected):
    with pytest.raises(UsageError) as caught:
        guess(names, **asked)
    assert str(caught.value) == expected


def test_columns_that_are_named_are_taken_and_the_rest_is_guessed():
    found = guess("frage antwort answer tags source", inputs=("frage",), output="antwort")
    assert found == Columns(("frage",), "antwort", "tags", "source")
    assert found.says() == (
        "input from 'frage', output from 'antwort', tags from 'tags', source from 'source'"
    )
    assert guess("frage answer", inputs=("frage",)).output == "answer"


def test_joined_inputs_stand_apart_and_a_missing_second_one_is_no_fault():
    columns = guess("instruction input output")
    whole = {"instruction": "Sum up.", "input": "A text.", "output": "T."}
    assert mapped(whole, columns) == ({"input": "Sum up.\n\nA text.", "output": "T."}, [])
    assert mapped(whole | {"input": ""}, columns)[0] == {"input": "Sum up.", "output": "T."}


def test_tags_are_a_list_or_a_text_with_commas():
    columns = guess("input output tags")
    row = {"input": "a", "output": "b"}
    tags = [mapped(row | {"tags": t}, columns)[0].get("tags") for t in ("x, y;x", ["z", 1], "")]
    assert tags == [["x", "y"], ["z", "1"], None]


# ---------------------------------------------------------------- chats


@pytest.mark.parametrize("name", ["messages", "conversations"])
def test_the_last_answer_of_a_chat_is_the_output(name):
    other = [
        {
            "from": {"user": "human", "assistant": "gpt"}.get(t["role"], "system"),
            "value": t["content"],
        }
        for t in CHAT
    ]
    turns = CHAT if name == "messages" else other
    row = {name: turns, "topic": "numbers"}
    columns = choose(Columns(), [row], "chats.jsonl")
    assert columns.chat == name
    said = {"input": "Be brief.\n\nUser: One?\n\nAssistant: 1.\n\nUser: Two?", "output": "2."}
    assert mapped(row, columns) == (said, [])
    assert mapped({name: json.dumps(turns)}, columns) == (said, [])


def test_one_turn_stands_alone_and_what_follows_the_last_answer_is_dropped():
    assert pair(CHAT[1:3] + CHAT[3:4]) == ("One?", "1.")
    parts = [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}, CHAT[2]]
    assert pair(parts) == ("Hi", "1.")


@pytest.mark.parametrize(
    "turns, expected",
    [
        (CHAT[:2], "no turn of the assistant"),
        (CHAT[2:3], "no turn of the user before the last answer"),
        ([{"role": "wizard", "content": "x"}], "turn 1 has role 'wizard'"),
        ([CHAT[1], {"role": "assistant", "content": None}], "turn 2 (assistant) is no text"),
    ],
)
def test_a_chat_that_cannot_be_a_pair_says_why(turns, expected):
    _, wrong = mapped({"messages": turns}, Columns(chat="messages"))
    assert [what.partition(": ")[2][: len(expected)] for what in wrong] == [expected]


def test_prompts_and_completions_may_be_chats_too():
    row = {"prompt": CHAT[:2], "completion": CHAT[2:3]}
    assert mapped(row, choose(Columns(), [row], "x"))[0] == {
        "input": "Be brief.\n\nOne?",
        "output": "1.",
    }
    assert (is_chat(CHAT), is_chat([]), is_chat([{"role": "user"}])) == (True, False, False)
