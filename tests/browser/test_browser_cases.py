"""The case browser: search, filters, one case, links, and the folder of a large run."""

import dataclasses
from collections import Counter
from pathlib import Path

import pytest
from factory_run import CANDIDATES, make_run
from playwright.sync_api import Page
from visits import Visits, counted, number, rows, settled

from harness.report import casedata, html

RUN = make_run()


def choose(page: Page, name: str, value: str) -> None:
    page.locator(f"#f-{name}").select_option(value)


def cases_where(metric: str, candidate: str, label: str) -> set[str]:
    return {
        item.case
        for item in RUN.answers
        if item.candidate == candidate
        for score in item.scores
        if score.metric == metric and score.label == label
    }


def test_search_finds_words_of_cases_and_of_answers(visits: Visits, report: Path):
    page = visits.open(report)
    page.locator("#f-q").fill("topic 17")
    settled(page, "“topic 17”")
    assert number(page) == 1
    assert rows(page).first.get_attribute("data-id") == "clause-17"
    page.locator("#f-q").fill("HYPERLINK")
    settled(page, "“HYPERLINK”")
    told = {item.case for item in RUN.answers if "HYPERLINK" in item.answer.text}
    assert number(page) == len(told)
    page.locator("#f-q").fill("no such words")
    settled(page, "“no such words”")
    assert (number(page), rows(page).count()) == (0, 0)


def test_a_tag_narrows_to_its_cases(visits: Visits, report: Path):
    page = visits.open(report)
    choose(page, "slice", "changed")
    settled(page, "slice changed")
    assert number(page) == Counter(tag for case in RUN.cases for tag in case.tags)["changed"]


def test_a_class_narrows_to_the_answers_of_that_class(visits: Visits, report: Path):
    page = visits.open(report)
    choose(page, "task", "recency")
    choose(page, "candidate", "lora")
    choose(page, "metric", "recency.current")
    choose(page, "label", "stale")
    settled(page, "label stale")
    assert number(page) == len(cases_where("recency.current", "lora", "stale"))


def test_disagreement_keeps_the_cases_that_came_out_otherwise_than_the_base(
    visits: Visits, report: Path
):
    page = visits.open(report)
    choose(page, "candidate", "lora")
    choose(page, "metric", "recency.stale")
    page.locator("#f-disagree").check()
    settled(page, "disagrees with base")
    stale = {name: cases_where("recency.stale", name, "stale") for name in ("lora", "base")}
    unmeasured = {item.case for item in RUN.answers for s in item.scores if s.state == "error"}
    assert number(page) == len((stale["lora"] ^ stale["base"]) - unmeasured)


def test_a_number_of_the_page_leads_to_its_cases(visits: Visits, report: Path):
    page = visits.open(report)
    link = page.locator("a[href^='#cases?'][href*='candidate=lora']:visible").first
    address = link.get_attribute("href") or ""
    link.click()
    page.wait_for_function("() => document.activeElement.id === 'cases'")
    settled(page, "candidate lora")
    assert page.url.endswith(address)
    assert number(page) > 0
    assert page.locator("#browse-count").bounding_box()["y"] < 900


def test_a_case_shows_every_answer_with_its_scores_and_reasons(visits: Visits, report: Path):
    page = visits.open(report, "#case-fact-20")
    settled(page, "case fact-20")
    boxes = page.locator(".case .one")
    assert boxes.count() == len(CANDIDATES)
    case = next(case for case in RUN.cases if case.id == "fact-20")
    body = page.locator(".case .body")
    assert case.input in body.inner_text()
    assert case.reference in body.inner_text()
    page.evaluate("document.querySelectorAll('.case details').forEach((d) => { d.open = true; })")
    words = body.inner_text()
    for item in RUN.answers:
        if item.case == "fact-20":
            assert all(score.reason in words for score in item.scores)
            assert all(passage.text in words for passage in item.passages)


def test_differences_are_marked_against_what_the_reader_chose(visits: Visits, report: Path):
    page = visits.open(report, "#cases?q=topic 17")
    settled(page, "“topic 17”")
    box = page.locator(".one", has=page.locator("h3", has_text="lora+gold"))
    box.locator("ins").first.wait_for()
    said = next(
        item.answer.text
        for item in RUN.answers
        if (item.case, item.candidate) == ("clause-17", "lora+gold")
    )
    shown = box.locator(".said-text").evaluate(
        "(p) => [...p.childNodes].filter((n) => n.nodeName !== 'DEL').map((n) => n.textContent)"
    )
    assert "".join(shown) == said
    assert box.locator(".against").inner_text() == "compared with the reference"
    choose(page, "mark", "base")
    settled(page, "1 of 104")
    page.locator(".against", has_text="compared with base").first.wait_for()
    assert page.locator(".one").count() == len(CANDIDATES)
    assert box.locator(".against").inner_text().startswith("compared with base")
    choose(page, "mark", "none")
    page.wait_for_function("() => !document.querySelector('.case ins, .case .against')")


def test_a_link_opens_any_case_and_back_returns_to_the_list(visits: Visits, report: Path):
    page = visits.open(report, "#cases?task=recency")
    settled(page, "task recency")
    listed = number(page)
    rows(page).nth(3).locator("summary").first.click()
    page.get_by_role("link", name="Link to this case").first.click()
    settled(page, "case fact-03")
    assert page.url.endswith("#case-fact-03")
    assert (rows(page).count(), rows(page).first.get_attribute("open")) == (1, "")
    page.go_back()
    settled(page, "task recency")
    assert number(page) == listed
    assert page.locator("#f-task").input_value() == "recency"


def test_a_link_to_the_last_case_is_shown_on_the_screen(visits: Visits, report: Path):
    page = visits.open(report, "#case-fact-63")
    settled(page, "case fact-63")
    box = rows(page).first.bounding_box()
    assert box
    assert 0 <= box["y"] < page.viewport_size["height"]


def test_a_link_to_a_case_that_is_not_there_says_so(visits: Visits, report: Path):
    page = visits.open(report, "#case-fact-99", wait="")
    settled(page, "No case fact-99 in this run.")
    page.get_by_role("button", name="Clear").click()
    settled(page, "104 of 104 cases")


def test_choices_can_be_undone_with_back_and_sent_as_an_address(visits: Visits, report: Path):
    page = visits.open(report)
    choose(page, "task", "clauses")
    choose(page, "slice", "definitions")
    settled(page, "slice definitions")
    address = page.url
    page.go_back()
    settled(page, "task clauses")
    assert page.locator("#f-slice").input_value() == ""
    other = visits.open(report, "#" + address.partition("#")[2])
    settled(other, "slice definitions")
    assert number(other) == 10


def test_more_cases_come_when_asked_for(visits: Visits, report: Path):
    page = visits.open(report)
    assert rows(page).count() == 30
    page.locator("#browse-more").click()
    assert rows(page).count() == 60


@pytest.fixture(scope="module")
def beside(written) -> Path:
    """A run whose texts are in the folder beside the page."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(casedata, "PLAIN_LIMIT", 1000)
        patch.setattr(casedata, "PART_BYTES", 20_000)
        patch.setattr(html, "LIMIT", 0)
        patch.setattr(html, "LEAST_DATA", 12_000)
        return written(make_run())


def test_a_large_run_reads_its_texts_from_the_folder_beside(visits: Visits, beside: Path):
    page = visits.open(beside, "#case-fact-20")
    settled(page, "case fact-20")
    page.locator(".one .said-text", has_text="The limit is 1020 rupees").first.wait_for()
    page.goto(page.url.partition("#")[0] + "#cases?q=limit number 63")
    settled(page, "“limit number 63”")
    assert number(page) == 1
    files = sorted(path.name for path in (beside.parent / casedata.FOLDER).iterdir())
    loaded = page.evaluate("[...document.querySelectorAll('head script')].map((s) => s.src)")
    assert {name.rpartition("/")[2] for name in loaded} == set(files)


def test_a_large_run_without_its_folder_says_what_is_missing(
    visits: Visits, beside: Path, tmp_path: Path
):
    alone = tmp_path / "report.html"
    alone.write_bytes(beside.read_bytes())
    page = visits.open(alone, "#case-fact-20")
    note = page.locator(".case .note", has_text="cannot be read")
    note.wait_for()
    assert "belongs beside this page" in note.inner_text()
    visits.problems[:] = [one for one in visits.problems if "ERR_FILE_NOT_FOUND" not in one]


def test_several_samples_are_told_apart(visits: Visits, written):
    twice = tuple(
        dataclasses.replace(item, sample=sample) for item in RUN.answers for sample in (0, 1)
    )
    page = visits.open(written(dataclasses.replace(RUN, answers=twice)), "#case-clause-20")
    settled(page, "case clause-20")
    heads = page.locator(".one h3").all_inner_texts()
    assert Counter(head.partition(" · ")[2] for head in heads) == {"sample 1": 7, "sample 2": 7}
    assert counted(page).startswith("1 of 104")
