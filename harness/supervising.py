"""An engine's child from the first start to the last answer: crashes, hangs and lack of memory.

What was answered stays answered. A wave that an engine did not finish is asked again as a whole,
so that its company, and with it its numbers, are those of an undisturbed run. Only when a wave
fails again and again is it cut in halves, until the request that the engine dies of stands alone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from harness.console import Log
from harness.errors import MachineError
from harness.executors import CrashError, NoMemoryError
from harness.protocols import Executor
from harness.records import Answer, EngineJob, Request
from harness.serve.settings import sequences_of
from harness.serve.vllm_engine import on_gpu
from harness.serve.worker import job_to
from harness.store import answer_from

WORKER = "harness.serve.worker:generate"
STARTS = 3  # without a single new answer, after which nobody tries again
TWICE = 2  # failures of a whole wave, after which it is cut
Check = Callable[[list[Answer]], None]


def answers(
    engine: str, job: EngineJob, executor: Executor, logfile: Path, log: Log, check: Check
) -> Iterator[Answer]:
    """Every answer to `job.requests` once, as it comes, over as many starts as it takes.

    `check` gets the probes' answers of each start before any other is passed on; it raises
    MeasurementError, which ends everything. A request that the engine dies of is answered with
    finish "error".

    Raises:
        MachineError: the engine said why it cannot, left answers out, or failed `STARTS` times.
        MeasurementError: a guard of the child, or `check`.
    """
    return Supervisor(engine, job, executor, logfile, log, check).run()


@dataclass(slots=True)
class Group:
    """Requests that share the engine: a wave, or a part of one that was cut."""

    requests: list[Request]
    cut: bool = False
    left: int = -1  # open at the last failure
    failures: int = 0  # without an answer of its own


class Supervisor:
    """The state between starts."""

    def __init__(
        self,
        engine: str,
        job: EngineJob,
        executor: Executor,
        logfile: Path,
        log: Log,
        check: Check,
    ) -> None:
        self.engine, self.job, self.executor = engine, job, executor
        self.logfile, self.log, self.check = logfile, log, check
        waves = groupby(job.requests, key=lambda request: request.wave)
        self.groups = [Group(list(wave)) for _, wave in waves]
        self.open = {request.id for request in job.requests}
        self.sequences = sequences_of(engine, job, gpu=on_gpu())
        self.halved = False
        self.passed = False  # the check, in this start
        self.proved = False  # that the engine can answer at all
        self.idle = 0  # starts since the last new answer
        self.lost = 0  # requests given up since then

    def run(self) -> Iterator[Answer]:
        """Start after start."""
        while True:
            before, self.passed = len(self.open), False
            try:
                yield from self._start()
                break
            except CrashError as error:
                failure = error
            if self.passed and not self.open:
                break  # it failed when all was said
            self.idle += 1
            if len(self.open) < before:
                self.idle = self.lost = 0
            yield from self._after(failure)
        if self.open:
            whole = len(self.job.requests)
            raise MachineError(
                f"the engine gave {whole - len(self.open)} of {whole} answers",
                remedy="run again: finished answers are kept",
            )

    def _start(self) -> Iterator[Answer]:
        """One start: its probes to the check, its new answers to whoever asked."""
        job = self._rest()
        payload = {"engine": self.engine, "job": job_to(job)}
        messages = self.executor.run(WORKER, payload, self.logfile)
        asked = {request.id for request in job.requests}
        missing = {probe.id for probe in job.probes}
        probes: list[Answer] = []
        self.passed = not missing
        try:
            for message in messages:
                if "_note" in message:
                    self.log.caution(message["_note"])
                if "_note" in message or "_alive" in message:
                    continue
                answer = answer_from(message)
                if answer.request in missing:
                    missing.discard(answer.request)
                    probes.append(answer)
                    if not missing:
                        self.check(probes)
                        self.passed = True
                elif answer.request not in asked or not self.passed:
                    raise MachineError(f"the engine answered '{answer.request}' out of turn")
                elif answer.request in self.open:
                    self.open.discard(answer.request)
                    self.proved = True
                    yield answer
        finally:
            # an error's traceback would keep the child alive
            if close := getattr(messages, "close", None):
                close()
        if not self.passed:
            self.check(probes)
            raise MachineError("the engine left out probes", where=str(self.logfile))

    def _rest(self) -> EngineJob:
        """The job with what is not complete: whole waves, and of cut ones what is open."""
        requests = []
        for number, group in enumerate(filter(self._left, self.groups)):
            kept = self._left(group) if group.cut else group.requests
            requests += [replace(request, wave=number) for request in kept]
        limit = self.sequences if self.halved else self.job.max_sequences
        return replace(self.job, requests=tuple(requests), max_sequences=limit)

    def _after(self, error: CrashError) -> Iterator[Answer]:
        """What to do differently; at most an error for the request that is given up.

        Raises:
            CrashError: there is nothing left to try.
        """
        halve = isinstance(error, NoMemoryError) and self.sequences > 1
        at = self._dying() if self.passed and not halve else None
        hope = self.passed and (halve or (self.proved and at is not None))
        if self.idle >= STARTS and not hope:
            raise error
        what = error.problems[0].what
        if halve:
            self.sequences, self.halved = self.sequences // 2, True
            short = "killed by the system, most often for lack of memory"
            why = short if "killed" in what else "out of memory"
            self.log.caution(f"{why}: going on with {self.sequences} sequences at a time")
            return
        there = f"{len(self.job.requests) - len(self.open)} of {len(self.job.requests)}"
        self.log.caution(f"{what}: starting the engine again, {there} answers are there")
        if at is not None:
            yield from self._blame(at, error)

    def _left(self, group: Group) -> list[Request]:
        return [request for request in group.requests if request.id in self.open]

    def _dying(self) -> int | None:
        """The group that the engine died in, or None where it does not take them in turn."""
        left = [len(self._left(group)) for group in self.groups]
        at = next(number for number, count in enumerate(left) if count)
        later = zip(left[at + 1 :], self.groups[at + 1 :], strict=True)
        return at if all(count == len(group.requests) for count, group in later) else None

    def _blame(self, at: int, error: CrashError) -> Iterator[Answer]:
        """Cut the group that the engine died in; what cannot be cut is given up."""
        group = self.groups[at]
        left = self._left(group)
        group.failures += len(left) in (group.left, len(group.requests))
        group.left = len(left)
        if not group.cut and group.failures < TWICE:
            return
        if len(left) > 1:
            # while nothing was ever answered, the shortest alone shows whether anything can be
            left.sort(key=lambda request: 0 if self.proved else len(request.token_ids))
            middle = len(left) // 2 if self.proved else 1
            parts = [Group(part, cut=True) for part in (left[:middle], left[middle:])]
            self.groups[at : at + 1] = parts
            return
        self.lost += 1
        if self.lost >= STARTS:
            raise error
        self.open.discard(left[0].id)
        why = f"the engine died of it: {error.problems[0].what}"
        self.log.caution(f"request {left[0].id} is given up: {why}")
        yield Answer(left[0].id, "", finish="error", error=why)
