"""Is a capitalised phrase a contract's term, or a name that English writes so anyway?

Rules of thumb: names of statutes, courts, places, people, companies, days and nationalities are
left alone, and so is what begins a sentence. A single word counts only after a determiner.
"""

import re
from string import ascii_letters

_DETERMINER_WORDS = (
    "the a an each every any all such said that these those its his her their our your no either"
    " neither both other another one two aforesaid"
)
_DETERMINERS = frozenset(_DETERMINER_WORDS.split())
_OPENERS = frozenset(word.capitalize() for word in _DETERMINERS)
_CALENDAR = (
    "January February March April May June July August September October November December Monday"
    " Tuesday Wednesday Thursday Friday Saturday Sunday"
)
_PEOPLES = (
    "Indian English British American European French German Chinese Japanese Australian Canadian"
    " Irish Scottish Welsh Italian Spanish Dutch Swiss Asian African Russian Christian Hindu Muslim"
    " Internet Latin Roman"
)
_LAW = (
    "Act Acts Code Codes Rules Rule Regulation Regulations Ordinance Constitution Directive"
    " Convention Statute Bill Gazette Scheme Notification"
)
_INSTITUTIONS = (
    "Court Courts Government State States Ministry Parliament Republic Kingdom Union Tribunal"
    " University Street Road Nagar City District Limited Ltd LLP LLC Inc Pvt Plc GmbH Corporation"
    " Corp Bench Magistrate President Minister Commissioner"
)
_PARTS = (
    "Clause Clauses Section Sections Article Articles Schedule Schedules Annexure Annex Appendix"
    " Exhibit Paragraph Part Chapter Attachment Recital Mr Mrs Ms Dr Shri Smt Sri Messrs"
)
_ALONE = frozenset(f"{_CALENDAR} {_PEOPLES} {_LAW} {_INSTITUTIONS} {_PARTS}".split())
_AMONG = frozenset(f"{_LAW} {_INSTITUTIONS} {_PARTS} {_CALENDAR}".split())
_PLACE = re.compile(
    r"\b(?:at|in|near|between|by|dated|(?:laws?|courts?|city|state|town|republic|people) of"
    r"|(?:Mr|Mrs|Ms|Dr|Shri|Smt|Sri|M/s|Messrs)\.?)[ ]\Z",
    re.IGNORECASE,
)
_START = re.compile(
    r"(?:\A|\n)[ \t]*(?:[#>*+\u2022-]{1,6}[ \t]+)?(?:\(?[\w.]{1,8}[.)][ \t]+)?"
    r"[\"'(\u27e6\[]*\Z|[.!?:;][\"')\]\u27e7]*\s+[\"'(\u27e6\[]*\Z|\([a-z0-9]{1,4}\)[ ]\Z"
)
_OPENING = "\"'(\u27e6["  # what `_START` lets stand before a word
_NUMBERED = re.compile(r"[ ]?\d|\.\w|@")
_STATUTE = re.compile(
    r"[A-Z][\w'&-]*(?:[ ,(]{1,2}(?:[A-Z][\w'&-]*"
    r"|of|and|for|the|at|to|in|on|with|or|from)\)?){0,14}?"
    r"[ ](?:Acts?|Code|Rules|Regulations?|Ordinance|Scheme|Convention|Directive)\b"
    r"(?:,? ?(?:of )?\(?\d{4}\)?)?"
)


_STATUTES = ("Act", "Code", "Rules", "Regulation", "Ordinance", "Scheme", "Convention", "Directive")


def without_statutes(text: str) -> str:
    """The text with names of statutes blanked out, its length kept."""
    if not any(kind in text for kind in _STATUTES):
        return text
    return _STATUTE.sub(lambda name: "\x00" * len(name[0]), text)


def term_of(text: str, start: int, end: int) -> str:
    """The term in the capitalised phrase at text[start:end], or '' when it is none.

    A term is two or more words, or one after a determiner. A leading determiner is taken off.
    """
    words = text[start:end].split()
    before = text[max(0, start - 40) : start]
    determined = words[0] in _OPENERS
    if determined:
        words = words[1:]
    elif words[0] == "This" or _begins(before):
        return ""
    else:
        word = _last_word(before)
        determined = word in _DETERMINERS
        if word == "this":
            return ""
    numbered = _NUMBERED.match(text[end : end + 2])
    words = [word.removesuffix("'s") for word in words]
    is_term = not numbered and (
        _alone(words[0], determined=determined)
        if len(words) == 1
        else words and not _AMONG & set(words) and (determined or not _PLACE.search(before))
    )
    return " ".join(words) if is_term else ""


def _begins(before: str) -> bool:
    """Whether a sentence, a line or an item begins after what stands before a phrase."""
    last = before.rstrip(_OPENING).rstrip(" \t")[-1:]
    return not (last.isalnum() or last == ",") and _START.search(before) is not None


def _last_word(before: str) -> str:
    """The word before a phrase in lower case, '' where something else stands there."""
    rest = before.rstrip(" \"'(\u27e6")
    return rest[len(rest.rstrip(ascii_letters)) :].lower() if len(rest) < len(before) else ""


def _alone(word: str, *, determined: bool) -> bool:
    return determined and not word.isupper() and len(word) > 2 and word not in _ALONE
