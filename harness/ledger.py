"""What a run took and how it was measured: seconds, tokens, memory, versions, warnings."""

import os
import platform
import resource
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from harness import served
from harness.errors import BenchError
from harness.plan import Plan, canary_key, package_version, unplaced
from harness.records import Candidate, CandidateResult, ScoredAnswer
from harness.serve.canary import BASE
from harness.store import Store, digest_of

HEAVY = ("train", "serve", "judge")  # stages whose work is kept, so that their seconds add up


@dataclass(slots=True)
class Clock:
    """Wall seconds per stage, kept in the store so that a resumed run adds up."""

    store: Store
    key: str
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str, share: float = 1.0) -> Iterator[None]:
        """Time a stage, or this run's share of one; those of several starts add up."""
        began = time.monotonic()
        try:
            yield
        finally:
            took = (time.monotonic() - began) * share
            self.seconds[name] = self.seconds.get(name, 0.0) + took
            # a start that is stopped here must still count, and a full disk is told elsewhere
            if name in HEAVY:
                with suppress(BenchError):
                    opened = self._opened()
                    opened[name] = opened.get(name, 0.0) + took
                    self.store.keep_value(f"clock-{self.key}-open", opened)

    def _opened(self) -> dict[str, float]:
        """Seconds of the starts since the run was last finished, this one's included."""
        return dict(self.store.value(f"clock-{self.key}-open") or {})

    def settle(self, *, worked: bool) -> dict[str, float]:
        """The seconds to report: this start's where it worked, else the earlier starts'."""
        name = f"clock-{self.key}"
        earlier: dict[str, float] = self.store.value(name) or {}
        if worked or not earlier:
            opened = self._opened()
            for stage in HEAVY:
                spent = opened.get(stage, 0.0) + earlier.get(stage, 0.0)
                if spent or stage != "judge":  # most runs have no judge
                    self.seconds[stage] = spent
            earlier = self.seconds
            self.store.keep_value(name, earlier)
        self.store.keep_value(f"clock-{self.key}-open", {})
        return {stage: round(value, 2) for stage, value in earlier.items()}


def created(plan: Plan, store: Store) -> str:
    """When this run was first finished, UTC; the same on every later start."""
    name = f"created-{plan.id}"
    stamp = store.value(name)
    if stamp is None:
        stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        store.keep_value(name, stamp)
    return str(stamp)


def cost_of(
    candidate: Candidate, plan: Plan, answers: Sequence[ScoredAnswer], store: Store
) -> CandidateResult:
    """What a candidate's answers took; cases that it was not asked do not count."""
    cells = [cell for cell in plan.cells if cell.candidate == candidate]
    skipped = {(c.task.name, asked.case.id) for c in cells for asked in c.asked if asked.skip}
    own = [
        scored.answer
        for scored in answers
        if scored.candidate == candidate.name and (scored.task, scored.case) not in skipped
    ]
    adapter = cells[0].adapter
    seconds = sum(store.value(f"seconds-{cell.key}") or 0.0 for cell in cells)
    return CandidateResult(
        candidate,
        adapter,
        answers=len(own),
        answer_tokens=sum(len(answer.token_ids) or answer.completion_tokens for answer in own),
        prompt_tokens=sum(answer.prompt_tokens for answer in own),
        answer_seconds=round(seconds, 2),
        truncated=sum(answer.finish == "length" for answer in own),
    )


def warnings_of(
    results: Sequence[CandidateResult],
    answers: Sequence[ScoredAnswer],
    seeded: Collection[str] = (),
) -> Iterator[str]:
    """What a reader must know before believing a number.

    `seeded` are the candidates that a comparison of methods took as one of several seeds.
    """
    named: dict[str, list[CandidateResult]] = {}
    for result in results:
        own = result.candidate
        points = f"the learning curve of {own.curve}" if own.curve else own.name
        named.setdefault(points, []).append(result)
    for name, group in named.items():
        cut, answered = (sum(r.truncated for r in group), sum(r.answers for r in group))
        if cut:
            yield f"{cut} of {answered} answers of {name} reached max_tokens and were cut"
        records = [result.adapter.record if result.adapter else {} for result in group]
        dropped = sum(record.get("dropped_rows") or 0 for record in records)
        if dropped:
            yield (
                f"{dropped} training rows of {name} were longer than max_length and were left out"
            )
    plain = [one for one in results if not one.candidate.curve]
    trained = [one for one in plain if one.adapter and "seed" in one.adapter.record]
    alone = [one.candidate.name for one in trained if one.candidate.name not in seeded]
    if alone:
        which = f"{', '.join(alone)}: " if len(alone) < len(trained) else ""
        yield f"{which}trained with one seed: the numbers are of these weights, not of the recipe"
    broken = [s.reason for a in answers for s in a.scores if s.state == "error"]
    if broken:
        yield f"{len(broken)} scores are errors, first: {broken[0][:120]}"


def setup_of(plan: Plan) -> dict[str, Any]:
    """What answers and scores depend on beside weights, cases and prompts: settings and digests.

    Two runs whose setups differ were not measured in the same way.
    """
    suite = plan.suite
    return {
        "engine": plan.engine_version,
        "template": digest_of(suite.template)[:12],
        "as_of": suite.as_of.isoformat() if suite.as_of else None,
        "sampling": asdict(suite.sampling),
        "world": {
            name: digest_of([unplaced(asdict(one)) for one in items])[:12]
            for name, items in (
                ("facts", suite.facts),
                ("glossary", suite.glossary),
                ("documents", suite.documents),
                ("prompts", suite.prompts),
            )
        }
        | {"style": digest_of(suite.style)[:12]},
        "tasks": {
            task.name: {
                "max_tokens": task.max_tokens,
                "scorers": {spec.name: digest_of(spec.options)[:12] for spec in task.scorers},
            }
            for task in suite.tasks
        },
    }


def drawn_notes(plan: Plan) -> Iterator[str]:
    """That answers are no greedy ones, and how several to a case count."""
    sampling, replayed = plan.suite.sampling, plan.engine == "replay"
    counts = "which counts once, with their mean"
    if replayed and sampling.samples > 1:
        yield f"up to {sampling.samples} answers to a case, {counts}"
    elif sampling.temperature and not replayed:
        several = f", {sampling.samples} to a case, {counts}" if sampling.samples > 1 else ""
        yield (
            f"answers were drawn at temperature {sampling.temperature:g}, "
            f"top_p {sampling.top_p:g}, seed {sampling.seed}{several}"
        )


def notes_of(plan: Plan, store: Store) -> Iterator[str]:
    """How answers were drawn, or how far greedy ones are the same when they are asked again."""
    yield from drawn_notes(plan)
    told = store.value(f"repeats-{plan.id}")
    if not told or not told["asked"]:
        return
    yield (
        f"{told['differ']} of {told['asked']} greedy answers differed when they were asked "
        "again among others: rounding depends on what an engine computes side by side"
    )
    endpoint = plan.suite.endpoint
    if plan.engine == "endpoint" and endpoint and served.priced(endpoint):
        price = served.price_of(endpoint, told["read"], told["written"])
        yield f"asking these answers again cost {price:.4f} more"


def environment(plan: Plan, store: Store) -> dict[str, str]:
    """Machine and versions, for 'how this was measured'."""
    names = ("torch", "transformers", "peft", "bench-harness")
    found = {name: package_version(name) for name in names}
    found["engine"] = plan.engine_version
    found["python"] = platform.python_version()
    found["machine"] = f"{platform.machine()}, {os.cpu_count()} cores"
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    peaks = [peak, store.value(f"peak-{plan.id}") or 0]
    store.keep_value(f"peak-{plan.id}", max(peaks))
    found["peak memory of a stage"] = f"{max(peaks) / 1e9:.1f} GB"
    return found | _canaries(plan, store)


def _canaries(plan: Plan, store: Store) -> dict[str, str]:
    """How far base and adapters are from the reference; of a curve's points, the farthest."""
    adapters = {BASE: BASE}
    for cell in sorted(plan.cells, key=lambda cell: bool(cell.candidate.curve)):
        if cell.adapter:
            curve = cell.candidate.curve
            name = f"curve of {curve}, farthest" if curve else cell.adapter.name
            adapters.setdefault(cell.adapter.digest, name)
    told: dict[str, dict[str, float]] = {}
    for digest, name in adapters.items():
        row = store.value(canary_key(plan, digest))
        if row and row["to_reference"] >= told.get(name, row)["to_reference"]:
            told[name] = row
    return {
        f"canary {name}": (
            f"{row['to_reference']:.4f} from the reference, effect {row['effect']:.4f}"
        )
        for name, row in told.items()
    }


class Meter:
    """Shares the engine's wall seconds among cells by the tokens they were given.

    Settled every few seconds, so that a killed run loses little of its account.
    """

    EVERY = 5.0

    def __init__(self, store: Store) -> None:
        self.store = store
        self.since = time.monotonic()
        self.shared = 0.0
        self.answers = 0
        self.tokens = 0
        self.open: dict[str, int] = {}

    @property
    def seconds(self) -> float:
        """Seconds in which the engine answered."""
        return self.shared + (time.monotonic() - self.since if self.open else 0.0)

    def count(self, cell: str, tokens: int, took: float) -> None:
        """An answer of `tokens` tokens, its end included, for a cell, which took some seconds.

        What came before the first one, such as loading the model, is no cell's.
        """
        if not self.answers:
            self.since = max(self.since, time.monotonic() - took)
        self.answers += 1
        self.tokens += tokens
        self.open[cell] = self.open.get(cell, 0) + tokens
        if time.monotonic() - self.since > self.EVERY:
            self.settle()

    def settle(self) -> None:
        """Share the seconds since the last time."""
        now = time.monotonic()
        whole = sum(self.open.values())
        self.shared += now - self.since if self.open else 0.0
        for cell, tokens in self.open.items():
            name = f"seconds-{cell}"
            earlier = self.store.value(name) or 0.0
            self.store.keep_value(name, earlier + (now - self.since) * tokens / whole)
        self.open, self.since = {}, now
