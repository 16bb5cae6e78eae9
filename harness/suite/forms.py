"""What form an output has: JSON, a short value or label, or prose."""

import json
from typing import Literal

SHORT_WORDS, SHORT_LETTERS = 5, 60


def is_json(text: str) -> bool:
    """Whether a text is a JSON object or list."""
    if text.strip()[:1] not in ("{", "["):
        return False
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False


def form(text: str) -> Literal["json", "short", "prose"]:
    """A text's form; short is one line of a few words."""
    if is_json(text):
        return "json"
    said = text.strip()
    short = "\n" not in said and len(said.split()) <= SHORT_WORDS and len(said) <= SHORT_LETTERS
    return "short" if short else "prose"
