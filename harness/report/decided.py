"""What a run's conclusions say, picked once for the reports that are text."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from harness.console import many
from harness.records import (
    ClaimResult,
    CurveResult,
    Finding,
    Metric,
    NeedResult,
    Run,
)
from harness.report import text, view
from harness.report.links import Answers

UNDECIDED = (
    "This run's record holds no decision. Running the suite again makes one; finished work is kept."
)
NO_COSTS = "This run does not set fine-tuning against RAG in money."
NOTHING_BROKE = "No loss was shown. That is no proof that there is none."
MOST_BROKE = 5
NAME, SENTENCE = 80, 800
"""Characters of a name and of a sentence: a screen of them holds, whatever a suite is called."""
_SHARE = Metric("share", "")


@dataclass(frozen=True, slots=True)
class Weakness:
    """Something that a candidate does not do, with one answer that shows it, if there is one."""

    kind: str
    sentence: str
    case: str = ""


def is_old(run: Run) -> bool:
    """Whether the run was made before runs came to conclusions."""
    return run.decision is None and not (run.claims or run.curves or run.break_even)


def headline(run: Run) -> str:
    """The decision in a sentence."""
    return text.one_line(run.decision.sentence, SENTENCE) if run.decision else UNDECIDED


def use(need: NeedResult) -> str:
    """The way to serve a need, with its candidate: 'fine-tune (lora)', 'none (best: lora)'."""
    name = text.one_line(need.candidate, NAME)
    if name and need.way == "none":
        return f"none (best: {name})"
    return f"{need.way} ({name})" if name and name != need.way else need.way


def sure(need: NeedResult) -> str:
    """How sure a need's answer is; 'missed' where even the best is shown to miss the target."""
    missed = any(o.candidate == need.candidate and o.meets == "missed" for o in need.options)
    return "missed" if need.way == "none" and missed else need.sure


def need_rows(run: Run) -> list[tuple[str, str, str, str, str, str]]:
    """Need, what to use, how sure, level with interval, target, n."""
    metrics = view.metric_map(run)
    rows: list[tuple[str, str, str, str, str, str]] = []
    for need in run.decision.needs if run.decision else ():
        metric = metrics.get(need.metric, _SHARE)
        level = text.estimate(need.mean, need.low, need.high, metric)
        target = "" if need.target is None else text.number(need.target, metric)
        rows.append((need.need, use(need), sure(need), level, target, f"{need.n:,}"))
    return rows


def effect(claim: ClaimResult, metrics: dict[str, Metric]) -> str:
    """A claim's number: a difference where it has a baseline, else a level in its own unit."""
    if claim.effect is None:
        return ""
    if claim.unit != "share":
        return text.spread(claim.effect, claim.low, claim.high, claim.unit)
    metric = metrics.get(claim.metric, _SHARE)
    if metric.unit != "share":
        metric = _SHARE
    said = text.difference if claim.baseline else text.estimate
    return said(claim.effect, claim.low, claim.high, metric)


def against(claim: ClaimResult) -> str:
    """What a claim's number compares, and on what: "lora − base: style.all, clauses"."""
    pair = f"{claim.candidate} − {claim.baseline}" if claim.baseline else claim.candidate
    part = [] if claim.slice == "all" or claim.contrast else [claim.slice]
    place = ", ".join(filter(None, (claim.metric, claim.task, *part)))
    return text.one_line(": ".join(filter(None, (claim.contrast or pair, place))), 2 * NAME)


def claim_rows(run: Run) -> list[tuple[str, str, str, str, str]]:
    """Claim, answer, effect with interval, n, and what is compared with what."""
    metrics = view.metric_map(run)
    return [
        (
            text.one_line(one.claim, 2 * NAME),
            one.answer,
            effect(one, metrics),
            f"{one.n:,}",
            against(one),
        )
        for one in run.claims
    ]


def broke(run: Run) -> list[Finding]:
    """What was shown to be lost or to stay frozen, the first of each claim.

    Of the findings and of the claims' own tests, after Holm's correction.
    """
    every = [*run.findings, *(one for claim in run.claims for one in claim.evidence)]
    shown = [f for f in dict.fromkeys(every) if f.group == "broke" and f.answer != "not shown"]
    return view.digest(shown)[0]


def example(answers: Answers, loss: Finding) -> str:
    """A case that shows a loss: where it did worse, else where it fails; '' without one."""
    where = (loss.task, loss.metric, loss.slice)
    lost = answers.lost_case(*where, (loss.candidate, loss.baseline)) if loss.baseline else ""
    return lost or answers.failing_case(*where, loss.candidate)


def place(need: NeedResult, metrics: dict[str, Metric]) -> str:
    """Where a need was decided, and the task in which its candidate does worst, if another."""
    if not need.task:
        return ""
    part = [] if need.slice == "all" else [need.slice]
    said = ", ".join((need.metric, need.task, *part))
    worst = need.elsewhere[0] if need.elsewhere else None
    metric = metrics.get(worst.metric, _SHARE) if worst else _SHARE
    sign = -1 if metric.better == "lower" else 1
    if worst is not None and need.mean is not None and sign * (worst.mean - need.mean) < 0:
        level = text.number(worst.mean, metric)
        said += f"; weakest: {level} on {worst.metric} in {worst.task} (n = {worst.n:,})"
    return text.one_line(said, SENTENCE)


def place_rows(run: Run) -> list[tuple[str, str]]:
    """Need, and where it was decided."""
    metrics = view.metric_map(run)
    needs = run.decision.needs if run.decision else ()
    return [(one.need, said) for one in needs if (said := place(one, metrics))]


def unmet(run: Run) -> list[NeedResult]:
    """Needs whose candidate is not shown to reach the target."""
    return [one for one in (run.decision.needs if run.decision else ()) if not _is_met(one)]


def _is_met(need: NeedResult) -> bool:
    chosen = (one.meets for one in need.options if one.candidate == need.candidate)
    return next(chosen, "shown" if need.sure == "shown" else "not shown") == "shown"


def weaknesses(run: Run) -> list[Weakness]:
    """Unmet needs, then what broke, each with one failing answer."""
    answers, metrics = Answers(run), view.metric_map(run)
    found = [
        Weakness(
            one.need,
            _short(one, metrics.get(one.metric, _SHARE)),
            answers.failing_case(one.task, one.metric, one.slice, one.candidate),
        )
        for one in unmet(run)
    ]
    return found + [
        Weakness(
            "broke",
            text.one_line(one.sentence, SENTENCE),
            example(answers, one),
        )
        for one in broke(run)[:MOST_BROKE]
    ]


def _short(need: NeedResult, metric: Metric) -> str:
    """Level against target; the reason where there is no level."""
    if need.mean is None or need.target is None:
        return text.one_line(need.why, SENTENCE)
    place = ", ".join([need.metric, need.task, *([need.slice] if need.slice != "all" else [])])
    level = text.estimate(need.mean, need.low, need.high, metric)
    said = f"{need.candidate} has {level} on {place}, n = {need.n:,}"
    wanted = text.number(need.target, metric)
    end = "is missed" if sure(need) == "missed" else "is not shown to be reached"
    return f"{text.one_line(said, SENTENCE)}; {wanted} {end}."


def show(case: str, run: Run) -> str:
    """The command that shows a case of this run."""
    return f"bench show {shlex.quote(text.one_line(case))} --run {shlex.quote(run.id)}"


def advice_title(run: Run) -> str:
    """What the advice of findings is called: beside a decision, what it leaves out."""
    if run.decision is None:
        return "What the findings advise"
    return "Findings alone: best of all on whole tasks, targets left out"


def cost_rows(run: Run) -> Iterator[tuple[str, str]]:
    """What each way costs per day, and where one overtakes the other, as (label, words)."""
    cost = run.break_even
    if cost is None:
        return
    unit = text.one_line(f"{cost.currency} per day", NAME)
    for way, name, figures in (
        ("fine-tuning", cost.tuned_candidate, cost.tuned),
        ("RAG", cost.rag_candidate, cost.rag),
    ):
        label = f"{way} ({text.one_line(name, NAME)})" if name else way
        yield label, text.spread(*figures, unit)
    for figures_at, unit in (
        (cost.by_rate, "changes per fact and day"),
        (cost.by_volume, "queries per day"),
    ):
        said = text.spread(*figures_at, unit) if figures_at else f"none in {unit}"
        yield "break-even at", said
    for target, days in cost.retrain.items():
        label = f"to keep staleness under {text.one_line(target)}"
        yield label, f"train again every {text.amount(days, 'days')}"
    if cost.optimal_days is not None:
        yield "cheapest", f"train again every {text.amount(cost.optimal_days, 'days')}"


def cost_line(run: Run) -> str:
    """What both ways cost, and where one overtakes the other, in a paragraph."""
    if run.break_even is None:
        why = next((one.sentence for one in run.claims if one.name == "expensive"), "")
        return text.one_line(f"{NO_COSTS} {why}".strip(), SENTENCE)
    said = f"{run.break_even.sentence} {run.break_even.harm}"
    return text.one_line(said.strip(), 2 * SENTENCE)


def needed(curve: CurveResult) -> str:
    """The examples or exposures that the target needs."""
    if curve.needed is None:
        return "beyond the data"
    return text.spread(*curve.needed, curve.axis)


def curve_rows(run: Run) -> list[tuple[str, str, str, str, str]]:
    """Need, where it was measured, target, what it needs, seeds."""
    metrics = view.metric_map(run)
    rows = []
    for one in run.curves:
        metric = metrics[one.metric]
        place = ", ".join([one.task, one.metric, *([one.slice] if one.slice != "all" else [])])
        target = "" if one.target is None else text.number(one.target, metric)
        trained = f"{many(one.seeds, 'seed')}, {one.training}"
        rows.append((one.need, text.one_line(place), target, needed(one), trained))
    return rows


def price_rows(run: Run) -> list[tuple[str, str, str]]:
    """What costs rest on: name, value with interval, where it is from and of which day."""
    rows = []
    for one in run.break_even.inputs.values() if run.break_even else ():
        day = [] if one.on is None else [one.on.isoformat()]
        origin = ", ".join([one.origin, *([one.source] if one.source else []), *day])
        value = text.spread(one.value, one.low, one.high, one.unit)
        rows.append(
            (
                text.one_line(one.name, NAME),
                text.one_line(value, 2 * NAME),
                text.one_line(origin, 2 * NAME),
            )
        )
    return rows
