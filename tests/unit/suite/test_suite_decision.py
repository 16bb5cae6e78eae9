"""`decision:` of a suite: targets, prices and rates, with every mistake told at once."""

import json
from datetime import date
from pathlib import Path

import pytest

from harness.errors import SuiteError
from harness.records import Policy
from harness.suite.load import load
from harness.suite.schema import json_schema

ROWS = [{"input": f"q{i}", "output": "a"} for i in range(12)]
CASES = [{"input": f"c{i}", "output": "a"} for i in range(12)]


def write(folder: Path, text: str) -> Path:
    (folder / "suite.yaml").write_text(
        "name: s\ntrain: train.jsonl\ntasks: {t: {cases: cases.jsonl, scorers: [style]}}\n" + text,
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


def test_a_suite_without_the_section_has_the_defaults(tmp_path: Path) -> None:
    assert load(write(tmp_path, "")).decision == Policy()
    assert load(write(tmp_path, "decision:\n")).decision == Policy()


def test_the_section_is_read_as_it_is_written(tmp_path: Path) -> None:
    text = (
        "decision:\n  targets: {style: 0.95, changing facts: 0.8}\n  prices: {label: 2}\n"
        "  rates: {queries_per_day: 500, recall: 0.9}\n  currency: INR\n"
        "  priced_on: 2026-11-01\n  source: our invoices\n"
    )
    expected = Policy(
        targets={"style": 0.95, "changing facts": 0.8},
        prices={"label": 2.0},
        rates={"queries_per_day": 500.0, "recall": 0.9},
        currency="INR",
        priced_on=date(2026, 11, 1),
        source="our invoices",
    )
    assert load(write(tmp_path, text)).decision == expected


@pytest.mark.parametrize(
    "line, told",
    [
        (
            "targets: {stable-facts: 0.9}",
            "unknown need 'stable-facts' (did you mean 'stable facts'",
        ),
        ("prices: {lable: 1}", "unknown price 'lable' (did you mean 'label'?)"),
        (
            "rates: {query_per_day: 1}",
            "unknown rate 'query_per_day' (did you mean 'queries_per_day'",
        ),
        ("prices: {label: -1}", "decision.prices.label is -1"),
        ("prices: {label: cheap}", "decision.prices.label is 'cheap' (should be a number"),
        ("prices: {label: .inf}", "decision.prices.label is Infinity"),
        ("rates: {recall: 90}", "decision.rates.recall is 90 (a share lies between 0 and 1)"),
        ("targets: {style: 90}", "decision.targets.style is 90, which style.all never is"),
        ("target: {style: 0.9}", "unknown key 'decision.target' (did you mean 'targets'?)"),
        ("priced_on: yesterday", "decision.priced_on is 'yesterday' (should be a date"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_the_nearest_name(
    tmp_path: Path, line: str, told: str
) -> None:
    (found,) = problems(tmp_path, f"decision:\n  {line}\n")
    assert found.startswith("suite.yaml:5: ")
    assert told in found


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    text = (
        "decision:\n  targets: {styel: 0.9}\n  prices: {label: x}\n  rates: {recal: 1}\n"
        "gate:\n  - {kind: at_least, candidate: bse, task: t, metric: style.all, value: 0.5}\n"
    )
    found = " ".join(problems(tmp_path, text))
    assert [part in found for part in ("'styel'", "prices.label", "'recal'", "'bse'")] == [True] * 4


def test_a_section_that_is_no_mapping_is_told(tmp_path: Path) -> None:
    assert problems(tmp_path, "decision: cheap\n") == [
        "suite.yaml:4: decision is 'cheap' (should be a mapping: one DecisionSpec)"
    ]


def test_editors_know_the_section() -> None:
    section = json_schema()["$defs"]["DecisionSpec"]
    assert set(section["properties"]) == {
        "targets",
        "prices",
        "rates",
        "currency",
        "priced_on",
        "source",
    }
    assert section["additionalProperties"] is False
