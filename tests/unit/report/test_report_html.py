"""The page: safe, offline, and every number leads to its answers."""

import dataclasses
import json
import re
import time
from collections import Counter
from html.parser import HTMLParser
from urllib.parse import parse_qsl

import pytest
from factory_decision import decided
from factory_run import NASTY, empty_run, large_run, make_run

from harness.report import html

POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-"


class Page(HTMLParser):
    """Tags with their attributes, and the text of script elements."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data):
        if self.tags and self.tags[-1][0] == "script":
            self.scripts[-1] += data

    def every(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def source() -> str:
    return html.render(decided(make_run()))


@pytest.fixture(scope="module")
def page(source: str) -> Page:
    return Page(source)


def test_the_page_asks_nothing_of_the_network(source: str, page: Page):
    policies = [m["content"] for m in page.every("meta") if "http-equiv" in m]
    assert [policy.startswith(POLICY) for policy in policies] == [True]
    assert [a for _, a in page.tags if "src" in a or "srcset" in a] == []
    assert page.every("link") + page.every("iframe") + page.every("img") == []
    assert {"#"} == {(a["href"] or "")[:1] for a in page.every("a")}
    assert re.findall(r"@import|url\(|fetch\(|XMLHttpRequest", source) == []


def test_what_a_model_said_is_never_markup(source: str, page: Page):
    assert len(page.every("script")) == 3
    assert [a for _, a in page.tags if any(key.startswith("on") for key in a)] == []
    strings = json.loads(page.scripts[0])["parts"][0]["strings"]
    assert NASTY[0] in strings
    assert "␛[31mred␛[0m" in " ".join(strings)
    assert not set("<>&\u2028\u2029") & set(page.scripts[0])


def test_static_text_is_escaped():
    run = make_run()
    evil = "<img src=x onerror=alert(1)>"
    candidate = dataclasses.replace(run.candidates[0].candidate, name=evil)
    result = dataclasses.replace(run.candidates[0], candidate=candidate)
    changed = dataclasses.replace(
        run, suite=evil, advice=(evil,), command=evil, tasks={evil: evil}, candidates=(result,)
    )
    assert Page(html.render(changed)).every("img") == []


def test_the_script_builds_the_page_from_text_alone(page: Page):
    assert (
        re.findall(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", page.scripts[-1])
        == []
    )


def test_sections_come_in_the_order_of_a_readers_questions(page: Page):
    expected = [
        "answer",
        "claims",
        "map",
        "staleness",
        "curves",
        "cost",
        "broke",
        "candidates",
        "cases",
        "method",
    ]
    assert expected == [section["id"] for section in page.every("section")]


def test_every_table_has_a_caption_and_every_heading_cell_a_scope(page: Page):
    assert len(page.every("table")) == len(page.every("caption")) > 10
    assert {"row", "col"} == {cell["scope"] for cell in page.every("th")}
    assert [m for m in page.every("svg") if not {"aria-label", "aria-hidden"} & set(m)] == []


def test_ids_are_unique_and_section_links_lead_somewhere(page: Page):
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert [name for name, n in Counter(ids).items() if n > 1] == []
    plain = {a["href"][1:] for a in page.every("a") if "?" not in a["href"]}
    cases = {f"case-{case.id}" for case in make_run().cases}
    assert {name for name in plain if name not in cases} <= set(ids)
    assert plain & cases


def _filters(page: Page) -> list[dict[str, str]]:
    hashes = {a["href"] for a in page.every("a") if a["href"].startswith("#cases?")}
    return [dict(parse_qsl(address[7:], strict_parsing=True)) for address in sorted(hashes)]


def test_every_number_links_to_filters_that_the_case_browser_knows(page: Page):
    run = make_run()
    known = {
        "task": set(run.tasks),
        "metric": {metric.name for metric in run.metrics},
        "candidate": {result.candidate.name for result in run.candidates},
        "against": {result.candidate.name for result in run.candidates},
        "slice": {tag for case in run.cases for tag in case.tags},
        "label": {"current", "stale", "wrong", "abstained", "hedged", "error"},
        "result": {"win", "tie", "loss"},
    }
    filters = _filters(page)
    assert len(filters) > 500
    assert [(k, v) for one in filters for k, v in one.items() if v not in known[k]] == []
    keys = re.search(r"const KEYS = (\[.*?\]);", page.scripts[-1])
    assert set(known) == set(json.loads(keys.group(1)))


def test_each_finding_and_each_result_has_its_link(page: Page):
    run = make_run()
    links = {tuple(sorted(one.items())) for one in _filters(page)}
    for item in (*run.findings, *run.summaries):
        wanted = {"task": item.task, "metric": item.metric, "candidate": item.candidate}
        wanted |= {} if item.slice == "all" else {"slice": item.slice}
        wanted |= {"against": item.baseline} if hasattr(item, "baseline") else {}
        assert tuple(sorted(wanted.items())) in links


def test_ten_thousand_answers_stay_under_three_megabytes():
    run = large_run()
    started = time.perf_counter()
    content = html.render(run)
    assert len(content.encode("utf-8", "replace")) < 3_000_000
    assert time.perf_counter() - started < 10


def test_many_tasks_and_slices_leave_room_for_the_answers():
    run = large_run()
    tasks = {f"task-{i}": "" for i in range(10)}

    def spread(records):
        return tuple(
            dataclasses.replace(item, task=task, slice=part)
            for task in tasks
            for part in ("all", *(f"tag-{i}" for i in range(12)))
            for item in records
            if item.slice == "all"
        )

    wide = dataclasses.replace(
        run, tasks=tasks, summaries=spread(run.summaries), comparisons=spread(run.comparisons)
    )
    content = html.render(wide)
    assert len(content.encode("utf-8", "replace")) < 3_000_000
    assert "more are in comparisons.csv" in content
    assert "smaller slices are in summaries.csv" in content


def test_a_number_that_is_none_does_not_break_the_page_or_its_data():
    run = make_run()
    nan, infinite = float("nan"), float("inf")
    score = dataclasses.replace(run.answers[0].scores[0], value=infinite)
    answer = dataclasses.replace(run.answers[0], scores=(score,))
    summary = dataclasses.replace(run.summaries[0], mean=nan, low=nan, high=nan)
    changed = dataclasses.replace(
        run, answers=(answer, *run.answers[1:]), summaries=(summary, *run.summaries[1:])
    )
    page = Page(html.render(changed))
    assert [a for tag, a in page.tags if tag in ("line", "circle") and "nan" in a.values()] == []
    assert "Infinity" not in page.scripts[0]


def test_an_empty_run_is_a_page_that_says_so():
    content = html.render(empty_run())
    assert "The suite has no gate rules" in content
    assert "No answers to this task." in content
    assert [s for s in Page(content).every("section") if s["id"] in ("staleness", "curves")] == []
