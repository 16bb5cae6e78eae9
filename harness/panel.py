"""Who judges the answers of a plan, which pairs are compared, and what was said of them.

Nothing here computes: pairs come from the answers in the store, judgements from the judge's cells.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from harness import models
from harness import plan as planning
from harness.asking import Asked
from harness.errors import UsageError
from harness.plan import Cell, Plan, machine
from harness.protocols import Executor
from harness.records import Answer, Candidate, Case, Judgement, Model, State, Suite, Task
from harness.score.judge import JudgeOptions, key_of, options_of
from harness.score.verdicts import prompt, verdict
from harness.served import REMOTE
from harness.store import Store, digest_of

JUDGE_REVISION = 1  # raised when a change of our code changes what a judge is asked
ORDERS = (0, 1)


@dataclass(frozen=True, slots=True)
class Judge:
    """A task's judge: how it is asked, its model on disk, and the engine with its version."""

    options: JudgeOptions
    model: Model
    engine: str
    version: str


Panel = dict[str, Judge]  # by task


@dataclass(frozen=True, slots=True)
class Pair:
    """Two answers to one request; `settled` is their judgement where nobody need be asked."""

    name: str
    input: str
    reference: str
    one: str
    other: str
    settled: Judgement | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """Pairs that one judge compares as one cell; `candidate` '' are those that people labelled."""

    judge: Judge
    task: str
    candidate: str
    pairs: tuple[Pair, ...]
    cell: Cell = field(repr=False)


def panel_of(
    suite: Suite, model: Model, engine: str, store: Store, executor: Executor
) -> Panel:  # fmt: skip
    """The judge of each task that has one.

    Raises:
        UsageError: its model or its engine cannot be had here.
    """
    panel: Panel = {}
    for task in suite.tasks:
        for spec in task.scorers:
            if spec.name != "judge":
                continue
            options = options_of(spec.options)
            found = models.resolve(options.model, store, executor) if options.model else model
            name = planning.choose_engine(options.engine)[0] if options.engine else engine
            if name in REMOTE and not options.engine:
                name = planning.choose_engine("auto")[0]
            if not found.path or name in REMOTE:
                what = f"asked with engine {name}" if found.path else f"'{found.name}', not here"
                raise UsageError(
                    f"the judge of task '{task.name}' is {what}: judges answer on this machine",
                    where=suite.name,
                    remedy="name a folder, a hub id or an embedded model as the judge's model",
                )
            panel[task.name] = Judge(options, found, name, planning.engine_version(name))
    return panel


def identified(plan: Plan, panel: Panel) -> Plan:
    """The plan under an id that its judges' bytes and engines are part of."""
    if not panel:
        return plan
    judges = [(task, one.model.digest, one.engine, one.version) for task, one in panel.items()]
    return replace(plan, id=digest_of([plan.id, judges, JUDGE_REVISION])[:10])


# ---------------------------------------------------------------- what is compared


def sheets_of(plan: Plan, panel: Panel, store: Store) -> list[Sheet]:
    """All that the judges of a plan compare, from the answers in the store."""
    found = []
    for task, judge in panel.items():
        # of several draws the first is judged, of every candidate alike
        first = [one for one in plan.cells if one.task.name == task and not one.sample]
        cells = {cell.candidate.name: cell for cell in first}
        against = cells.get(judge.options.against)
        for name, cell in cells.items():
            # answers made elsewhere may lack those that others are held against
            if against is not None and cell is not against:
                found.append(sheet(plan, judge, task, name, list(pairs_of(cell, against, store))))
        labels = [
            settled(Pair(f"label-{number}", one.input, one.reference, one.first, one.second))
            for number, one in enumerate(judge.options.labels)
        ]
        if labels:
            found.append(sheet(plan, judge, task, "", labels))
    return found


def open_sheets(plan: Plan, panels: Mapping[str, Panel], store: Store) -> list[Sheet]:
    """The sheets of a plan with questions that the store has no reply to; `panels` by plan id."""
    return [
        one
        for one in sheets_of(plan, panels[plan.id], store)
        if {asked.case.id for asked in one.cell.asked} - set(store.answers(one.cell.key).done)
    ]


def pairs_of(cell: Cell, against: Cell, store: Store) -> Iterator[Pair]:
    """A candidate's answers beside those they are held against; failed ones are left to score."""
    done, theirs = store.answers(cell.key).done, store.answers(against.key).done
    others = {asked.case.id: asked for asked in against.asked}
    for asked in cell.asked:
        answer, case = done.get(asked.case.id), asked.case
        if asked.skip or answer is None or answer.finish == "error":
            continue
        other, skip = theirs.get(case.id), others[case.id].skip
        pair = Pair(case.id, case.input, case.reference, answer.text, other.text if other else "")
        name = against.candidate.name
        if skip:
            note = f"{name} was not asked: {skip}"
            yield replace(pair, settled=Judgement(state="unmeasured", note=note))
        elif other is None or other.finish == "error":
            note = f"{name} gave no answer to compare with"
            yield replace(pair, settled=Judgement(state="error", note=note))
        else:
            yield settled(pair)


def settled(pair: Pair) -> Pair:
    """The pair, with its judgement where it needs no judge: equal answers, or an empty one."""
    one, other = pair.one.strip(), pair.other.strip()
    if one == other:
        found = Judgement(("tie", "tie"), note="both answers are the same, nobody was asked")
    elif one and other:
        return pair
    else:
        said = ("A", "B") if one else ("B", "A")
        found = Judgement(said, note="one of the answers is empty, nobody was asked")
    return replace(pair, settled=found)


def sheet(plan: Plan, judge: Judge, task: str, candidate: str, pairs: Sequence[Pair]) -> Sheet:
    """Pairs as a cell: each unsettled one asked in both orders."""
    options = judge.options
    asked = []
    for pair in pairs:
        reference = pair.reference if options.reference else ""
        for order in ORDERS if pair.settled is None else ():
            shown = (pair.one, pair.other) if order == 0 else (pair.other, pair.one)
            text = prompt(options.rubric, pair.input, reference, *shown)
            case = Case(f"{pair.name}/{order}", task, text, "", pair.name)
            asked.append(Asked(case, "", text))
    about = Task(task, (), (), options.max_tokens)
    cell = Cell(Candidate(candidate or "labels"), about, tuple(asked))
    cell.key = digest_of(
        {
            "judge": judge.model.digest,
            "template": plan.suite.template,
            "as_of": plan.suite.as_of,
            "prompts": [(one.case.id, one.user) for one in asked],
            "max_tokens": options.max_tokens,
            "engine": [judge.engine, judge.version],
            "machine": machine(),
            "revision": [JUDGE_REVISION, planning.SERVE_REVISION],
        }
    )
    return Sheet(judge, task, candidate, tuple(pairs), cell)


# ---------------------------------------------------------------- what was said


Said = dict[tuple[str, str], dict[str, Judgement]]


def said_of(sheets: Sequence[Sheet], store: Store) -> Said:
    """Judgements by task and candidate ('' for labels), each by the name of its pair."""
    found: Said = {}
    for one in sheets:
        done = store.answers(one.cell.key).done
        found[one.task, one.candidate] = {
            pair.name: pair.settled or read(pair, done) for pair in one.pairs
        }
    return found


def read(pair: Pair, done: Mapping[str, Answer]) -> Judgement:
    """What the judge replied to a pair; without a verdict in both orders it is an error."""
    replies = [done.get(f"{pair.name}/{order}") for order in ORDERS]
    failed = [
        reply.error if reply else "its engine stopped"
        for reply in replies
        if reply is None or reply.finish == "error"
    ]
    if failed:
        return Judgement(state="error", note=f"the judge gave no verdict: {failed[0]}")
    one, other = ((r.text, verdict(r.text, r.first_logprobs)) for r in replies if r)
    state: State = "ok" if one[1] and other[1] else "error"
    return Judgement((one[1], other[1]), (one[0], other[0]), state)


def lent(sheets: Sequence[Sheet], said: Said) -> Said:
    """What scorer `judge` gets, by task and candidate: judgements by case and answer text."""
    return {
        (one.task, one.candidate): {
            key_of(pair.name, pair.one): said[one.task, one.candidate][pair.name]
            for pair in one.pairs
        }
        for one in sheets
        if one.candidate
    }
