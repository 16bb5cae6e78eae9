"""Words with which a text says that it cannot say: pure, by wording. `declining` weighs them."""

import re
from typing import Literal, NamedTuple

from harness.score.cue import Cue
from harness.score.hinglish import HINGLISH
from harness.score.passing import ASKING, REFERRING
from harness.score.sources import BARE, NO_SUCH, SILENT
from harness.score.speaker import REFUSING, UNKNOWING
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


def wording(text: str) -> Wording | None:
    """The strongest wording in a text that is normalised and in lower case, or None."""
    if len(text) < 60 and (match := _BARE.match(text)):
        return Wording("declines", *match.span())
    said = set(_WORD.findall(text))
    if any(word.endswith("n't") or word in _NEGATED for word in said):
        said.add("not")
    for kind, needs, pattern in _RULES:
        if any(said.isdisjoint(group) for group in needs):
            continue
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
