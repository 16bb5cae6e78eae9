"""Words and their inflections: which written word is a form of which term.

Dictionary lemmas by simplemma (Barbaresi, doi 10.5281/zenodo.4673264), plain endings for words
that it does not know. A lemma joins a noun to a verb ("noticed" to "notice"), which a glossary
does not mean; what tells them apart here is wording alone, no tagger.
"""

from functools import lru_cache

import simplemma
from simplemma.strategies.dictionaries.dictionary_factory import SUPPORTED_LANGUAGES

LANGUAGES = SUPPORTED_LANGUAGES
"""ISO codes of the languages that terms may be in."""
_PLURAL_ES = ("sses", "xes", "ches", "shes")
_NO_PLURAL = ("ss", "us", "is")
# The plural means another thing than the singular.
_PLURAL_ONLY = frozenset(
    ("goods", "premises", "proceeds", "damages", "means", "works", "customs", "arms", "minutes")
)
_NOUN = (
    *("ment", "tion", "sion", "ance", "ence", "ship", "ness", "ity", "ism", "ist", "hood", "dom"),
    *("ee", "ure", "ice", "cy", "ty", "al", "logy", "graphy", "ing", "ed", "ian"),
)
_VERB = ("ate", "ify", "ise", "ize", "uct", "ide", "ive", "uce", "mit", "ain", "olve")
_PLURALS = ("s", "men", "children", "people", "feet", "teeth", "mice", "a", "i", "ae", "eaux")
_MODALS = ("will", "would", "shall", "should", "can", "could", "may", "might", "must", "cannot")
_SUBJECTS = frozenset(
    ("i", "we", "you", "they", "he", "she", "who", *_MODALS, "can't", "won't", "don't", "didn't")
)


@lru_cache(maxsize=65_536)
def lemma(word: str, language: str = "en") -> str:
    """The form under which a word is looked up: its lemma in lower case, without endings."""
    if language != "en":
        return simplemma.lemmatize(bare(word, lower=False), lang=language).lower()
    return _fold(_base(stem(simplemma.lemmatize(bare(word), lang="en"))))


def _base(word: str) -> str:
    """The verb of a word that the dictionary knows with its ending alone ("buying")."""
    ending = next((end for end in ("ing", "ed") if word.endswith(end)), "")
    if ending and len(word) > 5:
        root = word.removesuffix(ending)
        for verb in (root, f"{root}e", root[:-1] if root[-1] == root[-2] else root):
            if len(verb) > 2 and simplemma.is_known(verb, lang="en"):
                return verb
    return word


def _fold(word: str) -> str:
    # the dictionary gives "cancell" for "cancelled", "transferr" for "transferred"
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] and word[-1] in "lrtpngmbd" else word


def bare(word: str, *, lower: bool = True) -> str:
    """A word without a possessive ending."""
    if len(word) > 2 and word.endswith("s") and word[:-1].isupper():
        word = word[:-1]  # EMIs
    word = word.lower() if lower else word
    return word.removesuffix("'s").removesuffix("'S").removesuffix("'")


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """A word in lower case without plural and possessive endings of English."""
    word = bare(word)
    if len(word) > 3 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(_PLURAL_ES):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(_NO_PLURAL):
        return word[:-1]
    return word


@lru_cache(maxsize=65_536)
def inflects(written: str, word: str, *, verb: bool) -> bool:
    """Whether an English word is a form of a term's only word, where their lemmas are equal.

    `verb` says that the term may be a verb; otherwise past forms and -ing forms are other words.
    """
    written, word = bare(written), bare(word)
    if written == word:
        return True
    if written in _PLURAL_ONLY or word in _PLURAL_ONLY:
        return False
    if stem(written) == stem(word):
        return True
    if word.endswith(("ing", "ed")) or _fold(stem(word)) != lemma(word):
        return False
    return verb or (not written.endswith(("ed", "ing")) and written.endswith(_PLURALS))


def may_be_verb(words: tuple[str, ...]) -> bool:
    """Whether a term may be a verb: one word in lower case without a noun's ending."""
    if len(words) != 1 or words[0] != words[0].lower():
        return False
    word = words[0]
    if word.endswith(("er", "or")):
        return _has_past(word)  # to order, but a worker
    return word.endswith(_VERB) or not word.endswith(_NOUN)


def _has_past(word: str) -> bool:
    pasts = (f"{word}d",) if word.endswith("e") else (f"{word}ed", f"{word}{word[-1]}ed")
    return any(simplemma.is_known(past, lang="en") for past in pasts)


@lru_cache(maxsize=65_536)
def verbal(word: str, before: str) -> bool:
    """Whether a word that can be a verb stands as one: "they notice", "you may notice"."""
    if before.lower() not in _SUBJECTS or word != word.lower():
        return False
    return _has_past(word)
