"""Each way to break a suite gives its own line with file, line, value and remedy; all at once."""

import json
import re
import struct
from pathlib import Path

import pytest

from harness.errors import SuiteError
from harness.suite.check import check
from harness.suite.init import init
from harness.suite.load import load

SUITE = """\
name: mine
dates: {trained_until: 2020-01-01, as_of: 2024-01-01}
train: train.jsonl
facts: facts.jsonl
glossary: glossary.yaml
style: style.yaml
documents: documents/
prompts: {house: house.yaml}
tasks:
  answers:
    cases: cases.jsonl
    scorers: [style, terminology, recency]
candidates:
  base: {}
  base+house: {prompt: house}
  lora: {adapter: lora, context: retrieved}
recipes:
  lora: {rank: 8}
gate:
  - {kind: superior, candidate: lora, against: base, task: answers, metric: style.all}
"""
FACT = {
    "id": "fee",
    "entity": "library",
    "attribute": "yearly fee",
    "versions": [
        {"value": "12 euros", "valid_from": "2015-01-01", "valid_to": "2022-01-01"},
        {"value": "19 euros", "valid_from": "2022-01-01"},
    ],
}
CASE = {
    "input": "What does a library card cost?",
    "output": "Answer: the Member pays 19 euros.",
    "fact": "fee",
    "terms": ["Member"],
}
TRAIN = {"input": "What is the fee of the library?", "output": "Answer: 12 euros.", "fact": "fee"}
FILES = {
    "suite.yaml": SUITE,
    "train.jsonl": json.dumps(TRAIN) + "\n",
    "cases.jsonl": json.dumps(CASE) + "\n",
    "facts.jsonl": json.dumps(FACT) + "\n",
    "glossary.yaml": "- {preferred: Member, forbidden: [customer]}\n",
    "style.yaml": 'rules:\n  - {name: opening, kind: starts_with, text: "Answer:"}\n',
    "documents/fee.md": "---\nfacts: [fee]\nvalid_from: 2022-01-01\n---\nA card costs 19 euros.\n",
    "house.yaml": 'system: Be brief.\nuser: "{input}"\n',
}


@pytest.fixture
def broken(tmp_path, monkeypatch):
    """Write the whole suite with some files changed; the lines that loading it gives."""
    monkeypatch.chdir(tmp_path)

    def lines(changed):
        for name, content in (FILES | changed).items():
            if content is None:
                continue
            path = Path("s") / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        try:
            found = check(load("s"))
        except SuiteError as error:
            found = error.problems
        return [str(problem) for problem in found]

    return lines


def suite(old, new):
    """suite.yaml with one piece of its text replaced."""
    assert old in SUITE
    return {"suite.yaml": SUITE.replace(old, new)}


def cases(*rows):
    return {"cases.jsonl": "".join(json.dumps(row) + "\n" for row in rows)}


def facts(*versions):
    return {"facts.jsonl": json.dumps(FACT | {"versions": list(versions)}) + "\n"}


def adapter(config=None, tensors=b"\0" * 8, name="adapter_model.safetensors", header=None):
    """An adapter folder with one tensor, and a candidate that uses it."""
    if header is None:
        body = {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}
        text = json.dumps(body).encode()
        header = struct.pack("<Q", len(text)) + text
    config = {"peft_type": "LORA", "r": 8, "bias": "none"} | (config or {})
    return suite("{adapter: lora, context", "{adapter: ./mine, context") | {
        "mine/adapter_config.json": json.dumps(config),
        f"mine/{name}": header + tensors,
    }


V1, V2 = FACT["versions"]
BROKEN = {
    "malformed yaml": (suite("tasks:\n", "tasks: {\n"), r"s/suite\.yaml:\d+: not valid YAML: .+"),
    "a key written twice": (
        suite("recipes:", "name: other\nrecipes:"),
        r"s/suite\.yaml:17: key 'name' is written twice \(keep one\)",
    ),
    "malformed jsonl": (
        {"train.jsonl": '{"input": "a", "output": }\n'},
        r"s/train\.jsonl:1: not valid JSON: expecting value at column 26, near .+",
    ),
    "a row that is no object": (
        {"train.jsonl": "[1]\n"},
        r"s/train\.jsonl:1: not a JSON object: \[1\] \(one JSON object a line\)",
    ),
    "an unknown key": (
        suite("    cases:", "    case:"),
        r"s/suite\.yaml:11: unknown key 'tasks\.answers\.case' \(did you mean 'cases'\?\)",
    ),
    "an unknown key in a row": (
        cases(CASE | {"tag": ["x"]}),
        r"s/cases\.jsonl:1: unknown key 'tag' \(did you mean 'tags'\?\)",
    ),
    "an unknown scorer": (
        suite("[style,", "[stile,"),
        r"s/suite\.yaml:12: unknown scorer 'stile' \(did you mean 'style'\?\)",
    ),
    "an unknown scorer option": (
        suite("[style, terminology, recency]", "{style: {ruls: [opening]}}"),
        r"s/suite\.yaml:12: scorer 'style': .*ruls.*",
    ),
    "an unknown candidate": (
        suite("against: base,", "against: bass,"),
        r"s/suite\.yaml:20: unknown candidate 'bass' \(did you mean 'base'\?\)",
    ),
    "an unknown candidate of a task": (
        suite("    cases:", "    candidates: [base, lorra]\n    cases:"),
        r"s/suite\.yaml:11: unknown candidate 'lorra' \(did you mean 'lora'\?\)",
    ),
    "an unknown recipe": (
        suite("{adapter: lora,", "{adapter: lara,"),
        r"s/suite\.yaml:16: unknown recipe 'lara' \(did you mean 'lora'\?; .+\)",
    ),
    "an unknown prompt": (
        suite("{prompt: house}", "{prompt: hose}"),
        r"s/suite\.yaml:15: unknown prompt 'hose' \(did you mean 'house'\?\)",
    ),
    "an unknown retriever": (
        suite("gate:", "retrieve: {retriever: bm52}\ngate:"),
        r"s/suite\.yaml:19: unknown retriever 'bm52' \(did you mean 'bm25'\?\)",
    ),
    "an unknown fact": (
        {"train.jsonl": json.dumps(TRAIN | {"fact": "feee"}) + "\n"},
        r"s/train\.jsonl:1: unknown fact 'feee' \(did you mean 'fee'\?\)",
    ),
    "an unknown term": (
        cases(CASE | {"terms": ["Membre"]}),
        r"s/cases\.jsonl:1: unknown term 'Membre' \(did you mean 'Member'\?\)",
    ),
    "an unknown document": (
        cases(CASE | {"gold": ["feee"]}),
        r"s/cases\.jsonl:1: unknown document 'feee' \(did you mean 'fee'\?\)",
    ),
    "an unknown metric and slice": (
        suite("task: answers, metric: style.all", "task: answers, metric: style.al, slice: chnged"),
        (
            r"s/suite\.yaml:20: unknown metric 'style\.al' \(did you mean 'style\.all'\?\)\n"
            r"s/suite\.yaml:20: unknown slice 'chnged' \(did you mean 'changed'\?\)"
        ),
    ),
    "duplicate ids": (
        cases(CASE | {"id": "a"}, CASE | {"id": "a", "input": "Other?"}),
        r"s/cases\.jsonl:2: id 'a' is already used at s/cases\.jsonl:1 \(ids are unique .+\)",
    ),
    "a case that is in training": (
        cases(CASE | {"input": "  WHAT is the fee, of the library"}),
        r"s/cases\.jsonl:1: case 'cases-1' is in training as 'train-1' \(s/train\.jsonl:1\): .+",
    ),
    "training that ends after the cases are asked": (
        suite("trained_until: 2020-01-01", "trained_until: 2025-01-01"),
        r"s/suite\.yaml:2: trained_until 2025-01-01 is after as_of 2024-01-01 .+",
    ),
    "versions that overlap": (
        facts(V1 | {"valid_to": "2023-01-01"}, V2),
        r"s/facts\.jsonl:1: fact 'fee': '12 euros' \(until 2023-01-01\) overlaps '19 euros' .+",
    ),
    "a version that ends before it begins": (
        facts(V1 | {"valid_to": "2014-01-01"}, V2),
        r"s/facts\.jsonl:1: fact 'fee': '12 euros' ends 2014-01-01, not after it begins .+",
    ),
    "an impossible date": (
        suite("as_of: 2024-01-01", "as_of: 2024-02-30"),
        r"s/suite\.yaml:2: dates\.as_of is '2024-02-30' \(should be a date like 2024-01-31\)",
    ),
    "an empty task": (cases(), r"s/suite\.yaml:11: task 'answers' has no cases .+"),
    "no training rows for a recipe": (
        {"train.jsonl": "\n"},
        r"s/train\.jsonl: the training file is empty \(add rows\)",
    ),
    "no training file for a recipe": (
        suite("train: train.jsonl\n", ""),
        r"s/suite\.yaml:15: candidate 'lora' trains 'lora', but there are no rows .+",
    ),
    "a wrong encoding": (
        {"cases.jsonl": b'{"input": "a",\n"caf\xe9"}'},
        r"s/cases\.jsonl:2: byte 0xe9 is not UTF-8 \(save it as UTF-8\)",
    ),
    "utf-16": ({"suite.yaml": SUITE.encode("utf-16")}, r"s/suite\.yaml:1: the file is UTF-16.+"),
    "a missing data file": (
        suite("train: train.jsonl", "train: trian.jsonl"),
        r"s/suite\.yaml:3: data file 'trian\.jsonl' is not there \(did you mean 'train\.jsonl'\?\)",
    ),
    "a path that leads out of the suite": (
        suite("train: train.jsonl", "train: ../train.jsonl"),
        r"s/suite\.yaml:3: data file '\.\./train\.jsonl' is outside the suite's folder .+",
    ),
    "a file for a folder": (
        suite("documents: documents/", "documents: house.yaml"),
        r"s/suite\.yaml:7: documents folder 'house\.yaml' is no folder .+",
    ),
    "a folder for a file": (
        suite("train: train.jsonl", "train: documents"),
        r"s/suite\.yaml:3: data file 'documents' is no file .+",
    ),
    "a missing adapter": (
        suite("{adapter: lora,", "{adapter: ./lora,"),
        r"s/suite\.yaml:16: adapter 's/lora' is not a folder that exists .+",
    ),
    "an adapter without a config": (
        {**adapter(), "mine/adapter_config.json": None},
        r"s/suite\.yaml:16: adapter 's/mine' has no adapter_config\.json .+",
    ),
    "an adapter cut short": (
        adapter(tensors=b"\0" * 3),
        r"s/suite\.yaml:16: adapter 's/mine': .+ is damaged: tensors end at byte 8 of 3 .+",
    ),
    "an adapter whose header is noise": (
        adapter(header=b"\xff" * 64),
        r"s/suite\.yaml:16: adapter 's/mine': .+ is damaged: a header of \d+ bytes .+",
    ),
    "a pickled adapter": (
        adapter(name="adapter_model.bin"),
        r"s/suite\.yaml:16: adapter 's/mine': its weights are a pickle, which could run code .+",
    ),
    "an adapter rank that no engine serves": (
        adapter({"r": 1024}),
        r"s/suite\.yaml:16: adapter 's/mine': rank 1024 cannot be served .+",
    ),
    "a DoRA adapter": (
        adapter({"use_dora": True}),
        r"s/suite\.yaml:16: adapter 's/mine': use_dora is true, which engines do not serve .+",
    ),
    "an adapter that changed the base": (
        adapter({"init_lora_weights": "pissa_niter_4"}),
        r"s/suite\.yaml:16: adapter 's/mine': init_lora_weights is 'pissa_niter_4', .+",
    ),
    "a recipe rank that no engine serves": (
        suite("{rank: 8}", "{rank: 600}"),
        r"s/suite\.yaml:18: recipes\.lora\.rank is 600 \(should be less than or equal to 512\)",
    ),
    "an empty output": (
        {"train.jsonl": '{"input": "a", "output": "  "}\n'},
        r"s/train\.jsonl:1: output is ' +' \(should not be empty\)",
    ),
    "a number for text": (
        {"train.jsonl": '{"input": 7, "output": "b"}\n'},
        r"s/train\.jsonl:1: input is 7 \(should be text\)",
    ),
    "a regex that does not compile": (
        {"style.yaml": 'rules:\n  - {name: shape, kind: pattern, pattern: "(["}\n'},
        r"s/style\.yaml:2: scorer 'style': .+",
    ),
    "a gate rule without its number": (
        suite("kind: superior,", "kind: non_inferior,"),
        r"s/suite\.yaml:20: a rule of kind 'non_inferior' needs 'margin' \(add margin: …\)",
    ),
    "a prompt without {input}": (
        {"house.yaml": "system: Be brief.\nuser: go\n"},
        r"s/house\.yaml:2: prompt 'house': user has no \{input\} .+",
    ),
    "a negative limit": (
        suite("    cases:", "    limit: -3\n    cases:"),
        r"s/suite\.yaml:11: tasks\.answers\.limit is -3 \(should be greater than or equal to 1\)",
    ),
    "k below 1": (
        suite("gate:", "retrieve: {k: 0}\ngate:"),
        r"s/suite\.yaml:19: retrieve\.k is 0 \(should be greater than or equal to 1\)",
    ),
    "a temperature below 0": (
        suite("gate:", "sampling: {temperature: -1}\ngate:"),
        r"s/suite\.yaml:19: sampling\.temperature is -1 \(should be greater than or equal to 0\)",
    ),
    "no epochs": (
        suite("{rank: 8}", "{rank: 8, epochs: 0}"),
        r"s/suite\.yaml:18: recipes\.lora\.epochs is 0 \(should be greater than 0\)",
    ),
    "a reference that breaks its own rule": (
        cases(CASE | {"output": "The Member pays 19 euros."}),
        r"s/cases\.jsonl:1: reference of case 'cases-1' scores 0 on style\.all, not 1.+",
    ),
    "a reference with the outdated value": (
        cases(CASE | {"output": "Answer: the Member pays 12 euros."}),
        r"s/cases\.jsonl:1: reference of case 'cases-1' scores 0 on recency\.current, not 1.+",
    ),
}


@pytest.mark.parametrize("changed, expected", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_suite_says_what_is_wrong_in_one_line(broken, changed, expected):
    assert re.fullmatch(expected, "\n".join(broken(changed)))


def test_the_suite_that_is_broken_above_is_whole(broken):
    assert broken({}) == []


def test_a_sound_adapter_is_accepted(broken):
    assert broken(adapter()) == []


def test_all_faults_of_a_suite_are_given_at_once(broken):
    changed = suite("{rank: 8}", "{rank: 8}\nsampling: {seed: 1}").copy()
    changed["suite.yaml"] = (
        changed["suite.yaml"]
        .replace("prompt: house}", "prompt: hose}")
        .replace("[style,", "[stile,")
        .replace("metric: style.all", "metric: style.all, margin: 1")
    )
    changed |= cases(CASE | {"fact": "fees"}, CASE | {"id": "cases-1", "input": "Other?"})
    changed |= {"train.jsonl": "{\n" + json.dumps(TRAIN | {"output": ""}) + "\n"}
    found = broken(changed)
    wanted = ["hose", "stile", "does not read 'margin'", "not valid JSON", "output is ''"]
    wanted += ["unknown fact 'fees'", "id 'cases-1' is already used"]
    assert [part for part in wanted if not any(part in line for line in found)] == []
    assert all(re.match(r"s/[a-z.]+:\d+: ", line) for line in found)


NOISE = {
    "nothing": b"",
    "a nul": b"\0",
    "null": b"null\n",
    "deep": b"[" * 5000,
    "a list": b"- - -\n",
    "half a mark": b"\xff\xfe",
    "a lost alias": b"a: *b\n",
    "a lost quote": b'"\n',
}


@pytest.mark.parametrize("name", ["suite.yaml", "train.jsonl", "facts.jsonl", "glossary.yaml"])
@pytest.mark.parametrize("content", NOISE.values(), ids=NOISE.keys())
def test_noise_in_place_of_a_file_is_a_suite_error(broken, name, content):
    """Every file may be anything at all: never a traceback, always a line that names a file."""
    for line in broken({name: content}):
        assert line.startswith("s/")


def test_aliases_that_unfold_without_end_are_refused(broken):
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n"
        for old, new in zip("abcdefg", "bcdefgh", strict=True)
    )
    assert "nested or repeated too much" in broken({"suite.yaml": bomb})[0]


@pytest.mark.parametrize("train", [None, "mine.jsonl"])
def test_a_suite_that_init_writes_is_whole(tmp_path, monkeypatch, train):
    monkeypatch.chdir(tmp_path)
    rows = ({"input": f"question {n}?", "output": f"answer {n}."} for n in range(30))
    Path("mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    init("new", "new", train)
    assert check(load("new")) == []
