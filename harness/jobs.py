"""What an engine is started with: adapters, probes, lengths; and what the reference says."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace

from harness import supervising
from harness.console import Log
from harness.errors import MachineError, Problem, SuiteError
from harness.plan import Cell, Plan, package_version
from harness.protocols import Executor
from harness.records import Adapter, Answer, EngineJob, Request
from harness.requests import PROBES, probe_prompts, requests_of, room_of
from harness.serve import canary, guards
from harness.served import SERVED
from harness.store import Store, answer_from, digest_of
from harness.template import Template, template_of


@dataclass(frozen=True, slots=True)
class Work:
    """A plan with the cells of it that are not completely answered, and its template.

    `longest` is what the longest request of all its cells needs, in tokens.
    """

    plan: Plan
    cells: tuple[Cell, ...]
    template: Template | None
    longest: int


def check_lengths(plan: Plan) -> int:
    """Refuse, before any compute, prompts that do not fit the model's window with their answers.

    Returns the tokens that the longest one needs.

    Raises:
        SuiteError: with every case that does not fit.
    """
    template = template_of(plan.model, plan.suite)
    if template is None:
        return 0  # only the server knows its window; what it refuses comes back as an error
    window = window_of(plan)
    problems: dict[str, Problem] = {}
    longest = 0
    for cell in plan.cells:
        asked_cases = (one for one in cell.asked if not one.skip)
        for asked, request in zip(asked_cases, requests_of(cell, template), strict=True):
            length = room_of(request)
            longest = max(longest, length)
            if length > window:
                what = f"needs {length} tokens for {cell.candidate.name}, the model reads {window}"
                remedy = "shorten it, or lower retrieve.max_chars or max_tokens"
                problem = Problem(f"case '{asked.case.id}' {what}", asked.case.where, remedy)
                problems.setdefault(asked.case.id, problem)
    if problems:
        raise SuiteError(list(problems.values()))
    return longest


def window_of(plan: Plan) -> int:
    """Tokens that the base model reads at most."""
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(plan.model.path).get_text_config()
    except (OSError, ValueError, KeyError) as error:
        reason = " ".join(str(error).split())[:200]
        raise MachineError(
            f"the model's config cannot be used: {reason}", where=plan.model.path
        ) from error
    return int(getattr(config, "max_position_embeddings", 0) or 1 << 20)


def adapters_of(works: Sequence[Work]) -> dict[str, Adapter]:
    """Every adapter of the plans, by digest, whether it has answers left to give or not."""
    cells = [cell for work in works for cell in work.plan.cells]
    return {cell.adapter.digest: cell.adapter for cell in cells if cell.adapter}


def names_of(works: Sequence[Work]) -> dict[str, str]:
    """What people call each adapter, by digest: with the suites, where there are several."""
    found: dict[str, dict[str, None]] = {}
    for work in works:
        for cell in work.plan.cells:
            if cell.adapter:
                suite = f"{work.plan.suite.name}/" if len(works) > 1 else ""
                found.setdefault(cell.adapter.digest, {})[f"{suite}{cell.adapter.name}"] = None
    return {digest: ", ".join(names) for digest, names in found.items()}


def job_of(works: Sequence[Work], requests: Sequence[Request]) -> EngineJob:
    """The engine job: every adapter and length of the plans, so that a resumed run starts alike.

    Raises:
        MeasurementError: an adapter was trained with another template than it would be asked with.
    """
    plan, template = works[0].plan, works[0].template
    adapters = adapters_of(works)
    for work in works:
        if work.template:
            guards.check_templates(adapters_of([work]), work.template.digest)
    share = max(2, PROBES // len(works))
    # what is on a server under a name has no bytes here to be held against
    here = [digest for digest, one in adapters.items() if not one.path.startswith(SERVED)]
    prompts = [
        ids
        for work in works
        if work.template
        for ids in probe_prompts(work.plan.cells, work.template, share)
    ]
    probes = canary.probe_requests(prompts, here)
    return EngineJob(
        model_path=plan.model.path,
        requests=tuple(requests),
        probes=tuple(probes),
        adapters={digest: adapter.path for digest, adapter in adapters.items()},
        ranks={digest: adapter.rank for digest, adapter in adapters.items()},
        stop_ids=template.stop_ids if template else (),
        stop_texts=template.stop_texts if template else (),
        sampling=plan.suite.sampling,
        max_model_len=model_length(plan, probes, max(work.longest for work in works)),
        endpoint=plan.suite.endpoint if plan.engine == "endpoint" else None,
        answers=plan.answers,
    )


def model_length(plan: Plan, requests: Iterable[Request], least: int = 0) -> int:
    """Tokens that the longest prompt and its answer need, `least` at least, in steps of 64."""
    needed = max([least, *map(room_of, requests)])
    if not plan.model.path:
        return needed
    return min(window_of(plan), max(256, -(-(needed + 8) // 64) * 64))


def reference_probes(
    plan: Plan, job: EngineJob, store: Store, executor: Executor, log: Log
) -> list[Answer] | None:
    """What transformers with PEFT says to the probes; None when it is the engine itself."""
    if plan.engine == "transformers" or not job.probes:
        return None
    here = {k: path for k, path in job.adapters.items() if not path.startswith(SERVED)}
    job = replace(job, adapters=here, endpoint=None, requests=())
    key = digest_of(
        {
            "probes": [asdict(probe) for probe in job.probes],
            "model": plan.model.digest,
            "versions": [package_version(name) for name in ("torch", "transformers", "peft")],
        }
    )
    stored = store.value(key)
    if stored is None:
        log.stage("canary", "asking the reference engine (transformers) the probes")
        said: list[Answer] = []
        logfile = store.root / "logs" / "reference.log"
        for _ in supervising.answers("transformers", job, executor, logfile, log, said.extend):
            pass  # it is asked nothing but the probes
        stored = [asdict(answer) for answer in said]
        store.keep_value(key, stored)
    return [answer_from(answer) for answer in stored]
