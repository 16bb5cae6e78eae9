"""`passages` and `replay` of a recipe: read from suite.yaml, and checked on load."""

from typing import Any

import pytest

from harness.errors import SuiteError
from harness.records import Passages, Replay
from harness.suite.load import load

TRAIN = [
    {"input": "fee?", "output": "2 euros", "fact": "fee", "tags": ["fees"]},
    {"input": "hello?", "output": "Good day", "tags": ["chat"]},
    {"input": "bye?", "output": "Farewell", "tags": ["chat"]},
]
FACT = {
    "id": "fee",
    "entity": "shop",
    "attribute": "fee",
    "versions": [{"value": "2 euros", "valid_from": "2010-01-01"}],
}


@pytest.fixture
def mixed(write):
    def made(recipe: Any, start: str = "2010-01-01", **suite: Any):
        return write(
            {
                "dates": {"trained_until": "2020-01-01", "as_of": "2021-01-01"},
                "facts": "facts.jsonl",
                "documents": "documents",
                "recipes": {"lora": recipe},
                "candidates": {"base": {}, "lora": {"adapter": "lora"}},
                **suite,
            },
            {
                "train.jsonl": TRAIN,
                "facts.jsonl": [FACT],
                "documents/a.md": f"---\nfacts: [fee]\nvalid_from: {start}\n---\nIt is 2 euros.\n",
            },
        )

    return made


def told(folder) -> list[str]:
    with pytest.raises(SuiteError) as caught:
        load(folder)
    return [f"{p.where.rpartition('/')[2]} {p.what} ({p.remedy})" for p in caught.value.problems]


def test_both_are_read_with_their_defaults(mixed):
    recipe = {"only": ["fees"], "passages": {}, "replay": {"share": 0.25, "only": ["chat"]}}
    (found,) = load(mixed(recipe)).recipes
    assert found.passages == Passages(3, 0.2)
    assert found.replay == Replay(0.25, ("chat",))
    (plain,) = load(mixed({})).recipes
    assert (plain.passages, plain.replay) == (None, None)


@pytest.mark.parametrize(
    "recipe, expected",
    [
        ({"passages": {"distractor": 2}}, "unknown key 'recipes.lora.passages.distractor'"),
        ({"passages": {"distractors": -1}}, "recipes.lora.passages.distractors is -1"),
        ({"passages": {"without_gold": 1}}, "recipes.lora.passages.without_gold is 1"),
        ({"passages": {"distractors": 0}}, "leaves passages out and has none in their place"),
        ({"passages": {}, "only": ["chat"]}, "no row whose fact or source is a document"),
        ({"replay": {}}, "key 'recipes.lora.replay.share' is missing"),
        ({"replay": {"share": 1}}, "recipes.lora.replay.share is 1"),
        ({"replay": {"share": 0.5}}, "recipe 'lora' has no other row to replay"),
        ({"replay": {"share": 0.5, "only": ["chta"]}}, "'chta' (did you mean 'chat'?"),
        (
            {"only": ["fees"], "replay": {"share": 0.5, "without": ["chat"]}},
            "has no other row to replay",
        ),
    ],
)
def test_what_cannot_be_mixed_is_told_with_its_place(mixed, recipe, expected):
    found = told(mixed(recipe))
    assert any(expected in line and line.startswith("suite.yaml:") for line in found)


def test_a_document_from_after_training_is_none_to_train_on(mixed):
    (line,) = told(mixed({"passages": {}}, start="2020-06-01"))
    assert "no row whose fact or source is a document valid on 2020-01-01" in line


def test_dated_documents_need_the_day_that_training_ends(mixed):
    (line,) = told(mixed({"passages": {}}, dates={"as_of": "2021-01-01"}))
    assert "nothing says as of which day (set dates.trained_until)" in line


def test_all_faults_of_all_recipes_come_at_once(mixed):
    recipes = {
        "lora": {"passages": {"distractors": 0}},
        "other": {"replay": {"share": 0.5, "only": ["chta"]}},
    }
    found = told(mixed({}, recipes=recipes))
    assert len(found) == 2
