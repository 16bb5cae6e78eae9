"""What a contract text defines and which terms it uses; rules of thumb for English drafting.

A definition is `"X" means`, `(the "X")`, `hereinafter called the "X"`, `X means`, or a bold X in
the place of a quoted one.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from harness.score.proper import term_of, without_statutes
from harness.score.text import normalise

_BOLD = re.compile(r"(\*\*|__)(?=[^\s*_])([^*_\n]{1,120})(?<=[^\s*_])\1")
CAP = r"[A-Z][\w&-]*(?:'(?=\w)[\w&-]*)*"
PHRASE = re.compile(rf"\b{CAP}(?:[ ](?:(?:of|for)[ ](?={CAP}))?{CAP}){{0,7}}")
_QUOTED = re.compile(
    r'"([^"\u27e6\u27e7\n]{1,60})"|\u27e6"?([^\u27e6\u27e7"\n]{1,60})"?\u27e7'
    r"|(?<![\w'])'([A-Z][^'\n]{0,59})'(?!\w)"
)
_QUOTES = "\"'\u27e6"
_MEANS = re.compile(
    r"[ ]*(?:,|\([^()\n]{0,60}\))?[ ]*(?:(?:shall|will)[ ])?"
    r"(?:means?|have the (?:same )?meanings?|has the (?:same )?meaning|refers? to|denotes?"
    r"|includes?|(?:be|is|are)[ ](?:defined|understood|construed)"
    r"|(?:is|are)[ ](?:the|an?|any|all|each))\b"
)
_JOINED = re.compile(r"[ ]*(?:,|and|or|/|,[ ]?and|,[ ]?or|and/or)[ ]*")
_COLON = re.compile(r"[ ]*:[ ]+\S")
_PLAIN = re.compile(
    rf"\b((?:The[ ]|An?[ ])?{PHRASE.pattern[2:]})[ ](?:(?:shall[ ])?means?|has the meaning)\b"
)
_BRACKETS = re.compile(r"\(([^()\n]{2,160})\)")
_BARE = re.compile(
    rf"\((?:(?:hereinafter|hereafter)[^()\n\"']{{0,60}}?(?:the[ ])?|the[ ])({PHRASE.pattern[2:]})\)"
)
_HEREINAFTER = re.compile(r"\b(?:hereinafter|hereafter)(?:[ ][a-z]+){0,5}[ ]\Z")
_GLUE_WORDS = (
    "the a an each any every all both such this that these those collectively together jointly"
    " individually severally hereinafter hereafter referred to as called known being in for short"
    " and or with singly also agreement deed contract section clause one of its their"
)
_GLUE = frozenset(_GLUE_WORDS.split())
_POINTS = re.compile(r"\b(?:as defined|defined (?:in|below|later)|meaning given)\b", re.IGNORECASE)
_SMALL_WORDS = "a an and as at by for from in of on or the to with"
_SMALL = frozenset(_SMALL_WORDS.split())
_NO_TERMS = frozenset(["it", "this", "that", "which", "nothing", "what"])
_MARK = re.compile(
    r"[ \t]*(?:[#>*+\u2022-]{1,6}[ \t]+)?"
    r"(?:\(?(?:\d{1,3}(?:\.\d{1,3})*|[A-Za-z]|[ivx]{1,5})[.)][ \t]+)?"
)
_RUN_IN = re.compile(r"[^.:\n]{1,70}[.:](?=\s|$)")
_WORD = re.compile(r"[^\W\d_][\w'&-]*")
_TOKEN = re.compile(r"[^\W_][\w&]*(?:['-](?=\w)[\w&]*)*")
_ASCII_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_&]*(?:['-](?=[A-Za-z0-9_])[A-Za-z0-9_&]*)*")
_STOP = re.compile(r"[.;\n](?=\s|$)|\n")


class Definition(NamedTuple):
    """A term where it is defined; uses up to `end` are the definition's own words."""

    term: str
    start: int
    end: int


class Use(NamedTuple):
    """A known term in the text, with the words as written.

    `capital` says whether every word begins as in the term, or all is in capitals.
    """

    term: str
    start: int
    text: str
    capital: bool


def plain(text: str) -> str:
    """One form of quotes, dashes and bold: a bold word stands in \u27e6\u27e7."""
    return _BOLD.sub("\u27e6\\2\u27e7", normalise(text).replace("\u27e6", "").replace("\u27e7", ""))


@lru_cache(maxsize=65_536)
def key(term: str) -> tuple[str, ...]:
    """What makes two terms one: their words without plural and possessive endings, any case."""
    return tuple(_stem(word) for word in _TOKEN.findall(term.lower()))


@lru_cache(maxsize=65_536)
def _stem(word: str) -> str:
    word = word.removesuffix("'s").removesuffix("'")
    if len(word) > 3 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and word[-2] not in "sui" else word


@lru_cache(maxsize=65_536)
def _stem_of(written: str) -> str:
    return _stem(written.lower())


def headings(text: str, prefixes: tuple[str, ...] = ()) -> list[tuple[int, int]]:
    """Spans of headings: capitals, Markdown, title case on a line of its own or before a stop.

    Lines that begin with one of `prefixes` are headings, too.
    """
    spans, start = [], 0
    for line in text.split("\n"):
        mark = _MARK.match(line)
        body = line[mark.end() if mark else 0 :].strip().strip("\u27e6\u27e7")
        run_in = _RUN_IN.match(line, mark.end() if mark else 0)
        if line.lstrip().startswith(("#", *prefixes)) or body.isupper() or _titled(body):
            spans.append((start, start + len(line)))
        elif run_in and _titled(run_in[0].strip("\u27e6\u27e7.: ")):
            spans.append((start, start + run_in.end()))
        start += len(line) + 1
    return spans


def _titled(body: str) -> bool:
    if body.endswith((".", ";", ",", "?", "!")):
        return False
    words = _WORD.findall(body)
    if not 1 <= len(words) <= 9:
        return False
    return all(word[0].isupper() or word in _SMALL for word in words) and words[0][0].isupper()


def definitions(text: str) -> list[Definition]:
    """The definitions of a text (as `plain` gives it), in their order; each term as written."""
    quoted = list(_QUOTED.finditer(text)) if any(mark in text for mark in _QUOTES) else []
    found = [*_bracketed(text), *_stated(text, quoted)]
    found += [
        Definition(_inner(match), match.start(), match.end())
        for match in quoted
        if _HEREINAFTER.search(text[max(0, match.start() - 60) : match.start()])
    ]
    for match in _PLAIN.finditer(text) if "mean" in text else ():
        term = re.sub(r"\A(?:The|An?) ", "", match[1])
        if term.lower() not in _NO_TERMS:
            found.append(
                Definition(term, match.end(1) - len(term), _sentence_end(text, match.end()))
            )
    once = {(key(one.term), one.start): one for one in found if _WORD.search(one.term)}
    return sorted(once.values(), key=lambda one: one.start)


def _inner(match: re.Match[str]) -> str:
    return next(group for group in match.groups() if group).strip(" ,.;:")


def _stated(text: str, quoted: list[re.Match[str]]) -> Iterator[Definition]:
    """`"X" means`, `"X" and "Y" mean`, and `"X": ...` at a line's start."""
    group: list[re.Match[str]] = []
    for match in quoted:
        if group and not _JOINED.fullmatch(text, group[-1].end(), match.start()):
            group = []
        group.append(match)
        line = text.rfind("\n", 0, match.start()) + 1
        opens = (mark := _MARK.match(text, line)) and mark.end() >= match.start()
        listed = match[1] and opens and _COLON.match(text, match.end())
        if _MEANS.match(text, match.end()) or listed:
            end = _sentence_end(text, match.end())
            for one in group:
                yield Definition(_inner(one), one.start(), end)
            group = []


def _bracketed(text: str) -> Iterator[Definition]:
    """`(the "X")`, `(each a "X", together the "Xs")` and `(the X)`."""
    for bracket in _BRACKETS.finditer(text):
        inside = list(_QUOTED.finditer(text, bracket.start(1), bracket.end(1)))
        rest = _QUOTED.sub(" ", bracket[1]).lower()
        seen: set[tuple[str, ...]] = set()
        if inside and set(_WORD.findall(rest)) <= _GLUE:
            for match in inside:
                if key(_inner(match)) not in seen:
                    seen.add(key(_inner(match)))
                    yield Definition(_inner(match), match.start(), bracket.end())
    for match in _BARE.finditer(text):
        yield Definition(match[1], match.start(1), match.end())


def _sentence_end(text: str, start: int) -> int:
    stop = _STOP.search(text, start)
    return stop.start() if stop else len(text)


def points_ahead(text: str, start: int) -> bool:
    """Whether the sentence goes on to say where its term is defined."""
    return bool(_POINTS.search(text, start, _sentence_end(text, start)))


def uses(text: str, terms: Iterable[str]) -> list[Use]:
    """Where the terms stand, in any case and with plural or possessive ending; longest first."""
    index = _index(tuple(dict.fromkeys(terms)))
    if not index:
        return []
    words = list((_ASCII_TOKEN if text.isascii() else _TOKEN).finditer(text))
    stems = list(map(_stem_of, map(itemgetter(0), words)))
    found, after = [], 0
    for place in [place for place, first in enumerate(stems) if first in index]:
        for phrase, term in index[stems[place]] if place >= after else ():
            last = place + len(phrase)
            if tuple(stems[place:last]) == phrase:
                start = words[place].start()
                said = text[start : words[last - 1].end()]
                if "\n" not in said and len(said.split()) == len(phrase):
                    found.append(Use(term, start, said, _same_capitals(said, term)))
                    after = last
                    break
    return found


def _same_capitals(said: str, term: str) -> bool:
    if said.startswith(term):
        return True
    return said.isupper() or all(
        a[0] == b[0] for a, b in zip(said.split(), term.split(), strict=False)
    )


@lru_cache(maxsize=1024)
def _index(terms: tuple[str, ...]) -> dict[str, list[tuple[tuple[str, ...], str]]]:
    """First word -> phrases that begin with it and their terms, longest phrase first."""
    by_key: dict[tuple[str, ...], str] = {}
    for term in terms:
        by_key.setdefault(key(term), term)
    index: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for phrase in sorted(by_key, key=len, reverse=True):
        if phrase:
            index.setdefault(phrase[0], []).append((phrase, by_key[phrase]))
    return index


def undefined(text: str, known: list[Use], outside: list[tuple[int, int]]) -> list[tuple[str, int]]:
    """Capitalised phrases that look like terms and are not known: (phrase, place).

    `known` are uses of known terms and `outside` the spans of headings: neither is looked at.
    """
    masked = list(text)
    for use in known:
        masked[use.start : use.start + len(use.text)] = "\x00" * len(use.text)
    for start, end in outside:
        masked[start:end] = "\n" * (end - start)
    rest = without_statutes("".join(masked))
    found = []
    for match in PHRASE.finditer(rest):
        term = term_of(rest, match.start(), match.end())
        if term:
            found.append((term, match.end() - len(term)))
    return found
