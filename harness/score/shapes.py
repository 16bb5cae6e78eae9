"""Style rules about the form of a whole answer: JSON, lists, paragraphs, sentences, slots."""

import json
from collections.abc import Mapping
from typing import Any

import regex  # type: ignore[import-untyped]  # like re, with a time limit

from harness.score.options import choice
from harness.score.ruleparts import (
    SECONDS,
    Check,
    Checked,
    band,
    read_texts,
)
from harness.score.text import quote, sentences

_LIST_LINE = regex.compile(r"^[ \t]*(?:[-*+\u2022]|\d+[.)])[ \t]+\S", regex.MULTILINE)
_HEADING = regex.compile(r"^[ \t]*#{1,6}[ \t]", regex.MULTILINE)
_BLANK = regex.compile(r"\n[ \t]*\n")
# what a template leaves where nobody filled it in: [Name], {date}, <amount>, ____, TBD
_UNFILLED = regex.compile(
    r"\[(?!\d)[\p{L}][^\]\n]{0,40}\](?!\()|\{\w[^}\n]{0,40}\}|<[\p{L}][^>\n]{0,40}>|_{3,}|\b(?:TBD|TBC)\b"
)


def is_json(text: str) -> bool:
    """Whether the whole text is a JSON object or list."""
    return isinstance(_parsed(text), dict | list)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def is_list(text: str) -> bool:
    """Whether the text holds a Markdown list of two items or more."""
    return len(_LIST_LINE.findall(text)) > 1


def is_paragraph(text: str) -> bool:
    """Whether the text is one block of prose: no blank line, list or heading."""
    return not (_BLANK.search(text) or _LIST_LINE.search(text) or _HEADING.search(text))


_SHAPES = {"json": is_json, "markdown_list": is_list, "paragraph": is_paragraph}


def shape(options: Mapping[str, Any]) -> tuple[Check, str]:
    """Kind `shape`; `keys` are those that a JSON object, or every object of a list, has."""
    wanted = choice(options, "is", tuple(_SHAPES))
    fits, keys = _SHAPES[wanted], read_texts(options, "keys")
    if keys and wanted != "json":
        raise ValueError(f"keys goes with is: json, not {wanted} (drop it)")

    def check(text: str) -> Checked:
        if not fits(text):
            return Checked(passed=False, reason=f"{quote(text)} is no {wanted.replace('_', ' ')}")
        lacking = _lacking(_parsed(text), keys) if keys else ""
        if lacking:
            return Checked(passed=False, reason=f"{quote(text)} lacks key {quote(lacking)}")
        return Checked(passed=True, reason=quote(text))

    with_keys = f" with {', '.join(map(quote, keys))}" if keys else ""
    return check, f"is {wanted.replace('_', ' ')}{with_keys}"


def _lacking(found: Any, keys: list[str]) -> str:
    """The first key that an object of the JSON lacks, or ''; a list without objects lacks all."""
    objects = found if isinstance(found, list) else [found]
    if not objects or not all(isinstance(one, dict) for one in objects):
        return keys[0]
    return next((key for one in objects for key in keys if key not in one), "")


def sentence_count(options: Mapping[str, Any]) -> tuple[Check, str]:
    """Kind `sentences`: how many sentences the answer has."""
    return band(options, lambda text: len(sentences(text)), "sentences")


def items(options: Mapping[str, Any]) -> tuple[Check, str]:
    """Kind `items`: how many items of Markdown lists, or numbered lines, the answer has."""
    return band(options, lambda text: len(_LIST_LINE.findall(text)), "list items")


def slots(options: Mapping[str, Any]) -> tuple[Check, str]:
    """Kind `slots`: labels that begin a line and are filled in, in this order, none left open."""
    labels = read_texts(options, "required", needed=True)
    filled = [
        (
            label,
            regex.compile(
                rf"^[ \t>*#_-]*{regex.escape(label.rstrip(': '))}[*_]*[ \t]*:[*_]*"
                r"[ \t]*(?:\n[ \t]*(?![^\n:]{1,40}:))?(?=[^\s*_])",
                regex.MULTILINE | regex.IGNORECASE,
            ),
        )
        for label in labels
    ]

    def check(text: str) -> Checked:
        at = 0
        for label, finder in filled:
            match = finder.search(text, at, timeout=SECONDS)
            if not match:
                why = "lacks a filled-in" if not finder.search(text) else "has out of order"
                return Checked(passed=False, reason=f"{quote(text)} {why} {quote(label)}")
            at = match.end()
        left = _UNFILLED.search(text, timeout=SECONDS)
        if left:
            return Checked(passed=False, reason=f"leaves {quote(left[0])} open")
        return Checked(passed=True, reason=f"fills {', '.join(map(quote, labels))}")

    return check, f"fills in {', '.join(map(quote, labels))}, in order"
