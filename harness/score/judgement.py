"""The class of an answer about a fact: what holds, what held, neither, a refusal, or a hedge."""

import re
from datetime import date
from typing import NamedTuple

from harness.score.declining import declines, withheld
from harness.score.known import Known
from harness.score.others import announced, others
from harness.score.reading import read
from harness.score.settling import settle
from harness.score.stance import corrected, stance
from harness.score.stated import Match, Seen, look
from harness.score.text import quote
from harness.score.unmet import unmet
from harness.score.values import Reading

MOST_OTHERS = 1
"""Other quantities of the fact's unit that an answer may state beside the value that holds."""


_ALTERNATIVE = re.compile(
    r"\b(?:or|maybe|perhaps|possibly|some|others?|either|depending|whichever|versus|vs|but|say|says|now|then|old|new"
    r"|until|since|before|after|from|ya)\b(?!\s+(?:you|the\s+\w+\s+and)\b)"
)
_OF = re.compile(
    r"\s+(?:(?:from|by|for|of)\s+)?(?:the\s+|each\s+|an?\s+)?"
    r"(?!(?:as|and|or|is|was|are|were|in|on|at|to|but|with|if|then|now|per|not|only|while|which|that|it)\b)([a-z]+)(?:\s+([a-z]+))?"
)
_GENERAL = re.compile(r"\b(?:some|others?|many|most|elsewhere)\b[^.;!?\n]*$")
_SUM = re.compile(r"[^.;!?\n=]{0,40}(?:\+|\bplus\b)[^.;!?\n=]{1,60}=\s*\S")


class Judgement(NamedTuple):
    """The class of an answer, why, the age in days of what a stale one says, and placebo."""

    label: str
    reason: str
    age: int | None = None
    placebo: bool = False


def judge(text: str, known: Known, as_of: date | None = None, question: str = "") -> Judgement:
    """The class of an answer to a question about a fact whose values are known.

    Rules by wording propose a class, and a trained reader that sees where each value stands, and
    what the rules say, decides. No class is given whose value is not in the answer.
    """
    reading = read(text)
    if not reading.text.strip():
        return Judgement("wrong", "the answer is empty")
    seen = look(reading, known)
    by_rules = ruled(reading, known, as_of, seen.matches)
    label = settle(reading, known, seen, by_rules.label, question or known.attribute)
    if label == by_rules.label:
        return by_rules
    return _read_as(label, reading, seen, by_rules, known, as_of)


def _read_as(
    label: str, reading: Reading, seen: Seen, by_rules: Judgement, known: Known, as_of: date | None
) -> Judgement:
    """The judgement where the trained reader and the rules differ."""
    whole = quote(reading.shown.strip())
    if label == "abstained":
        return Judgement(label, f"declines: {whole}", None, by_rules.placebo)
    if label == "stale":
        newest = max(
            (place for place in seen.every if place.kind == "stale"), key=lambda one: one.version
        )
        return _old(newest.version, quote(newest.shown), known, as_of, by_rules.placebo)
    if label == "wrong":
        holds = quote(known.versions[known.current].value)
        return Judgement(label, f"{whole} does not say {holds}", None, by_rules.placebo)
    said = {place.kind: quote(place.shown) for place in reversed(seen.every)}
    if label == "hedged":
        reason = f"names {' and '.join(said.values())} and settles on none: {whole}"
        return Judgement(label, reason, None, by_rules.placebo)
    return Judgement(label, f"says {said['current']}: {whole}", None, by_rules.placebo)


def ruled(reading: Reading, known: Known, as_of: date | None, found: list[Match]) -> Judgement:
    """The class that the rules give."""
    matches = _settled(_taken_back(reading.text, found))
    placebo = any(m.kind == "placebo" and m.stance == "asserted" for m in matches)
    matches = _of_others(reading.text, matches, known)
    asserted = [m for m in matches if m.stance == "asserted" and m.kind in ("current", "stale")]
    if asserted and all(_general(reading.text, match.span.start) for match in asserted):
        silent = withheld(reading.shown, known.attribute)
        if silent:
            return Judgement("abstained", f"declines: {quote(silent)}", None, placebo)
    current = [m for m in asserted if m.kind == "current"]
    stale = [m for m in asserted if m.kind == "stale"]
    if current:
        holds = _said(reading, current[0])
        beside = _beside(reading, matches, known, current, stale)
        if beside:
            return Judgement("hedged", f"names {holds}, which holds, and {beside}", None, placebo)
        return Judgement("current", f"says {holds}", None, placebo)
    if stale:
        return _stale(reading, stale, known, as_of, placebo)
    return _unmatched(reading, matches, known, as_of, placebo)


def _beside(
    reading: Reading,
    matches: list[Match],
    known: Known,
    current: list[Match],
    stale: list[Match],
) -> str:
    """What else an answer says that names the value that holds, or '' when it commits to it."""
    if stale:
        return f"{_said(reading, stale[0])}, which does not"
    for match in (match for match in matches if match.stance == "asserted"):
        if match.kind == "placebo":
            return f"{_said(reading, match)}, which was never true"
        if match.kind == "other" and not announced(reading, match.span):
            return f"{_said(reading, match)}, which holds only later"
    past = all(match.said == "was" for match in current)
    more = others(reading, known, [match.span for match in matches], past=past, few=MOST_OTHERS)
    if len(more) <= MOST_OTHERS:
        return ""
    shown = ", ".join(quote(reading.shown[one.start : one.end]) for one in more[:3])
    return f"lists {len(more)} other values: {shown}{', …' if len(more) > 3 else ''}"


def _stale(
    reading: Reading,
    stale: list[Match],
    known: Known,
    as_of: date | None,
    placebo: bool,  # noqa: FBT001
) -> Judgement:
    newest = max(stale, key=lambda match: match.version)
    return _old(newest.version, _said(reading, newest), known, as_of, placebo)


def _old(
    at: int,
    said: str,
    known: Known,
    as_of: date | None,
    placebo: bool,  # noqa: FBT001
) -> Judgement:
    version = known.versions[at]
    ended = version.valid_to
    age = (as_of - ended).days if as_of and ended else None
    old = f", {age} days before {as_of}" if age is not None else ""
    reason = f"says {said}, which held from {version.valid_from} to {ended}{old}"
    return Judgement("stale", reason, age, placebo)


def _unmatched(
    reading: Reading,
    matches: list[Match],
    known: Known,
    as_of: date | None,
    placebo: bool,  # noqa: FBT001
) -> Judgement:
    """The class of an answer that asserts no value that holds or held."""
    silent = declines(reading.shown, known.attribute)
    other = _other_value(reading, matches, known, silent)
    if not silent and not matches and "" not in known.units and known.units:
        silent = unmet(reading.text, "how much", reading.mentions, speaker=True)
    denies = any(m.kind == "current" and m.stance == "denied" for m in matches)
    if silent and not (other or denies or any(m.stance == "asserted" for m in matches)):
        return Judgement("abstained", f"declines: {quote(silent)}")
    past = [m for m in matches if m.kind == "stale" and m.stance == "past"]
    if past and not other:
        return _stale(reading, past, known, as_of, placebo)
    holds = quote(known.versions[known.current].value)
    for match in matches:
        if match.kind == "current" and match.stance in ("denied", "past"):
            what = "denies" if match.stance == "denied" else "calls past"
            return Judgement("wrong", f"{what} {_said(reading, match)}, which holds", None, placebo)
        if match.kind in ("placebo", "other"):
            why = "was never true" if match.kind == "placebo" else "holds only later"
            return Judgement("wrong", f"says {_said(reading, match)}, which {why}", None, placebo)
    shown = quote(reading.shown.strip())
    return Judgement("wrong", f"{shown} does not say {holds}", None, placebo)


def _general(text: str, start: int) -> bool:
    """Whether a place is told of others than the fact's entity: "some plants use 8 hours"."""
    return _GENERAL.search(text, max(0, start - 60), start) is not None


def _said(reading: Reading, match: Match) -> str:
    return quote(reading.shown[match.span.start : match.span.end])


def _taken_back(text: str, matches: list[Match]) -> list[Match]:
    """What comes before a self-correction, or adds up to another value, is not asserted."""
    at = corrected(text) if len(matches) > 1 else -1
    if 0 <= at < matches[-1].span.start and matches[0].span.start < at:
        return [m._replace(stance="denied") if m.span.start < at else m for m in matches]
    return [
        match._replace(stance="denied") if _SUM.match(text, match.span.end) else match
        for match in matches
    ]


def _of_others(text: str, matches: list[Match], known: Known) -> list[Match]:
    """Values told of something else are denied: "8 % from the employer and 5 % from you".

    That is where what follows one value is in the fact's name, what follows another one is not, and
    nothing between them says that they are alternatives.
    """
    told = [m for m in matches if m.stance == "asserted"]
    if len(told) < 2 or _ALTERNATIVE.search(text, told[0].span.start, told[-1].span.end):
        return matches
    named = {_stem(word) for word in re.findall(r"[a-z]{3,}", known.attribute.lower())}
    about = {
        m.span: {_stem(word) for word in after.groups() if word}
        for m in told
        if (after := _OF.match(text, m.span.end))
    }
    if not any(words & named for words in about.values()):
        return matches
    strange = {span for span, words in about.items() if words and not words & named}
    return [m._replace(stance="denied") if m.span in strange else m for m in matches]


def _stem(word: str) -> str:
    return word.removesuffix("s")[:6]


def _settled(matches: list[Match]) -> list[Match]:
    """A past tense alone decides only where another value is put in the present."""
    told = {match.kind for match in matches if match.stance == "asserted"} & {"current", "stale"}
    return [
        match._replace(stance="past" if told - {match.kind} else "asserted")
        if match.stance == "was"
        else match
        for match in matches
    ]


def _other_value(reading: Reading, matches: list[Match], known: Known, silent: str | None) -> bool:
    """Whether the text states a quantity of the fact's kind that is none of its values."""
    units = known.units - {"", "date", "label"}
    return any(
        mention.unit in units
        and all(mention.start != match.span.start for match in matches)
        and stance(reading.text, mention.start, mention.end) in ("asserted", "was")
        for mention in (reading.mentions if silent else ())
    )
