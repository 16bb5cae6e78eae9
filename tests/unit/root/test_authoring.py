"""`bench init` and `bench check` as a person and as a script see them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness import cli
from harness.errors import UsageError

ROWS = "Frage,Antwort,id\n" + "".join(
    f"Where is the {noun} for {place}?,It is in {place}.,{place}-{noun}\n"
    for noun in ("lamp", "chair", "kettle", "radio")
    for place in ("Oslo", "Bonn", "Rome", "Lima", "Cork")
)
COLUMNS = ("--input", "Frage", "--output", "Antwort")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text(ROWS)


def ask(*words):
    done = CliRunner().invoke(cli.cli, list(words), catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def test_columns_that_are_named_on_the_command_line_are_read():
    said = ask("init", "new", "--from", "rows.csv", *COLUMNS)
    assert said.splitlines()[0] == (
        "read 20 rows of rows.csv: input from 'Frage', output from 'Antwort', id from 'id'"
    )
    asked = [json.loads(line)["id"] for line in Path("new/cases.jsonl").read_text().splitlines()]
    assert (len(asked), said.splitlines()[-1]) == (4, "next: bench check new && bench run new")


def test_a_script_gets_the_profile_the_leakage_and_the_contrasts_as_json():
    made = json.loads(ask("init", "new", "--from", "rows.csv", *COLUMNS, "--json"))
    assert (made["profile"]["rows"], made["leakage"]["exact"]["between"]["count"]) == (20, 0)
    assert made["files"][0] == "new/suite.yaml"
    (found,) = json.loads(ask("check", "new", "--explain", "--json"))
    assert (found["suite"], found["rows"], found["leakage"]["near"]) == ("new", 16, 0.8)
    kept = [one for one in found["contrasts"] if one["metric"] == "style.all"]
    assert [(one["good"], one["empty"]) for one in kept] == [(1.0, 0.0)]


def test_thresholds_move_what_counts_as_near():
    ask("init", "new", "--from", "rows.csv", *COLUMNS)
    strict, loose = (
        json.loads(ask("check", "new", "--json", "--near", near))[0]["leakage"]["alike"]
        for near in ("1", "0.2")
    )
    assert strict["training"]["count"] < loose["training"]["count"]


def test_the_number_of_cases_can_be_chosen():
    ask("init", "new", "--from", "rows.csv", *COLUMNS, "--cases", "2")
    assert len(Path("new/cases.jsonl").read_text().splitlines()) == 2


@pytest.mark.parametrize(
    "words, expected",
    [
        (
            ("init", "new", "--input", "a"),
            "--input says how to read data (name the data with --from)",
        ),
        (
            ("init", "new", "--skip-bad"),
            "--skip-bad says how to read data (name the data with --from)",
        ),
        (("check", "new", "--near", "nan"), "--near is nan (give more than 0, at most 1)"),
        (("check", "new", "--overlap", "0"), "--overlap is 0 (give more than 0, at most 1)"),
    ],
)
def test_an_option_that_would_do_nothing_is_one_line(words, expected):
    with pytest.raises(UsageError) as caught:
        CliRunner().invoke(cli.cli, list(words), catch_exceptions=False)
    assert str(caught.value) == expected


def test_the_examples_of_the_help_are_a_line_each():
    lines = [line.strip() for line in ask("init", "--help").splitlines()]
    assert "bench init my-suite --from tickets.csv" in lines
    assert not [line for line in lines if line.startswith("\\b")]
