"""What a suite expects, and recipes that choose rows or build on one another: checked on load."""

import json
from pathlib import Path

import pytest

from harness.errors import SuiteError
from harness.records import Arm
from harness.suite.load import load

ROWS = [{"input": f"q{i}", "output": "a", "tags": ["old" if i % 2 else "new"]} for i in range(12)]
CASES = [{"input": f"c{i}", "output": "a", "tags": ["odd" if i % 2 else "even"]} for i in range(12)]


def write(folder: Path, text: str) -> Path:
    (folder / "suite.yaml").write_text(
        "name: s\ntrain: train.jsonl\ntasks: {t: {cases: cases.jsonl, scorers: [rouge]}}\n" + text,
        encoding="utf-8",
    )
    for name, rows in (("train", ROWS), ("cases", CASES)):
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    return folder


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(SuiteError) as caught:
        load(write(folder, text))
    return [f"{p.where.rpartition('/')[2]}: {p.what} ({p.remedy})" for p in caught.value.problems]


ARM = "candidate: lora, task: t, metric: rouge.rougeL, says: it does"


def test_the_other_side_has_only_what_differs_written(tmp_path: Path) -> None:
    text = f"expect:\n  - {{name: e, {ARM}, slice: odd, against: {{slice: even}}, phenomenon: 3}}\n"
    (one,) = load(write(tmp_path, text)).expectations
    assert one.arm == Arm("lora", "t", "rouge.rougeL", "odd")
    assert one.against == Arm("lora", "t", "rouge.rougeL", "even")
    assert (one.direction, one.number, one.kind) == ("higher", 3, "contrast")
    assert one.where.endswith("suite.yaml:5")


@pytest.mark.parametrize(
    "line, told",
    [
        (f"{{name: e, {ARM}, against: {{}}}}", "expectation 'e' is held against itself"),
        (f"{{name: e, {ARM}, against: {{candidate: bse}}}}", "unknown candidate 'bse' (did you"),
        (f"{{name: e, {ARM}, against: {{task: u}}}}", "unknown task 'u'"),
        (f"{{name: e, {ARM}, against: {{metric: rouge.k}}}}", "unknown metric 'rouge.k' (did you"),
        (f"{{name: e, {ARM}, against: {{slice: od}}}}", "unknown slice 'od' (did you mean 'odd'?"),
        (
            f"{{name: e, {ARM}, against: {{candidate: base}}, net_of: base}}",
            "expectation 'e' has net_of and another candidate in `against`",
        ),
        (f"{{name: e, {ARM}, agianst: {{slice: odd}}}}", "unknown key 'expect[0].agianst'"),
        (f"{{name: e, {ARM}, against: {{task: t}}}}", "expectation 'e' is held against itself"),
        (
            f"{{name: e, {ARM}, slice: odd, against: {{slice: even}}, net_of: lora}}",
            "expectation 'e' is net of its own candidate, which leaves 0 (name another",
        ),
        (
            f"{{name: e, {ARM}, kind: calibration, against: {{candidate: base}}}}",
            "calibration simulates answers that are right or wrong; rouge.rougeL is not so",
        ),
    ],
)
def test_what_is_wrong_is_one_line_with_its_place(tmp_path: Path, line: str, told: str) -> None:
    (found,) = problems(tmp_path, f"expect:\n  - {line}\n")
    assert found.startswith("suite.yaml:5: ")
    assert told in found


def test_what_has_no_common_scale_is_not_subtracted(tmp_path: Path) -> None:
    (tmp_path / "glossary.yaml").write_text("- {preferred: a, forbidden: [b]}\n", encoding="utf-8")
    text = (
        "glossary: glossary.yaml\nprofiles: {full: {tasks: {t: {scorers: [rouge, terminology]}}}}\n"
    )
    text += f"expect:\n  - {{name: e, {ARM}, against: {{metric: terminology.forbidden}}}}\n"
    write(tmp_path, text)
    with pytest.raises(SuiteError) as caught:
        load(tmp_path, "full")
    (found,) = [str(problem.what) for problem in caught.value.problems if "held" in problem.what]
    assert found == (
        "rouge.rougeL (share from 0 to 1) is held against "
        "terminology.forbidden (per 1,000 words from 0 to …)"
    )


def test_a_slice_of_all_cases_is_no_slice(tmp_path: Path) -> None:
    """Reports have none of that name, and the expectation would silently not be measured."""
    folder = write(
        tmp_path, f"expect:\n  - {{name: e, {ARM}, slice: odd, against: {{slice: even}}}}\n"
    )
    rows = [{**row, "tags": [*row["tags"], "odd"]} for row in CASES]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "cases.jsonl").write_text(lines, encoding="utf-8")
    with pytest.raises(SuiteError) as caught:
        load(folder)
    (found,) = caught.value.problems
    assert found.what == "slice 'odd' holds all 12 cases of task 't': write all"


def test_a_name_is_written_once(tmp_path: Path) -> None:
    line = f"  - {{name: e, {ARM}, against: {{candidate: base}}}}\n"
    assert problems(tmp_path, "expect:\n" + line * 2) == [
        "suite.yaml:6: expectation 'e' is written twice (rename one)"
    ]


def test_a_slice_that_a_profile_cannot_fill_is_told(tmp_path: Path) -> None:
    text = f"expect:\n  - {{name: e, {ARM}, slice: odd, against: {{slice: even}}}}\n"
    text += "profiles: {quick: {tasks: {t: {limit: 6}}}}\n"
    (folder := tmp_path).mkdir(exist_ok=True)
    write(folder, text)
    with pytest.raises(SuiteError) as caught:
        load(folder, "quick")
    assert [p.what for p in caught.value.problems] == [
        "slice 'odd' has 3 of the 6 cases of task 't'",
        "slice 'even' has 3 of the 6 cases of task 't'",
    ]


# ---------------------------------------------------------------- recipes


@pytest.mark.parametrize(
    "recipes, told",
    [
        ("{lora: {start: lra}}", "unknown recipe 'lra' (did you mean 'lora'?)"),
        ("{lora: {start: lora}}", "recipe 'lora' starts from itself"),
        ("{lora: {start: b}, b: {start: lora}}", "recipe 'lora' starts from itself"),
        ("{lora: {start: b}, b: {rank: 8}}", "recipe 'lora' has rank 16, its start b has 8"),
        ("{lora: {start: b}, b: {alpha: 8}}", "recipe 'lora' has alpha 32, its start b has 8"),
        ("{lora: {start: b}, b: {rslora: true}}", "has rslora False, its start b has True"),
        (
            "{lora: {start: b, targets: [v, q]}, b: {targets: [q]}}",
            "recipe 'lora' has targets [q, v], its start b has [q] (give both the same targets)",
        ),
        ("{lora: {only: [od]}}", "unknown row tag 'od' (did you mean 'old'?"),
        ("{lora: {only: [old], without: [old]}}", "recipe 'lora' leaves no training row"),
    ],
)
def test_a_recipe_that_cannot_be_trained_is_told_before_anything_is(
    tmp_path: Path, recipes: str, told: str
) -> None:
    candidates = "candidates: {base: {}, lora: {adapter: lora}}\n"
    found = problems(tmp_path, f"recipes: {recipes}\n{candidates}")
    assert any(told in line for line in found)


# ---------------------------------------------------------------- candidates and cases


@pytest.mark.parametrize(
    "retrieve, told",
    [
        ("{k: 0}", "retrieve.k"),
        ("{retriever: bm52}", "unknown retriever 'bm52' (did you mean 'bm25'?"),
        ("{template: '{input}'}", "retrieve.template has no {context}"),
        ("{chunk_chars: 100, overlap: 100}", "overlap 100 is not below chunk_chars 100"),
    ],
)
def test_a_candidates_own_retrieval_is_checked_as_the_suites_is(
    tmp_path: Path, retrieve: str, told: str
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("A text.", encoding="utf-8")
    text = "documents: docs\ncandidates:\n  base: {}\n"
    text += f"  found: {{context: retrieved, retrieve: {retrieve}}}\n"
    (found,) = problems(tmp_path, text)
    assert told.removeprefix("retrieve.") in found


def test_the_suites_settings_stay_where_the_candidate_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("A text.", encoding="utf-8")
    text = "documents: docs\nretrieve: {k: 3, max_chars: 99}\ncandidates:\n  base: {}\n"
    text += "  found: {context: retrieved, retrieve: {max_chars: 50, index: 2020-01-01}}\n"
    found = load(write(tmp_path, text)).candidates[1].retrieve
    assert found is not None
    assert (found.k, found.max_chars, str(found.index)) == (3, 50, "2020-01-01")


def test_a_builtin_file_is_named_and_a_wrong_name_gets_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, "")
    path = tmp_path / "suite.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("cases.jsonl, scorers: [rouge]", "'builtin:general', scorers: [regression]"),
        encoding="utf-8",
    )
    assert len(load(tmp_path).tasks[0].cases) > 50
    path.write_text(text.replace("cases.jsonl", "'builtin:genral'"), encoding="utf-8")
    with pytest.raises(SuiteError) as caught:
        load(tmp_path)
    assert [p.what for p in caught.value.problems] == ["unknown builtin file 'genral'"]


def test_a_case_is_asked_on_its_own_day(tmp_path: Path) -> None:
    """Tags, gold documents and what may be read follow it."""
    write(tmp_path, "facts: facts.jsonl\ndocuments: docs\n" + DATES)
    (tmp_path / "docs").mkdir()
    heads = {"old": "valid_to: 2022-01-01", "new": "valid_from: 2022-01-01", "hidden": HIDDEN}
    for name, head in heads.items():
        text = f"---\nfacts: [f]\n{head}\n---\nThe fee."
        (tmp_path / "docs" / f"{name}.md").write_text(text, encoding="utf-8")
    versions = [
        {"value": "5", "valid_from": "2010-01-01", "valid_to": "2022-01-01"},
        {"value": "6", "valid_from": "2022-01-01"},
    ]
    fact = {"id": "f", "entity": "fee", "attribute": "rate", "versions": versions}
    (tmp_path / "facts.jsonl").write_text(json.dumps(fact) + "\n", encoding="utf-8")
    rows = [
        {"input": "Then?", "output": "5", "fact": "f", "as_of": "2021-06-01"},
        {"input": "Now?", "output": "6", "fact": "f"},
        {"input": "Else?", "output": "6", "fact": "f", "gold": ["hidden"]},
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "cases.jsonl").write_text(text, encoding="utf-8")
    cases = load(tmp_path).tasks[0].cases
    assert [(str(c.as_of), c.tags, c.gold) for c in cases] == [
        ("2021-06-01", ("unchanged",), ("old",)),
        ("2024-01-01", ("changed", "age-1-to-3-years"), ("new",)),
        ("2024-01-01", ("changed", "age-1-to-3-years"), ("hidden",)),
    ]


DATES = "dates: {trained_until: 2020-01-01, as_of: 2024-01-01}\ncandidates: {base: {}}\n"
HIDDEN = "searchable: false"
