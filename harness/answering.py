"""The serve stage as the pipeline drives it: one engine start answers all unfinished cells."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace

from harness.asking import Asked
from harness.console import Log
from harness.errors import BenchError, MachineError, Problem, SuiteError
from harness.ledger import Meter
from harness.plan import Cell, Plan, canary_key, package_version
from harness.protocols import Executor
from harness.records import Adapter, Answer, EngineJob, Request
from harness.requests import PROBES, apart, probe_prompts, requests_of, room_of
from harness.serve import canary
from harness.served import SERVED
from harness.store import AnswerCell, Store, answer_from, digest_of
from harness.template import Template, template_of


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
        for asked, request in zip(asked_cases, requests_of(cell, template, set(), 0), strict=True):
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


@dataclass(frozen=True, slots=True)
class Work:
    """A plan with the cells of it that are not completely answered, and its template.

    `longest` is what the longest request of all its cells needs, in tokens.
    """

    plan: Plan
    cells: tuple[Cell, ...]
    template: Template | None
    longest: int


def answer_plans(
    works: Sequence[tuple[Plan, Sequence[Cell]]], store: Store, executor: Executor, log: Log
) -> None:
    """Answer what is unfinished in all plans, with one engine start per kind of engine.

    Plans share a start when base model, engine, sampling and stop tokens are the same. A start
    that fails leaves the others; the first failure is raised when they are done.
    """
    needed = [check_lengths(plan) for plan, _ in works]
    groups: dict[str, list[Work]] = {}
    for (plan, cells), longest in zip(works, needed, strict=True):
        template = template_of(plan.model, plan.suite)
        asked_at = asdict(plan.suite.endpoint) if plan.suite.endpoint else None
        stops = (template.stop_ids, template.stop_texts) if template else ()
        start = [plan.model.digest, plan.engine, asdict(plan.suite.sampling), plan.answers]
        key = digest_of([*start, asked_at, stops])
        groups.setdefault(key, []).append(Work(plan, tuple(cells), template, longest))
    failures: list[BenchError] = []
    for group in groups.values():
        try:
            answer_group(group, store, executor, log)
        except BenchError as error:
            failures.append(error)
    for other in failures[1:]:
        log.caution(str(other))
    if failures:
        raise failures[0]


def answer_group(works: Sequence[Work], store: Store, executor: Executor, log: Log) -> None:
    """Answer what one engine start can; the canary's distances go to the store, for the record."""
    plan = works[0].plan
    open_cells: dict[str, AnswerCell] = {}
    asked: dict[str, tuple[Asked, Request]] = {}
    for work in works:
        for cell in work.cells:
            # two candidates with equal prompts (a retriever that always finds the gold) share one
            if cell.key in open_cells:
                continue
            open_cells[cell.key] = store.answers(cell.key)
            start = next(reversed(asked.values()))[1].wave + 1 if asked else 0
            done = set(open_cells[cell.key].done)
            by_id = {f"{cell.key}/{one.case.id}": one for one in cell.asked}
            for request in requests_of(cell, work.template, done, start):
                asked[request.id] = (by_id[request.id], request)
    requests = [request for _, request in asked.values()]
    job = job_of(works, requests)
    adapters = adapters_of(works)
    reference = reference_probes(plan, job, store, executor, log)
    log.stage("serve", f"{len(requests)} answers, {len(adapters)} adapter(s), {plan.engine}")
    try:
        drive(works, job, reference, asked, open_cells, executor, store, log)
    finally:
        for opened in open_cells.values():
            opened.close()


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
    """The engine job: every adapter and length of the plans, so that a resumed run starts alike."""
    plan, template = works[0].plan, works[0].template
    adapters = adapters_of(works)
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
        payload = {"engine": "transformers", "job": asdict(job)}
        logfile = store.root / "logs" / "reference.log"
        stored = list(executor.run("harness.serve.worker:generate", payload, logfile))
        store.keep_value(key, stored)
    return [answer_from(answer) for answer in stored]


def drive(
    works: Sequence[Work],
    job: EngineJob,
    reference: list[Answer] | None,
    asked: dict[str, tuple[Asked, Request]],
    cells: dict[str, AnswerCell],
    executor: Executor,
    store: Store,
    log: Log,
) -> None:
    """Check the canary, then keep answers as they come."""
    messages = executor.run(
        "harness.serve.worker:generate",
        {"engine": works[0].plan.engine, "job": asdict(job)},
        store.root / "logs" / "engine.log",
    )
    names = names_of(works)
    probes = [answer_from(next(messages)) for _ in job.probes]
    if probes:
        measured = canary.judge(probes, reference or probes, names)
        for digest, distances in measured.items():
            store.keep_value(canary_key(works[0].plan, digest), distances)
        log.say(f"          {canary.passed_note(measured)}")
    meter = Meter(store)
    with log.progress("answering", total=len(job.requests)) as bar:
        for message in messages:
            answer = answer_from(message)
            key, _, case = answer.request.partition("/")
            if case not in cells[key].done:
                cells[key].append(replace(apart(*asked[answer.request], answer), request=case))
            meter.count(key, (len(answer.token_ids) or answer.completion_tokens) + 1)
            bar.advance(1, f"{meter.tokens / max(meter.seconds, 1e-9):.0f} tok/s")
    meter.settle()
    if meter.answers != len(job.requests):
        raise MachineError(
            f"the engine gave {meter.answers} of {len(job.requests)} answers",
            remedy="run again: finished answers are kept",
        )
    log.say(f"          {meter.answers} answers, {meter.tokens} tokens in {meter.seconds:.0f} s")
