"""How a number or a time of day that is known may be written: digits, English or Hindi words."""

import re
from decimal import Decimal
from functools import lru_cache

_SAID = (
    "18 a dozen and a half, one and a half dozen; 6 half a dozen, half-a-dozen; 24 two dozen; "
    "36 three dozen; 12 a dozen, one dozen, dozen; 40 two score; 60 three score, threescore; 20 "
    "a score; 2 a couple, a pair, couple of, twice, double, twofold; 3 thrice, triple, "
    "threefold; 1 once, single; 2.5 dhaai, dhai, two and a half; 1.5 dedh, derh, one and a "
    "half; 1.25 sawa, one and a quarter; 0.75 paune; 100 a hundred; 1000 a thousand; 1000000 a "
    "million; 1500 fifteen hundred; 1200 twelve hundred; 1100 eleven hundred; 1800 eighteen "
    "hundred; 3.5 three and a half; 4.5 four and a half; 5.5 five and a half; 6.5 six and a "
    "half; 7.5 seven and a half; 8.5 eight and a half; 9.5 nine and a half; 10.5 ten and a "
    "half; 12.5 twelve and a half; 2.25 two and a quarter; 0.5 half"
)
_HINDI_SAID = (
    "1 ek; 2 do; 3 teen, tin; 4 char, chaar; 5 paanch, panch; 6 chhe, chah, chhah, che; 7 saat; "
    "8 aath; 9 nau; 10 das, dus; 11 gyarah, gyaarah; 12 barah, baarah; 13 terah; 14 chaudah; "
    "15 pandrah, pandra; 16 solah; 17 satrah, sattrah; 18 atharah, athaarah; 19 unnis; 20 bees, "
    "bis; 21 ikkis; 22 bais, baees; 23 teis; 24 chaubis; 25 pachees, pachis, pachchis; 26 "
    "chhabbis; 27 sattais; 28 atthais, athais; 29 untis, unnatis; 30 tees, tis; 31 ikattis, iktis; "
    "32 battis; 33 taintis; 34 chauntis; 35 paintees, paintis; 36 chhattis; 40 chalis, chaalis, "
    "chalees; 42 bayalis; 45 paintalis; 48 adtalis; 50 pachas, pachaas; 51 ikyavan; 52 bavan; 55 "
    "pachpan; 56 chhappan; 60 saath; 65 painsath; 70 sattar; 72 bahattar; 75 pachhattar, "
    "pichhattar, pachattar, pichattar; 80 assi; 85 pachasi; 90 nabbe; 95 pachanve; 99 ninyanve; "
    "100 sau"
)
_OTHERS_SAID = (
    "1 une, eine, uno; 2 deux, zwei; 3 trois, drei, tres; 4 quatre, vier, cuatro; 5 cinq, cinco, "
    "cinque; 6 sechs, seis; 7 sept, sieben, siete, sette; 8 huit, acht, ocho, otto; 9 neuf, neun, "
    "nueve, nove; 10 dix, zehn, diez, dieci; 12 douze, doce, dodici; 14 quatorze, vierzehn, "
    "catorce; 15 quinze, quince, quindici; 20 vingt, zwanzig, veinte, venti; 30 trente, treinta, "
    "trenta; 40 quarante, vierzig, cuarenta; 50 cinquante, cincuenta; 60 soixante, sechzig, sesenta"
)


def _table(text: str) -> dict[str, Decimal]:
    """Words and what they mean, from lines of a number and the words for it."""
    rows = (row.strip().partition(" ") for row in text.split(";"))
    return {word: Decimal(number) for number, _, words in rows for word in words.split(", ")}


def _listed(text: str) -> list[str]:
    return text.split("|")


_WORDS = _table(_SAID)
_HINDI = _table(_HINDI_SAID)
_OTHERS = _table(_OTHERS_SAID)
_SMALL = _listed(
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|"
    "fifteen|sixteen|seventeen|eighteen|nineteen"
)
_TENS = _listed("twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety")


@lru_cache(maxsize=8192)
def spelling(number: str) -> re.Pattern[str]:
    """A number in digits with any marks of groups and decimals, or in words."""
    if number.startswith("-"):
        plain = spelling(number[1:]).pattern
        signed = plain.replace("₹-]", "₹]").replace("[.,:/-])", "[.,:/])")
        return re.compile(rf"(?:-\s?|\bminus\s+)(?:{signed})|(?:{plain})(?=[^.;]{{0,12}}\bbelow\b)")
    whole, _, part = number.partition(".")
    groups: list[str] = []
    rest = whole
    while len(rest) > 3:
        groups.insert(0, rest[-3:])
        rest = rest[:-3]
    digits = r"[.,' ]?".join([rest, *groups])
    if part:
        digits += rf"[.,\u00b7]{part}0?"
    ways = [rf"(?<![\d.,:/$£€₹-])(?<![\d][.,:/-]){digits}(?![\d]|[.,:/-]\d)"]
    if not part and len(whole) in (3, 4):
        ways.append(r"(?<!\d)" + r"[\s.-]".join(whole) + r"(?!\d|[\s.-]\d)")
    value = Decimal(number)
    words = [word for word, amount in _WORDS.items() if amount == value]
    words += [word for word, amount in _HINDI.items() if amount == value and len(word) > 2]
    words += [word for word, amount in _OTHERS.items() if amount == value]
    words += _in_words(value)
    if words:
        ways.append(rf"\b(?:{'|'.join(words)})\b(?![\s-]+and\s+a\s+(?:half|quarter)\b)")
    return re.compile("|".join(ways))


def _spelt(number: int) -> str:
    if number == 0:
        return "zero"
    if number < 20:
        return _SMALL[number - 1]
    tens = _TENS[number // 10 - 2]
    return tens if number % 10 == 0 else rf"{tens}[\s-]?{_SMALL[number % 10 - 1]}"


def _in_words(value: Decimal) -> list[str]:
    """Patterns for a number in English, and for hundreds in Hindi, words."""
    whole = int(value)
    if value != whole:
        return _parted(whole, value) if 0 < whole < 1000 else []
    if 0 < whole < 100:
        return [_spelt(whole)]
    ways = _hundreds(*divmod(whole, 100)) if 100 <= whole < 10_000 else []
    return ways + (_thousands(*divmod(whole, 1000)) if 1000 <= whole < 100_000 else [])


def _parted(whole: int, value: Decimal) -> list[str]:
    """Decimals in words: "seven point three five", "three fifty", "two and a half"."""
    digits = format(value.normalize(), "f").partition(".")[2]
    tail = r"\s+point\s+" + r"[\s-]+".join(_spelt(int(d)) for d in digits)
    if whole > 99:
        each = (_spelt(int(d)) if d != "0" else "(?:oh|o|zero|nought)" for d in str(whole))
        both = [r"[\s-]+".join(each), *_hundreds(*divmod(whole, 100))]
        return [one + tail for one in both]
    ways = [_spelt(whole) + tail]
    if len(digits.ljust(2, "0")) == 2 and digits[0] != "0":
        ways.append(rf"{_spelt(whole)}\s+{_spelt(int(digits.ljust(2, '0')))}")
    part = {"5": "a half", "25": "a quarter", "75": "three quarters"}.get(digits)
    return [*ways, rf"(?:{_spelt(whole)}|{whole})\s+and\s+{part}"] if part else ways


def _hundreds(high: int, low: int) -> list[str]:
    if high % 10 == 0:
        return []
    nought = "(?:oh|o)[ -]" if low < 10 else ""
    tail = rf"(?:\s+and)?[\s-]+{_spelt(low)}" if low else ""
    more = rf"\s+{_hindi(low)}" if low else ""
    one = f"(?:{_spelt(high)}|an?)" if high == 1 else _spelt(high)
    ways = [rf"{one}[\s-]+hundred{tail}", rf"{_hindi(high)}\s+sau{more}"]
    return [*ways, rf"{_spelt(high)}[\s-]+{nought}{_spelt(low)}"] if low else ways


def _thousands(high: int, low: int) -> list[str]:
    one = f"(?:{_spelt(high)}|{high}{'|an?' if high == 1 else ''})"
    if low == 0:
        return [rf"{one}[\s-]+(?:thousand|hazaa?r)|(?<![\d.,]){high}\s?k"]
    if low == 500:
        return [rf"{one}\s+and\s+a\s+half\s+thousand"]
    return (
        [] if low % 100 else [rf"{one}[\s-]+thousand,?\s+(?:and\s+)?{_spelt(low // 100)}\s+hundred"]
    )


@lru_cache(maxsize=2048)
def hours(minute: int) -> re.Pattern[str]:
    """Ways to say a time of day, in minutes since midnight, in words, or by its hour alone."""
    hour, past = divmod(minute % 1440, 60)
    now, then = hour % 12 or 12, (hour + 1) % 12 or 12
    at, after = (f"(?:{_spelt(one)}|{one})" for one in (now, then))
    if past == 0:
        ways = [
            (
                rf"\b{at}(?:\s*o'?\s?clock)?(?!\s*[:.]?\d|\s*(?:minutes|mins|hours|days|weeks|%|per"
                r"|people|rupees))(?=\W|$)"
            )
        ]
        ways += {12: [r"\b(?:noon|midday)\b"], 0: [r"\bmidnight\b"]}.get(hour, [])
    else:
        left = 60 - past
        ways = [
            rf"\b{at}[\s.:h-]?(?:{_spelt(past)}|{past:02d})\b(?![.:]?\d)",
            rf"\b(?:{_spelt(past)}|{past})(?:\s+minutes)?\s+(?:past|after)\s+{at}\b",
            rf"\b(?:{_spelt(left)}|{left})(?:\s+minutes)?\s+(?:to|before|of)\s+{after}\b",
        ]
    ways += {
        15: [rf"\bquarter\s+(?:past|after)\s+{at}\b", rf"\bsava\s+{_hindi(now)}\b"],
        30: [rf"\bhalf\s+(?:past\s+)?{at}\b", rf"\bsa+dhe\s+{_hindi(now)}\b"],
        45: [rf"\bquarter\s+(?:to|of|before)\s+{after}\b", rf"\bpaune\s+{_hindi(then)}\b"],
    }.get(past, [])
    if hour > 12:
        ways.append(rf"(?<![\d.:])0?{hour}[:.h]?{past:02d}(?![\d])")
    return re.compile("|".join(ways))


def _hindi(number: int) -> str:
    return "(?:" + "|".join([w for w, n in _HINDI.items() if n == number] or ["-"]) + f"|{number})"


def number_of(word: str) -> Decimal | None:
    """The number below 100 that one word or its digits say, if they do."""
    if word.isdigit():
        return Decimal(word)
    if word in _SMALL:
        return Decimal(_SMALL.index(word) + 1)
    return Decimal(10 * (_TENS.index(word) + 2)) if word in _TENS else None
