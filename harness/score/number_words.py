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
# Hindi in Latin letters, read as numbers only before units that are Hindi, too: "do" is a verb
_HINDI = {
    "ek": 1,
    "do": 2,
    "teen": 3,
    "char": 4,
    "chaar": 4,
    "paanch": 5,
    "panch": 5,
    "chhe": 6,
    "chhah": 6,
    "saat": 7,
    "aath": 8,
    "nau": 9,
    "das": 10,
    "gyarah": 11,
    "barah": 12,
    "terah": 13,
    "chaudah": 14,
    "pandrah": 15,
    "solah": 16,
    "satrah": 17,
    "atharah": 18,
    "unnis": 19,
    "bees": 20,
    "pachees": 25,
    "pachis": 25,
    "tees": 30,
    "paintees": 35,
    "chalis": 40,
    "chalees": 40,
    "paintalis": 45,
    "pachas": 50,
    "pachaas": 50,
    "saath": 60,
    "sattar": 70,
    "assi": 80,
    "nabbe": 90,
    "sau": 100,
}
_HINDI_UNITS = (
    r"(?:rupaye|rupay|rupaiya|rupiya|din|dino|hafta|hafte|mahina|mahine|saal|ghanta|ghante|baje|lakh"
    r"|crore|hazaa?r|sau|pratishat|percent)\b"
)
_SCALE = {
    **dict.fromkeys(("k", "thousand", "hazar", "hazaar"), 10**3),
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
    rf"|{_BELOW_100}|(?:{'|'.join(_HINDI)})(?=\s+{_HINDI_UNITS})|an?(?=\s+(?:{SCALES})\b))"
)
_SHARE = {
    **dict.fromkeys(("half", "a half", "one half"), Decimal(50)),
    **dict.fromkeys(("a quarter", "one quarter", "one fourth", "a fourth"), Decimal(25)),
    **dict.fromkeys(("three quarters", "three fourths"), Decimal(75)),
    **dict.fromkeys(("a fifth", "one fifth"), Decimal(20)),
    **dict.fromkeys(("two fifths",), Decimal(40)),
    **dict.fromkeys(("three fifths",), Decimal(60)),
    **dict.fromkeys(("four fifths",), Decimal(80)),
    **dict.fromkeys(("a tenth", "one tenth"), Decimal(10)),
    **dict.fromkeys(("a third", "one third"), Decimal(100) / 3),
    **dict.fromkeys(("two thirds",), Decimal(200) / 3),
}
SHARES = "|".join(share.replace(" ", r"[\s-]+") for share in sorted(_SHARE, key=len, reverse=True))
BEGINNINGS = (
    "a",
    "an",
    "hundred",
    *_SMALL,
    *_TENS,
    *_HINDI,
    *(share.split()[0] for share in _SHARE),
)
"""Words with which a number in words begins."""
_SPLIT = re.compile(r"[\s-]+")
_UNITY = Decimal(1)


def word_number(text: str) -> int:
    """The number below 1,000 that `text`, a match of WORD_NUMBER, spells."""
    total = 0
    for word in _SPLIT.split(text):
        if word == "hundred":
            total = 100 * max(total, 1)
        elif word in ("a", "an"):
            total = 1
        elif word != "and":
            total += _SMALL.get(word, 0) + _TENS.get(word, 0) + _HINDI.get(word, 0)
    return total


def share_of(text: str) -> Decimal:
    """The per cent that a match of SHARES means: three quarters are 75."""
    return _SHARE[" ".join(_SPLIT.split(text))]


def scale_of(text: str) -> Decimal:
    """The product of the scale words in `text` ("lakh crore": 10**12), 1 without any."""
    if not text:
        return _UNITY
    scale = _UNITY
    for word in _SPLIT.split(text):
        scale *= _SCALE.get(word, 1)
    return scale
