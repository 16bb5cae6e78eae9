"""What costs depend on, by the names that suites, reports and docs/costs.md use."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CostInput:
    """A quantity that a suite may set by `name`, with what stands in where nothing is known.

    `unit` may hold `{currency}`. `default` is an assumption, None where it follows from other
    inputs. `measured` says what of a run takes its place.
    """

    name: str
    unit: str
    says: str
    default: float | None
    measured: str = ""


GPU_HOUR = 3.0
"""Price of an hour of one GPU, where a suite says nothing: an assumption."""

CPU_HOUR = 0.1
"""Price of an hour of a small CPU machine, where a suite says nothing: an assumption."""

PRICES = {
    one.name: one
    for one in (
        CostInput(
            "train_hour",
            "{currency} per hour",
            "the machine that trains, its energy included; by default 3.00 for a GPU, 0.10 for "
            "a CPU machine",
            None,
        ),
        CostInput(
            "serve_hour",
            "{currency} per hour",
            "the machine that answers; by default as train_hour, 0 where tokens have a price",
            None,
        ),
        CostInput("prompt_mtok", "{currency} per 1M tokens", "prompt tokens of a hosted model", 0),
        CostInput("answer_mtok", "{currency} per 1M tokens", "answer tokens of a hosted model", 0),
        CostInput("label", "{currency} per example", "writing or checking a training example", 1),
        CostInput("evaluation", "{currency} per training", "judging a newly trained model", 20),
        CostInput("retrieval", "{currency} per query", "searching the index once", 0.00001),
        CostInput("index_day", "{currency} per day", "keeping the index and its documents", 1),
        CostInput("bad_answer", "{currency} per answer", "what a wrong or stale answer does", 1),
        CostInput(
            "missed_passage",
            "{currency} per query",
            "a wrong answer where the passage was not found; by default as bad_answer",
            None,
        ),
    )
}
"""Prices that `decision: {prices: …}` may set."""

RATES = {
    one.name: one
    for one in (
        CostInput(
            "change_rate",
            "changes per fact and day",
            "how often a fact changes",
            1 / 365,
            "facts of the suite that changed between trained_until and as_of",
        ),
        CostInput("queries_per_day", "queries per day", "how often users ask", 1000),
        CostInput("fact_share", "share", "queries that need a fact which may change", 0.2),
        CostInput("retrain_days", "days", "from one training to the next", 30),
        CostInput("lag_days", "days", "from a training's data to its first answer", 1),
        CostInput(
            "facts", "facts", "facts that the adapter has to hold", 100, "facts that rows teach"
        ),
        CostInput(
            "examples_per_fact",
            "examples",
            "rows to write anew for a fact that changed",
            1,
            "different training rows per fact",
        ),
        CostInput(
            "train_seconds", "s", "one training", 3600, "training of the fine-tuned candidate"
        ),
        CostInput(
            "seconds_per_mtok",
            "s per 1M tokens",
            "machine time of answer tokens",
            0,
            "engine seconds over tokens, a prompt token counted prompt_weight times",
        ),
        CostInput(
            "prompt_weight", "share", "work of a prompt token, an answer token's being 1", 0.25
        ),
        CostInput(
            "prompt_tokens",
            "tokens",
            "prompt without a context",
            100,
            "answers of the fine-tuned candidate",
        ),
        CostInput(
            "added_tokens",
            "tokens",
            "what a retrieved context adds to the prompt",
            500,
            "prompts with and without the context, case by case",
        ),
        CostInput(
            "tuned_tokens", "tokens", "answer of the fine-tuned candidate", 100, "its answers"
        ),
        CostInput("rag_tokens", "tokens", "answer of the RAG candidate", 100, "its answers"),
        CostInput(
            "recall",
            "share",
            "queries whose passage is found",
            0.9,
            "answers of the RAG candidate that read a gold passage",
        ),
        CostInput(
            "wrong_if_changed",
            "share",
            "fine-tuned answers that are not the current value, the fact changed since training",
            1,
            "slice `changed` of the fact task",
        ),
        CostInput(
            "wrong_if_unchanged",
            "share",
            "fine-tuned answers that are not the current value, the fact as it was trained",
            0,
            "slice `unchanged` of the fact task",
        ),
        CostInput(
            "wrong_if_found",
            "share",
            "RAG answers that are not the current value though the passage was found",
            0,
            "answers that read a gold passage",
        ),
        CostInput(
            "wrong_if_missed",
            "share",
            "RAG answers that are not the current value, the passage not found",
            1,
            "answers that read no gold passage",
        ),
    )
}
"""Rates and measured quantities that `decision: {rates: …}` may set."""

SHARES = tuple(name for name, one in RATES.items() if one.unit == "share")
"""Rates that lie between 0 and 1."""


@dataclass(frozen=True, slots=True)
class CandidateCost:
    """What a candidate's adapter and answers took, in money and in work; None: not known.

    `train_*` are of its adapter and 0 without one: seconds, tokens, FLOPs at 4 per base
    parameter and token, bytes; `train_price` is machine time, `label_price` what its rows cost
    to write. `utilisation` is the share of the machine's measured peak. `per_1000` is the price
    of 1,000 answers on the tasks that it was asked, (value, low, high).
    """

    candidate: str
    adapter: str = ""
    rows: int = 0
    train_seconds: float | None = 0.0
    train_tokens: int | None = 0
    train_flops: float | None = 0.0
    peak_memory: int | None = None
    utilisation: float | None = None
    train_price: float | None = 0.0
    label_price: float | None = 0.0
    answers: int = 0
    prompt_tokens: int = 0
    answer_tokens: int = 0
    answer_seconds: float = 0.0
    per_1000: tuple[float, float | None, float | None] | None = None
    currency: str = "USD"
