"""Where sentences end, in scripts that mark the end with a stop."""

import re

_END = re.compile(r"[.!?\u0964\u3002\uff01\uff1f]+[\"')\]\u2019\u201d]*(?=\s|$)|\u3002|\n+")
# a stop after these, or after one capital letter, most often stands inside a sentence
_SHORT = re.compile(
    r"(?:^|[\s(])(?:Rs|No|Nos|Sec|Art|Cl|Reg|Sch|Mr|Mrs|Ms|Dr|Prof|St|vs|cf|Fig|e\.g|i\.e|[A-Z])\.$",
    re.IGNORECASE,
)


def sentence_ends(text: str, until: int | None = None) -> list[int]:
    """Offsets at which sentences of `text[:until]` end, rising.

    A full stop, mark or danda before a space, a full-width stop and a line break end a sentence;
    the stop of a common abbreviation ("Rs. 20", "No. 4") or of an initial does not.
    """
    last = len(text) if until is None else until
    # one character more, so that a stop at the very end is seen with what follows it
    found = [match.end() for match in _END.finditer(text, 0, last + 1)]
    return [
        end
        for end in found
        if end <= last and (end == len(text) or not _SHORT.search(text[max(0, end - 8) : end]))
    ]
