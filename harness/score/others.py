"""Quantities that an answer states beside a fact's own values: one aside, or a list of guesses."""

import re
from collections.abc import Sequence
from itertools import pairwise

from harness.score.known import Known
from harness.score.numbers import Mention
from harness.score.stance import Stance, stance
from harness.score.values import Reading, Span

_NOT_OWN = frozenset({"", "date", "label"})
_LISTED = re.compile(r"\s*(?:[,/]\s*(?:(?:and|or|nor)\s+)?|(?:and|or|nor)\s+)")
_ANNOUNCED = re.compile(r"\b(?:will|going\s+to)\b[^.;!?\n]*$")
_ALTERNATIVE = re.compile(r"\s*(?:or|and|maybe|perhaps|possibly|some|others|also|either)\b|\W*\d")
_NOUN = re.compile(
    r"(?:\s+or\s+(?:more|fewer|less))?\s+(?!(?:or|and|to|in|on|for|from|by)\b)([a-z]+)"
)


def others(
    reading: Reading, known: Known, own: Sequence[Span], *, past: bool, few: int
) -> list[Mention]:
    """Distinct asserted quantities of the fact's unit, or of its bare count, that are not its own.

    `own` are the places where values of the fact stand. `past` counts what stands in a past tense
    alone too; `few` such quantities, or less, are none. A range is one quantity. A fact whose
    values are bare counts has a quantity where the same noun follows, or where it is listed with
    one of them.
    """
    units = {_plain(unit) for unit in known.units} - _NOT_OWN
    amounts = {
        (_plain(entry.quantity.unit), entry.quantity.amount)
        for entry, _, _ in known.entries
        if entry.quantity
    }
    taken = {place for span in own for place in range(*span)}
    bare = _counted(reading, taken) if "" in known.units else set()
    beside = [
        mention
        for mention in reading.mentions
        if (_plain(mention.unit) in units or mention.start in bare)
        and taken.isdisjoint(range(mention.start, mention.end))
        and (_plain(mention.unit), mention.amount) not in amounts
    ]
    if len({(_plain(mention.unit), mention.amount) for mention in beside}) <= few:
        return []
    stances = _stances(reading)
    wanted = ("asserted", "was") if past else ("asserted",)
    found = {
        (_plain(mention.unit), mention.amount): mention
        for mention in reversed(beside)
        if stances[mention.start] in wanted and not _aside(reading.text, mention.start)
    }
    return sorted(found.values())


def _aside(text: str, start: int) -> bool:
    """Whether a place stands in parentheses that hold no alternative: "(children pay £6)"."""
    opened = text.rfind("(", max(0, start - 80), start)
    if opened < 0 or text.find(")", opened, start) >= 0:
        return False
    return not _ALTERNATIVE.match(text, opened + 1)


def announced(reading: Reading, span: Span) -> bool:
    """Whether the text says of a value that it will hold: "from 2030 it will be 7 days"."""
    return _ANNOUNCED.search(reading.text, max(0, span.start - 80), span.start) is not None


def _plain(unit: str) -> str:
    return unit.removeprefix("range").strip()


def _listed(reading: Reading, before: Mention, after: Mention) -> bool:
    gap = reading.text[before.end : after.start]
    return len(gap) < 12 and _LISTED.fullmatch(gap) is not None


def _stances(reading: Reading) -> dict[int, Stance]:
    """The stance of every quantity; "not 5, 9 or 12 days" denies the whole list."""
    found: dict[int, Stance] = {}
    before: Mention | None = None
    for mention in reading.mentions:
        said = stance(reading.text, mention.start, mention.end)
        if said == "asserted" and before and _listed(reading, before, mention):
            said = found[before.start]
        found[mention.start] = said
        before = mention
    return found


def _counted(reading: Reading, taken: set[int]) -> set[int]:
    """Starts of bare numbers that count what the fact's values count."""
    mentions = [mention for mention in reading.mentions if _plain(mention.unit) == ""]
    nouns: dict[int, str] = {}
    chains: dict[int, int] = {}
    for mention in mentions:
        match = _NOUN.match(reading.text, mention.end)
        nouns[mention.start] = match[1] if match else ""
        chains[mention.start] = mention.start
    for before, after in pairwise(mentions):
        if _listed(reading, before, after):
            chains[after.start] = chains[before.start]
    named = {chains[start]: noun for start, noun in nouns.items() if noun}
    lists = {chains[mention.start] for mention in mentions if mention.start in taken}
    counted = {named[chain] for chain in lists if chain in named}
    return {
        mention.start
        for mention in mentions
        if chains[mention.start] in lists or named.get(chains[mention.start]) in counted
    }
