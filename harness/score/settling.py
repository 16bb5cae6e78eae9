"""Which class an answer about a fact gets, by the trained reader that weighs the rules, too."""

from collections.abc import Sequence
from functools import lru_cache

from harness.score.asserted import TAGS, Sentence, beside, features, kinds_of, tokens
from harness.score.declined import odds, topic
from harness.score.declining import noticed
from harness.score.known import Known
from harness.score.reader import DECIMALS, readers
from harness.score.stance import stance
from harness.score.stated import Seen
from harness.score.values import Reading

MARGIN = 0.5
"""How much likelier, in log odds, another class must be than the one that the rules give."""
_READ = 4_000  # characters of an answer that the reader looks at
_LEAST = -4  # log odds of declining below which it makes no difference how low they are
_DOUBTED = frozenset(
    (
        "NEG", "DARK", "KNOW", "OR", "PAST", "CHANGE", "DENY", "UNTIL", "BUT",
        "FIND", "SORRY", "WONT", "QM", "THEY", "SEEM", "WILL", "ASK",
    )
)  # fmt: skip
_SPOKEN = frozenset(("SRC", "TELL", "MORE", "PLEASE", "HELP", "ANY", "WH", "MAY", "SPK", "WHO"))
_PLAIN_UNITS = frozenset({"", "date", "label"})


def settle(reading: Reading, known: Known, seen: Seen, ruled: str, question: str) -> str:
    """The class of an answer: the likeliest of those that its values allow.

    Whether it declines is read only where that can change the class.

    An answer that states one value, in words that neither deny nor date nor doubt, has its class.
    """
    said = sentences_of(reading, known, seen, question)
    if {place.kind for place in seen.every} == {ruled} and _plain(seen, said):
        return ruled
    allowed = possible(reading, known, seen, ruled, said)
    if allowed == {ruled}:
        return ruled
    reader, kinds = readers()["recency"], kinds_of(said)
    by_text = reader.scores(features(said, told_by_stances(reading, seen, ruled)))
    outcomes = {_likeliest(by_text, more, allowed, ruled) for more in _declining(kinds)}
    if len(outcomes) > 1:
        told = told_by_reader(reading, known, seen, said, question)
        outcomes = {_likeliest(by_text, reader.added(beside(kinds, told)), allowed, ruled)}
    return outcomes.pop()


def _likeliest(
    by_text: Sequence[float], more: Sequence[float], allowed: set[str], ruled: str
) -> str:
    """The likeliest class, by what the text says and what is told beside it."""
    summed = [round(sum(pair), DECIMALS) for pair in zip(by_text, more, strict=True)]
    odds_of = dict(zip(readers()["recency"].labels, summed, strict=True))
    best = max(sorted(allowed), key=odds_of.__getitem__)
    return best if odds_of[best] > odds_of[ruled] + MARGIN else ruled


@lru_cache(maxsize=1024)
def _declining(kinds: str) -> list[tuple[float, ...]]:
    """What each thing adds that the reader of declining may say of an answer."""
    reader = readers()["recency"]
    signs = [_odds_as_signs(score) for score in (*range(_LEAST, 1 - _LEAST), 0.1)]
    return [reader.added(beside(kinds, one)) for one in signs]


def _plain(seen: Seen, said: list[Sentence]) -> bool:
    if not all(place.sure for place in seen.every):
        return False
    return all(name not in _DOUBTED for one in said for _, name in one)


def possible(
    reading: Reading, known: Known, seen: Seen, ruled: str, said: list[Sentence]
) -> set[str]:
    """The classes that an answer can have, by the values that it states.

    One without a word that denies, doubts, asks or tells of a source does not decline.

    One in which the rules find the value that holds in a list of others can only be hedged.
    """
    kinds = {place.kind for place in seen.every}
    if kinds == {"current"} and ruled == "hedged":
        return {"abstained", "hedged"}
    allowed = {"wrong", ruled}
    if any(name in _DOUBTED or name in _SPOKEN for one in said for _, name in one):
        allowed.add("abstained")
    if "current" in kinds:
        allowed.add("current")
    if "stale" in kinds:
        allowed.add("stale")
    if len(kinds) > 1 or (kinds and _others(reading, known, seen)):
        allowed.add("hedged")
    return allowed


def _others(reading: Reading, known: Known, seen: Seen) -> list[tuple[int, int, str]]:
    """Quantities that no value of the fact has: "X" for those of its unit, else what they are."""
    taken = {at for place in seen.every for at in range(*place.span)}
    units = known.units - _PLAIN_UNITS
    found = []
    for one in reading.mentions:
        if one.end > _READ:
            break
        if not taken.isdisjoint(range(one.start, one.end)):
            continue
        if one.unit.removeprefix("range").strip() in units:
            tag = "X"
        elif one.unit == "date":
            time = isinstance(one.amount, tuple) and one.amount[0] == "time"
            tag = "X" if time and "date" in known.units else "D"
        else:
            tag = "B" if one.unit == "" and "" in known.units else "#"
        found.append((one.start, one.end, tag))
    return found


def sentences_of(reading: Reading, known: Known, seen: Seen, question: str) -> list[Sentence]:
    """The sentences of an answer as words with their classes, and its values as letters."""
    places = [
        (place.span.start, place.span.end, TAGS[place.kind] + ("" if place.sure else "~"))
        for place in seen.every
        if place.span.end <= _READ
    ]
    return tokens(
        reading.text[:_READ],
        sorted(places + _others(reading, known, seen)),
        topic(f"{known.attribute} {question}".lower()),
    )


def told_by_rules(
    reading: Reading, known: Known, seen: Seen, said: list[Sentence], ruled: str, question: str
) -> list[str]:
    """What the rules, and the reader that tells what declines, say of an answer, as signs."""
    by_reader = told_by_reader(reading, known, seen, said, question)
    return sorted({*told_by_stances(reading, seen, ruled), *by_reader})


def told_by_stances(reading: Reading, seen: Seen, ruled: str) -> set[str]:
    """What the rules say of an answer and of each of its values."""
    told = {
        f"st{TAGS[place.kind]}{'' if place.sure else '~'}{stance(reading.text, *place.span)}"
        for place in seen.every
        if place.span.end <= _READ
    }
    return told | {f"R{ruled}"}


def told_by_reader(
    reading: Reading, known: Known, seen: Seen, said: list[Sentence], question: str
) -> tuple[str, str]:
    """What the reader that tells what declines says of an answer."""
    score: float = _LEAST
    if not seen.every or any(name in _DOUBTED for one in said for _, name in one):
        score = odds(reading.text, question, *noticed(reading.shown, known.attribute))
    return _odds_as_signs(score)


def _odds_as_signs(score: float) -> tuple[str, str]:
    return f"A{max(_LEAST, min(-_LEAST, round(score)))}", "A+" if score > 0 else "A-"
