"""Two claims about effort: that fine-tuning needs thousands of examples, and is expensive."""

from typing import Literal

from harness.compare.breakeven import lacking
from harness.compare.choosing import meets
from harness.compare.claimed_tests import alone
from harness.compare.costs import costs
from harness.compare.needs import target_of
from harness.compare.pairs import base_of
from harness.compare.places import Ground, Place
from harness.compare.reasons import level_text, where
from harness.compare.words import comparison_text, value_text
from harness.records import NEEDS, BreakEven, Candidate, ClaimResult, CurveResult

THOUSANDS = 1000
Said = Literal["supported", "contradicted", "not shown", "not measured"]


def examples_claims(ground: Ground) -> tuple[ClaimResult, ...]:
    """Per need whose learning was measured: does it take thousands of examples?

    From learning curves over examples, else from adapters that were trained on fewer rows.
    """
    by_need = {c.need: c for c in ground.run.curves if c.axis == "examples"}
    found = []
    for need in NEEDS:
        name, claim = f"examples-{need.replace(' ', '-')}", f"{_NAMES[need]} thousands of examples"
        if need in by_need:
            found.append(_from_curve(name, claim, by_need[need]))
        elif need in ("style", "terminology"):
            told = _from_adapters(ground, name, claim, need)
            found += [told] if told else []
    if found:
        return tuple(found)
    what = "No learning curve was trained, and no adapter of fewer rows: give the suite `curve:`."
    return (ClaimResult("examples", f"Fine-tuning {_NEEDS}", "not measured", what),)


_NEEDS = "needs thousands of examples"
_NAMES = {
    "style": "Style needs",
    "terminology": "Terminology needs",
    "stable facts": "Stable facts need",
    "changing facts": "Changing facts need",
    "rare facts": "Rare facts need",
    "private facts": "Private facts need",
}


def _from_curve(name: str, claim: str, curve: CurveResult) -> ClaimResult:
    needed = curve.needed
    answer: Said = "not shown"
    if needed and needed[2] is not None and needed[2] < THOUSANDS:
        answer = "contradicted"
    elif needed and needed[1] is not None and needed[1] >= THOUSANDS:
        answer = "supported"
    value, low, high = needed or (None, None, None)
    part = ["one seed"] if curve.seeds == 1 else []
    part += [] if curve.slice == "all" else [curve.slice]
    last = max(curve.points, key=lambda point: point.x, default=None)
    return ClaimResult(
        name, claim, answer, curve.sentence, curve.task, curve.metric, curve.slice,
        last.candidate if last else "", "", value, low, high, "examples",
        last.n if last else 0, contrast=", ".join(["learning curve", *part]),
    )  # fmt: skip


def _from_adapters(ground: Ground, name: str, claim: str, need: str) -> ClaimResult | None:
    """What the adapter that was trained on fewest rows reaches, if those are few."""
    place = next((p for p in ground.places(need) if _few(ground, p)), None)
    if place is None:
        return None
    rows, tuned = min(_few(ground, place), key=lambda one: one[0])
    level, metric = place.measured[tuned.name], place.metric
    target = target_of(ground.suite.decision.targets, need, metric)
    text = f"{tuned.name}, trained on {rows} examples, has {level_text(metric, level)}"
    text += f" on {where(place)}"
    answer: Said = "not shown"
    if target is not None:
        met = meets(level, metric, target)
        answer = "contradicted" if met == "shown" else "not shown"
        how = {"shown": "at least", "missed": "less than", "not shown": "not shown to reach"}[met]
        text += f", {how} the {value_text(metric, target)} wanted"
    base = base_of(ground.everyone)
    over = ground.versus(place, tuned, base) if base else None
    if base and over:
        text += f"; against {base.name} {comparison_text(metric, over)}"
    return ClaimResult(
        name,
        claim,
        answer,
        f"{text}. No learning curve was trained.",
        place.task,
        metric.name,
        place.slice,
        tuned.name,
        base.name if base and over else "",
        over.difference if over else None,
        over.low if over else None,
        over.high if over else None,
        metric.unit,
        over.n if over else level.n,
    )


def _few(ground: Ground, place: Place) -> list[tuple[int, Candidate]]:
    """Adapters there that were trained on fewer than a thousand rows, with those."""
    made = {
        one.candidate.name: int(one.adapter.record.get("rows", 0))
        for one in ground.run.candidates
        if one.adapter is not None
    }
    there = [c for c in alone(ground) if c.name in place.measured]
    return [(made[c.name], c) for c in there if 0 < made.get(c.name, 0) < THOUSANDS]


def expensive_claim(ground: Ground) -> ClaimResult:
    """Whether fine-tuning costs more a day than retrieval does, with what training took."""
    name, claim, found = (
        "expensive",
        "Fine-tuning is more expensive than retrieval",
        ground.run.break_even,
    )
    taken = _training(ground)
    if found is None or found.gap is None:
        return ClaimResult(name, claim, "not measured", f"{lacking(ground.run)} {taken}".strip())
    effect, low, high = found.gap
    answer: Said = "supported" if low > 0 else "contradicted" if high < 0 else "not shown"
    names = {found.tuned_candidate, found.rag_candidate}
    return ClaimResult(
        name,
        claim,
        answer,
        " ".join(text for text in (taken, found.sentence, _wrong(found)) if text),
        candidate=found.tuned_candidate,
        baseline=found.rag_candidate,
        effect=effect,
        low=low,
        high=high,
        unit=f"{found.currency} per day",
        n=sum(one.answers for one in ground.run.candidates if one.candidate.name in names),
    )


def _wrong(found: BreakEven) -> str:
    """What a wrong answer counts in the sums, which often decides them."""
    if found.harm:
        return found.harm
    price = found.inputs.get("bad_answer")
    return f"A wrong answer counts {price.value:g} {found.currency} in this." if price else ""


def _training(ground: Ground) -> str:
    """What training the adapter of the claim took, in seconds and money."""
    tuned = ground.run.break_even.tuned_candidate if ground.run.break_even else ""
    names = [tuned] if tuned else [c.name for c in alone(ground)]
    run, suite = ground.run, ground.suite
    for one in costs(run, suite.decision, suite.endpoint):
        if one.candidate in names and one.train_seconds and one.train_price is not None:
            price = f"{one.train_price:.2g} {one.currency} of machine time"
            return f"Training {one.candidate} took {one.train_seconds:,.0f} s, {price}."
    return ""
