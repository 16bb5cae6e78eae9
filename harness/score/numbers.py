"""Quantities in normalised lower-case text: money, durations, percentages, dates, bare numbers."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from harness.score.dates import BEGINNINGS as DATE_WORDS
from harness.score.dates import DATES, date_key
from harness.score.measures import TOUCHING, UNIT, rate, unit_of
from harness.score.number_words import BEGINNINGS as NUMBER_WORDS
from harness.score.number_words import (
    SCALES,
    SHARES,
    WORD_NUMBER,
    scale_of,
    share_of,
    word_number,
)


class Mention(NamedTuple):
    """A quantity at text[start:end].

    `unit` is a currency code, "second" or "month" (durations), "gram" and the like, "percent",
    "date", "label" (a number that names something: section 5), any of these after "range ", or ""
    for a bare number.
    `amount` is in that unit; `written` is the number before its unit was applied. `scaled` says
    that the number was written in a form that only large sums take (20 lakh, 2,000,000).
    """

    start: int
    end: int
    unit: str
    amount: Decimal | tuple[object, ...]
    written: Decimal | tuple[object, ...]
    scaled: bool = False


CURRENCIES = {
    "INR": ("₹", "rs", "re", "inr", "rupee", "rupees", "rupaye", "rupay", "rupaiya", "rupiya"),
    "USD": ("$", "us$", "usd", "dollar", "dollars", "us dollar", "us dollars", "bucks"),
    "EUR": ("€", "eur", "euro", "euros"),
    "GBP": ("£", "gbp", "pound", "pounds", "quid"),
    "JPY": ("¥", "jpy", "yen"),
    "AUD": ("a$", "aud"),
    "CAD": ("c$", "cad"),
    "SGD": ("s$", "sgd"),
    "CNY": ("cny", "rmb", "yuan"),
    "CHF": ("chf", "swiss francs", "francs"),
    "AED": ("aed", "dirham", "dirhams"),
    "NZD": ("nz$", "nzd"),
    "HKD": ("hk$", "hkd"),
    "SEK": ("sek", "kronor"),
    "NOK": ("nok",),
    "DKK": ("dkk",),
    "PLN": ("pln", "zloty", "zlotys"),
    "CZK": ("czk", "koruna", "korunas"),
    "BRL": ("r$", "brl", "reais"),
    "ZAR": ("zar",),
    "MXN": ("mxn",),
    "KRW": ("krw",),
    "THB": ("thb", "baht"),
    "MYR": ("myr", "ringgit"),
    "IDR": ("idr", "rupiah"),
    "NGN": ("ngn", "naira"),
    "KES": ("kes",),
    "BDT": ("bdt", "taka"),
    "PKR": ("pkr",),
    "LKR": ("lkr",),
    "SAR": ("sar", "riyal", "riyals"),
}
_CODE = {mark: code for code, marks in CURRENCIES.items() for mark in marks}
_MARKS = sorted(_CODE, key=len, reverse=True)
_SIGNS = "|".join(re.escape(mark) for mark in _MARKS if not mark[-1].isalpha())
_NAMES = "|".join(mark for mark in _MARKS if mark[-1].isalpha())

# Indian and western groups, groups set apart by points or spaces, decimal commas.
_DIGITS = (
    r"\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d+)?|\d{1,3}(?:\.\d{3})+,\d{1,2}(?![\d,])"
    r"|\d+,\d\d(?![\d,])|\d+,\d(?=\s*(?:%|per\s?cent|€|eur\b))"
    r"|\d+(?:\.\d+)?"
)
# "EUR 10 000" and "15.000 €", where the currency tells that a group is no number of its own
_GROUPED = (
    r"(?(mark)\d{1,3}(?: \d{3})+(?!\d)|(?!))|\d{1,3}(?: \d{3})+(?=\s*(?:€|eur\b|euros?\b|usd\b))"
    r"|(?P<pointed>\d{1,3}(?:\.\d{3})+)(?=\s*(?:€|eur\b|euros?\b))"
)
_POINTED = re.compile(r"\d{1,3}(?:\.\d{3})+")
_COMMA = re.compile(r"(?<!,\d\d),\d{1,2}$")
_AFTER_DIGITS = (
    rf"(?:(?P<short>[kmlb])(?![a-z\d]))?"
    rf"(?=(?![a-z\d_])|(?:{SCALES}|{UNIT}|{_NAMES}|p|{TOUCHING})(?![a-z]))(?![.,:/]\d)"
)
_SCALED = rf"(?P<scale>(?:[\s-]*\b(?:{SCALES})\b|(?<=\d)(?:{SCALES})\b)*)"
# "twenty (20) lakh" says its number twice before the scale.
_TWICE = rf"(?:\s*\(\s*(?:{_DIGITS}|{WORD_NUMBER})\s*\)(?=\s*(?:{SCALES})\b))?"


def _first(words: Iterable[str]) -> str:
    """A quick test that one of the words may begin here, which spares the rest of the pattern.

    Four letters tell "for" from "forty".
    """
    letters: dict[str, set[str]] = {}
    for word in words:
        rest = re.escape(word[1:4]) if len(word) > 3 else re.escape(word[1:]) + r"(?![a-z])"
        letters.setdefault(word[0], set()).add(rest)
    return "|".join(f"{first}(?:{'|'.join(sorted(rests))})" for first, rests in letters.items())


_FIRST = _first(
    {
        *DATE_WORDS,
        *NUMBER_WORDS,
        *(mark for mark in _MARKS if mark[0].isalpha() and mark[-1].isalpha()),
    }
)
_TOKEN = re.compile(
    rf"(?<![a-z])(?=[-\d$€£₹¥]|[acs]\$|us\$|{_FIRST})(?:{DATES}"
    rf"|\b(?P<share>{SHARES})\s+of\s+(?=[a-z])(?!them\b|which\b|those\b|these\b)"
    r"|(?P<skip>(?<![a-z\d])\d+(?:[.:/-]\d+){2,}|\d{4}-\d\d(?!\d|-)|\d+:\d+|\d+/\d+)"
    rf"|(?:(?P<mark>{_SIGNS}|(?<![a-z\d])(?:{_NAMES})\.?)\s*|(?<![a-z\d_.])(?<!\d[,:/]))"
    rf"(?:(?P<sign>(?<![\w)])-)?(?P<digits>{_GROUPED}|{_DIGITS}){_AFTER_DIGITS}"
    rf"|(?<![a-z\d])(?P<words>{WORD_NUMBER})(?![a-z\d])){_TWICE}{_SCALED}"
    r"(?:\s*/-)?(?:\s+and\s+(?P<part>a\s+half|a\s+quarter|three\s+quarters)\b)?"
    rf"|(?P<one>an?|one)\s+(?={UNIT}(?![a-z]))"
    rf"|\b(?P<half>half)\s+an?\s+(?=(?:per\s?cent|{UNIT})(?![a-z])))"
)
_ONE = re.compile(r"(?:^|\b(?:within|for|is|after|of|in|than)\s+)$")
_REPEAT = re.compile(rf"\s*\(\s*(?:(?P<digits>{_DIGITS})|(?P<words>{WORD_NUMBER}))\s*\)")
_SUFFIX = re.compile(
    r"\s*-?\s*(?:(?P<percent>%|per\s?cents?\b|pct\b|pc\b|(?:paise|pence|cents?)\s+in\s+the\s+(?:rupee|pound|dollar|euro)\b|(?:out\s+of|in\s+every|/)\s*(?:100|a\s+hundred)\b)|(?P<points>percentage\s+points?\b)"
    rf"|(?P<name>(?:{_NAMES})\b|€|£)"
    r"|(?:(?P<kind>business|working|calendar|consecutive|clear|full|whole)[\s-]+)?"
    rf"(?P<unit>{UNIT}|(?<=\d)p|p(?=\s*(?:/|per\b|each\b|a\b))|{TOUCHING})(?![a-z]))"
)
_UNITY = Decimal(1)
_PARTS = {"half": Decimal("0.5"), "quarter": Decimal("0.25"), "quarters": Decimal("0.75")}
_AND_PART = re.compile(r"\s+and\s+(?:a|three)\s+(half|quarters?)\b")
_LABEL = re.compile(
    r"(?:\b(?:sections?|sec|clauses?|articles?|rules?|schedules?|chapters?|forms?|pages?"
    r"|paragraphs?|paras?|regulations?|nos?|table|figure|step|item|annexure|appendix|part)\.?\s*"
    r"|\b(?:act|code),?\s*|\b[a-z]+-)$"
)
_LIST_ITEM = re.compile(r"^[ \t]*(\d{1,2})[.)](?=\s+\S)", re.MULTILINE)


class Number(NamedTuple):
    """A number as written: `value` x `scale` (words such as lakh), times `factor` in `unit`."""

    start: int
    end: int
    unit: str
    value: Decimal
    factor: Decimal
    scale: Decimal
    grouped: bool


def numbers(text: str) -> tuple[list[Number], list[Mention], list[tuple[int, int]]]:
    """Numbers with units as written, dates, and the spans of digits that are identifiers."""
    found: list[Number] = []
    dates: list[Mention] = []
    skipped: list[tuple[int, int]] = []
    items = _list_items(text)
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if found and match.start() < found[-1].end:
            # said already: "fourteen (14) days"; but "two pounds thirty" goes on
            place = match.start("words") if match["words"] else match.start("digits")
            if match["mark"] and place >= found[-1].end and (more := _number(text, match, items)):
                found.append(more._replace(start=place, unit=""))
            continue
        if match["skip"]:
            skipped.append(match.span())
        elif match["share"]:
            amount = share_of(match["share"])
            shares = match.start("share"), match.end("share")
            dates.append(Mention(*shares, "percent", amount, amount))
        elif match["digits"] or match["words"] or kind in ("one", "half"):
            number = _number(text, match, items)
            if number is not None:
                found.append(number)
        elif (key := date_key(match)) is not None:
            dates.append(Mention(match.start(), match.end(), "date", *key))
    return found, dates, skipped


def _number(text: str, match: re.Match[str], items: frozenset[int]) -> Number | None:
    start, end = match.span()
    if match["one"] and not _ONE.search(text, max(0, start - 8), start):
        return None
    if match["one"]:
        start, value, scale = match.start("one"), Decimal(1), Decimal(1)
        end = match.end("one")
    elif match["half"]:
        value, scale = _PARTS["half"], Decimal(1)
    else:
        value, scale = _value(match)
    repeat = _REPEAT.match(text, end)
    if repeat and _plain(repeat) == value * scale:
        end = repeat.end()
    unit = _CODE[match["mark"].rstrip(".")] if match["mark"] else ""
    short = match["short"]
    if short and (short != "k" and not unit):
        return None
    factor = _UNITY
    if not unit and (suffix := _SUFFIX.match(text, end)):
        unit, factor = _unit(suffix)
        end = suffix.end()
        if match["one"] and (more := _AND_PART.match(text, end)):
            value, end = value + _PARTS[more[1]], more.end()
    if match["words"] == "one" and not unit and scale == 1:
        return None  # "one of the parties" counts nothing
    if not unit and (start in items or _labelled(text, start)):
        unit = "label"
    return Number(start, end, unit, value, factor, scale, "," in (match["digits"] or ""))


def _labelled(text: str, start: int) -> bool:
    before = text[max(0, start - 16) : start].rstrip()[-1:]
    if not (before.isalpha() or before in (".", ",", "-")):
        return False
    return _LABEL.search(text, max(0, start - 16), start) is not None


def _value(match: re.Match[str]) -> tuple[Decimal, Decimal]:
    value = _plain(match)
    if match["part"]:
        value += _PARTS[match["part"].split()[-1]]
    if match["sign"]:
        value = -value
    short, scale = match["short"], match["scale"]
    return value, scale_of(short or "") * scale_of(scale) if short or scale else _UNITY


def _plain(match: re.Match[str]) -> Decimal:
    digits = match["digits"]
    if digits and " " in digits:
        return Decimal(digits.replace(" ", ""))
    pointed = match.re is _TOKEN and (
        match["pointed"] or (match["mark"] == "€" and _POINTED.fullmatch(digits or ""))
    )
    if digits and (pointed or ("," in digits and _COMMA.search(digits))):
        return Decimal(digits.replace(".", "").replace(",", "."))
    if digits:
        return Decimal(digits.replace(",", ""))
    return Decimal(word_number(match["words"]))


def _unit(suffix: re.Match[str]) -> tuple[str, Decimal]:
    if suffix["percent"]:
        return "percent", Decimal(1)
    if suffix["points"]:
        return "points", Decimal(1)
    if suffix["name"]:
        return _CODE[" ".join(suffix["name"].split())], Decimal(1)
    if suffix["kind"] in ("business", "working"):
        return f"working {suffix['unit'].rstrip('s')}", Decimal(1)
    per = suffix["unit"] == "c" and rate(suffix.string, suffix.end())
    return unit_of("cents" if per else suffix["unit"])


def _list_items(text: str) -> frozenset[int]:
    """Where the numbers of a list stand: they count items and state nothing."""
    items = list(_LIST_ITEM.finditer(text))
    if len(items) == 1 and items[0][1] != "1":
        return frozenset()
    return frozenset(item.start(1) for item in items)
