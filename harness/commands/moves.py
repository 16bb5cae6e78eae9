"""What moved between two runs, or two candidates of runs, and whether it matters."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from harness.compare.intervals import ALPHA
from harness.errors import UnknownNameError, UsageError
from harness.figures import points
from harness.records import CandidateResult, Case, Comparison, Metric, Run, ScoredAnswer
from harness.report.text import difference

Place = tuple[str, str, str]
"""Task, metric, candidate."""


@dataclass(frozen=True, slots=True)
class Side:
    """A run, and the one candidate of it that is meant (None: each, matched by name)."""

    run: Run
    candidate: str | None = None

    @property
    def name(self) -> str:
        """As it was asked for."""
        return f"{self.run.id}:{self.candidate}" if self.candidate else self.run.id

    def result(self, name: str) -> CandidateResult:
        """The candidate called so; UnknownNameError names the nearest."""
        found = {one.candidate.name: one for one in self.run.candidates}
        if name not in found:
            raise UnknownNameError("candidate", name, found, where=f"run {self.run.id}")
        return found[name]


@dataclass(frozen=True, slots=True)
class Move:
    """After minus before on the cases of both; `gained` and `lost` are ids of cases that flipped.

    `p_holm` is corrected over all moves on whole tasks; `matters` says what to make of it.
    """

    comparison: Comparison
    metric: Metric
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    unmeasured: tuple[str, ...]
    p_holm: float | None = None
    matters: str = "nothing moved"

    @property
    def flipped(self) -> tuple[str, ...]:
        """Every case whose score is another one."""
        return (*self.lost, *self.gained, *self.unmeasured)

    @property
    def change(self) -> str:
        """The difference with its interval, in the metric's unit: '+25 pp [-3, 51]'."""
        row = self.comparison
        if row.difference is None:
            return "unmeasured"
        return difference(row.difference, row.low, row.high, self.metric)

    def data(self) -> dict[str, Any]:
        """For a script."""
        own = {name: getattr(self, name) for name in ("gained", "lost", "unmeasured", "matters")}
        own |= {"unit": self.metric.unit, "change": self.change}
        return asdict(self.comparison) | own | {"p_holm": self.p_holm, "flipped": self.flipped}


@dataclass(frozen=True, slots=True)
class Moves:
    """What a reader needs of two runs: a sentence, what is different about them, the numbers."""

    before: str
    after: str
    sentence: str
    notes: tuple[str, ...]
    moves: tuple[Move, ...]

    def data(self) -> dict[str, Any]:
        """For a script."""
        named = {name: getattr(self, name) for name in ("before", "after", "sentence", "notes")}
        return named | {"moves": [move.data() for move in self.moves]}


def compare_runs(before: Side, after: Side) -> Moves:
    """After minus before per task, metric, slice and candidate, paired over the cases of both.

    Raises:
        UsageError: the runs are of different suites or share nothing.
    """
    from harness.compare.paired import compare

    old, new = before.run, after.run
    if old.suite != new.suite:
        raise UsageError(f"run {old.id} is of suite {old.suite}, {new.id} of {new.suite}")
    known = {case.id: case for case in old.cases}
    cases = [c for c in new.cases if c.id in known and known[c.id].input == c.input]
    pairs = _pairs(before, after)
    if not cases or not pairs:
        raise UsageError(f"runs {old.id} and {new.id} share no case or no candidate")
    common = {case.id for case in cases}
    answers: list[ScoredAnswer] = []
    candidates, wanted = [], []
    for one, other in pairs:
        names = []
        for end, run, result in (("after", new, other), ("before", old, one)):
            name = f"{other.candidate.name}@{end}"
            names.append(name)
            candidates.append(replace(result.candidate, name=name))
            answers += [
                replace(answer, candidate=name)
                for answer in run.answers
                if answer.candidate == result.candidate.name and answer.case in common
            ]
        wanted.append((names[0], names[1]))
    metrics = [metric for metric in new.metrics if metric in old.metrics]
    rows = compare(answers, cases, metrics, candidates, wanted)
    moves = _moves(rows, metrics, answers, before.name)
    notes = (*_differences(before, after, pairs, cases), *_left_out(before, after, metrics))
    return Moves(before.name, after.name, _sentence(moves), notes, moves)


def _pairs(before: Side, after: Side) -> list[tuple[CandidateResult, CandidateResult]]:
    """Candidates before and after, those of one name where none was asked for.

    Points of learning curves are not matched.
    """
    if before.candidate or after.candidate:
        old = before.candidate or after.candidate or ""
        return [(before.result(old), after.result(after.candidate or old))]
    earlier = {one.candidate.name: one for one in before.run.candidates}
    return [
        (earlier[one.candidate.name], one)
        for one in after.run.candidates
        if one.candidate.name in earlier and not one.candidate.curve
    ]


def _moves(
    rows: Sequence[Comparison],
    metrics: Sequence[Metric],
    answers: Sequence[ScoredAnswer],
    before: str,
) -> tuple[Move, ...]:
    from statsmodels.stats.multitest import multipletests

    metric_of = {metric.name: metric for metric in metrics}
    flips = _flips(answers, metric_of)
    measured = [row for row in rows if row.n or _touched(row, flips)]
    whole = [row for row in measured if row.slice == "all" and row.p_value is not None]
    p_values = [row.p_value for row in whole]
    holm = multipletests(p_values, method="holm")[1] if p_values else []
    corrected = {id(row): float(p) for row, p in zip(whole, holm, strict=True)}
    sizes = {(row.task, row.metric, row.candidate): row.n for row in rows if row.slice == "all"}
    return tuple(
        _move(row, metric_of[row.metric], flips, corrected.get(id(row)), before)
        for row in measured
        if row.slice == "all"
        or (
            row.outcome in ("better", "worse")
            and row.n < sizes[row.task, row.metric, row.candidate]
        )
    )


def _touched(row: Comparison, flips: dict[Place, tuple[list[str], ...]]) -> bool:
    place = (row.task, row.metric, row.candidate.removesuffix("@after"))
    return row.slice == "all" and any(flips.get(place, ()))


def _move(
    row: Comparison,
    metric: Metric,
    flips: dict[Place, tuple[list[str], ...]],
    p_holm: float | None,
    before: str,
) -> Move:
    name = row.candidate.removesuffix("@after")
    gained, lost, unmeasured = flips.get((row.task, row.metric, name), ([], [], []))
    row = replace(row, candidate=name, baseline=before)
    if row.slice != "all":
        return Move(row, metric, (), (), (), None, f"{row.outcome}, uncorrected")
    moved = bool(gained or lost or unmeasured)
    matters = "nothing moved"
    if moved and row.outcome in ("better", "worse"):
        sure = p_holm is not None and p_holm < ALPHA
        matters = row.outcome if sure else f"{row.outcome}, not after Holm"
    elif moved:
        matters = "not shown"
    return Move(row, metric, tuple(gained), tuple(lost), tuple(unmeasured), p_holm, matters)


def _flips(
    answers: Sequence[ScoredAnswer], metrics: dict[str, Metric]
) -> dict[Place, tuple[list[str], ...]]:
    """Case ids that gained, lost, or have a value on one side only, by task, metric, candidate."""
    values: dict[tuple[str, str, str, str], dict[str, list[float | None]]] = {}
    for answer in answers:
        name, _, end = answer.candidate.rpartition("@")
        for score in answer.scores:
            if score.metric in metrics:
                place = (answer.task, score.metric, name, answer.case)
                values.setdefault(place, {}).setdefault(end, []).append(score.value)
    found: dict[Place, tuple[list[str], ...]] = {}
    for (task, metric, name, case), ends in values.items():
        lists = found.setdefault((task, metric, name), ([], [], []))
        old, new = (_mean(ends.get(end, [])) for end in ("before", "after"))
        if old == new:
            continue
        if old is None or new is None:
            lists[2].append(case)
        else:
            up = (new > old) == (metrics[metric].better != "lower")
            lists[0 if up else 1].append(case)
    return found


def _mean(values: Sequence[float | None]) -> float | None:
    """The mean over samples; None where one has no value."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None


def _differences(
    before: Side,
    after: Side,
    pairs: Sequence[tuple[CandidateResult, CandidateResult]],
    cases: Sequence[Case],
) -> list[str]:
    """What is not the same about the two runs, so that a move may be of that."""
    old, new = before.run, after.run
    said = []
    lost = len({case.id for case in (*old.cases, *new.cases)}) - len(cases)
    if lost:
        said.append(f"{lost} cases are not in both runs, or ask otherwise: they are left out")
    known = {case.id: replace(case, where="") for case in old.cases}
    edited = sum(replace(case, where="") != known[case.id] for case in cases)
    if edited:
        said.append(f"{edited} cases ask the same but have another reference, fact or tag")
    for what, one, other in (
        ("model", old.model.name, new.model.name),
        ("model files", old.model.digest[:12], new.model.digest[:12]),
        ("engine", old.engine, new.engine),
        ("profile", old.profile, new.profile),
        ("bench", *(run.environment.get("bench-harness", "") for run in (old, new))),
    ):
        if one != other:
            said.append(f"another {what}: {one} before, {other} after")
    for earlier, later in pairs:
        digests = [one.adapter.digest[:12] if one.adapter else "none" for one in (earlier, later)]
        if digests[0] != digests[1]:
            said.append(f"{later.candidate.name}: adapter {digests[0]} before, {digests[1]} after")
    return said


def _left_out(before: Side, after: Side, metrics: Sequence[Metric]) -> list[str]:
    names = {metric.name for metric in metrics}
    other = sorted({m.name for run in (before.run, after.run) for m in run.metrics} - names)
    return [f"measured differently or once only, left out: {', '.join(other)}"] if other else []


def _sentence(moves: Sequence[Move]) -> str:
    whole = [move for move in moves if move.comparison.slice == "all"]
    shown = [move for move in whole if move.matters in ("better", "worse")]
    moved = sum(bool(move.flipped) for move in whole)
    if not moved:
        return f"Nothing moved: all {len(whole)} comparisons have the same scores case by case"
    if not shown:
        # a share's points and another metric's days have no common largest
        seen = [m.comparison.mde or 0.0 for m in whole if m.flipped and m.metric.unit == "share"]
        largest = f" (smallest detectable effects up to {points(max(seen))} pp)" if seen else ""
        return (
            f"Nothing moved beyond noise: cases flipped in {moved} of {len(whole)} comparisons, "
            f"none is shown after Holm's correction{largest}"
        )
    worse = sum(move.matters == "worse" for move in shown)
    return (
        f"{len(shown)} of {len(whole)} comparisons moved beyond noise: "
        f"{worse} worse, {len(shown) - worse} better (Holm)"
    )
