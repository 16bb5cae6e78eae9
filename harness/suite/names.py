"""Names and numbers of suite.yaml that must fit each other, before any data is read."""

from harness import registry
from harness.errors import UsageError
from harness.suite.build import candidate_specs, check_retrieve, recipes
from harness.suite.deciding import check_decision
from harness.suite.files import Problems
from harness.suite.rules import check_written
from harness.suite.spec import Spec


def check_names(spec: Spec, problems: Problems) -> None:
    """Note every name in suite.yaml that nothing in it (or in the registry) answers to."""
    _candidates(spec, problems)
    _tasks(spec, problems)
    _dates_and_templates(spec, problems)
    check_decision(spec.file.decision, lambda *loc: spec.raw.where(loc), problems)
    check_written(
        spec.file.gate,
        lambda index: spec.raw.where(("gate", index)),
        candidate_specs(spec.file),
        spec.file.tasks,
        problems,
    )


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
