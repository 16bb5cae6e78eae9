"""What is alike between training and cases, and inside each, with places."""

import json
import random
import time
from pathlib import Path

from harness.suite.init import init
from harness.suite.leak import EXAMPLES, Text, leakage, lines, suite_leakage
from harness.suite.load import load

TRAIN = ["How do I return my lamp?", "how do i return my LAMP", "Where is the town hall?", "Open?"]
CASES = ["How do I return my lamps?", "Where is the town hall", "Close?", "close"]


def report():
    train = [Text(text, f"train.jsonl:{n}") for n, text in enumerate(TRAIN, 1)]
    cases = [Text(text, f"cases.jsonl:{n}", "t") for n, text in enumerate(CASES, 1)]
    return leakage(train, cases)


def test_exact_and_near_ones_are_counted_by_where_they_are():
    found = report()
    exact = {place: one.count for place, one in found.exact.items()}
    near = {place: one.count for place, one in found.alike.items()}
    assert exact == {"between": 1, "training": 1, "cases": 1}
    assert near == {"between": 1, "training": 0, "cases": 0}
    assert found.crossing == 2


def test_examples_name_both_places():
    found = report()
    (exact,), (near,) = found.exact["between"].examples, found.alike["between"].examples
    assert (exact.where, exact.like, exact.score) == ("cases.jsonl:2", "train.jsonl:3", 1.0)
    assert (near.where, near.like, near.score < 1) == ("cases.jsonl:1", "train.jsonl:1", True)


def test_the_lines_hold_thresholds_counts_and_examples_in_80_columns():
    said = list(lines(report()))
    assert "near is" in said[0]
    assert "0.8 of 5-letter pieces" in said[1]
    assert "  cases that training asks too   exact      1   near      1" in said
    assert "    cases.jsonl:1 ~ train.jsonl:1 (0.87)" in said
    assert max(map(len, said)) <= 80


def test_a_threshold_can_be_moved():
    train, cases = (
        [Text("how do i return my lamp", "t:1")],
        [Text("how do i return my lamps", "c:1", "t")],
    )
    assert leakage(train, cases, near=0.99).alike["between"].count == 0


def test_two_tasks_may_ask_the_same_and_many_examples_are_cut():
    cases = [Text("one and the same", f"c:{n}", f"task{n}") for n in range(3)]
    assert leakage([], cases).exact["cases"].count == 0
    same = [Text("one and the same", f"t:{n}") for n in range(20)]
    found = leakage(same, []).exact["training"]
    assert (found.count, len(found.examples)) == (19, EXAMPLES)


def test_ten_thousand_rows_against_a_thousand_cases_take_seconds():
    rng = random.Random(1)
    words = ["".join(rng.choices("abcdefghijklmnop", k=rng.randint(2, 9))) for _ in range(2000)]
    weights = [1 / (n + 1) for n in range(2000)]
    texts = [
        " ".join(rng.choices(words, weights, k=rng.choice((8, 14, 50)))) for _ in range(10_000)
    ]
    planted = [f"{text} s" for text in texts[:1000]]
    start = time.process_time()
    found = leakage(
        [Text(text, f"t:{n}") for n, text in enumerate(texts)],
        [Text(text, f"c:{n}", "t") for n, text in enumerate(planted)],
    )
    assert time.process_time() - start < 10
    assert found.crossing > 950


def test_a_suite_is_held_against_itself_and_cases_of_bench_only_against_training(write):
    folder = write(
        {"tasks": {"answers": {"cases": "cases.jsonl"}, "general": {"cases": "builtin:general"}}},
        {"train.jsonl": [{"input": "Where is the hall?", "output": "x"}]},
    )
    found = suite_leakage(load(folder))
    assert (found.training, found.cases) == (1, 121)
    assert {one.count for one in found.alike.values()} == {0}


def test_questions_that_share_only_their_subject_or_their_template_are_not_near():
    asked = ["starting dose", "half-life in hours", "price in euros", "tablet strength"]
    drugs = ["paracetamol", "ibuprofen", "amoxicillin", "metformin", "cetirizine", "omeprazole"]
    texts = [f"What is the {what} of {drug}?" for drug in drugs * 3 for what in asked]
    found = leakage([Text(text, str(n)) for n, text in enumerate(texts)], [])
    assert (found.alike["training"].count, found.exact["training"].count) == (0, 48)
    texts.append("What is the starting dose of paracetamols?")
    found = leakage([Text(text, str(n)) for n, text in enumerate(texts)], [])
    assert found.alike["training"].count == 1


def test_what_init_counts_check_counts(tmp_path, monkeypatch):
    """Cases that come with bench do not change what is a template of the user's own."""
    monkeypatch.chdir(tmp_path)
    nouns = ("orders", "users", "items", "visits", "drafts", "notes", "teams", "roles")
    verbs = ("Count all", "List all", "Sort", "Delete old", "Archive", "Show new", "Merge", "Share")
    rows = [
        {"input": f"{verb} {noun} by id descending", "output": f"{verb} {noun}. It is done now."}
        for noun in nouns
        for verb in verbs
    ]
    Path("rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    made = init("s", "s", "rows.jsonl").leakage
    loaded = suite_leakage(load("s"))
    assert {place: one.count for place, one in loaded.alike.items()} == {
        place: one.count for place, one in made.alike.items()
    }
