"""The reader's test of docs/report.md: what the first screen of the page lets a reader say."""

import re
from html import unescape

import pytest
from factory_decision import decided
from factory_run import make_run

from harness.records import Run
from harness.report import decided as words
from harness.report import html, terminal

SURE = {"shown", "leaning", "not shown", "shown to miss", "not measured"}


@pytest.fixture(scope="module")
def run() -> Run:
    return decided(make_run())


@pytest.fixture(scope="module")
def screen(run: Run) -> str:
    page = html.render(run)
    return page[page.index('<section id="answer"') :].split("</section>")[0]


def rows(screen: str) -> list[str]:
    return re.findall(r'<li class="need .*?</li>', screen, flags=re.DOTALL)


def test_the_headline_names_what_to_deploy(run: Run, screen: str) -> None:
    assert run.decision is not None
    (title,) = re.findall(r"<h1>(.*?)</h1>", screen)
    assert (run.decision.candidate in title, run.decision.candidate) == (True, "lora+retrieved")


def test_each_need_has_a_row_with_how_sure_it_is_and_on_what_it_rests(
    run: Run, screen: str
) -> None:
    assert run.decision is not None
    found = rows(screen)
    names = [re.findall(r'class="for">(.*?)<', row)[0] for row in found]
    assert names == [need.need for need in run.decision.needs]
    said = [re.findall(r'class="sure">.*</span> (.*?)</div>', row)[0] for row in found]
    assert set(said) <= SURE
    for need, row in zip(run.decision.needs, found, strict=True):
        place = words.place(need, {m.name: m for m in run.metrics})
        assert place in unescape(row)


def test_each_weakness_leads_to_an_answer_that_fails(run: Run, screen: str) -> None:
    listed = screen[screen.index("What it cannot do") :].split("</ul>", maxsplit=1)[0]
    found = re.findall(r"<li>.*?</li>", listed, flags=re.DOTALL)
    told = words.weaknesses(run)
    assert len(found) == len(told) > 0
    cases = {case.id for case in run.cases}
    for row, one in zip(found, told, strict=True):
        linked = re.findall(r'href="#case-(.*?)"', row)
        assert linked == ([one.case] if one.case else [])
        assert set(linked) <= cases
    assert len({one.sentence for one in told}) == len(told)
    assert sum(bool(one.case) for one in told) >= len(told) - 1  # one need was not measured


def test_the_advice_of_findings_is_no_second_answer(run: Run, screen: str) -> None:
    assert run.advice
    assert "What to do" not in screen
    assert all(line not in unescape(screen) for line in run.advice)
    assert "FINDINGS ALONE" in terminal.plain_text(run)
