"""The example of docs/training.md loads, and its recipes show what the page says."""

import re
from pathlib import Path

import pytest
import yaml

import harness
from harness.lessons import mixture, rows_of
from harness.records import Suite
from harness.suite.load import load

PAGE = Path(harness.__file__).parent.parent / "docs" / "training.md"
PRICES = {"key": 6, "map": 9, "pen": 2}


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    text = PAGE.read_text(encoding="utf-8")
    blocks = dict(re.findall(r"```(yaml|json)\n(.*?)```", text, re.DOTALL))
    written = {"suite.yaml": blocks["yaml"], "train.jsonl": blocks["json"]}
    written["cases.jsonl"] = (
        '{"input": "What does a moon cost?", "output": "No price.", "answerable": false}\n'
        '{"input": "And a map?", "output": "9 euros.", "fact": "map"}\n'
    )
    written["facts.jsonl"] = "".join(
        f'{{"id": "{name}", "entity": "{name}", "attribute": "price", '
        f'"versions": [{{"value": "{price} euros", "valid_from": "2020-01-01"}}]}}\n'
        for name, price in PRICES.items()
    )
    (tmp_path / "documents").mkdir()
    for name, price in PRICES.items():
        written[f"documents/{name}.md"] = f"---\nfacts: [{name}]\n---\nA {name} is {price} euros.\n"
    for name, content in written.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    return load(tmp_path)


def shown(suite: Suite, name: str) -> list[str]:
    recipe = next(one for one in suite.recipes if one.name == name)
    return [row.output for row in rows_of(suite, recipe)]


def test_the_three_ways_to_update_show_new_rows_new_and_old_ones_and_all_that_holds(suite):
    new, old = "A key is 7 euros.", shown(suite, "lora")
    assert len(old) == 3
    assert shown(suite, "delta") == [new]
    first, *others = shown(suite, "replay")
    assert (first, len(others), set(others) <= set(old)) == (new, 1, True)
    assert shown(suite, "rebuild") == ["A map is 9 euros.", "A pen is 2 euros.", new]


def test_declining_rows_are_taught_where_they_are_not_left_out(suite):
    declined = {"We have no price for that.", "We have no answer to that."}
    assert set(shown(suite, "honest")) - set(shown(suite, "lora")) == declined


def test_the_reader_reads_documents(suite):
    recipe = next(one for one in suite.recipes if one.name == "reader")
    assert mixture(suite, recipe)["with passages"] == 3
    assert all("Passage:" in row.input for row in rows_of(suite, recipe))


def test_the_recipes_of_the_page_of_suites_are_recipes():
    """Each line of the example there is read by the same rules."""
    from harness.suite.schema import RecipeSpec

    text = PAGE.with_name("suites.md").read_text(encoding="utf-8")
    part = re.search(r"^recipes:\n(.*?)^curve:", text, re.DOTALL | re.MULTILINE)
    assert part is not None
    found = yaml.safe_load(part[1].replace(", …", ""))
    made = {name: RecipeSpec.model_validate(options) for name, options in found.items()}
    assert list(made) == ["lora", "small", "updated", "mixed", "calmer", "reader"]
