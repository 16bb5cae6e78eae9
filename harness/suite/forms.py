"""What form an output has: JSON, a short value or label, or prose."""

import json
from typing import Literal

SHORT_WORDS, SHORT_LETTERS = 5, 60
SENTENCE_WORDS, SENTENCE_ENDS = 4, (".", "!", "?", "\u3002", "\u0964")


def is_json(text: str) -> bool:
    """Whether a text is a JSON object or list."""
    if text.strip()[:1] not in ("{", "["):
        return False
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False


def form(text: str) -> Literal["json", "short", "prose"]:
    """A text's form; short is one line of a few words that is no sentence of four or more."""
    if is_json(text):
        return "json"
    said = text.strip()
    count = len(said.split())
    long = "\n" in said or count > SHORT_WORDS or len(said) > SHORT_LETTERS
    return (
        "prose" if long or (count >= SENTENCE_WORDS and said.endswith(SENTENCE_ENDS)) else "short"
    )
