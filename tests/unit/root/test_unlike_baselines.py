"""What differs between a baseline and a run that an engine answered, and what is kept of one."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from root_factory import MODEL, cases, make_plan, make_run, make_suite

from harness import pins
from harness.baselines import again, is_skip, stands, trusted_targets
from harness.ledger import setup_of
from harness.pins import Baseline
from harness.plan import Plan
from harness.records import (
    Adapter,
    Answer,
    Fact,
    Rule,
    Sampling,
    Score,
    ScorerSpec,
    Suite,
    Task,
)
from harness.unlike import faults_of, notes_of

RULE = Rule("non_inferior", "lora", "fees", "m.right", against="baseline", margin=0.1)


def kept(plan: Plan, **changes: Any) -> Baseline:
    """A pinned run of the plan's suite as it was."""
    run = make_run(setup=setup_of(plan), **changes)
    return replace(pins.of_run(run), sha256="ab" * 32)


def found(baseline: Baseline, plan: Plan, rule: Rule = RULE) -> list[str]:
    asked = plan.suite.tasks[0].cases
    return list(faults_of(baseline, "lora", rule, asked, plan, setup_of(plan)))


def noted(baseline: Baseline, plan: Plan) -> list[str]:
    asked = plan.suite.tasks[0].cases
    return list(notes_of(baseline, {RULE: "lora"}, asked, plan, setup_of(plan), ()))


def test_the_same_way_of_measuring_is_no_fault_and_needs_no_note() -> None:
    plan = make_plan()
    assert found(kept(plan), plan) == []
    assert noted(kept(plan), plan) == []


def tasks(**changes: Any) -> tuple[Task, ...]:
    return (replace(make_suite().tasks[0], **changes),)


@pytest.mark.parametrize(
    "suite, reason",
    [
        (make_suite(template="Q: {input}"), "the suite's template changed"),
        (make_suite(sampling=Sampling(temperature=0.7)), "sampling.temperature was 0 and is 0.7"),
        (make_suite(sampling=Sampling(samples=3)), "sampling.samples was 1 and is 3"),
        (make_suite(tasks=tasks(max_tokens=512)), "max_tokens of fees was 128 and is 512"),
        (make_suite(name="desk"), "it is of suite 'shop'"),
        (make_suite(tasks=tasks(cases=cases(5))), "it lacks 1 of 5 cases (case-4)"),
    ],
)
def test_another_way_of_measuring_is_a_fault(suite: Suite, reason: str) -> None:
    (fault,) = found(kept(make_plan()), make_plan(suite))
    assert fault.startswith(reason)


def test_another_base_or_tokenizer_is_a_fault() -> None:
    plan = make_plan(model=replace(MODEL, digest="d1"))
    (fault,) = found(kept(make_plan()), plan)
    assert fault.startswith("another base model or tokenizer: acme/small d0, now acme/small d1")


def test_a_case_that_moved_to_another_task_is_a_fault() -> None:
    moved = tuple(replace(case, task="notes") for case in cases())
    baseline = kept(make_plan(), cases=moved)
    assert "it has another task for 4 of 4 cases" in found(baseline, make_plan())[0]


def test_judged_rules_need_the_same_judge() -> None:
    def suite(rubric: str) -> Suite:
        judge = ScorerSpec("judge", {"rubric": rubric, "against": "base"})
        return make_suite(tasks=tasks(scorers=(ScorerSpec("rouge"), judge)))

    baseline, plan = kept(make_plan(suite("Kind?"))), make_plan(suite("Short?"))
    assert found(baseline, plan) == []
    (fault,) = found(baseline, plan, replace(RULE, metric="judge.win"))
    assert fault.startswith("the judge of fees changed")


@pytest.mark.parametrize("cut, faults", [(2, 0), (3, 1)])
def test_a_baseline_that_was_mostly_cut_is_no_bar(cut: int, faults: int) -> None:
    run = make_run(setup=setup_of(make_plan()))
    short = {f"case-{number}" for number in range(cut)}
    answers = tuple(
        replace(one, answer=replace(one.answer, finish="length")) if one.case in short else one
        for one in run.answers
    )
    baseline = pins.of_run(replace(run, answers=answers))
    reasons = found(baseline, make_plan())
    assert len(reasons) == faults
    assert all("reached max_tokens and were cut" in one for one in reasons)
    assert found(baseline, make_plan(), replace(RULE, kind="superior")) == []


@pytest.mark.parametrize(
    "change, note",
    [
        (lambda one: replace(one, sha256=""), "the baseline is not pinned"),
        (
            lambda one: replace(one, header=replace(one.header, engine="vllm")),
            "the baseline's answers are of vllm",
        ),
        (
            lambda one: replace(one, header=replace(one.header, engine="replay")),
            "the baseline's answers are of replay",
        ),
    ],
)
def test_what_is_not_the_same_is_said(change: Callable[[Baseline], Baseline], note: str) -> None:
    plan = make_plan()
    assert noted(change(kept(plan)), plan)[0].startswith(note)


def test_a_fact_that_changed_is_said_and_its_old_likelihoods_are_not_used() -> None:
    plan = make_plan(make_suite(facts=(Fact("f", "desk", "fee", ()),)))
    baseline = kept(make_plan())
    assert noted(baseline, plan) == [
        "changed since the baseline: facts; its answers were scored by today's"
    ]
    task, own = plan.suite.tasks[0], setup_of(make_plan())
    assert trusted_targets(task, baseline, own) == {case.id for case in task.cases}
    assert trusted_targets(task, baseline, setup_of(plan)) == set()


def test_an_adapter_that_is_the_baselines_own_is_said() -> None:
    mine = Adapter("lora", "/mine", "a1", 8, 1)
    plan = make_plan()
    for cell in plan.cells:
        cell.adapter = mine if cell.candidate.name == "lora" else None
    run = make_run(setup=setup_of(plan))
    results = tuple(
        replace(one, adapter=mine) if one.candidate.name == "lora" else one
        for one in run.candidates
    )
    baseline = replace(pins.of_run(replace(run, candidates=results)), sha256="ab")
    assert noted(baseline, plan) == [
        "lora has the adapter of the baseline: it is compared with itself"
    ]


# ---------------------------------------------------------------- what is kept


def test_a_baseline_comes_back_as_it_was() -> None:
    baseline = pins.of_run(make_run(setup=setup_of(make_plan())))
    back = pins.unpacked(pins.packed(baseline), "here")
    assert (back.header, back.cases, back.answers) == (
        baseline.header,
        baseline.cases,
        baseline.answers,
    )


def test_only_what_cannot_be_made_again_is_kept_of_scores() -> None:
    run = make_run()
    judged = Score("judge.win", 0.5, "ok", "tie")
    skipped = Answer("case-1", "", finish="error", error="the case has no gold passage")
    why = Score("m.right", None, "unmeasured", reason=skipped.error)
    first, second, *_ = run.answers
    answers = (
        replace(first, scores=(*first.scores, judged)),
        replace(second, answer=skipped, scores=(why,)),
    )
    kept_first, kept_second = pins.of_run(replace(run, answers=answers)).answers
    assert kept_first.scores == (judged,)
    assert not is_skip(kept_first)
    assert is_skip(kept_second)
    today = Score("m.right", 0.0)
    own = {score.metric: score for score in kept_first.scores}
    assert stands(today, own, skip=False) == today
    assert stands(Score("judge.win", None, "unmeasured"), own, skip=False) == judged
    own = {score.metric: score for score in kept_second.scores}
    assert stands(today, own, skip=True) == why


def test_answers_are_scored_again_under_a_name_of_their_own() -> None:
    plan = make_plan()
    baseline = kept(plan)
    wanted = {("fees", "lora")}
    scored = list(again(plan, baseline, wanted, setup_of(plan)))
    assert {one.candidate for one in scored} == {"baseline/lora"}
    assert [one.case for one in scored] == [case.id for case in cases()]
    assert {score.metric.split(".")[0] for one in scored for score in one.scores} == {"rouge"}


def test_cases_that_another_profile_does_not_ask_are_left_out() -> None:
    plan = make_plan(make_suite(tasks=tasks(cases=cases(2)), profile="small"))
    assert found(kept(make_plan()), plan) == []
    scored = again(plan, kept(make_plan()), {("fees", "lora")}, setup_of(plan))
    assert [one.case for one in scored] == ["case-0", "case-1"]


def test_cases_that_the_same_profile_no_longer_asks_are_a_fault() -> None:
    plan = make_plan(make_suite(tasks=tasks(cases=cases(2))))
    (fault,) = found(kept(make_plan()), plan)
    assert fault.startswith("the suite no longer asks 2 of 4 cases (case-2, case-3) of fees")
