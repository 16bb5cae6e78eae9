"""bench view in a real browser: the list, a report, a case of it, two runs compared."""

import dataclasses
import threading
from pathlib import Path

import pytest
from factory_run import make_run
from playwright.sync_api import Browser, Page

from harness.commands.shelf import Shelf
from harness.commands.shelf_server import started
from harness.records import Run
from harness.report.html import HtmlReport
from harness.report.json import JsonReport


@pytest.fixture
def served(tmp_path: Path):
    for name in ("aaaa", "bbbb"):
        run: Run = dataclasses.replace(make_run(5 if name == "aaaa" else 6), id=name)
        folder = tmp_path / "reports" / run.suite / name
        folder.mkdir(parents=True)
        HtmlReport().write(run, folder)
        JsonReport().write(run, folder)
    with started(Shelf(tmp_path / "reports", tmp_path / "store"), None) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server.url
        server.shutdown()
        thread.join()


def quiet(page: Page, problems: list[str]) -> None:
    page.on("console", lambda said: problems.append(said.text))
    page.on("pageerror", lambda error: problems.append(str(error)))


def test_a_reader_goes_from_the_list_to_a_case_and_compares_two_runs(browser: Browser, served: str):
    problems: list[str] = []
    context = browser.new_context()
    page = context.new_page()
    quiet(page, problems)
    page.goto(served)
    assert page.get_by_role("row").count() == 3
    page.get_by_role("link", name="legal/aaaa").click()
    page.locator("#browse-count", has_text="104 of 104 cases").wait_for()
    page.goto(f"{served}runs/legal/aaaa/report.html#case-clause-17")
    page.locator(".case .answers").wait_for()
    page.goto(served)
    page.get_by_label("legal/aaaa is before").check()
    page.get_by_label("legal/bbbb is after").check()
    page.get_by_role("button", name="Compare").click()
    page.locator("h1", has_text="aaaa against bbbb").wait_for()
    page.locator("details summary").first.click()
    page.locator("details[open] a").first.click()
    page.locator("#browse-count", has_text="1 of 104 cases").wait_for()
    assert page.url.startswith(f"{served}runs/legal/bbbb/report.html#case-")
    context.close()
    # a browser asks for an icon of its own accord
    assert [one for one in problems if "404" not in one] == []
