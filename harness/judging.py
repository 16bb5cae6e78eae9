"""Asking judges, between serve and score: one engine start per judge model.

A judge's replies are cells like answers: kept as they come, resumed after a kill. Nothing here
runs for a suite without scorer `judge`.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace

from harness import supervising
from harness.console import Log
from harness.errors import MachineError
from harness.jobs import model_length, window_of
from harness.ledger import Clock, Meter
from harness.panel import Judge, Sheet
from harness.plan import Cell, Plan
from harness.protocols import Executor
from harness.records import Answer, EngineJob, Request, Sampling
from harness.requests import in_waves, requests_of, wave_size
from harness.score.verdicts import tame
from harness.store import AnswerCell, Store
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
    done: set[str] = set()
    whole: list[Request] = []
    try:
        for plan, one in sheets:
            if one.cell.key in cells:
                continue
            kept = cells[one.cell.key] = store.answers(one.cell.key)
            template = templates[plan.id]
            cell = fitted(one.cell, template, window, kept)
            whole += requests_of(cell, template)
            done |= {f"{cell.key}/{name}" for name in kept.done}
        requests = in_waves(whole, done, wave_size(judge.engine))
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
    logfile = store.root / "logs" / "judge.log"
    answers = supervising.answers(judge.engine, job, executor, logfile, log, lambda _: None)
    with log.progress("judging", total=len(job.requests)) as bar:
        for answer in answers:
            key, _, name = answer.request.partition("/")
            likely = {
                template.tokenizer.decode([int(token)]): chance
                for token, chance in answer.first_logprobs.items()
            }
            if name not in cells[key].done:
                cells[key].append(replace(answer, request=name, first_logprobs=likely))
            meter.count(key, len(answer.token_ids) + 1, answer.seconds)
            bar.advance(1)
    meter.settle()
