"""Style rules from a suite: each kind turns its options into a check of one text."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import regex  # type: ignore[import-untyped]  # like re, with a time limit

from harness.errors import unknown_remedy
from harness.score.marks import MARKERS, in_order, markers
from harness.score.options import choice, only
from harness.score.ruleparts import (
    SECONDS,
    Check,
    Checked,
    band,
    finder,
    read_number,
    read_texts,
)
from harness.score.shapes import items, sentence_count, shape, slots
from harness.score.text import LIMIT, quote, sentences, words

NAME = regex.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


class StyleRule(NamedTuple):
    """A named check."""

    name: str
    description: str
    check: Check

    def judge(self, text: str) -> Checked:
        """Check the first 20,000 characters; an empty text keeps no rule."""
        text = text[:LIMIT].strip()
        if not text:
            return Checked(passed=False, reason="the answer is empty")
        try:
            return self.check(text)
        except TimeoutError:
            return Checked(None, f"the pattern took more than {SECONDS} s on {quote(text)}")


def build(rule: Mapping[str, Any]) -> StyleRule:
    """The check that a rule of style.yaml asks for; ValueError names what is wrong in it."""
    if not isinstance(rule, Mapping):
        raise ValueError(  # noqa: TRY004 - wrong input is a ValueError in the scorer protocol
            f"a style rule is {rule!r} (write {{name: ..., kind: ..., ...}})"
        )
    name, kind = rule.get("name"), rule.get("kind")
    if not isinstance(name, str) or not NAME.fullmatch(name) or name in ("all", "voice"):
        raise ValueError(
            f"style rule has name {name!r} (write letters, digits, - and _, but not all or voice)"
        )
    if not isinstance(kind, str) or kind not in KINDS:
        remedy = unknown_remedy(str(kind), KINDS)
        raise ValueError(f"style rule '{name}': unknown kind {kind!r} ({remedy})")
    make, keys = KINDS[kind]
    only(rule, ("name", "kind", "description", *keys), f"key of style rule '{name}' ({kind})")
    try:
        check, says = make({key: rule[key] for key in keys if key in rule})
    except ValueError as error:
        raise ValueError(f"style rule '{name}' ({kind}): {error}") from None
    return StyleRule(name, str(rule.get("description") or says), check)


def _pattern(options: Mapping[str, Any]) -> tuple[Check, str]:
    source = options.get("pattern")
    if not isinstance(source, str) or not source:
        raise ValueError(f"pattern is {source!r} (write a regular expression)")
    where = choice(options, "where", ("any", "start", "end", "every_line"), "any")
    try:
        compiled = regex.compile(rf"(?:{source})\Z" if where == "end" else source, regex.MULTILINE)
    except (regex.error, OverflowError, RecursionError) as error:
        raise ValueError(f"pattern {quote(source)} is no regular expression: {error}") from None

    def every_line(text: str) -> Checked:
        for line in text.splitlines():
            if line.strip() and not compiled.search(line, timeout=SECONDS):
                return Checked(passed=False, reason=f"line {quote(line)} does not match")
        return Checked(passed=True, reason="every line matches")

    def anywhere(text: str) -> Checked:
        find = compiled.match if where == "start" else compiled.search
        found = find(text, timeout=SECONDS)
        if found:
            return Checked(passed=True, reason=f"found {quote(found[0])}")
        shown = quote(text, tail=where == "end")
        return Checked(passed=False, reason=f"{shown} does not match {quote(source)}")

    place = {"any": "", "start": " at the start", "end": " at the end", "every_line": " per line"}
    says = f"matches {quote(source)}{place[where]}"
    return (every_line if where == "every_line" else anywhere), says


def _starts(options: Mapping[str, Any]) -> tuple[Check, str]:
    texts = tuple(read_texts(options, "text", needed=True))

    def check(text: str) -> Checked:
        return Checked(text.startswith(texts), f"starts with {quote(text)}")

    return check, "starts with " + " or ".join(map(quote, texts))


def _ends(options: Mapping[str, Any]) -> tuple[Check, str]:
    texts = tuple(text.rstrip() for text in read_texts(options, "text", needed=True))

    def check(text: str) -> Checked:
        return Checked(text.endswith(texts), f"ends with {quote(text, tail=True)}")

    return check, "ends with " + " or ".join(map(quote, texts))


def _phrases(options: Mapping[str, Any]) -> tuple[Check, str]:
    required, banned = read_texts(options, "required"), read_texts(options, "banned")
    if not required and not banned:
        raise ValueError("required and banned are both missing (write a list of texts)")
    wanted = [(phrase, finder([phrase])) for phrase in required]
    unwanted = finder(banned) if banned else None

    def check(text: str) -> Checked:
        found = unwanted.search(text) if unwanted else None
        if found:
            return Checked(passed=False, reason=f"says {quote(found[0])}")
        for phrase, one in wanted:
            if not one.search(text):
                return Checked(passed=False, reason=f"{quote(text)} lacks {quote(phrase)}")
        return Checked(passed=True, reason=f"{quote(text)} has the required, none of the banned")

    says = [f"says {', '.join(map(quote, required))}"] if required else []
    says += [f"never says {', '.join(map(quote, banned))}"] if banned else []
    return check, "; ".join(says)


def _words(options: Mapping[str, Any]) -> tuple[Check, str]:
    return band(options, lambda text: len(words(text)), "words")


def sentence_words(text: str) -> float:
    """Mean words per sentence; 0 for a text without words."""
    found = sentences(text)
    return len(words(text)) / len(found) if found else 0.0


def _sentence_words(options: Mapping[str, Any]) -> tuple[Check, str]:
    return band(options, sentence_words, "words per sentence")


def _numbering(options: Mapping[str, Any]) -> tuple[Check, str]:
    if isinstance(options.get("style"), float):  # YAML reads 1. and 1.1 as numbers
        what = f"style is the number {options['style']} (put it in quotes: '1.' or '1.1')"
        raise ValueError(what)  # noqa: TRY004 - a wrong option, as every other
    style = choice(options, "style", tuple(MARKERS), "1.")
    least = read_number(options, "min")
    least = 1 if least is None else least

    def check(text: str) -> Checked:
        found = markers(text, style)
        if len(found) < least:
            return Checked(passed=False, reason=f"{len(found)} items {style} in {quote(text)}")
        return Checked(in_order(found, style), f"items {', '.join(found[:8])}")

    return check, f"at least {least:g} items numbered {style}, in order"


def _modal(options: Mapping[str, Any]) -> tuple[Check, str]:
    use, avoid = read_texts(options, "use"), read_texts(options, "avoid")
    if not use and not avoid:
        raise ValueError("use and avoid are both missing (write a word such as shall)")
    used = finder(use) if use else None
    avoided = finder(avoid) if avoid else None

    def check(text: str) -> Checked:
        wrong = avoided.search(text) if avoided else None
        if wrong:
            around = text[max(0, wrong.start() - 20) : wrong.end() + 20]
            return Checked(passed=False, reason=f"says {quote(around)}")
        found = used.search(text) if used else None
        if used and not found:
            return Checked(passed=False, reason=f"{quote(text)} has no {' or '.join(use)}")
        return Checked(passed=True, reason=f"says {quote(found[0])}" if found else quote(text))

    says = [f"uses {' or '.join(use)}"] if use else []
    says += [f"never {' or '.join(avoid)}"] if avoid else []
    return check, ", ".join(says)


_Make = Callable[[Mapping[str, Any]], tuple[Check, str]]
KINDS: dict[str, tuple[_Make, tuple[str, ...]]] = {
    "pattern": (_pattern, ("pattern", "where")),
    "starts_with": (_starts, ("text",)),
    "ends_with": (_ends, ("text",)),
    "phrases": (_phrases, ("required", "banned")),
    "words": (_words, ("min", "max")),
    "sentence_words": (_sentence_words, ("min", "max")),
    "numbering": (_numbering, ("style", "min")),
    "modal": (_modal, ("use", "avoid")),
    "shape": (shape, ("is", "keys")),
    "sentences": (sentence_count, ("min", "max")),
    "items": (items, ("min", "max")),
    "slots": (slots, ("required",)),
}
