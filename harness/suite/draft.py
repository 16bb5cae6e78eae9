"""The text of a new suite.yaml, with lengths that come from the data."""

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from harness.records import MIN_SLICE
from harness.suite.tasks import Draft

COSTLY = re.compile(r"[^\x00-\x7f]|\d")
QUICK_ROWS, QUICK_CASES = 200, 40
TEMPLATE_TOKENS = 64
USUAL = 0.98  # share of the rows that are surely trained on
MARGIN = 0.1  # what an adapter may lose of the general cases
GENERAL = """\
  # what the adapter may break: general questions, instructions, refusals that come with bench
  general:
    cases: builtin:general
    scorers: [regression]
    max_tokens: 64
    candidates: [base, lora]
"""


@dataclass(frozen=True, slots=True)
class Sides:
    """Training rows, and the cases as tasks."""

    train: list[dict[str, Any]]
    drafts: list[Draft]

    def file(self, draft: Draft) -> str:
        """The file of a task's cases."""
        return "cases.jsonl" if draft.name == "answers" else f"{draft.name}.jsonl"


def suite_yaml(name: str, sides: Sides, seed: int, model: str | None, *, styled: bool) -> str:
    """The text of suite.yaml; `styled` is the made-up example, which has rules of its own."""
    pairs = [_size(row["input"]) + _size(row["output"]) for row in sides.train]
    whole = max(_tokens(_longest(pairs) + TEMPLATE_TOKENS), 128)
    beyond = sum(size + TEMPLATE_TOKENS > whole for size in pairs)
    # few rows need more passes: about 60 optimiser steps of 8 rows teach a style
    epochs = min(10, max(2, math.ceil(60 * 8 / len(sides.train))))
    lines = [
        "# Every key: docs/suites.md. Check with `bench check`, then `bench run`.",
        f"name: {name}",
        *([f"model: {json.dumps(model)}"] if model else []),
        f"seed: {seed}",
        "train: train.jsonl",
        *(["style: style.yaml"] if styled else []),
        "tasks:",
        *(line for draft in sides.drafts for line in _task(draft, sides)),
        GENERAL.rstrip(),
        "recipes:",
        *([f"  # longer than max_length, so perhaps left out: {beyond} rows"] if beyond else []),
        f"  lora: {{rank: 16, alpha: 32, epochs: {epochs}, max_length: {whole}}}",
        "candidates:",
        "  base: {}",
        "  lora: {adapter: lora}",
        *_gate(sides),
        *_profiles(sides),
    ]
    return "\n".join(lines) + "\n"


def _task(draft: Draft, sides: Sides) -> Iterable[str]:
    yield from (f"  # {text}" for text in draft.says)
    yield f"  {draft.name}:"
    yield f"    cases: {sides.file(draft)}"
    if draft.scorers:
        yield f"    scorers: {draft.scorers}"
    yield f"    max_tokens: {_tokens(max(_size(row['output']) for row in draft.rows))}"


def _gate(sides: Sides) -> Iterable[str]:
    """A gain that must be shown for each task with enough cases, and a loss that must not be."""
    yield "gate:"
    yield "  # passes when the adapter is shown to be better than its base on your own rows …"
    for draft in sides.drafts:
        if len(draft.rows) >= MIN_SLICE or len(sides.drafts) == 1:
            yield _rule(f"kind: superior, task: {draft.name}, metric: {draft.metric}")
    yield f"  # … and shown to lose less than {MARGIN:.0%} of the general cases"
    yield _rule(f"kind: non_inferior, task: general, metric: regression.kept, margin: {MARGIN:g}")


def _rule(text: str) -> str:
    return f"  - {{candidate: lora, against: base, {text}}}"


def _profiles(sides: Sides) -> Iterable[str]:
    large = [draft.name for draft in sides.drafts if len(draft.rows) > QUICK_CASES]
    if large or len(sides.train) > QUICK_ROWS:
        tasks = ", ".join(f"{name}: {{limit: {QUICK_CASES}}}" for name in large)
        more = f", tasks: {{{tasks}}}" if large else ""
        yield "# quick is the default without a GPU, full with one"
        yield "profiles:"
        yield f"  quick: {{train: {{limit: {QUICK_ROWS}}}{more}}}"
        yield "  full: {}"


def _size(text: str) -> float:
    """Tokens that a text takes at most: one to two bytes, or to each byte beyond plain words.

    Tokenizers of English give digits, and the bytes of scripts they know little of, one each.
    """
    words = text.split(" ")
    return sum((len(word.encode()) + 1) / (1 if COSTLY.search(word) else 2) for word in words)


def _longest(sizes: list[float]) -> float:
    """The longest row, unless a few are beyond twice all others: those would cost the memory."""
    ordered = sorted(sizes)
    usual = ordered[math.floor(USUAL * (len(ordered) - 1))]
    return ordered[-1] if ordered[-1] <= 2 * usual else max(s for s in ordered if s <= 2 * usual)


def _tokens(size: float) -> int:
    """The next multiple of 16, up to 4096."""
    return min(4096, 16 * math.ceil(size / 16))
