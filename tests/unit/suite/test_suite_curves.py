"""`curve:` of a suite: the recipes and candidates it stands for, and what is wrong with it."""

from dataclasses import replace

import pytest

from harness.errors import SuiteError
from harness.lessons import rows_of
from harness.plan import adapter_key
from harness.records import CurveSpec
from harness.suite.load import load
from harness.suite.schema import json_schema

ROWS = [
    {"input": f"ask {n}?", "output": f"{n}.", "tags": ["odd" if n % 2 else "even"]}
    for n in range(20)
]
TASKS = {"answers": {"cases": "cases.jsonl"}, "other": {"cases": "other.jsonl"}}
FILES = {"train.jsonl": ROWS, "other.jsonl": [{"input": "four?", "output": "4."}]}
CURVE = {"recipe": "lora", "sizes": [4, 2, 8], "seeds": [7, 1], "tasks": ["answers"]}
POINTS = [f"lora-{size}-seed{seed}" for size in (2, 4, 8) for seed in (7, 1)]


@pytest.fixture
def curved(write):
    """Load a suite with this `curve`; or the problems."""

    def made(curve, **suite):
        folder = write({"tasks": TASKS, "curve": curve, **suite}, FILES)
        try:
            return load(folder)
        except SuiteError as error:
            return [str(problem) for problem in error.problems]

    return made


def test_a_curve_is_a_recipe_and_a_candidate_for_each_size_and_seed(curved):
    suite = curved(CURVE)
    made = [one for one in suite.candidates if one.curve]
    assert [one.name for one in made] == POINTS
    assert {one.curve for one in made} == {"lora"}
    assert {(one.prompt, one.context) for one in made} == {(None, "none")}
    recipes = {recipe.name: recipe for recipe in suite.recipes}
    assert [(recipes[n].limit, recipes[n].seed) for n in POINTS[:3]] == [(2, 7), (2, 1), (4, 7)]
    assert suite.curves == (CurveSpec("lora", (2, 4, 8), (7, 1), ("answers",)),)


def test_a_nested_curve_gives_each_size_the_trunk_up_to_it(curved):
    suite = curved({**CURVE, "training": "nested"})
    recipes = {recipe.name: recipe for recipe in suite.recipes}
    assert [recipes[f"lora-{n}-seed7"].trunk for n in (2, 4, 8)] == [(2,), (2, 4), (2, 4, 8)]
    assert suite.curves[0].training == "nested"
    apart = {recipe.name: recipe for recipe in curved(CURVE).recipes}
    keys = [adapter_key(plan_of(suite), one["lora-8-seed7"]) for one in (recipes, apart)]
    assert keys[0] != keys[1]


def test_a_nested_curve_has_two_controls_with_the_rows_of_its_points(curved):
    suite = curved({**CURVE, "training": "nested"})
    recipes = {recipe.name: recipe for recipe in suite.recipes}
    controls = ["lora-2-seed7-alone", "lora-8-seed7-alone"]
    assert [one.name for one in suite.candidates if one.curve] == [*POINTS, *controls]
    for name in controls:
        point, alone = recipes[name.removesuffix("-alone")], recipes[name]
        assert rows_of(suite, point) == rows_of(suite, alone)
        assert alone == replace(point, name=name, trunk=())
    assert suite.tasks[0].candidates == ("base", "lora", *POINTS, *controls)


def test_a_nested_curve_of_one_size_has_one_control(curved):
    suite = curved({**CURVE, "sizes": [4], "seeds": [7], "training": "nested"})
    made = [one.name for one in suite.candidates if one.curve]
    assert made == ["lora-4-seed7", "lora-4-seed7-alone"]


def test_points_answer_the_tasks_of_their_curve_alone(curved):
    answers, other = curved(CURVE).tasks
    assert answers.candidates == ("base", "lora", *POINTS)
    assert other.candidates == ("base", "lora")


def test_rows_of_a_seed_are_nested_and_each_seed_draws_its_own(curved):
    suite = curved(CURVE)
    rows = {r.name: {row.id for row in rows_of(suite, r)} for r in suite.recipes}
    for seed in (7, 1):
        small, middle, large = (rows[f"lora-{size}-seed{seed}"] for size in (2, 4, 8))
        assert small < middle < large
    assert rows["lora-8-seed7"] != rows["lora-8-seed1"]


def test_a_point_shares_its_adapter_with_a_candidate_of_the_same_rows(curved):
    suite = curved(
        CURVE,
        recipes={"lora": {}, "small": {"limit": 4}},
        candidates={"base": {}, "small": {"adapter": "small"}},
    )
    key = {r.name: adapter_key(plan_of(suite), r) for r in suite.recipes}
    assert key["small"] == key["lora-4-seed7"]
    assert len({key[name] for name in POINTS}) == len(POINTS)


def plan_of(suite):
    from harness.plan import Plan
    from harness.records import Model

    model = Model("m", "m", "digest")
    return Plan(suite, model, "replay", "", "", suite.recipes, (), "id")


def test_without_seeds_and_tasks_a_curve_has_the_recipes_seed_and_every_task(curved):
    suite = curved({"recipe": "lora", "sizes": [2]}, recipes={"lora": {"seed": 3}})
    assert suite.curves == (CurveSpec("lora", (2,), (3,), ("answers", "other")),)


def test_points_of_a_nested_curve_name_the_sizes_that_their_trunk_goes_through(curved):
    suite = curved({**CURVE, "training": "nested"})
    trunks = {recipe.name: recipe.trunk for recipe in suite.recipes}
    assert (trunks["lora"], trunks["lora-2-seed1"], trunks["lora-8-seed1"]) == ((), (2,), (2, 4, 8))
    assert suite.curves[0].training == "nested"
    assert {recipe.trunk for recipe in curved(CURVE).recipes} == {()}


def test_a_list_holds_several_curves(curved):
    second = {"recipe": "slow", "sizes": [2]}
    suite = curved([CURVE, second], recipes={"lora": {}, "slow": {"epochs": 4}})
    assert [one.recipe for one in suite.curves] == ["lora", "slow"]


@pytest.mark.parametrize("over", [{"curve": []}, {"curve": None}])
def test_a_profile_may_leave_a_curve_out_or_make_it_smaller(write, over):
    profiles = {"quick": over, "small": {"curve": {"sizes": [2]}}}
    folder = write({"tasks": TASKS, "curve": CURVE, "profiles": profiles}, FILES)
    assert load(folder, "quick").curves == ()
    assert load(folder, "small").curves == (CurveSpec("lora", (2,), (7, 1), ("answers",)),)


def test_a_suite_without_a_curve_is_as_it_was(write):
    own = {"candidates": {"base": {}, "lora": {"adapter": "lora"}}}
    assert load(write({"tasks": TASKS, **own}, FILES)).tasks[0].candidates is None


def test_everything_that_is_wrong_with_curves_is_told_at_once(curved):
    found = curved(
        [
            {"recipe": "lroa", "sizes": [2, 2], "seeds": [1, 1], "tasks": ["answer"]},
            {"recipe": "lora", "sizes": [2]},
            {"recipe": "lora", "sizes": [4]},
            {"recipe": "lora", "sizes": []},
        ],
        recipes={"lora": {}, "lora-2-seed7": {}},
        candidates={"base": {}},
    )
    said = "\n".join(found)
    assert "unknown recipe 'lroa'" in said
    assert "did you mean 'lora'?" in said
    assert "unknown task 'answer'" in said
    assert "curve of 'lroa': sizes has 2 twice" in said
    assert "curve of 'lroa': seeds has 1 twice" in said
    assert "two curves are of recipe 'lora'" in said
    assert "curve[3].sizes is empty" in said
    assert "'lora-2-seed7' is the name of a point of the curve of 'lora'" in said


def test_a_size_above_the_rows_of_the_recipe_names_its_line(write):
    text = (
        "name: mine\ntrain: train.jsonl\ntasks:\n  answers: {cases: cases.jsonl}\n"
        "recipes: {lora: {only: [odd]}}\ncurve:\n  recipe: lora\n  sizes:\n    - 5\n    - 11\n"
    )
    with pytest.raises(SuiteError) as error:
        load(write(files={"suite.yaml": text, **FILES}))
    (problem,) = error.value.problems
    assert problem.where == "s/suite.yaml:10"
    assert problem.what == "size 11 of the curve of 'lora' is more than its 10 rows"


def test_a_nested_curve_has_a_schedule_of_its_own(curved):
    recipes = {"lora": {"schedule": "linear", "steps": 9}}
    found = curved({**CURVE, "training": "nested"}, recipes=recipes)
    assert ["has steps: 9, which" in found[0], "has schedule: linear, which" in found[1]] == [
        True
    ] * 2
    assert len(found) == 2
    assert [one.steps for one in curved(CURVE, recipes=recipes).recipes] == [9] * 7


def test_a_curve_without_rows_has_nothing_to_train_on(curved):
    found = curved(CURVE, train=None)
    assert any("a curve trains 'lora', but there are no rows" in line for line in found)


def test_a_rule_cannot_name_a_point(curved):
    rule = {"kind": "at_least", "candidate": POINTS[0], "task": "answers", "metric": "style.all"}
    found = curved(CURVE, gate=[{**rule, "value": 0.5}])
    assert any(f"unknown candidate '{POINTS[0]}'" in line for line in found)


def test_editors_accept_one_curve_or_a_list():
    one, several = json_schema()["properties"]["curve"]["anyOf"]
    assert several["items"] == one == {"$ref": "#/$defs/CurveEntry"}
