"""A policy: gate rules in a file of their own, which take the place of a suite's."""

from dataclasses import replace
from pathlib import Path

from harness.errors import nearest
from harness.records import Metric, Suite, Task
from harness.suite import yamlfile
from harness.suite.explain import faulty, validate, without
from harness.suite.files import Problems, shown
from harness.suite.rules import Measured, check_rules, check_slices, check_written, made
from harness.suite.schema import PolicyFile, RuleSpec
from harness.suite.scorers import construct, resources

APART: dict[yamlfile.Loc, int] = {("gate",): 2}  # a rule that is wrong leaves the others


def with_policy(suite: Suite, path: str | Path) -> Suite:
    """The suite with the rules of a policy file, checked as its own rules are.

    The file is YAML with a `gate:` list in the shape that suite.yaml has.

    Raises:
        SuiteError: with every problem of the file, each with its line.
    """
    path, problems = Path(path), Problems()
    if not path.is_file():
        _note_missing(path, problems)
        problems.raise_if_any()
    raw = yamlfile.read(path, problems)
    problems.raise_if_any()
    if raw is None or not isinstance(raw.data, dict):
        problems.add("a policy should be a mapping", f"{shown(path)}:1", "start with `gate:`")
        problems.raise_if_any()
        return suite
    written: list[RuleSpec] = []
    file = validate(PolicyFile, raw.data, raw.where, problems)
    file = file or without(PolicyFile, raw.data, APART)
    if file is not None:
        written, raw = file.gate, raw.without_items(faulty(PolicyFile, raw.data, APART))

    def where(index: int) -> str:
        return raw.where(("gate", index))

    names = [candidate.name for candidate in suite.candidates if not candidate.curve]
    check_written(written, where, names, [task.name for task in suite.tasks], problems)
    ruled = replace(suite, rules=made(written, where))
    check_rules(ruled, _measured(suite), problems)
    if not problems:
        check_slices(ruled, problems)
    problems.raise_if_any()
    return ruled


def _note_missing(path: Path, problems: Problems) -> None:
    folder = path.parent
    try:
        around = [str(one) for one in folder.iterdir()] if folder.is_dir() else []
    except OSError:
        around = []
    close = nearest(str(path), around)
    kind = "is a folder" if path.is_dir() else "is not there"
    remedy = f"did you mean '{close}'?" if close else "give a YAML file with a `gate:` list"
    problems.add(f"the policy {kind}", shown(path), remedy)


def _measured(suite: Suite) -> Measured:
    return {task.name: _metrics(suite, task) for task in suite.tasks}


def _metrics(suite: Suite, task: Task) -> dict[str, Metric] | None:
    built, refused = construct(task, resources(suite, task))
    if refused:
        return None
    return {metric.name: metric for scorer in built.values() for metric in scorer.metrics}
