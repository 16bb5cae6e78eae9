"""bench view in a real browser: the list, a report, a case of it, two runs compared, trends."""

import dataclasses
import threading
from collections.abc import Iterator

import pytest
from factory_run import make_run
from playwright.sync_api import Browser, Page
from visits import OPEN, serious

from harness import history
from harness.commands.shelf import Shelf
from harness.commands.shelf_server import started
from harness.console import Log
from harness.records import Run
from harness.report.html import HtmlReport
from harness.report.json import JsonReport

PAGES = {
    "list": "",
    "trends": "trends",
    "trend": "trend?suite=legal&metric=style.all",
    "compared": "compare?before=legal/aaaa&after=legal/bbbb",
    "problem": "compare?before=legal/aaaa&after=legal/cccc",
}
WIDTH = "document.documentElement.scrollWidth"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of two runs that a store remembers, and of one that is damaged."""
    root = tmp_path_factory.mktemp("view")
    for name, seed in (("aaaa", 5), ("bbbb", 6)):
        run: Run = dataclasses.replace(make_run(seed), id=name)
        folder = root / "reports" / run.suite / name
        folder.mkdir(parents=True)
        HtmlReport().write(run, folder)
        JsonReport().write(run, folder)
        history.record(root / "store", run, folder, Log(quiet=True))
    damaged = root / "reports" / "legal" / "damaged"
    damaged.mkdir()
    (damaged / "run.json").write_text("{", "utf-8")
    with started(Shelf(root / "reports", root / "store"), None) as server:
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
    assert page.get_by_role("row").count() == 4
    page.get_by_role("link", name="legal/aaaa").click()
    page.locator("#browse-count", has_text="104 of 104 cases").wait_for()
    page.goto(f"{served}runs/legal/aaaa/report.html#case-clause-17")
    page.locator(".case .answers").wait_for()
    page.goto(served)
    page.get_by_label("legal/aaaa is before").check()
    page.get_by_label("legal/bbbb is after").check()
    page.get_by_role("button", name="Compare").click()
    page.locator("h1", has_text="aaaa against bbbb").wait_for()
    page.locator("details summary", has_text="lora on").first.click()
    page.locator("details[open] a").first.click()
    page.locator("#browse-count", has_text="1 of 104 cases").wait_for()
    assert page.url.startswith(f"{served}runs/legal/bbbb/report.html#case-")
    context.close()
    # a browser asks for an icon of its own accord
    assert [one for one in problems if "404" not in one] == []


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_serious_on_any_page_in_either_theme(
    browser: Browser, served: str, name: str
):
    with browser.new_context(color_scheme="light") as context:
        page = context.new_page()
        page.goto(served + PAGES[name])
        page.evaluate(OPEN)
        assert serious(page) == []
        page.emulate_media(color_scheme="dark")
        assert serious(page, "color-contrast") == []


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_no_page_scrolls_sideways(browser: Browser, served: str, name: str, width: int):
    with browser.new_context(viewport={"width": width, "height": 900}) as context:
        page = context.new_page()
        page.goto(served + PAGES[name])
        page.evaluate(OPEN)
        assert page.evaluate(WIDTH) == width


def test_a_phone_shows_the_runs_and_what_picks_them_without_scrolling(
    browser: Browser, served: str
):
    with browser.new_context(viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        page.goto(served)
        for one in (
            page.get_by_label("legal/aaaa is before"),
            page.get_by_label("legal/aaaa is after"),
            page.get_by_role("link", name="legal/aaaa"),
        ):
            box = one.bounding_box()
            assert box is not None
            assert 0 <= box["x"] <= box["x"] + box["width"] <= 390
