"""Asking judges, between serve and score: one engine start per judge model.

A judge's replies are cells like answers: kept as they come, resumed after a kill. Nothing here
runs for a suite without scorer `judge`.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace

from harness.answering import model_length, window_of
from harness.console import Log
from harness.errors import MachineError
from harness.ledger import Clock, Meter
from harness.panel import Judge, Sheet
from harness.plan import Cell, Plan
from harness.protocols import Executor
from harness.records import Answer, EngineJob, Request, Sampling
from harness.requests import requests_of
from harness.score.verdicts import tame
from harness.store import AnswerCell, Store, answer_from
from harness.template import Template

LIKELY = 20  # first tokens whose chances are kept, for replies that name no answer
Open = tuple[Plan, Sheet]


def ask(
    sheets: Sequence[Open], clocks: Mapping[str, Clock], store: Store, executor: Executor, log: Log
) -> set[str]:
    """Ask the judges what is open, with one engine start per model; ids of the plans.

    `clocks` are by plan id; plans that share a start share its seconds evenly. A judge that fails
    leaves error scores and a warning, never a stopped run.
    """
    groups: dict[tuple[str, ...], list[Open]] = {}
    for plan, one in sheets:
        key = (one.judge.model.digest, one.judge.engine, plan.suite.template)
        groups.setdefault(key, []).append((plan, one))
    for group in groups.values():
        judge, ids = group[0][1].judge, {plan.id for plan, _ in group}
        with ExitStack() as timed:
            for name in ids:
                timed.enter_context(clocks[name].stage("judge", 1 / len(ids)))
            try:
                drive(judge, group, store, executor, log)
            except MachineError as error:
                log.caution(f"the judge {judge.options.judge} failed: {error}")
    return {plan.id for plan, _ in sheets}


def drive(judge: Judge, sheets: Sequence[Open], store: Store, executor: Executor, log: Log) -> None:
    """One engine start: all sheets of a judge's model, replies kept as they come."""
    serving = replace(sheets[0][0], model=judge.model)
    window = window_of(serving)
    templates = {
        plan.id: Template(judge.model.path, plan.suite.template, plan.suite.as_of)
        for plan, _ in sheets
    }
    cells: dict[str, AnswerCell] = {}
    requests: list[Request] = []
    whole: list[Request] = []
    try:
        for plan, one in sheets:
            if one.cell.key in cells:
                continue
            kept = cells[one.cell.key] = store.answers(one.cell.key)
            template = templates[plan.id]
            cell = fitted(one.cell, template, window, kept)
            start = requests[-1].wave + 1 if requests else 0
            requests += requests_of(cell, template, set(kept.done), start)
            whole += requests_of(cell, template, set(), 0)
        if requests:
            job = EngineJob(
                model_path=judge.model.path,
                requests=tuple(replace(request, logprobs=LIKELY) for request in requests),
                stop_ids=template.stop_ids,
                stop_texts=template.stop_texts,
                sampling=Sampling(),
                max_model_len=model_length(serving, whole),
            )
            log.stage("judge", f"{len(requests)} comparisons by {judge.model.name}, {judge.engine}")
            keep(judge, job, template, cells, store, executor, log)
    finally:
        for opened in cells.values():
            opened.close()


def fitted(cell: Cell, template: Template, window: int, kept: AnswerCell) -> Cell:
    """The cell as it is asked: control tokens in answers broken; what is too long is an error."""
    marks = [
        token.content for token in template.tokenizer.added_tokens_decoder.values() if token.special
    ]
    asked = []
    for one in cell.asked:
        user = tame(one.user, marks)
        needed = len(template.prompt_ids("", user)) + cell.task.max_tokens
        too_long = f"the pair needs {needed} tokens, the judge reads {window}"
        skip = too_long if needed > window else ""
        if skip and one.case.id not in kept.done:
            kept.append(Answer(one.case.id, "", finish="error", error=skip))
        asked.append(replace(one, user=user, skip=skip))
    return replace(cell, asked=tuple(asked))


def keep(
    judge: Judge,
    job: EngineJob,
    template: Template,
    cells: Mapping[str, AnswerCell],
    store: Store,
    executor: Executor,
    log: Log,
) -> None:
    """Run the engine; each reply is kept with the chances of its first token, by the token's text.

    There is no canary: no adapter could be missing, and nothing is trained on a judge.
    """
    meter = Meter(store)
    payload = {"engine": judge.engine, "job": asdict(job)}
    messages = executor.run(
        "harness.serve.worker:generate", payload, store.root / "logs" / "judge.log"
    )
    with log.progress("judging", total=len(job.requests)) as bar:
        for message in messages:
            answer = answer_from(message)
            key, _, name = answer.request.partition("/")
            likely = {
                template.tokenizer.decode([int(token)]): chance
                for token, chance in answer.first_logprobs.items()
            }
            if name not in cells[key].done:
                cells[key].append(replace(answer, request=name, first_logprobs=likely))
            meter.count(key, len(answer.token_ids) + 1)
            bar.advance(1)
    meter.settle()
    if meter.answers != len(job.requests):
        raise MachineError(f"its engine gave {meter.answers} of {len(job.requests)} replies")
