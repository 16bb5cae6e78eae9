"""run.json goes out and comes back."""

import dataclasses
import json
from pathlib import Path

import pytest
from factory_run import make_run

from harness.errors import UsageError
from harness.report import json as report_json


def _plain_run():
    """A run without lone surrogates, which no JSON file can hold."""
    run = make_run()
    keep = tuple(item for item in run.answers if "\ud83d" not in item.answer.text)
    return dataclasses.replace(run, answers=keep)


def test_a_run_comes_back_equal(tmp_path: Path):
    run = _plain_run()
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
