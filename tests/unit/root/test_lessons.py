"""Rows of a recipe with passages in their prompts, and with others' rows among them."""

from dataclasses import replace
from datetime import date
from typing import Any

from root_factory import LORA, make_plan, make_suite

from harness.concluding import shown
from harness.lessons import lessons, mixture, rows_of
from harness.plan import adapter_key
from harness.records import (
    AdapterSource,
    Candidate,
    Document,
    Passages,
    Recipe,
    Replay,
    Retrieval,
    Row,
    Suite,
)

UNTIL = date(2020, 1, 1)
RIGHT = [
    Document(f"fee-{i}", f"Fee {i}", f"Fee {i} is {i} euros.", date(2010, 1, 1), facts=(f"f{i}",))
    for i in range(8)
]
LATER = Document("later", "Fee 1", "Fee 1 is 99 euros.", date(2021, 1, 1), facts=("f1",))
GONE = Document("gone", "Fee 1", "Fee 1 was 0 euros.", None, date(2015, 1, 1), facts=("f1",))
HIDDEN = Document("hidden", "", "Read only as gold.", searchable=False)
ROWS = (
    *(Row(f"a{i}", f"Fee {i}?", f"{i} euros", ("fee",), f"f{i}") for i in range(8)),
    Row("source", "Who wrote?", "A clerk", ("memo",), source="hidden"),
    *(Row(f"b{i}", f"Greet {i}", "Good day", ("chat",)) for i in range(40)),
)
SUITE = make_suite(
    train=ROWS,
    documents=(*RIGHT, LATER, GONE, HIDDEN),
    trained_until=UNTIL,
    retrieval=Retrieval(template="{context}\n\nQ: {input}", max_chars=2000),
)
READER = Recipe("reader", passages=Passages(3, 0.5))


def texts(recipe: Recipe, suite: Suite = SUITE) -> dict[str, str]:
    return {row.id: row.input for row in rows_of(suite, recipe)}


# ---------------------------------------------------------------- passages


def test_rows_with_a_document_read_it_beside_others_and_the_rest_stay_as_they_are() -> None:
    found = texts(replace(READER, passages=Passages(3, 0)))
    for i in range(8):
        assert f"Fee {i} is {i} euros." in found[f"a{i}"]
        assert found[f"a{i}"].count("Fee ") == 4 * 2 + 1  # titles and texts of four, the question
    assert "Read only as gold." in found["source"]
    assert all(found[f"b{i}"] == f"Greet {i}" for i in range(40))
    assert [row.output for row in rows_of(SUITE, READER)] == [row.output for row in ROWS]


def test_the_right_passage_stands_at_any_place() -> None:
    found = texts(replace(READER, passages=Passages(3, 0)))
    at = {found[f"a{i}"].split("\n\n").index(f"Fee {i}\nFee {i} is {i} euros.") for i in range(8)}
    assert len(at) > 1


def test_no_document_from_after_training_or_from_before_is_read() -> None:
    for seed in range(20):
        shown = "\n".join(texts(replace(READER, seed=seed, passages=Passages(8, 0.3))).values())
        assert "99 euros" not in shown
        assert "was 0 euros" not in shown


def test_an_index_day_of_retrieval_lets_no_later_document_in() -> None:
    late = replace(SUITE, retrieval=replace(SUITE.retrieval, index=date(2030, 1, 1)))
    assert texts(READER, late) == texts(READER)


def test_a_share_of_rows_lacks_the_right_passage_and_is_counted() -> None:
    made = lessons(SUITE, READER)
    lacking = [one.row for one in made if "without the right passage" in one.kinds]
    assert 0 < len(lacking) < 9
    for row in lacking:
        assert row.output not in row.input.split("\n\nQ: ")[0]
    counted = mixture(SUITE, READER)
    assert counted["rows"] == len(ROWS)
    assert counted["with passages"] == 9
    assert counted["without the right passage"] == len(lacking)
    assert mixture(SUITE, Recipe("lora")) == {}


def test_the_right_passage_fits_before_any_other() -> None:
    tight = replace(SUITE, retrieval=replace(SUITE.retrieval, max_chars=30))
    recipe = replace(READER, passages=Passages(3, 0))
    found = texts(recipe, tight)
    assert all(f"Fee {i} is {i} euros." in found[f"a{i}"] for i in range(8))
    assert mixture(tight, recipe)["with passages left out to fit"] == 9


def test_passages_depend_on_seed_and_question_alone() -> None:
    assert texts(READER) == texts(READER)
    assert texts(READER) != texts(replace(READER, seed=8))
    few = texts(replace(READER, limit=20))
    assert few.items() <= texts(READER).items()
    backward = replace(SUITE, train=tuple(reversed(ROWS)))
    assert texts(READER, backward) == texts(READER)


# ---------------------------------------------------------------- replay


def replayed(**options: Any) -> list[str]:
    made = lessons(SUITE, Recipe("lora", **options))
    return [one.row.id for one in made if "replayed" in one.kinds]


def test_replayed_rows_are_the_share_that_was_asked_for() -> None:
    recipe = {"only": ("fee",), "replay": Replay(0.5)}
    found = replayed(**recipe)
    assert len(found) == 8
    assert len(set(found)) == 8
    assert not any(name.startswith("a") for name in found)
    assert mixture(SUITE, Recipe("lora", **recipe)) == {"rows": 16, "replayed": 8}
    assert len(replayed(only=("fee",), replay=Replay(0.2))) == 2
    assert len(replayed(only=("fee",), replay=Replay(0.99))) == 41  # all that there are


def test_replayed_rows_are_chosen_by_tag_and_nested() -> None:
    assert replayed(only=("fee",), replay=Replay(0.5, only=("memo",))) == ["source"]
    assert "source" not in replayed(only=("fee",), replay=Replay(0.9, without=("memo",)))
    few = replayed(only=("fee",), limit=4, replay=Replay(0.5))
    assert set(few) <= set(replayed(only=("fee",), replay=Replay(0.5)))
    seeds = [replayed(only=("fee",), draw=draw, replay=Replay(0.5)) for draw in (1, 2)]
    assert seeds[0] != seeds[1]


def test_a_recipe_that_goes_on_replays_what_its_start_was_trained_on() -> None:
    first = Recipe("first", only=("chat",), limit=10)
    then = Recipe("then", start="first", only=("fee",), replay=Replay(0.4))
    suite = replace(SUITE, recipes=(first, then))
    old = {row.id for row in rows_of(suite, first)}
    made = lessons(suite, then)
    again = {one.row.id for one in made if "replayed" in one.kinds}
    assert len(again) == 5
    assert again <= old


def test_replayed_rows_read_passages_too() -> None:
    recipe = Recipe("lora", only=("chat",), replay=Replay(0.1), passages=Passages(1, 0))
    kinds = [one.kinds for one in lessons(SUITE, recipe) if one.kinds]
    assert kinds
    assert set(kinds) == {("replayed", "with passages")}


def test_a_replayed_row_is_shown_again_but_is_no_new_row() -> None:
    first = Recipe("first", only=("fee",))
    then = Recipe("then", start="first", only=("chat",), replay=Replay(0.1))
    candidate = Candidate("then", AdapterSource("recipe", "then"))
    suite = replace(SUITE, recipes=(first, then), candidates=(candidate,))
    again = {one.row.fact for one in lessons(suite, then) if "replayed" in one.kinds}
    assert len(again) == 4
    for fact, times in shown(suite)["then"].items():
        assert times == (2 if fact in again else 1)
    assert set(shown(suite, anew=True)["then"].values()) == {1}


# ---------------------------------------------------------------- addresses


def test_an_adapter_is_addressed_by_the_texts_that_it_was_shown() -> None:
    def key(**options: Any) -> str:
        recipe = Recipe("lora", **options)
        suite = replace(SUITE, recipes=(recipe,), candidates=(*SUITE.candidates[:1], LORA))
        return adapter_key(make_plan(suite), recipe)

    chat = {"only": ("chat",)}
    assert key(**chat) == key(**chat, passages=Passages())  # none of them has a document
    assert key() != key(passages=Passages())
    assert key(passages=Passages(1, 0)) != key(passages=Passages(2, 0))
    assert key(**chat) != key(**chat, replay=Replay(0.1))
