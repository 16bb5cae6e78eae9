"""The page in a real browser: offline, quiet, in both themes, on every width, by keyboard."""

from pathlib import Path

from factory_run import empty_run, make_run
from visits import Visits, counted, number, rows


def test_the_page_opens_offline_and_asks_for_nothing_but_itself(visits: Visits, report: Path):
    page = visits.open(report)
    assert page.title() == "ERROR: legal (quick)"
    assert number(page) == len(make_run().cases)
    assert rows(page).count() == 30
    assert visits.problems == []


def test_a_visit_notices_what_a_page_must_not_do(visits: Visits, tmp_path: Path):
    path = tmp_path / "bad.html"
    path.write_text(
        "<img src='http://evil.test/x.png'><script>alert('hi'); throw new Error('no')</script>"
    )
    page = visits.open(path, wait="")
    page.wait_for_timeout(200)
    told = " ".join(visits.problems)
    visits.problems.clear()
    for what in ("asked for http://evil.test/x.png", "dialog: hi", "no", "ERR_"):
        assert what in told


def test_an_empty_run_opens_quietly(visits: Visits, written):
    page = visits.open(written(empty_run()), wait="() => document.readyState === 'complete'")
    page.locator("#browse-count", has_text="0 of 0 cases").wait_for()
    assert counted(page) == "0 of 0 cases"
