"""Which class an answer about a fact gets, by the trained reader that weighs the rules, too."""

from harness.score.asserted import TAGS, Sentence, features, tokens
from harness.score.declined import odds, topic
from harness.score.declining import noticed
from harness.score.known import Known
from harness.score.reader import readers
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

    An answer that states one value, in words that neither deny nor date nor doubt, has its class.
    """
    said = sentences_of(reading, known, seen, question)
    if {place.kind for place in seen.every} == {ruled} and _plain(seen, said):
        return ruled
    allowed = possible(reading, known, seen, ruled, said)
    if allowed == {ruled}:
        return ruled
    reader = readers()["recency"]
    told = told_by_rules(reading, known, seen, said, ruled, question)
    odds_of = dict(zip(reader.labels, reader.scores(features(said, told)), strict=True))
    best = max(sorted(allowed), key=odds_of.__getitem__)
    return best if odds_of[best] > odds_of[ruled] + MARGIN else ruled


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
    told = {
        f"st{TAGS[place.kind]}{'' if place.sure else '~'}{stance(reading.text, *place.span)}"
        for place in seen.every
        if place.span.end <= _READ
    }
    told.add(f"R{ruled}")
    score: float = _LEAST
    if not seen.every or any(name in _DOUBTED for one in said for _, name in one):
        score = odds(reading.text, question, *noticed(reading.shown, known.attribute))
    told.update((f"A{max(_LEAST, min(-_LEAST, round(score)))}", "A+" if score > 0 else "A-"))
    return sorted(told)
