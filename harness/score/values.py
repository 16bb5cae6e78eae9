"""Values of facts, and where an answer states them: "₹5 lakh" is "500,000 rupees", not "₹50,000".

A value is a quantity, or words with or without quantities in them. Quantities match by what they
mean, words as whole phrases whatever their case and spacing. See METHODS §2.
"""

import re
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import NamedTuple

from harness.score.aliases import code, in_full
from harness.score.clock import times
from harness.score.dates import same_date
from harness.score.linked import linked
from harness.score.measures import rate
from harness.score.number_words import WORD_NUMBER
from harness.score.numbers import Mention, numbers
from harness.score.text import LIMIT, normalise

_WORD = re.compile(r"[^\W_]+")
_DROPPED = frozenset({"a", "an", "the", "of", "per", "and"})
_QUALIFIER = re.compile(
    r"^\W*(?:(?:up\s*to|within|at\s+(?:least|most)|(?:a\s+)?(?:minimum|maximum)(?:\s+of)?|about"
    r"|approximately|only|exactly|(?:no|not)\s+(?:more|less|later)\s+than|not\s+exceeding)\s+)+"
    rf"(?=\W*(?:[a-z]{{1,6}}\.?\s*)?\d|{WORD_NUMBER}\b)"
)
_FUNCTION_WORD = re.compile(
    r"\W*(?:$|[.,;:!?)\n]|(?:per|for|to|in|on|under|as|and|or|is|was|from|by|at|of|with|but|if)\b)"
)
# What may follow a number whose unit is left out, and what shows that it counts or names something.
_ENDED = re.compile(
    r"\W*(?:$|[.,;:!?)\n/]|(?:on|if|under|from|now|today|since|but|instead|only|earlier|before|until|till"
    r"|for|as|is|was|in|according|then|currently|per|at|when|while|plus|by|and|or|ya|aur|hai|tha|ho|mein|se|monthly|yearly|annually|weekly|daily|quarterly|each|every|flat|sharp|total"
    r"|altogether|overall|max|maximum|minimum|please|thanks|these|this)\b"
    r"(?!\s+(?:so|more|less|fewer)\b))|\s*\+"
)
_COUNTED = re.compile(
    r"\b(?:in|since|until|till|by|of|year|on|page|top|no|number|room|ext|extension|version|v|option"
    r"|level|grade|class|type|about|after|aged?|before|from|channel|gate|platform|bus|line|route)\W*$"
)
_NO_BARE = ("label", "date", "range")


class Span(NamedTuple):
    """Where a value is stated: offsets in the normalised text."""

    start: int
    end: int


class Reading:
    """A text with its quantities found, read once and asked many times."""

    def __init__(self, text: str) -> None:
        shown = normalise(text[:LIMIT])
        self.text = shown.lower()
        # Lower case is as long as the text but for a few letters of a few scripts.
        self.shown = shown if len(shown) == len(self.text) else self.text
        found, dates, self.skipped = numbers(self.text)
        outer, self.inner = linked(self.text, found)
        self.mentions: list[Mention] = times(self.text, sorted(outer + dates) if dates else outer)
        self.units = {mention.unit for mention in self.mentions}

    @cached_property
    def _pieces(self) -> list[tuple[str, int, int]]:
        """Words and quantities in order, as canonical text with their offsets."""
        pieces = []
        at = 0
        for mention in [*self.mentions, None]:
            stop = mention.start if mention else len(self.text)
            pieces += [
                (in_full(match[0]), match.start(), match.end())
                for match in _WORD.finditer(self.text, at, stop)
                if match[0] not in _DROPPED
            ]
            if mention:
                pieces.append((_canonical(mention), mention.start, mention.end))
                at = max(at, mention.end)
        return [piece for piece in pieces if piece[0]]

    @cached_property
    def _joined(self) -> tuple[str, dict[int, int], dict[int, int]]:
        starts, ends = {}, {}
        length = 0
        for piece, start, end in self._pieces:
            starts[length] = start
            length += len(piece)
            ends[length] = end
        return "".join(piece for piece, _, _ in self._pieces), starts, ends

    @property
    def canonical(self) -> str:
        """The text without spaces, punctuation and ways of writing."""
        return self._joined[0]

    @property
    def lone(self) -> Mention | None:
        """The quantity that is all this text says, if it is."""
        if len(self.mentions) == 1 and len(self._pieces) == 1:
            return self.mentions[0]
        return None

    def phrase(self, canonical: str) -> list[Span]:
        """Where a canonical text stands, from the start of a piece to the end of one."""
        text, starts, ends = self._joined
        spans = []
        at = text.find(canonical) if canonical else -1
        while at >= 0:
            if at in starts and at + len(canonical) in ends:
                spans.append(Span(starts[at], ends[at + len(canonical)]))
            at = text.find(canonical, at + 1)
        return spans


def _canonical(mention: Mention) -> str:
    amount = mention.amount
    if isinstance(amount, Decimal):
        amount = (format(amount.normalize(), "f"),)
    return f"<{mention.unit} {' '.join(map(str, amount))}>"


class Value(NamedTuple):
    """A way to state a value: one quantity, or a canonical phrase.

    `core` says that the quantity of a longer value (26 weeks of leave) stands for it.
    """

    text: str
    quantity: Mention | None
    canonical: str
    core: bool = False
    rate: str = ""
    code: re.Pattern[str] | None = None

    @property
    def unit(self) -> str | None:
        """The unit of a value that is one quantity, else None."""
        return self.quantity.unit if self.quantity else None


@lru_cache(maxsize=65_536)
def value(text: str, *, strip: bool = True) -> Value:
    """The value that `text` means; `strip` drops what qualifies a quantity ("up to")."""
    if strip:
        text = _QUALIFIER.sub("", normalise(text).lower())
    reading = Reading(text)
    pattern = code(text) if reading.lone is None else None
    return Value(text, reading.lone, reading.canonical, code=pattern)


def core(wanted: Value) -> Value | None:
    """The quantity that a longer value is about ("$59 per month", "90 guests"), if just one."""
    if wanted.quantity is not None or wanted.code is not None:
        return None
    mentions = Reading(wanted.text).mentions
    if len(mentions) != 1 or mentions[0].unit in ("label", "date"):
        return None
    if mentions[0].unit == "" and (mentions[0].start or mentions[0].amount == 1):
        return None
    (quantity,) = mentions
    per = rate(wanted.text, quantity.end)
    return Value(wanted.text, quantity, _canonical(quantity), core=True, rate=per)


def find(wanted: Value, reading: Reading, attribute: str = "") -> list[Span]:
    """Every place where the text states the value.

    A bare number in the text stands for a value with a unit only where nothing else is meant: it is
    the whole answer, a large sum while the text names no other sum of the unit, or followed by no
    noun that it could count ("it was 7 days and is now 14").
    `attribute` says what a labelled number may mean ("section").
    """
    quantity = wanted.quantity
    if quantity is None:
        spans = reading.phrase(wanted.canonical)
        if not spans and wanted.code:
            spans = [Span(*match.span()) for match in wanted.code.finditer(reading.text)]
        return spans
    spans = [
        Span(mention.start, mention.end)
        for mention in reading.mentions
        if _same(quantity, mention, reading, attribute)
        and not (wanted.core and rate(reading.text, mention.end) not in ("", wanted.rate))
    ]
    if wanted.core and not quantity.unit:
        return [span for span in spans if _alone(reading, span)]
    if not quantity.unit or quantity.unit == "label":
        return spans
    if quantity.unit == "date" and not spans:
        return [
            Span(mention.start, mention.end)
            for mention in reading.mentions
            if mention.unit == "" and _is_time(quantity, mention, reading)
        ]
    if quantity.unit == "date":
        return spans
    lone = reading.lone
    sums = quantity.unit.isupper() and quantity.unit not in reading.units
    for mention in reading.mentions:
        if mention.unit or mention.written != quantity.written:
            continue
        large = sums and mention.scaled and _FUNCTION_WORD.match(reading.text, mention.end)
        if large or mention is lone or _elides(reading, mention):
            spans.append(Span(mention.start, mention.end))
    return spans


def _alone(reading: Reading, span: Span) -> bool:
    """Whether a bare number stands where its noun may be left out."""
    mention = next(one for one in reading.mentions if one.start == span.start)
    if mention.unit:
        return False
    told = isinstance(mention.amount, Decimal) and mention.amount % 1 != 0  # "97.4 MHz"
    return told or mention is reading.lone or _elides(reading, mention)


def _elides(reading: Reading, mention: Mention) -> bool:
    """Whether a bare number leaves its unit to be understood: "it was 7 days and is now 14"."""
    return (
        mention.amount != 1
        and _ENDED.match(reading.text, mention.end) is not None
        and _COUNTED.search(reading.text, max(0, mention.start - 24), mention.start) is None
    )


def _is_time(wanted: Mention, stated: Mention, reading: Reading) -> bool:
    """Whether "22.45" or a lone "10" is the time of day that is wanted."""
    if not isinstance(wanted.amount, tuple) or wanted.amount[0] != "time":
        return False
    if not isinstance(stated.amount, Decimal) or not 0 <= stated.amount < 24:
        return False
    pointed = reading.text[stated.start : stated.end].partition(".")[2]
    if len(pointed) != 2 and stated is not reading.lone:
        return False
    minutes = 60 * int(stated.amount) + int(pointed or 0)
    return minutes in (wanted.amount[1], wanted.amount[1] - 720 if minutes < 720 else None)  # type: ignore[operator]


def within_ranges(wanted: Value, reading: Reading) -> list[Span]:
    """Places where a range has the value as one of its ends ("7 to 14 days" has 14 days)."""
    quantity = wanted.quantity
    if quantity is None or not reading.inner:
        return []
    return [Span(m.start, m.end) for m in reading.inner if _same(quantity, m, reading, "")]


def _same(wanted: Mention, stated: Mention, reading: Reading, attribute: str) -> bool:
    if wanted.unit == "":
        if stated.unit == "date":
            year = stated.amount[0] if isinstance(stated.amount, tuple) else None
            return year is not None and wanted.amount == year
        if stated.unit == "label":
            before = _WORD.findall(reading.text[max(0, stated.start - 24) : stated.start])
            named = bool(before) and before[-1].rstrip("s") in attribute.lower()
            return named and wanted.amount == stated.amount
        return not stated.unit.startswith(_NO_BARE) and wanted.amount == stated.written
    if wanted.unit != stated.unit:
        return False
    if wanted.unit == "date":
        return any(
            isinstance(said, tuple)
            and isinstance(wanted.amount, tuple)
            and same_date(wanted.amount, said)
            for said in (stated.amount, stated.written)
        )
    return wanted.amount == stated.amount
