"""Train LoRA adapters of one base; runs in a child process and reports as it goes.

Method: LoRA (arXiv 2106.09685), loss on completion tokens only, AdamW (arXiv 1711.05101).
Adapters that may share a pass do so where their first steps show that it is faster.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.errors import MachineError
from harness.records import EncodedRow, Passages, Recipe, Replay, TrainJob, TrainWork
from harness.train import adapter, keeping, machine
from harness.train.base import Base, Rows, open_base, versions
from harness.train.course import Course, Event, route
from harness.train.layers import Stretches
from harness.train.loop import DivergedError, Loop
from harness.train.noise import noise_on
from harness.train.passes import Passes

TEAM = 8  # adapters that stand in memory together at most
FASTER = 0.97  # of the time of one after the other: less gain is noise


def job_from(payload: TrainJob | dict[str, Any]) -> TrainJob:
    """The job behind a payload that went through JSON."""
    if isinstance(payload, TrainJob):
        return payload
    recipe = dict(payload["recipe"])
    for name in ("targets", "only", "without", "trunk"):
        if isinstance(recipe.get(name), list):
            recipe[name] = tuple(recipe[name])
    for name, kind in (("passages", Passages), ("replay", Replay)):
        if isinstance(recipe.get(name), dict):
            recipe[name] = kind(**recipe[name])

    def rows(name: str) -> tuple[EncodedRow, ...]:
        return tuple(
            EncodedRow(tuple(row["prompt"]), tuple(row["completion"])) for row in payload[name]
        )

    more = {"recipe": Recipe(**recipe), "phases": tuple(payload.get("phases", ()))}
    return TrainJob(**{**payload, **more, "rows": rows("rows"), "dev": rows("dev")})


def train(payload: TrainJob | dict[str, Any]) -> Iterator[Event]:
    """Train one adapter; see `train_all`. MachineError when training diverges."""
    for message in train_all({"jobs": [payload], "stack": "off"}):
        if message["event"] == "failed":
            raise MachineError(message["message"], remedy=message["remedy"])
        yield message


def train_all(payload: TrainWork | dict[str, Any]) -> Iterator[Event]:
    """Train adapters of one base, each into its job's `out`; yields JSON-able messages.

    Events, each with its `job`: `start` (steps, rows, …), `step` (step, steps, loss, tokens,
    seconds), `dev` (step, loss), `note` (message), and at last `done` with the record, or
    `failed` with what was wrong and the record so far. Losses are nats per completion token.

    Raises:
        MachineError: memory runs out, or a model cannot be loaded.
        UsageError: no row can be trained on.
    """
    if isinstance(payload, TrainWork):
        jobs, stack = payload.jobs, payload.stack
    else:
        jobs = tuple(job_from(job) for job in payload["jobs"])
        stack = payload.get("stack", "auto")
    began = time.perf_counter()
    base, rows = open_base(jobs)
    loading = (time.perf_counter() - began) / len(jobs)
    peak = jobs[0].peak_flops or machine.gemm_peak(base.device, base.dtype)
    for members in teams(jobs, together=stack != "off" and base.head.packed):
        team = Team(base, peak, loading)
        team.gather([(at, jobs[at], rows[at]) for at in members])
        team.heirs = {at: heir for at in members if (heir := heir_of(jobs[at], jobs))}
        try:
            yield from team.run(stack)
        finally:
            team.close()
            base.model = adapter.remove(team.model)


def teams(jobs: Sequence[TrainJob], *, together: bool) -> list[list[int]]:
    """Jobs that may share a pass, in groups of those with as many rows; the others alone.

    Sharing needs the same targets and neither dropout nor noise, which draw for one adapter. Jobs
    of a trunk come alone, the smallest first, since each leaves it for the next.
    """
    groups: dict[Any, list[int]] = {}
    for at in sorted(range(len(jobs)), key=lambda at: (len(jobs[at].rows), at)):
        recipe = jobs[at].recipe
        alone = not together or recipe.dropout + recipe.neftune > 0 or bool(jobs[at].phases)
        groups.setdefault(at if alone else str(recipe.targets), []).append(at)
    return [
        group[start : start + TEAM]
        for group in groups.values()
        for start in range(0, len(group), TEAM)
    ]


def heir_of(job: TrainJob, jobs: Sequence[TrainJob]) -> TrainJob | None:
    """The job that goes on where this one leaves their trunk: the next size of the same curve."""

    def alike(other: TrainJob) -> bool:
        same = replace(other.recipe, name="", limit=None, trunk=())
        own = replace(job.recipe, name="", limit=None, trunk=())
        begun = other.phases[:-1] == job.phases and other.rows[: len(job.rows)] == job.rows
        return begun and same == own and bool(other.keep)

    return next((other for other in jobs if job.phases and alike(other)), None)


@dataclass(slots=True)
class Team:
    """Adapters that stand in one model."""

    base: Base
    peak: float
    loading: float
    courses: list[Course] = field(default_factory=list)
    model: Any = None
    timings: dict[str, float] = field(default_factory=dict)
    heirs: dict[int, TrainJob] = field(default_factory=dict)

    def gather(self, jobs: Sequence[tuple[int, TrainJob, Rows]]) -> None:
        """Add the adapters of some jobs to the base, each where an earlier start left it."""
        base = self.base
        stretches = Stretches((adapter.DEFAULT,))
        passes = Passes(base.head, stretches, jobs[0][1].pad_id, base.device)
        recipe = jobs[0][1].recipe  # one with noise is alone
        passes.noise = noise_on(base.model, recipe.neftune, recipe.seed)
        names = [adapter.DEFAULT, *(f"beside{number}" for number in range(1, len(jobs)))]
        model = base.model
        for name, (_, job, _) in zip(names, jobs, strict=True):
            model = adapter.add_adapter(model, job.recipe, name)
            if job.start is not None:
                adapter.take_weights(model, job.start, name)
        self.model = model
        adapter.make_ready(model, stretches, lambda: base.head.loss(base.probe))
        found = zip(names, jobs, adapter.weights_of(model), strict=True)
        for name, (index, job, rows), weights in found:
            keeping.check_room(Path(job.out), 6 * sum(4 * one.numel() for one in weights.values()))
            way = route(len(rows.train), rows.phases, job.recipe)
            loop = Loop(weights, job.recipe, way.schedule, base.device)
            facts = self.facts(job, rows, sum(weight.numel() for weight in weights.values()))
            self.courses.append(
                Course(index, name, job, rows.train, rows.dev, way, loop, passes, facts,
                       rows.phases)
            )  # fmt: skip

    def close(self) -> None:
        """Leave the base's embeddings as they were."""
        for course in self.courses:
            if course.passes.noise:
                course.passes.noise.remove()

    def facts(self, job: TrainJob, rows: Rows, trainable: int) -> dict[str, Any]:
        """What is known of a job before its first step."""
        recipe = asdict(job.recipe)
        return {
            "recipe": {k: list(v) if isinstance(v, tuple) else v for k, v in recipe.items()},
            "seed": job.recipe.seed,
            "training": "nested" if job.phases else "independent",
            "load_seconds": self.loading,
            "rows": len(rows.train),
            "dev_rows": len(rows.dev),
            "dropped_rows": len(job.rows) + len(job.dev) - len(rows.train) - len(rows.dev),
            "max_length": rows.limit,
            "trainable_params": trainable,
            "base_params": self.base.parameters,
            "device": str(self.base.device),
            "dtype": str(self.base.dtype).removeprefix("torch."),
            "base_weights": self.base.weights,
            "kernels": self.base.kernels,
            "threads": self.base.threads,
            "versions": versions(),
        }

    def run(self, stack: str) -> Iterator[Event]:
        """All courses to their ends; several side by side where `stack` or their steps say so."""
        for course in self.courses:
            if course.resume():
                told = f"{course.job.recipe.name}: goes on after step {course.number}"
                yield course.event("note", message=told)
            yield course.event("start", **course.facts)
        beside = stack == "on"
        if stack == "auto" and len(self.courses) > 1:
            yield from self._try()
            beside = self.timings["stacked"] < FASTER * self.timings["in turn"]
        groups = [self.courses] if beside else [[course] for course in self.courses]
        for group in groups:
            while live := [course for course in group if course.index >= 0]:
                yield from self._step(live)

    def _try(self) -> Iterator[Event]:
        """First steps in both ways, twice in turn after a warm-up; seconds per token of each."""
        yield from self._step(self.courses[:1])
        best: dict[str, float] = {}
        for _ in range(2):
            for way in ("in turn", "stacked"):
                live = [course for course in self.courses if course.index >= 0]
                before = sum(course.loop.counts.tokens for course in live)
                began = time.perf_counter()
                for group in [live] if way == "stacked" else [[course] for course in live]:
                    yield from self._step(group)
                took = time.perf_counter() - began
                tokens = sum(course.loop.counts.tokens for course in live) - before
                if tokens:
                    best[way] = min(best.get(way, took / tokens), took / tokens)
        self.timings = {"in turn": 1.0, "stacked": 1.0} | best

    def _step(self, live: Sequence[Course]) -> Iterator[Event]:
        """One step of each course that has one left, in one pass; those that end are saved."""
        going = [course for course in live if course.index >= 0 and not course.ended]
        if going:
            shares = [course.share() for course in going]
            passes = going[0].passes

            def clear() -> None:
                for course in going:
                    course.loop.optimiser.zero_grad(set_to_none=True)
                    if passes.noise:
                        passes.noise.begin(course.number)

            began = time.perf_counter()
            outcomes = passes.gradients(shares, clear)
            took = time.perf_counter() - began
            whole = sum(outcome.padded for outcome in outcomes)
            yield from (going[0].event("note", message=text) for text in passes.notes)
            passes.notes.clear()
            for course, share, outcome in zip(going, shares, outcomes, strict=True):
                own = took * outcome.padded / whole
                yield from self._finish(course, course.took(share, outcome, own, len(going)))
        for course in live:
            if course.index >= 0 and course.ended:
                yield from self._save(course)

    def _finish(self, course: Course, events: Iterator[Event]) -> Iterator[Event]:
        """A course's step; where it diverged, the course ends and the others go on."""
        try:
            yield from events
            heir = self.heirs.get(course.index)
            if heir and course.number == course.way.branch and not Path(heir.keep).exists():
                course.keep(heir.keep, trunk=True)
        except DivergedError as error:
            problem = error.problems[0]
            yield course.event(
                "failed", message=problem.what, remedy=problem.remedy, record=self.record(course)
            )
            course.index = -1

    def _save(self, course: Course) -> Iterator[Event]:
        """Save a finished course's adapter, with the weights of its lowest dev loss."""
        if course.best and not course.phases:
            course.loop.restore(course.best)
        adapter.save(self.model, Path(course.job.out), course.name)
        yield course.event("done", record=self.record(course))
        course.index = -1

    def record(self, course: Course) -> dict[str, Any]:
        """What a course was, and what it took."""
        return {**course.facts, **course.curves(), **self.costs(course)}

    def costs(self, course: Course) -> dict[str, Any]:
        """Tokens, FLOPs at 4 a base parameter and token, seconds, bytes.

        `utilisation` is the share of `peak_flops`, what this machine's matrix products reach.
        """
        counts = course.loop.counts
        flops = 4 * self.base.parameters * counts.tokens
        seconds = counts.step_seconds or float("inf")
        return {
            "tokens": counts.tokens,
            "completion_tokens": counts.completion_tokens,
            "shared_tokens": course.shared,
            "padded_share": 1 - counts.tokens / counts.padded if counts.padded else 0.0,
            "micro_batch_tokens": course.passes.limit,
            "recomputed": course.passes.saving,
            "batching": "rows in one line" if self.base.head.packed else "padded rows",
            "attention": str(getattr(self.base.model.config, "_attn_implementation", "")),
            "stacked": course.stacked / max(1, course.number),
            "stack_timings": self.timings,
            "step_seconds": counts.step_seconds,
            "dev_seconds": counts.dev_seconds,
            "flops": flops,
            "peak_flops": self.peak,
            "utilisation": flops / seconds / self.peak,
            "tokens_per_second": counts.tokens / seconds,
            "peak_memory_bytes": machine.peak_memory_bytes(self.base.device),
        }
