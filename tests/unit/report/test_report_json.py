"""run.json goes out and comes back."""

import dataclasses
import json
import math
from pathlib import Path

import jsonschema
import pytest
from factory_decision import decided
from factory_run import empty_run, make_run
from jsonschema.exceptions import best_match

from harness.errors import UsageError
from harness.report import json as report_json


def _plain_run():
    """A run without lone surrogates, which no JSON file can hold."""
    run = make_run()
    keep = tuple(item for item in run.answers if "\ud83d" not in item.answer.text)
    return dataclasses.replace(run, answers=keep)


def test_a_run_comes_back_equal(tmp_path: Path):
    run = decided(_plain_run())
    path = report_json.JsonReport().write(run, tmp_path)
    assert run == report_json.read(path)


def test_a_lone_surrogate_does_not_cost_the_run(tmp_path: Path):
    run = make_run()
    path = report_json.JsonReport().write(run, tmp_path)
    texts = [item.answer.text for item in report_json.read(path).answers]
    assert "broken \ufffd surrogate \x00 nul \ufffe" in texts
    assert len(run.answers) == len(texts)


def test_another_schema_version_names_the_remedy(tmp_path: Path):
    path = tmp_path / "run.json"
    path.write_text(json.dumps({"schema": 99}), encoding="utf-8")
    with pytest.raises(UsageError, match=r"schema version 99.*`bench run` again") as caught:
        report_json.read(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content, said",
    [
        ("{", "not JSON"),
        ("[]", "no schema version"),
        ('{"schema": 1, "id": 5}', "id: .*found 5"),
    ],
)
def test_a_broken_file_is_one_line(tmp_path: Path, content: str, said: str):
    path = tmp_path / "run.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=said) as caught:
        report_json.read(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_names_the_nearest_one(tmp_path: Path):
    (tmp_path / "run.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError, match=r"did you mean '.*run\.json'"):
        report_json.read(tmp_path / "runs.json")


def test_the_schema_names_every_field_of_a_run():
    schema = report_json.json_schema()
    expected = {field.name for field in dataclasses.fields(make_run())}
    assert expected == set(schema["properties"])


def test_the_version_written_is_the_version_read():
    assert make_run().schema == report_json.SCHEMA


def _errors(data: object) -> list[str]:
    schema = report_json.json_schema()
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    found = (best_match([error]) for error in validator.iter_errors(data))
    return [f"{error.json_path}: {error.message}" for error in found]


@pytest.mark.parametrize("run", [decided(make_run()), make_run(), empty_run()])
def test_what_is_written_is_valid_by_the_published_schema(run):
    assert _errors(json.loads(report_json.dumps(run))) == []


def test_a_file_from_before_runs_had_conclusions_is_valid_and_read(tmp_path: Path):
    data = json.loads(report_json.dumps(_plain_run()))
    for name in ("claims", "decision", "curves", "break_even", "methods", "setup", "notes"):
        del data[name]
    assert _errors(data) == []
    path = tmp_path / "run.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    assert report_json.read(path).decision is None


@pytest.mark.parametrize(
    "place, value, said",
    [
        (("schema",), 2, "$.schema: 1 was expected"),
        (("id",), 7, "$.id: 7 is not of type 'string'"),
        (("summaries", 0, "n"), "many", "$.summaries[0].n: 'many' is not of type 'integer'"),
        (
            ("decision", "needs", 0, "sure"),
            "certain",
            "$.decision.needs[0].sure: 'certain' is not one of",
        ),
        (("claims", 0, "answer"), "yes", "$.claims[0].answer: 'yes' is not one of"),
    ],
)
def test_a_wrong_field_is_found_by_the_published_schema(place, value, said: str):
    data = json.loads(report_json.dumps(decided(make_run())))
    holder = data
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = value
    (found,) = _errors(data)
    assert said in found


def test_a_missing_field_is_found_by_the_published_schema():
    data = json.loads(report_json.dumps(make_run()))
    del data["suite"]
    assert _errors(data) == ["$: 'suite' is a required property"]


def test_a_number_that_json_lacks_is_written_as_a_word_and_comes_back(tmp_path: Path):
    run = decided(_plain_run())
    cost = dataclasses.replace(run.break_even, optimal_days=math.inf, retrain={"5 %": math.inf})
    path = report_json.JsonReport().write(dataclasses.replace(run, break_even=cost), tmp_path)
    told = json.loads(path.read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert told["break_even"]["optimal_days"] == "Infinity"
    assert report_json.read(path).break_even == cost
