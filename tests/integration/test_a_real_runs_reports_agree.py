"""The reports of a run that was trained, answered and scored say the same numbers."""

import json

import agreeing
import jsonschema
from command import Done

from harness.report.json import json_schema


def test_every_report_says_the_same_numbers(done: Done) -> None:
    files = agreeing.Files(done.folder)
    assert agreeing.tables_differ(files) == []
    assert agreeing.recomputed_differ(files) == []
    assert agreeing.page_differs(files)[0] > 10
    assert agreeing.page_differs(files)[1] == []
    assert agreeing.results_differ(files)[1] == []
    assert agreeing.unsaid(files) == []


def test_run_json_is_valid_by_the_published_schema(done: Done) -> None:
    data = json.loads((done.folder / "run.json").read_text(encoding="utf-8"))
    jsonschema.validate(data, json_schema())
