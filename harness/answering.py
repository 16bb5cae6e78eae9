"""The serve stage as the pipeline drives it: one engine start answers all unfinished cells."""

import time
from collections.abc import Sequence
from dataclasses import asdict, replace

from harness.console import Log
from harness.errors import MachineError, Problem, SuiteError
from harness.plan import Cell, Plan, canary_key, package_version
from harness.protocols import Executor
from harness.records import Adapter, Answer, EngineJob, Request
from harness.serve import canary
from harness.store import AnswerCell, Store, answer_from, digest_of
from harness.template import Template

PROBES = 8
WAVE = 128


def check_lengths(plan: Plan) -> None:
    """Refuse, before any compute, prompts that do not fit the model's window with their answers.

    Raises:
        SuiteError: with every case that does not fit.
    """
    template = Template(plan.model.path, plan.suite.template, plan.suite.as_of)
    window = window_of(plan)
    problems: dict[str, Problem] = {}
    for cell in plan.cells:
        for asked in cell.asked:
            length = len(template.prompt_ids(asked.system, asked.user)) + cell.task.max_tokens
            if length > window:
                what = f"needs {length} tokens for {cell.candidate.name}, the model reads {window}"
                remedy = "shorten it, or lower retrieve.max_chars or max_tokens"
                problem = Problem(f"case '{asked.case.id}' {what}", asked.case.where, remedy)
                problems.setdefault(asked.case.id, problem)
    if problems:
        raise SuiteError(list(problems.values()))


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


def answer_cells(
    plan: Plan, cells: Sequence[Cell], store: Store, executor: Executor, log: Log
) -> None:
    """Answer what is unfinished; the canary's distances go to the store, for the record."""
    template = Template(plan.model.path, plan.suite.template, plan.suite.as_of)
    # two candidates with equal prompts (a retriever that always finds the gold) share a cell
    cells = list({cell.key: cell for cell in cells}.values())
    open_cells = {cell.key: store.answers(cell.key) for cell in cells}
    requests: list[Request] = []
    for cell in cells:
        start = requests[-1].wave + 1 if requests else 0
        requests += requests_of(cell, template, set(open_cells[cell.key].done), start)
    # all of the plan's, not only what is left: a resumed run must start the same engine
    whole = [one for cell in plan.cells for one in requests_of(cell, template, set(), 0)]
    adapters = {cell.adapter.digest: cell.adapter for cell in plan.cells if cell.adapter}
    probes = canary.probe_requests(probe_prompts(plan.cells, template), list(adapters))
    job = EngineJob(
        model_path=plan.model.path,
        requests=tuple(requests),
        probes=tuple(probes),
        adapters={digest: adapter.path for digest, adapter in adapters.items()},
        ranks={digest: adapter.rank for digest, adapter in adapters.items()},
        stop_ids=template.stop_ids,
        stop_texts=template.stop_texts,
        sampling=plan.suite.sampling,
        max_model_len=model_length(plan, [*whole, *probes]),
    )
    reference = reference_probes(plan, job, store, executor, log)
    log.stage("serve", f"{len(requests)} answers, {len(adapters)} adapter(s), {plan.engine}")
    try:
        drive(plan, job, reference, adapters, open_cells, executor, store, log)
    finally:
        for opened in open_cells.values():
            opened.close()


def requests_of(cell: Cell, template: Template, done: set[str], start: int) -> list[Request]:
    """The waves of a cell that are not complete, numbered from `start`.

    A wave is asked again as a whole: greedy answers in bfloat16 depend on what runs beside them,
    so only the same company gives the same numbers after a kill.
    """
    adapter = cell.adapter.digest if cell.adapter else None
    asked = [one for one in cell.asked if not one.skip]
    waves = [asked[at : at + WAVE] for at in range(0, len(asked), WAVE)]
    return [
        Request(
            f"{cell.key}/{one.case.id}",
            template.prompt_ids(one.system, one.user),
            adapter,
            cell.task.max_tokens,
            wave=start + number,
        )
        for number, wave in enumerate(waves)
        if not {one.case.id for one in wave} <= done
        for one in wave
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


def model_length(plan: Plan, requests: Sequence[Request]) -> int:
    """Tokens that the longest prompt and its answer need, in steps of 64."""
    needed = max(len(request.token_ids) + request.max_tokens for request in requests)
    return min(window_of(plan), max(256, -(-(needed + 8) // 64) * 64))


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
    """Check the canary, then keep answers as they come."""
    messages = executor.run(
        "harness.serve.worker:generate",
        {"engine": plan.engine, "job": asdict(job)},
        store.root / "logs" / "engine.log",
    )
    names = {digest: adapter.name for digest, adapter in adapters.items()}
    probes = [answer_from(next(messages)) for _ in job.probes]
    measured = canary.judge(probes, reference or probes, names)
    for digest in (canary.BASE, *adapters):
        source = names.get(digest, digest)
        store.keep_value(canary_key(plan, digest), measured[source])
    log.say(f"          {canary.passed_note(measured)}")
    meter = Meter(store)
    with log.progress("answering", total=len(job.requests)) as bar:
        for message in messages:
            answer = answer_from(message)
            key, _, case = answer.request.partition("/")
            if case not in cells[key].done:
                cells[key].append(replace(answer, request=case))
            meter.count(key, len(answer.token_ids) + 1)
            bar.advance(1, f"{meter.tokens / max(meter.seconds, 1e-9):.0f} tok/s")
    meter.settle()
    if meter.answers != len(job.requests):
        raise MachineError(
            f"the engine gave {meter.answers} of {len(job.requests)} answers",
            remedy="run again: finished answers are kept",
        )
    log.say(f"          {meter.answers} answers, {meter.tokens} tokens in {meter.seconds:.0f} s")


class Meter:
    """Shares the engine's wall seconds among cells by the tokens they were given.

    Settled every few seconds, so that a killed run loses little of its account.
    """

    EVERY = 5.0

    def __init__(self, store: Store) -> None:
        self.store = store
        self.began = self.since = time.monotonic()
        self.answers = 0
        self.tokens = 0
        self.open: dict[str, int] = {}

    @property
    def seconds(self) -> float:
        """Seconds since the engine began to answer."""
        return time.monotonic() - self.began

    def count(self, cell: str, tokens: int) -> None:
        """An answer of `tokens` tokens, its end included, for a cell."""
        self.answers += 1
        self.tokens += tokens
        self.open[cell] = self.open.get(cell, 0) + tokens
        if time.monotonic() - self.since > self.EVERY:
            self.settle()

    def settle(self) -> None:
        """Share the seconds since the last time."""
        now = time.monotonic()
        whole = sum(self.open.values())
        for cell, tokens in self.open.items():
            name = f"seconds-{cell}"
            earlier = self.store.value(name) or 0.0
            self.store.keep_value(name, earlier + (now - self.since) * tokens / whole)
        self.open, self.since = {}, now
