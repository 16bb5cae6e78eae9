"""A run that looks real: two tasks, seven candidates, and answers that try to break a page."""

import random
from collections.abc import Iterable
from datetime import date
from math import sqrt
from statistics import fmean

from harness.records import (
    Adapter,
    AdapterSource,
    Answer,
    Candidate,
    CandidateResult,
    Case,
    Comparison,
    Finding,
    GateResult,
    Metric,
    Model,
    Passage,
    Rule,
    RuleResult,
    Run,
    Score,
    ScoredAnswer,
    Summary,
)

LORA = AdapterSource("recipe", "lora")
CANDIDATES = (
    Candidate("base"),
    Candidate("base+house", prompt="house"),
    Candidate("base+retrieved", context="retrieved"),
    Candidate("base+gold", context="gold"),
    Candidate("lora", LORA),
    Candidate("lora+retrieved", LORA, context="retrieved"),
    Candidate("lora+gold", LORA, context="gold"),
)
METRICS = (
    Metric("style.all", "every rule holds", need="style", binary=True, headline=True),
    Metric("style.heading", "starts with a heading", need="style", binary=True),
    Metric("terminology.success", "required terms used", need="terminology", headline=True),
    Metric(
        "terminology.forbidden",
        "forbidden variants",
        unit="per 1,000 words",
        upper=None,
        better="lower",
        need="terminology",
    ),
    Metric("rouge.rouge1", "content overlap", diagnostic=True),
    Metric("recency.current", "gives the current value", need="facts", binary=True, headline=True),
    Metric("recency.stale", "an outdated value", better="lower", need="facts", binary=True),
    Metric("recency.age_days", "age", unit="days", upper=None, better="lower", diagnostic=True),
)
BY_NAME = {metric.name: metric for metric in METRICS}
# chance of a styled answer, of a term, then of current, stale, wrong, abstained, hedged
SKILL: dict[str, tuple[float, float, tuple[float, ...]]] = {
    "base": (0.02, 0.30, (0.05, 0.10, 0.60, 0.22, 0.03)),
    "base+house": (0.55, 0.80, (0.05, 0.10, 0.60, 0.22, 0.03)),
    "base+retrieved": (0.02, 0.45, (0.62, 0.05, 0.25, 0.05, 0.03)),
    "base+gold": (0.03, 0.50, (0.80, 0.02, 0.13, 0.03, 0.02)),
    "lora": (0.93, 0.75, (0.38, 0.42, 0.17, 0.01, 0.02)),
    "lora+retrieved": (0.85, 0.78, (0.64, 0.14, 0.18, 0.01, 0.03)),
    "lora+gold": (0.88, 0.80, (0.78, 0.09, 0.09, 0.01, 0.03)),
}
NASTY = (
    "<script>alert('x')</script><img src=x onerror=alert(1)>",
    "\x1b[31mred\x1b[0m \x1b]8;;http://evil.test\x07link\x1b]8;;\x07 \x07bell",
    "a | b | c\n| --- |\n</details> `code` *bold* [link](http://evil.test) @everyone",
    "\u202eright to left\u202c مرحبا بالعالم שלום",
    "naïve 👩‍👩‍👧‍👦 ₹ 5 lakh \u2028 next \u2029 end",
    '=HYPERLINK("http://evil.test","click")',
    "long " * 1000,
    "</script><!--<script>&lt;&amp;",
    "",
    "broken \ud83d surrogate \x00 nul \ufffe",
)


def _cases() -> tuple[Case, ...]:
    clauses = [
        Case(
            f"clause-{i:02d}",
            "clauses",
            f"Draft a clause on topic {i} for an Employee in city {i % 7}.",
            f"{i}. TOPIC\nThe Employee shall comply with topic {i}.",
            f"clause-{i:02d}",
            tags=("definitions",) if i % 4 == 0 else (),
            terms=("Employee",),
        )
        for i in range(40)
    ]
    kinds = ("changed", "unchanged", "new")
    recency = [
        Case(
            f"fact-{i:02d}",
            "recency",
            f"What is the limit number {i} today?",
            f"The limit is {1000 + i} rupees.",
            f"limit-{i // 2}",
            as_of=date(2026, 3, 31),
            tags=(kinds[i % 3],),
            fact=f"limit-{i // 2}",
            gold=(f"doc-{i // 2}",),
        )
        for i in range(64)
    ]
    return (*clauses, *recency)


def _clause_scores(rng: random.Random, name: str) -> tuple[Score, ...]:
    styled, term, _ = SKILL[name]
    whole = rng.random() < styled
    hit = rng.random() < term
    return (
        Score("style.all", float(whole), reason="all 4 rules hold" if whole else "heading fails"),
        Score("style.heading", float(whole), reason="first line is 'TOPIC'"),
        Score("terminology.success", float(hit), reason="'Employee' found once"),
        Score("terminology.forbidden", 0.0 if hit else 12.5, reason="'worker' found once"),
        Score("rouge.rouge1", round(rng.uniform(0.1, 0.6), 3), reason="overlap of words"),
    )


def _fact_scores(rng: random.Random, name: str, number: int) -> tuple[Score, ...]:
    names = ("current", "stale", "wrong", "abstained", "hedged")
    metrics = ("recency.current", "recency.stale", "recency.age_days")
    if name == "base" and number == 63:
        return tuple(Score(m, None, "error", "error", "the engine stopped") for m in metrics)
    label = rng.choices(names, SKILL[name][2])[0]
    reason = f"the answer states {'₹ 1,000' if label == 'current' else '₹ 900'}"
    age = Score(metrics[2], 730.0, "ok", label, "ended 2024-03-31")
    none = Score(metrics[2], None, "unmeasured", label, "only stale answers have an age")
    return (
        Score(metrics[0], float(label == "current"), "ok", label, reason),
        Score(metrics[1], float(label == "stale"), "ok", label, reason),
        age if label == "stale" else none,
    )


def _text(rng: random.Random, case: Case, number: int, name: str) -> str:
    if number < len(NASTY) and name in ("base", "lora"):
        return NASTY[number]
    words = case.reference.split()
    rng.shuffle(words)
    return f"{case.reference} {' '.join(words)}"


def _answers(cases: tuple[Case, ...], seed: int) -> tuple[ScoredAnswer, ...]:
    rng = random.Random(seed)
    found = []
    for candidate in CANDIDATES:
        for number, case in enumerate(cases):
            facts = case.task == "recency"
            text = _text(rng, case, number % 64, candidate.name)
            answer = Answer(
                f"{case.id}/{candidate.name}",
                text,
                finish="length" if len(text) > 4000 else "stop",
                prompt_tokens=40,
                seconds=0.25,
            )
            passage = Passage("doc-1", f"Limit <{number}>", f"The limit is {1000 + number}.", 3.2)
            scores = (
                _fact_scores(rng, candidate.name, number - 40)
                if facts
                else _clause_scores(rng, candidate.name)
            )
            passages = (passage,) if candidate.context != "none" else ()
            found.append(
                ScoredAnswer(case.id, case.task, candidate.name, answer, scores, passages, "…")
            )
    return tuple(found)


def _interval(values: list[float], low: float | None, high: float | None) -> tuple[float, ...]:
    mean = fmean(values)
    spread = sqrt(sum((v - mean) ** 2 for v in values) / max(len(values) - 1, 1))
    half = 1.96 * max(spread, 0.02) / sqrt(len(values))
    bottom = mean - half if low is None else max(mean - half, low)
    top = mean + half if high is None else min(mean + half, high)
    return mean, bottom, top


def _ends(metric: Metric) -> tuple[float | None, float | None]:
    return (-1.0, 1.0) if metric.upper == 1.0 else (None, None)


Values = dict[tuple[str, str, str, str], dict[str, Score]]


def _by_number(cases: tuple[Case, ...], answers: Iterable[ScoredAnswer]) -> Values:
    tags = {case.id: case.tags for case in cases}
    found: Values = {}
    for item in answers:
        for score in item.scores:
            for part in ("all", *tags[item.case]):
                key = (item.task, score.metric, part, item.candidate)
                found.setdefault(key, {})[item.case] = score
    return found


def _summaries(values: Values) -> tuple[Summary, ...]:
    found = []
    for (task, metric, part, name), scores in values.items():
        measured = [s.value for s in scores.values() if s.value is not None]
        errors = sum(s.state == "error" for s in scores.values())
        rest = len(scores) - len(measured) - errors
        spec = BY_NAME[metric]
        mean, low, high = (
            _interval(measured, spec.lower, spec.upper) if measured else (None, None, None)
        )
        n = len(measured)
        found.append(Summary(task, metric, part, name, n, n, mean, low, high, rest, errors))
    return tuple(found)


def _comparisons(values: Values) -> tuple[Comparison, ...]:
    found = []
    pairs = [(c.name, "base") for c in CANDIDATES[1:]]
    pairs += [("lora+gold", "lora"), ("lora+gold", "lora+retrieved"), ("lora", "base+house")]
    for (task, metric, part, name), scores in values.items():
        for candidate, baseline in pairs:
            if candidate != name:
                continue
            other = values[(task, metric, part, baseline)]
            both = [
                s.value - o.value
                for case, s in scores.items()
                if (o := other.get(case)) and s.value is not None and o.value is not None
            ]
            head = (task, metric, part, candidate, baseline)
            if not both:
                found.append(Comparison(*head, 0, 0, None, None, None, method="no pairs"))
                continue
            sign = -1 if BY_NAME[metric].better == "lower" else 1
            mean, low, high = _interval(both, *_ends(BY_NAME[metric]))
            good, bad = (low, high) if sign > 0 else (-high, -low)
            found.append(
                Comparison(
                    *head,
                    len(both),
                    len(both),
                    mean,
                    low,
                    high,
                    win=sum(sign * d > 0 for d in both),
                    tie=sum(d == 0 for d in both),
                    loss=sum(sign * d < 0 for d in both),
                    p_value=0.0004 if good > 0 or bad < 0 else 0.21,
                    method="cluster bootstrap, 10,000 resamples",
                    mde=(high - low) / 1.4,
                    outcome="better" if good > 0 else "worse" if bad < 0 else "not shown",
                )
            )
    return tuple(found)


def _findings(comparisons: tuple[Comparison, ...]) -> tuple[Finding, ...]:
    by_key = {(c.task, c.metric, c.slice, c.candidate, c.baseline): c for c in comparisons}
    rows = (
        ("learns style", "improved", "supported", ("clauses", "style.all", "all", "lora", "base")),
        (
            "learns terminology",
            "improved",
            "supported",
            ("clauses", "terminology.success", "all", "lora", "base"),
        ),
        (
            "knowledge is frozen",
            "broke",
            "supported",
            ("recency", "recency.stale", "changed", "lora", "base"),
        ),
        (
            "keeps reading context",
            "context",
            "not shown",
            ("recency", "recency.current", "all", "lora+gold", "base+gold"),
        ),
        (
            "RAG fixes it",
            "context",
            "supported",
            ("recency", "recency.current", "all", "lora+gold", "lora"),
        ),
    )
    found = []
    for claim, group, answer, key in rows:
        item = by_key.get(key)
        effect = (item.difference, item.low, item.high) if item else (-0.02, -0.14, 0.11)
        n = item.n if item else 64
        sentence = (
            f"The candidate {key[3]} was held against {key[4]} on {key[1]} ({key[0]}, slice "
            f"{key[2]}): {100 * (effect[0] or 0):+.0f} pp, 95 % interval "
            f"{100 * (effect[1] or 0):.0f} to {100 * (effect[2] or 0):.0f}, n = {n}."
        )
        found.append(
            Finding(claim, answer, sentence, group, key[0], *key[1:], *effect, n)  # type: ignore[arg-type]
        )
    return tuple(found)


def _gate() -> GateResult:
    superior = Rule("superior", "lora", "clauses", "style.all", against="base", min_effect=0.1)
    stale = Rule("at_most", "lora", "recency", "recency.stale", slice="changed", value=0.2)
    keeps = Rule(
        "non_inferior",
        "lora+gold",
        "recency",
        "recency.current",
        against="base+gold",
        margin=0.05,
    )
    measured = Rule("max_unmeasured", "base", "recency", "recency.current", value=0.01)
    return GateResult(
        "ERROR",
        (
            RuleResult(superior, "PASS", "+91 pp, lower bound 80 pp > 10 pp", 40, 0.91, 0.8, 0.97),
            RuleResult(
                stale, "FAIL", "45 %, interval 27 to 64 lies above 20 %", 22, 0.45, 0.27, 0.64
            ),
            RuleResult(
                keeps, "INCONCLUSIVE", "about 420 cases would decide", 64, -0.02, -0.14, 0.11, 420
            ),
            RuleResult(measured, "ERROR", "1 of 64 answers not measured", 64, 0.016),
        ),
    )


def _results(answers: tuple[ScoredAnswer, ...]) -> tuple[CandidateResult, ...]:
    record = {
        "recipe": {"name": "lora", "rank": 16, "learning_rate": 5e-4, "epochs": 2.0},
        "base_digest": "b" * 64,
        "data_digest": "d" * 64,
        "seed": 7,
        "seconds": 312.4,
        "tokens": 81_234,
        "completion_tokens": 52_110,
        "rows": 184,
        "dev_rows": 16,
        "steps": 46,
        "flops": 4.4e13,
        "tokens_per_second": 260.0,
        "loss": [[step, 2.6 * 0.95**step + 0.7] for step in range(46)],
        "dev_loss": [[step, 2.7 * 0.95**step + 0.9] for step in (11, 22, 33, 45)],
        "stopped_early": False,
        "device": "cpu",
        "dtype": "bfloat16",
        "versions": {"torch": "2.13.0", "peft": "0.21.2"},
    }
    adapter = Adapter("lora", "adapters/lora", "a" * 64, 16, 9_800_000, record)
    found = []
    for candidate in CANDIDATES:
        own = [item.answer for item in answers if item.candidate == candidate.name]
        found.append(
            CandidateResult(
                candidate,
                adapter if candidate.adapter.kind != "none" else None,
                answers=len(own),
                answer_tokens=sum(len(item.text) // 4 for item in own),
                prompt_tokens=40 * len(own),
                answer_seconds=len(own) / 4,
                truncated=sum(item.finish == "length" for item in own),
            )
        )
    return tuple(found)


def make_run(seed: int = 5) -> Run:
    """The whole run; the same seed gives the same run."""
    cases = _cases()
    answers = _answers(cases, seed)
    values = _by_number(cases, answers)
    comparisons = _comparisons(values)
    return Run(
        schema=1,
        id="3f2a9c41",
        suite="legal",
        profile="quick",
        description="House style and changing limits in employment contracts",
        created="2026-04-01T09:30:00+00:00",
        model=Model("smollm2-135m", "models/smollm2", "e" * 64, "refs/main"),
        engine="transformers",
        engine_reason="vllm is not installed here",
        trained_until=date(2023, 12, 31),
        as_of=date(2026, 3, 31),
        candidates=_results(answers),
        tasks={"clauses": "Draft a clause in house style", "recency": "Ask a limit as of a date"},
        metrics=METRICS,
        cases=cases,
        answers=answers,
        summaries=_summaries(values),
        comparisons=comparisons,
        findings=_findings(comparisons),
        advice=(
            "Fine-tune for style: lora keeps every rule in 93 % of answers (n = 40).",
            "Do not rely on the adapter for limits that change: give it retrieved context.",
            "About 420 more cases would decide whether lora reads context as well as base.",
        ),
        gate=_gate(),
        warnings=(
            "The answers of lora to clause-06 were cut at 128 tokens.",
            "Recency was measured on 64 cases in 32 clusters; <small> effects stay hidden.",
        ),
        stage_seconds={"plan": 0.4, "train": 312.4, "serve": 182.0, "score": 0.9, "compare": 1.1},
        environment={"python": "3.11.7", "torch": "2.13.0", "cpu": "2 cores"},
        command="bench run suites/legal --profile quick",
    )


def empty_run() -> Run:
    """A run in which nothing was answered: every report must say so and not fall over."""
    return Run(
        schema=1,
        id="0",
        suite="empty",
        profile="quick",
        description="",
        created="2026-04-01T09:30:00+00:00",
        model=Model("m", "m", "0" * 64),
        engine="replay",
        engine_reason="",
        trained_until=None,
        as_of=None,
        candidates=(),
        tasks={"answers": ""},
        metrics=(),
        cases=(),
        answers=(),
        summaries=(),
        comparisons=(),
        findings=(),
        advice=(),
        gate=None,
    )


def large_run(answers: int = 10_000) -> Run:
    """A run of many answers that differ, for size and speed."""
    run = make_run()
    rng = random.Random(3)
    words = [f"word{i}" for i in range(3000)]
    per = len(CANDIDATES)
    cases = tuple(
        Case(
            f"big-{i}",
            "recency",
            " ".join(rng.choices(words, k=15)),
            " ".join(rng.choices(words, k=15)),
            f"c{i}",
            tags=("changed",),
        )
        for i in range(-(-answers // per))
    )
    made = []
    for number in range(answers):
        case, candidate = cases[number // per], CANDIDATES[number % per]
        scores = _fact_scores(rng, candidate.name, 0)
        text = " ".join(rng.choices(words, k=30))
        quoted = tuple(
            Score(s.metric, s.value, s.state, s.label, f"{s.reason}: {text[:80]}") for s in scores
        )
        made.append(
            ScoredAnswer(case.id, "recency", candidate.name, Answer(str(number), text), quoted)
        )
    return run.__class__(
        **{
            **{name: getattr(run, name) for name in run.__slots__},
            "cases": cases,
            "answers": tuple(made),
        }
    )
