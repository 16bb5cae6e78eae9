"""The serve stage as the pipeline drives it: one engine start answers all unfinished cells."""

from collections.abc import Sequence
from dataclasses import asdict, replace

from harness import supervising
from harness.asking import Asked
from harness.console import Log, many
from harness.errors import BenchError
from harness.jobs import Work, adapters_of, check_lengths, job_of, names_of, reference_probes
from harness.ledger import Meter
from harness.plan import Cell, Plan, canary_key
from harness.protocols import Executor
from harness.records import Answer, EngineJob, Request
from harness.requests import (
    REPEAT,
    apart,
    final,
    in_waves,
    repeats_of,
    requests_of,
    settled,
    wave_size,
)
from harness.scoring import Early
from harness.serve import canary
from harness.store import AnswerCell, Store, digest_of
from harness.template import template_of

Place = tuple[Cell, Asked, Request]


def answer_plans(
    works: Sequence[tuple[Plan, Sequence[Cell]]],
    store: Store,
    executor: Executor,
    log: Log,
    early: Early | None = None,
) -> None:
    """Answer what is unfinished in all plans, with one engine start per kind of engine.

    Plans share a start when base model, engine, sampling and stop tokens are the same. A start
    that fails leaves the others; the first failure is raised when they are done. `early` scores
    answers while the engine gives others.
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
            Serving(group, store, executor, log, early).run()
        except BenchError as error:
            failures.append(error)
    for other in failures[1:]:
        log.caution(str(other))
    if failures:
        raise failures[0]


class Serving:
    """One engine start's work: what is asked, and where its answers are kept."""

    def __init__(
        self,
        works: Sequence[Work],
        store: Store,
        executor: Executor,
        log: Log,
        early: Early | None,
    ) -> None:
        self.works, self.store, self.executor, self.log = works, store, executor, log
        self.plan = works[0].plan
        self.early = early
        self.cells: dict[str, AnswerCell] = {}
        self.places: dict[str, Place] = {}
        self.again: dict[str, Answer] = {}
        self.meter = Meter(store)

    def run(self) -> None:
        """Answer, and remember who was asked together until all have answered."""
        company = f"company-{digest_of([self.plan.engine, *(w.plan.id for w in self.works)])}"
        opened = [cell.key for work in self.works for cell in work.cells]
        known: list[str] = self.store.value(company) or []
        # after a kill the company is the same, so that each answer has the neighbours it had
        together = known if set(opened) <= set(known) else opened
        self.store.keep_value(company, together)
        try:
            requests = self._requests(set(together))
            job = job_of(self.works, requests)
            reference = reference_probes(self.plan, job, self.store, self.executor, self.log)
            adapters = many(len(adapters_of(self.works)), "adapter")
            what = f"{many(len(self.places), 'answer')}, {adapters}, {self.plan.engine}"
            self.log.stage("serve", what)
            self._drive(job, reference)
        finally:
            for one in self.cells.values():
                one.close()
        self.store.keep_value(company, [])

    def _requests(self, together: set[str]) -> list[Request]:
        """The waves of all cells that are asked together, without those that are complete."""
        whole: list[Request] = []
        done: set[str] = set()
        for work in self.works:
            for cell in work.plan.cells:
                # two candidates with equal prompts (a retriever that finds the gold) share one
                if cell.key not in together or cell.key in self.cells:
                    continue
                kept = self.cells[cell.key] = self.store.answers(cell.key)
                over = settled(kept.done, self.plan.engine)
                done |= {f"{cell.key}/{case}" for case in over}
                asked = [one for one in cell.asked if not one.skip]
                for one, request in zip(asked, requests_of(cell, work.template), strict=True):
                    self.places[request.id] = (cell, one, request)
                    whole.append(request)
        requests = in_waves(whole, done, wave_size(self.plan.engine))
        asked_now = {request.id for request in requests}
        self.places = {key: place for key, place in self.places.items() if key in asked_now}
        return [*requests, *repeats_of(requests, self.plan)]

    def _drive(self, job: EngineJob, reference: list[Answer] | None) -> None:
        """Check the canary, then keep answers as they come."""

        def check(probes: list[Answer]) -> None:
            if probes:
                self._check(probes, reference)

        answers = supervising.answers(
            self.plan.engine,
            job,
            self.executor,
            self.store.root / "logs" / "engine.log",
            self.log,
            check,
        )
        meter = self.meter
        with self.log.progress("answering", total=len(job.requests)) as bar:
            for answer in answers:
                self._keep(answer)
                bar.advance(1, f"{meter.tokens / max(meter.seconds, 1e-9):.0f} tok/s")
        meter.settle()
        self._compare_repeats()
        self.log.say(
            f"          {meter.answers} answers, {meter.tokens} tokens in {meter.seconds:.0f} s"
        )

    def _check(self, probes: list[Answer], reference: list[Answer] | None) -> None:
        """Refuse an engine that serves other weights than asked.

        Raises:
            MeasurementError: as `canary.judge` does.
        """
        measured = canary.judge(probes, reference or probes, names_of(self.works))
        for digest, distances in measured.items():
            self.store.keep_value(canary_key(self.plan, digest), distances)
        self.log.say(f"          {canary.passed_note(measured)}")

    def _keep(self, answer: Answer) -> None:
        """Into its cell, and scored; one that was asked again is only compared."""
        key, _, case = answer.request.partition("/")
        if key == REPEAT:
            if not self.again:
                self.meter.settle()  # what follows is no cell's work
            self.again[case] = answer
            return
        tokens = (len(answer.token_ids) or answer.completion_tokens) + 1
        self.meter.count(key, tokens, answer.seconds)
        if final(self.cells[key].done.get(case), self.plan.engine):
            return
        cell, asked, request = self.places[answer.request]
        self.cells[key].append(replace(apart(asked, request, answer), request=case))
        if self.early:
            self.early.add(cell, asked, self.cells[key].done[case])

    def _compare_repeats(self) -> None:
        """Keep how many answers differed when they were asked again in other company.

        A plan's starts add up; an answer that failed either time tells nothing.
        """
        found = dict.fromkeys(("asked", "differ", "read", "written"), 0)
        for name, answer in self.again.items():
            key, _, case = name.partition("/")
            first = self.cells[key].done[case]
            found["read"] += answer.prompt_tokens
            found["written"] += len(answer.token_ids) or answer.completion_tokens
            if "error" not in (first.finish, answer.finish):
                found["asked"] += 1
                same = (first.token_ids, first.text) == (answer.token_ids, answer.text)
                found["differ"] += not same
        for work in self.works if self.again else ():
            name = f"repeats-{work.plan.id}"
            earlier = self.store.value(name) or {}
            told = {key: count + earlier.get(key, 0) for key, count in found.items()}
            self.store.keep_value(name, told)
