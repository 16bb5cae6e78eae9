"""What a run will do: which engine, which prompts, which cells; everything before any compute."""

import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache as cached
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from harness import registry, served
from harness.asking import Asked, Targets, context_warnings, questions, retrieved
from harness.errors import UnknownNameError, UsageError
from harness.lessons import rows_of, trunk_rows
from harness.records import (
    Adapter,
    AdapterSource,
    Candidate,
    Model,
    Recipe,
    Suite,
    Task,
)
from harness.serve import vllm_engine
from harness.store import digest_of
from harness.suite.scorers import construct, resources

# raised when a change of our own code changes what is trained or answered
TRAIN_REVISION = 2
SERVE_REVISION = 4
DRAW_REVISION = 1  # the same for what is drawn, beside the other
NEWER = ("trunk", "schedule", "steps", "neftune", "load_in_4bit")
LATER = [field for field in fields(Recipe) if field.name in NEWER]
LIBRARIES = ("torch", "transformers", "tokenizers", "peft")
DEFAULT_MODEL = "embedded:smollm2-135m"


@dataclass(slots=True)
class Cell:
    """A candidate x task to answer; `key` is known once the candidate's adapter is.

    A suite that draws several answers a case has a cell for each draw, so none stands for another.
    """

    candidate: Candidate
    task: Task
    asked: tuple[Asked, ...]
    adapter: Adapter | None = None
    key: str = ""
    sample: int = 0


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
    answers: str = ""


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
    if wanted not in registry.known("engine"):
        raise UnknownNameError("engine", wanted, ["auto", *registry.names("engine")])
    # transformers is a required package, and asking it would import torch
    missing = registry.load("engine", wanted).missing() if wanted != "transformers" else ""
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
    package = registry.entry("engine", engine).package
    if package:
        return package
    if engine in served.REMOTE:
        return engine
    return f"transformers {package_version('transformers')} peft {package_version('peft')}"


def make(
    suite: Suite,
    model: Model,
    engine: tuple[str, str],
    outside: Mapping[AdapterSource, Adapter],
    cache: Path | None = None,
) -> Plan:
    """Every cell of a run, with its prompts; `outside` are the adapters that are not trained.

    `cache` is a folder where embeddings of retrieved texts are kept.
    """
    cells = []
    for task in suite.tasks:
        targets, whole = targets_of(suite, task)
        # candidates that differ in their adapter read the same: it is searched for once
        found_for = cached(partial(retrieved, suite, task, cache=cache))
        for candidate in suite.candidates:
            if task.candidates is None or candidate.name in task.candidates:
                asked = questions(suite, task, candidate, (targets, whole), found_for)
                cells += [
                    Cell(candidate, task, asked, sample=number)
                    for number in range(suite.sampling.samples)
                ]
    found = engine_version(engine[0])
    identity = {
        "suite": unplaced(asdict(suite)),
        "model": model.digest,
        "engine": [engine[0], found],
        "revisions": [TRAIN_REVISION, SERVE_REVISION],
        **draw_revision(suite),
        "adapters": {source.value: adapter.digest for source, adapter in outside.items()},
        "machine": machine(),
    }
    number = digest_of(identity)[:10]
    warnings = tuple(
        warning
        for cell in cells
        if not cell.sample
        for warning in context_warnings(cell.candidate, cell.task.name, cell.asked)
    )
    recipes = needed_recipes(suite)
    warnings += tuple(
        f"recipe '{one.name}' trains on a base in 4 bits; its adapter answers on the whole base"
        for one in recipes
        if one.load_in_4bit
    )
    return Plan(suite, model, engine[0], engine[1], found, recipes, tuple(cells), number, warnings)


def needed_recipes(suite: Suite) -> tuple[Recipe, ...]:
    """The recipes that candidates name, and those they start from, first things first."""
    known = {recipe.name: recipe for recipe in suite.recipes}
    needed: dict[str, Recipe] = {}
    for candidate in suite.candidates:
        line: list[Recipe] = []
        name = candidate.adapter.value if candidate.adapter.kind == "recipe" else None
        while name in known and name not in needed:
            line.append(known[name])
            name = known[name].start
        needed |= {recipe.name: recipe for recipe in reversed(line)}
    return tuple(needed.values())


def targets_of(suite: Suite, task: Task) -> Targets:
    """Per case id, the answers whose likelihood the task's scorers compare, a group a scorer.

    And per scorer whether it wants the likelihoods of whole answers.
    """
    built, _ = construct(task, resources(suite, task))
    wanting = [scorer for scorer in built.values() if hasattr(scorer, "targets")]
    whole = tuple(bool(getattr(scorer, "whole_targets", False)) for scorer in wanting)
    found = {case.id: tuple(scorer.targets(case) for scorer in wanting) for case in task.cases}
    return found, whole


def has_gpu() -> bool:
    """Whether a CUDA device is visible, without importing torch."""
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    return Path("/dev/nvidiactl").exists() and not hidden


def gpu_count() -> int:
    """How many CUDA devices may be visible, at most: a container may see fewer than the machine."""
    if not has_gpu():
        return 0
    named = [one for one in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if one.strip()]
    return len(named) or len(list(Path("/proc/driver/nvidia/gpus").glob("*/information")))


@cached
def machine() -> list[str]:
    """What results depend on beside data and weights: device, number formats, libraries."""
    path = Path("/proc/cpuinfo")
    flags = set(path.read_text(encoding="utf-8").split()) if path.exists() else set()
    formats = sorted(flags & {"amx_bf16", "avx512_bf16", "bf16"})
    libraries = [f"{name} {package_version(name)}" for name in LIBRARIES]
    device = ["cuda", *gpus()] if has_gpu() else [platform.machine(), *formats]
    return [*device, *libraries]


def gpus() -> list[str]:
    """The kinds of NVIDIA GPU in the machine, as the driver names them."""
    found = set()
    for path in Path("/proc/driver/nvidia/gpus").glob("*/information"):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "Model":
                found.add(value.strip())
    return sorted(found)


def unplaced(value: Any) -> Any:
    """The data without where it was read from: a moved suite is the same suite."""
    if isinstance(value, dict):
        return {k: unplaced(v) for k, v in value.items() if k not in ("where", "root")}
    if isinstance(value, list | tuple):
        return [unplaced(item) for item in value]
    return value


def adapter_key(plan: Plan, recipe: Recipe) -> str:
    """Address of a trained adapter: base bytes, data, template, recipe, code and versions.

    A recipe that starts from another has that one's address in its own.
    """
    before = next((one for one in plan.recipes if one.name == recipe.start), None)
    # which rows were chosen and what they show counts, not how: their texts are below
    chosen: dict[str, Any] = {"name": "", "only": (), "without": (), "limit": None, "start": None}
    # a field that came later counts where it is set, so that earlier adapters keep their address
    unset = [field.name for field in LATER if getattr(recipe, field.name) == field.default]
    told = (*unset, "draw", "passages", "replay")
    how = {key: value for key, value in asdict(recipe).items() if key not in told}
    if recipe.load_in_4bit:
        how["quantised by"] = package_version("bitsandbytes")
    if has_gpu() and (kernels := package_version("liger-kernel")) != "absent":
        how["kernels"] = kernels
    if recipe.trunk:  # two draws may take the same rows in the end, and others on the way
        how["trunk"] = [sorted(row.id for row in part) for part in trunk_rows(plan.suite, recipe)]
    return digest_of(
        {
            "model": plan.model.digest,
            "rows": [(row.id, row.input, row.output) for row in rows_of(plan.suite, recipe)],
            "template": plan.suite.template,
            "as_of": plan.suite.as_of,
            "recipe": how | chosen,
            "start": adapter_key(plan, before) if before else None,
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
                (asked.case.id, asked.system, asked.user, asked.targets, asked.whole)
                for asked in cell.asked
                if not asked.skip
            ],
            "max_tokens": cell.task.max_tokens,
            "sampling": {**asdict(plan.suite.sampling), "samples": cell.sample},
            **draw_revision(plan.suite),
            "engine": plan.engine,
            "endpoint": [where.url, where.model] if (where := plan.suite.endpoint) else None,
            "version": plan.engine_version,
            # a server's answers are its own, whatever asks for them
            "machine": [] if plan.engine in served.REMOTE else machine(),
            "revision": SERVE_REVISION,
        }
    )


def draw_revision(suite: Suite) -> dict[str, int]:
    """A part of addresses where answers are drawn: greedy ones know nothing of seeds."""
    return {"draws": DRAW_REVISION} if suite.sampling.temperature else {}


def canary_key(plan: Plan, digest: str) -> str:
    """Where the canary's distances of a source (`base` or an adapter digest) are kept."""
    parts = [plan.model.digest, plan.engine, plan.engine_version, digest]
    return f"canary-{digest_of(parts)}"
