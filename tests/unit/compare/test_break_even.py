"""A run's break-even: which arms, what is measured, its intervals, and what it says."""

from collections import Counter
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from claims_factory import BASE, FOUND, GOLD, TUNED, TUNED_FOUND
from costs_factory import (
    ADDED,
    ASKED,
    CHANGED,
    CURRENT,
    PROMPT,
    TRAINED,
    UNCHANGED,
    facts_of,
    run_of,
    suite_of,
    with_record,
)
from scipy import stats

from harness.compare import upkeep
from harness.compare.breakeven import break_even, draws
from harness.compare.upkeep_inputs import arms_of, change_rate, inputs_of
from harness.records import RATES, BreakEven, Fact, Policy, Priced, Retrieval, Run, Version

FACTS = facts_of(20, 40)
INDEXED = replace(FOUND, name="old index", retrieve=Retrieval(index=date(2020, 1, 1)))


def solved(run: Run | None = None, policy: Policy | None = None) -> BreakEven:
    found = break_even(run or run_of(), suite_of(FACTS, policy))
    assert found is not None
    return found


def test_what_the_run_measured_takes_the_place_of_assumptions() -> None:
    found = solved().inputs
    measured = {name: one.value for name, one in found.items() if one.origin == "measured"}
    expected = {
        "change_rate": -np.log(40.5 / 60.5) / 365,
        "facts": 60,
        "examples_per_fact": 2,
        "train_seconds": 1800,
        "seconds_per_mtok": 60 / (60 * (12 + 30 + 30) + 0.25 * 60 * (3 * PROMPT + ADDED)) * 1e6,
        "prompt_tokens": PROMPT,
        "added_tokens": ADDED,
        "tuned_tokens": 12,
        "rag_tokens": 30,
        "recall": 50 / 60,
        "wrong_if_changed": 18 / 20,
        "wrong_if_unchanged": 8 / 40,
        "wrong_if_found": 0,
        "wrong_if_missed": 1,
    }
    assert measured == pytest.approx(expected)


def test_all_shares_of_wrong_answers_add_up_to_what_the_run_saw() -> None:
    i = {name: one.value for name, one in solved().inputs.items()}
    rag = i["recall"] * i["wrong_if_found"] + (1 - i["recall"]) * i["wrong_if_missed"]
    seen = [not rag for _, rag, _ in (*CHANGED, *UNCHANGED)]
    assert rag == pytest.approx(np.mean(seen))


def test_the_suites_numbers_take_the_place_of_all_others() -> None:
    day = date(2026, 5, 4)
    policy = Policy({}, {"label": 3.0}, {"recall": 0.5, "facts": 7}, "EUR", day, "our books")
    found = solved(policy=policy)
    got = {name: found.inputs[name] for name in ("label", "recall", "facts")}
    assert {name: one.value for name, one in got.items()} == {"label": 3, "recall": 0.5, "facts": 7}
    assert {(one.origin, one.source, one.on) for one in got.values()} == {
        ("suite", "our books", day)
    }
    assert found.currency == "EUR"
    assert "EUR a day" in found.sentence


def test_every_rate_and_price_is_among_the_inputs_by_its_name() -> None:
    found = solved().inputs
    assert all(name == one.name for name, one in found.items())
    assert set(RATES) < set(found)
    assert not [one for one in found.values() if "{" in one.unit]


@pytest.mark.parametrize(
    "candidates", [(BASE, TUNED), (BASE, FOUND), (BASE, TUNED, GOLD), (BASE, TUNED, INDEXED)]
)
def test_a_run_with_one_arm_only_has_no_break_even(candidates: tuple[object, ...]) -> None:
    assert break_even(run_of(candidates=candidates), suite_of(FACTS)) is None  # type: ignore[arg-type]


def test_a_run_whose_metrics_are_not_of_facts_has_no_break_even() -> None:
    run = replace(run_of(), metrics=(replace(CURRENT, need="style"),))
    assert break_even(run, suite_of(FACTS)) is None


def test_points_of_a_curve_are_no_arm_and_an_adapter_may_read() -> None:
    point = replace(TUNED, name="tuned-50", curve="r16")
    run = run_of(candidates=(point, TUNED, TUNED_FOUND))
    found = break_even(run, suite_of(FACTS))
    assert found is not None
    assert (found.tuned_candidate, found.rag_candidate) == ("tuned", "tuned+found")


def test_without_changes_slices_facts_or_gold_the_defaults_stand_in() -> None:
    run = run_of()
    bare = tuple(replace(case, tags=(), gold=()) for case in run.cases)
    whole = tuple(one for one in run.summaries if one.slice == "all")
    found = break_even(replace(run, cases=bare, summaries=whole), suite_of(()))
    assert found is not None
    names = ("change_rate", "facts", "wrong_if_changed", "wrong_if_unchanged", "recall")
    assert {found.inputs[name].origin for name in names} == {"default"}
    assert any("change_rate" in note and "Assumed" in note for note in found.notes)


def test_an_adapter_that_starts_from_another_is_charged_both_trainings() -> None:
    first = run_of().candidates[1]
    assert first.adapter is not None
    before = replace(first, candidate=replace(TUNED, name="first"))
    before = replace(before, adapter=replace(first.adapter, name="r0"))
    run = with_record(run_of(), recipe={"start": "r0"})
    run = replace(run, candidates=(*run.candidates, before))
    assert solved(run).inputs["train_seconds"].value == 3600


def test_the_rate_is_what_a_poisson_process_would_be_seen_with() -> None:
    found = change_rate(FACTS, TRAINED, ASKED)
    assert found is not None
    assert found.source == "20 of 60 facts changed in 365 days"
    rng, rate, caught = np.random.default_rng(1), 0.002, 0
    for changed in rng.binomial(50, 1 - np.exp(-rate * 365), 400):
        seen = change_rate(facts_of(int(changed), 50 - int(changed)), TRAINED, ASKED)
        assert seen is not None
        assert seen.low is not None
        assert seen.high is not None
        caught += seen.low <= rate <= seen.high
    assert caught / 400 > 0.93


def test_no_change_all_changed_and_nothing_to_count() -> None:
    none, every = change_rate(facts_of(0, 30), TRAINED, ASKED), None
    every = change_rate(facts_of(30, 0), TRAINED, ASKED)
    assert none is not None
    assert every is not None
    assert (none.value, none.low) == (0.0, 0.0)
    assert every.high is not None
    assert np.isfinite(every.high)
    assert every.value > 0
    assert change_rate((), TRAINED, ASKED) is None
    assert change_rate(facts_of(3, 3), ASKED, ASKED) is None
    later = (Fact("f", "a", "b", (Version("x", date(2030, 1, 1)),)),)
    assert change_rate(later, TRAINED, ASKED) is None


def test_draws_put_95_percent_between_an_inputs_bounds_and_hold_the_rest() -> None:
    inputs = {
        "recall": Priced("recall", 0.6, "share", "measured", 0.5, 0.8),
        "added_tokens": Priced("added_tokens", 100.0, "tokens", "measured", 90.0, 105.0),
        "label": Priced("label", 2.0, "USD", "default"),
    }
    drawn = draws(inputs, seed=7, count=20_000)
    assert set(drawn["label"]) == {2.0}
    for name, low, high in (("recall", 0.5, 0.8), ("added_tokens", 90.0, 105.0)):
        ends = np.quantile(drawn[name], [0.025, 0.5, 0.975])
        assert ends.tolist() == pytest.approx([low, inputs[name].value, high], rel=0.01)
    again = draws(inputs, seed=7, count=20_000)
    assert all((again[name] == drawn[name]).all() for name in inputs)


def test_the_interval_of_a_cost_holds_the_true_one_as_often_as_it_says() -> None:
    rng, repeats, caught = np.random.default_rng(5), 150, 0
    truth = {"wrong_if_changed": 0.8, "wrong_if_unchanged": 0.3}
    policy = Policy(rates={"change_rate": 0.01, "retrain_days": 90.0})
    for _ in range(repeats):
        changed = [(bool(one), True, True) for one in rng.uniform(size=40) > 0.8]
        unchanged = [(bool(one), True, True) for one in rng.uniform(size=60) > 0.3]
        run, suite = run_of(changed, unchanged, (TUNED, FOUND)), suite_of(FACTS, policy)
        arms = arms_of(run)
        assert arms is not None
        inputs = inputs_of(run, suite, arms)
        true = upkeep.tuned_per_day({name: one.value for name, one in inputs.items()} | truth)
        low, high = np.quantile(upkeep.tuned_per_day(draws(inputs, seed=7)), [0.025, 0.975])
        caught += low <= true <= high
    assert stats.binomtest(caught, repeats, 0.95).pvalue > 0.01


def test_a_way_that_is_cheaper_at_any_rate_is_said_to_be() -> None:
    right = [(True, True, True)] * 20
    wrong = [(False, True, True)] * 20
    bad = solved(run_of(wrong, [*wrong, *wrong]))
    assert bad.by_rate is None
    assert "found costs less at 1,000 queries" in bad.sentence
    assert "By these numbers found costs less at every rate of change" in bad.sentence
    good = solved(run_of(right, [*right, *right]), Policy(prices={"index_day": 100.0, "label": 0}))
    assert good.by_rate is None
    assert "By these numbers tuned costs less at every rate of change" in good.sentence


def test_where_the_ways_cross_the_sentence_says_which_is_cheaper_on_which_side() -> None:
    found = solved(policy=Policy(prices={"index_day": 20.0}))
    assert found.by_rate is not None
    value, low, high = found.by_rate
    assert low is not None
    assert 0 <= low <= value
    assert high is None or high >= value
    assert "tuned costs less below" in found.sentence
    assert found.sentence.endswith("changes per fact and day, found above.")


def test_facts_that_do_not_change_and_a_business_without_queries_are_no_fault() -> None:
    still = solved(policy=Policy(rates={"change_rate": 0.0}))
    assert still.retrain == {}
    assert any("facts do not change" in note for note in still.notes)
    idle = solved(policy=Policy(rates={"queries_per_day": 0.0}))
    assert idle.rag[0] == 1.0
    assert idle.optimal_days is None


def test_a_lag_beyond_a_target_is_said_and_the_others_are_solved() -> None:
    found = solved(policy=Policy(rates={"change_rate": 0.01, "lag_days": 6.0}))
    assert set(found.retrain) == {"10 %"}
    assert any("5 %" in note and "lag" in note for note in found.notes)


def test_the_same_run_gives_the_same_break_even() -> None:
    assert solved() == solved()


def test_rows_of_the_recipe_are_counted_and_those_that_say_the_same_once() -> None:
    found = break_even(run_of(), suite_of(FACTS), {"r16": Counter(f001=4, f002=2)})
    assert found is not None
    got = [found.inputs[name].value for name in ("facts", "examples_per_fact")]
    assert got == [2, 3]
    assert solved().inputs["examples_per_fact"].value == 2  # of five rows a fact


def test_retrieval_without_an_adapter_is_the_arm_even_in_a_later_and_smaller_task() -> None:
    run = run_of(candidates=(BASE, TUNED, TUNED_FOUND, FOUND))
    earlier = [replace(one, task="other") for one in run.summaries if one.candidate != "found"]
    summaries = (*earlier, *(replace(one, n=5) for one in run.summaries))
    arms = arms_of(replace(run, tasks={"other": "", "facts": ""}, summaries=summaries))
    assert arms is not None
    assert (arms.task, arms.rag.name) == ("facts", "found")


def test_of_two_tasks_that_ask_both_arms_the_larger_speaks() -> None:
    run = run_of()
    small = [replace(one, task="small", n=one.n // 2) for one in run.summaries]
    both = replace(run, tasks={"small": "", "facts": ""}, summaries=(*small, *run.summaries))
    arms = arms_of(both)
    assert arms is not None
    assert arms.task == "facts"


def test_the_price_of_a_bad_answer_that_turns_it_over_is_said_and_does() -> None:
    said = next(note for note in solved().notes if note.startswith("Where a bad answer"))
    words = said.removeprefix("Where a bad answer costs more than ").split()
    turn = float(words[0])
    assert "RAG costs less, below that fine-tuning; here it is 1." in said
    gaps = [solved(policy=Policy(prices={"bad_answer": turn * factor})) for factor in (0.9, 1.1)]
    assert [one.tuned[0] < one.rag[0] for one in gaps] == [True, False]


def test_a_reader_is_told_how_often_either_way_is_right_and_what_is_left_without_harm() -> None:
    notes = solved().notes
    levels = (
        "Fine-tuned answers are current in 80 % of cases where the fact is as it was trained and "
        "in 10 % where it changed; RAG's in 100 % with the passage and in 0 % without, and it is "
        "found for 83 %."
    )
    assert notes[0] == levels
    assert notes[1].startswith("Bad answers are 98 % of the cost of fine-tuning and 97 % of RAG's")
    assumed = replace(run_of(), cases=tuple(replace(one, gold=()) for one in run_of().cases))
    assert not solved(assumed).notes[0].startswith("Fine-tuned answers")


def test_a_volume_that_turns_it_over_is_said_with_who_is_cheaper_beyond_it() -> None:
    even = {"wrong_if_changed": 0.5, "wrong_if_unchanged": 0.5}
    many = solved(policy=Policy(prices={"label": 0.0, "evaluation": 1.0}, rates=even))
    assert many.by_volume is not None
    assert "; tuned does below " in many.sentence
    even["queries_per_day"] = many.by_volume[0] / 10
    few = solved(policy=Policy(prices={"label": 0.0, "evaluation": 1.0}, rates=even))
    assert "; found does above " in few.sentence
