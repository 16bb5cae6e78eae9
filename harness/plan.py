"""What a run will do: which engine, which prompts, which cells; everything before any compute."""

import os
import platform
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from harness import registry
from harness.errors import UnknownNameError, UsageError
from harness.records import (
    Adapter,
    AdapterSource,
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
SERVE_REVISION = 2
LIBRARIES = ("torch", "transformers", "tokenizers", "peft")
DEFAULT_MODEL = "embedded:smollm2-135m"


@dataclass(frozen=True, slots=True)
class Asked:
    """What one candidate is asked in one case, before the chat template.

    `skip` says why it is not asked at all: its scores are unmeasured, never a closed-book answer.
    """

    case: Case
    system: str
    user: str
    passages: tuple[Passage, ...] = ()
    skip: str = ""


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
    warnings: tuple[str, ...] = ()


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


def make(
    suite: Suite, model: Model, engine: tuple[str, str], outside: Mapping[AdapterSource, Adapter]
) -> Plan:
    """Every cell of a run, with its prompts; `outside` are the adapters that are not trained."""
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
        "adapters": {source.value: adapter.digest for source, adapter in outside.items()},
        "machine": machine(),
    }
    number = digest_of(identity)[:10]
    warnings = tuple(context_warnings(suite, cells))
    return Plan(suite, model, engine[0], engine[1], found, recipes, tuple(cells), number, warnings)


def has_gpu() -> bool:
    """Whether a CUDA device is visible, without importing torch."""
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    return Path("/dev/nvidiactl").exists() and not hidden


@cache
def machine() -> list[str]:
    """What results depend on beside data and weights: device, number formats, libraries."""
    path = Path("/proc/cpuinfo")
    flags = set(path.read_text(encoding="utf-8").split()) if path.exists() else set()
    formats = sorted(flags & {"amx_bf16", "avx512_bf16", "bf16"})
    libraries = [f"{name} {package_version(name)}" for name in LIBRARIES]
    device = ["cuda"] if has_gpu() else [platform.machine(), *formats]
    return [*device, *libraries]


def context_warnings(suite: Suite, cells: Iterable[Cell]) -> Iterator[str]:
    """What a reader of a context candidate's numbers must know."""
    for cell in cells:
        name = f"{cell.candidate.name} in {cell.task.name}"
        skipped = sum(bool(asked.skip) for asked in cell.asked)
        if skipped:
            yield f"{skipped} of {len(cell.asked)} cases of {name} have no gold passage"
        if cell.candidate.context == "retrieved":
            empty = sum(not asked.passages for asked in cell.asked)
            if empty:
                yield f"nothing was retrieved for {empty} of {len(cell.asked)} cases of {name}"
        whole = {document.id: document.text.strip() for document in suite.documents}
        cut = sum(
            passage.text.strip() != whole.get(passage.document, passage.text.strip())
            for asked in cell.asked
            for passage in asked.passages
        )
        if cut:
            yield f"{cut} passages of {name} were cut to retrieve.max_chars"


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
        if candidate.context != "none":
            text = context.render(suite.retrieval.template, found, case.input)
        missing = candidate.context == "gold" and not found
        skip = "the case has no gold passage" if missing else ""
        asked.append(Asked(case, system, frame.replace("{input}", text), found, skip))
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
            "machine": machine(),
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
            "prompts": [
                (asked.case.id, asked.system, asked.user) for asked in cell.asked if not asked.skip
            ],
            "max_tokens": cell.task.max_tokens,
            "sampling": asdict(plan.suite.sampling),
            "engine": plan.engine,
            "version": plan.engine_version,
            "machine": machine(),
            "revision": SERVE_REVISION,
        }
    )


def canary_key(plan: Plan, digest: str) -> str:
    """Where the canary's distances of a source (`base` or an adapter digest) are kept."""
    parts = [plan.model.digest, plan.engine, plan.engine_version, digest]
    return f"canary-{digest_of(parts)}"
