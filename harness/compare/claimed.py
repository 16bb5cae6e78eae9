"""The claims that people make of fine-tuning, and what a run says of each (docs/decision.md)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from harness.compare import claims as tested
from harness.compare.claimed_costs import examples_claims, expensive_claim
from harness.compare.claimed_tests import PRIVATE, RARE, REFUSALS, held_out, own_findings
from harness.compare.places import Ground
from harness.compare.words import change_text, range_text
from harness.records import ClaimResult, Finding, Run, Suite

Said = Literal["supported", "contradicted", "not shown"]
_TURNED: dict[Said, Said] = {"supported": "contradicted", "contradicted": "supported"}


@dataclass(frozen=True, slots=True)
class Row:
    """A claim of the table, the findings that speak for it, and what is missing without one.

    `turned`: what supports those findings contradicts the claim. `harm`: one case of it is
    enough, whatever other comparisons say.
    """

    name: str
    claim: str
    findings: tuple[str, ...]
    lacking: str
    turned: bool = False
    harm: bool = False


_RETRIEVED = tuple(tested.rag_claim("retrieved", changed=one).text for one in (True, False))
_GOLD = tuple(tested.rag_claim("gold", changed=one).text for one in (True, False))
_BOTH = "with an adapter and without"
LEARNS = (
    Row(
        "style",
        "Fine-tuning learns style, structure and tone",
        (tested.STYLE.text,),
        f"No headline metric of style was measured {_BOTH}.",
    ),
    Row(
        "terminology",
        "Fine-tuning learns terminology",
        (tested.TERMS.text,),
        f"No headline metric of terms was measured {_BOTH}.",
    ),
    Row(
        "prompting",
        "A prompt does as well as fine-tuning",
        (tested.BEATS_PROMPT.text,),
        "No house prompt was measured beside an adapter.",
        turned=True,
    ),
)
KNOWS = (
    Row(
        "frozen",
        "Fine-tuned knowledge is frozen",
        (tested.FROZEN.text,),
        f"No facts that changed after training were asked {_BOTH}.",
    ),
    Row(
        "rare",
        RARE.text,
        (RARE.text,),
        "No adapter was asked for facts by how often training shows them.",
    ),
    Row(
        "dynamic",
        "Fine-tuning is poor on knowledge that changes",
        (tested.WEIGHTS.text,),
        "No adapter was asked for changed facts with the right passage and without.",
    ),
    Row(
        "private",
        PRIVATE.text,
        (PRIVATE.text,),
        "No adapter was asked for what training never shows with a passage and without.",
    ),
    Row(
        "retrieval",
        "Retrieval fixes what the weights lack",
        _RETRIEVED,
        "No facts were asked with retrieved passages and without.",
    ),
    Row(
        "passages",
        "The right passage fixes what the weights lack",
        (*_GOLD, tested.WEIGHTS.text),
        "No facts were asked with the right passage and without.",
    ),
)
BREAKS = (
    Row(
        "forgetting",
        "Fine-tuning damages other skills",
        (tested.DAMAGE.text,),
        f"No other skill was measured {_BOTH}: add a task with `cases: builtin:general`.",
        harm=True,
    ),
    Row(
        "invention",
        "Fine-tuning makes the model invent",
        (tested.INVENTS.text,),
        f"No rate of wrong values was measured {_BOTH}.",
        harm=True,
    ),
    *(
        Row(
            "refusals" if tag == "harmful" else tag,
            claim.text,
            (claim.text,),
            f"Too few cases tagged {tag} were measured {_BOTH}: ask all of `builtin:general`.",
            harm=True,
        )
        for tag, claim in REFUSALS.items()
    ),
    Row(
        "reading",
        "Fine-tuning damages the reading of context",
        (tested.READS.text,),
        f"No facts were asked with the right passage {_BOTH}.",
        turned=True,
        harm=True,
    ),
)


def claims(run: Run, suite: Suite) -> tuple[ClaimResult, ...]:
    """One result a claim, in a reader's order; () where a run has no adapter."""
    ground = Ground(run, suite)
    if all(one.adapter.kind == "none" for one in ground.everyone):
        return ()
    curved = {one.candidate.name for one in run.candidates if one.candidate.curve}
    found = [f for f in (*run.findings, *own_findings(ground)) if f.candidate not in curved]
    told = {one.name for one in ground.everyone if ground.told(one) and one.context != "gold"}
    found = [f for f in found if f.baseline not in told]
    return (
        *(_row(ground, row, found) for row in LEARNS),
        *examples_claims(ground),
        expensive_claim(ground),
        *(_row(ground, row, found) for row in (*KNOWS, *BREAKS)),
    )


def _row(ground: Ground, row: Row, everything: Iterable[Finding]) -> ClaimResult:
    found = [_facing(ground, row, f) for f in everything if f.claim in row.findings and f.n]
    if not found:
        return ClaimResult(row.name, row.claim, "not measured", row.lacking)
    answer = _answer(row, found)
    first = _speaker(row, found, answer)
    rest = [f for f in found if f is not first]
    sentence = " ".join(
        t for t in (first.sentence, _aside(ground, row, first), _rest(row, rest)) if t
    )
    metric = next((m for m in ground.run.metrics if m.name == first.metric), None)
    return ClaimResult(
        row.name,
        row.claim,
        answer,
        sentence,
        first.task,
        first.metric,
        first.slice,
        first.candidate,
        first.baseline,
        first.effect,
        first.low,
        first.high,
        metric.unit if metric else "share",
        first.n,
        (first, *rest),
        first.contrast,
    )


def _facing(ground: Ground, row: Row, finding: Finding) -> Finding:
    """The finding with the side first that the claim is about: of retrieval, the passages."""
    by_context = {one.name: one.context != "none" for one in ground.everyone}
    given = by_context.get(finding.baseline, False)
    metric = next((m for m in ground.run.metrics if m.name == finding.metric), None)
    if row.name not in ("retrieval", "passages") or not given or metric is None:
        return finding
    if finding.effect is None or finding.low is None or finding.high is None:
        return finding
    low, high = -finding.high, -finding.low
    said = tested.rag_claim("gold", changed=True)
    lead = {"supported": said.supported, "contradicted": said.contradicted}.get(
        finding.answer, f"Not shown that {said.text[0].lower()}{said.text[1:]}"
    )
    part = "" if finding.slice == "all" else f", slice {finding.slice}"
    sentence = (
        f"{lead}: {finding.baseline} against {finding.candidate} on {finding.metric} in "
        f"{finding.task}{part} ({change_text(metric, -finding.effect)}, "
        f"{range_text(metric, low, high)}, n = {finding.n})."
    )
    return replace(
        finding,
        candidate=finding.baseline,
        baseline=finding.candidate,
        effect=-finding.effect,
        low=low,
        high=high,
        sentence=sentence,
    )


def _said(row: Row, finding: Finding) -> Said:
    return _TURNED.get(finding.answer, finding.answer) if row.turned else finding.answer


def _answer(row: Row, found: Sequence[Finding]) -> Said:
    """What all findings together say: where they contradict each other nothing, or the harm."""
    said = {_said(row, finding) for finding in found}
    if {"supported", "contradicted"} <= said:
        return "supported" if row.harm else "not shown"
    return next((one for one in ("supported", "contradicted") if one in said), "not shown")


def _speaker(row: Row, found: Sequence[Finding], answer: Said) -> Finding:
    """Of the findings that give the answer, the one with most cases, the first of such."""
    speaking = [f for f in found if _said(row, f) == answer] or list(found)
    return max(speaking, key=lambda finding: finding.n)


def _rest(row: Row, rest: Sequence[Finding]) -> str:
    """What the other comparisons say, as a tally."""
    counts = {one: sum(_said(row, f) == one for f in rest) for one in _WORDS}
    said = [f"{count} {_WORDS[one]}" for one, count in counts.items() if count]
    if len(rest) == 1:
        return f"One other comparison: {_WORDS[_said(row, rest[0])]}."
    if len(said) == 1:
        return f"{len(rest)} other comparisons: all {_WORDS[_said(row, rest[0])]}."
    return f"{len(rest)} other comparisons: {', '.join(said)}." if rest else ""


_WORDS: dict[str, str] = {
    "supported": "for the claim",
    "contradicted": "against it",
    "not shown": "not shown",
}


def _aside(ground: Ground, row: Row, first: Finding) -> str:
    return held_out(ground, first) if row.name == "terminology" else ""
