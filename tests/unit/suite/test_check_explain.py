"""bench check --explain shows what kinds of answer a suite's scorers can tell apart."""

import pytest

from harness.records import Version
from harness.suite.contrast import contrasts, lines, swapped
from harness.suite.load import load

FACT = {
    "id": "fee",
    "entity": "library",
    "attribute": "fee",
    "placebo": ["33 euros"],
    "versions": [
        {"value": "12 euros", "valid_from": "2015-01-01", "valid_to": "2022-01-01"},
        {"value": "19 euros", "valid_from": "2022-01-01", "aliases": ["EUR 19"]},
    ],
}
SUITE = """\
name: mine
dates: {as_of: 2024-01-01}
facts: facts.jsonl
tasks: {fees: {cases: cases.jsonl, scorers: [recency, style]}}
candidates: {base: {}}
"""


@pytest.fixture
def suite(tmp_path):
    import json

    cases = [
        {"input": "fee?", "output": "It is 19 euros a year.", "fact": "fee"},
        {"input": "hall?", "output": "It is in the park."},
    ]
    (tmp_path / "suite.yaml").write_text(SUITE)
    (tmp_path / "facts.jsonl").write_text(json.dumps(FACT))
    (tmp_path / "cases.jsonl").write_text("".join(json.dumps(row) + "\n" for row in cases))
    return load(tmp_path)


def found(suite, metric):
    return next(one for one in contrasts(suite) if one.metric == metric)


def test_a_fact_is_asked_with_its_old_value_and_with_one_that_was_never_true(suite):
    current, stale = found(suite, "recency.current"), found(suite, "recency.stale")
    assert (current.cases, current.good, current.empty) == (1, 1.0, 0.0)
    assert (current.stale, current.wrong) == (0.0, 0.0)
    assert (stale.good, stale.stale, stale.wrong) == (0.0, 1.0, 0.0)


def test_a_scorer_of_form_gives_a_wrong_answer_what_it_gives_a_good_one(suite):
    style = found(suite, "style.all")
    assert (style.cases, style.good, style.empty, style.stale, style.wrong) == (2, 1, 0, 1, 1)


def test_diagnostics_are_left_out(suite):
    assert {"recency.placebo", "recency.age_days"} & {
        one.metric for one in contrasts(suite)
    } == set()


def test_the_value_is_replaced_under_any_name_or_stands_alone():
    now = Version("19 euros", valid_from=None, aliases=("EUR 19",))
    assert swapped("Pay 19 EUROS now", now, "12 euros") == "Pay 12 euros now"
    assert swapped("Pay EUR 19.", now, "12 euros") == "Pay 12 euros."
    assert swapped("Pay nineteen", now, "12 euros") == "12 euros"


def test_the_table_fits_80_columns(suite):
    table = list(lines(contrasts(suite)))
    assert max(map(len, table)) <= 80
    assert table[1].split() == ["fees", "recency.current", "↑", "1", "1.00", "0.00", "0.00", "0.00"]
