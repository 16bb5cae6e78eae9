"""The sections of the page: the answer, the map, staleness, curves, costs, what broke."""

import dataclasses
import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest
from factory_decision import decided
from factory_run import CANDIDATES, empty_run, make_run

from harness.records import AdapterSource, Candidate, CandidateResult, Run, Summary
from harness.report import html, page, page_answer, page_map, page_staleness, page_trends, plots
from harness.report.links import Answers


@pytest.fixture(scope="module")
def run() -> Run:
    return decided(make_run())


def section(source: str, name: str) -> str:
    return source.partition(f'<section id="{name}"')[2].partition("</section>")[0]


def score(run: Run, case: str, name: str, metric: str) -> float | None:
    answer = next(a for a in run.answers if (a.case, a.candidate) == (case, name))
    return next(s.value for s in answer.scores if s.metric == metric)


def test_the_first_sentence_of_the_decision_is_the_headline(run: Run):
    assert page_answer.split("Use a. It is best, 0.5 of all. So.") == (
        "Use a.",
        "It is best, 0.5 of all. So.",
    )
    assert run.decision
    first = section(html.render(run), "answer")
    assert f"<h1>{page_answer.split(run.decision.sentence)[0]}</h1>" in first


def test_each_need_has_its_candidate_how_sure_and_an_answer_that_fails(run: Run):
    needs = {need["item"].need: need for need in page_answer.build(run)["needs"]}
    assert list(needs)[:5] == [
        "style",
        "terminology",
        "stable facts",
        "changing facts",
        "rare facts",
    ]
    for need in list(needs.values())[:5]:
        one = need["item"]
        assert score(run, need["failing"][6:], one.candidate, one.metric) == 0.0
    assert tuple(needs["private facts"][key] for key in ("mark", "sure", "failing")) == (
        "–",
        "not measured",
        "",
    )


def test_a_weakness_is_a_need_unmet_or_a_loss_against_the_base(run: Run):
    weak = page_answer.build(run)["weak"]
    assert "style" not in [row["title"] for row in weak]
    assert {"changing facts", "rare facts", "private facts"} <= {row["title"] for row in weak}
    assert all(row["link"] for row in weak if row["title"] != "private facts")


def test_a_slice_of_several_tags_takes_the_cases_of_each(run: Run):
    answers = Answers(run)
    both = answers.failing("recency", "recency.current", "new or changed", "lora")
    tags = next(case.tags for case in run.cases if f"#case-{case.id}" == both)
    assert tags[0] in ("new", "changed")
    assert answers.failing("recency", "recency.current", "nothing or like it", "lora") == ""


def test_a_map_cell_says_its_outcome_by_colour_sign_and_number(run: Run):
    pairs = {(c.task, c.metric, c.slice, c.candidate, c.baseline): c for c in run.comparisons}
    signs = {"better": "▲", "worse": "▼", "not shown": "·"}
    for item in page_map.build(run):
        for row in item["rows"]:
            for name, cell in zip(item["names"], row["cells"], strict=True):
                key = (item["task"], item["metric"].name, row["slice"], name, "base")
                if key in pairs:
                    outcome = pairs[key].outcome
                    assert signs[outcome] == cell["sign"]
                    assert f"m-{outcome.replace(' ', '-')}" in cell["kind"]
                    assert outcome in cell["said"]
                else:
                    assert (cell["kind"], cell["change"]) == ("level", "")


def test_many_candidates_and_slices_stay_in_boxes_that_scroll(run: Run):
    names = [f"candidate-{i}" for i in range(30)]
    wide = dataclasses.replace(
        run,
        candidates=tuple(CandidateResult(Candidate(name)) for name in names),
        summaries=tuple(
            Summary("recency", "recency.current", part, name, 9, 9, 0.5, 0.2, 0.8)
            for name in names
            for part in ("all", *(f"slice-{i}" for i in range(60)))
        ),
    )
    source = html.render(wide)
    assert "smaller slices of recency are in summaries.csv" in source
    boxes = len(re.findall(r'<div class="scroll" role="region" tabindex="0"', source))
    tables = len(re.findall(r"<table", source))
    # the loss curves' small tables alone need none
    assert tables - 1 <= boxes


def test_points_of_a_learning_curve_are_in_their_section_alone(run: Run):
    extra = tuple(
        CandidateResult(Candidate(f"lora-{size}", AdapterSource("recipe", "lora"), curve="lora"))
        for size in range(12)
    )
    summaries = tuple(
        dataclasses.replace(one, candidate=result.candidate.name)
        for one in run.summaries
        if one.candidate == "lora"
        for result in extra
    )
    more = dataclasses.replace(
        run, candidates=(*run.candidates, *extra), summaries=(*run.summaries, *summaries)
    )
    built = page.build(more)
    assert [c.name for c in CANDIDATES] == [row["name"] for row in built["costs"]]
    assert built["curve_points"] == 12
    assert {len(CANDIDATES)} == {len(item["names"]) for item in built["maps"]}
    assert "12 more candidates are points of learning curves." in html.render(more)


def test_slices_of_age_and_exposures_are_known_and_in_order():
    ages = ["age-over-3-years", "age-under-90-days", "age-90-days-to-1-year"]
    assert [page_staleness.words(part) for part in sorted(ages, key=page_staleness.rank)] == [
        "under 90 days",
        "90 days to 1 year",
        "over 3 years",
    ]
    shown = ["exposures-16-up", "exposures-2-to-3", "exposures-0", "exposures-4-8"]
    assert [page_staleness.words(part) for part in sorted(shown, key=page_staleness.rank)] == [
        "0 times",
        "2 to 3 times",
        "4 to 8 times",
        "16 and more times",
    ]
    later = ["after-5y", "after-0-5y", "after-1y"]
    assert sorted(later, key=page_staleness.rank) == ["after-0-5y", "after-1y", "after-5y"]
    said = [page_staleness.words(part) for part in sorted(later, key=page_staleness.rank)]
    assert page_trends.labels(said) == ["0.5y", "1y", "5y"]
    assert [
        page_staleness.group_of(part) for part in ("after-1y", "exposures-1", "new", "often")
    ] == ["age", "exposures", "kind", ""]


def test_ticks_have_the_slices_words_and_numbers_for_what_is_no_plain_text():
    assert page_trends.labels(["0 times", "2 to 3 times", "90 days to 1 year"]) == [
        "0",
        "2 to 3",
        "90 days\nto 1 year",
    ]
    assert page_trends.labels(["once", "<b>", "$x$ times"]) == ["once", "2", "3"]


def test_a_plot_is_for_base_adapter_and_adapter_with_passages_first():
    adapter = AdapterSource("recipe", "lora")
    every = (
        Candidate("base"),
        Candidate("base+gold", context="gold"),
        Candidate("tuned+house", adapter, prompt="house"),
        Candidate("tuned+gold", adapter, context="gold"),
        Candidate("tuned+found", adapter, context="retrieved"),
        Candidate("tuned", adapter),
    )
    assert page_trends.chosen(every) == ["base", "tuned", "tuned+found", "tuned+gold"]
    assert page_trends.chosen(every[:2]) == ["base", "base+gold"]


def test_a_trend_that_is_zero_throughout_is_a_sentence_and_its_numbers(run: Run):
    parts = {"exposures-0": "0 times", "exposures-1": "once"}
    names = [one.candidate.name for one in run.candidates][:2]

    def levels(mean: float) -> Run:
        summaries = tuple(
            Summary("recency", "recency.current", part, name, 7, 7, mean, 0.0, 0.4)
            for part in parts
            for name in names
        )
        return dataclasses.replace(run, summaries=summaries)

    flat = page_trends.trend(levels(0.0), "recency", ("exposures", parts), 0)
    assert flat
    assert flat["panels"] == []
    assert "No answer of any candidate was current" in flat["none"]
    assert "n = 7" in flat["none"]
    assert [name for name, _ in flat["rows"]] == names
    risen = page_trends.trend(levels(0.3), "recency", ("exposures", parts), 0)
    assert risen
    assert risen["none"] == ""
    assert [name for name, _ in risen["panels"]] == names
    assert all(">once</text>" in svg for _, svg in risen["panels"])


def test_a_plot_is_the_same_each_time_has_text_and_the_pages_colours():
    def paint(axes):
        plots.interval(axes, plots.Series(((1.0, 0.2, 0.1, 0.3), (2.0, 0.6, 0.5, 0.7)), 1))
        plots.percent(axes)

    first, second = plots.draw("one", "a <b> plot", paint), plots.draw("one", "a <b> plot", paint)
    assert first == second
    assert "<title>a &lt;b&gt; plot</title>" in first
    assert re.search(r"<text [^>]*>100 %</text>", first)
    assert "var(--s2)" in first
    assert re.findall(r"#[0-9a-f]{6}|url\(|<style|<metadata", first) == []
    other = plots.draw("two", "a <b> plot", paint)
    ids = [set(re.findall(r' id="([^"]*)"', one)) for one in (first, other)]
    assert not ids[0] & ids[1]


def test_every_plot_stands_beside_its_numbers(run: Run):
    source = section(html.render(run), "curves")
    gaps = source.count("<caption>Nested training less independent training")
    assert gaps == 1
    assert 5 == source.count('<svg class="plot"') == source.count("<table") - gaps
    assert "beyond the data" in source


def test_the_sliders_start_from_the_inputs_of_the_run(run: Run):
    class Box(HTMLParser):
        numbers = ""
        names: tuple[str, ...] = ()

        def handle_starttag(self, tag, attrs):
            found = dict(attrs)
            self.numbers = found.get("data-values") or self.numbers
            if tag == "input":
                self.names = (*self.names, found["data-name"])

    box = Box()
    box.feed(section(html.render(run), "cost"))
    assert run.break_even
    expected = {name: one.value for name, one in run.break_even.inputs.items()}
    assert expected == json.loads(box.numbers)
    assert (
        *("change_rate", "queries_per_day", "retrain_days", "bad_answer"),
        *expected,
    ) == box.names


def test_without_conclusions_the_page_says_what_was_not_measured():
    source = section(html.render(empty_run()), "method")
    for words in ("No decision was made", "No learning curve", "No break-even", "has no answers"):
        assert words in source
    assert 'id="money"' not in html.render(empty_run())


def test_matplotlib_is_loaded_by_the_first_plot_alone():
    code = "import sys; import harness.report.html; print('matplotlib' in sys.modules)"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        == "False"
    )
