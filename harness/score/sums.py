"""Other names of sums, shares and measures: "sava lakh", "4 rupees 15 paise", "1:8", "98.6 F"."""

import re
from decimal import Decimal

from harness.score.names import Names, Shape, number

_COINS = r"(?:cents?|cts?|pence|p|paise|paisa|pfennig|centimes|céntimos|öre|øre|c)\b"
_NOTES = r"(?:rupees?|rupaye|rupiya|dollars?|euros?|pounds?|quid|bucks|rs\.?)"
_SCALED = {100: "sau", 1000: "haza+r", 100_000: "la(?:kh|c)s?", 10_000_000: "crores?|karod"}
_MONEY = r"(?:[$£€₹]|(?:rs\.?|inr|usd|eur|gbp)\s?)\s?"
_QUARTERS = (Decimal("0.25"), Decimal("0.5"), Decimal("0.75"))
_EACH = r"(?:\s*(?:/|per|an?|each).*)?"


def _sum(match: re.Match[str]) -> Names:
    """Money in coins, in grand, and with Hindi words for halves and quarters."""
    amount = Decimal(match["amount"].replace(",", "")) * {"k": 1000, "lakh": 100_000}.get(
        match["scale"] or "", 1
    )
    whole, coins = int(amount), int(amount * 100) % 100
    if amount < 10 and coins:
        yield rf"(?<![\d.,]){int(amount * 100)}\s?{_COINS}", True
    if whole and coins:
        yield rf"{number(whole)}\s*{_NOTES}?\s+(?:and\s+)?{number(coins)}\s*{_COINS}", True
        part = {50: "(?:a\\s+)?half", 25: "a\\s+quarter", 75: "three\\s+quarters"}.get(coins)
        if part:
            yield rf"(?:\ban?\b|{number(whole)})\s+{_NOTES}\s+and\s+{part}", True
    if amount >= 1000 and amount % 500 == 0:
        grand = format((amount / 1000).normalize(), "f")
        yield rf"{number(grand)}\s+grand\b", True
    if amount == 0:
        yield r"\bnone\b|\bnot\s+an?\s+(?:cent|penny|pai?sa|rupee|euro|dollar)\b", False
    yield from _hindi(amount)


def _coins(match: re.Match[str]) -> Names:
    """Coins as a part of their currency's unit."""
    coins = int(match["coins"])
    part = f"{coins:02d}".rstrip("0")
    yield rf"(?<![\d.,])0?[.,]{part}0?(?!\d|\s*(?:%|per\s?cent))", True
    if coins == 25:
        yield r"\ba\s+quarter\b(?!\s+(?:of|past|to))", False


def _hindi(amount: Decimal) -> Names:
    """Sava, dedh, dhai, saadhe and paune before hundred, thousand, lakh and crore."""
    for scale, name in _SCALED.items():
        parts, rest = amount / scale, (amount / scale) % 1
        if not Decimal("0.7") < parts < 100 or rest not in _QUARTERS:
            continue
        whole = int(parts)
        if rest == Decimal("0.25"):
            words = r"sa[vw]a" + ("" if whole == 1 else rf"\s+{number(whole)}")
        elif rest == Decimal("0.75"):
            words = rf"paune\s+{number(whole + 1)}" if whole else "paun"
        else:
            words = {1: "de(?:d|r)h", 2: "dha+i"}.get(whole, rf"sa+dhe\s+{number(whole)}")
        yield rf"\b(?:{words})\s+(?:{name})\b", True


def _half(match: re.Match[str]) -> Names:
    """A number and a half in Hindi: "saadhe saat percent"."""
    yield rf"\bsa+dhe\s+{number(match['whole'])}", True


def _share(match: re.Match[str]) -> Names:
    """Percentages in tenths, per thousand, or of every hundred."""
    amount = Decimal(match["amount"])
    shown = format(amount.normalize(), "f")
    share = r"(?:for|in|of|out\s+of)\s+(?:every|each|an?|the)?\s*(?:100|hundred)\b"
    yield rf"{number(shown)}\s+(?:\w+\s+)?{share}", True
    mille = format((amount * 10).normalize(), "f")
    yield rf"{number(mille)}\s*(?:per\s+(?:thousand|mille)\b|‰)", True
    if amount % 10 == 0 and 0 < amount < 100:
        tenth = number(int(amount / 10))
        yield rf"{tenth}\s+(?:tenths?\b|(?:in|out\s+of)\s+(?:ten|10)\b)", True


def _ratio(match: re.Match[str]) -> Names:
    """One to so many."""
    one, other = match["one"], match["other"]
    yield rf"(?<![\d:.]){one}\s?:\s?{other}(?![\d:])", True
    yield (
        rf"{number(one)}\s+(?:\w+\s+){{0,2}}(?:for|per|to)\s+(?:every\s+|each\s+)?{number(other)}",
        True,
    )


def _fraction(match: re.Match[str]) -> Names:
    parts = {"2": "hal(?:f|ves)", "3": "thirds?", "4": "(?:quarters?|fourths?)", "5": "fifths?"}
    one = "(?:one|an?)?" if match["one"] == "1" else number(match["one"])
    yield rf"(?<!\w){one}[\s-]?{parts[match['other']]}\b", False


def _span(match: re.Match[str]) -> Names:
    one, other = (number(match[name]) for name in ("one", "other"))
    yield rf"{one}\s*(?:-|to|and|until|through)\s*{other}", True


def _warmth(match: re.Match[str]) -> Names:
    """Degrees Celsius in Fahrenheit."""
    shown = format((Decimal(match["number"]) * 9 / 5 + 32).normalize(), "f")
    yield rf"{number(shown)}\s*°?\s*f(?:ahrenheit)?\b", True


def _squared(match: re.Match[str]) -> Names:
    yield rf"{number(match['number'])}\s*(?:sq\.?\s*m\b|sqm\b|m\s?(?:2|²)|square\s+met\w+)", False


SUMS: tuple[Shape, ...] = (
    (rf"{_MONEY}(?P<amount>\d[\d,]*(?:\.\d+)?)(?:\s?(?P<scale>k|lakh))?{_EACH}", _sum),
    (rf"(?P<coins>\d{{1,2}})\s*(?:cents?|pence|p|paise){_EACH}", _coins),
    (r"(?P<whole>\d{1,2})\.5(?:\s*%|\s.*)?", _half),
    (r"(?P<amount>\d{1,3}(?:\.\d+)?)\s*(?:%|per\s?cent)(?:\s+of\s.*)?", _share),
    (r"(?P<one>\d{1,2})\s*(?:to|:|in)\s*(?P<other>\d{1,3})", _ratio),
    (r"(?P<one>[123])/(?P<other>[2345])(?:\s.*)?", _fraction),
    (
        (
            r"(?:ages?\s+|from\s+|between\s+)?(?P<one>\d{1,3})\s*(?:-|to|and)\s*(?P<other>\d{1,3})"
            r"(?:\s+[a-z]+)?"
        ),
        _span,
    ),
    (r"(?P<number>-?\d+(?:\.\d+)?)\s*°\s?c", _warmth),
    (r"(?P<number>\d+(?:\.\d+)?)\s*m(?:²|2)?", _squared),
)
