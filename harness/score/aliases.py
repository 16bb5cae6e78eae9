"""Shorter ways to write a name or a code: "Alder Brandt LLP" is "Alder Brandt"."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from harness.score.text import normalise

_FORM = re.compile(
    r"[\s,]+(?:p\.?\s*l\.?\s*c|l\.?\s*l\.?\s*[pc]|ltd|limited|inc|incorporated|corp|corporation|gmbh"
    r"|pvt\.?\s*ltd|private\s+limited|s\.?a|n\.?v|b\.?v|a\.?g|co|company)\.?$",
    re.IGNORECASE,
)
_TITLE = re.compile(
    r"^(?:(?:dr|mr|mrs|ms|mx|prof|professor|sir|dame|lord|lady|justice|judge|shri|smt|sri|captain"
    r"|capt|col|colonel|gen|general|rev|hon|chef|sister|father)\.?\s+)+(?=\w)",
    re.IGNORECASE,
)
_PERSON = re.compile(r"[^\W\d_][^\W\d_]*\.?(?:[\s-]+[^\W\d_][\w.'-]*){1,3}")
_PARTICLE = re.compile(r"(?:de|da|van|von|der|den|bin|al|el|la|le|du|di)$", re.IGNORECASE)
_OFFICE = re.compile(
    r"\b(?:who|head|chair\w*|chief|president|minister|secretary|director|officer|manager|captain"
    r"|coach|principal|editor|governor|mayor|ceo|cfo|cto|judge|justice|speaker|ambassador|rector"
    r"|dean|conductor|curator|founder|owner|winner|champion|author|presenter|host|member|leader"
    r"|commissioner|registrar|ombudsman|treasurer|trainer|superintendent|vicar|bishop|abbot|matron"
    r"|surgeon|consultant|trustee|agent|contact|person|holder|inspector|warden|keeper|librarian"
    r"|maintainer|chef)\b",
    re.IGNORECASE,
)
_BEFORE_NAME = (
    r"(?:(?<=^)|(?<=[.,;:!?(\n\"*-])\s*|\b(?:mr|ms|mrs|mx|dr|prof|sir|dame|by|is|was|are|the|of|to|and|or"
    r"|with|from|now|for|currently|then|not|either|judge|justice|captain|coach|minister|president"
    r"|director|chair\w*|mayor|principal|editor|secretary|when|before|after|under|that|say|says|think"
    r"|be|been|it's|since|until|professor|after)\.?\s+)"
)
_EDITION = re.compile(r"(?P<name>[a-z]+\s)?\s*v?\s*(?P<number>\d+(?:\.\d+)+)", re.IGNORECASE)
_PHONE = re.compile(r"[+(]?\d[\d\s().-]{5,}\d")
_CODE = re.compile(
    r"(?P<name>[a-z]{2,})[\s-]*(?:v(?:ersion)?\.?\s*)?(?P<number>\d+(?:\.\d+)*)", re.IGNORECASE
)


_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# Words written in two ways, and none for words that change nothing.
_SPELT = {
    **{form: day for day in _DAYS for form in (f"{day}s", day[:3], f"{day[:3]}s")},
    "tues": "tuesday",
    "wednes": "wednesday",
    "thur": "thursday",
    "thurs": "thursday",
    **dict.fromkeys(("every", "each"), ""),
    "rd": "road",
    "st": "street",
    "ave": "avenue",
    "blvd": "boulevard",
    "ln": "lane",
    "sq": "square",
    "hwy": "highway",
    "dept": "department",
    "govt": "government",
    "univ": "university",
    "nr": "near",
    "bldg": "building",
    "flr": "floor",
}


@lru_cache(maxsize=16_384)
def in_full(word: str) -> str:
    """A word in full and without accents: "rd" is "road", "jiří" is "jiri"."""
    if not word.isascii():
        bare = unicodedata.normalize("NFKD", word)
        bare = "".join(letter for letter in bare if not unicodedata.combining(letter))
        word = bare if bare.isascii() else word
    return _SPELT.get(word, word)


def shorter(text: str) -> list[str]:
    """A value without a legal form, a title, or what follows a comma ("48 Mill Road, York")."""
    plain = normalise(text).strip()
    bare = _TITLE.sub("", _FORM.sub("", plain))
    head, _, rest = bare.partition(", ")
    found = [bare] if bare != plain and len(bare) > 1 else []
    return [*found, head] if rest and len(head.split()) > 1 else found


def surname(text: str, attribute: str) -> re.Pattern[str] | None:
    """The last name of a person alone, where the attribute names an office or a role; else None.

    "Quill" and "Ms Quill" stand for "Mara Quill", "Tomas Quill" does not.
    """
    bare = _TITLE.sub("", normalise(text).strip())
    if not _PERSON.fullmatch(bare) or not _OFFICE.search(attribute):
        return None
    names = bare.lower().split()
    if _PARTICLE.match(names[-2]):
        return None
    return re.compile(rf"{_BEFORE_NAME}{re.escape(names[-1])}\b")


def unshared(texts: Sequence[str]) -> list[str]:
    """Each text without the words that all of them end with: "first Monday (of the month)".

    Empty where nothing is shared, or what is left would be less than two words.
    """
    split = [normalise(text).split() for text in texts]
    shared = 0
    while (
        all(len(words) > shared for words in split)
        and len({w[-1 - shared].lower() for w in split}) == 1
    ):
        shared += 1
    short = [words[: len(words) - shared] for words in split]
    if not shared or len(texts) < 2 or not all(map(_telling, short)):
        return []
    return [" ".join(words) for words in short]


def _telling(words: list[str]) -> bool:
    """Whether words are enough to stand for a value: two of them, or one that is a name."""
    if len(words) == 1:
        return len(words[0]) > 3 and words[0].isalpha() and words[0][0].isupper()
    return bool(words)


def edition(text: str) -> re.Pattern[str] | None:
    """A version number, which is no decimal number: 2.1 is not 2.10. None for other texts."""
    match = _EDITION.fullmatch(normalise(text).strip())
    if match is None:
        return None
    name = rf"(?:{re.escape(match['name'].lower().strip())}\W*)?" if match["name"] else ""
    return re.compile(
        rf"(?<![\w.]){name}(?:v(?:ersion)?\.?\s*)?{re.escape(match['number'])}(?!\.?\d)"
    )


def code(text: str) -> re.Pattern[str] | None:
    """How a code may be written: "GPL-2.0" as "GPLv2", "01632 960144" as "(01632) 960-144"."""
    plain = normalise(text).strip()
    digits = re.sub(r"\D", "", plain)
    if _PHONE.fullmatch(plain) and len(digits) >= 7:
        return re.compile(r"(?<!\d)" + r"[\s().-]*".join(digits) + r"(?!\d)")
    match = _CODE.fullmatch(plain)
    if match is None:
        return None
    number = re.sub(r"(?:\.0)+$", "", match["number"])
    return re.compile(
        rf"\b{match['name'].lower()}(?:\W{{0,3}}(?:(?:public|licen[cs]e|version|release|edition|number|no|v)"
        rf"\b)?){{0,4}}\W{{0,2}}v?{re.escape(number)}(?:\.0)*(?![\d.]*\d)"
    )
