"""The distribution's headless Chromium, and pages of made-up runs opened in it from disk.

The browser lives for one file of tests: Playwright holds an event loop in this thread meanwhile,
and tests elsewhere start their own.
"""

import dataclasses
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "report"))

from factory_decision import decided
from factory_run import large_run, make_run
from visits import FLAGS, Visits

from harness.records import Run
from harness.report.html import HtmlReport

Written = Callable[[Run], Path]


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where the browser is; a test is skipped without one, but never in CI."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found:
        return found
    said = "no chromium on the PATH: apt-get install chromium"
    if os.environ.get("CI"):
        pytest.fail(said)
    pytest.skip(said)


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """One browser with an empty profile for a file of tests."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def visits(browser: Browser) -> Iterator[Visits]:
    """Opens pages; what a page must never do fails the test at its end."""
    opened = Visits(browser)
    yield opened
    opened.close()
    assert opened.problems == []


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Writes the page of a run into a folder of its own and gives the page."""
    return lambda run: HtmlReport().write(run, tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="session")
def report(written: Written) -> Path:
    """The page of a usual run with everything that its conclusions hold."""
    return written(decided(make_run()))


@pytest.fixture(scope="session")
def large_report(written: Written) -> Path:
    """The page of 10,000 answers."""
    return written(decided(large_run()))


@pytest.fixture(scope="session")
def brief_report(written: Written) -> Path:
    """A page with every section and few rows: an accessibility scan looks at each element."""
    run = decided(make_run())
    names, metrics = {"base", "base+house", "lora"}, {"style.all", "recency.stale"}
    slices = {"all", "changed"}
    return written(
        dataclasses.replace(
            run,
            candidates=tuple(one for one in run.candidates if one.candidate.name in names),
            answers=tuple(one for one in run.answers if one.candidate in names),
            summaries=tuple(
                one
                for one in run.summaries
                if one.candidate in names and one.metric in metrics and one.slice in slices
            ),
            comparisons=tuple(
                one
                for one in run.comparisons
                if {one.candidate, one.baseline} <= names
                and one.metric in metrics
                and one.slice in slices
            ),
        )
    )
