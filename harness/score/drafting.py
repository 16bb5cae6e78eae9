"""Legal drafting: defined terms and cross-references of a contract text.

The faults are those that drafting manuals and proof-reading tools look for: a term used but not
defined, defined but not used, defined twice, used before its definition, written without its
capitals, and a reference to a part that the text does not have.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple

from harness.protocols import Resources
from harness.records import Answer, Case, Metric, Score
from harness.score import contract
from harness.score.contract import Definition, Use
from harness.score.crossrefs import parts_of, references
from harness.score.options import all_errors, only, unmeasured
from harness.score.text import LIMIT, quote

_SELF_NAME = re.compile(rf"\b[Tt]his ({contract.PHRASE.pattern[2:]})")
_ORDINARY = re.compile(r"\b(?:the|such|said|this|that|each|every|either)[ ]\Z", re.IGNORECASE)
_KINDS = {
    "defined": "every term that is used is defined",
    "used": "every term that is defined is used",
    "once": "no term is defined twice",
    "ordered": "no term is used before its definition",
    "cased": "defined terms keep their capitals",
    "references": "every cross-reference points to a part of the text",
}


class _Seen(NamedTuple):
    """What an answer defines, uses and refers to; `faults` by kind, None where nothing applies."""

    defines: bool
    refers: bool
    faults: dict[str, list[str] | None]


class Drafting:
    """Scores the defined terms and cross-references of a drafted contract text.

    Option `defined`: terms that count as defined elsewhere, a list or `glossary` (the default:
    the suite's glossary, with its capitals checked); `glossary` may also stand in the list.
    Option `headings`: texts that a heading line begins with, beside the usual forms.
    """

    description: ClassVar[str] = "defined terms and cross-references of a contract text"
    metrics: tuple[Metric, ...] = (
        Metric(
            "drafting.clean",
            "no fault in defined terms and cross-references",
            need="style",
            binary=True,
            headline=True,
        ),
        *(Metric(f"drafting.{k}", text, need="style", binary=True) for k, text in _KINDS.items()),
    )

    def __init__(self, options: dict[str, Any], resources: Resources) -> None:
        only(options, ("defined", "headings"), "option for drafting")
        glossary = [term.preferred for term in resources.glossary]
        listed = _texts(options.get("defined", "glossary"), "defined", "terms, or glossary")
        self.elsewhere = tuple(
            dict.fromkeys(
                term for entry in listed for term in (glossary if entry == "glossary" else [entry])
            )
        )
        self.prefixes = tuple(_texts(options.get("headings", []), "headings", "texts"))
        self._read = lru_cache(maxsize=4096)(self._judge)

    def score(self, case: Case, answer: Answer) -> list[Score]:
        """`drafting.clean` first; where the reference defines or refers, the answer must, too."""
        if answer.finish == "error":
            return all_errors(self.metrics, answer)
        if not answer.text.strip():
            return [Score(m.name, 0.0, reason="the answer is empty") for m in self.metrics]
        seen = self._read(answer.text[:LIMIT])
        return [self._clean(case, answer, seen), *map(_scored, seen.faults, seen.faults.values())]

    def _clean(self, case: Case, answer: Answer, seen: _Seen) -> Score:
        said = [fault for faults in seen.faults.values() for fault in faults or ()]
        wanted = self._read(case.reference[:LIMIT])
        if wanted.defines and not seen.defines:
            said.append(f"{quote(answer.text)} defines no term, as the reference does")
        if wanted.refers and not seen.refers:
            said.append(f"{quote(answer.text)} has no cross-reference, as the reference does")
        if said:
            reason = f"{len(said)} fault{'s'[: len(said) > 1]}: {'; '.join(said[:4])}"
            return Score("drafting.clean", 0.0, label="fail", reason=reason)
        return Score(
            "drafting.clean", 1.0, label="pass", reason=f"no fault in {quote(answer.text)}"
        )

    def _judge(self, text: str) -> _Seen:
        text = contract.plain(text)
        heads = contract.headings(text, self.prefixes)
        defined = contract.definitions(text)
        selves = {match[1] for match in _SELF_NAME.finditer(text)} if "his " in text else set()
        own = {contract.key(one.term) for one in defined}
        others = [
            term for term in (*self.elsewhere, *sorted(selves)) if contract.key(term) not in own
        ]
        uses = [
            use
            for use in contract.uses(text, [*(one.term for one in defined), *others])
            if not _within(use.start, heads)
        ]
        free = _outside_own(uses, defined)
        capital = [use for use in free if use.capital]
        unknown = contract.undefined(text, [use for use in uses if use.capital], heads)
        found = references(text, frozenset(selves))
        parts = parts_of(text) if found else set()
        broken = [one for one in found if one.label not in parts]
        terms = bool(defined or capital or unknown)
        faults: dict[str, list[str] | None] = {
            "defined": _undefined(text, unknown) if terms else None,
            "used": _unused(defined, capital) if defined else None,
            "once": _twice(defined) if defined else None,
            "ordered": _early(text, defined, capital) if defined else None,
            "cased": _uncapital(text, free) if defined or free else None,
            "references": [f"no such part: {quote(_around(text, one.start))}" for one in broken]
            if found
            else None,
        }
        return _Seen(bool(defined), bool(found), faults)


def _texts(given: Any, option: str, what: str) -> list[str]:
    entries = [given] if isinstance(given, str) else given
    wrong = not isinstance(entries, list) or [e for e in entries if not str(e).strip()]
    if wrong or not all(isinstance(entry, str) for entry in entries):
        raise ValueError(f"drafting: {option} is {given!r} (write a list of {what})")
    return list(entries)


def _scored(kind: str, faults: list[str] | None) -> Score:
    name = f"drafting.{kind}"
    if faults is None:
        what = "no cross-reference" if kind == "references" else "no defined term"
        return unmeasured(name, f"the text has {what}")
    if faults:
        more = f" (and {len(faults) - 3} more)" if len(faults) > 3 else ""
        return Score(name, 0.0, label="fail", reason="; ".join(faults[:3]) + more)
    return _KEPT[kind]


_KEPT = {
    kind: Score(f"drafting.{kind}", 1.0, label="pass", reason=says) for kind, says in _KINDS.items()
}


def _undefined(text: str, unknown: Iterable[tuple[str, int]]) -> list[str]:
    first: dict[tuple[str, ...], tuple[str, int]] = {}
    for term, place in unknown:
        first.setdefault(contract.key(term), (term, place))
    return [
        f"{quote(term)} is not defined: {quote(_around(text, place))}"
        for term, place in first.values()
    ]


def _unused(defined: list[Definition], capital: list[Use]) -> list[str]:
    used = {contract.key(use.term) for use in capital}
    idle = {contract.key(one.term): one.term for one in defined}
    return [f"{quote(term)} is defined, not used" for k, term in idle.items() if k not in used]


def _twice(defined: list[Definition]) -> list[str]:
    count: dict[tuple[str, ...], list[str]] = {}
    for one in defined:
        count.setdefault(contract.key(one.term), []).append(one.term)
    return [f"{quote(t[0])} is defined {len(t)} times" for t in count.values() if len(t) > 1]


def _early(text: str, defined: list[Definition], capital: list[Use]) -> list[str]:
    starts: dict[tuple[str, ...], int] = {}
    for one in defined:
        starts.setdefault(contract.key(one.term), one.start)
    early: dict[tuple[str, ...], str] = {}
    for use in capital:
        name = contract.key(use.term)
        if use.start < starts.get(name, 0) and not contract.points_ahead(text, use.start):
            seen = quote(_around(text, use.start))
            early.setdefault(name, f"{quote(use.text)} is used before it is defined: {seen}")
    return list(early.values())


def _uncapital(text: str, free: list[Use]) -> list[str]:
    """Uses in lower case; a word that stands alone only after "the", "such" and the like."""
    return [
        f"{quote(use.text)} for {quote(use.term)}: {quote(_around(text, use.start))}"
        for use in free
        if not use.capital
        and (" " in use.term or _ORDINARY.search(text[max(0, use.start - 8) : use.start]))
    ]


def _around(text: str, place: int) -> str:
    start = text.rfind("\n", 0, place) + 1
    return text[max(start, place - 24) : place + 40].partition("\n")[0]


def _within(place: int, spans: list[tuple[int, int]]) -> bool:
    """Whether a span holds the place; spans are in order and apart."""
    index = bisect_right(spans, place, key=lambda span: span[0]) - 1
    return index >= 0 and place < spans[index][1]


def _outside_own(uses: list[Use], defined: list[Definition]) -> list[Use]:
    """The uses that do not stand in the definition of their own term."""
    spans: dict[tuple[str, ...], list[tuple[int, int]]] = {}
    for one in defined:
        spans.setdefault(contract.key(one.term), []).append((one.start - 1, one.end))
    return [use for use in uses if not _within(use.start, spans.get(contract.key(use.term), []))]
