"""What a run tests: the claims people repeat about fine-tuning, and where the evidence lies.

Candidates are known by their axes, tasks by their metrics' need, slices by the tags that facts
give their cases. docs/statistics.md defines each claim.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.compare.evidence import Basis, Evidence, beside, headlines
from harness.compare.pairs import adapted, adapter_pairs, context_pairs, parts
from harness.records import AdapterSource, Candidate, Comparison, Metric

Group = Literal["improved", "broke", "context", "cost"]
Pair = tuple[Candidate, Candidate]
MANY = 30
"""Findings that a reader gets through."""
CHANGED, UNCHANGED = "changed", "unchanged"


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim and what is said of it when supported, contradicted, or neither.

    `sign` -1: a worse candidate supports it. `keeps`: supported too when a loss beyond the
    margin is ruled out.
    """

    text: str
    supported: str
    contradicted: str
    groups: tuple[Group, Group] = ("improved", "broke")
    sign: int = 1
    keeps: bool = False


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A claim with the comparison that decides it.

    For frozen knowledge the comparison is of current answers on changed facts, `stale` the
    stale rate there, and `control` current answers on unchanged facts.
    """

    claim: Claim
    metric: Metric
    comparison: Comparison
    stale: tuple[Metric, Comparison] | None = None
    control: Comparison | None = None


STYLE = Claim(
    "Fine-tuning teaches house style",
    "Fine-tuning taught the house style",
    "Fine-tuning made the house style worse",
)
TERMS = Claim(
    "Fine-tuning teaches terminology",
    "Fine-tuning taught the terminology",
    "Fine-tuning made the terminology worse",
)
FACTS = Claim(
    "Fine-tuning teaches facts",
    "Fine-tuning taught facts",
    "Fine-tuning lost facts",
)
CONTROL = Claim(
    "Fine-tuning teaches facts that stay as they were",
    "Fine-tuning taught facts that did not change since",
    "Fine-tuning lost facts that did not change since",
)
FROZEN = Claim(
    "Knowledge is frozen at training time",
    "Fine-tuned knowledge is frozen",
    "Fine-tuning helped even with facts that changed after it",
    ("broke", "improved"),
)
WEIGHTS = Claim(
    "The adapter's weights alone miss facts that changed",
    "Without the right passage, the adapter misses facts that changed",
    "The adapter knows facts that changed better without the right passage",
    ("broke", "context"),
    sign=-1,
)
INVENTS = Claim(
    "Fine-tuning makes the model invent",
    "Fine-tuning made wrong values more frequent",
    "Fine-tuning made wrong values rarer",
    ("broke", "improved"),
    sign=-1,
)
DAMAGE = Claim(
    "Fine-tuning damages other skills",
    "Fine-tuning damaged another skill",
    "Fine-tuning helped another skill",
    ("broke", "improved"),
    sign=-1,
)
TASK = Claim(
    "Fine-tuning teaches the task",
    "Fine-tuning taught the task",
    "Fine-tuning made the task worse",
)
READS = Claim(
    "The adapter keeps reading context",
    "The adapter still reads the context",
    "The adapter reads the context worse",
    ("context", "broke"),
    keeps=True,
)
STYLE_IN_CONTEXT = Claim(
    "The adapter keeps its style while reading context",
    "The adapter keeps its style beside a context",
    "Beside a context, the adapter's style is worse than without the adapter",
    ("context", "broke"),
)
STYLE_COST = Claim(
    "Reading a passage costs the adapter its style",
    "Reading a passage costs the adapter its style",
    "Reading a passage helps the adapter's style",
    ("broke", "improved"),
    sign=-1,
)
RETRIEVER = Claim(
    "The retriever loses answers",
    "The retriever misses passages that would have helped",
    "Retrieved passages serve better than the passages marked as gold",
    ("context", "context"),
)
BEATS_PROMPT = Claim(
    "Fine-tuning beats prompting",
    "Fine-tuning does more than the prompt",
    "The prompt does more than fine-tuning",
)


def rag_claim(context: str, *, changed: bool) -> Claim:
    """The claim that a context repairs what the weights do not hold."""
    passages = {"retrieved": "Retrieved passages", "gold": "The right passages"}[context]
    missing = "outdated knowledge" if changed else "missing knowledge"
    return Claim(
        f"{passages} fix {missing}",
        f"{passages} repair {missing}",
        f"{passages} do harm",
        ("context", "context"),
    )


def hypotheses_of(basis: Basis) -> list[Hypothesis]:
    """Every claim that this run has the candidates and cases for, in a reader's order."""
    evidence, tasks = basis.evidence, list(basis.tasks)
    metrics, candidates = basis.metrics, basis.candidates
    found = [*_lessons(evidence, metrics, candidates, tasks, basis.taught)]
    found += _facts(evidence, metrics, candidates, tasks)
    found += _contexts(evidence, metrics, candidates, tasks)
    found += _alternatives(evidence, metrics, candidates, tasks)
    return found


def readable(found: Sequence[Hypothesis], candidates: Sequence[Candidate]) -> list[Hypothesis]:
    """The hypotheses that a reader gets through: where there are more than MANY, of fewer adapters.

    Per claim, task and metric the adapters that are listed first stay (3, 2 or 1 of them), which
    depends on no answer.
    """
    adapters = {candidate.name: candidate.adapter for candidate in candidates}
    kept = list(found)
    for most in (3, 2, 1):
        if len(kept) <= MANY:
            break
        seen: dict[tuple[str, str, str], dict[AdapterSource, None]] = {}
        kept = []
        for one in found:
            about = (one.claim.text, one.comparison.task, one.metric.name)
            mine = seen.setdefault(about, {})
            adapter = adapters[one.comparison.candidate]
            if adapter.kind == "none" or adapter in mine or len(mine) < most:
                kept.append(one)
                mine |= {} if adapter.kind == "none" else {adapter: None}
    return kept


def _look(
    evidence: Evidence,
    claim: Claim,
    metrics: Iterable[Metric],
    tasks: Iterable[str],
    pairs: Iterable[Pair],
) -> Iterator[Hypothesis]:
    """The claim on whole tasks, wherever the pair was compared."""
    pairs = list(pairs)
    for task in tasks:
        for metric in metrics:
            for pair in pairs:
                comparison = evidence.comparison(task, metric.name, "all", pair)
                if comparison is not None:
                    yield Hypothesis(claim, metric, comparison)


def _lessons(
    evidence: Evidence,
    metrics: Sequence[Metric],
    candidates: Sequence[Candidate],
    tasks: list[str],
    taught: Collection[tuple[str, str]],
) -> Iterator[Hypothesis]:
    pairs = adapter_pairs(candidates, "none")
    for claim, need in ((STYLE, "style"), (TERMS, "terminology")):
        yield from _look(evidence, claim, headlines(metrics, need), tasks, pairs)
    other = headlines(metrics, "other")
    for claim, wanted in ((TASK, True), (DAMAGE, False)):
        for task in tasks:
            chosen = [m for m in other if ((task, m.name) in taught) == wanted]
            yield from _look(evidence, claim, chosen, [task], pairs)


def _facts(
    evidence: Evidence, metrics: Sequence[Metric], candidates: Sequence[Candidate], tasks: list[str]
) -> Iterator[Hypothesis]:
    for task in tasks:
        for metric in headlines(metrics, "facts"):
            split = evidence.has_slice(task, metric.name, UNCHANGED)
            for pair in adapter_pairs(candidates, "none"):
                claim, part = (CONTROL, UNCHANGED) if split else (FACTS, "all")
                control = evidence.comparison(task, metric.name, part, pair)
                if control is not None:
                    yield Hypothesis(claim, metric, control)
                yield from _inventions(evidence, metrics, metric, task, pair)
                changed = evidence.comparison(task, metric.name, CHANGED, pair)
                if changed is None:
                    continue
                stale = beside(metrics, metric, "stale")
                rate = stale and evidence.comparison(task, stale.name, CHANGED, pair)
                yield Hypothesis(
                    FROZEN,
                    metric,
                    changed,
                    stale=(stale, rate) if stale and rate else None,
                    control=control if split else None,
                )


def _inventions(
    evidence: Evidence, metrics: Sequence[Metric], current: Metric, task: str, pair: Pair
) -> Iterator[Hypothesis]:
    wrong = beside(metrics, current, "wrong")
    rate = wrong and evidence.comparison(task, wrong.name, "all", pair)
    if wrong and rate:
        yield Hypothesis(INVENTS, wrong, rate)


def _contexts(
    evidence: Evidence, metrics: Sequence[Metric], candidates: Sequence[Candidate], tasks: list[str]
) -> Iterator[Hypothesis]:
    facts = headlines(metrics, "facts")
    for task in tasks:
        for metric in facts:
            changed = evidence.has_slice(task, metric.name, CHANGED)
            for context in ("retrieved", "gold"):
                for pair in context_pairs(candidates, context, "none"):
                    alone = changed and context == "gold" and adapted(pair[0])
                    claim = WEIGHTS if alone else rag_claim(context, changed=changed)
                    part = CHANGED if changed else "all"
                    sides = (pair[1], pair[0]) if alone else pair  # the adapter against its help
                    comparison = evidence.comparison(task, metric.name, part, sides)
                    if comparison is not None:
                        yield Hypothesis(claim, metric, comparison)
    shares = context_pairs(candidates, "gold", "retrieved")
    yield from _look(evidence, RETRIEVER, facts, tasks, shares)
    yield from _look(evidence, READS, facts, tasks, adapter_pairs(candidates, "gold"))
    read = adapter_pairs(candidates, "retrieved") or adapter_pairs(candidates, "gold")
    style = headlines(metrics, "style")
    yield from _look(evidence, STYLE_IN_CONTEXT, style, tasks, read)
    given = context_pairs(candidates, "retrieved", "none") or context_pairs(
        candidates, "gold", "none"
    )
    yield from _look(evidence, STYLE_COST, style, tasks, [p for p in given if adapted(p[0])])


def _alternatives(
    evidence: Evidence, metrics: Sequence[Metric], candidates: Sequence[Candidate], tasks: list[str]
) -> Iterator[Hypothesis]:
    alone = [c for c in candidates if adapted(c) and parts(c) == 1]
    prompted = [c for c in candidates if not adapted(c) and c.prompt and c.context == "none"]
    pairs = [(adapter, prompt) for adapter in alone for prompt in prompted]
    chosen = [*headlines(metrics, "style"), *headlines(metrics, "terminology")]
    yield from _look(evidence, BEATS_PROMPT, chosen, tasks, pairs)
