"""Where an answer states values of a fact, and how: exactly as written, or in unusual notation."""

from typing import NamedTuple

from harness.score.known import Known
from harness.score.loosely import loosely
from harness.score.stance import Stance, stance
from harness.score.values import Reading, Span, find, within_ranges


class Match(NamedTuple):
    """A value at a place of an answer; `version` is -1 for a placebo value."""

    span: Span
    kind: str
    version: int
    stance: Stance
    said: Stance  # before other values are looked at


class Place(NamedTuple):
    """A value as it was written; `sure` says that no other thing can be meant."""

    span: Span
    kind: str
    version: int
    shown: str
    sure: bool


class Seen(NamedTuple):
    """The values that an answer states: those that are sure, and all."""

    matches: list[Match]
    every: list[Place]


def look(reading: Reading, known: Known) -> Seen:
    """The values of a fact that an answer states, in order."""
    matches = exact(reading, known)
    loose = loosely(known, reading, [match.span for match in matches])
    for one in loose:
        if one.sure:
            said = stance(reading.text, *one.span)
            matches.append(Match(one.span, one.kind, one.version, said, said))
    matches.sort()
    every = [(match.span, match.kind, match.version, True) for match in matches]
    every += [(one.span, one.kind, one.version, False) for one in loose if not one.sure]
    return Seen(
        matches,
        [
            Place(span, kind, version, reading.shown[span.start : span.end], sure)
            for span, kind, version, sure in sorted(every)
        ],
    )


def exact(reading: Reading, known: Known) -> list[Match]:
    """Stated values in order; where two overlap the longer one counts, then the current one."""
    rank = {"current": 0, "stale": 1, "other": 2, "placebo": 3}
    found = [
        (span, kind, version)
        for wanted, kind, version in known.entries
        for span in find(wanted, reading, known.attribute)
    ]
    if reading.inner:
        ends = [
            (span, kind, version)
            for wanted, kind, version in known.entries
            for span in within_ranges(wanted, reading)
        ]
        # Both ends of a range are known values: "7 to 14 days" names the old and the new one.
        if {"current", "stale"} <= {kind for _, kind, _ in ends}:
            found += ends
    found.sort(key=lambda item: (item[0].start - item[0].end, rank[item[1]], -item[2]))
    taken: set[int] = set()
    kept = []
    for span, kind, version in found:
        if taken.isdisjoint(range(*span)):
            taken.update(range(*span))
            said = stance(reading.text, *span)
            kept.append(Match(span, kind, version, said, said))
    return sorted(kept)
