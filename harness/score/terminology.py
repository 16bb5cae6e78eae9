"""Terminology: are the required glossary terms used, and the forbidden variants avoided?

Success counts each occurrence once, as the WMT shared task on terminology does.
"""

import re
from collections import Counter
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple

from harness.protocols import Resources
from harness.records import Answer, Case, Metric, Score, Term
from harness.score.options import all_errors, only
from harness.score.text import LIMIT, normalise, quote

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_PLURAL_ES = ("sses", "xes", "ches", "shes")
_NO_PLURAL = ("ss", "us", "is")
WORST_RATE = 1000.0  # forbidden variants per 1,000 words when every word is one


class _Form(NamedTuple):
    """One way to write a term: `words` as written, `term` its preferred form."""

    term: str
    words: tuple[str, ...]
    forbidden: bool


class _Hit(NamedTuple):
    start: int
    end: int
    form: _Form
    text: str


class Terminology:
    """Scores use of the suite's glossary and of the terms that a case requires."""

    description: ClassVar[str] = "required glossary terms used, forbidden variants avoided"

    def __init__(self, options: dict[str, Any], resources: Resources) -> None:
        only(options, (), "option for terminology")
        self.glossary = resources.glossary
        self.forbids = any(term.forbidden for term in self.glossary)
        self.metrics = _METRICS
        self._index_for = lru_cache(maxsize=4096)(self._index)

    def score(self, case: Case, answer: Answer) -> list[Score]:
        """Success over the case's terms; the other metrics look at the whole glossary."""
        if answer.finish == "error":
            return all_errors(self.metrics, answer)
        known = {term.preferred for term in self.glossary}
        extra = tuple(sorted({term for term in case.terms if term not in known}))
        words = [match[0] for match in _WORD.finditer(normalise(answer.text[:LIMIT]))]
        hits = _hits(words, self._index_for(extra))
        preferred = Counter(hit.form.term for hit in hits if not hit.form.forbidden)
        forbidden = [hit for hit in hits if hit.form.forbidden]
        return [
            _success(case.terms, preferred, answer.text),
            self._forbidden(forbidden, len(words)),
            self._consistent(preferred, forbidden, len(words)),
            _cased([hit for hit in hits if not hit.form.forbidden]),
        ]

    def _index(
        self, extra: tuple[str, ...]
    ) -> dict[str, list[tuple[tuple[str, ...], list[_Form]]]]:
        """First stem -> phrases (as stems) with their forms, longest phrase first."""
        phrases: dict[tuple[str, ...], list[_Form]] = {}
        for term in (*self.glossary, *(Term(name) for name in extra)):
            for text, bad in ((term.preferred, False), *((t, True) for t in term.forbidden)):
                words = tuple(_WORD.findall(normalise(text)))
                if words:
                    form = _Form(term.preferred, words, bad)
                    phrases.setdefault(tuple(map(stem, words)), []).append(form)
        index: dict[str, list[tuple[tuple[str, ...], list[_Form]]]] = {}
        for stems in sorted(phrases, key=len, reverse=True):
            index.setdefault(stems[0], []).append((stems, phrases[stems]))
        return index

    def _forbidden(self, hits: list[_Hit], words: int) -> Score:
        name = "terminology.forbidden"
        if not self.forbids:
            return Score(name, None, "unmeasured", reason="the glossary forbids nothing")
        if not words:
            return Score(name, WORST_RATE, reason="the answer is empty, which counts as worst")
        said = ", ".join(quote(hit.text) for hit in hits[:5]) or "none"
        rate = WORST_RATE * len(hits) / words
        return Score(name, rate, reason=f"{len(hits)} in {words} words: {said}")

    def _consistent(self, preferred: Counter[str], hits: list[_Hit], words: int) -> Score:
        name = "terminology.consistent"
        if not self.forbids:
            return Score(name, None, "unmeasured", reason="the glossary forbids nothing")
        if not words:
            return Score(name, 0.0, reason="the answer is empty")
        mixed = [hit for hit in hits if preferred[hit.form.term]]
        if mixed:
            reason = f"uses {quote(mixed[0].form.term)} and {quote(mixed[0].text)} for one thing"
            return Score(name, 0.0, reason=reason)
        return Score(name, 1.0, reason="no term is written in two ways")


def _success(required: tuple[str, ...], found: Counter[str], text: str) -> Score:
    name = "terminology.success"
    if not required:
        return Score(name, None, "unmeasured", reason="the case requires no terms")
    wanted = Counter(required)
    hits = sum(min(number, found[term]) for term, number in wanted.items())
    missing = [term for term, number in wanted.items() if found[term] < number]
    reason = f"{hits} of {len(required)} required terms"
    if missing:
        lacking = ", ".join(quote(term) for term in missing[:5])
        reason += f"; {quote(text)} lacks {lacking}" if text.strip() else "; the answer is empty"
    return Score(name, hits / len(required), reason=reason)


def _cased(hits: list[_Hit]) -> Score:
    name = "terminology.cased"
    capital = [hit for hit in hits if any(word != word.lower() for word in hit.form.words)]
    if not capital:
        return Score(name, None, "unmeasured", reason="no term that has capitals is used")
    wrong = [hit for hit in capital if not _same_case(hit)]
    said = f": {quote(wrong[0].text)} for {quote(wrong[0].form.term)}" if wrong else ""
    right = len(capital) - len(wrong)
    reason = f"{right} of {len(capital)} uses have the glossary's capitals{said}"
    return Score(name, right / len(capital), reason=reason)


def _same_case(hit: _Hit) -> bool:
    written = hit.text.split()
    return hit.text.isupper() or all(
        word.startswith(form[: max(1, len(form) - 1)])
        for word, form in zip(written, hit.form.words, strict=True)
    )


def _hits(
    words: list[str], index: dict[str, list[tuple[tuple[str, ...], list[_Form]]]]
) -> list[_Hit]:
    """Non-overlapping occurrences: longer phrases first, then earlier ones."""
    stems = [stem(word) for word in words]
    found: list[_Hit] = []
    for start, first in enumerate(stems):
        for phrase, forms in index.get(first, ()):
            end = start + len(phrase)
            if tuple(stems[start:end]) == phrase:
                written = tuple(words[start:end])
                found.append(_Hit(start, end, _closest(written, forms), " ".join(written)))
    found.sort(key=lambda hit: (hit.start - hit.end, hit.start))
    taken: set[int] = set()
    kept = []
    for hit in found:
        if taken.isdisjoint(range(hit.start, hit.end)):
            taken.update(range(hit.start, hit.end))
            kept.append(hit)
    return sorted(kept, key=lambda hit: hit.start)


def _closest(written: tuple[str, ...], forms: list[_Form]) -> _Form:
    """The form meant where several have the same stems: equal letters, else equal but for case."""
    if len(forms) == 1:
        return forms[0]
    lower = tuple(word.lower() for word in written)
    for form in forms:
        if form.words == written:
            return form
    for form in forms:
        if tuple(word.lower() for word in form.words) == lower:
            return form
    return min(forms, key=lambda form: form.forbidden)


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """A word in lower case without plural and possessive endings."""
    word = word.lower()
    word = word.removesuffix("'s")
    if len(word) > 3 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(_PLURAL_ES):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(_NO_PLURAL):
        return word[:-1]
    return word


_METRICS = (
    Metric(
        "terminology.success",
        "required terms used, each occurrence counted once",
        need="terminology",
        headline=True,
    ),
    Metric(
        "terminology.forbidden",
        "forbidden variants per 1,000 words",
        unit="per 1,000 words",
        upper=None,
        better="lower",
        need="terminology",
    ),
    Metric(
        "terminology.consistent",
        "no term appears in its preferred form and in a forbidden one",
        need="terminology",
        binary=True,
    ),
    Metric(
        "terminology.cased",
        "uses of terms with capitals that are written with them",
        need="terminology",
        diagnostic=True,
    ),
)
