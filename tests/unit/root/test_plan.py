"""Plans: which engine, which prompts, and addresses that change with what changes answers."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from root_factory import BASE, MODEL, cases, make_suite

from harness import plan as planning
from harness.errors import UnknownNameError, UsageError
from harness.plan import Cell, Plan
from harness.records import (
    Adapter,
    Candidate,
    Case,
    Document,
    Model,
    Prompt,
    Recipe,
    Row,
    Sampling,
    ScorerSpec,
    Suite,
    Task,
    Term,
)
from harness.serve.vllm_engine import VllmEngine

ENGINE = ("transformers", "asked for")
ADAPTER = Adapter("lora", "/a", "digest-a", 4, 10)
PLAIN = make_suite()


def make(suite: Suite = PLAIN, model: Model = MODEL) -> Plan:
    return planning.make(suite, model, ENGINE)


# ---------------------------------------------------------------- engines


@pytest.mark.parametrize(
    "wanted, missing, engine",
    [
        ("auto", "", "vllm"),
        ("auto", "pip install it", "transformers"),
        ("vllm", "", "vllm"),
        ("transformers", "pip install it", "transformers"),
    ],
)
def test_auto_takes_vllm_wherever_it_can_run(
    monkeypatch: pytest.MonkeyPatch, wanted: str, missing: str, engine: str
) -> None:
    monkeypatch.setattr(VllmEngine, "missing", staticmethod(lambda: missing))
    name, why = planning.choose_engine(wanted)
    assert (name, bool(why)) == (engine, True)


def test_an_engine_that_cannot_run_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VllmEngine, "missing", staticmethod(lambda: "pip install it"))
    with pytest.raises(UsageError) as caught:
        planning.choose_engine("vllm")
    assert str(caught.value) == "engine 'vllm' cannot run here (pip install it)"


def test_an_unknown_engine_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'transformers'"):
        planning.choose_engine("transformer")


# ---------------------------------------------------------------- cells and prompts


def test_every_candidate_answers_every_task_that_asks_it() -> None:
    tasks = (
        Task("fees", cases(), (ScorerSpec("rouge"),)),
        Task("notes", cases(2), (ScorerSpec("rouge"),), candidates=("lora",)),
    )
    made = make(make_suite(tasks=tasks))
    assert [(c.task.name, c.candidate.name, len(c.asked)) for c in made.cells] == [
        ("fees", "base", 4),
        ("fees", "lora", 4),
        ("notes", "lora", 2),
    ]


def test_only_recipes_that_a_candidate_names_are_trained() -> None:
    assert [recipe.name for recipe in make().recipes] == ["lora"]
    assert make(make_suite(candidates=(BASE,))).recipes == ()


DOCUMENTS = (
    Document("old", "Fee", "Fee 0 was 1 euro.", date(2010, 1, 1), date(2020, 1, 1)),
    Document("new", "Fee", "Fee 0 is 2 euros.", date(2020, 1, 1)),
    Document("other", "Pool", "The pool is warm."),
)
ASKED = Case("c", "fees", "What is {input} fee 0?", "2 euros", "c", date(2015, 6, 1), gold=("new",))


def asked(candidate: Candidate, **changes: Any) -> planning.Asked:
    task = Task("fees", (replace(ASKED, **changes),), (ScorerSpec("rouge"),))
    prompts = (Prompt("house", "Terms:\n{glossary}", "Q: {input} A:"),)
    suite = make_suite(
        prompts=prompts,
        documents=DOCUMENTS,
        glossary=(Term("Fee", "what one pays"), Term("Pool", "water")),
        tasks=(task,),
        candidates=(candidate,),
    )
    (cell,) = make(suite).cells
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


def test_a_case_without_gold_gets_no_empty_passage() -> None:
    found = asked(Candidate("gold", context="gold"), gold=())
    assert (found.user, found.passages) == (ASKED.input, ())


# ---------------------------------------------------------------- addresses


def first_cell(made: Plan, adapter: Adapter | None = None) -> Cell:
    return replace(made.cells[0], adapter=adapter)


def keys(suite: Suite = PLAIN, model: Model = MODEL) -> tuple[str, str, str]:
    """The addresses of the run, of its adapter and of its first answers."""
    made = make(suite, model)
    adapter = planning.adapter_key(made, suite.recipes[0])
    return made.id, adapter, planning.answer_key(made, first_cell(made))


def differing(before: tuple[str, ...], after: tuple[str, ...]) -> list[str]:
    named = zip(("run", "adapter", "answers"), before, after, strict=True)
    return [name for name, old, new in named if old != new]


ROW = Row("r", "in", "out")


@pytest.mark.parametrize(
    "change, moved",
    [
        (lambda s: replace(s, root="/elsewhere"), ""),
        (lambda s: replace(s, description="other"), "run"),
        (lambda s: replace(s, train=(ROW,)), "run adapter"),
        (lambda s: replace(s, train=(replace(ROW, where="x:1", tags=("t",)),)), "run adapter"),
        (lambda s: replace(s, recipes=(Recipe("lora", rank=8),)), "run adapter"),
        (lambda s: replace(s, recipes=(Recipe("other-name"),)), "run"),
        (lambda s: replace(s, template="{input}"), "run adapter answers"),
        (lambda s: replace(s, as_of=date(2020, 1, 1)), "run adapter answers"),
        (lambda s: replace(s, sampling=Sampling(0.7)), "run answers"),
        (lambda s: replace(s, tasks=(replace(s.tasks[0], max_tokens=5),)), "run answers"),
        (lambda s: replace(s, tasks=(replace(s.tasks[0], cases=cases(3)),)), "run answers"),
        (lambda s: replace(s, tasks=(replace(s.tasks[0], scorers=()),)), "run"),
    ],
)
def test_an_address_moves_with_what_changes_its_result_and_with_nothing_else(
    change: Callable[[Suite], Suite], moved: str
) -> None:
    before, after = keys(), keys(change(PLAIN))
    assert differing(before, after) == moved.split()


def test_other_weights_move_every_address_and_another_name_for_them_moves_none() -> None:
    assert not set(keys()) & set(keys(model=replace(MODEL, digest="d1")))
    assert keys() == keys(model=replace(MODEL, name="renamed", path="/moved"))


def test_where_a_row_was_read_from_changes_nothing() -> None:
    rows = [(replace(ROW, where=where),) for where in ("a:1", "b:2")]
    assert keys(replace(PLAIN, train=rows[0])) == keys(replace(PLAIN, train=rows[1]))


def test_answers_of_base_and_of_each_adapter_have_addresses_of_their_own() -> None:
    made = make()
    other = replace(ADAPTER, digest="digest-b")
    found = {planning.answer_key(made, first_cell(made, a)) for a in (None, ADAPTER, other)}
    renamed = replace(ADAPTER, name="x", path="/y")
    assert len(found) == 3
    assert planning.answer_key(made, first_cell(made, renamed)) in found


@pytest.mark.parametrize(
    "part, moved",
    [
        ("torch", ["run", "adapter"]),
        ("peft", ["run", "adapter", "answers"]),
        ("transformers", ["run", "adapter", "answers"]),
        ("rich", []),
    ],
)
def test_other_versions_of_what_computes_are_other_results(
    monkeypatch: pytest.MonkeyPatch, part: str, moved: list[str]
) -> None:
    before = keys()
    real = planning.package_version
    monkeypatch.setattr(
        planning, "package_version", lambda name: "99" if name == part else real(name)
    )
    after = keys()
    assert differing(before, after) == moved


def test_an_absent_package_has_a_version_all_the_same() -> None:
    assert planning.package_version("no-such-package") == "absent"
