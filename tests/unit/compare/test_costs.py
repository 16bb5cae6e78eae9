"""What candidates cost: prices by name, tokens and machine time, the table for reports."""

from dataclasses import replace
from datetime import date

import pytest
from costs_factory import (
    ADDED,
    PROMPT,
    RAG_TOKENS,
    TUNED_TOKENS,
    facts_of,
    run_of,
    suite_of,
    with_record,
)

from harness.compare.costs import cost_per_1000, costs, prices_of, serving
from harness.concluding import conclude
from harness.records import PRICES, Endpoint, Policy

HOSTED = Policy(prices={"prompt_mtok": 2.0, "answer_mtok": 8.0, "retrieval": 0.001})


def test_every_price_has_a_value_a_unit_in_the_suites_currency_and_an_origin() -> None:
    day = date(2026, 3, 1)
    policy = Policy(prices={"label": 40.0}, currency="INR", priced_on=day, source="a quote of ours")
    prices = prices_of(run_of(), policy)
    label = prices.pop("label")
    expected = (40.0, "INR per example", "suite", "a quote of ours", day)
    assert (label.value, label.unit, label.origin, label.source, label.on) == expected
    assert set(prices) == set(PRICES) - {"label"}
    assert {one.origin for one in prices.values()} == {"default"}
    assert {one.source for one in prices.values()} == {"assumption"}
    assert not [one for one in prices.values() if "{" in one.unit]


def test_tokens_with_a_price_are_paid_by_the_token_and_no_machine_beside() -> None:
    found = cost_per_1000(run_of(), HOSTED)
    tuned = 1000 * (PROMPT * 2.0 + TUNED_TOKENS * 8.0) / 1e6
    rag = 1000 * ((PROMPT + ADDED) * 2.0 + RAG_TOKENS * 8.0) / 1e6 + 1000 * 0.001
    assert found["tuned"].value == pytest.approx(tuned)
    assert found["found"].value == pytest.approx(rag)
    assert found["tuned"].unit == "USD per 1,000 answers"


def test_an_endpoints_prices_count_where_the_suite_sets_none() -> None:
    endpoint = Endpoint("http://127.0.0.1:1/v1", input_price=1.0, output_price=4.0)
    prices = prices_of(run_of(), Policy(prices={"answer_mtok": 9.0}), endpoint)
    found = {name: prices[name].value for name in ("prompt_mtok", "answer_mtok", "serve_hour")}
    assert found == {"prompt_mtok": 1.0, "answer_mtok": 9.0, "serve_hour": 0.0}


def test_on_an_own_machine_all_answers_cost_what_the_machines_seconds_cost() -> None:
    run, policy = run_of(), Policy(prices={"serve_hour": 36.0, "retrieval": 0.0})
    found = cost_per_1000(run, policy)
    paid = sum(found[one.candidate.name].value * one.answers / 1000 for one in run.candidates)
    seconds = sum(one.answer_seconds for one in run.candidates)
    assert paid == pytest.approx(36.0 * seconds / 3600)


def test_a_candidate_is_priced_on_one_task_or_on_all_that_it_was_asked() -> None:
    run = run_of()
    long = replace(run.answers[0], task="essays", case="e1")
    long = replace(long, answer=replace(long.answer, token_ids=tuple(range(1000))))
    both = replace(run, answers=(*run.answers, long))
    alone = cost_per_1000(run, HOSTED)["plain"].value
    assert cost_per_1000(both, HOSTED, task="facts")["plain"].value == pytest.approx(alone)
    assert cost_per_1000(both, HOSTED)["plain"].value > alone
    assert set(cost_per_1000(both, HOSTED, task="essays")) == {"plain"}


def test_answers_that_took_no_time_leave_the_machine_unpriced() -> None:
    run = run_of()
    unheard = tuple(replace(one, answer_seconds=0.0) for one in run.candidates)
    found = serving(replace(run, candidates=unheard), Policy())
    assert (found["seconds_per_mtok"].value, found["seconds_per_mtok"].origin) == (0.0, "default")


def test_a_gpu_that_trained_has_another_hour_than_a_processor() -> None:
    hours = [
        prices_of(run, Policy())["train_hour"].value
        for run in (run_of(), with_record(run_of(), device="cuda:0"))
    ]
    assert hours == [0.1, 3.0]


def test_the_table_has_work_and_price_of_every_candidate() -> None:
    plain, tuned, found = costs(run_of(), Policy(prices={"train_hour": 2.0, "label": 0.5}))
    work = (tuned.train_seconds, tuned.train_tokens, tuned.train_flops, tuned.peak_memory)
    assert work == (1800.0, 40_000, 2.0e13, 3_000_000_000)
    assert (tuned.train_price, tuned.label_price, tuned.rows) == (1.0, 50.0, 100)
    assert (plain.train_price, plain.label_price, plain.adapter) == (0.0, 0.0, "")
    assert found.per_1000 is not None
    assert found.prompt_tokens == 60 * (PROMPT + ADDED)


def test_an_adapter_from_outside_has_no_price_of_training_rather_than_none_to_pay() -> None:
    run = run_of()
    outside = tuple(
        replace(one, adapter=replace(one.adapter, record={})) if one.adapter else one
        for one in run.candidates
    )
    tuned = costs(replace(run, candidates=outside), Policy())[1]
    assert (tuned.train_seconds, tuned.train_price, tuned.label_price) == (None, None, None)


def test_a_concluded_run_holds_the_table_and_the_break_even() -> None:
    run, suite = run_of(), suite_of(facts_of(20, 40))
    done = conclude(run, suite)
    assert done.costs == costs(run, suite.decision)
    assert done.break_even is not None
    assert (done.break_even.tuned_candidate, done.break_even.rag_candidate) == ("tuned", "found")
