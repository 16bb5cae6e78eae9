"""What a report says of a run's judges: how they were asked, their bias, and their agreement."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from harness.compare.agreement import Agreement, agreement, corrected
from harness.panel import Judge, Panel, Said, Sheet
from harness.plan import Plan
from harness.records import MIN_SLICE, Judgement, Summary
from harness.score.judge import METRIC, VALUES, Label, outcome
from harness.score.text import quote
from harness.store import Store

CALLED = {"win": "first", "loss": "second", "tie": "tie", "disagree": "tie"}
WORTH = {"first": 1.0, "second": 0.0, "tie": 0.5}


def notes_of(
    plan: Plan, sheets: Sequence[Sheet], said: Said, summaries: Sequence[Summary], store: Store
) -> Iterator[str]:
    """How each task's judge was asked, how far the order swayed it, and how people see it."""
    for task, judge in judges(sheets).items():
        own = [one for one in sheets if one.task == task]
        yield how(judge, task, own, store)
        yield order(task, own, said)
        if judge.options.labels:
            found, lost = agreed(judge, said[task, ""])
            yield f"{task}: {agreement_words(found, lost)}"
            clusters = {case.id: case.cluster for t in plan.suite.tasks for case in t.cases}
            for one in own:
                if one.candidate:
                    yield from correction(judge, one, said, clusters, summaries)


def warnings_of(sheets: Sequence[Sheet], said: Said, panel: Panel, base: str) -> Iterator[str]:
    """What a reader must know before believing a judge; `base` is the digest of the run's model."""
    for task, judge in panel.items():
        name = f"the judge of {task} ({judge.options.judge})"
        if not judge.options.labels:
            yield f"{name} was held against no person's labels: see docs/judge.md"
        elif any(one.task == task and not one.candidate for one in sheets):
            found, _ = agreed(judge, said[task, ""])
            if found.low is None or found.low <= 0:
                yield f"{name} is not shown to agree with people beyond chance"
        if judge.model.digest == base:
            yield f"{name} is the base model itself: it may prefer its own words"


def judges(sheets: Sequence[Sheet]) -> dict[str, Judge]:
    """The judge of each task."""
    return {one.task: one.judge for one in sheets}


def how(judge: Judge, task: str, sheets: Sequence[Sheet], store: Store) -> str:
    """Who was asked, with what, how often."""
    seconds = sum(store.value(f"seconds-{one.cell.key}") or 0.0 for one in sheets)
    asked = sum(len(one.cell.asked) for one in sheets)
    return (
        f"{task}: judged against {judge.options.against} by {judge.options.judge} "
        f"({judge.model.name}, digest {judge.model.digest[:12]}, {judge.version}), greedily and in "
        f"both orders: {asked} questions, {seconds:.0f} s with the engine's start. There is no "
        "canary: a judge has no adapter that could be missing. "
        f"Rubric: {quote(judge.options.rubric, 300)}"
    )


def order(task: str, sheets: Sequence[Sheet], said: Said) -> str:
    """How often the place of an answer decided, over all pairs that the judge was asked."""
    asked = [
        said[one.task, one.candidate][pair.name]
        for one in sheets
        for pair in one.pairs
        if pair.settled is None
    ]
    kinds = Counter(outcome(one) for one in asked)
    places = Counter(one.verdicts for one in asked if outcome(one) == "disagree")
    return (
        f"{task}: the order changed the judge's verdict in {kinds['disagree']} of {len(asked)} "
        f"pairs (always the first shown {places['A', 'A']}, always the second "
        f"{places['B', 'B']}); {kinds['']} had no verdict"
    )


def agreed(judge: Judge, said: Mapping[str, Judgement]) -> tuple[Agreement, int]:
    """The judge against people's labels, and the number of pairs without a verdict."""
    pairs, clusters = [], []
    for number, label in enumerate(judge.options.labels):
        found = outcome(said[f"label-{number}"])
        if found:
            pairs.append((label.label, CALLED[found]))
            clusters.append(label.cluster or label.input)
    return agreement(pairs, clusters), len(judge.options.labels) - len(pairs)


def agreement_words(found: Agreement, lost: int) -> str:
    """A sentence with kappa, or why there is none."""
    if not found.n:
        return f"judge agrees with people: no verdict on any of the {lost} labelled pairs"
    more = f"; {lost} more had no verdict" if lost else ""
    alike = f"({100 * found.same:.0f} % called alike){more}"
    if found.kappa is None or found.low is None or found.high is None:
        few = found.clusters < MIN_SLICE
        why = "too few for κ" if few else "no κ, for one side used a single word"
        return f"judge agrees with people: n = {found.n}, {why} {alike}"
    kappa = f"κ = {found.kappa:.2f} [{found.low:.2f}, {found.high:.2f}]"
    return f"judge agrees with people: {kappa}, n = {found.n} {alike}"


def correction(
    judge: Judge,
    sheet: Sheet,
    said: Said,
    clusters: Mapping[str, str],
    summaries: Sequence[Summary],
) -> Iterator[str]:
    """The candidate's win rate as its labels correct it, beside the raw one."""
    labels = [one for one in judge.options.labels if one.candidate == sheet.candidate]
    if not labels:
        return
    values = {
        name: VALUES[outcome(one)]
        for name, one in said[sheet.task, sheet.candidate].items()
        if outcome(one)
    }
    people = opinions(labels, sheet)
    known = {name: worth for name, worth in people.items() if name in values}
    rest = [name for name in values if name not in known]
    found = corrected(
        list(known.values()),
        [values[name] for name in known],
        [clusters[name] for name in known],
        [values[name] for name in rest],
        [clusters[name] for name in rest],
    )
    about = f"{METRIC}_corrected of {sheet.candidate} in {sheet.task}"
    used = f"{len(known)} labelled cases"
    if found is None:
        yield f"{about}: {used} of the answers of this run are too few to correct with"
        return
    raw = next(
        one
        for one in summaries
        if (one.task, one.metric, one.slice, one.candidate)
        == (sheet.task, METRIC, "all", sheet.candidate)
    )
    yield (
        f"{about}: {percent(found.mean, found.low, found.high)} with {used} and "
        f"{found.judged} judged ones (PPI++, weight of the judge {found.weight:.2f}); "
        f"as judged {percent(raw.mean, raw.low, raw.high)}"
    )


def opinions(labels: Sequence[Label], sheet: Sheet) -> dict[str, float]:
    """What people make of a candidate's answers, by case: 1 better, 0.5 tie, 0 worse.

    Only labels of the very answers of this run count, in either order; several are averaged.
    """
    pairs = {pair.name: (pair.one.strip(), pair.other.strip()) for pair in sheet.pairs}
    found: dict[str, list[float]] = {}
    for label in labels:
        shown = (label.first.strip(), label.second.strip())
        worth = WORTH[label.label]
        if shown == pairs.get(label.case):
            found.setdefault(label.case, []).append(worth)
        elif shown[::-1] == pairs.get(label.case):
            found.setdefault(label.case, []).append(1 - worth)
    return {case: sum(values) / len(values) for case, values in found.items()}


def percent(mean: float | None, low: float | None, high: float | None) -> str:
    """A share with its interval."""
    if mean is None or low is None or high is None:
        return "not measured"
    return f"{100 * mean:.0f} % [{100 * low:.0f}, {100 * high:.0f}]"
