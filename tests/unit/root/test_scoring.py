"""Every answer gets every score of its task; what was not asked is unmeasured, never zero."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from root_factory import BASE, cases, make_plan, make_suite

from harness import registry, scoring
from harness.errors import UsageError
from harness.pipeline import check_suite
from harness.records import (
    Answer,
    Candidate,
    Document,
    Score,
    ScoredAnswer,
    ScorerSpec,
    Suite,
    Task,
)
from harness.store import Store
from harness.suite import scorers

GOLD = Candidate("gold", context="gold")
WHY = "the case has no gold passage"


def scored(tmp_path: Path, *specs: ScorerSpec) -> list[ScoredAnswer]:
    """Base and gold on two cases, the second without gold; what was asked is answered."""
    have, bare = cases(2)
    suite = make_suite(
        documents=(Document("doc", "Fees", "Fee 0 is 0 euros."),),
        tasks=(Task("fees", (replace(have, gold=("doc",)), bare), specs),),
        candidates=(BASE, GOLD),
    )
    plan, store = make_plan(suite), Store(tmp_path)
    for cell in plan.cells:
        cell.key = cell.candidate.name
        kept = store.answers(cell.key)
        for asked in cell.asked:
            if not asked.skip:
                kept.append(Answer(asked.case.id, asked.case.reference))
        kept.close()
    return scoring.score_cells(plan, store)


@pytest.mark.parametrize("specs", [("rouge",), ("rouge", "terminology", "recency")])
def test_a_case_that_was_not_asked_is_unmeasured_on_every_metric(
    tmp_path: Path, specs: tuple[str, ...]
) -> None:
    found = scored(tmp_path, *map(ScorerSpec, specs))
    assert [(row.candidate, row.case) for row in found] == [
        ("base", "case-0"),
        ("base", "case-1"),
        ("gold", "case-0"),
        ("gold", "case-1"),
    ]
    suite = make_suite(tasks=(Task("fees", cases(), tuple(map(ScorerSpec, specs))),))
    metrics = [metric.name for metric in scoring.metrics_of(suite)]
    assert found[3].scores == tuple(Score(name, None, "unmeasured", reason=WHY) for name in metrics)
    assert (found[3].answer.text, found[3].answer.error) == ("", WHY)
    assert [row.scores[0].state for row in found[:3]] == ["ok", "ok", "ok"]


def test_what_the_engine_left_out_is_an_error_and_not_unmeasured() -> None:
    made = make_plan()
    cell = replace(made.cells[0], key="empty")
    store: Any = type("Empty", (), {"answers": lambda self, key: type("C", (), {"done": {}})})()
    first = next(scoring.score_cell(cell, scoring.scorers_of(made.suite, cell.task), store))
    assert {score.state for score in first.scores} == {"error"}
    assert first.answer.error == "the engine gave no answer"


def test_a_scorer_that_breaks_is_an_error_row_and_does_not_end_the_run() -> None:
    class Broken:
        metrics = registry.load("scorer", "rouge")({}, None).metrics

        def score(self, case: Any, answer: Any) -> list[Score]:
            raise ZeroDivisionError("by zero")

    found = scorers.scored(Broken(), cases(1)[0], Answer("a", "x"))
    assert {(score.value, score.state, score.reason) for score in found} == {
        (None, "error", "ZeroDivisionError: by zero")
    }


def test_answers_scored_in_blocks_and_those_scored_early_have_their_own_scores_in_order() -> None:
    number = 2 * scoring.BLOCK + 3
    specs = (ScorerSpec("rouge"), ScorerSpec("abstention"))
    plan = make_plan(make_suite(tasks=(Task("fees", cases(number), specs),), candidates=(BASE,)))
    (cell,) = plan.cells
    done = {
        asked.case.id: Answer(asked.case.id, f"{at} euros" if at % 3 else "I do not know.")
        for at, asked in enumerate(cell.asked)
    }
    store: Any = type("Kept", (), {"answers": lambda self, key: type("C", (), {"done": done})()})()
    made = scoring.scorers_of(plan.suite, cell.task)
    early = scoring.Early([plan])
    for asked in cell.asked[5:20]:
        early.add(cell, asked, done[asked.case.id])
    expected = [
        (asked.case.id, tuple(scoring.scores_of(made, asked, done[asked.case.id])))
        for asked in cell.asked
    ]
    for before in (None, early):
        rows = scoring.score_cell(cell, made, store, before)
        assert expected == [(row.case, row.scores) for row in rows]


def two_tasks(first: dict[str, Any], second: dict[str, Any]) -> Suite:
    """Two tasks that both score recency, with options of their own."""
    names = {"fees": first, "prices": second}
    return make_suite(
        tasks=tuple(
            Task(name, cases(), (ScorerSpec("recency", options),))
            for name, options in names.items()
        )
    )


def test_one_name_for_two_ranges_is_refused_before_any_compute() -> None:
    for check in (scoring.metrics_of, check_suite):
        with pytest.raises(UsageError) as caught:
            check(two_tasks({"gamma": 1}, {"gamma": 3}))
        assert str(caught.value) == (
            "metric 'recency.utility' has another range or direction in task 'prices' than in an "
            "earlier one (give the scorer the same options in both tasks)"
        )


def test_tasks_with_the_same_options_share_their_metrics() -> None:
    one = scoring.metrics_of(make_suite(tasks=two_tasks({}, {}).tasks[:1]))
    assert scoring.metrics_of(two_tasks({}, {"gamma": 1})) == one
    assert scoring.metrics_of(two_tasks({"gamma": 3}, {"gamma": 3.0}))[5].lower == -3.0
