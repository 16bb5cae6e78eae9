"""Terminology: are the required glossary terms used, and the forbidden variants avoided?

Success counts each occurrence once, surface or lemma, as the WMT shared task on terminology does
(Alam et al. 2021, "Findings of the WMT Shared Task on Machine Translation Using Terminologies").
"""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple

from harness.protocols import Resources
from harness.records import Answer, Case, Metric, Score, Term
from harness.score.lemmas import LANGUAGES, inflects, lemma, may_be_verb, verbal
from harness.score.options import all_errors, choice, only, unmeasured
from harness.score.termwords import Between, words_of
from harness.score.text import LIMIT, normalise, quote

WORST_RATE = 1000.0  # forbidden variants per 1,000 words when every word is one


class Form(NamedTuple):
    """One way to write a term: `words` as written, `term` its preferred form."""

    term: str
    text: str
    words: tuple[str, ...]
    forbidden: bool
    verb: bool


class Hit(NamedTuple):
    """A form at words start:end of a text, as it is written there."""

    start: int
    end: int
    form: Form
    text: str


Phrases = list[tuple[tuple[str, ...], list[Form]]]


class _Index:
    """First lemma -> phrases (as lemmas) with their forms, longest first; see `_joined`."""

    def __init__(
        self, phrases: dict[str, Phrases], beginnings: frozenset[str], language: str
    ) -> None:
        self.phrases, self.beginnings, self.language = phrases, beginnings, language
        self.look = lru_cache(maxsize=65_536)(self._look)

    def _look(self, word: str) -> tuple[Phrases | None, bool] | None:
        """The phrases that a word may begin, and whether it may begin one word; None for none."""
        phrases = self.phrases.get(lemma(word, self.language))
        begins = word.lower() in self.beginnings
        return (phrases, begins) if phrases or begins else None


class Terminology:
    """Scores use of the suite's glossary and of the terms that a case requires.

    Option `language` (default en) chooses the dictionary that knows inflected forms.
    """

    description: ClassVar[str] = "required glossary terms used, forbidden variants avoided"

    def __init__(self, options: dict[str, Any], resources: Resources) -> None:
        only(options, ("language",), "option for terminology")
        self.language = choice(options, "language", sorted(LANGUAGES), "en")
        self.glossary = resources.glossary
        self.forbids = any(term.forbidden for term in self.glossary)
        self.metrics = _METRICS
        self._known = frozenset(term.preferred for term in self.glossary)
        self._index_for = lru_cache(maxsize=4096)(self._index)

    def score(self, case: Case, answer: Answer) -> list[Score]:
        """Success over the case's terms; the other metrics look at the whole glossary."""
        if answer.finish == "error":
            return all_errors(self.metrics, answer)
        hits, count = self.find(answer.text, case.terms)
        preferred = Counter(hit.form.term for hit in hits if not hit.form.forbidden)
        forbidden = [hit for hit in hits if hit.form.forbidden]
        return [
            _success(case.terms, preferred, answer.text),
            self._forbidden(forbidden, count),
            self._consistent(preferred, forbidden, count),
            _cased([hit for hit in hits if not hit.form.forbidden]),
        ]

    def find(self, text: str, terms: tuple[str, ...] = ()) -> tuple[list[Hit], int]:
        """Forms of the glossary and of `terms` in a text, and its number of words.

        No two hits share a word: longer phrases are taken first, then earlier ones.
        """
        extra = () if self._known.issuperset(terms) else tuple(sorted({*terms} - self._known))
        text = normalise(text[:LIMIT])
        words = words_of(text)
        index = self._index_for(extra)
        looked = list(map(index.look, words))
        if not any(looked):
            return [], len(words)
        between = Between(text)
        found: list[Hit] = []
        for start, (phrases, _) in ((at, one) for at, one in enumerate(looked) if one):
            for phrase, forms in phrases or ():
                end = start + len(phrase)
                if self._are(words[start:end], phrase) and between.nothing(start, end):
                    found += self._hit(words, start, end, forms)
        for start in [at for at, one in enumerate(looked) if one and one[1]]:
            found += self._joined(words[start : start + 2], start, index, between)
        return _apart(found), len(words)

    def _are(self, words: list[str], phrase: tuple[str, ...]) -> bool:
        """Whether words have the lemmas of a phrase, of which the first is known to fit."""
        return len(words) == len(phrase) and all(
            lemma(word, self.language) == one
            for word, one in zip(words[1:], phrase[1:], strict=True)
        )

    def _hit(self, words: list[str], start: int, end: int, forms: list[Form]) -> list[Hit]:
        written = tuple(words[start:end])
        if len(written) == 1 and self.language == "en":
            before = words[start - 1] if start else ""
            forms = [form for form in forms if _means(form, written[0], before)]
        return [Hit(start, end, _closest(written, forms), " ".join(written))] if forms else []

    def _joined(
        self, pair: Sequence[str], start: int, index: _Index, between: Between
    ) -> list[Hit]:
        """One word of the glossary that the text writes in two: "sub-contractor"."""
        if len(pair) < 2:
            return []
        whole = pair[0] + pair[1]
        for phrase, forms in index.phrases.get(lemma(whole, self.language), ()):
            if len(phrase) == 1 and between.nothing(start, start + 2):
                hits = self._hit([whole], 0, 1, forms)
                return [Hit(start, start + 2, hit.form, hit.text) for hit in hits]
        return []

    def _index(self, extra: tuple[str, ...]) -> _Index:
        phrases: dict[tuple[str, ...], list[Form]] = {}
        whole: dict[tuple[str, ...], list[Form]] = {}
        singles: set[str] = set()
        for term in (*self.glossary, *(Term(name) for name in extra)):
            for text, bad in ((term.preferred, False), *((t, True) for t in term.forbidden)):
                plain = normalise(text)
                words = tuple(words_of(plain))
                lemmas = tuple(lemma(word, self.language) for word in words)
                if words:
                    form = Form(term.preferred, text, words, bad, may_be_verb(words))
                    phrases.setdefault(lemmas, []).append(form)
                if len(words) == 2:
                    one = "".join(words)
                    joined = form._replace(words=(one,))
                    whole.setdefault((lemma(one, self.language),), []).append(joined)
                elif len(words) == 1:
                    singles.add(words[0].lower())
        phrases = whole | phrases  # "dataset" is no "data set" where the glossary has both
        index: dict[str, Phrases] = {}
        for lemmas in sorted(phrases, key=len, reverse=True):
            index.setdefault(lemmas[0], []).append((lemmas, phrases[lemmas]))
        beginnings = {word[:cut] for word in singles for cut in range(2, len(word) - 1)}
        return _Index(index, frozenset(beginnings), self.language)

    def _forbidden(self, hits: list[Hit], words: int) -> Score:
        name = "terminology.forbidden"
        if not self.forbids:
            return unmeasured(name, "the glossary forbids nothing")
        if not words:
            return Score(name, WORST_RATE, reason="the answer is empty, which counts as worst")
        said = ", ".join(quote(hit.text) for hit in hits[:5]) or "none"
        rate = WORST_RATE * len(hits) / words
        return Score(name, rate, reason=f"{len(hits)} in {words} words: {said}")

    def _consistent(self, preferred: Counter[str], hits: list[Hit], words: int) -> Score:
        name = "terminology.consistent"
        if not self.forbids:
            return unmeasured(name, "the glossary forbids nothing")
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
        return unmeasured(name, "the case requires no terms")
    wanted = Counter(required)
    hits = sum(min(number, found[term]) for term, number in wanted.items())
    missing = [term for term, number in wanted.items() if found[term] < number]
    reason = f"{hits} of {len(required)} required terms"
    if missing:
        lacking = ", ".join(quote(term) for term in missing[:5])
        reason += f"; {quote(text)} lacks {lacking}" if text.strip() else "; the answer is empty"
    return Score(name, hits / len(required), reason=reason)


def _cased(hits: list[Hit]) -> Score:
    name = "terminology.cased"
    capital = [hit for hit in hits if any(word != word.lower() for word in hit.form.words)]
    if not capital:
        return unmeasured(name, "no term that has capitals is used")
    wrong = [hit for hit in capital if not _same_case(hit)]
    said = f": {quote(wrong[0].text)} for {quote(wrong[0].form.term)}" if wrong else ""
    right = len(capital) - len(wrong)
    reason = f"{right} of {len(capital)} uses have the glossary's capitals{said}"
    return Score(name, right / len(capital), reason=reason)


def _same_case(hit: Hit) -> bool:
    written = hit.text.split()
    return hit.text.isupper() or all(
        word.startswith(form[: max(1, len(form) - 1)])
        for word, form in zip(written, hit.form.words, strict=True)
    )


def _means(form: Form, written: str, before: str) -> bool:
    """Whether an English word is this one-word form, and not a verb for a noun."""
    if not inflects(written, form.words[0], verb=form.verb):
        return False
    return form.words[0] == form.words[0].lower() or not verbal(written, before)


def _apart(found: list[Hit]) -> list[Hit]:
    """Non-overlapping hits in order: longer phrases first, then earlier ones."""
    if len(found) < 2:
        return found
    taken: set[int] = set()
    kept = []
    for hit in sorted(found, key=lambda hit: (hit.start - hit.end, hit.start)):
        if taken.isdisjoint(range(hit.start, hit.end)):
            taken.update(range(hit.start, hit.end))
            kept.append(hit)
    return sorted(kept, key=lambda hit: hit.start)


def _closest(written: tuple[str, ...], forms: list[Form]) -> Form:
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
