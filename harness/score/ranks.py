"""Other names of what is numbered: "Ed. 3", "the fifth", "C4" of "Gate C4", a grouped number."""

import re

from harness.score.names import Names, Shape, number
from harness.score.spelling import number_of

_ORDINALS = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"),
    *("tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth"),
    *("seventeenth", "eighteenth", "nineteenth", "twentieth"),
)
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")
_NOUNS = (
    r"(?P<noun>edition|bench|week|day|month|year|phase|stage|level|grade|class|floor|storey|round"
    r"|season|series|quarter|division|group|hall|platform|chapter|schedule|annex|part|section|house)"
)


def _numbered(match: re.Match[str]) -> Names:
    """The third edition, edition 3, Ed. 3."""
    at, noun = _ordinal(match["number"]), match["noun"]
    if at is not None and 0 < at <= len(_ORDINALS):
        roman = f"|{_ROMAN[at - 1]}" if at <= len(_ROMAN) else ""
        short = noun[:2] + "(?:" + noun[2:] + r")?\.?" if noun == "edition" else noun
        yield rf"\b(?:{_ORDINALS[at - 1]}|{at}(?:st|nd|rd|th))\s+{short}(?!\w)", True
        yield rf"\b{short}\s*(?:no\.?\s*)?(?:{at}{roman}|{number(at)})(?![\w.])", True


def _ordinal(word: str) -> int | None:
    if word in _ORDINALS:
        return _ORDINALS.index(word) + 1
    if word in _ROMAN:
        return _ROMAN.index(word) + 1
    found = number_of(re.sub(r"(?<=\d)(?:st|nd|rd|th)$", "", word))
    return None if found is None else int(found)


def _nth(match: re.Match[str]) -> Names:
    at = int(match["number"])
    if 0 < at <= len(_ORDINALS):
        yield rf"\b(?:{_ORDINALS[at - 1]}|{at}(?:st|nd|rd|th))\b", True


def _digits(match: re.Match[str]) -> Names:
    """The end of a long number, such as one of a telephone, however it is grouped."""
    digits = re.sub(r"\D", "", match[0])[-8:]
    yield r"(?<!\d)(?:[\d+()]+[\s./-]?)*" + r"[\s./-]?".join(digits) + r"(?!\d)", True


def _graded(match: re.Match[str]) -> Names:
    sign = "plus" if match["sign"] == "+" else "minus"
    yield rf"\b{match['letter']}[\s-]?{sign}\b", True


def _coded(match: re.Match[str]) -> Names:
    """A code without the noun before it: "C4" of "Gate C4"."""
    yield rf"(?<![\w-]){re.escape(match['code'])}(?![\w-])", True


def _released(match: re.Match[str]) -> Names:
    short = re.escape(match["number"].removesuffix(".0"))
    yield rf"\bv(?:ersion)?\.?\s?{short}(?:\.0)?(?![\w.]*\d)", True


RANKS: tuple[Shape, ...] = (
    (rf"(?:the\s+)?(?P<number>\d+(?:st|nd|rd|th)|{'|'.join(_ORDINALS)})\s+{_NOUNS}", _numbered),
    (rf"(?:the\s+)?{_NOUNS}\s+(?P<number>\w+)", _numbered),
    (r"(?:the\s+|on\s+the\s+)?(?P<number>\d{1,2})(?:st|nd|rd|th)(?:\s+of\s+.*)?", _nth),
    (r"\+?[\d(][\d\s()./-]{7,}\d", _digits),
    (r"(?P<letter>[a-f])(?P<sign>[+-])", _graded),
    (r"(?:[a-z]+\s+)(?P<code>[a-z]\d{1,3}|\d{1,3}[a-z])", _coded),
    (r"(?:version|v\.?)\s*(?P<number>\d+\.\d+)", _released),
)
