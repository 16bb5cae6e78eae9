"""Answers made elsewhere, scored as if they had been given here: `bench score`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import Problem, SuiteError, UsageError, unknown_remedy
from harness.records import (
    Adapter,
    AdapterSource,
    Candidate,
    Expectation,
    Model,
    Sampling,
    Suite,
    Task,
)
from harness.served import SERVED
from harness.store import Store, digest_of, write_atomic
from harness.suite.files import Problems

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
        SuiteError: every line that cannot be read, that names a case which the suite does not
            have, or that answers again what an earlier one answered; of many, the first.
    """
    from harness.serve.replay import read_answers

    try:
        rows = read_answers(path)
        check_rows(suite, rows)
    except SuiteError as error:
        found = Problems()
        for one in error.problems:
            found.add(one.what, one.where, one.remedy)
        raise SuiteError(found.capped()) from None
    named = {row.candidate for row in rows}
    known = {one.name: one for one in suite.candidates if one.name in named}
    names = dict.fromkeys([*known, *(row.candidate for row in rows)])
    candidates = tuple(standing(known.get(name, Candidate(name))) for name in names)
    tasks = tuple(
        replace(task, candidates=tuple(name for name in names if name in answered))
        for task in suite.tasks
        if (answered := draws_of(task, rows))
    )
    left = {(name, task.name) for task in tasks for name in task.candidates or ()}
    return replace(
        suite,
        candidates=candidates,
        tasks=tasks,
        expectations=tuple(one for one in suite.expectations if sides_of(one) <= left),
        recipes=(),
        model=f"{ENGINE}:{path.name}",
        endpoint=None,
        sampling=Sampling(samples=1 + max(row.sample for row in rows)),
    )


def standing(candidate: Candidate) -> Candidate:
    """A candidate whose answers are in a file; one that the suite does not know is an adapter."""
    source = candidate.adapter
    plain = candidate.name == BASE or candidate.prompt is not None or candidate.context != "none"
    if source.kind == "none" and plain:
        return candidate
    return replace(candidate, adapter=AdapterSource("served", source.value or candidate.name))


def sides_of(one: Expectation) -> set[tuple[str, str]]:
    """The candidates, each with its task, whose answers an expectation is about."""
    arms = (one.arm, one.against)
    sides = {(arm.candidate, arm.task) for arm in arms}
    return sides | ({(one.net_of, arm.task) for arm in arms} if one.net_of else set())


def placed(plan: "Plan", answers: str, store: Store) -> "Plan":
    """The plan with the answers by case id, and without draws that a candidate did not make.

    Answers are kept in the store; an input stands for all ids of cases that ask it.
    """
    from harness.serve.replay import read_answers

    rows = read_answers(Path(answers))
    ids = ids_of(plan.suite)
    lines = [json.dumps({**row.data, "case": case}) for row in rows for case in cases_of(row, ids)]
    path = store.root / "values" / f"{ENGINE}-{digest_of(lines)}.jsonl"
    write_atomic(path, "\n".join(lines) + "\n")
    given = {(row.candidate, case, row.sample) for row in rows for case in cases_of(row, ids)}
    draws = {task.name: draws_of(task, rows) for task in plan.suite.tasks}
    cells = tuple(
        cell for cell in plan.cells if cell.sample < draws[cell.task.name][cell.candidate.name]
    )
    warnings = (*plan.warnings, *lacking(cells, given))
    return replace(plan, answers=str(path), cells=cells, warnings=warnings)


def lacking(cells: Sequence["Cell"], given: set[tuple[str, str, int]]) -> Iterator[str]:
    """What each candidate was asked, in a task that it answered, and has no answer to."""
    asked: dict[str, list[bool]] = {}
    for cell in cells:
        name = cell.candidate.name
        asked.setdefault(name, []).extend(
            (name, one.case.id, cell.sample) in given for one in cell.asked if not one.skip
        )
    for name, found in asked.items():
        if not all(found):
            lost = found.count(False)
            yield f"the file lacks {lost} of {len(found)} answers of {name}: errors, not zeros"


# ---------------------------------------------------------------- rows and the cases they answer


def ids_of(suite: Suite) -> dict[str, list[str]]:
    """The ids of the cases that ask each input."""
    found: dict[str, list[str]] = {}
    for task in suite.tasks:
        for case in task.cases:
            found.setdefault(case.input, []).append(case.id)
    return found


def cases_of(row: "Replayed", ids: Mapping[str, list[str]]) -> list[str]:
    """The ids of the cases that a row answers."""
    return [row.case] if row.case else ids.get(row.input, [])


def draws_of(task: Task, rows: Sequence["Replayed"]) -> dict[str, int]:
    """How many answers a case each candidate has given at most, if any to a task's cases."""
    ids, texts = {case.id for case in task.cases}, {case.input for case in task.cases}
    draws: dict[str, int] = {}
    for row in rows:
        if row.case in ids if row.case else row.input in texts:
            draws[row.candidate] = max(draws.get(row.candidate, 0), row.sample + 1)
    return draws


def check_rows(suite: Suite, rows: Sequence["Replayed"]) -> None:
    """Refuse answers to no case of the suite, to one twice, and samples that are not counted.

    Raises:
        SuiteError: with every such line.
    """
    ids = ids_of(suite)
    known = {case for several in ids.values() for case in several}
    problems: list[Problem] = []
    first: dict[tuple[str, str, int], Replayed] = {}
    for row in rows:
        if row.case and row.case not in known:
            remedy = unknown_remedy(row.case, known)
            problems.append(Problem(f"unknown case '{row.case}'", row.where, remedy))
        elif not row.case and row.input not in ids:
            what, remedy = "no case has this input", "give the case's id instead"
            problems.append(Problem(what, row.where, remedy))
        for case in cases_of(row, ids):
            earlier = first.setdefault((row.candidate, case, row.sample), row)
            if earlier is not row:
                line = earlier.where.rpartition(":")[2]
                what = f"'{row.candidate}' answers case '{case}' by its input and by its id"
                problems.append(Problem(f"{what}, here and in line {line}", row.where, "keep one"))
    drawn: dict[str, dict[int, str]] = {}
    for row in rows:
        drawn.setdefault(row.candidate, {}).setdefault(row.sample, row.where)
    for name, samples in drawn.items():
        gap = next(number for number in range(len(samples) + 1) if number not in samples)
        if gap < len(samples):
            where = next(samples[number] for number in sorted(samples) if number > gap)
            what = f"'{name}' has a sample {max(samples)} and no sample {gap}"
            problems.append(Problem(what, where, "count samples from 0"))
    if problems:
        raise SuiteError(problems)


# ---------------------------------------------------------------- what stands for weights


def model_of(answers: str, store: Store) -> Model:
    """What stands for the model of a replay: the file, by its bytes.

    Raises:
        UsageError: no file was given.
    """
    if not answers:
        raise UsageError(
            "engine 'replay' has no answers", remedy="bench score ANSWERS.jsonl --suite SUITE"
        )
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
