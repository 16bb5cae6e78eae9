"""Findings on cost: what a context, or a prompt in place of an adapter, adds to every answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from harness.compare.bootstrap import bootstrap_bounds
from harness.compare.costs import level, price_of_answer, serving
from harness.compare.pairs import adapted, context_pairs, parts
from harness.figures import three
from harness.records import Candidate, Finding, Metric, Priced, Run, Suite

METRIC = "relative_cost"
"""What `Finding.effect` is in: the difference of two prices, as a share of the baseline's."""
MIN_CASES = 5

Pair = tuple[Candidate, Candidate]


@dataclass(frozen=True, slots=True)
class _Claim:
    text: str
    supported: str
    contradicted: str


CONTEXT = _Claim(
    "A retrieved context makes answers dearer",
    "A retrieved context makes answers dearer",
    "With a retrieved context answers cost less",
)
PROMPT = _Claim(
    "Answers cost less with an adapter than with a prompt in its place",
    "The prompt makes answers dearer than the adapter does",
    "With the prompt answers cost less than with the adapter",
)


def cost_findings(run: Run, suite: Suite) -> tuple[Finding, ...]:
    """What each answer costs more, paired by case, at the prices of the suite.

    Machine time and tokens as docs/costs.md says, training left out, and search too unless the
    suite prices it: a claim must not rest on an assumed price alone. The interval of the
    difference is that of a clustered mean, the one of the ratio is a cluster bootstrap's. These
    claims are of lengths, not of chances taken with answers, and are not in Holm's family. They say
    how many times as much, not how much: measured seconds, which differ from run to run, cancel.
    """
    found = (_finding(run, suite, *one) for one in _claims(run))
    return tuple(one for one in found if one is not None)


def _claims(run: Run) -> Iterator[tuple[_Claim, Pair]]:
    everyone = [one.candidate for one in run.candidates if not one.candidate.curve]
    for pair in context_pairs(everyone, "retrieved", "none"):
        yield CONTEXT, pair
    alone = [one for one in everyone if adapted(one) and parts(one) == 1][:1]
    prompted = [
        one for one in everyone if one.prompt and not adapted(one) and one.context == "none"
    ]
    for adapter in alone:
        for one in prompted:
            yield PROMPT, (one, adapter)


def _finding(run: Run, suite: Suite, claim: _Claim, pair: Pair) -> Finding | None:
    rows = _paired(run, suite, pair)
    if len({cluster for cluster, _, _ in rows}) < MIN_CASES or not sum(row[2] for row in rows):
        return None
    gap, low, high = level(
        [(cluster, more - less) for cluster, more, less in rows],
        Metric(METRIC, "a difference in money", unit="", lower=None, upper=None),
    )
    answer: Literal["supported", "contradicted", "not shown"] = "not shown"
    lead = f"Not shown that {claim.text[0].lower()}{claim.text[1:]}"
    if low > 0:
        answer, lead = "supported", claim.supported
    elif high < 0:
        answer, lead = "contradicted", claim.contradicted
    cheap = sum(less for _, _, less in rows) / len(rows)
    times, least, most = _times(rows, suite.seed)
    text = (
        f"{lead}: an answer of {pair[0].name} costs {three(times)} times what one of "
        f"{pair[1].name} does (95 % interval {three(least)} to {three(most)}, n = {len(rows)})."
    )
    return Finding(
        claim.text, answer, text, "cost", metric=METRIC, candidate=pair[0].name,
        baseline=pair[1].name, effect=gap / cheap, low=low / cheap, high=high / cheap, n=len(rows),
    )  # fmt: skip


Row = tuple[str, float, float]


def _paired(run: Run, suite: Suite, pair: Pair) -> list[Row]:
    """(cluster, price of 1,000 answers of the one, of the other) of every case of both."""
    parts_of = _prices(run, suite)
    clusters = {(case.task, case.id): case.cluster for case in run.cases}
    priced: tuple[dict[tuple[str, str, int], float], ...] = ({}, {})
    names = [one.name for one in pair]
    for one in run.answers:
        if one.candidate in names and one.answer.finish != "error" and one.answer.prompt_tokens:
            side = names.index(one.candidate)
            price = price_of_answer(one.answer, pair[side], parts_of)
            priced[side][one.task, one.case, one.sample] = 1000 * price
    both = [key for key in priced[0] if key in priced[1]]
    return [(clusters.get(key[:2], key[1]), priced[0][key], priced[1][key]) for key in both]


def _prices(run: Run, suite: Suite) -> dict[str, Priced]:
    """What prices an answer; no measured second is in it where machine time is all that counts."""
    found = serving(run, suite.decision, suite.endpoint)
    if found["retrieval"].origin != "suite":
        found["retrieval"] = replace(found["retrieval"], value=0.0)
    speed = found.get("seconds_per_mtok")
    beside = any(found[name].value for name in ("retrieval", "prompt_mtok", "answer_mtok"))
    if speed and speed.origin == "measured" and not beside:
        found["seconds_per_mtok"] = replace(speed, value=1.0)  # any speed has the same ratio
    return found


def _times(rows: Sequence[Row], seed: int) -> tuple[float, float, float]:
    """The ratio of the means, with its interval."""
    _, codes = np.unique([cluster for cluster, _, _ in rows], return_inverse=True)
    dear = np.bincount(codes, weights=[row[1] for row in rows]).astype(np.float64)
    cheap = np.bincount(codes, weights=[row[2] for row in rows]).astype(np.float64)
    ((low, high),) = bootstrap_bounds([(dear, cheap)], seed)
    return float(dear.sum() / cheap.sum()), low, high
