"""Slices that follow from a case's fact: how long ago it changed, how often training shows it.

Given when the suite is loaded, after its cases and rows were sampled, so that summaries,
comparisons, reports and rules all see them as tags.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import replace

from harness.records import Case, Fact, Suite, Task
from harness.suite.facts import at

AGES = ("age-under-90-days", "age-90-days-to-1-year", "age-1-to-3-years", "age-over-3-years")
AGE_EDGES = (90, 365, 3 * 365)
"""Days between the fact's last change and the case's day from which the next band holds."""

EXPOSURES = (
    "exposures-0",
    "exposures-1",
    "exposures-2-to-3",
    "exposures-4-to-15",
    "exposures-16-up",
)
EXPOSURE_EDGES = (1, 2, 4, 16)
"""Training rows that carry the fact from which the next band holds."""


def with_bands(suite: Suite) -> Suite:
    """The suite with each case tagged by the age of its fact's last change and its exposures.

    A fact that never changed has no age; one whose exposures are not declared has no such band.
    A task whose author gave tags that begin with `age-` or `exposures-` keeps those alone.
    """
    facts = {fact.id: fact for fact in suite.facts}
    tasks = tuple(_banded(task, facts) for task in suite.tasks)
    return replace(suite, tasks=tasks)


def _banded(task: Task, facts: Mapping[str, Fact]) -> Task:
    own = {tag.partition("-")[0] for case in task.cases for tag in case.tags}
    cases = []
    for case in task.cases:
        fact = facts.get(case.fact or "")
        found = [] if fact is None or "age" in own else _age(fact, case)
        found += [] if fact is None or "exposures" in own else _exposures(fact)
        cases.append(replace(case, tags=(*case.tags, *found)) if found else case)
    return replace(task, cases=tuple(cases))


def _age(fact: Fact, case: Case) -> list[str]:
    now = None if case.as_of is None else at(fact, case.as_of)
    if case.as_of is None or now is None or now is fact.versions[0]:
        return []
    days = (case.as_of - now.valid_from).days
    return [AGES[bisect_right(AGE_EDGES, days)]]


def _exposures(fact: Fact) -> list[str]:
    if fact.exposures is None:
        return []
    return [EXPOSURES[bisect_right(EXPOSURE_EDGES, fact.exposures)]]
