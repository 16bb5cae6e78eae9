"""Numbers in English words, and the scale words of Indian and international English."""

import re
from decimal import Decimal

_SMALL = {
    word: number
    for number, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
_TENS = {
    word: 10 * number
    for number, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
    )
}
_SCALE = {
    **dict.fromkeys(("k", "thousand"), 10**3),
    **dict.fromkeys(("l", "lakh", "lakhs", "lac", "lacs"), 10**5),
    **dict.fromkeys(("m", "mn", "million", "millions"), 10**6),
    **dict.fromkeys(("cr", "crore", "crores"), 10**7),
    **dict.fromkeys(("b", "bn", "billion", "billions"), 10**9),
    "trillion": 10**12,
}
SCALES = "|".join(sorted((word for word in _SCALE if len(word) > 1), key=len, reverse=True))
_UNIT = "one|two|three|four|five|six|seven|eight|nine"
_TEEN = "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
_BELOW_100 = rf"(?:(?:{'|'.join(_TENS)})(?:[\s-](?:{_UNIT})\b)?|{_TEEN}|{_UNIT}|zero)"
WORD_NUMBER = (
    rf"(?:(?:{_UNIT}|an?)\s+hundred(?:\s+(?:and\s+)?{_BELOW_100})?"
    rf"|{_BELOW_100}|an?(?=\s+(?:{SCALES})\b))"
)
_SPLIT = re.compile(r"[\s-]+")


def word_number(text: str) -> int:
    """The number below 1,000 that `text`, a match of WORD_NUMBER, spells."""
    total = 0
    for word in _SPLIT.split(text):
        if word == "hundred":
            total = 100 * max(total, 1)
        elif word in ("a", "an"):
            total = 1
        elif word != "and":
            total += _SMALL.get(word, 0) + _TENS.get(word, 0)
    return total


def scale_of(text: str) -> Decimal:
    """The product of the scale words in `text` ("lakh crore": 10**12), 1 without any."""
    scale = Decimal(1)
    for word in _SPLIT.split(text):
        scale *= _SCALE.get(word, 1)
    return scale
