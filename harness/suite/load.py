"""Load a suite: every problem of it at once, or a validated record."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.records import Case, Prompt, Row, ScorerSpec, Suite, Task, Term
from harness.suite import build, parts, spec
from harness.suite.adapters import check_adapter
from harness.suite.bands import with_bands
from harness.suite.curves import check_curve_names, check_sizes, curves, with_curves
from harness.suite.deciding import policy_of
from harness.suite.expect import check_arm_sizes, check_expect_names, check_recipes
from harness.suite.files import BUILTIN, Problems, builtin, find, shown
from harness.suite.judges import JUDGE, check_judges, completed
from harness.suite.names import check_names
from harness.suite.row_schema import CaseRow, TrainRow
from harness.suite.rows import (
    Placed,
    World,
    default_ids,
    note_duplicate_ids,
    read_rows,
    task_cases,
    train_row,
)
from harness.suite.rules import check_slices
from harness.suite.sample import sample
from harness.suite.spec import Spec
from harness.suite.whole import check_whole


@dataclass
class _Loading:
    """A suite on its way in."""

    root: Path
    spec: Spec
    problems: Problems
    rule_places: dict[str, str] = field(default_factory=dict)

    def where(self, *loc: str | int) -> str:
        return self.spec.raw.where(loc)

    def find(self, name: str | None, what: str, *loc: str | int) -> Path | None:
        if name is None:
            return None
        return find(self.root, name, what, self.where(*loc), self.problems)


def load(path: str | Path, profile: str | None = None, *, has_gpu: bool = False) -> Suite:
    """The suite in a folder (or of a YAML file), validated, in one profile.

    `profile` None takes `full` with a GPU and `quick` without, where the suite defines them.

    Raises:
        UsageError: there is no suite at `path`.
        UnknownNameError: the suite has no such profile.
        SuiteError: with every problem found, each with its file and line.
    """
    problems = Problems()
    file = spec.locate(Path(path))
    raw = spec.read(file, problems)
    chosen = spec.choose(profile, raw, has_gpu=has_gpu)
    specs = list(spec.read_all(raw, chosen, problems))
    for one in specs:
        check_names(one, problems)
        check_expect_names(one, problems)
        check_recipes(one, problems)
        check_curve_names(one, problems)
        check_judges(one, problems)
    if not specs or specs[0].profile != chosen:
        problems.raise_if_any()
    suite = _read(_Loading(file.parent, specs[0], problems))
    problems.raise_if_any()
    return suite


def _read(loading: _Loading) -> Suite:
    file, problems = loading.spec.file, loading.problems
    glossary, style, prompts = _words(loading)
    world = _world(loading, glossary)
    train, tasks = _rows(loading, world)
    candidates = build.candidates(loading.spec, loading.root, problems)
    for candidate in candidates:
        if candidate.adapter.kind == "path":
            where = loading.where("candidates", candidate.name, "adapter")
            check_adapter(Path(candidate.adapter.value), where, problems)
    suite = Suite(
        name=file.name,
        root=str(loading.root),
        profile=loading.spec.profile,
        description=file.description,
        model=build.model(file, loading.root),
        seed=file.seed,
        train=tuple(train),
        tasks=tuple(tasks),
        candidates=candidates,
        recipes=build.recipes(file),
        facts=tuple(world.facts.values()),
        glossary=glossary,
        style=style,
        documents=tuple(world.documents.values()),
        prompts=prompts,
        sampling=build.sampling(file),
        endpoint=build.endpoint(file),
        curves=curves(loading.spec),
        retrieval=build.retrieval(file.retrieve, loading.root),
        rules=build.rules(loading.spec),
        expectations=build.expectations(loading.spec),
        decision=policy_of(file.decision),
        trained_until=file.dates.trained_until,
        as_of=file.dates.as_of,
        template=file.template,
    )
    if suite.sampling.samples > 1 and not suite.sampling.temperature:
        what = f"sampling.samples is {suite.sampling.samples} at temperature 0"
        remedy = "greedy answers are all alike: raise temperature, or ask once"
        problems.add(what, loading.where("sampling", "samples"), remedy)
    # bands come after the sample, which is stratified by the tags that people gave
    check_whole(with_bands(suite), loading.where, loading.rule_places, problems)
    sampled = with_bands(_sampled(suite, loading.spec))
    if not problems:  # a row that was refused would be missing from its slice
        check_slices(sampled, problems)
        check_arm_sizes(sampled, problems)
        check_sizes(sampled, loading.spec, problems)
    return with_curves(sampled)


def _sampled(suite: Suite, chosen: Spec) -> Suite:
    """The suite with the limits of its profile; exposures are those of the sampled rows."""
    written = chosen.file
    limit = written.train.limit if written.train else None
    train = tuple(sample(suite.train, limit, suite.seed))
    shown = Counter(row.fact for row in train)
    facts = suite.facts
    if len(train) < len(suite.train):
        facts = tuple(
            fact if fact.exposures is None else replace(fact, exposures=shown[fact.id])
            for fact in facts
        )
    tasks = tuple(
        replace(task, cases=tuple(sample(task.cases, written.tasks[task.name].limit, suite.seed)))
        for task in suite.tasks
    )
    return replace(suite, train=train, facts=facts, tasks=tasks)


def _words(loading: _Loading) -> tuple[tuple[Term, ...], dict[str, Any], tuple[Prompt, ...]]:
    """Glossary, style and prompts."""
    file, problems = loading.spec.file, loading.problems
    path = loading.find(file.glossary, "glossary file", "glossary")
    glossary = parts.read_glossary(path, problems) if path else ()
    path = loading.find(file.style, "style file", "style")
    style, loading.rule_places = parts.read_style(path, problems) if path else ({}, {})
    prompts = []
    for name, wanted in file.prompts.items():
        path = loading.find(wanted, "prompt file", "prompts", name)
        has = file.glossary is not None
        prompt = parts.read_prompt(name, path, problems, glossary=has) if path else None
        prompts += [prompt] if prompt else []
    return glossary, style, tuple(prompts)


def _world(loading: _Loading, glossary: tuple[Term, ...]) -> World:
    file, problems = loading.spec.file, loading.problems
    path = loading.find(file.facts, "facts file", "facts")
    facts, ids = parts.read_facts(path, problems) if path else ({}, set())
    folder = loading.find(file.documents, "documents folder", "documents")
    documents = parts.read_documents(folder, problems, ids) if folder else ()
    return World(
        facts,
        ids,
        frozenset(term.preferred for term in glossary),
        {document.id: document for document in documents},
        file.dates.trained_until,
        file.dates.as_of,
    )


def _rows(loading: _Loading, world: World) -> tuple[list[Row], list[Task]]:
    """All training rows and all cases, not yet sampled."""
    file, problems = loading.spec.file, loading.problems
    train_files = list(_data_files(loading, file.train.file if file.train else [], "train", "file"))
    case_files = {
        name: list(_data_files(loading, task.cases, "tasks", name, "cases"))
        for name, task in file.tasks.items()
    }
    every = train_files + [path for paths in case_files.values() for path in paths]
    prefixes = default_ids(every, loading.root)
    placed: list[Placed[TrainRow]] = []
    for path in train_files:
        rows, count = read_rows(path, TrainRow, prefixes[path], problems)
        placed += rows
        if count == 0:
            problems.add("the training file is empty", shown(path), "add rows")
    everyone: list[Placed[Any]] = list(placed)
    tasks = []
    for name in file.tasks:
        cases: list[Placed[CaseRow]] = []
        counts = 0
        for path in case_files[name]:
            found, count = read_rows(path, CaseRow, prefixes[path], problems)
            cases += found
            counts += count
        if case_files[name] and counts == 0:
            where = loading.where("tasks", name, "cases")
            problems.add(f"task '{name}' has no cases", where, "add rows to its files")
        everyone += cases
        tasks.append(_task(name, task_cases(name, cases, world, problems), loading))
    note_duplicate_ids(everyone, problems)
    return [train_row(row, world, problems) for row in placed], tasks


def _data_files(loading: _Loading, names: list[str], *loc: str | int) -> Iterator[Path]:
    for index, name in enumerate(names):
        if name.startswith(BUILTIN):
            where = loading.where(*loc, index)
            path = builtin(name.removeprefix(BUILTIN), where, loading.problems)
        else:
            path = loading.find(name, "data file", *loc, index)
        if path:
            yield path


def _task(name: str, cases: list[Case], loading: _Loading) -> Task:
    written = loading.spec.file.tasks[name]
    if written.scorers is None:
        scorers = build.default_scorers(cases)
    else:
        scorers = {key: ScorerSpec(key, options) for key, options in written.scorers.items()}
    if JUDGE in scorers:
        place = ("tasks", name, "scorers", JUDGE, "labels")
        scorers[JUDGE] = completed(
            scorers[JUDGE],
            cases,
            list(build.candidate_specs(loading.spec.file)),
            loading.root,
            lambda file: loading.find(file, "labels file", *place),
            loading.problems,
        )
    return Task(
        name,
        tuple(cases),
        tuple(scorers.values()),
        written.max_tokens,
        written.description,
        build.task_candidates(written, cases, loading.spec.file),
    )
