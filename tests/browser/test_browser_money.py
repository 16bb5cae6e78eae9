"""What-ifs of the cost section: sliders and prices change what is said and drawn, and go back."""

from pathlib import Path
from statistics import median

import pytest
from playwright.sync_api import Page
from visits import Visits

TURN = """async ([name, value]) => {
  const field = document.querySelector(`#money input[type=range][data-name='${name}']`);
  const started = performance.now();
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - started;
}"""


@pytest.fixture
def page(visits: Visits, report: Path) -> Page:
    opened = visits.open(report)
    opened.locator("#money").scroll_into_view_if_needed()
    return opened


def told(page: Page) -> str:
    return page.locator("#money .told").inner_text()


def test_a_slider_changes_the_sentence_and_both_plots(page: Page):
    before = told(page)
    drawn = page.locator("#money .sweep").first.inner_html()
    page.evaluate(TURN, ["queries_per_day", 5])
    assert told(page) != before
    assert page.locator("#money .sweep").first.inner_html() != drawn
    slider = page.locator("#money input[type=range][data-name=queries_per_day]")
    assert "100,000" in (slider.get_attribute("aria-valuetext") or "")
    page.locator("#money button").first.click()
    assert told(page) == before


def test_a_slider_moves_with_the_arrow_keys(page: Page):
    before = told(page)
    page.locator("#money input[type=range]").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert told(page) != before


def test_a_price_that_is_none_is_marked_and_changes_nothing(page: Page):
    page.locator("#money summary", has_text="Change a price").click()
    before = told(page)
    field = page.locator("#money input[type=number]").first
    field.fill("-3")
    assert (field.get_attribute("aria-invalid"), told(page)) == ("true", before)
    field.fill("7.5")
    assert field.get_attribute("aria-invalid") == "false"
    assert told(page) != before


def test_a_slider_is_drawn_within_200_ms(page: Page):
    took = [page.evaluate(TURN, ["change_rate", -value]) for value in (1, 2, 3, 2.5, 1.5)]
    assert median(took) < 200
