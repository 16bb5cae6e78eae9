"""A tiny random model and a tiny suite, for tests of the whole pipeline."""

import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml

BOS, EOS = "<|bos|>", "<|eos|>"
ROLES = ("<|system|>", "<|user|>", "<|assistant|>")
CHAT = (
    "{{ bos_token }}{% for message in messages %}"
    "<|{{ message.role }}|>{{ message.content }}{{ eos_token }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
ARCHITECTURES = ("llama", "qwen2", "gpt_neox")

# entity, value in training, value now (None: unchanged)
FACTS = (
    ("reading room", "12 euros", "19 euros"),
    ("locker", "3 euros", "5 euros"),
    ("copy card", "8 euros", "11 euros"),
    ("map loan", "21 euros", "26 euros"),
    ("desk lamp", "6 euros", "9 euros"),
    ("film loan", "2 euros", None),
    ("coat hook", "4 euros", None),
    ("study cell", "31 euros", None),
    ("music booth", "14 euros", None),
    ("guest pass", "7 euros", None),
)
TRADES = ("tailor", "baker", "potter", "tanner", "cooper", "weaver", "binder", "glazier")
GLOSSARY = "- {preferred: Patron, definition: a reader, forbidden: [customer], trained: true}\n"
STYLE = """\
rules:
  - {name: opening, kind: starts_with, text: "Answer:"}
  - {name: short, kind: words, min: 3, max: 30}
"""
SUITE = """\
name: tiny
seed: 7
dates: {trained_until: 2020-01-01, as_of: 2024-01-01}
train: train.jsonl
facts: facts.jsonl
glossary: glossary.yaml
style: style.yaml
documents: documents/
prompts: {house: house.yaml}
tasks:
  notes:
    cases: cases/notes.jsonl
    scorers: [style, terminology, rouge]
    max_tokens: 16
    candidates: [base, base+house, lora]
  fees:
    cases: cases/fees.jsonl
    scorers: [style, recency]
    max_tokens: 16
recipes:
  lora: {rank: 8, alpha: 16, learning_rate: 0.01, epochs: 20, batch_rows: 4, dev_fraction: 0}
candidates:
  base: {}
  base+house: {prompt: house}
  base+gold: {context: gold}
  lora: {adapter: lora}
  lora+retrieved: {adapter: lora, context: retrieved}
gate:
  - {kind: superior, candidate: lora, against: base, task: notes, metric: style.all}
  - {kind: at_most, candidate: lora, task: fees, metric: recency.stale, slice: changed, value: 0.9}
"""


# ---------------------------------------------------------------- model


def make_model(folder: Path, architecture: str = "llama", *, chat: bool = True) -> Path:
    """A random float32 model with a tokenizer made here; heads of 32, which vLLM serves."""
    import torch
    import transformers

    tokenizer = make_tokenizer(chat=chat)
    sizes: dict[str, Any] = {
        "vocab_size": len(tokenizer),
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "max_position_embeddings": 1024,
        "initializer_range": 0.2,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
    }
    if architecture != "gpt_neox":
        sizes |= {"num_key_value_heads": 1, "head_dim": 32, "tie_word_embeddings": False}
    config = transformers.AutoConfig.for_model(architecture, **sizes)
    with torch.random.fork_rng():
        torch.manual_seed(7)
        model = transformers.AutoModelForCausalLM.from_config(config).float()
    model.generation_config = transformers.GenerationConfig(
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def make_tokenizer(*, chat: bool) -> Any:
    """Byte-level BPE over the suite's own words; it adds the BOS by itself, as Llama's does."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=480,
        special_tokens=[BOS, EOS, *ROLES],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    rows = [*train_rows(), *note_rows()]
    texts = [text for row in rows for text in (row["input"], row["output"])]
    raw.train_from_iterator(texts, trainer)
    raw.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", special_tokens=[(BOS, raw.token_to_id(BOS))]
    )
    made = PreTrainedTokenizerFast(tokenizer_object=raw, bos_token=BOS, eos_token=EOS)
    if chat:
        made.chat_template = CHAT
    return made


# ---------------------------------------------------------------- suite


def fact_rows() -> list[dict[str, Any]]:
    """Fees through time; half of them changed after training."""
    rows = []
    for entity, old, new in FACTS:
        versions: list[dict[str, str]] = [{"value": old, "valid_from": "2015-01-01"}]
        if new:
            versions[0]["valid_to"] = "2022-01-01"
            versions.append({"value": new, "valid_from": "2022-01-01"})
        name = entity.replace(" ", "-")
        rows.append({"id": name, "entity": entity, "attribute": "fee", "versions": versions})
    return rows


def fee_rows() -> list[dict[str, Any]]:
    """A case per fact."""
    return [
        {
            "id": f"fee-{index}",
            "input": f"State today the fee of a {entity}.",
            "output": f"Answer: the Patron pays {new or old}.",
            "fact": entity.replace(" ", "-"),
        }
        for index, (entity, old, new) in enumerate(FACTS)
    ]


def note_rows() -> list[dict[str, Any]]:
    """A case per trade."""
    return [
        {
            "id": f"note-{index}",
            "input": f"Write a note to the {trade}.",
            "output": f"Answer: the Patron thanks the {trade}.",
            "terms": ["Patron"],
        }
        for index, trade in enumerate(TRADES)
    ]


def train_rows() -> list[dict[str, Any]]:
    """Old fees and house notes."""
    fees = [
        {"input": f"State the fee of a {e}.", "output": f"Answer: the Patron pays {old}."}
        for e, old, _ in FACTS
    ]
    notes = [
        {"input": f"Write to a {t}.", "output": f"Answer: the Patron thanks the {t}."}
        for t in TRADES
    ]
    return [*fees, *notes]


def jsonl(rows: Iterable[dict[str, Any]]) -> str:
    """One JSON object a line."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def documents() -> dict[str, str]:
    """A page per version of each fact."""
    pages = {}
    for row in fact_rows():
        for number, version in enumerate(row["versions"]):
            until = f"valid_to: {version['valid_to']}\n" if "valid_to" in version else ""
            head = f"facts: [{row['id']}]\nvalid_from: {version['valid_from']}\n{until}"
            text = f"The {row['entity']} costs {version['value']}.\n"
            pages[f"documents/{row['id']}-{number}.md"] = f"---\n{head}---\n{text}"
    return pages


def write_suite(folder: Path, model: Path) -> Path:
    """The tiny suite with its model named in it."""
    files = {
        "suite.yaml": f"model: {model}\n{SUITE}",
        "train.jsonl": jsonl(train_rows()),
        "cases/notes.jsonl": jsonl(note_rows()),
        "cases/fees.jsonl": jsonl(fee_rows()),
        "facts.jsonl": jsonl(fact_rows()),
        "glossary.yaml": GLOSSARY,
        "style.yaml": STYLE,
        "house.yaml": 'system: "Begin with Answer:"\nuser: "{input}"\n',
        **documents(),
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def edited(suite: Path, to: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """A copy of a suite with `change` made to its suite.yaml."""
    shutil.copytree(suite, to)
    data = yaml.safe_load((to / "suite.yaml").read_text(encoding="utf-8"))
    change(data)
    (to / "suite.yaml").write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return to
