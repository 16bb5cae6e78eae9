"""Names and numbers of suite.yaml that must fit each other, before any data is read."""

from harness import registry
from harness.errors import UsageError
from harness.suite.build import candidate_specs, check_retrieve, recipes
from harness.suite.files import Problems, quote
from harness.suite.schema import RuleSpec
from harness.suite.spec import Spec

# what a rule of each kind reads beside candidate, task, metric and slice: (needed, optional)
RULE_KEYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "superior": (("against",), ("min_effect",)),
    "non_inferior": (("against", "margin"), ()),
    "at_least": (("value",), ()),
    "at_most": (("value",), ()),
    "max_unmeasured": (("value",), ()),
}


def check_names(spec: Spec, problems: Problems) -> None:
    """Note every name in suite.yaml that nothing in it (or in the registry) answers to."""
    _candidates(spec, problems)
    _tasks(spec, problems)
    _dates_and_templates(spec, problems)
    for index in range(len(spec.file.gate)):
        _rule(spec, index, problems)


def _candidates(spec: Spec, problems: Problems) -> None:
    file = spec.file
    if file.candidates is None and "base" in file.recipes:
        where = spec.raw.where(("recipes", "base"))
        problems.add("recipe 'base' has the name of a default candidate", where, "rename it")
    trained = [recipe.name for recipe in recipes(file)]
    for name, candidate in (file.candidates or {}).items():
        where = spec.raw.where(("candidates", name))
        if candidate.adapter in trained and file.train is None:
            what = f"candidate '{name}' trains '{candidate.adapter}', but there are no rows"
            problems.add(what, where, "add `train: train.jsonl` to the suite")
        if candidate.prompt is not None and candidate.prompt not in file.prompts:
            problems.unknown("prompt", candidate.prompt, file.prompts, where)
        if candidate.context != "none" and file.documents is None:
            what = f"candidate '{name}' reads {candidate.context} context without documents"
            problems.add(what, where, "add `documents: documents/` to the suite")


def _tasks(spec: Spec, problems: Problems) -> None:
    known = candidate_specs(spec.file)
    for name, task in spec.file.tasks.items():
        for index, candidate in enumerate(task.candidates or ()):
            where = spec.raw.where(("tasks", name, "candidates", index))
            if candidate not in known:
                problems.unknown("candidate", candidate, known, where)
            elif candidate in (task.candidates or ())[:index]:
                problems.add(f"candidate '{candidate}' is listed twice", where, "keep one")
        for scorer in task.scorers or {}:
            where = spec.raw.where(("tasks", name, "scorers", scorer))
            try:
                registry.entry("scorer", scorer, where=where)
            except UsageError as error:
                for problem in error.problems:
                    problems.add(problem.what, problem.where, problem.remedy)


def _dates_and_templates(spec: Spec, problems: Problems) -> None:
    file, where = spec.file, spec.raw.where
    dates = file.dates
    if dates.trained_until and dates.as_of and dates.trained_until > dates.as_of:
        what = f"trained_until {dates.trained_until} is after as_of {dates.as_of}"
        remedy = "as_of is the later date, on which cases are asked"
        problems.add(what, where(("dates", "trained_until")), remedy)
    if "{input}" not in file.template:
        problems.add("template has no {input}", where(("template",)), "say where the case goes")
    check_retrieve(file.retrieve, lambda *loc: where(("retrieve", *loc)), problems)


def _rule(spec: Spec, index: int, problems: Problems) -> None:
    rule, file = spec.file.gate[index], spec.file
    where = spec.raw.where(("gate", index))
    known = candidate_specs(file)
    if rule.task not in file.tasks:
        problems.unknown("task", rule.task, file.tasks, where)
    for name in (rule.candidate, rule.against):
        if name is not None and name not in known:
            problems.unknown("candidate", name, known, where)
    if rule.candidate == rule.against:
        problems.add(f"candidate '{rule.candidate}' is held against itself", where)
    _rule_numbers(rule, where, problems)


def _rule_numbers(rule: RuleSpec, where: str, problems: Problems) -> None:
    needed, optional = RULE_KEYS[rule.kind]
    for key in ("against", "margin", "min_effect", "value"):
        given = getattr(rule, key)
        if key in needed and given is None:
            problems.add(f"a rule of kind '{rule.kind}' needs '{key}'", where, f"add {key}: …")
        elif key not in needed + optional and given is not None:
            what = f"a rule of kind '{rule.kind}' does not read '{key}' ({quote(given)})"
            problems.add(what, where, "remove it")
    if rule.kind == "non_inferior" and rule.margin == 0:
        remedy = "give the loss you accept, such as 0.05"
        problems.add("a rule of kind 'non_inferior' needs a margin above 0", where, remedy)
    if rule.kind == "max_unmeasured" and rule.value is not None and not 0 <= rule.value <= 1:
        problems.add(f"value {rule.value:g} is not a share", where, "give 0 to 1")
