"""Answers made elsewhere, scored as if they had been given here: `bench score`."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import Problem, SuiteError, unknown_remedy
from harness.records import Adapter, AdapterSource, Candidate, Model, Suite, Task
from harness.served import SERVED
from harness.store import Store, digest_of, write_atomic

if TYPE_CHECKING:
    from harness.plan import Cell, Plan
    from harness.serve.replay import Replayed

ENGINE = "replay"
BASE = "base"


def replayed(suite: Suite, path: Path) -> Suite:
    """The suite asked of the candidates in a file of answers, in the tasks they answered.

    A candidate that the suite knows keeps its place in comparisons (prompt, context, adapter).
    Training, other candidates and what they alone are expected to show fall away; gate rules
    stay, and are errors where nothing was answered.

    Raises:
        SuiteError: every line that cannot be read, or names a case that the suite does not have.
    """
    from harness.serve.replay import read_answers

    rows = read_answers(path)
    check_cases(suite, rows)
    known = {one.name: one for one in suite.candidates}
    names = dict.fromkeys(row.candidate for row in rows)
    candidates = tuple(standing(known.get(name, Candidate(name))) for name in names)
    tasks = tuple(
        replace(task, candidates=tuple(one.name for one in candidates if one.name in answered))
        for task in suite.tasks
        if (answered := answered_by(task, rows))
    )
    left = {(name, task.name) for task in tasks for name in task.candidates or ()}
    expectations = tuple(
        one
        for one in suite.expectations
        if {(arm.candidate, arm.task) for arm in (one.arm, one.against)} <= left
        and (one.net_of is None or one.net_of in names)
    )
    return replace(
        suite,
        candidates=candidates,
        tasks=tasks,
        expectations=expectations,
        recipes=(),
        model=f"{ENGINE}:{path.name}",
        endpoint=None,
        sampling=replace(suite.sampling, samples=1),
    )


def standing(candidate: Candidate) -> Candidate:
    """A candidate whose answers are in a file; one that the suite does not know is an adapter."""
    source = candidate.adapter
    plain = candidate.name == BASE or candidate.prompt is not None or candidate.context != "none"
    if source.kind == "none" and plain:
        return candidate
    return replace(candidate, adapter=AdapterSource("served", source.value or candidate.name))


def by_case(suite: Suite, answers: str, store: Store) -> str:
    """A file of answers with case ids alone, in the store: inputs are the ids that ask them."""
    from harness.serve.replay import read_answers

    ids: dict[str, list[str]] = {}
    for task in suite.tasks:
        for case in task.cases:
            ids.setdefault(case.input, []).append(case.id)
    lines = [
        json.dumps({**row.data, "case": case}, ensure_ascii=False)
        for row in read_answers(Path(answers))
        for case in ([row.case] if row.case else ids.get(row.input, []))
    ]
    path = store.root / "values" / f"{ENGINE}-{digest_of(lines)}.jsonl"
    write_atomic(path, "\n".join(lines) + "\n")
    return str(path)


def check_cases(suite: Suite, rows: Sequence["Replayed"]) -> None:
    """Refuse answers to cases that the suite does not have.

    Raises:
        SuiteError: with every such line.
    """
    ids = {case.id for task in suite.tasks for case in task.cases}
    texts = {case.input for task in suite.tasks for case in task.cases}
    problems = [
        Problem(f"unknown case '{row.case}'", row.where, unknown_remedy(row.case, ids))
        if row.case
        else Problem("no case has this input", row.where, "give the case's id instead")
        for row in rows
        if (row.case not in ids if row.case else row.input not in texts)
    ]
    if problems:
        raise SuiteError(problems)


def answered_by(task: Task, rows: Sequence["Replayed"]) -> set[str]:
    """The candidates with an answer to at least one of a task's cases."""
    ids, texts = {case.id for case in task.cases}, {case.input for case in task.cases}
    return {row.candidate for row in rows if (row.case in ids if row.case else row.input in texts)}


def model_of(answers: str, store: Store) -> Model:
    """What stands for the model of a replay: the file, by its bytes."""
    return Model(f"{ENGINE}:{Path(answers).name}", "", store.file_digest(Path(answers)))


def stand_in(cell: "Cell", plan: "Plan") -> Adapter | None:
    """What stands for the adapter of a replayed cell: it tells the engine whose answers to give."""
    if plan.engine != ENGINE:
        return None
    name = cell.candidate.name
    digest = digest_of([ENGINE, plan.model.digest, name])
    return Adapter(name, f"{SERVED}{name}", digest, rank=0, size=0)


def warnings_of(plan: "Plan") -> Iterator[str]:
    """What a reader of replayed answers must know."""
    if plan.engine == ENGINE:
        yield f"{plan.model.name}: how these answers were made was not checked"
        if any(candidate.context != "none" for candidate in plan.suite.candidates):
            yield "passages are those that this suite finds; what was read elsewhere is not known"
