"""What a run took: seconds that add up over its starts, tokens, cuts, errors."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from root_factory import BASE, LORA, make_plan, make_run

from harness import ledger
from harness.plan import Plan, canary_key
from harness.records import Adapter, Candidate, CandidateResult, Sampling, Score
from harness.store import Store

ADAPTER = Adapter("lora", "/a", "digest", 4, 10)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "home")


@pytest.fixture
def plan() -> Plan:
    made = make_plan()
    for cell in made.cells:
        cell.adapter = ADAPTER if cell.candidate == LORA else None
        cell.key = cell.candidate.name
    return made


@pytest.fixture
def tick(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock: reads what is in the list."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def start(store: Store, now: list[float], **seconds: float) -> ledger.Clock:
    clock = ledger.Clock(store, "run")
    for name, took in seconds.items():
        with clock.stage(name):
            now[0] += took
    return clock


def test_seconds_are_told_by_stage(store: Store, tick: list[float]) -> None:
    clock = start(store, tick, train=10, serve=5, score=1)
    assert clock.settle(worked=True) == {"train": 10.0, "serve": 5.0, "score": 1.0}


def test_a_start_that_found_everything_done_tells_the_seconds_of_the_work(
    store: Store, tick: list[float]
) -> None:
    start(store, tick, train=10, serve=5, score=1).settle(worked=True)
    again = start(store, tick, train=0.1, serve=0.1, score=2)
    assert again.settle(worked=False) == {"train": 10.0, "serve": 5.0, "score": 1.0}


def test_training_and_serving_add_up_over_starts_and_scoring_does_not(
    store: Store, tick: list[float]
) -> None:
    start(store, tick, train=10, serve=5, score=1).settle(worked=True)
    again = start(store, tick, train=0, serve=7, score=2)
    assert again.settle(worked=True) == {"train": 10.0, "serve": 12.0, "score": 2.0}


def test_seconds_of_a_start_that_was_killed_are_not_lost(store: Store, tick: list[float]) -> None:
    start(store, tick, train=10)
    with pytest.raises(KeyboardInterrupt):
        interrupt(store, tick, 3)
    resumed = start(store, tick, train=0, serve=4, score=1)
    assert resumed.settle(worked=True) == {"train": 10.0, "serve": 7.0, "score": 1.0}
    again = start(store, tick, train=0, serve=0, score=1)
    assert again.settle(worked=False) == {"train": 10.0, "serve": 7.0, "score": 1.0}


def interrupt(store: Store, now: list[float], took: float) -> None:
    with ledger.Clock(store, "run").stage("serve"):
        now[0] += took
        raise KeyboardInterrupt


def test_a_run_keeps_the_day_on_which_it_was_first_finished(
    store: Store, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ledger.created(plan, store)
    monkeypatch.setattr(ledger, "datetime", None)
    assert ledger.created(plan, store) == first
    assert len(first) == len("2026-01-02T03:04:05Z")


def test_a_candidates_cost_is_the_sum_over_its_answers_and_its_share_of_the_engine(
    store: Store, plan: Plan
) -> None:
    answers = list(make_run().answers)
    answers[4] = replace(answers[4], answer=replace(answers[4].answer, finish="length"))
    store.keep_value("seconds-lora", 1.2345)
    found = [ledger.cost_of(candidate, plan, answers, store) for candidate in (BASE, LORA)]
    assert found == [
        CandidateResult(BASE, None, 4, 8, 12, 0.0, 0),
        CandidateResult(LORA, ADAPTER, 4, 8, 12, 1.23, 1),
    ]


def test_cases_that_a_candidate_was_not_asked_cost_nothing(store: Store, plan: Plan) -> None:
    asked = plan.cells[0].asked
    plan.cells[0].asked = (replace(asked[0], skip="no gold"), *asked[1:])
    answers = make_run().answers
    found = [ledger.cost_of(candidate, plan, answers, store) for candidate in (BASE, LORA)]
    assert [(row.answers, row.answer_tokens, row.prompt_tokens) for row in found] == [
        (3, 6, 9),
        (4, 8, 12),
    ]


def warned(*results: CandidateResult, scores: tuple[Score, ...] = ()) -> Iterator[str]:
    answer = replace(make_run().answers[0], scores=scores)
    return ledger.warnings_of(results, [answer])


def test_a_run_without_trouble_has_no_warnings() -> None:
    clean = (Score("m", 1.0), Score("n", None, "unmeasured"))
    assert list(warned(CandidateResult(BASE, answers=4), scores=clean)) == []


def test_cut_answers_left_out_rows_and_broken_scores_are_said() -> None:
    adapter = replace(ADAPTER, record={"dropped_rows": 3})
    broken = (Score("m", None, "error", reason="ValueError: x"),) * 2
    assert list(
        warned(
            CandidateResult(BASE, answers=4, truncated=2),
            CandidateResult(LORA, adapter, answers=4),
            scores=broken,
        )
    ) == [
        "2 of 4 answers of base reached max_tokens and were cut",
        "3 training rows of lora were longer than max_length and were left out",
        "2 scores are errors, first: ValueError: x",
    ]


def test_the_environment_names_versions_the_machine_and_the_canary(
    store: Store, plan: Plan
) -> None:
    store.keep_value(canary_key(plan, "digest"), {"to_reference": 0.0123, "effect": 0.5})
    store.keep_value(canary_key(plan, "another"), {"to_reference": 0.9, "effect": 0.9})
    store.keep_value(f"peak-{plan.id}", 99e9)
    found = ledger.environment(plan, store)
    wanted = {"torch", "transformers", "peft", "bench-harness", "engine", "python", "machine"}
    assert wanted <= set(found)
    assert found["canary lora"] == "0.0123 from the reference, effect 0.5000"
    assert [name for name in found if name.startswith("canary")] == ["canary lora"]
    assert found["peak memory of a stage"] == "99.0 GB"


def test_the_canary_of_another_model_or_engine_is_another_one(plan: Plan) -> None:
    others = [
        replace(plan, model=replace(plan.model, digest="d1")),
        replace(plan, engine="vllm"),
        replace(plan, engine_version="99"),
    ]
    found = {canary_key(one, "base") for one in (plan, *others)}
    assert len(found) == 4
    assert canary_key(replace(plan, id="other"), "base") in found


def test_a_trained_adapter_is_one_seed_and_the_reader_is_told() -> None:
    adapter = Adapter("lora", "/a", "d1", 4, 100, {"seed": 7})
    told = "trained with one seed: the numbers are of these weights, not of the recipe"
    assert list(ledger.warnings_of([CandidateResult(LORA, adapter)], [])) == [told]
    assert list(ledger.warnings_of([CandidateResult(BASE)], [])) == []


def test_points_of_a_learning_curve_are_warned_of_together() -> None:
    adapter = Adapter("p", "/a", "d1", 4, 100, {"seed": 7, "dropped_rows": 2})
    points = [
        CandidateResult(Candidate(name, curve="lora"), adapter, answers=4, truncated=1)
        for name in ("lora-2-seed1", "lora-4-seed1", "lora-8-seed1")
    ]
    curve = "the learning curve of lora"
    assert list(ledger.warnings_of(points, [])) == [
        f"3 of 12 answers of {curve} reached max_tokens and were cut",
        f"6 training rows of {curve} were longer than max_length and were left out",
    ]


DRAWN = "answers were drawn at temperature 0.5, top_p 0.9, seed 3"


@pytest.mark.parametrize(
    ("engine", "sampling", "notes"),
    [
        ("vllm", Sampling(), []),
        ("vllm", Sampling(0.5), ["answers were drawn at temperature 0.5, top_p 1, seed 0"]),
        (
            "vllm",
            Sampling(0.5, 0.9, 3, samples=4),
            [f"{DRAWN}, 4 to a case, which counts once, with their mean"],
        ),
        (
            "replay",
            Sampling(samples=2),
            ["up to 2 answers to a case, which counts once, with their mean"],
        ),
    ],
)
def test_how_answers_were_drawn_is_said(
    plan: Plan, store: Store, engine: str, sampling: Sampling, notes: list[str]
) -> None:
    drawn = replace(plan, engine=engine, suite=replace(plan.suite, sampling=sampling))
    assert list(ledger.notes_of(drawn, store)) == notes
