"""A small made-up suite: how the help desk of a fictional company answers tickets."""

import random
from itertools import product
from typing import Any

PRODUCTS = (
    "Larkin lamp",
    "Brevo kettle",
    "Osten fan",
    "Talli radio",
    "Quillon desk",
    "Mirro clock",
)
ISSUES = (
    ("broken", "does not switch on", "Hold the reset key for ten seconds", "repair desk"),
    ("broken", "makes a loud noise", "Place it on a level surface", "repair desk"),
    ("delivery", "has not arrived", "Open the tracking page in your account", "delivery desk"),
    ("delivery", "arrived in the wrong colour", "Keep the item in its box", "delivery desk"),
    ("money", "was charged twice", "Send us both receipt numbers", "billing desk"),
    ("money", "needs an invoice", "Download the invoice in your account", "billing desk"),
)
TRAIN_ASKS = ("My {product} {issue}.", "Customer writes: the {product} {issue}, what now?")
CASE_ASK = "Hello, I bought a {product} and it {issue}. Can you help?"
STYLE = """\
# Rules that every house answer keeps; see docs/scorers.md for all kinds.
rules:
  - {name: greeting, kind: starts_with, text: "Thank you for your ticket"}
  - {name: sign_off, kind: ends_with, text: "Kind regards, Norwell Support"}
  - {name: length, kind: words, min: 15, max: 45}
"""


def rows(seed: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """48 training rows and 12 cases; no case pairs a product and an issue seen in training."""
    pairs = list(product(PRODUCTS, ISSUES))
    random.Random(seed).shuffle(pairs)  # noqa: S311 (an example, no secret)
    train = [_row(ask, name, issue) for name, issue in pairs[12:] for ask in TRAIN_ASKS]
    return train, [_row(CASE_ASK, name, issue) for name, issue in pairs[:12]]


def _row(ask: str, name: str, issue: tuple[str, str, str, str]) -> dict[str, Any]:
    tag, trouble, step, desk = issue
    answer = (
        f"Thank you for your ticket about the {name}.\n"
        f"Next step: {step}. If that does not settle it, the {desk} replies within one day.\n"
        "Kind regards, Norwell Support"
    )
    return {"input": ask.format(product=name, issue=trouble), "output": answer, "tags": [tag]}
