"""From suite.yaml to records: what it says, and what holds when it says nothing."""

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

from harness import registry
from harness.errors import UsageError, unknown_remedy
from harness.records import (
    AdapterSource,
    Arm,
    Candidate,
    Case,
    Endpoint,
    Expectation,
    Passages,
    Recipe,
    Replay,
    Retrieval,
    Rule,
    Sampling,
    ScorerSpec,
)
from harness.suite.explain import validate
from harness.suite.files import Problems, quote
from harness.suite.rules import made
from harness.suite.schema import CandidateSpec, RecipeSpec, RetrieveSpec, SuiteFile, TaskSpec
from harness.suite.spec import Spec

PATH_START = (".", "/", "~")
SERVED = "served:"


def recipes(file: SuiteFile) -> tuple[Recipe, ...]:
    """The suite's recipes; one called `lora` with every default when it has none."""
    written = file.recipes or {"lora": RecipeSpec()}
    return tuple(recipe(name, spec) for name, spec in written.items())


def recipe(name: str, spec: RecipeSpec) -> Recipe:
    """A recipe as a record, with what is nested in it."""
    flat = spec.model_dump(exclude={"passages", "replay"})
    passages = Passages(**spec.passages.model_dump()) if spec.passages else None
    replay = Replay(**spec.replay.model_dump()) if spec.replay else None
    return Recipe(name, **flat, passages=passages, replay=replay)


def candidate_specs(file: SuiteFile) -> dict[str, CandidateSpec]:
    """The suite's candidates, or the default ones for what the suite has."""
    if file.candidates is not None:
        return file.candidates
    trained = [recipe.name for recipe in recipes(file)] if file.train else []
    specs = {"base": CandidateSpec()}
    specs |= {name: CandidateSpec(adapter=name) for name in trained}
    specs |= {f"base+{name}": CandidateSpec(prompt=name) for name in file.prompts}
    if file.documents:
        for name in ["base", *trained]:
            adapter = None if name == "base" else name
            specs[f"{name}+retrieved"] = CandidateSpec(adapter=adapter, context="retrieved")
            specs[f"{name}+gold"] = CandidateSpec(adapter=adapter, context="gold")
    return specs


def candidates(spec: Spec, root: Path, problems: Problems) -> tuple[Candidate, ...]:
    """Candidates as records; an adapter that is no recipe, path or hub id is noted."""
    known = [recipe.name for recipe in recipes(spec.file)]
    found = []
    for name, written in candidate_specs(spec.file).items():
        source = adapter_source(written.adapter, known, root)
        if source is None:
            where = spec.raw.where(("candidates", name, "adapter"))
            what = f"unknown recipe {quote(str(written.adapter))}"
            remedy = unknown_remedy(str(written.adapter), known)
            forms = "a path starts with ./, a hub id has a /, a server's adapter is served:NAME"
            problems.add(what, where, f"{remedy}; {forms}")
            continue
        settings = own_retrieval(name, written, spec, root, problems)
        found.append(Candidate(name, source, written.prompt, written.context, settings))
    return tuple(found)


def own_retrieval(
    name: str, written: CandidateSpec, spec: Spec, root: Path, problems: Problems
) -> Retrieval | None:
    """A candidate's `retrieve` laid over the suite's; what is wrong in it is noted."""
    if written.retrieve is None:
        return None
    place = ("candidates", name, "retrieve")
    if written.context != "retrieved":
        what = f"candidate '{name}' has retrieve, but its context is {written.context}"
        problems.add(what, spec.raw.where(place), "add context: retrieved, or remove it")
    laid = spec.file.retrieve.model_dump(exclude_unset=True) | written.retrieve
    made = validate(RetrieveSpec, laid, lambda loc: spec.raw.where((*place, *loc)), problems)
    if made is None:
        return None
    own = {"retriever", "template", "overlap", "chunk_chars"} & written.retrieve.keys()
    if own:  # what is inherited is the suite's problem, and noted there
        check_retrieve(made, lambda *loc: spec.raw.where((*place, *loc)), problems, own)
    return retrieval(made, root)


def check_retrieve(
    made: RetrieveSpec,
    where: Callable[..., str],
    problems: Problems,
    keys: Collection[str] = ("retriever", "template", "overlap"),
) -> None:
    """Note what is wrong with `keys`: an unknown retriever, a lost slot, an overlap too long."""
    if "retriever" in keys:
        try:
            registry.entry("retriever", made.retriever, where=where("retriever"))
        except UsageError as error:
            for problem in error.problems:
                problems.add(problem.what, problem.where, problem.remedy)
    for part in ("{context}", "{input}"):
        if "template" in keys and part not in made.template:
            what = f"retrieve.template has no {part}"
            problems.add(what, where("template"), f"say where {part} goes")
    sized = "overlap" in keys or "chunk_chars" in keys
    if sized and made.overlap and made.overlap >= made.chunk_chars:
        what = f"overlap {made.overlap} is not below chunk_chars {made.chunk_chars}"
        problems.add(what, where("overlap"), "give less, or larger chunks")


def adapter_source(value: str | None, known: list[str], root: Path) -> AdapterSource | None:
    """What `adapter:` means: a recipe, a path from the suite's folder, a hub id, a served name."""
    if value is None:
        return AdapterSource()
    if value.startswith(SERVED):
        name = value.removeprefix(SERVED).strip()
        return AdapterSource("served", name) if name else None
    if value.startswith(PATH_START):
        return AdapterSource("path", local_path(value, root))
    if value in known:
        return AdapterSource("recipe", value)
    owner, slash, name = value.partition("/")
    if slash and owner and name and "/" not in name and not set(value) & set(" \t\n\\"):
        return AdapterSource("hub", value)
    return None


def local_path(value: str, root: Path) -> str:
    """A path of suite.yaml as an absolute path; relative ones start at the suite's folder."""
    try:
        return str((root / Path(value).expanduser()).absolute())
    except RuntimeError:  # ~user without such a user
        return value


def model(file: SuiteFile, root: Path) -> str:
    """The suite's model, with a relative folder made absolute."""
    return local_path(file.model, root) if file.model.startswith(PATH_START) else file.model


def default_scorers(cases: list[Case]) -> dict[str, ScorerSpec]:
    """What a task without `scorers` is scored on."""
    names = ["style", "rouge"]
    names += ["terminology"] if any(case.terms for case in cases) else []
    names += ["recency"] if any(case.fact for case in cases) else []
    return {name: ScorerSpec(name) for name in names}


def task_candidates(task: TaskSpec, cases: list[Case], file: SuiteFile) -> tuple[str, ...] | None:
    """Who answers a task; by default all, but `gold` ones only where cases have gold."""
    if task.candidates is not None:
        return tuple(task.candidates)
    if file.candidates is None and not any(case.gold for case in cases):
        specs = candidate_specs(file)
        return tuple(name for name, spec in specs.items() if spec.context != "gold")
    return None


def sampling(file: SuiteFile) -> Sampling:
    """How engines pick tokens."""
    return Sampling(**file.sampling.model_dump())


def endpoint(file: SuiteFile) -> Endpoint | None:
    """The server that the suite is asked at, if it names one."""
    if file.endpoint is None:
        return None
    return Endpoint(**{k: v for k, v in file.endpoint.model_dump().items() if v is not None})


def retrieval(made: RetrieveSpec, root: Path) -> Retrieval:
    """How retrieved context is found; an encoder's relative folder is made absolute."""
    found = Retrieval(**made.model_dump())
    if not found.encoder.startswith(PATH_START):
        return found
    return replace(found, encoder=local_path(found.encoder, root))


def rules(spec: Spec) -> tuple[Rule, ...]:
    """Gate rules as records."""
    return made(spec.file.gate, lambda index: spec.raw.where(("gate", index)))


def expectations(spec: Spec) -> tuple[Expectation, ...]:
    """What the author expects, with the side that it is held against written out."""
    found = []
    for index, one in enumerate(spec.file.expect):
        arm = Arm(one.candidate, one.task, one.metric, one.slice)
        over = {key: value for key, value in one.against.model_dump().items() if value is not None}
        where = spec.raw.where(("expect", index))
        found.append(
            Expectation(
                one.name,
                one.says,
                arm,
                replace(arm, **over),
                one.direction,
                one.min_effect,
                one.net_of,
                one.kind,
                one.phenomenon,
                where,
            )
        )
    return tuple(found)
