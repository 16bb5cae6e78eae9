"""What a pinned baseline gives to a gate: its answers, scored again, and what forbids using them.

A rule `against: baseline` is held against the candidate of the same name in the pinned run,
`against: baseline/NAME` against another one of it. docs/gate.md holds the table of what is an
ERROR and what a note.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness import plan as planning
from harness import scoring
from harness.asking import Asked
from harness.errors import MeasurementError
from harness.gate.evidence import BASELINE, rival
from harness.ledger import setup_of
from harness.pins import Baseline, KeptCase, kept_case, read
from harness.plan import Plan
from harness.records import (
    AdapterSource,
    Candidate,
    Case,
    GateResult,
    Rule,
    RuleResult,
    Score,
    ScoredAnswer,
    Suite,
    Task,
)
from harness.score.judge import METRIC as JUDGED
from harness.unlike import faults_of, notes_of

SIDE = f"{BASELINE}/"
NONE = "no baseline is pinned (bench baseline set SUITE)"


@dataclass(frozen=True, slots=True)
class Held:
    """What the rules are held against beside the run's own candidates.

    `faults` say, by rule, why the baseline cannot be used for it.
    """

    baseline: str = ""
    candidates: tuple[Candidate, ...] = ()
    answers: tuple[ScoredAnswer, ...] = ()
    notes: tuple[str, ...] = ()
    faults: Mapping[Rule, str] = field(default_factory=dict)

    def settled(self, gate: GateResult) -> GateResult:
        """The gate with ERROR where the baseline cannot be used, and with what must be known."""
        rules = tuple(
            RuleResult(one.rule, "ERROR", self.faults[one.rule]) if one.rule in self.faults else one
            for one in gate.rules
        )
        verdict = "ERROR" if self.faults else gate.verdict
        notes = (*gate.notes, *self.notes)
        return replace(gate, verdict=verdict, rules=rules, baseline=self.baseline, notes=notes)


def pinned(suite: Suite) -> Baseline | None:
    """The baseline pinned in a suite's folder, or None.

    Raises:
        MeasurementError: it is missing or damaged, or its bytes are not those that were pinned.
    """
    return read(Path(suite.root))


def used_by(rules: Sequence[Rule]) -> dict[Rule, str]:
    """The rules that are held against a baseline, with the name of its candidate."""
    found = {rule: rival(rule) or "" for rule in rules}
    return {rule: name.removeprefix(SIDE) for rule, name in found.items() if name.startswith(SIDE)}


def held(
    plan: Plan, rules: Sequence[Rule], given: Baseline | None, answers: Sequence[ScoredAnswer]
) -> Held:
    """The baseline's side of some rules; `given` takes the place of the pinned one.

    Its answers are scored by today's scorers over today's cases, as candidates `baseline/NAME`.
    """
    against = used_by(rules)
    if not against:
        return Held()
    try:
        baseline = given or pinned(plan.suite)
    except MeasurementError as error:
        return Held(faults=dict.fromkeys(against, str(error)))
    if baseline is None:
        return Held(faults=dict.fromkeys(against, NONE))
    setup = setup_of(plan)
    faults: dict[Rule, str] = {}
    cases: dict[str, Case] = {}
    for rule, name in against.items():
        own = cases_of(plan.suite, rule)
        fault = next(faults_of(baseline, name, rule, own, plan, setup), "")
        if fault:
            faults[rule] = f"the baseline ({baseline.says}) cannot be used: {fault}"
        else:
            cases |= {case.id: case for case in own}
    usable = {rule: name for rule, name in against.items() if rule not in faults}
    wanted = {(rule.task, name) for rule, name in usable.items()}
    scored = tuple(again(plan, baseline, wanted, setup))
    candidates = tuple(pseudo(name) for name in sorted({name for _, name in wanted}))
    notes = notes_of(baseline, usable, [*cases.values()], plan, setup, answers)
    return Held(baseline.says, candidates, scored, tuple(notes), faults)


def pseudo(name: str) -> Candidate:
    """What stands for a candidate of the baseline in comparisons."""
    return Candidate(f"{SIDE}{name}", AdapterSource("served", f"{SIDE}{name}"))


def cases_of(suite: Suite, rule: Rule) -> list[Case]:
    """The cases that a rule is judged on; all of its task where the slice is no tag."""
    cases = [case for task in suite.tasks if task.name == rule.task for case in task.cases]
    return [case for case in cases if rule.slice in case.tags] or cases


# ---------------------------------------------------------------- scored again


def again(
    plan: Plan, baseline: Baseline, wanted: set[tuple[str, str]], setup: Mapping[str, object]
) -> Iterator[ScoredAnswer]:
    """The baseline's answers to the wanted (task, candidate), with today's scores."""
    for task in plan.suite.tasks:
        names = {name for place, name in wanted if place == task.name}
        if not names:
            continue
        scorers = scoring.scorers_of(plan.suite, task)
        targets, whole = planning.targets_of(plan.suite, task)
        known = {case.id: case for case in task.cases}
        trusted = trusted_targets(task, baseline, setup)
        for one in baseline.answers:
            if one.task != task.name or one.candidate not in names or one.case not in known:
                continue
            case = known[one.case]
            groups = targets.get(case.id, ())
            asked = Asked(case, "", "", one.passages, targets=groups, whole=whole)
            fits = len(one.answer.target_logprobs) == sum(map(len, groups))
            kept = fits and case.id in trusted
            answer = one.answer if kept else replace(one.answer, target_logprobs=())
            own = {score.metric: score for score in one.scores}
            scores = scoring.scores_of(scorers, asked, answer)
            yield replace(
                one,
                candidate=f"{SIDE}{one.candidate}",
                answer=answer,
                scores=tuple(stands(score, own, skip=is_skip(one)) for score in scores),
            )


def is_skip(one: ScoredAnswer) -> bool:
    """Whether the baseline's candidate was not asked: then its scores are those it had."""
    return bool(one.answer.error) and any(
        score.state == "unmeasured" and score.reason == one.answer.error for score in one.scores
    )


def stands(score: Score, own: Mapping[str, Score], *, skip: bool) -> Score:
    """A score of today, or the kept one where it cannot be made again from the text."""
    if skip:
        why = next(iter(own.values())).reason
        return Score(score.metric, None, "unmeasured", reason=why)
    if score.metric == JUDGED:
        return own.get(JUDGED, score)
    return score


def trusted_targets(task: Task, baseline: Baseline, setup: Mapping[str, object]) -> set[str]:
    """The cases whose targets are those that the baseline's engine scored."""
    then, now = baseline.header.setup, setup
    same = [
        left == right
        for left, right in (
            (part(then, "world", "facts"), part(now, "world", "facts")),
            (part(then, "tasks", task.name, "scorers"), part(now, "tasks", task.name, "scorers")),
        )
    ]
    cases: dict[str, KeptCase] = baseline.cases if all(same) else {}
    return {case.id for case in task.cases if cases.get(case.id) == kept_case(case)}


def part(setup: object, *keys: str) -> object:
    """A part of a run's setup, or None."""
    for key in keys:
        setup = setup.get(key) if isinstance(setup, Mapping) else None
    return setup
