"""What the pipeline refuses before anything is trained or answered."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from root_factory import BASE, LORA, MODEL, cases, make_plan, make_suite
from tiny_tokenizers import make_model

from harness import pipeline, shipped, training
from harness.console import Log
from harness.errors import SuiteError, UsageError
from harness.ledger import Clock
from harness.plan import Plan, adapter_key
from harness.records import AdapterSource, Candidate, Case, Recipe, Row, ScorerSpec, Task
from harness.scoring import Early
from harness.store import Store

QUIET = Log(quiet=True)


class TouchedError(Exception):
    """The executor was asked to work."""


class Untouchable:
    """An executor that nobody may ask for anything yet."""

    description: ClassVar[str] = "a fake"

    def run(self, target: str, payload: Any, log: Path) -> Iterator[Any]:
        raise TouchedError(target)


def clocks(plan: Plan, store: Store) -> dict[str, Clock]:
    """The clock of the only plan."""
    return {plan.id: Clock(store, plan.id)}


# ---------------------------------------------------------------- lengths


def plan_of(folder: Path, *asked: Case, max_tokens: int = 20) -> Plan:
    """A plan that trains `lora` for a model that reads 64 tokens, one a letter."""
    task = Task("fees", asked, (ScorerSpec("rouge"),), max_tokens)
    suite = make_suite(tasks=(task,), template="{input}", train=(Row("r", "in", "out"),))
    model = replace(MODEL, path=make_model(folder / "model", window=64))
    return make_plan(suite, model)


FITS, LONG, LONGER = (
    replace(case, input="x" * length, where=f"cases.jsonl:{line}")
    for line, (case, length) in enumerate(zip(cases(3), (44, 45, 99), strict=True), 1)
)


def test_every_case_that_does_not_fit_is_named_before_anything_is_trained(tmp_path: Path) -> None:
    plan, store = plan_of(tmp_path, FITS, LONG, LONGER), Store(tmp_path / "home")
    with pytest.raises(SuiteError) as caught:
        pipeline.check_ahead([plan], store)
    remedy = "(shorten it, or lower retrieve.max_chars or max_tokens)"
    assert [str(problem) for problem in caught.value.problems] == [
        f"cases.jsonl:2: case 'case-1' needs 65 tokens for base, the model reads 64 {remedy}",
        f"cases.jsonl:3: case 'case-2' needs 119 tokens for base, the model reads 64 {remedy}",
    ]
    assert list((store.root / "adapters").iterdir()) == []


def test_an_answers_budget_counts_too(tmp_path: Path) -> None:
    plan, store = plan_of(tmp_path, FITS, max_tokens=21), Store(tmp_path / "home")
    with pytest.raises(SuiteError) as caught:
        pipeline.check_ahead([plan], store)
    assert len(caught.value.problems) == 1


def test_every_plan_is_measured_before_any_is_trained(tmp_path: Path) -> None:
    """The first would train for minutes; the second does not fit."""
    plans = [plan_of(tmp_path / "a", FITS), plan_of(tmp_path / "b", LONG)]
    store = Store(tmp_path / "home")
    with pytest.raises(SuiteError, match="1 problem"):
        pipeline.check_ahead(plans, store)


def test_a_start_that_only_finished_adapters_went_on_from_is_not_trained_again(
    tmp_path: Path,
) -> None:
    plan, store = plan_of(tmp_path, FITS), Store(tmp_path / "home")
    first, then, last = Recipe("first"), Recipe("then", start="first"), Recipe("lora", start="then")
    plan = replace(plan, recipes=(first, then, last))
    assert training.untrained(plan, store) == [last, then, first]
    keep(store, adapter_key(plan, then))
    assert training.untrained(plan, store) == [last]
    keep(store, adapter_key(plan, last))
    assert training.untrained(plan, store) == []
    found = training.get_adapters(plan, store, Untouchable(), QUIET)
    assert found[AdapterSource("recipe", "first")] is None
    assert found[AdapterSource("recipe", "lora")] is not None


def keep(store: Store, key: str) -> None:
    """A finished adapter under a key."""
    with store.draft() as draft:
        for name in ("adapter_config.json", "adapter_model.safetensors"):
            (draft / name).write_text(key)
        store.keep(key, draft, 4, {})


def test_where_every_case_fits_training_begins(tmp_path: Path) -> None:
    plan, store = plan_of(tmp_path, FITS), Store(tmp_path / "home")
    pipeline.check_ahead([plan], store)
    with pytest.raises(TouchedError, match=r"harness\.train\.lora:train"):
        training.get_adapters(plan, store, Untouchable(), QUIET)


def test_lengths_are_checked_before_answering_where_nothing_is_trained(tmp_path: Path) -> None:
    plan, store = plan_of(tmp_path, FITS, LONG), Store(tmp_path / "home")
    for cell in plan.cells:
        cell.key = cell.candidate.name
    with pytest.raises(SuiteError):
        pipeline.get_answers([plan], clocks(plan, store), store, Untouchable(), QUIET, Early([]))


# ---------------------------------------------------------------- what is left to answer


def test_an_engine_is_not_started_for_cases_that_nobody_is_asked(tmp_path: Path) -> None:
    suite = make_suite(candidates=(Candidate("gold", context="gold"),))
    plan = make_plan(suite)
    assert all(asked.skip for cell in plan.cells for asked in cell.asked)
    plan.cells[0].key = "gold"
    store = Store(tmp_path)
    found = pipeline.get_answers(
        [plan], clocks(plan, store), store, Untouchable(), QUIET, Early([])
    )
    assert found == set()


# ---------------------------------------------------------------- --adapter


WIDE = Candidate("wide", AdapterSource("recipe", "wide"))


@pytest.mark.parametrize(
    "second", [WIDE, Candidate("finished", AdapterSource("path", "./finished"))]
)
def test_a_suite_that_compares_two_adapters_is_not_judged_with_a_third(second: Candidate) -> None:
    with pytest.raises(UsageError) as caught:
        shipped.with_adapter(make_suite(candidates=(BASE, LORA, second)), "acme/lora")
    assert str(caught.value).startswith(
        "the suite compares several adapters, and --adapter would replace them all (give"
    )


def test_a_finished_adapter_takes_the_place_of_the_trained_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "finished").mkdir()
    suite = make_suite(candidates=(BASE, LORA, replace(LORA, name="lora+house", prompt="house")))
    for path, source in (
        ("finished", AdapterSource("path", str(tmp_path / "finished"))),
        ("acme/lora", AdapterSource("hub", "acme/lora")),
    ):
        swapped = shipped.with_adapter(suite, path).candidates
        assert swapped == (
            BASE,
            *(replace(candidate, adapter=source) for candidate in suite.candidates[1:]),
        )
