"""What a context and a prompt add to every answer's price, as findings."""

from dataclasses import replace

import pytest
from claims_factory import BASE, FOUND, GOLD, HOUSE, TUNED, TUNED_FOUND
from costs_factory import ADDED, PROMPT, RAG_TOKENS, TUNED_TOKENS, facts_of, run_of, suite_of

from harness.compare.dearer import cost_findings
from harness.records import Policy, Run

HOSTED = Policy(prices={"prompt_mtok": 2.0, "answer_mtok": 8.0, "retrieval": 0.0}, currency="INR")
SUITE = suite_of(facts_of(20, 40), HOSTED)


def with_tokens(run: Run, candidate: str, *sizes: int) -> Run:
    """Answers of a candidate as long as `sizes`, over and over."""
    answers, place = [], 0
    for one in run.answers:
        if one.candidate != candidate:
            answers.append(one)
            continue
        tokens = tuple(range(sizes[place % len(sizes)]))
        answers.append(replace(one, answer=replace(one.answer, token_ids=tokens)))
        place += 1
    return replace(run, answers=tuple(answers))


def test_a_retrieved_context_is_priced_beside_the_same_candidate_without_it() -> None:
    run = run_of(candidates=(BASE, TUNED, FOUND, TUNED_FOUND, GOLD))
    found = {one.candidate: one for one in cost_findings(run, SUITE)}
    assert set(found) == {"found", "tuned+found"}
    one = found["tuned+found"]
    gap = 1000 * ADDED * 2.0 / 1e6
    assert (one.group, one.answer, one.baseline, one.n) == ("cost", "supported", "tuned", 60)
    alone = (PROMPT * 2.0 + TUNED_TOKENS * 8.0) / 1e3
    assert one.effect == pytest.approx(gap / alone)
    assert f"{(alone + gap) / alone:.3g} times" in one.sentence


def test_a_slower_machine_changes_no_finding() -> None:
    """Seconds differ from run to run; lengths of equal answers do not."""
    suite, run = replace(SUITE, decision=Policy()), run_of()
    slow = tuple(replace(one, answer_seconds=one.answer_seconds * 1.7) for one in run.candidates)
    found = cost_findings(run, suite)
    assert [one.answer for one in found] == ["supported"]
    assert found == cost_findings(replace(run, candidates=slow), suite)


def test_where_a_context_shortens_answers_enough_the_claim_is_contradicted() -> None:
    run = with_tokens(run_of(), "plain", 900, 1000, 1100)
    (one,) = cost_findings(run, SUITE)
    assert (one.answer, one.candidate) == ("contradicted", "found")
    assert one.sentence.startswith("With a retrieved context answers cost less")


def test_where_lengths_scatter_beyond_the_difference_it_is_not_shown() -> None:
    even = RAG_TOKENS + ADDED * 2 // 8
    run = with_tokens(run_of(), "plain", 0, 2 * even)
    (one,) = cost_findings(run, SUITE)
    assert one.answer == "not shown"
    assert one.low is not None
    assert one.high is not None
    assert one.low < 0 < one.high


def test_a_prompt_is_priced_beside_the_first_adapter() -> None:
    run = run_of(candidates=(BASE, TUNED, HOUSE))
    (one,) = cost_findings(run, SUITE)
    assert (one.candidate, one.baseline, one.answer) == ("asked", "tuned", "supported")
    assert one.claim == "Answers cost less with an adapter than with a prompt in its place"


def test_without_cases_prices_or_lengths_nothing_is_claimed() -> None:
    few = run_of([(True, True, True)] * 2, [(True, True, True)] * 2)
    free = replace(SUITE, decision=Policy(prices={"serve_hour": 0.0, "retrieval": 0.0}))
    unheard = tuple(
        replace(one, answer=replace(one.answer, prompt_tokens=0)) for one in run_of().answers
    )
    assert cost_findings(few, SUITE) == ()
    assert cost_findings(run_of(), free) == ()
    assert cost_findings(replace(run_of(), answers=unheard), SUITE) == ()
