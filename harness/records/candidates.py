"""Ways to answer: recipes, adapters, retrieval, sampling, servers."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from harness.records.data import ContextKind


@dataclass(frozen=True, slots=True)
class Passages:
    """Passages in the prompts of training rows that a document holds the answer to.

    `distractors` is how many passages of other documents stand beside the right one, which a
    share `without_gold` of the rows lacks (RAFT, arXiv 2403.10131).
    """

    distractors: int = 3
    without_gold: float = 0.2


@dataclass(frozen=True, slots=True)
class Replay:
    """Rows of others mixed in: `share` of all that is trained on, chosen by tag, drawn at random.

    With `start`, they come from what the adapter that training goes on from was trained on.
    """

    share: float
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a LoRA adapter is trained, and on which rows.

    `only` and `without` choose rows by tag, `limit` then takes a nested sample, seeded by `draw`
    (None: the suite's seed). `start` names the recipe whose adapter training goes on from; None
    starts from the base. `trunk` are the sizes of a nested curve up to `limit`: their rows are
    shown in turn at a constant rate, and the last share of training cools down. `passages` and
    `replay` change which texts are shown, not how. `steps` stand in the place of `epochs`;
    `neftune` is the strength of noise on embeddings in training. With `load_in_4bit` the base
    that the adapter is trained on is quantised (QLoRA, arXiv 2305.14314); it answers on the whole.
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
    draw: int | None = None
    start: str | None = None
    trunk: tuple[int, ...] = ()
    passages: Passages | None = None
    replay: Replay | None = None
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    steps: int | None = None
    neftune: float = 0.0
    load_in_4bit: bool = False


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

    `retrieve` replaces the suite's settings for this candidate's retrieved context. `curve` names
    the recipe of whose learning curve the candidate is a point; '' for all others.
    """

    name: str
    adapter: AdapterSource = AdapterSource()
    prompt: str | None = None
    context: ContextKind = "none"
    retrieve: Retrieval | None = None
    curve: str = ""


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
