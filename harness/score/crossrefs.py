"""Numbers that a contract text gives to its parts, and the references that point to none."""

import re
from typing import NamedTuple

_LABEL = r"(?:\d{1,3}(?:\.\d{1,3}){0,4}(?:\([a-z0-9]{1,4}\)){0,4}|\([a-z0-9]{1,4}\)|[IVXL]{1,6}\b)"
_LISTED = rf"{_LABEL}(?:(?:,[ ]?(?:and[ ]|or[ ])?|[ ](?:and|or|to|&)[ ]|[ ]?-[ ]?){_LABEL}){{0,9}}"
_CLAUSE = r"(?:sub-?)?(?:[Cc]lause|[Ss]ection|[Aa]rticle|[Pp]aragraph|[Pp]ara|[Pp]art)"
_REFERENCE = re.compile(
    rf"\b((?:[Ss]ub-?)?{_CLAUSE}|CLAUSE|SECTION|ARTICLE)s?[ ]({_LISTED})(?![\w.]\w)"
)
# What every reference has in lower case, which spares other texts the search.
_NAMED = re.compile(r"(?:clause|section|article|paragraph|para|part)s?[ ][\d(ivxl]")
_ATTACHED = "schedule|annexure|annex|appendix|exhibit|attachment"
_NAMES = re.compile(rf"(?:{_ATTACHED})(?:s|es)?[ ](?:\d|[a-z]\b|[ivx]{{2,5}}\b)")
_ATTACHMENT = re.compile(rf"\b((?i:{_ATTACHED}))(?i:s|es)?[ ](\d{{1,3}}|[IVX]{{1,5}}|[A-Z])\b")
# what numbers a part: "3." or "3.1" or "(a)" or "Clause 3:" at a line's start, "(a)" after ; : ,
_PART = re.compile(
    r"^[ \t]*(?:[#*>-]{1,6}[ \t]*)?[\u27e6*]{0,2}"
    r"(?:(?P<number>\d{1,3}(?:\.\d{1,3}){1,4}(?=[\s.):\u27e7])|\d{1,3}(?=[.):]))"
    r"|(?i:clause|section|article|paragraph|part)[ ]"
    r"(?P<named>\d{1,3}(?:\.\d{1,3}){0,4}|[IVXL]{1,6})"
    r"(?=[ ]?[.:)\u27e7-]|[ ]*$|[ ][A-Z])"
    rf"|(?P<kind>(?i:{_ATTACHED}))[ ](?P<which>\d{{1,3}}|[IVX]{{1,5}}|[A-Z])"
    r"(?=[ ]?[.:)\u27e7-]|[ ]*$|[ ][A-Z])"
    r"|(?P<start>\([a-z0-9]{1,4}\)|[a-z]\)))"
    r"|(?:[;:,.][ \n]|\b(?:and|or)[ ]|\d[.)][ ])(?P<inline>\([a-z]{1,4}\))(?=[ ])",
    re.MULTILINE,
)
_STATUTE = r"(?:Act|Code|Rules|Regulations?|Ordinance|Constitution|Scheme|Directive|Order)s?\b"
_LAW_BEFORE = re.compile(rf"\b{_STATUTE}(?:,? (?:of )?\d{{4}})?[, (]{{1,3}}(?:and |in |under )?\Z")
_LAW_AFTER = re.compile(
    rf",? (?:of |under |to )?(?:the |that |said )?(?:[^.;\n]{{0,90}} )?{_STATUTE}"
)
_OTHER_TEXT = re.compile(
    r",? (?:of|to|in|under) (?:(?:the|that|such|said|an?|any|its|another|each) "
    r"(?P<name>(?:[A-Z][\w'-]*[ ]?)+)"
    r"|(?:schedule|annexure|appendix|exhibit|that|such|another)\b)",
)
_SELF = frozenset(
    ["Agreement", "Contract", "Deed", "Section", "Clause", "Lease", "Policy", "Terms"]
)
_PIECE = re.compile(r"\d+|[a-z]+|[IVXL]+")
Label = tuple[str, ...]


class Reference(NamedTuple):
    """A pointer to a part of the text: its words, where it stands, and the label it wants."""

    text: str
    start: int
    label: Label


def parts_of(text: str) -> set[Label]:
    """Labels of the text's numbered parts, each with those it lies in: ("3", "1", "a").

    A lettered item is also known by its letter alone. Schedules and annexes are labelled
    ("schedule", "a").
    """
    found: set[Label] = set()
    number: Label = ()
    letter: Label = ()
    for match in _PART.finditer(text):
        if match["kind"]:
            found.add((match["kind"].lower(), match["which"].lower()))
        elif item := match["start"] or match["inline"]:
            name = (item.strip("()"),)
            found.update({name, number + name, number + letter + name})
            if not (letter and _is_roman(name[0]) and name[0] != _next(letter[0])):
                letter = name
        else:
            number, letter = label_of(match["number"] or match["named"]), ()
            found.update(number[:end] for end in range(1, len(number) + 1))
    return found


def label_of(text: str) -> Label:
    """`3.1(a)` as ("3", "1", "a"), in lower case."""
    return tuple(piece.lower() for piece in _PIECE.findall(text))


def references(text: str, names: frozenset[str] = frozenset()) -> list[Reference]:
    """What the text refers to in itself; references to statutes and other papers are left out.

    `names` are what the text calls itself beside "Agreement" and the like.
    """
    lower = text.lower()
    named = _found(_REFERENCE, text, lower, _NAMED)
    attached = _found(_ATTACHMENT, text, lower, _NAMES)
    if not named and not attached:
        return []
    parts = list(_PART.finditer(text))
    starts = {match.end("named") for match in parts if match["named"]}
    starts |= {match.end("which") for match in parts if match["which"]}
    found = []
    for match in named:
        if match.end() in starts or _outside(text, match, names):
            continue
        found += [
            Reference(match[0], match.start(), label_of(label))
            for label in re.findall(_LABEL, match[2])
        ]
    found += [
        Reference(match[0], match.start(), (match[1].lower(), match[2].lower()))
        for match in attached
        if match.end() not in starts and not _outside(text, match, names)
    ]
    return found


def _found(
    pattern: re.Pattern[str], text: str, lower: str, hint: re.Pattern[str]
) -> list[re.Match[str]]:
    """The matches of a pattern, searched only in a text that has its hint."""
    return list(pattern.finditer(text)) if hint.search(lower) else []


def _outside(text: str, match: re.Match[str], names: frozenset[str]) -> bool:
    """Whether the reference points into a statute or another document."""
    before, after = text[max(0, match.start() - 60) : match.start()], text[match.end() :][:140]
    if _LAW_BEFORE.search(before):
        return True
    other = _OTHER_TEXT.match(after)
    if other:
        name = (other["name"] or "").strip()
        return name not in _SELF and name not in names
    law = _LAW_AFTER.match(after)
    return bool(law) and not re.search(r"\b(?:shall|is|are|may|will|and)\b", law[0] if law else "")


def _is_roman(name: str) -> bool:
    return bool(re.fullmatch(r"[ivx]+", name))


def _next(letter: str) -> str:
    return chr(ord(letter[0]) + 1)
