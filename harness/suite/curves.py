"""`curve:` of a suite: what is wrong with it, and the recipes and candidates that it stands for."""

from collections.abc import Sequence
from dataclasses import replace

from harness.records import AdapterSource, Candidate, CurveSpec, Recipe, Suite, Task
from harness.suite.build import candidate_specs, recipes
from harness.suite.expect import taken
from harness.suite.files import Problems
from harness.suite.schema import CurveEntry
from harness.suite.spec import Spec


def curves(spec: Spec) -> tuple[CurveSpec, ...]:
    """The suite's curves as records; without seeds, one of the recipe's own."""
    known = {recipe.name: recipe for recipe in recipes(spec.file)}
    return tuple(
        CurveSpec(
            one.recipe,
            tuple(sorted(one.sizes)),
            tuple(one.seeds or (known[one.recipe].seed,)),
            tuple(one.tasks or spec.file.tasks),
            one.training,
        )
        for one in spec.file.curve
        if one.recipe in known
    )


def check_curve_names(spec: Spec, problems: Problems) -> None:
    """Note curves of recipes or tasks that are not there, and whatever is written twice."""
    file = spec.file
    known = [recipe.name for recipe in recipes(file)]
    used = {*known, *candidate_specs(file)}
    for index, one in enumerate(file.curve):
        where = spec.raw.where(("curve", index))
        if file.train is None:
            what = f"a curve trains '{one.recipe}', but there are no rows"
            problems.add(what, where, "add `train: train.jsonl` to the suite")
        if one.recipe not in known:
            place = spec.raw.where(("curve", index, "recipe"))
            problems.unknown("recipe", one.recipe, known, place)
        if one.recipe in [other.recipe for other in file.curve[:index]]:
            what = f"two curves are of recipe '{one.recipe}'"
            problems.add(what, where, "give one curve all its sizes, seeds and tasks")
        for position, task in enumerate(one.tasks or ()):
            if task not in file.tasks:
                place = spec.raw.where(("curve", index, "tasks", position))
                problems.unknown("task", task, file.tasks, place)
        _check_twice(spec, index, one, problems)
    _check_nested(spec, problems)
    for index, curve in enumerate(curves(spec)):
        for point in _points(curve, Recipe(curve.recipe)):
            if point.name in used:
                what = f"'{point.name}' is the name of a point of the curve of '{curve.recipe}'"
                where = spec.raw.where(("curve", index))
                problems.add(what, where, "rename the recipe or candidate")


def _check_nested(spec: Spec, problems: Problems) -> None:
    """A trunk has a schedule of its own, and as many steps as epochs say."""
    nested = {one.recipe for one in spec.file.curve if one.training == "nested"}
    for recipe in recipes(spec.file):
        for key, plain in (("steps", None), ("schedule", "cosine")):
            found = getattr(recipe, key)
            if recipe.name in nested and found != plain:
                what = (
                    f"recipe '{recipe.name}' has {key}: {found}, which a nested curve cannot keep"
                )
                where = spec.raw.where(("recipes", recipe.name, key))
                problems.add(what, where, f"remove {key}, or training: nested from its curve")


def _check_twice(spec: Spec, index: int, one: CurveEntry, problems: Problems) -> None:
    for key in ("sizes", "seeds", "tasks"):
        values = getattr(one, key) or ()
        for position, value in enumerate(values):
            if value in values[:position]:
                what = f"curve of '{one.recipe}': {key} has {value} twice"
                where = spec.raw.where(("curve", index, key, position))
                problems.add(what, where, "keep one")


def check_sizes(sampled: Suite, spec: Spec, problems: Problems) -> None:
    """Note sizes above the rows that the recipe has in the chosen profile."""
    known = {recipe.name: recipe for recipe in sampled.recipes}
    for index, curve in enumerate(spec.file.curve):
        rows = sum(taken(known[curve.recipe], sampled))
        for position, size in enumerate(curve.sizes):
            if size > rows:
                what = f"size {size} of the curve of '{curve.recipe}' is more than its {rows} rows"
                where = spec.raw.where(("curve", index, "sizes", position))
                problems.add(what, where, f"give at most {rows}")


def with_curves(suite: Suite) -> Suite:
    """The suite with a recipe and a candidate for each point; those answer the curve's tasks alone.

    Within a seed, the rows of a smaller size are among those of a larger one. Each seed draws
    rows of its own, so that a band over seeds also says what other examples would have done; the
    recipe's own seed draws as its `limit` would, so that a candidate with the same rows shares
    the adapter. The controls of a nested curve are asked the same.
    """
    known = {recipe.name: recipe for recipe in suite.recipes}
    everyone = tuple(candidate.name for candidate in suite.candidates)
    asked: dict[str, tuple[str, ...]] = {}
    made: list[Recipe] = []
    candidates: list[Candidate] = []
    for curve in suite.curves:
        points = _points(curve, known[curve.recipe])
        made += points
        candidates += [
            Candidate(one.name, AdapterSource("recipe", one.name), curve=curve.recipe)
            for one in points
        ]
        for task in curve.tasks:
            asked[task] = (*asked.get(task, ()), *(one.name for one in points))
    if not made:
        return suite
    return replace(
        suite,
        recipes=(*suite.recipes, *made),
        candidates=(*suite.candidates, *candidates),
        tasks=tuple(_asking(task, everyone, asked.get(task.name, ())) for task in suite.tasks),
    )


def _points(curve: CurveSpec, recipe: Recipe) -> list[Recipe]:
    """A recipe for each point, and controls of a nested curve: two sizes trained by themselves."""
    nested = curve.training == "nested"
    made = [
        replace(
            recipe,
            name=f"{recipe.name}-{size}-seed{seed}",
            limit=size,
            seed=seed,
            draw=recipe.draw if seed == recipe.seed else seed,
            trunk=curve.sizes[: curve.sizes.index(size) + 1] if nested else (),
        )
        for size in curve.sizes
        for seed in curve.seeds
    ]
    ends = {curve.sizes[0], curve.sizes[-1]} if nested else ()
    controls = [one for one in made if one.limit in ends and one.seed == curve.seeds[0]]
    return made + [replace(one, name=f"{one.name}-alone", trunk=()) for one in controls]


def _asking(task: Task, everyone: Sequence[str], points: Sequence[str]) -> Task:
    """The task with the points that answer it; those that do not stay away."""
    listed = everyone if task.candidates is None else task.candidates
    return replace(task, candidates=(*listed, *points))
