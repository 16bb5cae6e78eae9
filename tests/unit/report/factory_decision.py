"""Claims, a decision, curves and costs on top of a factory run, hostile texts among them."""

import dataclasses
import math
from datetime import date

from factory_run import NASTY

from harness.records import PRICES, RATES, Run, Summary
from harness.records.decision import (
    TARGETS,
    BreakEven,
    ClaimResult,
    CurveGap,
    CurvePoint,
    CurveResult,
    Decision,
    NeedResult,
    Option,
    Priced,
    Way,
)

EVIL = NASTY[0]
WAYS: dict[str, Way] = {
    "base": "base",
    "base+house": "prompt",
    "base+retrieved": "RAG",
    "base+gold": "RAG",
    "lora": "fine-tune",
    "lora+retrieved": "combine",
    "lora+gold": "combine",
}
# as a suite's policy would set it
AIMS = TARGETS | {"style": 0.85}
# need, task, metric, slice, candidate
NEED_ROWS = (
    ("style", "clauses", "style.all", "all", "lora"),
    ("terminology", "clauses", "terminology.success", "all", "base+house"),
    ("stable facts", "recency", "recency.current", "unchanged", "base+retrieved"),
    ("changing facts", "recency", "recency.current", "changed", "lora+retrieved"),
    ("rare facts", "recency", "recency.current", "new", "base+retrieved"),
)


def _summary(run: Run, task: str, metric: str, part: str, name: str) -> Summary:
    found = [
        s
        for s in run.summaries
        if (s.task, s.metric, s.slice, s.candidate) == (task, metric, part, name)
    ]
    return found[0] if found else Summary(task, metric, part, name, 0, 0, None, None, None)


def _option(run: Run, task: str, metric: str, part: str, name: str, target: float) -> Option:
    one = _summary(run, task, metric, part, name)
    if one.mean is None or one.low is None or one.high is None:
        meets = "unmeasured"
    elif one.low >= target:
        meets = "shown"
    else:
        meets = "missed" if one.high < target else "not shown"
    cost = 0.21 if "+" not in name else 0.64
    return Option(name, WAYS.get(name, "base"), one.mean, one.low, one.high, one.n, meets, cost)  # type: ignore[arg-type]


def _need(run: Run, row: tuple[str, str, str, str, str]) -> NeedResult:
    need, task, metric, part, name = row
    target = AIMS[need]
    options = tuple(_option(run, task, metric, part, one, target) for one in WAYS)
    chosen = next(one for one in options if one.candidate == name)
    mean = chosen.mean or 0.0
    leaning = "leaning" if mean >= target else "not shown"
    return NeedResult(
        need,
        WAYS[name],
        name,
        "shown" if chosen.meets == "shown" else leaning,  # type: ignore[arg-type]
        f"{name} is right in {100 * mean:.0f} % of {chosen.n} answers; {100 * target:.0f} % asked.",
        f"A target of {100 * mean:.0f} % would be met; about {4 * chosen.n} cases would decide.",
        task,
        metric,
        part,
        target,
        chosen.mean,
        chosen.low,
        chosen.high,
        chosen.n,
        round((1 - mean) * chosen.n),
        options,
    )


def decision(run: Run) -> Decision:
    """A decision with every degree of certainty, one need without evidence, and hostile words."""
    needs = tuple(_need(run, row) for row in NEED_ROWS)
    unknown = NeedResult(
        "private facts",
        "none",
        "",
        "not measured",
        "No case of this run asks for facts that training never showed.",
        f"Cases about facts kept out of training would tell. {EVIL}",
        target=TARGETS["private facts"],
    )
    return Decision(
        "combine",
        "lora+retrieved",
        "Fine-tune for style and give it retrieved passages for facts: lora+retrieved; no need "
        "for changing facts is shown to be met.",
        (*needs, unknown),
        (
            "With a target of 70 % for terminology, lora alone would serve it.",
            "Above 2,400 queries a day, fine-tuning costs less than RAG at today's rates.",
            f"A hostile line: {NASTY[1]} {NASTY[3]}",
        ),
    )


def claims(run: Run) -> tuple[ClaimResult, ...]:
    """A claim of each answer, from the run's findings where it has them."""
    names = ("style", "terminology", "frozen", "context", "rag")
    found = [
        ClaimResult(
            name,
            one.claim,
            one.answer,
            one.sentence,
            one.task,
            one.metric,
            one.slice,
            one.candidate,
            one.baseline,
            one.effect,
            one.low,
            one.high,
            "share",
            one.n,
            (one, *run.findings[:2]),
        )
        for name, one in zip(names, run.findings, strict=False)
    ]
    found.append(
        ClaimResult(
            "examples",
            "Fine-tuning needs thousands of examples",
            "contradicted",
            "House style reached 90 % after about 60 examples, interval 41 to 97.",
            "clauses",
            "style.all",
            candidate="lora",
            effect=60.0,
            low=41.0,
            high=97.0,
            unit="examples",
            n=40,
        )
    )
    found.append(
        ClaimResult(
            "private",
            f"Poor on private knowledge {EVIL}",
            "not measured",
            f"No case asks for facts kept out of training. {NASTY[2]}",
        )
    )
    return tuple(found)


def _curve(
    need: str, task: str, metric: str, axis: str, fit: tuple[float, float, float], seeds: int
) -> CurveResult:
    scale, power, floor = fit
    sizes = (12, 25, 50, 100, 184) if axis == "examples" else (0, 1, 2, 4, 8, 16, 32, 64)
    points = []
    for seed in range(7, 7 + seeds):
        for x in sizes:
            wobble = 0.02 * math.sin(x + 3 * seed)
            mean = 1 - min(1.0, scale * max(x, 0.5) ** -power + floor) + wobble
            mean = min(max(mean, 0.0), 1.0)
            low, high = max(mean - 0.08, 0.0), min(mean + 0.08, 1.0)
            name = f"lora-{x}-s{seed}" if axis == "examples" else "lora"
            points.append(CurvePoint(float(x), seed, name, mean, low, high, 40))
    target = TARGETS[need]
    band = []
    for x in (1, 2, 4, 8, 12, 25, 50, 100, 184, 300, 552):
        if axis == "exposures" and x > 192:
            continue
        mean = 1 - min(1.0, scale * x**-power + floor)
        band.append((float(x), mean, max(mean - 0.06, 0.0), min(mean + 0.06, 1.0)))
    reached = next((x for x, mean, _, _ in band if mean >= target), None)
    needed = None if reached is None else (reached, 0.7 * reached, None)
    told = f"about {reached:.0f} {axis}" if reached else f"beyond the data: no {axis} measured do"
    return CurveResult(
        need,
        task,
        metric,
        "all",
        axis,  # type: ignore[arg-type]
        tuple(points),
        f"{need}: {100 * target:.0f} % needs {told}.",
        fit,
        tuple(band),
        target,
        needed,
        seeds,
        "nested",
        0.05,
    )


def curves() -> tuple[CurveResult, ...]:
    """Style and terminology over examples, facts over examples and exposures; one has no fit."""
    style = _curve("style", "clauses", "style.all", "examples", (3.2, 0.9, 0.02), 3)
    terms = _curve("terminology", "clauses", "terminology.success", "examples", (1.9, 0.5, 0.1), 3)
    facts = _curve("stable facts", "recency", "recency.current", "examples", (1.0, 0.08, 0.0), 3)
    rare = _curve("rare facts", "recency", "recency.current", "exposures", (0.95, 0.7, 0.05), 1)
    unfitted = dataclasses.replace(
        facts,
        need="changing facts",
        slice="changed",
        fit=None,
        band=(),
        needed=None,
        sentence=f"Too few sizes for a fit. {EVIL}",
    )
    ends = (style.points[0], style.points[-1])
    gaps = tuple(
        CurveGap(p.x, p.seed, p.candidate, f"{p.candidate}-alone", 0.02, -0.04, 0.08, p.n)
        for p in ends
    )
    return dataclasses.replace(style, gaps=gaps), terms, facts, rare, unfitted


def cost(currency: str = "USD") -> BreakEven:
    """A break-even with measured, suite and default inputs, and both crossovers."""
    day = date(2026, 3, 1)
    known = {
        "change_rate": Priced("change_rate", 0.002, "", "measured", 0.0011, 0.0034),
        "train_hour": Priced(
            "train_hour", 2.5, "", "suite", source="a quote <b>of ours</b>", on=day
        ),
        "train_seconds": Priced("train_seconds", 312.4, "", "measured"),
        "recall": Priced("recall", 0.84, "", "measured", 0.72, 0.92),
        "added_tokens": Priced("added_tokens", 212.0, "", "measured", 201.0, 223.0),
        "prompt_mtok": Priced("prompt_mtok", 0.1, "", "default", source=EVIL, on=day),
    }
    rows = []
    for name, one in (PRICES | RATES).items():
        priced = known.get(name) or Priced(name, float(one.default or 0.0), "", "default")
        unit = one.unit.format(currency=currency)
        rows.append(dataclasses.replace(priced, unit=unit))
    return BreakEven(
        {one.name: one for one in rows},
        currency,
        "At 1,000 queries a day and 0.002 changes per fact and day, fine-tuning costs 3.10 USD a "
        "day, interval 2.40 to 4.20; RAG 2.20, interval 1.80 to 2.90.",
        (3.1, 2.4, 4.2),
        (2.2, 1.8, 2.9),
        "lora",
        "base+retrieved",
        (0.0008, 0.0005, 0.0013),
        (2400.0, 1700.0, None),
        {"5 %": 51.3, "10 %": 107.6},
        41.0,
        ("A wrong answer is priced at 0.50 USD, which nobody measured.", f"Hostile: {EVIL}"),
    )


def decided(run: Run) -> Run:
    """The run with everything that its conclusions hold."""
    return dataclasses.replace(
        run, claims=claims(run), decision=decision(run), curves=curves(), break_even=cost()
    )
