"""docs/judge.md: its options are those there are, its examples are read."""

import json
import re
from pathlib import Path

import yaml

from harness.protocols import Resources
from harness.score.judge import KEYS, Judge, label_of, options_of

DOCS = (Path(__file__).parents[3] / "docs" / "judge.md").read_text(encoding="utf-8")


def test_the_table_lists_every_option_with_its_default() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", DOCS, re.MULTILINE)
    defaults = {name: default for name, default in rows if name in KEYS}
    assert sorted(defaults) == sorted(KEYS)
    made = options_of({"rubric": "r", "against": "base"})
    assert defaults["max_tokens"] == str(made.max_tokens)
    assert defaults["reference"] == f"`{str(made.reference).lower()}`"


def test_the_example_builds() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL)
    options = yaml.safe_load(block)["tasks"]["letters"]["scorers"]["judge"]
    assert options["labels"] == "labels.jsonl"
    assert Judge(options | {"labels": []}, Resources()).options.against == "base"


def test_the_example_labels_are_labels() -> None:
    (block,) = re.findall(r"```json\n(.*?)```", DOCS, re.DOTALL)
    for line in block.strip().splitlines():
        row = {"input": "q"} | json.loads(line)
        assert label_of(row).label in ("first", "second", "tie")
