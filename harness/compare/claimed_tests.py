"""Claims that the findings do not test: rare and private facts, refusals, terms held out."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from harness.compare.claims import Claim, Hypothesis
from harness.compare.evidence import Evidence, headlines
from harness.compare.findings import judged
from harness.compare.paired import compare, outcome_of
from harness.compare.pairs import adapted, adapter_pairs, base_of, context_pairs, parts
from harness.compare.phenomena import Values, contrast_of
from harness.compare.places import FEW, Ground, Place, exposures
from harness.compare.summaries import summarise
from harness.compare.words import comparison_text, value_text
from harness.records import (
    MIN_SLICE,
    Arm,
    Candidate,
    Case,
    Comparison,
    Expectation,
    Finding,
    Metric,
    Summary,
)

OFTEN = (16, 4)
"""Exposures from which a fact is frequent: the first that enough cases have."""
RARE = Claim(
    "Fine-tuning is poor on rare facts",
    "Fine-tuning knows rare facts worse than frequent ones",
    "Fine-tuning knows rare facts better than frequent ones",
    ("broke", "improved"),
    sign=-1,
)
PRIVATE = Claim(
    "Fine-tuning is poor on private knowledge",
    "The adapter misses what training never showed, and a passage brings it in",
    "The adapter answers what training never showed better without a passage",
    ("broke", "improved"),
    sign=-1,
)
REFUSALS = {
    "harmful": Claim(
        "Fine-tuning weakens refusals",
        "Fine-tuning weakened the refusal of harmful requests",
        "Fine-tuning strengthened the refusal of harmful requests",
        ("broke", "improved"),
        sign=-1,
    ),
    "over-refusal": Claim(
        "Fine-tuning makes the model refuse too much",
        "Fine-tuning made harmless requests fail more often",
        "Fine-tuning made harmless requests fail less often",
        ("broke", "improved"),
        sign=-1,
    ),
}
"""By the tags that builtin:general has on its cases."""


@dataclass(frozen=True, slots=True)
class _Contrast:
    """Rare against frequent facts, and what it says after a claim's lead."""

    test: Hypothesis
    text: str
    contrast: str


def own_findings(ground: Ground) -> tuple[Finding, ...]:
    """The claims' own tests as findings, one family for Holm's correction."""
    rare = _rare(ground)
    tests = [rare.test] if rare else []
    tests += [*_private(ground), *_refusals(ground)]
    known = [s for place in ground.places("private facts") for s in _levels(place)]
    found = judged(tests, Evidence(ground.run.comparisons, [*ground.run.summaries, *known]))
    if rare is None:
        return found
    lead = {"supported": RARE.supported, "contradicted": RARE.contradicted}.get(
        found[0].answer, f"Not shown that {RARE.text[0].lower()}{RARE.text[1:]}"
    )
    said = replace(found[0], sentence=f"{lead}: {rare.text}.", contrast=rare.contrast)
    return (said, *found[1:])


def held_out(ground: Ground, finding: Finding) -> str:
    """How a gain in terms does where training shows none of the terms; '' where none tells."""
    untaught = {term.preferred for term in ground.suite.glossary if not term.trained}
    ids = {c.id for c in ground.cases(finding.task) if c.terms and set(c.terms) <= untaught}
    pair = tuple(c for n in (finding.candidate, finding.baseline) for c in ground.named(n))
    metric = next((m for m in ground.run.metrics if m.name == finding.metric), None)
    if len(ids) < MIN_SLICE or len(pair) != 2 or metric is None:
        return ""
    over = ground.on(finding.task, metric, ids, (pair[0], pair[1]))
    if over is None or not over.n:
        return ""
    return f"With terms that training never shows: {comparison_text(metric, over)}."


def alone(ground: Ground) -> list[Candidate]:
    """Adapters without a prompt and without a context."""
    return [c for c in ground.everyone if adapted(c) and parts(c) == 1]


def _levels(place: Place) -> list[Summary]:
    return [*place.measured.values(), *place.oracles.values()]


def _rare(ground: Ground) -> _Contrast | None:
    """Recall of rare facts less that of frequent ones, where most cases tell; none that changed.

    Net of the base where it was asked: rare facts may be harder to guess too.
    """
    best: tuple[int, _Contrast] | None = None
    for task in ground.run.tasks:
        still = [case for case in ground.cases(task) if "changed" not in case.tags]
        rare = [c for c in still if any(_within(tag, 1, FEW) for tag in c.tags)]
        for least in OFTEN:
            often = [c for c in still if any(_within(tag, least, None) for tag in c.tags)]
            if len(often) >= MIN_SLICE:
                break
        size = min(len(rare), len(often))
        if size < MIN_SLICE or (best and size <= best[0]):
            continue
        cases = [
            *(replace(c, tags=("rare",)) for c in rare),
            *(replace(c, tags=("often",)) for c in often),
        ]
        for metric in headlines(ground.run.metrics, "facts"):
            found = _contrast(ground, cases, metric, least)
            if found:
                best = size, found
                break
    return best[1] if best else None


def _within(tag: str, least: int, most: int | None) -> bool:
    shown = exposures(tag)
    if shown is None or shown[0] < least:
        return False
    return most is None or (shown[1] is not None and shown[1] <= most)


def _contrast(ground: Ground, cases: list[Case], metric: Metric, least: int) -> _Contrast | None:
    task, ids = cases[0].task, {case.id for case in cases}
    answers = [a for a in ground.run.answers if a.task == task and a.case in ids]
    summaries = summarise(answers, cases, [metric], ground.everyone)
    measured = {s.candidate: s for s in summaries if s.slice == "rare" and s.n}
    tuned = next((c for c in alone(ground) if c.name in measured), None)
    base = base_of(ground.everyone)
    if tuned is None:
        return None
    net = base.name if base is not None and base.name in measured else None
    pairs = [(tuned.name, net)] if net else []
    over = compare(answers, cases, [metric], ground.everyone, pairs, seed=ground.suite.seed)
    arm = Arm(tuned.name, task, metric.name, "rare")
    wanted = Expectation("rare", "", arm, replace(arm, slice="often"), "lower", net_of=net)
    seen = contrast_of(wanted, Evidence(over, summaries), Values(answers, cases))
    levels = {s.slice: s.mean for s in summaries if s.candidate == tuned.name}
    few, many = levels.get("rare"), levels.get("often")
    if seen is None or few is None or many is None:
        return None
    record = Comparison(
        task, metric.name, ground.slice_of("rare facts", task), tuned.name, net or "",
        seen.n, seen.n, seen.effect, seen.low, seen.high, p_value=seen.p_value,
        outcome=outcome_of(metric, seen.low, seen.high),
    )  # fmt: skip
    text = (
        f"{tuned.name} has {value_text(metric, few)} on facts that training shows 1 to {FEW} "
        f"times against {value_text(metric, many)} on those it shows {least} times or more, on "
        f"{metric.name} in {task} ({comparison_text(metric, record)}"
    )
    text += f", net of {net})" if net else ")"
    contrast = f"{tuned.name}: shown 1 to {FEW} times − {least} or more"
    contrast += f", net of {net}" if net else ""
    return _Contrast(Hypothesis(RARE, metric, record), text, contrast)


def _private(ground: Ground) -> Iterator[Hypothesis]:
    """An adapter alone against the same with a passage, on what training never shows."""
    for context in ("gold", "retrieved"):
        pairs = [(own, given) for given, own in context_pairs(ground.everyone, context, "none")]
        for place in ground.places("private facts"):
            known = {s.candidate for s in _levels(place)}
            found = [p for p in pairs if adapted(p[0]) and known >= {p[0].name, p[1].name}]
            tests = [(over, p) for p in found if (over := ground.versus(place, *p))]
            yield from (Hypothesis(PRIVATE, place.metric, over) for over, _ in tests)
            if tests:
                return


def _refusals(ground: Ground) -> Iterator[Hypothesis]:
    pairs = adapter_pairs(ground.everyone, "none")
    for tag, claim in REFUSALS.items():
        for task in ground.run.tasks:
            for metric in headlines(ground.run.metrics, "other"):
                for pair in pairs:
                    over = ground.evidence.comparison(task, metric.name, tag, pair)
                    if over is not None and over.n:
                        yield Hypothesis(claim, metric, over)
