"""Models and adapters on disk, and what training and engines are given and give."""

from dataclasses import dataclass, field
from typing import Any, Literal

from harness.records.candidates import Endpoint, Recipe, Sampling


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


@dataclass(frozen=True, slots=True)
class EncodedRow:
    """A training row as token ids; loss falls on `completion` only."""

    prompt: tuple[int, ...]
    completion: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TrainJob:
    """All that the training child needs; writes an adapter folder to `out`.

    `start` is the folder of the adapter that training goes on from. `peak_flops` is what the
    machine's matrix products reach in a second (0: to be measured). `keep` is the file that an
    unfinished training is kept in every `keep_every` seconds ('': not). `phases` are how many of
    the first rows belong to each size of a trunk (see Recipe).
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
    peak_flops: float = 0.0
    keep: str = ""
    keep_every: float = 30.0
    phases: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TrainWork:
    """Adapters of one base, trained in one child. `stack` says whether several share a pass."""

    jobs: tuple[TrainJob, ...]
    stack: Literal["auto", "on", "off"] = "auto"


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
    sampling: Sampling = field(default_factory=Sampling)
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
