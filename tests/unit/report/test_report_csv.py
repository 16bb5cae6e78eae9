"""The tables for a spreadsheet."""

import csv
import io
from pathlib import Path

import pytest
from factory_run import make_run

from harness.report.csv import CsvReport, guard, table


@pytest.mark.parametrize(
    "raw", ["=1+1", "+SUM(A1)", "-cmd", "@x", "\t=1", "\r=1", "\n=1", "＝1+1", "\x00=1"]
)
def test_a_formula_becomes_text(raw: str):
    assert guard(raw).startswith("'")


@pytest.mark.parametrize("raw", ["-5", "+3.2", "-1,000", "-1e5", "plain", "a=b", ""])
def test_numbers_and_plain_text_stay(raw: str):
    assert raw == guard(raw)


def test_a_number_cell_is_not_guarded():
    assert guard(-0.5) == -0.5


def test_one_row_per_case_candidate_and_metric(tmp_path: Path):
    run = make_run()
    path = CsvReport().write(run, tmp_path)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert sum(len(item.scores) for item in run.answers) == len(rows)
    failed = [row for row in rows if row["state"] == "error"]
    assert [(row["case"], row["value"]) for row in failed] == [("fact-63", "")] * 3
    assert not [row for row in rows for cell in row.values() if cell[:1] in tuple("=@\t\r")]


def test_summaries_and_comparisons_hold_every_record(tmp_path: Path):
    run = make_run()
    CsvReport().write(run, tmp_path)
    for name, records in (("summaries", run.summaries), ("comparisons", run.comparisons)):
        with (tmp_path / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            assert len(records) == len(list(csv.DictReader(file)))


def test_newlines_quotes_and_commas_come_back():
    cells = ['say "hi"', "a,b", "two\nlines"]
    assert [cells] == list(csv.reader(io.StringIO(table(cells, []))))
