"""For everyone: themes, widths, print, the keyboard alone, and an accessibility scan."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from visits import OPEN, Visits, number, rows, serious, settled

PAPER = "getComputedStyle(document.body).backgroundColor"


def opened(visits: Visits, path: Path, **settings: Any) -> Page:
    """The page with every fold and a case open."""
    page = visits.open(path, "#cases?q=topic 17&candidate=lora", **settings)
    settled(page, "“topic 17”")
    page.evaluate(OPEN)
    page.locator(".case .answers").first.wait_for()
    page.evaluate(OPEN)
    return page


def test_axe_finds_nothing_serious_with_everything_open(visits: Visits, brief_report: Path):
    assert serious(opened(visits, brief_report, color_scheme="light")) == []


def test_dark_colours_can_be_told_from_what_is_behind_them(visits: Visits, brief_report: Path):
    assert serious(opened(visits, brief_report, color_scheme="dark"), "color-contrast") == []


def test_axe_finds_nothing_serious_on_a_phone(visits: Visits, brief_report: Path):
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True}
    page = visits.open(brief_report, "#case-clause-06", **phone)
    settled(page, "case clause-06")
    assert serious(page, contrast=False) == []


def test_the_theme_follows_the_system_and_can_be_chosen(visits: Visits, report: Path):
    light = visits.open(report, color_scheme="light").evaluate(PAPER)
    page = visits.open(report, color_scheme="dark")
    dark = page.evaluate(PAPER)
    assert light != dark
    page.locator("#theme").click()
    assert (page.locator("#theme").inner_text(), page.evaluate(PAPER)) == ("Theme: light", light)
    page.locator("#theme").click()
    assert (page.locator("#theme").inner_text(), page.evaluate(PAPER)) == ("Theme: dark", dark)
    page.emulate_media(color_scheme="light")
    assert page.evaluate(PAPER) == dark
    page.locator("#theme").click()
    assert page.evaluate(PAPER) == light


@pytest.mark.parametrize("width", [360, 390, 768, 1280, 2560])
def test_the_page_never_scrolls_sideways(visits: Visits, report: Path, width: int):
    page = visits.open(report, "#case-clause-00", viewport={"width": width, "height": 900})
    settled(page, "case clause-00")
    page.evaluate(OPEN)
    page.locator(".case .answers").first.wait_for()
    page.evaluate(OPEN)
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_paper_has_every_fold_open_but_cases_and_long_tables_and_no_controls(
    visits: Visits, report: Path
):
    page = visits.open(report, color_scheme="dark")
    closed = page.locator("details:not([open])").count()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    still = page.locator("details:not([open])").evaluate_all(
        "(all) => all.filter((one) => !one.closest('.case, #results, #comparisons')).length"
    )
    assert still == 0
    assert page.locator("details:not([open])").count() < closed
    assert page.locator("nav, .filters, #theme, .skip").locator("visible=true").count() == 0
    assert page.evaluate(PAPER) in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details:not([open])").count() == closed
    assert len(page.pdf()) > 20_000


def test_the_keyboard_alone_reaches_a_case_and_comes_back(visits: Visits, report: Path):
    page = visits.open(report)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "f-q"
    page.keyboard.type("topic 1")
    settled(page, "“topic 1”")
    first = rows(page).first
    page.keyboard.press("Escape")
    settled(page, "104 of 104 cases")
    page.keyboard.press("j")
    assert first.locator("summary").first.evaluate("(one) => one === document.activeElement")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    assert [rows(page).nth(at).get_attribute("open") for at in (0, 1)] == [None, ""]
    page.keyboard.press("j")
    assert [rows(page).nth(at).get_attribute("open") for at in (1, 2)] == [None, ""]
    page.keyboard.press("Escape")
    assert rows(page).nth(2).get_attribute("open") is None
    page.keyboard.press("k")
    assert (
        rows(page).nth(1).locator("summary").first.evaluate("(e) => e === document.activeElement")
    )


def test_every_control_is_reached_with_tab_in_the_order_of_the_page(visits: Visits, report: Path):
    page = visits.open(report)
    page.locator("#cases").focus()
    wanted = page.evaluate(
        "[...document.querySelectorAll('.filters input, .filters select, .filters button')]"
        ".map((one) => one.id)"
    )
    reached = []
    for _ in wanted:
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id"))
    assert reached == wanted
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_keys_can_be_switched_off(visits: Visits, report: Path):
    page = visits.open(report)
    page.locator("#f-keys").uncheck()
    page.locator("#cases").focus()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "cases"
    assert number(page) == 104
