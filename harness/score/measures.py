"""Units in which people measure, with exact conversions: "142km" is "142 kilometres"."""

import re
from decimal import Decimal

Unit = tuple[str, Decimal]
"""The unit that amounts are kept in, and how many of it one of this unit is."""


def _names(scale: str, unit: str, words: str) -> dict[str, Unit]:
    return dict.fromkeys(words.split(), (unit, Decimal(scale)))


# Only conversions that are exact: months are not days, a working day is not a day.
DURATIONS: dict[str, Unit] = {
    **_names("1", "second", "second seconds sec secs"),
    **_names("60", "second", "minute minutes min mins"),
    **_names("3600", "second", "hour hours hr hrs ghanta ghante"),
    **_names("86400", "second", "day days din dino"),
    **_names("604800", "second", "week weeks wk wks hafta hafte"),
    **_names("1", "month", "month months mahina mahine"),
    **_names("12", "month", "year years yr yrs saal"),
    **_names("120", "month", "decade decades"),
    **_names("1200", "month", "century centuries"),
}
_MEASURES: dict[str, Unit] = {
    **_names("1e-6", "gram", "mcg \u03bcg ug microgram micrograms"),
    **_names("1e-3", "gram", "mg mgs milligram milligrams milligramme milligrammes"),
    **_names("1", "gram", "g gm gms gram grams gramme grammes"),
    **_names("1e3", "gram", "kg kgs kilo kilos kilogram kilograms kilogramme kilogrammes"),
    **_names("1e5", "gram", "quintal quintals"),
    **_names("1e6", "gram", "tonne tonnes"),
    **_names("1", "pound", "lb lbs"),
    **_names("1e-3", "metre", "mm millimetre millimetres millimeter millimeters"),
    **_names("1e-2", "metre", "cm cms centimetre centimetres centimeter centimeters"),
    **_names("1", "metre", "metre metres meter meters mtr mtrs"),
    **_names("1e3", "metre", "km kms kilometre kilometres kilometer kilometers"),
    **_names("1", "mile", "mile miles"),
    **_names("1", "inch", "inch inches"),
    **_names("12", "inch", "foot feet ft"),
    **_names("36", "inch", "yard yards"),
    **_names("1e-3", "litre", "ml mls millilitre millilitres milliliter milliliters cc"),
    **_names("1e-2", "litre", "cl centilitre centilitres"),
    **_names("1", "litre", "litre litres liter liters ltr ltrs"),
    **_names("1e3", "byte", "kb kilobyte kilobytes"),
    **_names("1e6", "byte", "mb megabyte megabytes"),
    **_names("1e9", "byte", "gb gbs gig gigs gigabyte gigabytes"),
    **_names("1e12", "byte", "tb terabyte terabytes"),
    **_names("1e3", "bit per second", "kbps kbit/s kb/s"),
    **_names("1e6", "bit per second", "mbps mbit/s mb/s mbits/s"),
    **_names("1e9", "bit per second", "gbps gbit/s gb/s gbits/s"),
    **_names("1", "km per hour", "km/h kmh kmph kph"),
    **_names("1", "mile per hour", "mph"),
    **_names("1", "watt", "watt watts"),
    **_names("1e3", "watt", "kw kilowatt kilowatts"),
    **_names("1e6", "watt", "mw megawatt megawatts"),
    **_names("1e3", "watt hour", "kwh"),
    **_names("1", "degree celsius", "\u00b0c degc celsius"),
    **_names("1", "degree fahrenheit", "\u00b0f degf fahrenheit"),
    **_names("1", "hectare", "ha hectare hectares"),
    **_names("1", "acre", "acre acres"),
    **_names("1", "point", "pt pts"),
    **_names("1", "calorie", "kcal kcals"),
    **_names("1", "times", "times"),
}
_SPELT = {
    r"megabits?\s+(?:per|a)\s+second": "mbps",
    r"gigabits?\s+(?:per|a)\s+second": "gbps",
    r"kilobits?\s+(?:per|a)\s+second": "kbps",
    r"megabits?": "mbps",
    r"kilomet(?:re|er)s?\s+(?:per|an)\s+hour": "km/h",
    r"miles?\s+(?:per|an)\s+hour": "mph",
    r"kilowatts?[\s-]*hours?": "kwh",
    r"degrees?\s+(?:celsius|c)": "celsius",
    r"degrees?(?!\s+(?:f\b|fahr))": "celsius",
    r"degrees?\s+(?:fahrenheit|f)": "fahrenheit",
    r"metric\s+tons?": "tonne",
}
UNITS = {**DURATIONS, **_MEASURES}


PARTS: dict[str, Unit] = {
    **_names("0.01", "GBP", "pence penny p"),
    **_names("0.01", "INR", "paise paisa"),
    **_names("0.01", "USD", "cents"),
    **_names("0.01", "percent", "bps bp"),
}
"""Hundredths of a currency, or of a per cent; "p" only where it touches its digits."""

TOUCHING = (
    r"(?<=\d)c(?=\s*(?:/|per\b|each\b|a\b))|(?:(?<=\d\d)|(?<=\.\d))[cf]|(?<=\d)x"
    r"|(?:(?<=\.\d)|(?<=\.\d\d)|(?<=\.\d )|(?<=\.\d\d ))s"
)
"""Letters that are units only where they touch digits: 40c/km, 26.5C, 350F, 1.5x, 12.61 s."""
_LETTERS = {
    "c": _MEASURES["celsius"],
    "f": _MEASURES["fahrenheit"],
    "x": _MEASURES["times"],
    "s": DURATIONS["second"],
}

_WORDS = sorted({*UNITS, *PARTS} - {"p"}, key=len, reverse=True)
UNIT = "(?:" + "|".join([*_SPELT, r"basis\s+points?", *map(re.escape, _WORDS)]) + ")"
"""A pattern for every unit; what follows must not be a letter."""

_SPELT_UNITS = [(re.compile(text), UNITS[name]) for text, name in _SPELT.items()]


def unit_of(text: str) -> Unit:
    """The unit that a match of `UNIT`, or "p", means."""
    found = UNITS.get(text) or PARTS.get(text) or _LETTERS.get(text)
    if found:
        return found
    if text.startswith("basis"):
        return PARTS["bps"]
    return next(unit for pattern, unit in _SPELT_UNITS if pattern.fullmatch(text))


_RATE = re.compile(
    r"\s*(?:(?:/|\b(?:per|an?|each|every)\b)[\s/]*(?P<per>[a-z]+(?:[\s-]+hours?\b)?)"
    r"|(?P<often>hourly|daily|weekly|monthly|quarterly|yearly|annually)\b)"
)
_OFTEN = {
    "hourly": "hour",
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
    "quarterly": "quarter",
    "yearly": "year",
    "annually": "year",
    "annum": "year",
    "mo": "month",
    "pax": "person",
    "head": "person",
}


def rate(text: str, at: int) -> str:
    """What a quantity that ends at `at` is per: "month" of "$59 a month", '' of "$59"."""
    match = _RATE.match(text, at)
    if match is None:
        return ""
    word = " ".join((match["per"] or _OFTEN[match["often"]]).replace("-", " ").split())
    if word.startswith("kilowatt"):
        word = "kwh"
    word = _OFTEN.get(word, word.rstrip("s"))
    return str(UNITS[word]) if word in UNITS else word
