"""Frozen records that pass between stages; data, no behaviour.

Times are seconds, sizes bytes, dates `datetime.date`. `where` is `file:line` for messages.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

State = Literal["ok", "unmeasured", "error"]
ContextKind = Literal["none", "retrieved", "gold"]
VerdictName = Literal["PASS", "FAIL", "INCONCLUSIVE", "ERROR"]

MIN_SLICE = 5
"""Cases that a slice has at least, and that a gate rule needs measured where some were not."""

FACT_TAGS = ("changed", "unchanged", "new")
"""Tags that cases get from what became of their fact since training; always slices."""

# ---------------------------------------------------------------- suite


@dataclass(frozen=True, slots=True)
class Row:
    """A training pair."""

    id: str
    input: str
    output: str
    tags: tuple[str, ...] = ()
    fact: str | None = None
    source: str | None = None
    where: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """A value of a fact, valid from `valid_from` up to and without `valid_to` (None: still)."""

    value: str
    valid_from: date
    valid_to: date | None = None
    aliases: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """An entity's attribute and its values through time, oldest first.

    `exposures` is how often training shows it (None: not controlled); `placebo` are values of
    the same type that were never true.
    """

    id: str
    entity: str
    attribute: str
    versions: tuple[Version, ...]
    exposures: int | None = None
    placebo: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    where: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """A glossary entry; `trained` says whether training shows the preferred form."""

    preferred: str
    definition: str = ""
    forbidden: tuple[str, ...] = ()
    trained: bool = True


@dataclass(frozen=True, slots=True)
class Document:
    """A text that retrieval may read while `valid_from <= date < valid_to`.

    One that is not `searchable` is read only as gold.
    """

    id: str
    title: str
    text: str
    valid_from: date | None = None
    valid_to: date | None = None
    facts: tuple[str, ...] = ()
    where: str = ""
    searchable: bool = True


@dataclass(frozen=True, slots=True)
class Case:
    """One prompt with its reference and what the scorers need.

    `cluster` is the unit of independence (fact, source, or the case itself); `gold` are ids of
    the documents that hold the answer; `terms` the glossary terms that the answer must use.
    `answerable` False: nobody could know, the right answer declines. `expect` is what the
    regression scorer checks the answer for.
    """

    id: str
    task: str
    input: str
    reference: str
    cluster: str
    as_of: date | None = None
    tags: tuple[str, ...] = ()
    fact: str | None = None
    source: str | None = None
    gold: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    where: str = ""
    answerable: bool = True
    expect: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScorerSpec:
    """A scorer by registry name, with its options from the suite."""

    name: str
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Task:
    """A named group of cases that measure one thing; `candidates` None means all of them."""

    name: str
    cases: tuple[Case, ...]
    scorers: tuple[ScorerSpec, ...]
    max_tokens: int = 128
    description: str = ""
    candidates: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """House words around a case; `user` holds `{input}`.

    Both texts may hold `{glossary}` (all of it), `{terms}` (the entries that the case needs),
    `{random_terms}` (as many other entries) and `{examples}` (`shots` training rows).
    """

    name: str
    system: str = ""
    user: str = "{input}"
    shots: int = 0


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a LoRA adapter is trained, and on which rows.

    `only` and `without` choose rows by tag, `limit` then takes a nested seeded sample. `start`
    names the recipe whose adapter training goes on from; None starts from the base.
    """

    name: str
    rank: int = 16
    alpha: float = 32.0
    dropout: float = 0.0
    rslora: bool = False
    targets: tuple[str, ...] | Literal["all-linear"] = "all-linear"
    learning_rate: float = 5e-4
    warmup: float = 0.05
    epochs: float = 2.0
    batch_rows: int = 8
    max_length: int = 512
    weight_decay: float = 0.0
    clip: float = 1.0
    dev_fraction: float = 0.08
    patience: int = 2
    seed: int = 7
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    limit: int | None = None
    start: str | None = None


@dataclass(frozen=True, slots=True)
class AdapterSource:
    """Where a candidate's adapter comes from.

    `value` is a recipe name, a path, a hub id, or the name that a server has it under.
    """

    kind: Literal["none", "recipe", "path", "hub", "served"] = "none"
    value: str = ""


@dataclass(frozen=True, slots=True)
class Retrieval:
    """How retrieved context is found; `template` holds `{context}` and `{input}`.

    Documents are cut at headings and paragraphs into chunks of at most `chunk_chars` characters
    (0: whole), of which each repeats up to `overlap` characters of the one before. `index` is
    the day whose documents are searched (None: the case's own day). `encoder` is what dense
    retrieval embeds with.
    """

    retriever: str = "bm25"
    k: int = 1
    max_chars: int = 2000
    template: str = (
        "Use only the passage below.\n\nPassage:\n{context}\n\nQuestion or instruction: {input}"
    )
    chunk_chars: int = 0
    overlap: int = 0
    index: date | None = None
    encoder: str = "embedded:all-minilm-l6-v2"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to answer: adapter source x prompt x context.

    `retrieve` replaces the suite's settings for this candidate's retrieved context.
    """

    name: str
    adapter: AdapterSource = AdapterSource()
    prompt: str | None = None
    context: ContextKind = "none"
    retrieve: Retrieval | None = None


@dataclass(frozen=True, slots=True)
class Sampling:
    """Temperature 0 is greedy; `samples` answers are drawn per case, each anew."""

    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    samples: int = 1


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An OpenAI-compatible server; `key` names the environment variable that holds its key.

    `url` ends in the API's root, such as http://127.0.0.1:8000/v1. `model` is the served name of
    the base. `timeout` is seconds for one try of one request, `retries` how many tries follow
    the first. Prices are per million tokens, None: not counted.
    """

    url: str = ""
    key: str = ""
    model: str = ""
    concurrency: int = 16
    timeout: float = 120.0
    retries: int = 6
    input_price: float | None = None
    output_price: float | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A gate rule over metric x task x slice. `against` is a candidate name; see harness/gate."""

    kind: Literal["superior", "non_inferior", "at_least", "at_most", "max_unmeasured"]
    candidate: str
    task: str
    metric: str
    slice: str = "all"
    against: str | None = None
    margin: float = 0.0
    min_effect: float = 0.0
    value: float = 0.0
    where: str = ""


@dataclass(frozen=True, slots=True)
class Arm:
    """One side of an expectation: a candidate's mean on a metric in a slice of a task."""

    candidate: str
    task: str
    metric: str
    slice: str = "all"


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the suite's author expects of a run, written down before it.

    The effect is the mean of `arm` minus that of `against`; where `net_of` names a candidate,
    minus the same contrast of that candidate. It is shown when the effect lies in `direction`
    beyond `min_effect`, interval and all. Kind `calibration` asks instead whether a gate on the
    arm's answers errs as often as it says. `number` is the phenomenon's in METHODS §7.
    """

    name: str
    says: str
    arm: Arm
    against: Arm
    direction: Literal["higher", "lower"] = "higher"
    min_effect: float = 0.0
    net_of: str | None = None
    kind: Literal["contrast", "calibration"] = "contrast"
    number: int | None = None
    where: str = ""


@dataclass(frozen=True, slots=True)
class Suite:
    """Everything a run needs to know about a domain, loaded and validated."""

    name: str
    root: str
    profile: str
    description: str
    model: str
    seed: int
    train: tuple[Row, ...]
    tasks: tuple[Task, ...]
    candidates: tuple[Candidate, ...]
    recipes: tuple[Recipe, ...]
    facts: tuple[Fact, ...] = ()
    glossary: tuple[Term, ...] = ()
    style: dict[str, Any] = field(default_factory=dict)
    documents: tuple[Document, ...] = ()
    prompts: tuple[Prompt, ...] = ()
    sampling: Sampling = Sampling()
    retrieval: Retrieval = Retrieval()
    rules: tuple[Rule, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    trained_until: date | None = None
    as_of: date | None = None
    template: str = "### Input:\n{input}\n\n### Response:\n"
    endpoint: Endpoint | None = None


# ---------------------------------------------------------------- models and adapters


@dataclass(frozen=True, slots=True)
class Model:
    """A base model on local disk; `digest` covers weights, config, tokenizer and template.

    `path` is '' where a server has the model; then the digest is of its address.
    """

    name: str
    path: str
    digest: str
    revision: str = ""


@dataclass(frozen=True, slots=True)
class Adapter:
    """A LoRA adapter on local disk; `digest` covers the bytes that ship.

    `record` says how it was made: recipe, data and base digests, seed, versions, seconds,
    tokens, flops, loss curve. Of an adapter that came from outside it has at most
    `template_digest`, where bench trained it.
    """

    name: str
    path: str
    digest: str
    rank: int
    size: int
    record: dict[str, Any] = field(default_factory=dict)


# ---------------------------------------------------------------- train


@dataclass(frozen=True, slots=True)
class EncodedRow:
    """A training row as token ids; loss falls on `completion` only."""

    prompt: tuple[int, ...]
    completion: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TrainJob:
    """All that the training child needs; writes an adapter folder to `out`.

    `start` is the folder of the adapter that training goes on from.
    """

    model_path: str
    recipe: Recipe
    rows: tuple[EncodedRow, ...]
    dev: tuple[EncodedRow, ...]
    out: str
    pad_id: int
    device: str = "auto"
    threads: int = 0
    start: str | None = None


# ---------------------------------------------------------------- serve


@dataclass(frozen=True, slots=True)
class Request:
    """One prompt for an engine, as token ids. `adapter` is an adapter digest or None (base).

    `sample` is added to the seed. `logprobs` asks for that many most likely next tokens of the
    first position. `targets` are continuations whose tokens the engine scores, one prefill each.
    Requests of one `wave` share the engine, those of the next begin when all are answered: what
    runs beside a request then never depends on what an earlier start had finished. `messages`
    are the same prompt as (role, content), which is what a chat API is sent.
    """

    id: str
    token_ids: tuple[int, ...]
    adapter: str | None = None
    max_tokens: int = 128
    logprobs: int = 0
    wave: int = 0
    targets: tuple[tuple[int, ...], ...] = ()
    sample: int = 0
    messages: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class EngineJob:
    """All that an engine child needs. Probes are answered first, in one mixed batch.

    `adapters` maps an adapter digest to its folder; `ranks` to its LoRA rank. `max_sequences`
    is how many requests run side by side at most (0: the engine's choice). `model_path` is ''
    where there are no local weights; an adapter that a server, or a file of answers, has under
    NAME is 'served:NAME' instead of a folder. `endpoint` and `answers` (that file) are for the
    engines of those names.
    """

    model_path: str
    requests: tuple[Request, ...]
    probes: tuple[Request, ...] = ()
    adapters: dict[str, str] = field(default_factory=dict)
    ranks: dict[str, int] = field(default_factory=dict)
    stop_ids: tuple[int, ...] = ()
    stop_texts: tuple[str, ...] = ()
    sampling: Sampling = Sampling()
    max_model_len: int = 1024
    device: str = "auto"
    dtype: str = "auto"
    max_sequences: int = 0
    endpoint: Endpoint | None = None
    answers: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """A document, or a piece of one, as a candidate saw it."""

    document: str
    title: str
    text: str
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a candidate gave to a case. `first_logprobs` maps token id (as text) to logprob.

    `target_logprobs` has a list per target of the request, a natural logarithm per token.
    `passages` is what the candidate read, filled in when scored. `cached_tokens` of the prompt
    came from the engine's prefix cache. `completion_tokens` is the answer's length where the
    engine was told only that, and not the tokens.
    """

    request: str
    text: str
    token_ids: tuple[int, ...] = ()
    finish: Literal["stop", "length", "error"] = "stop"
    prompt_tokens: int = 0
    seconds: float = 0.0
    first_logprobs: dict[str, float] = field(default_factory=dict)
    error: str = ""
    target_logprobs: tuple[tuple[float, ...], ...] = ()
    passages: tuple[Passage, ...] = ()
    cached_tokens: int = 0
    completion_tokens: int = 0


# ---------------------------------------------------------------- score


@dataclass(frozen=True, slots=True)
class Metric:
    """What a number means. `need` groups metrics for findings: style, terminology, facts, other.

    `lower`/`upper` are the range; `better` is the direction; a diagnostic never drives a finding.
    Headlines are in the reports' tables, and so is what is `shown` beside them.
    `binary` metrics are 0 or 1 per answer.
    """

    name: str
    description: str
    unit: str = "share"
    lower: float | None = 0.0
    upper: float | None = 1.0
    better: Literal["higher", "lower", "neither"] = "higher"
    need: Literal["style", "terminology", "facts", "other"] = "other"
    binary: bool = False
    headline: bool = False
    diagnostic: bool = False
    shown: bool = False


@dataclass(frozen=True, slots=True)
class Score:
    """One number for one answer; `value` is None unless `state` is ok, never 0 for a failure."""

    metric: str
    value: float | None
    state: State = "ok"
    label: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ScoredAnswer:
    """An answer with its case and scores: the row behind every number.

    `sample` counts a candidate's answers to one case, from 0.
    """

    case: str
    task: str
    candidate: str
    answer: Answer
    scores: tuple[Score, ...]
    passages: tuple[Passage, ...] = ()
    prompt: str = ""
    sample: int = 0


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a judge model said of an answer and the one it is held against, in both orders.

    `verdicts` are 'A', 'B', 'tie' or '' (none could be read): first with the answer shown as A,
    then as B. `replies` are the words they were read from, `note` says why nobody was asked. In
    state `ok` both verdicts are there.
    """

    verdicts: tuple[str, str] = ("", "")
    replies: tuple[str, str] = ("", "")
    state: State = "ok"
    note: str = ""


# ---------------------------------------------------------------- compare, gate, report


@dataclass(frozen=True, slots=True)
class Summary:
    """A candidate's mean on a metric in a slice, 95 % interval, over n cases in k clusters."""

    task: str
    metric: str
    slice: str
    candidate: str
    n: int
    clusters: int
    mean: float | None
    low: float | None
    high: float | None
    unmeasured: int = 0
    errors: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """Candidate minus baseline, paired by case, 95 % interval, clustered.

    `mde` is the smallest difference that this many cases would show with 80 % power.
    `outcome` reads the interval in the metric's direction.
    """

    task: str
    metric: str
    slice: str
    candidate: str
    baseline: str
    n: int
    clusters: int
    difference: float | None
    low: float | None
    high: float | None
    win: int = 0
    tie: int = 0
    loss: int = 0
    p_value: float | None = None
    method: str = ""
    mde: float | None = None
    outcome: Literal["better", "worse", "not shown", "unmeasured"] = "unmeasured"


@dataclass(frozen=True, slots=True)
class Finding:
    """A claim that the run tested, with the comparison it rests on."""

    claim: str
    answer: Literal["supported", "contradicted", "not shown"]
    sentence: str
    group: Literal["improved", "broke", "context", "cost"]
    task: str = ""
    metric: str = ""
    slice: str = "all"
    candidate: str = ""
    baseline: str = ""
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    p_holm: float | None = None


@dataclass(frozen=True, slots=True)
class Phenomenon:
    """An expectation with what the run saw of it; `effect` as Expectation defines it."""

    expectation: Expectation
    verdict: Literal["shown", "reversed", "not shown", "not measured"]
    sentence: str
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    p_value: float | None = None


@dataclass(frozen=True, slots=True)
class RuleResult:
    """A gate rule with its verdict and the numbers it was judged on."""

    rule: Rule
    verdict: VerdictName
    reason: str
    n: int = 0
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    n_needed: int | None = None


@dataclass(frozen=True, slots=True)
class GateResult:
    """The verdict of a suite's rules; None rules means there was nothing to judge."""

    verdict: VerdictName
    rules: tuple[RuleResult, ...]


@dataclass(frozen=True, slots=True)
class CandidateResult:
    """A candidate with what it cost. `answer_seconds` shares the engine's wall time by tokens."""

    candidate: Candidate
    adapter: Adapter | None = None
    answers: int = 0
    answer_tokens: int = 0
    prompt_tokens: int = 0
    answer_seconds: float = 0.0
    truncated: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """All of a finished run: what every report is rendered from, and what run.json holds.

    `notes` are sentences on how things were measured, such as how far a judge agrees with people.
    """

    schema: int
    id: str
    suite: str
    profile: str
    description: str
    created: str
    model: Model
    engine: str
    engine_reason: str
    trained_until: date | None
    as_of: date | None
    candidates: tuple[CandidateResult, ...]
    tasks: dict[str, str]
    metrics: tuple[Metric, ...]
    cases: tuple[Case, ...]
    answers: tuple[ScoredAnswer, ...]
    summaries: tuple[Summary, ...]
    comparisons: tuple[Comparison, ...]
    findings: tuple[Finding, ...]
    advice: tuple[str, ...]
    gate: GateResult | None
    phenomena: tuple[Phenomenon, ...] = ()
    warnings: tuple[str, ...] = ()
    stage_seconds: dict[str, float] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    command: str = ""
    notes: tuple[str, ...] = ()
