"""What a suite says about its judges: names that must fit, and people's labels."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from harness.records import Case, ScorerSpec
from harness.suite.build import PATH_START, candidate_specs, local_path
from harness.suite.explain import always, validate
from harness.suite.files import Problems, quote, read_jsonl, shown
from harness.suite.row_schema import Strict
from harness.suite.scalars import Name, Text
from harness.suite.spec import Spec

JUDGE = "judge"
Find = Callable[[str], Path | None]


class LabelRow(Strict):
    """A line of a judge's labels: which of two answers a person prefers.

    `case` or `input` says what was asked; `candidate` gave one of the answers.
    """

    first: str
    second: str
    label: Literal["first", "second", "tie"]
    case: Text | None = None
    input: Text | None = None
    candidate: Name | None = None


def check_judges(spec: Spec, problems: Problems) -> None:
    """Note a judge's `against` that does not answer the task, and tasks with different judges."""
    known = candidate_specs(spec.file)
    models: dict[str, str] = {}
    for name, task in spec.file.tasks.items():
        options = (task.scorers or {}).get(JUDGE)
        if options is None:
            continue
        place = ("tasks", name, "scorers", JUDGE)
        against = options.get("against")
        if isinstance(against, str):
            where = spec.raw.where((*place, "against"))
            answering = task.candidates or list(known)
            if against not in known:
                problems.unknown("candidate", against, known, where)
            elif against not in answering:
                what = f"candidate '{against}' does not answer task '{name}'"
                problems.add(what, where, f"add it to tasks.{name}.candidates")
            elif set(answering) == {against}:
                what = f"task '{name}' has no candidate to judge against '{against}'"
                problems.add(what, where, "add one, or drop the judge")
        models[name] = str(options.get("model", ""))
        first = next(iter(models))
        if models[name] != models[first]:
            what = f"tasks '{first}' and '{name}' have different judges"
            remedy = "give both the same model: judge.win is one metric"
            problems.add(what, spec.raw.where((*place, "model")), remedy)


def completed(
    scorer: ScorerSpec, cases: Sequence[Case], candidates: Sequence[str], root: Path, find: Find,
    problems: Problems,
) -> ScorerSpec:  # fmt: skip
    """A judge's options with its labels read and its model's relative folder made absolute."""
    options = dict(scorer.options)
    model, labels = options.get("model"), options.get("labels")
    if isinstance(model, str) and model.startswith(PATH_START):
        options["model"] = local_path(model, root)
    if isinstance(labels, str) and labels.strip():
        path = find(labels)
        options["labels"] = read_labels(path, cases, candidates, problems) if path else []
    return replace(scorer, options=options)


def read_labels(
    path: Path, cases: Sequence[Case], candidates: Sequence[str], problems: Problems
) -> list[dict[str, Any]]:
    """The good rows of a labels file, with input, reference and cluster of the case they name."""
    known = {case.id: case for case in cases}
    found = []
    before = len(problems)
    for _, where, raw in read_jsonl(path, problems):
        row = validate(LabelRow, raw, always(where), problems)
        if row is None:
            continue
        case = known.get(row.case or "")
        if row.case is None and row.input is None:
            problems.add("a label needs 'case' or 'input'", where, "say what was asked")
        elif row.case is not None and row.input is not None:
            problems.add("a label has 'case' and 'input'", where, "keep one of them")
        elif row.case is not None and case is None:
            problems.unknown("case", row.case, known, where)
        if row.candidate is not None and row.candidate not in candidates:
            problems.unknown("candidate", row.candidate, candidates, where)
        elif row.candidate is not None and row.case is None:
            what = f"a label of candidate {quote(row.candidate)} names no case"
            problems.add(what, where, "name the case that it answered")
        text = case.input if case else row.input or ""
        found.append(
            {
                "input": text,
                "first": row.first,
                "second": row.second,
                "label": row.label,
                "case": row.case or "",
                "candidate": row.candidate or "",
                "reference": case.reference if case else "",
                "cluster": case.cluster if case else text,
                "where": where,
            }
        )
    if not found and len(problems) == before:
        problems.add("the labels file is empty", shown(path), "add rows, or drop 'labels'")
    return found
