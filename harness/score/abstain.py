"""Words with which a text says that it cannot say: pure, by wording. `declining` weighs them."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

from harness.score.cue import Cue
from harness.score.hinglish import HINGLISH
from harness.score.passing import ASKING, REFERRING
from harness.score.refusing import REFUSING
from harness.score.sources import BARE, NO_SUCH, SILENT
from harness.score.speaker import UNKNOWING
from harness.score.text import LIMIT, normalise

Kind = Literal["declines", "silent", "asks", "refers"]
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?|404|403")
_NEGATED = frozenset(
    {
        "cannot",
        "cant",
        "dont",
        "doesnt",
        "didnt",
        "couldnt",
        "wont",
        "wouldnt",
        "shant",
        "havent",
        "hasnt",
        "isnt",
        "arent",
        "wasnt",
    }
)
_BARE = re.compile(BARE)


class Wording(NamedTuple):
    """Where a text declines, has a source that is silent, asks back or refers elsewhere."""

    kind: Kind
    start: int
    end: int


class _Rule(NamedTuple):
    kind: Kind
    needs: tuple[frozenset[str], ...]
    pattern: re.Pattern[str]


def _rules(kind: Kind, *families: tuple[Cue, ...]) -> tuple[_Rule, ...]:
    return tuple(
        _Rule(kind, tuple(frozenset(group.split()) for group in needs.split("&")), re.compile(text))
        for family in families
        for needs, text in family
    )


_RULES = (
    *_rules("declines", UNKNOWING, REFUSING, HINGLISH, NO_SUCH),
    *_rules("silent", SILENT),
    *_rules("asks", ASKING),
    *_rules("refers", REFERRING),
)


_MOST_GROUPS = max(len(rule.needs) for rule in _RULES)
_ALL = (1 << len(_RULES)) - 1


def _bits() -> tuple[dict[str, int], int]:
    """For each word the rules that need it, and the groups that need none, as bits of a number.

    Bit r + g * len(_RULES) stands for group g of rule r, so that one pass over a text's words tells
    which rules may match.
    """
    of_words: dict[str, int] = {}
    free = 0
    for at, rule in enumerate(_RULES):
        for group in range(_MOST_GROUPS):
            bit = 1 << (at + group * len(_RULES))
            if group >= len(rule.needs):
                free |= bit
            else:
                for word in rule.needs[group]:
                    of_words[word] = of_words.get(word, 0) | bit
    return of_words, free


_OF_WORDS, _FREE = _bits()
_KEYS = frozenset(_OF_WORDS)


def _candidates(text: str) -> Iterator[_Rule]:
    """The rules whose words a text has, the strongest first."""
    said = set(_WORD.findall(text))
    has = _FREE
    for word in said & _KEYS:
        has |= _OF_WORDS[word]
    if not said.isdisjoint(_NEGATED) or (
        "n't" in text and any(word.endswith("n't") for word in said)
    ):
        has |= _OF_WORDS["not"]
    rules = _ALL
    for group in range(_MOST_GROUPS):
        rules &= has >> (group * len(_RULES))
    while rules:
        lowest = rules & -rules
        yield _RULES[lowest.bit_length() - 1]
        rules ^= lowest


# Scorers look at the same sentences one after the other.
@lru_cache(maxsize=256)
def wording(text: str) -> Wording | None:
    """The strongest wording in a text that is normalised and in lower case, or None."""
    if len(text) < 60 and (match := _BARE.match(text)):
        return Wording("declines", *match.span())
    for kind, _, pattern in _candidates(text):
        match = pattern.search(text)
        if match:
            return Wording(kind, *match.span())
    return None


def abstention(text: str) -> str | None:
    """The words with which a text declines to say, or None: "I can't wait to help" is none."""
    text = normalise(text[:LIMIT]).lower()
    span = abstention_at(text)
    return text[span[0] : span[1]].strip() if span else None


def abstention_at(text: str) -> tuple[int, int] | None:
    """Where a text that is normalised and in lower case declines to say, or None."""
    found = wording(text)
    return (found.start, found.end) if found else None
