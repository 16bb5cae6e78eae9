"""What frames an answer, and says nothing of it: greetings, thanks, sign-offs, marks of lists."""

import re

_ITEM = r"(?:[-*\u2022]|#{1,6}|\(?(?:step\s+)?\d{1,2}[.):])[ \t]+"
_MARKED = re.compile(rf"^[ \t]*{_ITEM}", re.MULTILINE | re.IGNORECASE)
_COUNTED = re.compile(r"(?:^|\s)\(?1[.)]\s.*?\s\(?2[.)]\s", re.DOTALL)
_INLINE = re.compile(r"(?:^|(?<=[.!?:;,]\s))\(?\d{1,2}[.)]\s+(?=[^\W\d_])")
_WHOLE = r"(?:(?!\b(?:but|however|is|are|was|were)\b)[^.!?\n\d:;]){0,70}(?:[.!?\n]+|$)"
_POLITE = re.compile(
    r"(?:^|(?<=[.!?\n]))[\s*_]*(?:"
    r"(?:namaste|namaskar|hello|hi|hey|dear|welcome|greetings|good\s+(?:morning|afternoon|evening|day))\b"
    r"|(?:many\s+|very\s+)?thank(?:s|\s+you)\b"
    r"|(?:i|we)\s+(?:\w+ly\s+)?(?:understand|appreciate|hear\s+you|value)\b(?!\s+(?:it|the\s+\w+)\s+to\b)"
    rf"){_WHOLE}",
    re.IGNORECASE,
)
_SIGNED = re.compile(
    r"(?:^|(?<=[.!?\n]))[\s*_-]*(?:(?:(?:warm|kind|best)(?:est)?\s+)?(?:regards|wishes)\b|(?:yours\s+)?sincerely\b"
    r"|yours\b|cheers\b|take\s+care\b|with\s+(?:love|warmth|thanks|care|gratitude)\b"
    r"|[^.!?\n\d:;]{0,50},\s*(?:the\s+|your\s+)?(?:[^\W\d_]+\s+)?team\b|team\b)"
    rf"{_WHOLE}[^\d]{{0,40}}$",
    re.IGNORECASE,
)

# What greetings and sign-offs have in lower case; most answers have none of it and are done.
_GREETS = (
    *("namaste", "namaskar", "hello", "hey", "dear", "welcome", "greetings", "good", "thank"),
    *("understand", "appreciate", "hear", "value"),
)
_HI = re.compile(r"hi(?<![a-z]hi)\b")
_PARTS = (
    *("team", "regards", "wishes", "sincerely", "yours", "cheers", "care", "love", "warmth"),
    *("thanks", "gratitude"),
)


def unframed(text: str) -> str:
    """A text without marks of lists, greetings, thanks and sign-offs; all of it if nothing is left.

    A greeting that goes on to say something ("Hello, the fee is 5") is no frame.
    """
    bare = _MARKED.sub("", text)
    counted = ("1." in text or "1)" in text) and ("2." in text or "2)" in text)
    if counted and (_COUNTED.search(bare) or _COUNTED.search(text)):
        bare = _INLINE.sub("", bare)
    lower = bare.lower()
    every = not bare.isascii()  # a few other letters match those of ASCII in any case
    core = bare
    if every or any(word in lower for word in _GREETS) or _HI.search(lower):
        core = _POLITE.sub(" ", core)
    if every or any(word in lower for word in _PARTS):
        core = _SIGNED.sub("", core)
    return core.strip() or bare
