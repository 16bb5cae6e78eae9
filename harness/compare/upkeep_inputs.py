"""The inputs of the break-even as a run measured them: arms, answer rates, tokens, changes."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from scipy import stats

from harness.compare.costs import known, level, prices_of, seconds_of, serving, tokens_of
from harness.compare.evidence import headlines
from harness.compare.intervals import ALPHA
from harness.compare.pairs import adapted, parts
from harness.records import (
    RATES,
    Candidate,
    Case,
    Fact,
    Metric,
    Priced,
    Run,
    ScoredAnswer,
    Suite,
)

SHARE = Metric("share", "a share of answers", binary=True)


@dataclass(frozen=True, slots=True)
class Arms:
    """The two ways that are held against each other, on one metric of one task."""

    tuned: Candidate
    rag: Candidate
    task: str
    metric: str


def arms_of(run: Run) -> Arms | None:
    """Fine-tuned without context against retrieved context, asked about facts in one task.

    The first adapter that the suite lists, bare if it can be; retrieval without an adapter if
    it can be, as the suite searches. A candidate that searches the index of a set day is no arm:
    it is made to be outdated. Tasks that know which facts changed come first, then the largest.
    """
    everyone = [one.candidate for one in run.candidates if not one.candidate.curve]
    tuned = sorted((c for c in everyone if adapted(c) and c.context == "none"), key=parts)
    rag = [c for c in everyone if c.context == "retrieved"]
    rag = [c for c in rag if c.retrieve is None or c.retrieve.index is None]
    rag.sort(key=lambda c: (adapted(c), c.prompt is not None, c.retrieve is not None))
    measured = {
        (one.task, one.metric, one.slice, one.candidate): one.n
        for one in run.summaries
        if one.mean is not None
    }
    asked = [(task, one.name) for task in run.tasks for one in headlines(run.metrics, "facts")]
    for part in ("changed", "all"):
        for reader in rag:
            found = [
                Arms(one, reader, *where)
                for one in tuned
                for where in asked
                if (*where, part, one.name) in measured and (*where, "all", reader.name) in measured
            ]
            if found:
                own = [arms for arms in found if arms.tuned == found[0].tuned]
                return max(
                    own, key=lambda arms: measured[arms.task, arms.metric, part, own[0].tuned.name]
                )
    return None


def inputs_of(
    run: Run, suite: Suite, arms: Arms, taught: Mapping[str, Counter[str]] | None = None
) -> dict[str, Priced]:
    """Every input by name: the suite's own number, else the measured one, else the default.

    `taught` has per recipe the distinct rows of each fact.
    """
    rows = (taught or {}).get(arms.tuned.adapter.value) or _all_rows(suite)
    policy = suite.decision
    found = [change_rate(suite.facts, suite.trained_until, suite.as_of)]
    found += [*_taught(rows), _training(run, arms.tuned), *_tokens(run, arms)]
    found += [*_tuned_rates(run, arms), *_rag_rates(run, arms)]
    measured = {one.name: one for one in found if one is not None}
    listed = prices_of(run, policy, suite.endpoint) | serving(run, policy, suite.endpoint)
    for name in RATES:
        one = known(name, policy, measured.get(name))
        if name not in listed and one is not None:
            listed[name] = one
    return listed


def change_rate(facts: Sequence[Fact], since: date | None, until: date | None) -> Priced | None:
    """Changes per fact and day between two days, of the facts that held a value on the first.

    -ln((n - X + 0.5) / (n + 0.5)) / days (METHODS) for X of n facts whose value differs at the
    end; the interval is Jeffreys' for X of n, put through the same logarithm. Without dates, from
    the first day that a fact tells to the last. None where no fact or no time is there.
    """
    days = [version.valid_from for fact in facts for version in fact.versions]
    if not days:
        return None
    since, until = since or min(days), until or max(days)
    held = [(_on(fact, since), _on(fact, until)) for fact in facts]
    held = [pair for pair in held if pair[0] is not None]
    n, span = len(held), (until - since).days
    if not n or span <= 0:
        return None
    changed = sum(before != after for before, after in held)
    shares = stats.beta.ppf([ALPHA / 2, 1 - ALPHA / 2], changed + 0.5, n - changed + 0.5)
    low, high = (float(one) for one in -np.log1p(-shares) / span)
    value = -float(np.log((n - changed + 0.5) / (n + 0.5))) / span
    source = f"{changed} of {n} facts changed in {span:,} days"
    name = "change_rate"
    low = 0.0 if not changed else min(low, value)
    return Priced(name, value, RATES[name].unit, "measured", low, max(high, value), source)


def _on(fact: Fact, day: date) -> str | None:
    for version in fact.versions:
        if version.valid_from <= day and (version.valid_to is None or day < version.valid_to):
            return version.value
    return None


def _all_rows(suite: Suite) -> Counter[str]:
    rows = dict.fromkeys((row.fact, row.input, row.output) for row in suite.train)
    return Counter(fact for fact, _, _ in rows if fact is not None)


def _taught(rows: Counter[str]) -> list[Priced | None]:
    """Facts that training rows teach, and rows per fact that say it differently."""
    if not rows:
        return []
    source = f"{rows.total():,} different rows teach {len(rows)} facts"
    return [
        _measured("facts", float(len(rows)), source=source),
        _measured("examples_per_fact", rows.total() / len(rows), source=source),
    ]


def _training(run: Run, tuned: Candidate) -> Priced | None:
    """Seconds of the training behind a candidate, with those of the adapters it starts from."""
    records = {
        one.adapter.name: one.adapter.record for one in run.candidates if one.adapter is not None
    }
    name, seconds = tuned.adapter.value, 0.0
    for _ in records:
        record = records.get(name, {})
        took = seconds_of(record)
        if took is None:
            return None
        seconds += took
        name = str((record.get("recipe") or {}).get("start") or "")
        if not name:
            break
    return _measured("train_seconds", seconds) if seconds else None


def _tokens(run: Run, arms: Arms) -> list[Priced | None]:
    """Lengths of prompts and answers of both arms, on the cases that both were asked."""
    tuned, rag = _answers(run, arms, arms.tuned), _answers(run, arms, arms.rag)
    clusters = {case.id: case.cluster for case in run.cases}
    both = [key for key in tuned if key in rag]
    sizes = [(clusters[k[0]], tokens_of(tuned[k].answer), tokens_of(rag[k].answer)) for k in both]
    sizes = [one for one in sizes if one[1][0] and one[2][0]]  # a replayed file may not tell
    return [
        _level("prompt_tokens", [(c, float(left[0])) for c, left, _ in sizes]),
        _level("added_tokens", [(c, float(right[0] - left[0])) for c, left, right in sizes]),
        _level("tuned_tokens", [(c, float(left[1])) for c, left, _ in sizes]),
        _level("rag_tokens", [(c, float(right[1])) for c, _, right in sizes]),
    ]


def _answers(run: Run, arms: Arms, who: Candidate) -> dict[tuple[str, int], ScoredAnswer]:
    return {
        (one.case, one.sample): one
        for one in run.answers
        if (one.task, one.candidate) == (arms.task, who.name) and one.answer.finish != "error"
    }


def _tuned_rates(run: Run, arms: Arms) -> list[Priced | None]:
    """Answers that are not current, where the fact changed since training and where it did not."""
    found: list[Priced | None] = []
    for part in ("changed", "unchanged"):
        for one in run.summaries:
            key = (one.task, one.metric, one.slice, one.candidate)
            if key != (arms.task, arms.metric, part, arms.tuned.name) or one.mean is None:
                continue
            low, high = (1 - bound if bound is not None else None for bound in (one.high, one.low))
            where = f"{arms.task}, {one.metric}, slice {part}, n = {one.n}"
            found.append(_measured(f"wrong_if_{part}", 1 - one.mean, low, high, where))
    return found


def _rag_rates(run: Run, arms: Arms) -> list[Priced | None]:
    """How often a gold passage was read, and how often the answer was wrong with and without."""
    cases = {case.id: case for case in run.cases}
    found: list[tuple[str, bool, float]] = []
    for one in _answers(run, arms, arms.rag).values():
        case = cases[one.case]
        values = [s.value for s in one.scores if s.metric == arms.metric and s.value is not None]
        if case.gold and values:
            found.append((case.cluster, _read_gold(one, case), 1.0 - values[0]))
    return [
        _level("recall", [(cluster, float(read)) for cluster, read, _ in found], SHARE),
        _level("wrong_if_found", [(c, wrong) for c, read, wrong in found if read], SHARE),
        _level("wrong_if_missed", [(c, wrong) for c, read, wrong in found if not read], SHARE),
    ]


def _read_gold(answer: ScoredAnswer, case: Case) -> bool:
    passages = answer.passages or answer.answer.passages
    return any(passage.document in case.gold for passage in passages)


def _level(
    name: str, values: Iterable[tuple[str, float]], metric: Metric | None = None
) -> Priced | None:
    listed = list(values)
    if not listed:
        return None
    mean, low, high = level(listed, metric)
    return _measured(name, mean, low, high, f"n = {len(listed)}")


def _measured(
    name: str,
    value: float,
    low: float | None = None,
    high: float | None = None,
    source: str = "",
) -> Priced:
    return Priced(name, value, RATES[name].unit, "measured", low, high, source)
