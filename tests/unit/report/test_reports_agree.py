"""Every report of a run says the same numbers, and pandas finds them in the exported scores."""

import json
from pathlib import Path

import agreeing
import pytest
from factory_decision import decided
from factory_run import make_run

from harness import registry


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> agreeing.Files:
    """All reports of a run with a decision."""
    folder = tmp_path_factory.mktemp("agree")
    for name in registry.names("report"):
        registry.load("report", name)().write(decided(make_run()), folder)
    return agreeing.Files(folder)


def test_the_tables_equal_run_json(files: agreeing.Files):
    assert agreeing.tables_differ(files) == []


def test_means_and_differences_equal_what_pandas_makes_of_the_scores(files: agreeing.Files):
    assert agreeing.recomputed_differ(files) == []


def test_every_number_of_the_page_is_the_one_that_its_link_names(files: agreeing.Files):
    checked, wrong = agreeing.page_differs(files)
    assert wrong == []
    assert checked > 200


def test_every_result_in_the_markdown_is_that_of_run_json(files: agreeing.Files):
    checked, wrong = agreeing.results_differ(files)
    assert wrong == []
    assert checked == 2 * 7 + 4 * 7


def test_decision_claims_curves_and_costs_are_the_same_in_page_markdown_and_terminal(
    files: agreeing.Files,
):
    assert agreeing.unsaid(files) == []


def test_a_number_that_one_report_says_otherwise_is_found(files: agreeing.Files, tmp_path: Path):
    for path in files.folder.iterdir():
        if path.is_file():
            tmp_path.joinpath(path.name).write_bytes(path.read_bytes())
    tmp_path.joinpath("tables").symlink_to(files.folder / "tables")
    data = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    data["summaries"][0]["mean"] += 0.1
    data["break_even"]["by_rate"][0] *= 2
    data["comparisons"][0]["difference"] += 0.1
    (tmp_path / "run.json").write_text(json.dumps(data), encoding="utf-8")
    other = agreeing.Files(tmp_path)
    assert len(agreeing.tables_differ(other)) == 4
    assert len(agreeing.recomputed_differ(other)) == 2
    assert agreeing.page_differs(other)[1]
    assert agreeing.results_differ(other)[1]
    assert len(agreeing.unsaid(other)) == 3
