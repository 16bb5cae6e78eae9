"""What a trained reader looks at to tell whether an answer declines."""

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import combinations, pairwise
from typing import NamedTuple, get_args

from harness.score.abstain import Kind
from harness.score.declining import noticed, structured
from harness.score.framing import unframed
from harness.score.reader import DECIMALS, readers
from harness.score.signs import CLASS, MARK, TOKEN, stem
from harness.score.text import LIMIT, normalise, sentences

_NUMBER = re.compile(r"\d[\d.,:/-]*")
_END = frozenset(".?!;\n")
_COMMA = frozenset(",")
_QUOTES = frozenset("\"'")
_DULL = frozenset(("_", "OF", "COURT"))
_NAMES = frozenset("@_")
_AMOUNTS = frozenset(("NUM", "TIME"))
_SHY = frozenset(("NEG", "DARK", "WONT", "SORRY", "COURT"))
_TELLING = frozenset(("NEG", "DARK", "KNOW", "TELL", "FIND", "SRC", "WONT", "MAY", "HELP", "ASK"))
_BREAKS = frozenset(("BUT", "SEMI", "COLON"))
_PRESENT = ("@", "NEG", "SPK", "SRC", "KNOW", "TELL", "DARK", "ASK")
_GIVEN = ("#", "@", "_", "q", "ASK", "COURT", "UNIT", "TIME", "DO", "ALLOW")
_ASKED = (
    (
        "WORDING",
        re.compile(
            r"\b(?:translat\w+|rephras\w+|reword|draft|write|compose|slogan|caption|dialogue|lyrics?|synonym"
            r"|opposite|means?|stand\s+for|word|reply|respond|polite\w*|sentence|example|template)\b"
            r"|^\W*say\b|\bhow\s+(?:do|does|would|can|should|to)\b[^.?]*\b(?:say|ask|tell)\b"
        ),
    ),
    (
        "POLAR",
        re.compile(
            r"(?:^|[.,:;!]\s*)(?:is|are|was|were|do|does|did|can|could|may|might|will|would|should|has|have|had|am|kya)\b(?!\s+you\s+(?:tell|give|show|read|share|send))"
        ),
    ),
    (
        "MUCH",
        re.compile(
            r"\bhow\s+(?:much|many|long|old|far|tall|often|big|high|late|early|soon|large)\b|^\W*when\b|\bwhat(?:'s|\s+is|\s+was)?\s+(?:the\s+)?(?:\w+\s+){0,2}(?:time|date|year|price|rate|fee|cost|number|age|amount|dose|deadline|limit|period|score|salary)\b|\bkitn\w|\bkab\b"
        ),
    ),
    ("WHY", re.compile(r"^\W*why\b|\bkyo?n\b")),
    ("HOW", re.compile(r"^\W*how\s+(?:do|does|did|can|could|should|to|would)\b")),
    (
        "WHO",
        re.compile(r"\b(?:who|whose|whom)\b|^\W*(?:which|where)\b|\bname\b|\bcalled\b|\bkaun\b"),
    ),
    (
        "DO",
        re.compile(
            r"^\W*(?:please\s+|kindly\s+|can\s+you\s+|could\s+you\s+)?(?:tell|give|show|list|name|state|read|send|share|explain|describe|help|teach|provide|find|make|write|translate|calculate|compute|summari[sz]e|confirm|draft|intimate)\b"
        ),
    ),
    ("WHAT", re.compile(r"^\W*what\b")),
)


_READ = 4_000  # characters of an answer that the reader looks at


def declined(text: str, question: str, given: str = "", reference: str = "") -> str | None:
    """The words with which an answer to a question as a whole declines, else None.

    `given` is what was retrieved for it. Where `reference`, an answer that does not decline, would
    be read as one that does, and in a JSON object, the rules alone decide.
    """
    every = f"{question}\n{given}" if given else question
    if structured(text[:LIMIT]) is not None:
        return noticed(text, every, reference)[0]
    shown, asked = normalise(text[:_READ]), normalise(question[:400])
    reader = readers()["abstention"]
    by_text = reader.scores(features(shown, asked, (), given))[0]
    if by_text + _most(asked) <= 0:
        return None  # whatever the rules see
    words, seen = noticed(text, every, reference)
    if round(by_text + reader.added(_of_rules(told(words, seen), asked))[0], DECIMALS) <= 0:
        return None
    if reference and odds(reference, question, *noticed(reference, every)) > 0:
        return words
    return _telling(text, question) if words is None else words


def odds(
    text: str, question: str, words: str | None, seen: Iterable[str], given: str = ""
) -> float:
    """The log odds that an answer declines; `words` and `seen` are what the rules say."""
    shown, asked = normalise(text[:_READ]), normalise(question[:400])
    return readers()["abstention"].scores(features(shown, asked, told(words, list(seen)), given))[0]


def told(words: str | None, seen: list[str]) -> list[str]:
    """What the rules see, as signs."""
    kinds = seen or ["none"]
    said = [kind for kind in kinds if kind not in ("unmet", "guess")] or ["none"]
    verdict = "R+" if words is not None else "R-"
    return [verdict, f"RF{said[0]}", f"RL{said[-1]}", *(f"R{kind}" for kind in set(kinds))]


def _of_rules(told: Iterable[str], question: str) -> list[str]:
    """What the rules see as signs, each by itself and with what the question asks for."""
    asked = question.lower()
    before = ("", asked_for(asked), *(f"Q{ask}" for ask in _asks(asked)))
    return [f"{one}{sign}" for sign in told for one in before]


@lru_cache(maxsize=1024)
def _most(question: str) -> float:
    """The most that what the rules see can add to the log odds that an answer declines."""

    def adds(signs: Iterable[str]) -> list[float]:
        reader = readers()["abstention"]
        return [reader.added(_of_rules([sign], question))[0] for sign in signs]

    kinds = (*get_args(Kind), "none")
    single = (("R+", "R-"), [f"RF{kind}" for kind in kinds], [f"RL{kind}" for kind in kinds])
    any_of = [f"R{kind}" for kind in (*kinds, "unmet", "guess")]
    return sum(max(adds(signs)) for signs in single) + sum(max(0, one) for one in adds(any_of))


def _telling(text: str, question: str) -> str:
    """The sentence of an answer that says most that it declines."""
    said = sentences(normalise(text[:_READ]))
    reader = readers()["abstention"]
    asked = normalise(question[:400])
    return max(said, key=lambda one: reader.scores(features(one, asked))[0], default=text.strip())


class Signs(NamedTuple):
    """The words and classes of one sentence, in order, and where a comma stands."""

    words: list[str]
    classes: list[str]
    commas: list[int]


@lru_cache(maxsize=1024)
def asked_for(question: str) -> str:
    """What kind of thing a question, in lower case, asks for, by its wording."""
    return next((name for name, pattern in _ASKED if pattern.search(question)), "ELSE")


def read_signs(text: str, known: frozenset[str]) -> list[Signs]:
    """The sentences of a normalised text as words and classes; `known` are the question's words.

    Numbers are "#" (or "#q" where the question has them), names inside a sentence "@".
    """
    found = [Signs([], [], [])]
    for token in TOKEN.findall(text):
        words, classes, commas = found[-1]
        if token in _END:
            if token[0] in "?!" and words:
                words.append(token)
                classes.append(MARK[token])
            found.append(Signs([], [], []))
            continue
        word, name, short = _sign(token)
        if name == "":
            if token in _COMMA:
                commas.append(len(words))
            continue
        if name == "#":
            word = name = "#q" if short in known else "#"
        elif name in _NAMES:
            if short in known:
                name = "q"
            elif name == "@" and words:
                word = "@"
            else:
                name = "_"
        words.append(word)
        classes.append(name)
    return [one for one in found if one.words]


@lru_cache(maxsize=32_768)
def _sign(token: str) -> tuple[str, str, str]:
    """A token in lower case, its class, and the form in which a question may have it.

    The class is "" for a mark that says nothing, "@" for what may be a name.
    """
    low = token.lower()
    name = CLASS.get(low) or MARK.get(token)
    if name is not None:
        return low, name, low
    if token[0].isdigit():
        return low, "#", token.strip(".,:/-")
    if not token[0].isalnum():
        return low, "", low
    return low, "@" if token[0].isupper() else "_", stem(low)


@lru_cache(maxsize=32_768)
def _dotted(word: str) -> str:
    return "." + stem(word)


@lru_cache(maxsize=1024)
def topic(question: str) -> frozenset[str]:
    """Stems of the words of a question, in lower case, that have no class, and its numbers."""
    return frozenset(
        token.strip(".,:/-") if token[0].isdigit() else stem(token)
        for token in TOKEN.findall(question)
        if (token[0].isalpha() and token not in CLASS) or token[0].isdigit()
    )


def features(answer: str, question: str, told: Iterable[str] = (), given: str = "") -> set[str]:
    """Signs of declining in an answer: n-grams of words and classes, order, shape, and `told`.

    Numbers of the question and of what was `given` with it are told apart from other ones.
    """
    answer, asked = unframed(answer), question.lower()
    known = topic(asked)
    if given:
        known |= {number.strip(".,:/-") for number in _NUMBER.findall(given)}
    kind = asked_for(asked)
    said = read_signs(answer, known)
    out = set(_of_rules(told, question))
    every: set[str] = set()
    for one in said:
        _grams(one, out)
        _pairs(one.classes, out)
        every.update(one.classes)
    if said:
        head = said[0]
        out.update(("H" + " ".join(head.classes[:3]), f"{kind}H{head.classes[0]}"))
        out.update(["F" + name for name in head.classes])
        out.update(["L" + name for name in said[-1].classes] if len(said) > 1 else ())
        out.add("h" + " ".join(head.words[:2]))
        last = _last_clause(said[-1])
        out.update(["Z" + name for name in last])
        out.update([f"{kind}Z{name}" for name in last if name in _TELLING])
    _shape(answer, kind, said, every, out)
    out.update([f"Q{ask}&{name}" for ask in _asks(asked) for name in every if name not in _DULL])
    return out


@lru_cache(maxsize=1024)
def _asks(question: str) -> tuple[str, ...]:
    """Classes of words that a question has and that, in an answer, may decline."""
    found = {CLASS.get(token, "") for token in TOKEN.findall(question)}
    return tuple(sorted(found & _TELLING))


def _last_clause(one: Signs) -> set[str]:
    """The classes of what comes after the last comma, dash or "but" of a sentence."""
    breaks = [at for at, name in enumerate(one.classes) if name in _BREAKS] + one.commas
    at = max((at for at in breaks if at < len(one.classes)), default=0)
    return set(one.classes[at:])


def _shape(answer: str, kind: str, said: list[Signs], every: set[str], out: set[str]) -> None:
    """How long an answer is, and whether it has a thing of the kind that the question asks for."""
    if every & _AMOUNTS:
        every.add("#")
    fresh = sum(one.classes.count("_") for one in said)
    shape = [
        f"n{min(len(said), 4)}",
        f"w{min(sum(len(one.words) for one in said) // 6, 6)}",
        f"new{min(fresh, 8)}",
        *(name for name in _PRESENT if name in every),
        "#" if "#" in every else "no#",
    ]
    if said and all(one.words[-1] == "?" for one in said):
        shape.append("onlyasks")
    if answer[:1] in _QUOTES and answer.rstrip()[-1] in _QUOTES:
        shape.append("quoted")
    # sentences that neither deny nor are polite are where a plain answer would be
    plain = [one.classes for one in said if _SHY.isdisjoint(one.classes)]
    has = set().union(*plain)
    if has & _AMOUNTS:
        has.add("#")
    shape += [f"plain{min(len(plain), 3)}", *(f"P{name}" for name in _GIVEN if name in has)]
    out.update(["S" + name for name in shape])
    out.update([f"{kind}S{name}" for name in shape])


def _grams(one: Signs, out: set[str]) -> None:
    """Stems and pairs of stems, and classes in twos and threes."""
    stems = list(map(_dotted, one.words))
    classes = one.classes
    out.update(stems)
    out.update(map(" ".join, pairwise(stems)))
    out.update(map("".join, pairwise(classes)))
    out.update(map("".join, zip(classes, classes[1:], classes[2:], strict=False)))


def _pairs(classes: list[str], out: set[str]) -> None:
    """Ordered pairs of the classes of a sentence that tell something."""
    seen = [name for name in dict.fromkeys(classes) if name not in _DULL]
    out.update([f"{a}>{b}" for a, b in combinations(seen, 2)])
