"""The words of a text in which terms are looked for, and what stands between them."""

import re
from functools import cached_property
from itertools import pairwise
from typing import Any

import regex  # type: ignore[import-untyped]  # like re, with \p{..}

from harness.score.text import plain_words

_END = r"(?:'(?:s|t|ll|ve|re|d|m|S|T|LL|VE|RE|D|M)\b)?"
_WORD = re.compile(rf"[A-Za-z0-9]+{_END}")  # for ASCII text
# `re` takes the vowel signs of many scripts for no part of a word
_ANY_WORD = regex.compile(rf"[\p{{L}}\p{{M}}\p{{N}}]+{_END}")
# what may stand between the words of one phrase: a space, a line's end, a hyphen, markup, quotes
_GAP = re.compile(r"(?:[ \t*_`\"'&-]|\n(?!\s*\n))*")


def _pattern(text: str) -> Any:
    """What finds the words of a text, from `re` or from `regex`."""
    return _WORD if text.isascii() else _ANY_WORD


def words_of(text: str) -> list[str]:
    """The words of a text, as `_pattern` finds them."""
    if text.isascii() and "'" not in text:
        return plain_words(text)
    found: list[str] = _pattern(text).findall(text)
    return found


class Between:
    """What stands between a text's words, looked up only where a phrase may stand."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def _matches(self) -> list[re.Match[str]]:
        return list(_pattern(self.text).finditer(self.text))

    def nothing(self, start: int, end: int) -> bool:
        """Whether only spaces, hyphens, quotes and markup stand between the words start:end."""
        return end - start < 2 or all(
            _GAP.fullmatch(self.text, before.end(), after.start()) is not None
            for before, after in pairwise(self._matches[start:end])
        )
