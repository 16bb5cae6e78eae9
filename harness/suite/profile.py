"""What a user's rows are like: sizes, repeats, forms, scripts, and what looks wrong."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from textwrap import shorten

from harness.suite.forms import is_json
from harness.suite.leak import normalise
from harness.suite.split import Placed

TOP = 8  # tags, scripts and languages that are listed
QUANTILES = (0.05, 0.5, 0.95, 1.0)
STARTS = 3  # words that outputs start with alike
# the commonest short words of a few languages in Latin script; a guess, said to be one
WORDS = {
    "English": "the of and to is in that for you it with are this on be your not",
    "German": "der die das und ist nicht ein eine zu den mit von sie für auf dem wir",
    "French": "le la les des et est une que pour dans vous pas avec sur du nous",
    "Spanish": "el los las que es una por para con del se su no al como lo",
    "Italian": "il che di è una per non con del della sono si da le gli al",
    "Portuguese": "o que é uma para não com do da os em um no na se por",
    "Dutch": "de het een van en is niet dat op te voor met zijn je u",
}
_LATIN = {name: frozenset(words.split()) for name, words in WORDS.items()}
_URL = re.compile(r"\s*(?:https?://|www\.)\S+\s*")
_MAIL = re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b")
_PHONE = re.compile(
    r"(?<![\w.,/-])(?!\d{4}-\d\d-\d\d\b|\d\d[-. ]\d\d[-. ]\d{4}\b)"  # dates
    r"\+?\(?\d{2,5}\)?[ .-]\d{2,5}(?:[ .-]?\d{2,5}){1,3}(?![\w,]|\.\d)"
)
_GARBLED = re.compile(r"â€|Ã[\u0080-\u00bf©¨¼¶¤]|Â[\u00a0-\u00bf]|\ufffd")
_BLANKS = re.compile(
    r"\b(?:TODO|TBD|FIXME|lorem ipsum)\b|\[(?:insert|your|name|date)\b[^\]]*\]", re.IGNORECASE
)
_ASSISTANT = re.compile(r"\bas an ai\b|\bas a (?:large )?language model\b", re.IGNORECASE)
_ENDED = re.compile(r"[.!?:;\u2026\u3002\u0964\"')\]}>*_`|\u2019\u201d]\s*\Z")


@dataclass(frozen=True, slots=True)
class Suspects:
    """Rows that look wrong for one reason: how many, and where the first ones stand."""

    what: str
    count: int
    where: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """Rows described. Quantiles are those of QUANTILES; tokens are an estimate; shares 0 to 1."""

    rows: int
    inputs: int
    repeats: int
    conflicts: int
    words: dict[str, tuple[int, ...]]
    tokens: dict[str, tuple[int, ...]]
    start: tuple[str, float]
    outputs: int
    one_line: float
    json: float
    tags: dict[str, int]
    scripts: dict[str, float]
    languages: dict[str, float]
    suspects: tuple[Suspects, ...]


def profile(rows: Sequence[Placed]) -> Profile:
    """The profile of at least one row."""
    inputs = [placed.row["input"] for placed in rows]
    outputs = [placed.row["output"] for placed in rows]
    asked = [normalise(text) for text in inputs]
    said: dict[str, set[str]] = {}
    for key, output in zip(asked, outputs, strict=True):
        said.setdefault(key, set()).add(normalise(output))
    starts = Counter(" ".join(text.split()[:STARTS]) for text in outputs)
    first, count = starts.most_common(1)[0]
    scripts = Counter(script(text) for text in outputs)
    tongues = Counter(language(text) for text in outputs)
    tags = Counter(tag for placed in rows for tag in placed.row.get("tags", ()))
    return Profile(
        len(rows),
        len(said),
        len(rows) - len(set(zip(asked, map(normalise, outputs), strict=True))),
        sum(len(different) > 1 for different in said.values()),
        {"input": _quantiles(inputs, _words), "output": _quantiles(outputs, _words)},
        {"input": _quantiles(inputs, tokens), "output": _quantiles(outputs, tokens)},
        (first, count / len(rows)),
        len(set(outputs)),
        sum("\n" not in text.strip() for text in outputs) / len(rows),
        sum(map(is_json, outputs)) / len(rows),
        dict(tags.most_common()),
        {name: n / len(rows) for name, n in scripts.most_common(TOP)},
        {name: n / len(rows) for name, n in tongues.most_common(TOP)},
        tuple(_suspects(rows)),
    )


def tokens(text: str) -> int:
    """About how many tokens a text is: four ASCII letters, or two bytes of other scripts, each."""
    plain = sum(letter.isascii() for letter in text)
    return max(1, round(plain / 4 + (len(text.encode()) - plain) / 2))


def script(text: str) -> str:
    """The script of most letters of a text, such as Latin or Devanagari; none for no letters."""
    found = Counter(
        unicodedata.name(letter, "?").split()[0] for letter in text[:500] if letter.isalpha()
    )
    name = found.most_common(1)[0][0].capitalize() if found else "none"
    return "Han" if name == "Cjk" else name


def language(text: str) -> str:
    """The language whose commonest words a Latin text has most of, or unknown."""
    words = normalise(text[:2000]).split()
    hits = {name: sum(word in common for word in words) for name, common in _LATIN.items()}
    best = max(hits, key=hits.__getitem__)
    return best if hits[best] >= max(2, 0.1 * len(words)) else "unknown"


def _words(text: str) -> int:
    return len(text.split())


def _quantiles(texts: Sequence[str], measure: Callable[[str], int]) -> tuple[int, ...]:
    ordered = sorted(map(measure, texts))
    return tuple(ordered[round(q * (len(ordered) - 1))] for q in QUANTILES)


def _suspects(rows: Sequence[Placed]) -> Iterator[Suspects]:
    ended = sum(bool(_ENDED.search(placed.row["output"])) for placed in rows) > 0.8 * len(rows)

    def cut(text: str) -> bool:
        open_end = ended and not _ENDED.search(text) and len(text.split()) > 8
        return open_end or text.rstrip().endswith(("...", "…"))

    checks: dict[str, Callable[[str, str], bool]] = {
        "output of one letter or none": lambda _, out: sum(map(str.isalnum, out)) < 2,
        "output looks cut off": lambda _, out: cut(out),
        "output is only a link": lambda _, out: bool(_URL.fullmatch(out)),
        "output repeats the input": lambda asked, out: normalise(asked) == normalise(out),
        "output speaks as an AI model": lambda _, out: bool(_ASSISTANT.search(out)),
        "a blank left to fill in": lambda asked, out: bool(_BLANKS.search(asked + "\n" + out)),
        "garbled letters (encoding)": lambda asked, out: bool(_GARBLED.search(asked + out)),
        "an e-mail address": lambda asked, out: bool(_MAIL.search(asked + "\n" + out)),
        "a phone number": lambda asked, out: bool(_PHONE.search(asked + "\n" + out)),
    }
    for what, check in checks.items():
        found = [p.where for p in rows if check(p.row["input"], p.row["output"])]
        if found:
            yield Suspects(what, len(found), tuple(found[:3]))


# ---------------------------------------------------------------- as text


def lines(found: Profile) -> Iterator[str]:
    """The profile as lines of at most 80 columns."""
    yield f"data: {found.rows:,} rows, {found.inputs:,} different inputs"
    if found.repeats or found.conflicts:
        yield (
            f"  {found.repeats:,} rows repeat another; "
            f"{found.conflicts:,} inputs have different outputs"
        )
    yield f"  {'length':<18}{'5 %':>8}{'median':>8}{'95 %':>8}{'most':>8}"
    for unit, sides in (("words", found.words), ("tokens (about)", found.tokens)):
        for side, values in sides.items():
            name = f"{side} {unit}"
            yield f"  {name:<21}" + "".join(f"{v:>8,}" for v in values)[3:]
    text = shorten(found.start[0], 40, placeholder="…") or found.start[0][:40]
    yield f"  most common start of outputs: {found.start[1]:.0%} '{text}'"
    yield (
        f"  outputs: {found.outputs:,} different, {found.one_line:.0%} of one line, "
        f"{found.json:.0%} JSON"
    )
    for name, shares in (("script", found.scripts), ("language (a guess)", found.languages)):
        yield from _listed(name, {key: f"{share:.0%}" for key, share in shares.items()})
    if found.tags:
        yield from _listed("tags", {tag: f"{count:,}" for tag, count in found.tags.items()})
    for one in found.suspects:
        yield f"  look at: {one.count:,} × {one.what}, first {one.where[0]}"[:80]


def _listed(name: str, values: dict[str, str]) -> Iterator[str]:
    shown = [f"{shorten(key, 24, placeholder='…')} {v}" for key, v in list(values.items())[:TOP]]
    more = f", and {len(values) - TOP} more" if len(values) > TOP else ""
    text = f"  {name}: {', '.join(shown)}{more}"
    while len(text) > 80:
        at = text.rfind(",", 0, 80) + 1 or 80
        yield text[:at]
        text = f"    {text[at:].strip()}"
    yield text
