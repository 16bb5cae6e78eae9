"""A finished adapter in the place of the one that a suite would train: what is asked then."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from harness.errors import MeasurementError, UsageError
from harness.plan import Cell, Plan
from harness.records import AdapterSource, Suite
from harness.served import SERVED
from harness.store import Store
from harness.suite.judges import JUDGE

WEIGHT = "adapter_mb"


def judged_alone(suite: Suite) -> Suite:
    """The suite with only what its gate rules look at: their tasks, and there their candidates.

    What its author expects of other candidates falls away with them.
    """
    tasks = []
    # an adapter is weighed, not asked: such a rule brings in no task unless it stands alone
    answered = [rule for rule in suite.rules if rule.metric != WEIGHT]
    named = {name for rule in answered for name in (rule.candidate, rule.against)}
    answered += [
        rule for rule in suite.rules if rule.metric == WEIGHT and rule.candidate not in named
    ]
    for task in suite.tasks:
        rules = [rule for rule in answered if rule.task in (task.name, "")]
        named = {name for rule in rules for name in (rule.candidate, rule.against)}
        named |= {spec.options.get("against") for spec in task.scorers if spec.name == JUDGE}
        asked = task.candidates or tuple(one.name for one in suite.candidates)
        chosen = tuple(name for name in asked if name in named)
        if rules and chosen:
            tasks.append(replace(task, candidates=chosen))
    left = {name for task in tasks for name in task.candidates or ()}
    candidates = tuple(one for one in suite.candidates if one.name in left)
    return replace(suite, tasks=tuple(tasks), candidates=candidates, expectations=())


def with_adapter(suite: Suite, path: str) -> Suite:
    """The suite with every trained adapter replaced by a finished one.

    Raises:
        UsageError: its candidates have several adapters, or none; the path is not there.
    """
    found = {candidate.adapter for candidate in suite.candidates} - {AdapterSource()}
    if len(found) > 1:
        raise UsageError(
            "the suite compares several adapters, and --adapter would replace them all",
            remedy="give the suite's candidates one adapter, or name the path in suite.yaml",
        )
    if not found:
        raise UsageError(
            "no candidate of the gate's rules has an adapter, so --adapter would judge nothing",
            remedy="write a rule about a candidate with an adapter",
        )
    there = Path(path).expanduser().exists()
    if not there and path.startswith((".", "/", "~")):
        remedy = "a folder with adapter_config.json and adapter_model.safetensors"
        raise UsageError("no such adapter folder", where=path, remedy=remedy)
    source = AdapterSource("path" if there else "hub", path)
    if source.kind == "path":
        source = AdapterSource("path", str(Path(path).expanduser().resolve()))
    swapped = tuple(
        replace(candidate, adapter=source) if candidate.adapter.kind != "none" else candidate
        for candidate in suite.candidates
    )
    return replace(suite, candidates=swapped)


def check_bytes(works: Iterable[tuple[Plan, Sequence[Cell]]], store: Store) -> None:
    """Refuse answers of an adapter whose bytes changed while it gave them.

    `works` are plans with the cells that were being answered: those of the adapter go from the
    store, for nobody knows whose they are.

    Raises:
        MeasurementError: the bytes at the path are not those that were asked for.
    """
    cells = [(cell, cell.adapter) for _, several in works for cell in several if cell.adapter]
    for adapter in {adapter.digest: adapter for _, adapter in cells}.values():
        if adapter.path.startswith(SERVED):
            continue
        folder = Path(adapter.path)
        there = store.adapter_digest(folder) if folder.is_dir() else "gone"
        if there == adapter.digest:
            continue
        for cell, own in cells:
            if own.digest == adapter.digest:
                store.answers(cell.key).path.unlink(missing_ok=True)
        raise MeasurementError(
            f"the adapter's bytes changed while it was judged: {adapter.digest[:12]}, "
            f"now {there[:12]}",
            where=adapter.path,
            remedy="let nothing write there, and run the gate again",
        )
