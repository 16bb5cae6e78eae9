"""What docs/reports.md says is so."""

import re
from pathlib import Path

import pytest
from factory_run import make_run

from harness import registry
from harness.report.csv import CsvReport
from harness.report.json import JsonReport

DOCS = (Path(__file__).parents[3] / "docs" / "reports.md").read_text(encoding="utf-8")


def test_every_report_is_in_the_table():
    for name in registry.names("report"):
        filename = registry.load("report", name).filename
        assert re.search(rf"^\| `{re.escape(filename)}` \| `{name}` \|", DOCS, flags=re.MULTILINE)


def test_the_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    run = make_run()
    CsvReport().write(run, tmp_path)
    JsonReport().write(run, tmp_path)
    monkeypatch.chdir(tmp_path)
    for example in re.findall(r"```python\n(.*?)```", DOCS, flags=re.DOTALL):
        exec(compile(example, "docs/reports.md", "exec"), {})
    printed = capsys.readouterr().out
    mean = next(
        item.mean
        for item in run.summaries
        if (item.metric, item.slice, item.candidate) == ("recency.current", "all", "lora")
    )
    assert printed.startswith(str(mean))
    assert "legal 728 ERROR" in printed
