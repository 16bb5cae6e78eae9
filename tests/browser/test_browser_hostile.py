"""What a model said, a suite holds or an address asks for is text: nothing of it ever runs."""

import dataclasses
from pathlib import Path
from urllib.parse import quote

import pytest
from factory_decision import decided
from factory_run import NASTY, make_run
from playwright.sync_api import Page
from visits import Visits, counted, rows, settled

from harness.records import Run

PWN = "window.__pwned=1;alert(1)"
HOSTILE = (
    f"<script>{PWN}</script>",
    f'"><img src=x onerror="{PWN}"><svg onload="{PWN}">',
    f"</script></style></textarea></title><script>{PWN}</script>",
    "{{ 7*7 }} {% for x in y %}{{ x.__class__ }}{% endfor %} ${7*7} #{7*7} <%= 7*7 %>",
    f"javascript:{PWN}",
    f"<a href='javascript:{PWN}'>x</a><iframe srcdoc='<script>{PWN}</script>'></iframe>",
    "]]><!--<base href='http://evil.test/'>--><style>@import 'http://evil.test/a.css'</style>",
    "\x1b[31mred\x1b[0m\x1b]8;;http://evil.test\x07link\x1b]8;;\x07\x07",
    "=cmd|' /C calc'!A0",
    "\u202eright to left\u202c \u2066isolate\u2069 مرحبا",
    "__proto__",
    f"&lt;script&gt;{PWN}&lt;/script&gt;&#60;b&#62;",
    "\u2028\u2029 '\"`\\ \x00 \ud83d",
    *NASTY,
)
MEGABYTE = "<b>x</b> " * 120_000


def hostile_run() -> Run:
    """A run whose every text is hostile, with one line of a megabyte."""
    run = decided(make_run())
    evil = HOSTILE[1]
    cases = tuple(
        dataclasses.replace(
            case,
            input=HOSTILE[at % len(HOSTILE)],
            reference=HOSTILE[(at + 1) % len(HOSTILE)],
            tags=(*case.tags, HOSTILE[at % len(HOSTILE)]),
        )
        for at, case in enumerate(run.cases)
    )
    answers = tuple(
        dataclasses.replace(
            item,
            answer=dataclasses.replace(
                item.answer, text=MEGABYTE if at == 0 else HOSTILE[at % len(HOSTILE)]
            ),
            scores=tuple(
                dataclasses.replace(score, reason=HOSTILE[(at + 2) % len(HOSTILE)])
                for score in item.scores
            ),
            passages=tuple(
                dataclasses.replace(passage, document=evil, title=HOSTILE[0], text=HOSTILE[2])
                for passage in item.passages
            ),
        )
        for at, item in enumerate(run.answers)
    )
    return dataclasses.replace(
        run,
        suite=HOSTILE[0],
        description=evil,
        command=HOSTILE[2],
        advice=HOSTILE,
        warnings=HOSTILE,
        environment={evil: HOSTILE[0]},
        tasks=dict.fromkeys(run.tasks, evil),
        findings=tuple(
            dataclasses.replace(finding, claim=HOSTILE[3], sentence=evil)
            for finding in run.findings
        ),
        cases=cases,
        answers=answers,
    )


@pytest.fixture(scope="module")
def hostile(written) -> Path:
    return written(hostile_run())


def assert_nothing_ran(page: Page) -> None:
    page.wait_for_timeout(50)
    assert page.evaluate("window.__pwned ?? null") is None
    assert page.evaluate("Object.prototype.toString.call({}.polluted)") == "[object Undefined]"
    made = "main script, iframe, object, embed, img, base, link, form, main style, main a[href^=j]"
    assert page.locator(made).count() == 0
    assert page.locator("script").count() == 3


def test_nothing_hostile_runs_when_every_case_is_opened(visits: Visits, hostile: Path):
    page = visits.open(hostile)
    while page.locator("#browse-more").is_visible():
        page.locator("#browse-more").click()
    page.evaluate("document.querySelectorAll('details').forEach((item) => { item.open = true; })")
    page.wait_for_function("() => document.querySelectorAll('.case .answers').length === 104")
    page.evaluate("document.querySelectorAll('details').forEach((item) => { item.open = true; })")
    assert_nothing_ran(page)


@pytest.mark.parametrize("text", [HOSTILE[0], HOSTILE[1], HOSTILE[3], HOSTILE[8]])
def test_hostile_text_is_shown_as_it_was_written(visits: Visits, hostile: Path, text: str):
    page = visits.open(hostile, f"#cases?q={quote(text)}")
    rows(page).first.locator("summary").first.click()
    shown = rows(page).first.locator(".said-text", has_text=text).first
    shown.wait_for()
    assert text in shown.inner_text()
    assert_nothing_ran(page)


def test_control_characters_are_pictures_and_directions_do_not_leak(visits: Visits, hostile: Path):
    page = visits.open(hostile)
    words = page.locator("#warnings").inner_text()
    assert "␛[31mred␛[0m" in words
    assert not set("\u202e\u2066\x1b\x07\x00") & set(page.content())


@pytest.mark.parametrize(
    "at",
    [
        f"#case-{quote(HOSTILE[0])}",
        f"#cases?q={quote(HOSTILE[1])}",
        f"#cases?task={quote(HOSTILE[1])}&candidate={quote(HOSTILE[2])}&metric=__proto__",
        "#cases?__proto__=x&constructor=y&toString=z",
        "#case-%E0%A4%A",
        "#cases?slice=__proto__&label=constructor&result=toString",
    ],
)
def test_a_hostile_address_is_a_filter_that_finds_nothing_or_all(
    visits: Visits, hostile: Path, at: str
):
    page = visits.open(hostile, at, wait="")
    page.wait_for_function("() => document.querySelector('#browse-count').textContent !== ''")
    page.wait_for_timeout(100)
    assert " case" in counted(page).lower()
    assert_nothing_ran(page)


def test_a_line_of_a_megabyte_opens_in_part_and_then_as_a_whole(visits: Visits, hostile: Path):
    page = visits.open(hostile, "#case-clause-00")
    settled(page, "1 of 104")
    longest = "() => Math.max(...[...document.querySelectorAll('.one .said-text')].map(LEN))"
    longest = longest.replace("LEN", "(text) => text.textContent.length")
    page.get_by_role("button", name="Show all 1,080,000 characters").wait_for()
    assert page.evaluate(longest) < 20_000
    page.get_by_role("button", name="Show all 1,080,000 characters").click()
    assert page.evaluate(longest) == len(MEGABYTE)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert_nothing_ran(page)
