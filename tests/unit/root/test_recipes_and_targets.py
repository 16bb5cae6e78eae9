"""Which rows a recipe trains on, what it builds on, and what tells two targets apart."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from root_factory import BASE, cases, make_plan, make_suite
from tiny_tokenizers import make_model

from harness import plan as planning
from harness.asking import Asked
from harness.lessons import rows_of
from harness.plan import adapter_key, answer_key, needed_recipes
from harness.records import (
    AdapterSource,
    Answer,
    Candidate,
    Fact,
    Recipe,
    Request,
    Row,
    ScorerSpec,
    Task,
    Version,
)
from harness.requests import apart, room_of, spans, target_ids
from harness.template import Template

ROWS = tuple(
    Row(f"r{i}", f"in {i}", "out", ("old",) if i < 6 else ("new", "extra") if i < 8 else ())
    for i in range(10)
)
SUITE = make_suite(train=ROWS)


def ids(**recipe: Any) -> list[str]:
    return [row.id for row in rows_of(SUITE, Recipe("lora", **recipe))]


def test_rows_are_chosen_by_tag() -> None:
    assert ids() == [row.id for row in ROWS]
    assert ids(only=("new",)) == ["r6", "r7"]
    assert ids(only=("new", "old"), without=("extra",)) == ids(only=("old",))
    assert ids(without=("old", "new")) == ["r8", "r9"]


def test_samples_of_a_recipe_are_nested() -> None:
    small, large = ids(limit=3), ids(limit=7)
    assert (len(small), len(large), set(small) <= set(large)) == (3, 7, True)


def using(*recipes: Recipe, named: str) -> Any:
    candidates = (BASE, Candidate("lora", AdapterSource("recipe", named)))
    return make_suite(train=ROWS, recipes=recipes, candidates=candidates)


FIRST, THEN = Recipe("first"), Recipe("then", start="first")


def test_a_recipe_comes_after_the_one_it_starts_from() -> None:
    last = Recipe("last", start="then")
    suite = using(last, THEN, Recipe("unused"), FIRST, named="last")
    assert [recipe.name for recipe in needed_recipes(suite)] == ["first", "then", "last"]


def test_an_adapter_is_addressed_by_the_rows_not_by_how_they_were_chosen() -> None:
    """And by all that the adapter it started from was made of."""

    def key(*recipes: Recipe, named: str = "then") -> str:
        plan = make_plan(using(*recipes, named=named))
        return adapter_key(plan, next(r for r in plan.recipes if r.name == named))

    alone = replace(THEN, start=None)
    assert key(FIRST, THEN) != key(FIRST, alone)
    assert key(FIRST, THEN) != key(replace(FIRST, epochs=9), THEN)
    assert key(alone) == key(replace(alone, without=("never",))) == key(replace(alone, limit=10))
    assert key(alone) != key(replace(alone, limit=9))


def test_an_adapter_of_a_base_in_4_bits_has_an_address_of_its_own_with_what_made_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def key(**changes: object) -> str:
        plan = make_plan(using(replace(FIRST, **changes), named="first"))
        return adapter_key(plan, plan.recipes[0])

    seen: dict[str, str] = {}
    monkeypatch.setattr(planning, "package_version", lambda name: seen.get(name, "absent"))
    monkeypatch.setattr(planning, "machine", lambda: ["a machine"])
    whole, small = key(), key(load_in_4bit=True)
    assert whole != small
    seen["bitsandbytes"] = "0.50.2"
    assert (whole, False) == (key(), key(load_in_4bit=True) == small)
    seen["liger-kernel"] = "0.8.5"
    assert whole == key()  # without a GPU its kernels are not taken
    monkeypatch.setattr(planning, "has_gpu", lambda: True)
    assert whole != key()


# ---------------------------------------------------------------- targets


@pytest.mark.parametrize(
    "targets, expected",
    [
        ([(1, 2, 3, 9), (1, 4, 3, 9)], [(1, 2), (1, 2)]),
        ([(1, 2, 9), (1, 4, 5, 9)], [(1, 2), (1, 3)]),
        ([(2, 9), (4, 9)], [(0, 1), (0, 1)]),
        ([(1, 2, 9), (1, 9)], [(0, 3), (0, 2)]),  # one would be empty: the whole counts
        ([(1, 2), (1, 2)], [(0, 2), (0, 2)]),
        ([], []),
    ],
)
def test_what_tells_targets_apart_is_what_is_not_common_at_the_ends(
    targets: list[tuple[int, ...]], expected: list[tuple[int, int]]
) -> None:
    assert expected == spans(targets)


def test_each_groups_logprobs_are_cut_to_what_tells_it_apart() -> None:
    (case,) = cases(1)
    asked = Asked(case, "", "in", targets=(("ab", "ac"), ("x", "yy")))
    request = Request("r", (1,), targets=((1, 2, 9), (1, 3, 9), (5, 9), (6, 6, 9)))
    values = ((-1.0, -2.0, -3.0), (-4.0, -5.0, -6.0), (-7.0, -8.0), (-9.0, -10.0, -11.0))
    answer = apart(asked, request, Answer("r", "", target_logprobs=values))
    assert answer.target_logprobs == ((-2.0,), (-5.0,), (-7.0,), (-9.0, -10.0))
    whole = apart(
        replace(asked, whole=(True, False)), request, replace(answer, target_logprobs=values)
    )
    assert whole.target_logprobs == (*values[:2], (-7.0,), (-9.0, -10.0))


@pytest.mark.parametrize("given", [(), ((-1.0, -2.0, -3.0),), ((-1.0,), (-2.0, -3.0, -4.0))])
def test_an_engine_that_scored_no_targets_or_others_leaves_them_unmeasured(given: Any) -> None:
    (case,) = cases(1)
    asked = Asked(case, "", "in", targets=(("ab", "ac"),))
    request = Request("r", (1,), targets=((1, 2, 9), (1, 3, 9)))
    found = apart(asked, request, Answer("r", "said", target_logprobs=given))
    assert (found.text, found.target_logprobs) == ("said", ())


def test_a_target_needs_room_for_the_token_that_an_engine_makes_after_it() -> None:
    short = Request("r", (1,) * 10, max_tokens=3)
    assert room_of(short) == 13
    assert room_of(replace(short, targets=((1,) * 2, (1,) * 3))) == 14


def test_recency_asks_for_the_likelihood_of_old_and_new_where_a_fact_changed(
    tmp_path: Path,
) -> None:
    from datetime import date

    changed = (
        Version("1 euro", date(2010, 1, 1), date(2020, 1, 1)),
        Version("2 euros", date(2020, 1, 1)),
    )
    (case,) = cases(1)
    case = replace(case, reference="It is 2 euros.", fact="fee", as_of=date(2024, 1, 1))
    suite = make_suite(
        tasks=(Task("fees", (case,), (ScorerSpec("rouge"), ScorerSpec("recency"))),),
        facts=(Fact("fee", "fee", "rate", changed),),
        candidates=(BASE,),
        trained_until=date(2015, 1, 1),
    )
    plan = make_plan(suite)
    (asked,) = plan.cells[0].asked
    assert asked.targets == (("It is 2 euros.", "It is 1 euro."),)
    without = replace(plan.cells[0], asked=(replace(asked, targets=()),))
    assert answer_key(plan, plan.cells[0]) != answer_key(plan, without)
    template = Template(make_model(tmp_path / "model", window=512), "{input}")
    new, old = target_ids(asked, template)
    assert (new[0], new[-1]) == (old[0], old[-1])
    assert new != old
