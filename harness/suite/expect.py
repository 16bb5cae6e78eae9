"""Checks of what a suite expects, and of recipes that choose rows or build on one another."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace

from harness.records import FACT_TAGS, MIN_SLICE, Arm, Expectation, Metric, Recipe, Suite
from harness.suite.build import candidate_specs, recipes
from harness.suite.files import Problems
from harness.suite.spec import Spec

Where = Callable[..., str]


def check_expect_names(spec: Spec, problems: Problems) -> None:
    """Note expectations that share a name, or name a candidate or task that is not there."""
    known = candidate_specs(spec.file)
    seen: set[str] = set()
    for index, one in enumerate(spec.file.expect):
        where = spec.raw.where(("expect", index))
        if one.name in seen:
            problems.add(f"expectation '{one.name}' is written twice", where, "rename one")
        seen.add(one.name)
        for name in (one.candidate, one.against.candidate, one.net_of):
            if name is not None and name not in known:
                problems.unknown("candidate", name, known, where)
        for name in (one.task, one.against.task):
            if name is not None and name not in spec.file.tasks:
                problems.unknown("task", name, spec.file.tasks, where)
        if one.net_of is not None and one.against.candidate not in (None, one.candidate):
            what = f"expectation '{one.name}' has net_of and another candidate in `against`"
            problems.add(what, where, "with net_of, both sides are the same candidate")
        if one.net_of == one.candidate:
            what = f"expectation '{one.name}' is net of its own candidate, which leaves 0"
            problems.add(what, where, "name another candidate, such as the base")
        over = one.against.model_dump(exclude_none=True)
        if all(value == getattr(one, key) for key, value in over.items()):
            what = f"expectation '{one.name}' is held against itself"
            problems.add(what, where, "give `against` a candidate, task, metric or slice")


def check_recipes(spec: Spec, problems: Problems) -> None:
    """Note recipes that start from one that is not there, or from themselves."""
    starts = {recipe.name: recipe.start for recipe in recipes(spec.file)}
    known = {recipe.name: recipe for recipe in recipes(spec.file)}
    for recipe in known.values():
        where = spec.raw.where(("recipes", recipe.name))
        if recipe.start is None:
            continue
        if recipe.start not in starts:
            problems.unknown("recipe", recipe.start, starts, where)
        elif recipe.name in chain(recipe.start, starts):
            problems.add(f"recipe '{recipe.name}' starts from itself", where, "remove a `start`")
        else:
            _check_start(recipe, known[recipe.start], where, problems)


def _check_start(recipe: Recipe, start: Recipe, where: str, problems: Problems) -> None:
    """The weights of another shape would not fit, and of another scale not mean the same."""
    for key in ("rank", "alpha", "rslora", "targets"):
        own, other = (_written(getattr(one, key)) for one in (recipe, start))
        if own != other:
            what = f"recipe '{recipe.name}' has {key} {own}, its start {start.name} has {other}"
            problems.add(what, where, f"give both the same {key}")


def _written(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(sorted(value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def chain(name: str, starts: dict[str, str | None]) -> Iterator[str]:
    """A recipe and all that it builds on, each once."""
    seen: set[str] = set()
    at: str | None = name
    while at is not None and at not in seen:
        seen.add(at)
        yield at
        at = starts.get(at)


def check_rows(suite: Suite, where: Where, problems: Problems) -> None:
    """Note recipes whose tags leave no training row, or name a tag that no row has."""
    tags = {tag for row in suite.train for tag in row.tags}
    used = {candidate.adapter.value for candidate in suite.candidates}
    for recipe in suite.recipes:
        for key in ("only", "without"):
            for tag in getattr(recipe, key):
                if tag not in tags:
                    problems.unknown("row tag", tag, tags, where("recipes", recipe.name, key))
        if recipe.name in used and suite.train and not any(taken(recipe, suite)):
            what = f"recipe '{recipe.name}' leaves no training row"
            problems.add(what, where("recipes", recipe.name), "choose other tags")


def taken(recipe: Recipe, suite: Suite) -> Iterator[bool]:
    """For each training row of a suite, whether a recipe's tags take it."""
    for row in suite.train:
        wanted = not recipe.only or any(tag in recipe.only for tag in row.tags)
        yield wanted and not any(tag in recipe.without for tag in row.tags)


def check_arms(
    suite: Suite, task: str, metrics: Collection[str] | None, known: set[str], problems: Problems
) -> None:
    """Note arms on a task whose metric, slice or candidate is not there."""
    cases = next(one.cases for one in suite.tasks if one.name == task)
    limited = next(one.candidates for one in suite.tasks if one.name == task)
    slices = {"all", *(tag for case in cases for tag in case.tags)}
    for one in suite.expectations:
        for arm in (one.arm, one.against):
            if arm.task != task:
                continue
            if metrics is not None and arm.metric not in metrics:
                problems.unknown("metric", arm.metric, metrics, one.where)
            if arm.slice not in slices:
                problems.unknown("slice", arm.slice, slices, one.where)
            for name in (arm.candidate, one.net_of):
                if name in known and name not in (limited or known):
                    what = f"candidate '{name}' does not answer task '{task}'"
                    remedy = f"add it to tasks.{task}.candidates"
                    problems.add(what, one.where, remedy)


def check_sides(
    suite: Suite, measured: Mapping[str, Mapping[str, Metric] | None], problems: Problems
) -> None:
    """Note expectations whose two sides cannot be subtracted; `measured`: metrics by task."""
    for one in suite.expectations:
        sides = [(measured.get(a.task) or {}).get(a.metric) for a in (one.arm, one.against)]
        left, right = sides
        if left and right and _scale(left) != _scale(right):
            what = f"{left.name} ({_range(left)}) is held against {right.name} ({_range(right)})"
            problems.add(what, one.where, "compare metrics of one unit and one range")
        _check_effect(one, left, problems)
        if one.kind == "calibration":
            _check_calibration(one, left, problems)


def _check_effect(one: Expectation, metric: Metric | None, problems: Problems) -> None:
    if metric is None or metric.lower is None or metric.upper is None:
        return
    sides = 1 if one.net_of is None else 2
    if one.min_effect >= sides * (metric.upper - metric.lower):
        what = f"min_effect {one.min_effect:g} is more than {metric.name} can differ"
        problems.add(f"{what} ({_range(metric)})", one.where, "give less")


def _check_calibration(one: Expectation, metric: Metric | None, problems: Problems) -> None:
    if metric and not metric.binary:
        what = f"calibration simulates answers that are right or wrong; {metric.name} is not so"
        problems.add(what, one.where, "name a metric that is 0 or 1 for each answer")
    if one.net_of is not None or replace(one.against, candidate=one.arm.candidate) != one.arm:
        what = f"calibration '{one.name}' is of a gate, which compares two candidates"
        problems.add(what, one.where, "give `against` a candidate and nothing else")


def _scale(metric: Metric) -> tuple[object, ...]:
    return metric.unit, metric.lower, metric.upper


def _range(metric: Metric) -> str:
    bounds = (metric.lower, metric.upper)
    low, high = ("…" if bound is None else f"{bound:g}" for bound in bounds)
    return f"{metric.unit} from {low} to {high}"


def check_arm_sizes(sampled: Suite, problems: Problems) -> None:
    """Note arms on slices that the cases of the chosen profile cannot fill."""
    tasks = {task.name: task.cases for task in sampled.tasks}
    for one in sampled.expectations:
        for arm in dict.fromkeys((one.arm, one.against)):
            small = _too_small(arm, [case.tags for case in tasks.get(arm.task, ())])
            if small:
                problems.add(small, one.where, "add cases, raise the limit, or drop it")


def _too_small(arm: Arm, tags: list[tuple[str, ...]]) -> str:
    count = sum(arm.slice in found for found in tags)
    if arm.slice == "all" or not tags:
        return ""
    if count == len(tags) and arm.slice not in FACT_TAGS:
        return f"slice '{arm.slice}' holds all {count} cases of task '{arm.task}': write all"
    kind = "slice" if arm.slice not in FACT_TAGS else "fact slice"
    few = f"{kind} '{arm.slice}' has {count} of the {len(tags)} cases of task '{arm.task}'"
    return few if count < MIN_SLICE else ""
