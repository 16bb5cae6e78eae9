"""The pull-request comment."""

import dataclasses
import re
from pathlib import Path

from factory_run import empty_run, make_run

from harness.report import markdown

GOLDEN = Path(__file__).parents[2] / "golden" / "report.md"


def test_the_markdown_is_the_golden_one():
    assert GOLDEN.read_text(encoding="utf-8") == markdown.render(make_run())


def test_the_verdict_comes_first_and_folds_come_last():
    lines = markdown.render(make_run()).splitlines()
    assert lines[0] == "## ! ERROR: legal (quick)"
    assert lines.index("<details>") > lines.index("**What to do**")
    assert lines[-1] == "</details>"


def test_every_table_row_has_as_many_cells_as_its_heading():
    for block in re.findall(r"(?:^\|.*\n)+", markdown.render(make_run()), flags=re.MULTILINE):
        cells = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(cells) == 1


def test_folds_open_and_close_in_pairs_whatever_a_name_holds():
    run = dataclasses.replace(make_run(), warnings=("</details><script>", "a\n## heading"))
    text = markdown.render(run)
    assert text.count("<details>") == text.count("</details>") == 4
    assert "<script>" not in text
    assert "\n## heading" not in text


def test_a_comment_fits_the_limit_of_a_pull_request():
    assert len(markdown.render(make_run())) < 65_536


def test_an_empty_run_has_no_folds_of_nothing():
    text = markdown.render(empty_run())
    assert "NO GATE" in text
    assert "All comparisons" not in text
