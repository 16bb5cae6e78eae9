"""Style rules from a suite: each kind turns its options into a check of one text."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import regex  # type: ignore[import-untyped]  # like re, with a time limit

from harness.errors import unknown_remedy
from harness.score.marks import MARKERS, in_order, markers
from harness.score.options import only
from harness.score.text import LIMIT, quote, sentences, words

SECONDS = 0.5  # a pattern that takes longer on one answer is an error, not a failure
NAME = regex.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_LIST_LINE = regex.compile(r"^[ \t]*(?:[-*+\u2022]|\d+[.)])[ \t]+\S", regex.MULTILINE)
_HEADING = regex.compile(r"^[ \t]*#{1,6}[ \t]", regex.MULTILINE)
_BLANK = regex.compile(r"\n[ \t]*\n")


class Checked(NamedTuple):
    """Whether a text keeps a rule, and what was seen; `passed` is None if it took too long."""

    passed: bool | None
    reason: str


Check = Callable[[str], Checked]


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
    if not isinstance(name, str) or not NAME.fullmatch(name) or name == "all":
        raise ValueError(
            f"style rule has name {name!r} (write letters, digits, - and _; 'all' is taken)"
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


def _texts(options: Mapping[str, Any], key: str, *, needed: bool = False) -> list[str]:
    found = options.get(key, [])
    found = [found] if isinstance(found, str) else found
    texts = list(found) if isinstance(found, Sequence) else []
    if texts != found or not all(isinstance(text, str) and text.strip() for text in texts):
        raise ValueError(f"{key} is {found!r} (write a text or a list of texts)")
    if needed and not texts:
        raise ValueError(f"{key} is missing (write a text or a list of texts)")
    return texts


def _number(options: Mapping[str, Any], key: str) -> float | None:
    found = options.get(key)
    if found is not None and (isinstance(found, bool) or not isinstance(found, int | float)):
        raise ValueError(f"{key} is {found!r} (write a number)")
    return found


def _choice(options: Mapping[str, Any], key: str, valid: Sequence[str], default: str = "") -> str:
    found = options.get(key, default)
    if found not in valid:
        raise ValueError(f"{key} is {found!r} ({unknown_remedy(str(found), valid)})")
    return str(found)


def _pattern(options: Mapping[str, Any]) -> tuple[Check, str]:
    source = options.get("pattern")
    if not isinstance(source, str) or not source:
        raise ValueError(f"pattern is {source!r} (write a regular expression)")
    where = _choice(options, "where", ("any", "start", "end", "every_line"), "any")
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
    texts = tuple(_texts(options, "text", needed=True))

    def check(text: str) -> Checked:
        return Checked(text.startswith(texts), f"starts with {quote(text)}")

    return check, "starts with " + " or ".join(map(quote, texts))


def _ends(options: Mapping[str, Any]) -> tuple[Check, str]:
    texts = tuple(text.rstrip() for text in _texts(options, "text", needed=True))

    def check(text: str) -> Checked:
        return Checked(text.endswith(texts), f"ends with {quote(text, tail=True)}")

    return check, "ends with " + " or ".join(map(quote, texts))


def _finder(phrases: Sequence[str]) -> Any:
    """A pattern that finds any of the phrases as whole words, whatever their case and spacing."""
    parts = [r"\s+".join(map(regex.escape, phrase.split())) for phrase in phrases]
    return regex.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)", regex.IGNORECASE)


def _phrases(options: Mapping[str, Any]) -> tuple[Check, str]:
    required, banned = _texts(options, "required"), _texts(options, "banned")
    if not required and not banned:
        raise ValueError("required and banned are both missing (write a list of texts)")
    wanted = [(phrase, _finder([phrase])) for phrase in required]
    unwanted = _finder(banned) if banned else None

    def check(text: str) -> Checked:
        found = unwanted.search(text) if unwanted else None
        if found:
            return Checked(passed=False, reason=f"says {quote(found[0])}")
        for phrase, finder in wanted:
            if not finder.search(text):
                return Checked(passed=False, reason=f"{quote(text)} lacks {quote(phrase)}")
        return Checked(passed=True, reason=f"{quote(text)} has the required, none of the banned")

    says = [f"says {', '.join(map(quote, required))}"] if required else []
    says += [f"never says {', '.join(map(quote, banned))}"] if banned else []
    return check, "; ".join(says)


def _band(
    options: Mapping[str, Any], measure: Callable[[str], float], unit: str
) -> tuple[Check, str]:
    low, high = _number(options, "min"), _number(options, "max")
    if low is None and high is None:
        raise ValueError("min and max are both missing (write at least one number)")
    if low is not None and high is not None and low > high:
        raise ValueError(f"min {low:g} is above max {high:g}")

    def check(text: str) -> Checked:
        count = measure(text)
        passed = (low is None or count >= low) and (high is None or count <= high)
        return Checked(passed, f"{count:.4g} {unit} in {quote(text)}")

    least = "" if low is None else f"at least {low:g}"
    most = "" if high is None else f"at most {high:g}"
    return check, f"{' and '.join(filter(None, (least, most)))} {unit}"


def _words(options: Mapping[str, Any]) -> tuple[Check, str]:
    return _band(options, lambda text: len(words(text)), "words")


def sentence_words(text: str) -> float:
    """Mean words per sentence; 0 for a text without words."""
    found = sentences(text)
    return len(words(text)) / len(found) if found else 0.0


def _sentence_words(options: Mapping[str, Any]) -> tuple[Check, str]:
    return _band(options, sentence_words, "words per sentence")


def _numbering(options: Mapping[str, Any]) -> tuple[Check, str]:
    style = _choice(options, "style", tuple(MARKERS), "1.")
    least = _number(options, "min")
    least = 1 if least is None else least

    def check(text: str) -> Checked:
        found = markers(text, style)
        if len(found) < least:
            return Checked(passed=False, reason=f"{len(found)} items {style} in {quote(text)}")
        return Checked(in_order(found, style), f"items {', '.join(found[:8])}")

    return check, f"at least {least:g} items numbered {style}, in order"


def _modal(options: Mapping[str, Any]) -> tuple[Check, str]:
    use, avoid = _texts(options, "use"), _texts(options, "avoid")
    if not use and not avoid:
        raise ValueError("use and avoid are both missing (write a word such as shall)")
    used = _finder(use) if use else None
    avoided = _finder(avoid) if avoid else None

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


def is_json(text: str) -> bool:
    """Whether the whole text is a JSON object or list."""
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False


def is_list(text: str) -> bool:
    """Whether the text holds a Markdown list of two items or more."""
    return len(_LIST_LINE.findall(text)) > 1


def is_paragraph(text: str) -> bool:
    """Whether the text is one block of prose: no blank line, list or heading."""
    return not (_BLANK.search(text) or _LIST_LINE.search(text) or _HEADING.search(text))


_SHAPES = {"json": is_json, "markdown_list": is_list, "paragraph": is_paragraph}


def _shape(options: Mapping[str, Any]) -> tuple[Check, str]:
    shape = _choice(options, "is", tuple(_SHAPES))
    fits = _SHAPES[shape]

    def check(text: str) -> Checked:
        return Checked(fits(text), quote(text))

    return check, f"is {shape.replace('_', ' ')}"


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
    "shape": (_shape, ("is",)),
}
