"""Values that are a yes, a no or a none in words, and other words for the same."""

import re

from harness.score.names import Names, Shape

_FREE = (
    r"\bfree(?:\s+of\s+charge)?\b|\b(?:for\s+)?nothing\b|\bno\s+(?:\w+\s+)?(?:charge|fee"
    r"|cost)s?\b|\bgratis\b"
    r"|\bnot\s+an?\s+(?:cent|penny|pai?sa|rupee|euro|dollar)\b|\bmuft\b|\bcomplimentary\b"
    r"|\bwaived\b"
)
_NONE = (
    r"\bnone\b|\bno\b(?!\s+(?:longer|more|idea))|\bnil\b|\bzero\b|\bnot\s+any\b|\bwithout\s+any\b"
)
_BARRED = (
    r"\bno\b(?!\s+(?:longer|more|idea))|\b(?:not|aren't|isn't|never)\s+(?:allowed|permitted"
    r"|welcome|accepted)\b"
    r"|\b(?:banned|forbidden|prohibited|barred|off-limits|outlawed)\b|\b(?:may|can"
    r"|must)\s*(?:not|n't)\b|\bcan't\b"
)
_LET = (
    r"\byes\b|(?<!not )\b(?:allowed|permitted|welcome|accepted)\b|\b(?:you|they)\s+(?:may"
    r"|can)\b(?!\s+not|'t)"
)
_SHUT = (
    r"\b(?:closed|shut|not\s+open|doesn't\s+open|does\s+not\s+open|no\s+opening|stays\s+shut"
    r"|band)\b"
)
_NEEDED = (
    r"\b(?:required|mandatory|compulsory|obligatory|necessary|needed|must|have\s+to)\b|\byes\b"
)
_SPARED = (
    r"\b(?:optional|voluntary|not\s+(?:required|mandatory|compulsory|needed|necessary))\b"
    r"|\b(?:no\s+need|needn't|don't\s+(?:need|have\s+to)|no\s+\w+\s+(?:is\s+"
    r"|are\s+)?(?:needed|required))\b"
)
_ENDLESS = (
    r"\b(?:unlimited|no\s+(?:\w+\s+)?(?:limit|cap|maximum)|as\s+many\s+as|without\s+limit"
    r"|uncapped)\b"
)
_ALWAYS = (
    r"\b(?:(?:at\s+)?any\s+time\s+of\s+(?:the\s+)?year|all\s+(?:the\s+)?year(?:[\s-]+round)?"
    r"|year[\s-]+round"
    r"|throughout\s+the\s+year|the\s+whole\s+year|in\s+every\s+season|twelve\s+months\s+a\s+year)\b"
)
_DONE = (
    r"(?<!not )(?<!n't )\b(?:allowed|permitted|welcome|accepted|possible|available|offered"
    r"|included|provided"
    r"|(?:you|they|we|it)\s+(?:may|can|do|does|is|are))\b(?!\s*(?:not|n't))"
)
_UNDONE = (
    r"\b(?:not|cannot|never)\b|n't\b|\bno\s+(?!longer|more|idea)\w+|\b(?:banned|forbidden"
    r"|prohibited|excluded)\b"
)
_WEEKDAYS = (
    r"\b(?:monday|mon)s?\.?\s*(?:to|-|through|till|until)\s*(?:friday|fri)s?\b"
    r"|\b(?:weekdays|working\s+days|week\s+days)\b"
)
_EVERY_DAY = (
    r"\b(?:daily|(?:every|each)\s+(?:single\s+)?day|seven\s+days\s+a\s+week|7\s+days\s+a\s+week"
    r"|all\s+week|(?:monday|mon)\s*(?:to|-|through|till)\s*(?:sunday|sun))\b"
)
_ROUND = (
    r"\b(?:24\s?/\s?7|round\s+the\s+clock|24\s+hours|day\s+and\s+night|all\s+hours"
    r"|never\s+closes)\b"
)

_WORDS = (
    (r"free(?:\s+of\s+charge)?|no\s+(?:charge|fee|cost)|gratis|nothing|complimentary", _FREE),
    (r"none|nil|zero|no\s+\w+|nothing", _NONE),
    (r"(?:not\s+(?:allowed|permitted)|prohibited|banned|forbidden)(?:\s.*)?", _BARRED),
    (r"(?:allowed|permitted|welcome)(?:\s.*)?", _LET),
    (r"closed(?:\s.*)?|shut", _SHUT),
    (r"(?:is\s+)?(?:required|mandatory|compulsory|obligatory)(?:\s.*)?", _NEEDED),
    (r"optional|voluntary|not\s+(?:required|mandatory|compulsory|needed)", _SPARED),
    (r"unlimited|no\s+(?:limit|cap|maximum)", _ENDLESS),
    (r"all\s+year(?:\s+round)?|year-round|throughout\s+the\s+year", _ALWAYS),
    (r"yes", _DONE),
    (r"no", _UNDONE),
    (r"weekdays|(?:monday|mon)\s*(?:to|-)\s*(?:friday|fri)", _WEEKDAYS),
    (r"daily|every\s+day", _EVERY_DAY),
    (r"24\s?/\s?7|round\s+the\s+clock|24\s+hours(?:\s+a\s+day)?", _ROUND),
)


def _shape(shape: str, words: str) -> Shape:
    def names(match: re.Match[str]) -> Names:
        del match
        yield words, False

    return shape, names


FAMILIES = tuple(_shape(*words) for words in _WORDS)
"""Shapes of such values, each with what gives the patterns of its other words."""
