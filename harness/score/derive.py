"""Style rules read off a suite's own texts: those that all its outputs and references keep."""

from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Any

from harness.score.marks import MARKERS
from harness.score.rules import build, sentence_words
from harness.score.text import LIMIT, words

# Fewer texts than this share openings and shapes by chance; only their length is taken.
ENOUGH = 3
Rule = dict[str, Any]

_FIRST_LINE: dict[str, str] = {
    "heading-capitals": r"(?=[^\n]*\p{Lu}{2})[^\p{Ll}\n]+$",
    "heading-markdown": r"#{1,6}[ \t]+\S",
    "heading-bold": r"\*\*[^*\n]+\*\*",
    "heading-label": r"\p{Lu}[\w /&-]{0,40}:(?=\s)",
}
_ENDINGS: dict[str, str] = {
    "sentence": r"[.!?\u2026\u3002\u0964][\"')\]*_\u2019\u201d]*",
    "colon": r"[:;,]",
    "none": r"[\w)\]}]",
}


def derived(texts: Sequence[str]) -> list[Rule]:
    """Rules in the format of style.yaml that all the texts keep, under names that never change.

    Blank texts are left out; without any text there are no rules.
    """
    kept = sorted({text.strip()[:LIMIT] for text in texts} - {""})
    if not kept:
        return []
    rules = [_band("length", "words", kept, lambda text: len(words(text)))]
    if len(kept) >= ENOUGH:
        rules.append(_band("sentence-length", "sentence_words", kept, sentence_words))
        rules += [rule for rule in _candidates(kept) if _holds(rule, kept)]
    return rules


def _holds(rule: Rule, texts: Sequence[str]) -> bool:
    check = build(rule)
    return all(check.judge(text).passed for text in texts)


def _band(name: str, kind: str, texts: Sequence[str], measure: Callable[[str], float]) -> Rule:
    counts = [measure(text) for text in texts]
    return {"name": name, "kind": kind, "min": min(counts), "max": max(counts)}


def _candidates(texts: Sequence[str]) -> list[Rule]:
    """What to try, in the order of the report."""
    opening, closing = _opening(texts), _closing(texts)
    rules: list[Rule] = []
    if opening:
        rules.append({"name": "opening", "kind": "starts_with", "text": opening})
    if closing:
        rules.append({"name": "closing", "kind": "ends_with", "text": closing})
    ending = next((rule for name in _ENDINGS if _holds(rule := _ending(name), texts)), None)
    if ending and not closing:
        rules.append(ending)
    rules += [
        {"name": name, "kind": "pattern", "pattern": pattern, "where": "start"}
        for name, pattern in _FIRST_LINE.items()
    ]
    numbered = [_numbering(style) for style in MARKERS]
    numbered = [rule for rule in numbered if _holds(rule, texts)]
    rules += numbered
    shapes = ("json", "paragraph") if numbered else ("json", "markdown_list", "paragraph")
    rules += [{"name": shape.replace("_", "-"), "kind": "shape", "is": shape} for shape in shapes]
    if any(rule.get("is") == "json" and _holds(rule, texts) for rule in rules):
        rules = [rule for rule in rules if rule.get("is") == "json"]
    return rules


def _ending(name: str) -> Rule:
    pattern = _ENDINGS[name]
    return {"name": f"ending-{name}", "kind": "pattern", "pattern": pattern, "where": "end"}


def _numbering(style: str) -> Rule:
    names = {"1.": "numbered", "(a)": "lettered", "1.1": "clause-numbers"}
    return {"name": names[style], "kind": "numbering", "style": style, "min": 1}


def _opening(texts: Sequence[str]) -> str:
    """The words that all texts start with, or '' when they are fewer than three letters."""
    first, last = min(texts), max(texts)
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    common = _whole_words("".join(letter for letter, _ in alike), texts).rstrip()
    return common if sum(map(str.isalpha, common)) > 2 else ""


def _whole_words(common: str, texts: Sequence[str]) -> str:
    """The common prefix without a word that only begins alike."""
    at = len(common)
    if common[-1:].isalnum() and any(text[at : at + 1].isalnum() for text in texts):
        while common and common[-1].isalnum():
            common = common[:-1]
    return common


def _closing(texts: Sequence[str]) -> str:
    return _opening([text[::-1] for text in texts])[::-1]
