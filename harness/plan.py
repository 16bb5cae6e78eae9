"""What a run will do: which engine, which prompts, which cells; everything before any compute."""

from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from harness import registry
from harness.errors import UnknownNameError, UsageError
from harness.records import (
    Adapter,
    Candidate,
    Case,
    Document,
    Model,
    Passage,
    Recipe,
    Suite,
    Task,
)
from harness.retrieve import context
from harness.serve import vllm_engine
from harness.store import digest_of

# raised when a change of our own code changes what is trained or answered
TRAIN_REVISION = 1
SERVE_REVISION = 1
DEFAULT_MODEL = "embedded:smollm2-135m"


@dataclass(frozen=True, slots=True)
class Asked:
    """What one candidate is asked in one case, before the chat template."""

    case: Case
    system: str
    user: str
    passages: tuple[Passage, ...] = ()


@dataclass(slots=True)
class Cell:
    """A candidate x task to answer; `key` is known once the candidate's adapter is."""

    candidate: Candidate
    task: Task
    asked: tuple[Asked, ...]
    adapter: Adapter | None = None
    key: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A run before it starts."""

    suite: Suite
    model: Model
    engine: str
    engine_reason: str
    engine_version: str
    recipes: tuple[Recipe, ...]
    cells: tuple[Cell, ...]
    id: str
    warnings: list[str] = field(default_factory=list)


def choose_engine(wanted: str) -> tuple[str, str]:
    """The engine's name and why; `auto` takes vLLM wherever it can run.

    Raises:
        UsageError: the engine that was asked for cannot run here.
        UnknownNameError: no such engine.
    """
    if wanted == "auto":
        missing = vllm_engine.VllmEngine.missing()
        if missing:
            return "transformers", f"vLLM is not installed ({missing})"
        return "vllm", "one engine start serves base and adapters"
    if wanted not in registry.TABLES["engine"]:
        raise UnknownNameError("engine", wanted, ["auto", *registry.names("engine")])
    # only vLLM can be absent: transformers is a required package
    missing = vllm_engine.VllmEngine.missing() if wanted == "vllm" else ""
    if missing:
        raise UsageError(f"engine '{wanted}' cannot run here", remedy=missing)
    return wanted, "asked for"


def package_version(name: str) -> str:
    """Installed version of a package, or 'absent'."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def engine_version(engine: str) -> str:
    """What answers depend on besides weights and prompts."""
    if engine == "vllm":
        return vllm_engine.engine_version()
    return f"transformers {package_version('transformers')} peft {package_version('peft')}"


def make(suite: Suite, model: Model, engine: tuple[str, str]) -> Plan:
    """Every cell of a run, with its prompts."""
    used = {c.adapter.value for c in suite.candidates if c.adapter.kind == "recipe"}
    recipes = tuple(recipe for recipe in suite.recipes if recipe.name in used)
    cells = [
        Cell(candidate, task, questions(suite, task, candidate))
        for task in suite.tasks
        for candidate in suite.candidates
        if task.candidates is None or candidate.name in task.candidates
    ]
    found = engine_version(engine[0])
    identity = {
        "suite": unplaced(asdict(suite)),
        "model": model.digest,
        "engine": [engine[0], found],
        "revisions": [TRAIN_REVISION, SERVE_REVISION],
        "torch": package_version("torch"),
    }
    return Plan(
        suite, model, engine[0], engine[1], found, recipes, tuple(cells), digest_of(identity)[:10]
    )


def unplaced(value: Any) -> Any:
    """The data without where it was read from: a moved suite is the same suite."""
    if isinstance(value, dict):
        return {k: unplaced(v) for k, v in value.items() if k not in ("where", "root")}
    if isinstance(value, list | tuple):
        return [unplaced(item) for item in value]
    return value


def questions(suite: Suite, task: Task, candidate: Candidate) -> tuple[Asked, ...]:
    """What a candidate is asked in each case of a task, with the passages it may read."""
    prompt = next((p for p in suite.prompts if p.name == candidate.prompt), None)
    system = prompt.system if prompt else ""
    if "{glossary}" in system:
        lines = [f"{term.preferred}: {term.definition}" for term in suite.glossary]
        system = system.replace("{glossary}", "\n".join(lines))
    frame = prompt.user if prompt else "{input}"
    passages = find_passages(suite, task, candidate)
    asked = []
    for case in task.cases:
        found = passages.get(case.id, ())
        text = case.input
        if found:
            text = context.render(suite.retrieval.template, found, case.input)
        asked.append(Asked(case, system, frame.replace("{input}", text), found))
    return tuple(asked)


def find_passages(suite: Suite, task: Task, candidate: Candidate) -> dict[str, tuple[Passage, ...]]:
    """Passages per case id: what the retriever found, or the right ones, as of the case's date."""
    if candidate.context == "none":
        return {}
    limit = suite.retrieval.max_chars
    found: dict[str, tuple[Passage, ...]] = {}
    retrievers: dict[Any, Any] = {}
    known = {document.id: document for document in suite.documents}
    for case in task.cases:
        if candidate.context == "gold":
            gold = [known[name] for name in case.gold if name in known]
            passages = [Passage(d.id, d.title, d.text) for d in gold]
        else:
            if case.as_of not in retrievers:
                documents = standing(suite, case)
                made = registry.load("retriever", suite.retrieval.retriever)
                retrievers[case.as_of] = made(documents)
            passages = retrievers[case.as_of].search(case.input, suite.retrieval.k)
        found[case.id] = tuple(context.fit(passages, limit))
    return found


def standing(suite: Suite, case: Case) -> tuple[Document, ...]:
    """The documents that a case may read: those valid on its date, all where it has none."""
    if case.as_of is None:
        return suite.documents
    return tuple(context.as_they_stood(suite.documents, case.as_of))


def adapter_key(plan: Plan, recipe: Recipe) -> str:
    """Address of a trained adapter: base bytes, data, template, recipe, code and versions."""
    rows = [(row.id, row.input, row.output) for row in plan.suite.train]
    return digest_of(
        {
            "model": plan.model.digest,
            "rows": rows,
            "template": plan.suite.template,
            "as_of": plan.suite.as_of,
            "recipe": asdict(recipe) | {"name": ""},
            "revision": TRAIN_REVISION,
            "versions": [package_version(name) for name in ("torch", "transformers", "peft")],
        }
    )


def answer_key(plan: Plan, cell: Cell) -> str:
    """Address of a candidate's answers to a task: weights, prompts, sampling, engine."""
    return digest_of(
        {
            "model": plan.model.digest,
            "adapter": cell.adapter.digest if cell.adapter else None,
            "template": plan.suite.template,
            "as_of": plan.suite.as_of,
            "prompts": [(asked.case.id, asked.system, asked.user) for asked in cell.asked],
            "max_tokens": cell.task.max_tokens,
            "sampling": asdict(plan.suite.sampling),
            "engine": plan.engine,
            "version": plan.engine_version,
            "revision": SERVE_REVISION,
        }
    )
