"""The serve stage as the pipeline drives it: one engine start answers all unfinished cells."""

import time
from collections.abc import Sequence
from dataclasses import asdict, replace

from harness.console import Log
from harness.errors import MachineError, UsageError
from harness.plan import Cell, Plan, package_version
from harness.protocols import Executor
from harness.records import Adapter, Answer, EngineJob, Request
from harness.serve import canary
from harness.store import AnswerCell, Store, answer_from, digest_of
from harness.template import Template

PROBES = 8


def answer_cells(
    plan: Plan, cells: Sequence[Cell], store: Store, executor: Executor, log: Log
) -> None:
    """Answer what is unfinished; the canary's distances go to the store, for the record."""
    template = Template(plan.model.path, plan.suite.template, plan.suite.as_of)
    # two candidates with equal prompts (a retriever that always finds the gold) share a cell
    cells = list({cell.key: cell for cell in cells}.values())
    open_cells = {cell.key: store.answers(cell.key) for cell in cells}
    requests = [
        request
        for cell in cells
        for request in requests_of(cell, template, set(open_cells[cell.key].done))
    ]
    adapters = {cell.adapter.digest: cell.adapter for cell in cells if cell.adapter}
    probes = canary.probe_requests(probe_prompts(cells, template), list(adapters))
    job = EngineJob(
        model_path=plan.model.path,
        requests=tuple(requests),
        probes=tuple(probes),
        adapters={digest: adapter.path for digest, adapter in adapters.items()},
        ranks={digest: adapter.rank for digest, adapter in adapters.items()},
        stop_ids=template.stop_ids,
        sampling=plan.suite.sampling,
        max_model_len=model_length(plan, cells, requests, probes),
    )
    reference = reference_probes(plan, job, store, executor, log)
    log.stage("serve", f"{len(requests)} answers, {len(adapters)} adapter(s), {plan.engine}")
    try:
        drive(plan, job, reference, adapters, open_cells, executor, store, log)
    finally:
        for cell in open_cells.values():
            cell.close()


def requests_of(cell: Cell, template: Template, done: set[str]) -> list[Request]:
    """What is still to be answered in a cell."""
    adapter = cell.adapter.digest if cell.adapter else None
    return [
        Request(
            f"{cell.key}/{asked.case.id}",
            template.prompt_ids(asked.system, asked.user),
            adapter,
            cell.task.max_tokens,
        )
        for asked in cell.asked
        if asked.case.id not in done
    ]


def probe_prompts(cells: Sequence[Cell], template: Template) -> list[tuple[int, ...]]:
    """Prompts for the canary: half at the answer's start, half in the middle of a reference."""
    cases = {asked.case.id: (asked.case, cell.task) for cell in cells for asked in cell.asked}
    step = max(1, len(cases) // PROBES)
    prompts = []
    for index, (case, task) in enumerate([*cases.values()][::step][:PROBES]):
        ids = template.prompt_ids("", case.input)
        if index % 2:
            completion = template.train_row(case.input, case.reference).completion
            # no longer than an answer may be, or the engine's window would not hold it
            ids += completion[: min(len(completion) // 2, task.max_tokens - 1)]
        prompts.append(ids)
    return prompts


def model_length(
    plan: Plan, cells: Sequence[Cell], requests: Sequence[Request], probes: Sequence[Request]
) -> int:
    """Tokens that the longest prompt and its answer need, checked against the model's window."""
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(plan.model.path).get_text_config()
    window = int(getattr(config, "max_position_embeddings", 0) or 1 << 20)
    names = {cell.key: f"{cell.task.name} for {cell.candidate.name}" for cell in cells}
    longest = max(requests, key=lambda r: len(r.token_ids) + r.max_tokens)
    needed = len(longest.token_ids) + longest.max_tokens
    if needed > window:
        key, _, case = longest.id.partition("/")
        raise UsageError(
            f"case '{case}' of {names[key]} needs {needed} tokens, the model reads {window}",
            remedy="shorten the prompt, lower retrieve.max_chars or max_tokens",
        )
    # of a resumed run little may be left, and the probes may be the longest of it
    needed = max(needed, *(len(probe.token_ids) + probe.max_tokens for probe in probes))
    return min(window, max(256, -(-(needed + 8) // 64) * 64))


def reference_probes(
    plan: Plan, job: EngineJob, store: Store, executor: Executor, log: Log
) -> list[Answer] | None:
    """What transformers with PEFT says to the probes; None when it is the engine itself."""
    if plan.engine == "transformers":
        return None
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
        payload = {"engine": "transformers", "job": asdict(replace(job, requests=()))}
        logfile = store.root / "logs" / "reference.log"
        stored = list(executor.run("harness.serve.worker:generate", payload, logfile))
        store.keep_value(key, stored)
    return [answer_from(answer) for answer in stored]


def drive(
    plan: Plan,
    job: EngineJob,
    reference: list[Answer] | None,
    adapters: dict[str, Adapter],
    cells: dict[str, AnswerCell],
    executor: Executor,
    store: Store,
    log: Log,
) -> None:
    """Check the canary, then keep answers as they come, each with its share of engine time."""
    names = {digest: adapter.name for digest, adapter in adapters.items()}
    probes: list[Answer] = []
    payload = {"engine": plan.engine, "job": asdict(job)}
    messages = executor.run(
        "harness.serve.worker:generate", payload, store.root / "logs" / "engine.log"
    )
    answered, tokens = 0, 0
    with log.progress("answering", total=len(job.requests)) as bar:
        began = last = time.monotonic()
        for message in messages:
            answer = answer_from(message)
            now = time.monotonic()
            if len(probes) < len(job.probes):
                probes.append(answer)
                if len(probes) == len(job.probes):
                    measured = canary.judge(probes, reference or probes, names)
                    # a killed run has judged sources that this one no longer asks
                    judged = store.value(f"canary-{plan.id}") or {}
                    store.keep_value(f"canary-{plan.id}", judged | measured)
                    log.say(f"          {canary.passed_note(measured)}")
                    began = now
                last = now
                continue
            key, _, case = answer.request.partition("/")
            cells[key].append(replace(answer, request=case, seconds=round(now - last, 5)))
            last = now
            answered, tokens = answered + 1, tokens + len(answer.token_ids)
            bar.advance(1, f"{tokens / max(now - began, 1e-9):.0f} tok/s")
    if answered != len(job.requests):
        raise MachineError(
            f"the engine gave {answered} of {len(job.requests)} answers",
            remedy="run again: finished answers are kept",
        )
    log.say(f"          {answered} answers, {tokens} tokens in {last - began:.0f} s")
