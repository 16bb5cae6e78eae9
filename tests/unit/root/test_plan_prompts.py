"""Plans: which candidate is asked what, with which passages, and what a reader is warned of."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from root_factory import BASE, cases, make_plan, make_suite

from harness.plan import Asked, Plan, answer_key
from harness.records import (
    AdapterSource,
    Candidate,
    Case,
    Document,
    Prompt,
    Retrieval,
    Row,
    ScorerSpec,
    Task,
    Term,
)


def test_every_candidate_answers_every_task_that_asks_it() -> None:
    tasks = (
        Task("fees", cases(), (ScorerSpec("rouge"),)),
        Task("notes", cases(2), (ScorerSpec("rouge"),), candidates=("lora",)),
    )
    made = make_plan(make_suite(tasks=tasks))
    assert [(c.task.name, c.candidate.name, len(c.asked)) for c in made.cells] == [
        ("fees", "base", 4),
        ("fees", "lora", 4),
        ("notes", "lora", 2),
    ]


def test_only_recipes_that_a_candidate_names_are_trained() -> None:
    assert [recipe.name for recipe in make_plan().recipes] == ["lora"]
    assert make_plan(make_suite(candidates=(BASE,))).recipes == ()


DOCUMENTS = (
    Document("old", "Fee", "Fee 0 was 1 euro.", date(2010, 1, 1), date(2020, 1, 1)),
    Document("new", "Fee", "Fee 0 is 2 euros.", date(2020, 1, 1)),
    Document("other", "Pool", "The pool is warm."),
)
ASKED = Case("c", "fees", "What is {input} fee 0?", "2 euros", "c", date(2015, 6, 1), gold=("new",))


GOLD, FOUND = Candidate("gold", context="gold"), Candidate("r", context="retrieved")


def planned(candidate: Candidate, *cases: Case, **settings: Any) -> Plan:
    """The plan of one candidate that is asked the cases."""
    suite = make_suite(
        prompts=(Prompt("house", "Terms:\n{glossary}", "Q: {input} A:"),),
        documents=DOCUMENTS,
        glossary=(Term("Fee", "what one pays"), Term("Pool", "water")),
        tasks=(Task("fees", cases, (ScorerSpec("rouge"),)),),
        candidates=(candidate,),
        retrieval=Retrieval(**settings),
    )
    return make_plan(suite)


def asked(candidate: Candidate, **changes: Any) -> Asked:
    (cell,) = planned(candidate, replace(ASKED, **changes)).cells
    return cell.asked[0]


def test_without_prompt_and_context_a_case_is_asked_as_it_is() -> None:
    found = asked(BASE)
    assert (found.system, found.user, found.passages) == ("", ASKED.input, ())


def test_a_prompt_frames_the_case_and_holds_the_glossary() -> None:
    found = asked(Candidate("house", prompt="house"))
    assert found.system == "Terms:\nFee: what one pays\nPool: water"
    assert found.user == f"Q: {ASKED.input} A:"


def test_gold_context_is_the_right_passage_inside_the_prompt() -> None:
    found = asked(Candidate("gold", prompt="house", context="gold"))
    assert [passage.document for passage in found.passages] == ["new"]
    assert "Fee 0 is 2 euros." in found.user
    assert found.user.startswith("Q: ")
    assert ASKED.input in found.user


@pytest.mark.parametrize("when, document", [(date(2015, 6, 1), "old"), (date(2021, 6, 1), "new")])
def test_retrieval_reads_only_what_stood_on_the_cases_date(when: date, document: str) -> None:
    found = asked(Candidate("r", context="retrieved"), as_of=when, input="What is fee 0?")
    assert [passage.document for passage in found.passages] == [document]


# ---------------------------------------------------------------- where there is no passage


@pytest.mark.parametrize("gold", [(), ("gone",)])
def test_a_case_without_gold_is_not_asked_and_says_why(gold: tuple[str, ...]) -> None:
    found = asked(GOLD, gold=gold)
    assert (found.skip, found.passages) == ("the case has no gold passage", ())
    assert asked(BASE, gold=gold).skip == asked(FOUND, gold=gold).skip == asked(GOLD).skip == ""


def test_a_retriever_that_finds_nothing_is_told_to_the_model() -> None:
    found = asked(FOUND, input="zebra?")
    assert (found.passages, found.skip) == ((), "")
    assert "Passage:\n(no passage was found)\n" in found.user
    assert found.user.endswith("zebra?")


def test_the_plan_warns_of_cases_that_are_not_asked_or_read_nothing_or_half() -> None:
    bare = replace(ASKED, id="bare", gold=(), input="zebra?")
    assert planned(GOLD, ASKED, bare).warnings == (
        "1 of 2 cases of gold in fees have no gold passage",
    )
    assert planned(FOUND, ASKED, bare).warnings == (
        "nothing was retrieved for 1 of 2 cases of r in fees",
    )
    assert planned(GOLD, ASKED, max_chars=12).warnings == (
        "1 passages of gold in fees were cut to retrieve.max_chars",
    )


def test_a_plan_where_all_is_read_whole_or_nothing_needs_to_be_has_no_warnings() -> None:
    bare = replace(ASKED, id="bare", gold=())
    assert [planned(BASE, ASKED, bare).warnings, planned(GOLD, ASKED).warnings] == [(), ()]


def test_a_case_that_is_not_asked_changes_no_address_of_answers() -> None:
    bare = replace(ASKED, id="bare", gold=())
    one, two = planned(GOLD, ASKED), planned(GOLD, ASKED, bare)
    assert answer_key(one, one.cells[0]) == answer_key(two, two.cells[0])
    one, two = planned(BASE, ASKED), planned(BASE, ASKED, bare)
    assert answer_key(one, one.cells[0]) != answer_key(two, two.cells[0])


# ---------------------------------------------------------------- slots of a prompt


def asked_with(prompt: Prompt, **case: Any) -> tuple[str, str]:
    """What the first case is asked with a prompt, in a suite of three terms and three rows."""
    (first,) = cases(1)
    suite = make_suite(
        prompts=(prompt,),
        glossary=(Term("Fee", "what one pays"), Term("Pool", "water"), Term("Desk")),
        train=tuple(Row(f"r{i}", f"in {i}", f"out {i}") for i in range(3)),
        tasks=(Task("fees", (replace(first, **case),), (ScorerSpec("rouge"),)),),
        candidates=(Candidate("house", prompt=prompt.name),),
    )
    (asked,) = make_plan(suite).cells[0].asked
    return asked.system, asked.user


def test_terms_are_those_of_the_case_and_random_ones_are_as_many_others() -> None:
    prompt = Prompt("p", "{terms}", "{random_terms}|{input}")
    system, user = asked_with(prompt, terms=("Fee", "Desk"))
    assert system == "Fee: what one pays\nDesk"
    assert user == "Pool: water|What is fee 0?"
    again = asked_with(prompt, terms=("Fee",))
    assert again[0] == "Fee: what one pays"
    assert again[1].partition("|")[0] in ("Pool: water", "Desk")
    assert again == asked_with(prompt, terms=("Fee",))


def test_examples_are_so_many_training_rows_the_same_for_all_cases() -> None:
    system, _ = asked_with(Prompt("p", "Like:\n{examples}", shots=2))
    assert system.count("Input: in") == system.count("Output: out") == 2
    assert asked_with(Prompt("p", "Like:\n{examples}", shots=2), input="Other?")[0] == system


def test_slots_in_what_a_user_asks_stay_as_they_are() -> None:
    _, user = asked_with(Prompt("p", "{terms}"), input="What is {terms}?", terms=("Fee",))
    assert user == "What is {terms}?"


def test_a_slot_in_an_example_stays_as_it_is() -> None:
    (first,) = cases(1)
    suite = make_suite(
        prompts=(Prompt("p", user="{examples}\n\n{input}", shots=1),),
        train=(Row("r", "Fill {input} in", "{terms}"),),
        tasks=(Task("fees", (first,), (ScorerSpec("rouge"),)),),
        candidates=(Candidate("house", prompt="p"),),
    )
    (asked,) = make_plan(suite).cells[0].asked
    assert asked.user == "Input: Fill {input} in\nOutput: {terms}\n\nWhat is fee 0?"


# ---------------------------------------------------------------- retrieval of one's own


def test_candidates_that_read_the_same_are_searched_for_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from harness.retrieve import search

    find, asked_for = search.find, []

    def counted(*args: Any) -> Any:
        asked_for.append(args[2].k)
        return find(*args)

    monkeypatch.setattr(search, "find", counted)
    tuned = Candidate("t", AdapterSource("recipe", "lora"), context="retrieved")
    more = Candidate("m", context="retrieved", retrieve=Retrieval(k=2))
    suite = make_suite(
        documents=DOCUMENTS,
        tasks=(Task("fees", (ASKED,), (ScorerSpec("rouge"),)),),
        candidates=(FOUND, tuned, more),
    )
    plan = make_plan(suite)
    assert asked_for == [1, 2]
    assert plan.cells[0].asked[0].passages == plan.cells[1].asked[0].passages


def test_a_candidate_may_search_the_documents_of_another_day() -> None:
    early = Candidate("early", context="retrieved", retrieve=Retrieval(index=date(2021, 1, 1)))
    (asked,) = planned(early, ASKED).cells[0].asked
    assert [passage.document for passage in asked.passages] == ["new"]
    (asked,) = planned(FOUND, ASKED).cells[0].asked
    assert [passage.document for passage in asked.passages] == ["old"]


def test_passages_that_were_cut_or_left_out_are_told() -> None:
    many = replace(ASKED, gold=("new", "old", "other"), as_of=None)
    plan = planned(GOLD, many, max_chars=24)
    assert plan.warnings == (
        "2 passages of gold in fees did not fit retrieve.max_chars and were left out",
    )
    plan = planned(GOLD, replace(ASKED, as_of=None), max_chars=12)
    assert plan.warnings == ("1 passages of gold in fees were cut to retrieve.max_chars",)
