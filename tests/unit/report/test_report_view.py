"""What is picked from a run, and the geometry of its drawings."""

import dataclasses

from factory_run import empty_run, make_run

from harness.records import CaseResult, Metric
from harness.report import html, markdown, marks, terminal, view


def test_the_base_is_the_candidate_with_nothing_added():
    run = make_run()
    assert view.plain(dataclasses.replace(run, candidates=run.candidates[::-1])) == "base"
    assert view.plain(empty_run()) == ""


def test_facts_are_shown_on_changed_and_unchanged_cases_too():
    titles = [view.column_title(*column) for column in view.columns(make_run(), "recency")]
    expected = ["", " changed", " unchanged", " new"]
    assert [f"recency.current{part}" for part in expected] == titles


def test_a_task_without_headlines_still_has_columns():
    run = make_run()
    plain = tuple(dataclasses.replace(metric, headline=False) for metric in run.metrics)
    found = view.columns(dataclasses.replace(run, metrics=plain), "clauses")
    assert [metric.name for metric, _ in found] == ["style.all", "style.heading"]


def test_a_metric_that_only_a_rule_names_is_known():
    run = dataclasses.replace(make_run(), metrics=())
    assert "recency.stale" in view.metric_map(run)


def test_class_shares_count_every_answer_once_and_errors_too():
    run = make_run()
    counts = view.class_counts(run)
    assert sum(counts["recency", "all", "base"].values()) == 64
    assert counts["recency", "all", "base"]["error"] == 1
    by_slice = [counts["recency", part, "lora"]["stale"] for part in view.CLASS_SLICES[1:]]
    assert counts["recency", "all", "lora"]["stale"] == sum(by_slice)


def test_an_adapter_used_by_three_candidates_is_listed_once():
    adapter, names = view.adapters(make_run())[0]
    assert (adapter.name, names) == ("lora", ["lora", "lora+retrieved", "lora+gold"])


def test_a_forest_mark_lies_on_the_side_of_its_sign():
    mark = marks.forest(0.5, 0.2, 0.8, 1.0)
    assert mark.zero < mark.low < mark.mid < mark.high <= marks.WIDTH
    assert None is marks.forest(None, None, None, 1.0)


def test_a_mean_outside_its_range_stays_on_the_track():
    mark = marks.band(1.4, 1.2, 1.6, Metric("m", ""), 1.0)
    assert mark.low == mark.mid == mark.high == marks.WIDTH - 5


def test_a_stack_fills_its_bar_and_leaves_out_empty_classes():
    parts = marks.stack({"current": 3, "stale": 0, "wrong": 1}, 100)
    assert [(p.name, p.x, p.width) for p in parts] == [("current", 0, 74), ("wrong", 75, 24)]


def test_a_curve_reads_only_finite_pairs():
    raw = [[0, 2.5], (1, 2.0), [2, None], [3, float("nan")], "x", [4]]
    assert marks.curve(raw) == [(0.0, 2.5), (1.0, 2.0)]
    assert marks.curve("nonsense") == []
    assert marks.sparklines(([], [])) == ["", ""]


def test_a_claim_is_told_once_and_the_like_of_it_is_counted() -> None:
    run = make_run()
    first = run.findings[0]
    again = [dataclasses.replace(first, task=f"task-{i}", sentence=f"again {i}") for i in range(3)]
    other = dataclasses.replace(first, answer="not shown", sentence="not here")
    shown, left = view.digest([first, *again, other])
    assert (shown, left) == ([first, other], 3)
    assert view.digest([]) == ([], 0)
    many = dataclasses.replace(run, findings=(first, *again))
    told = " ".join(terminal.plain_text(many).split())
    assert "3 more of these claims, on other tasks and candidates: report.html" in told
    assert "again 1" not in told
    page = html.render(many)
    assert all(f"again {i}" in page for i in range(3))


def test_what_is_to_know_of_a_verdict_is_in_every_report():
    musts = (
        CaseResult("case-1", "fees", "lora", "style.all", "PASS"),
        CaseResult("case-2", "fees", "lora", "style.all", "FAIL", "lora fails it"),
    )
    gate = dataclasses.replace(
        make_run().gate, must_pass=musts, baseline="run b1", notes=("look 2 at these",)
    )
    run = dataclasses.replace(make_run(), gate=gate)
    said = view.gate_notes(run)
    assert said == [
        "held against the baseline: run b1",
        "1 of 2 must-pass cases pass",
        "must-pass case case-2, lora: FAIL, lora fails it",
        "look 2 at these",
    ]
    for page in (markdown.render(run), html.render(run), terminal.plain_text(run)):
        assert [line for line in said if line not in " ".join(page.split())] == []


def test_points_of_a_learning_curve_are_counted_and_stay_out_of_tables():
    run = make_run()
    lora = next(one for one in run.candidates if one.candidate.name == "lora")
    point = dataclasses.replace(lora, candidate=dataclasses.replace(lora.candidate, curve="lora"))
    some = [point if one is lora else one for one in run.candidates]
    run = dataclasses.replace(run, candidates=tuple(some))
    assert "lora" not in view.task_candidates(run, "clauses")
    assert "lora" not in view.adapters(run)[0][1]
    lines = dict(view.subject(run))
    assert "1 point of learning curves" in lines["measured"]
    assert "lora," not in lines["compared"]
