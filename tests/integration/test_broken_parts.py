"""More ways to break a suite: bounds out of reach, searches that find nothing, repeats."""

import json
import re

import pytest
from test_broken_suites import CASE, FACT, FILES, SUITE, TRAIN, broken, cases, suite

from harness.suite.check import check
from harness.suite.load import load

__all__ = ["broken"]
RULE = "{kind: superior, candidate: lora, against: base, task: answers, metric: style.all}"
EXPECT = """\
expect:
  - {name: first, says: it gains, candidate: lora, task: answers, metric: style.all, MORE}
"""


def style(rule):
    return {"style.yaml": f"rules:\n  - {{name: a, {rule}}}\n"}


def gate(rule):
    return suite(RULE, f"{{candidate: lora, task: answers, {rule}}}")


def retrieve(text):
    return suite("gate:", f"retrieve: {{{text}}}\ngate:")


BROKEN = {
    "a level above what a share can be": (
        gate("kind: at_most, metric: recency.stale, value: 9"),
        r"s/suite\.yaml:20: value 9 is outside 0 to 1, the range of recency\.stale \(give .+\)",
    ),
    "a level below what a share can be": (
        gate("kind: at_least, metric: recency.stale, value: -0.1"),
        r"s/suite\.yaml:20: value -0\.1 is outside 0 to 1, the range of recency\.stale \(.+\)",
    ),
    "a margin that accepts any loss": (
        gate("kind: non_inferior, against: base, metric: style.all, margin: 1"),
        r"s/suite\.yaml:20: margin 1 accepts any loss of style\.all \(0 to 1\) \(give .+\)",
    ),
    "a gain that no answer can show": (
        gate("kind: superior, against: base, metric: style.all, min_effect: 10"),
        r"s/suite\.yaml:20: min_effect 10 is more than style\.all can gain \(0 to 1\) \(give .+\)",
    ),
    "a better side of a metric without one": (
        gate("kind: superior, against: base, metric: recency.abstained"),
        r"s/suite\.yaml:20: metric 'recency\.abstained' has no better direction, .+ \(use at_.+\)",
    ),
    "an expected effect out of reach": (
        suite(
            "gate:", EXPECT.replace("MORE", "min_effect: 2, against: {candidate: base}") + "gate:"
        ),
        r"s/suite\.yaml:20: min_effect 2 is more than style\.all can differ \(.+\) \(give less\)",
    ),
    "an index before all documents": (
        retrieve("index: 1999-01-01"),
        r"s/suite\.yaml:19: candidate 'lora' has no document to search on 1999-01-01, .+",
    ),
    "an index of a candidate before all documents": (
        suite("context: retrieved}", "context: retrieved, retrieve: {index: 1999-01-01}}"),
        r"s/suite\.yaml:16: candidate 'lora' has no document to search on 1999-01-01, .+",
    ),
    "documents that are all hidden": (
        {"documents/fee.md": "---\nsearchable: false\n---\nA card costs 19 euros.\n"},
        r"s/suite\.yaml:16: candidate 'lora' has no document to search \(make .+ searchable\)",
    ),
    "an encoder folder that is not there": (
        retrieve("retriever: dense, encoder: ./enc"),
        r"s/suite\.yaml:19: no such encoder folder: \S+/s/enc \(give a folder with one, or .+\)",
    ),
    "an unknown encoder": (
        retrieve("retriever: hybrid, encoder: 'embedded:all-minilm-l6'"),
        r"s/suite\.yaml:19: unknown embedded encoder 'all-minilm-l6' \(did you mean 'all-.+'\?\)",
    ),
    "an encoder of another kind in its folder": (
        retrieve("retriever: dense, encoder: ./documents"),
        r"s/suite\.yaml:19: the encoder's folder has no \.safetensors weights: \S+/s/documents",
    ),
    "one fault of retrieve, which candidates inherit": (
        suite("context: retrieved}", "context: retrieved, retrieve: {k: 2}}")
        | {
            "suite.yaml": SUITE.replace(
                "context: retrieved}", "context: retrieved, retrieve: {k: 2}}"
            ).replace("gate:", 'retrieve: {template: "{input}"}\ngate:')
        },
        r"s/suite\.yaml:19: retrieve\.template has no \{context\} \(say where \{context\} goes\)",
    ),
    "more examples than rows": (
        {"house.yaml": 'user: "{examples}{input}"\nshots: 3\n'},
        r"s/suite\.yaml:8: prompt 'house' shows 3 training rows of 1 \(lower its shots, .+\)",
    ),
    "a scorer listed twice": (
        suite("[style,", "[style, style,"),
        r"s/suite\.yaml:12: scorer 'style' is listed twice \(keep one\)",
    ),
    "a file of cases named twice": (
        suite("cases: cases.jsonl", "cases: [cases.jsonl, cases.jsonl]"),
        r"s/cases\.jsonl: the file is read twice \(name it once in the suite\)",
    ),
    "a tag with the name of the whole": (
        cases(CASE | {"tags": ["all"]}),
        r"s/cases\.jsonl:1: tag 'all' is the name of the whole task \(rename the tag\)",
    ),
    "a JSON list for JSON lines": (
        {"train.jsonl": json.dumps([TRAIN], indent=1)},
        r"s/train\.jsonl:1: the file is one JSON list \(one JSON object a line, no brackets\)",
    ),
    "a key that a row has twice": (
        {"train.jsonl": '{"input": "a", "input": "b", "output": "c"}\n'},
        r"s/train\.jsonl:1: key 'input' is written twice \(keep one\)",
    ),
    "two documents in one YAML file": (
        {"suite.yaml": SUITE + "---\nname: other\n"},
        r"s/suite\.yaml:21: not valid YAML: a second document begins here; a file holds one",
    ),
    "tags that are no list": (
        suite("{rank: 8}", "{rank: 8, only: update}"),
        r"s/suite\.yaml:18: recipes\.lora\.only is 'update' \(should be a list\)",
    ),
    "a list that holds nothing": (
        {"facts.jsonl": json.dumps(FACT | {"versions": []}) + "\n"},
        r"s/facts\.jsonl:1: versions is empty \(give at least one, or leave the key out\)",
    ),
    "neither true nor false": (
        cases(CASE | {"answerable": "maybe"}),
        r"s/cases\.jsonl:1: answerable is 'maybe' \(should be true or false\)",
    ),
    "fewer than no words": (
        style("kind: words, min: -1"),
        r"s/style\.yaml:2: scorer 'style': .+: min is -1 \(write a number of at least 0\)",
    ),
    "a numbering that YAML takes for a number": (
        style("kind: numbering, style: 1.1"),
        r"s/style\.yaml:2: scorer 'style': .+: style is the number 1\.1 \(put it in quotes: .+\)",
    ),
    "a language of two other letters": (
        suite("[style, terminology, recency]", "{terminology: {language: zh}, style: {}}"),
        r"s/suite\.yaml:12: scorer 'terminology': language is 'zh' \(valid: ar, .+\)",
    ),
}


@pytest.mark.parametrize("changed, expected", BROKEN.values(), ids=BROKEN.keys())
def test_each_fault_is_one_line_with_its_place_and_remedy(broken, changed, expected):
    assert re.fullmatch(expected, "\n".join(broken(changed)))


FAULTS = {
    "kind: superior": "kind: superoir",
    "rank: 8": "rank: -8",
    "name: mine": "name: mine\nsampling: {temperature: hot}\nretrieve: {k: none}",
    "{prompt: house}": "{prompt: hose}",
    "[style, terminology": "[style, terminolgy",
}


def test_what_the_schema_refuses_hides_no_other_fault(broken):
    text = SUITE
    for old, new in FAULTS.items():
        assert old in text
        text = text.replace(old, new)
    rows = cases(CASE | {"fact": "fees"})
    found = broken({"suite.yaml": text, "train.jsonl": "{\n"} | rows)
    wanted = [
        "superoir",
        "-8",
        "hot",
        "retrieve.k",
        "hose",
        "terminolgy",
        "'fees'",
        "not valid JSON",
    ]
    assert [part for part in wanted if sum(part in line for line in found) != 1] == []
    assert len(found) == len(wanted)


@pytest.mark.parametrize(
    "written",
    [lambda text: text.replace("\n", "\r\n"), lambda text: "\ufeff" + text],
    ids=["CRLF", "BOM"],
)
def test_files_saved_on_another_system_make_the_same_suite(tmp_path, monkeypatch, written):
    found = []
    for name, change in (("plain", str), ("other", written)):
        folder = tmp_path / name
        for file, text in FILES.items():
            path = folder / "s" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(change(text).encode())
        monkeypatch.chdir(folder)
        assert check(load("s")) == []
        found.append(load("s"))
    plain, other = found
    assert other.train == plain.train
    assert [task.cases for task in other.tasks] == [task.cases for task in plain.tasks]
    assert other.glossary == plain.glossary
