"""Plain text helpers that scorers share: normalising, words, sentences, quoting."""

import re
import unicodedata
from functools import lru_cache

LIMIT = 20_000  # characters of an answer that are judged; the rest is ignored

_FRACTIONS = {"½": ".5", "¼": ".25", "¾": ".75"}
_FRACTION = re.compile(r"(?:(\d)[ ]?)?([½¼¾])")
_RAISED = re.compile("(?<=\\d)\u00b7(?=\\d)")
_DROPPED = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff\u00b9\u00b2\u00b3\u2070-\u2079]")
_DASH_APART = re.compile(r"(?<!\d)\s*[\u2014\u2015]\s*|\s*[\u2014\u2015]\s*(?!\d)")
_PLAIN = (
    ("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
    ("\u2018\u2019\u201a\u201b\u02bc\u00b4", "'"),
    ("\u201c\u201d\u201e\u00ab\u00bb", '"'),
)
_OTHER_DIGIT = re.compile(r"[^\D0-9]")
# Scripts that put no space between words: every character counts as a word of its own.
_UNSPACED = re.compile(r"([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\u0e00-\u0e7f])")
_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_ASCII_WORD = re.compile(r"[A-Za-z0-9]+(?:['-][A-Za-z0-9]+)*")
# What is no letter and no digit as a space: splitting takes a fourth of the time of a pattern.
_APART = bytes(code if chr(code).isascii() and chr(code).isalnum() else 32 for code in range(256))
# what begins a line that is an item or a heading
_MARKER = re.compile(r"[ \t]*(?:[-*+\u2022]|\(?(?:\d+(?:\.\d+)*|[a-z])[.)]|#{1,6})[ \t]+")
# The mark comes first, so that `re` skips to it; what may not stand before it is looked up after.
_SENTENCE_END = re.compile(
    r"[.!?\n\u3002\uff01\uff1f](?:(?<=[\u3002\uff01\uff1f])|(?<=\n)\n*|(?<=[.!?])"
    r"(?<!\b[A-Z].)(?<!\be\.g.)(?<!\bi\.e.)(?<!\bNo.)(?<!\bRs.)(?<!\bMr.)(?<!\bMs.)(?<!\bDr.)"
    r"(?<!\bMrs.)[\"')\]\u2019\u201d*_]*(?=\s+[\"'(\[\u2018\u201c*_]*[^\Wa-z_]))"
)


def normalise(text: str) -> str:
    """One Unicode form for what reads the same: NFKC, plain dashes, quotes and digits.

    Footnote marks and zero-width characters go, "2½" becomes "2.5", and characters of scripts
    without spaces (Chinese, Japanese, Thai) are set apart.
    """
    return text if text.isascii() else _normalised(text)


# Scorers look at the same answer one after the other, so that few texts are enough.
@lru_cache(maxsize=128)
def _normalised(text: str) -> str:
    if "\u00b7" in text:
        text = _RAISED.sub(".", text)
    text = _DROPPED.sub("", text)
    if any(fraction in text for fraction in _FRACTIONS):
        text = _FRACTION.sub(_fraction, text)
    if "\u2014" in text or "\u2015" in text:
        text = _DASH_APART.sub(" - ", text)
    text = unicodedata.normalize("NFKC", text)
    for marks, plain in _PLAIN:
        for mark in marks:
            text = text.replace(mark, plain)
    text = _OTHER_DIGIT.sub(lambda digit: str(unicodedata.decimal(digit[0])), text)
    return _UNSPACED.sub(r" \1 ", text)


def _fraction(match: re.Match[str]) -> str:
    return (match[1] or "0") + _FRACTIONS[match[2]]


def words(text: str) -> list[str]:
    """The words of a text; "house-keeping" and "it's" are one word each."""
    if text.isascii():
        joined = "'" in text or "-" in text
        return _ASCII_WORD.findall(text) if joined else plain_words(text)
    return _WORD.findall(_UNSPACED.sub(r" \1 ", text))


def plain_words(text: str) -> list[str]:
    """The runs of letters and digits of a text in ASCII, as `[A-Za-z0-9]+` finds them."""
    return text.encode("ascii").translate(_APART).decode("ascii").split()


def sentences(text: str) -> list[str]:
    """The sentences of a text that hold a word; a line break ends a sentence, too."""
    return list(_sentences(text))


@lru_cache(maxsize=128)
def _sentences(text: str) -> tuple[str, ...]:
    pieces = []
    start = 0
    text = "\n".join([_unmarked(line) for line in text.split("\n")])
    for end in _SENTENCE_END.finditer(text):
        pieces.append(text[start : end.end()])
        start = end.end()
    pieces.append(text[start:])
    return tuple(piece.strip() for piece in pieces if _WORD.search(piece))


def _unmarked(line: str) -> str:
    mark = _MARKER.match(line)
    return line[mark.end() :] if mark else line


@lru_cache(maxsize=256)
def quote(text: str, limit: int = 60, *, tail: bool = False) -> str:
    """A text on one line in quotation marks, cut to `limit` characters (`tail`: its end)."""
    flat = " ".join((text[-4 * limit :] if tail else text[: 4 * limit]).split())
    if len(flat) > limit:
        flat = "\u2026" + flat[1 - limit :] if tail else flat[: limit - 1] + "\u2026"
    return f'"{flat}"'
