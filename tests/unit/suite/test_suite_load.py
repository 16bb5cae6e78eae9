"""A good suite becomes the records that it says; what it leaves out has a documented default."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from harness.errors import SuiteError, UnknownNameError, UsageError
from harness.records import AdapterSource, Prompt, Recipe, Rule, ScorerSpec
from harness.suite.load import load

FACT = {
    "id": "ceiling",
    "entity": "gratuity",
    "attribute": "maximum",
    "versions": [
        {"value": "10 lakh", "valid_from": "2010-05-24", "valid_to": "2018-03-29"},
        {"value": "20 lakh", "valid_from": "2018-03-29"},
    ],
}
OLD = "---\nid: old\nvalid_to: 2018-03-29\nfacts: [ceiling]\n---\nTen lakh.\n"
NEW = "---\ntitle: Now\nvalid_from: 2018-03-29\nfacts: [ceiling]\n---\nTwenty lakh.\n"
DATED = {
    "dates": {"trained_until": "2016-12-31", "as_of": "2020-01-01"},
    "facts": "facts.jsonl",
    "documents": "documents/",
}
DATED_FILES = {
    "facts.jsonl": [FACT],
    "documents/old.md": OLD,
    "documents/new.md": NEW,
    "cases.jsonl": [{"input": "how much?", "output": "20 lakh.", "fact": "ceiling"}],
}


def names(candidates):
    return [candidate.name for candidate in candidates]


def test_three_lines_are_a_suite(write):
    suite = load(write())
    assert suite.name == "mine"
    assert [row.output for row in suite.train] == ["1.", "2."]
    assert [row.id for row in suite.train] == ["train-1", "train-2"]
    assert suite.train[1].where == "s/train.jsonl:2"
    assert suite.tasks[0].scorers == (ScorerSpec("style"), ScorerSpec("rouge"))
    assert names(suite.candidates) == ["base", "lora"]
    assert suite.candidates[1].adapter == AdapterSource("recipe", "lora")
    assert suite.recipes == (Recipe("lora"),)
    assert (suite.profile, suite.model) == ("full", "embedded:smollm2-135m")


def test_folder_and_file_name_the_same_suite(write):
    folder = write()
    assert load(folder / "suite.yaml") == load(folder) == load(str(folder))
    assert load(f"../{Path.cwd().name}/s").train[0].output == "1."


def test_defaults_follow_what_the_suite_has(write):
    suite = load(
        write(
            DATED | {"prompts": {"house": "house.md"}},
            DATED_FILES | {"house.md": "Be brief.\n"},
        )
    )
    expected = ["base", "lora", "base+house", "base+retrieved", "base+gold"]
    assert names(suite.candidates) == [*expected, "lora+retrieved", "lora+gold"]
    assert [spec.name for spec in suite.tasks[0].scorers] == ["style", "rouge", "recency"]
    assert suite.prompts == (Prompt("house", "Be brief.", "{input}"),)


def test_a_suite_without_training_rows_compares_without_adapters(write):
    suite = load(write({"train": None}))
    assert (suite.train, names(suite.candidates)) == ((), ["base"])


def test_default_gold_candidates_stay_off_tasks_without_gold(write):
    suite = load(write(DATED, DATED_FILES | {"cases.jsonl": [{"input": "a?", "output": "b"}]}))
    assert suite.tasks[0].candidates == ("base", "lora", "base+retrieved", "lora+retrieved")


def test_a_fact_case_gets_tag_gold_and_cluster(write):
    case = load(write(DATED, DATED_FILES)).tasks[0].cases[0]
    assert case.as_of == date(2020, 1, 1)
    assert case.tags == ("changed", "age-1-to-3-years")
    assert case.gold == ("new",)
    assert case.cluster == "ceiling"


@pytest.mark.parametrize(
    "until, tag", [("2019-01-01", "unchanged"), ("2018-03-28", "changed"), ("2009-01-01", "new")]
)
def test_a_fact_case_is_tagged_by_what_happened_since_training(write, until, tag):
    dates = {"dates": {"trained_until": until, "as_of": "2020-01-01"}}
    assert load(write(DATED | dates, DATED_FILES)).tasks[0].cases[0].tags[0] == tag


def test_cluster_is_the_source_else_the_case(write):
    cases = [{"input": "a?", "output": "b", "source": "memo"}, {"input": "c?", "output": "d"}]
    loaded = load(write(files={"cases.jsonl": cases})).tasks[0].cases
    assert [case.cluster for case in loaded] == ["memo", "cases-2"]


def test_files_of_one_stem_get_ids_from_their_path(write):
    tasks = {"tasks": {"t": {"cases": ["a/x.jsonl", "b/x.jsonl"]}}}
    files = {f"{d}/x.jsonl": [{"input": f"{d}?", "output": "y"}] for d in "ab"}
    assert [case.id for case in load(write(tasks, files)).tasks[0].cases] == ["a-x-1", "b-x-1"]


@pytest.mark.parametrize(
    "profile, has_gpu, expected",
    [(None, False, "quick"), (None, True, "full"), ("full", False, "full")],
)
def test_profile_is_quick_without_a_gpu_and_full_with_one(write, profile, has_gpu, expected):
    folder = write({"profiles": {"quick": {}, "full": None}})
    assert load(folder, profile, has_gpu=has_gpu).profile == expected


def test_a_profile_is_laid_over_key_by_key(write):
    text = """\
name: mine
train: train.jsonl
tasks: {t: {cases: cases.jsonl}}
recipes: {lora: {rank: 8, learning_rate: 1e-3}}
profiles: {quick: {train: {limit: 1}, recipes: {lora: {epochs: 1}}}}
"""
    folder = write(files={"suite.yaml": text})
    quick, full = load(folder), load(folder, "full")
    assert (len(quick.train), len(full.train)) == (1, 2)
    assert quick.recipes == (Recipe("lora", rank=8, learning_rate=1e-3, epochs=1),)
    assert full.recipes == (Recipe("lora", rank=8, learning_rate=1e-3),)


@pytest.mark.parametrize(
    "over, expected",
    [
        ({"tasks": {"answer": {"limit": 3}}}, "unknown task 'answer' (did you mean 'answers'?)"),
        ({"recipes": {"lara": {"rank": 8}}}, "unknown recipe 'lara' (did you mean 'lora'?)"),
        ({"name": "other"}, "a profile cannot change 'name' (remove it)"),
        ({"sampling": {"seed": -1}}, "sampling.seed is -1 (should be greater than or equal to 0)"),
    ],
)
def test_a_fault_in_a_profile_is_found_whichever_profile_is_used(write, over, expected):
    folder = write({"profiles": {"slow": over}})
    with pytest.raises(SuiteError) as caught:
        load(folder, "full")
    lines = [str(problem) for problem in caught.value.problems]
    assert [line.partition(": ")[2] for line in lines] == [expected]


def test_hundreds_of_bad_rows_are_counted_not_listed(write):
    rows = [{"prompt": f"{n}?", "output": "x"} for n in range(200)]
    with pytest.raises(SuiteError) as caught:
        load(write(files={"train.jsonl": rows}))
    lines = [str(problem) for problem in caught.value.problems]
    assert (len(lines), lines[-1]) == (51, "s/train.jsonl: … and 350 more problems")


def test_an_unknown_profile_names_the_nearest(write):
    with pytest.raises(UnknownNameError, match=r"unknown profile 'ful' \(did you mean 'full'\?\)"):
        load(write(), "ful")


def test_no_suite_at_the_path_is_one_line(write):
    write()
    with pytest.raises(UsageError, match=r"ss: no such suite \(did you mean 's'\?\)"):
        load("ss")


def test_a_byte_order_mark_windows_line_ends_and_odd_separators_are_read(write):
    row = '{"input": "a\u2028b?", "output": "c"}\r\n\r\n'
    files = {"cases.jsonl": b"\xef\xbb\xbf" + row.encode()}
    assert load(write(files=files)).tasks[0].cases[0].input == "a\u2028b?"


def test_rules_and_relative_paths_become_records(write):
    gate = [
        {
            "kind": "at_least",
            "candidate": "base",
            "task": "answers",
            "metric": "style.all",
            "value": 0.5,
        }
    ]
    suite = load(write({"gate": gate, "model": "./model"}))
    where = suite.rules[0].where
    assert suite.rules == (
        Rule("at_least", "base", "answers", "style.all", value=0.5, where=where),
    )
    assert where.startswith("s/suite.yaml:")
    assert suite.model == str(Path.cwd() / "s" / "model")


def test_exposures_of_a_sampled_training_set_are_those_of_the_sample(write):
    rows = [{"input": f"{n}?", "output": "10 lakh", "fact": "ceiling"} for n in range(4)]
    files = DATED_FILES | {"facts.jsonl": [FACT | {"exposures": 4}], "train.jsonl": rows}
    train = {"train": {"file": "train.jsonl", "limit": 3}}
    assert load(write(DATED | train, files)).facts[0].exposures == 3


def test_loading_needs_no_heavy_library():
    code = (
        "import sys, harness.suite.load, harness.suite.check, harness.suite.init;"
        "print([m for m in ('torch','transformers','numpy','pandas') if m in sys.modules])"
    )
    root = Path(__file__).parents[3]
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root
    )
    assert ran.stdout.strip() == "[]"


def sliced(write, tags, limit=None):
    cases = [{"input": f"case {n}?", "output": "x", "tags": t} for n, t in enumerate(tags)]
    rule = {"kind": "at_least", "candidate": "base", "task": "answers", "metric": "style.all"}
    task = {"cases": "cases.jsonl", "scorers": ["style"]} | ({"limit": limit} if limit else {})
    suite = {"tasks": {"answers": task}, "gate": [rule | {"slice": "hard", "value": 0.5}]}
    return write(suite, {"cases.jsonl": cases})


def test_a_gate_slice_needs_five_of_the_cases_that_are_sampled(write):
    five = [["hard"]] * 5 + [["easy"]] * 5
    assert len(load(sliced(write, five)).rules) == 1
    with pytest.raises(SuiteError) as caught:
        load(sliced(write, five, limit=6))
    assert [str(problem).partition(": ")[2] for problem in caught.value.problems] == [
        (
            "slice 'hard' has 3 of the 6 cases of task 'answers'"
            " (a slice needs at least 5: add cases, raise the limit, or drop the rule)"
        )
    ]


def test_a_gate_slice_of_four_cases_is_a_problem_of_the_suite(write):
    with pytest.raises(SuiteError) as caught:
        load(sliced(write, [["hard"]] * 4 + [["easy"]] * 5))
    (problem,) = caught.value.problems
    assert "slice 'hard' has 4 of the 9 cases of task 'answers'" in str(problem)


def test_a_gate_slice_of_all_cases_is_called_all(write):
    with pytest.raises(SuiteError) as caught:
        load(sliced(write, [["hard"]] * 6))
    (problem,) = caught.value.problems
    assert "slice 'hard' holds all 6 cases of task 'answers' (write slice: all)" in str(problem)


def test_a_slice_that_no_case_has_is_one_problem(write):
    with pytest.raises(SuiteError) as caught:
        load(sliced(write, [["harsh"]] * 6))
    assert len(caught.value.problems) == 1
    assert "did you mean 'harsh'" in str(caught.value.problems[0])
