"""Whether an answer gives nothing of the kind that was asked: no quantity where one was."""

import re

from harness.score.numbers import Mention
from harness.score.values import Reading

_QUANTITY = re.compile(
    r"\bhow\s+(?:much|many|long|old|far|tall|often|big|high|deep|fast|heavy|wide|late|early|soon|large|hot|cold)\b"
    r"|^\W*(?:when|since\s+when|until\s+when|by\s+when)\b"
    r"|\bwhat(?:'s|\s+is|\s+was|\s+are|\s+were)?\s+(?:the\s+|its\s+|your\s+|our\s+)?(?:\w+\s+){0,3}?(?:time|date|year|price|rate"
    r"|fee|cost|number|age|height|population|salary|dose|dosage|score|percentage|amount|temperature|deadline"
    r"|length|weight|distance|speed|total|limit|fare|tariff|toll|fine|balance|budget|turnover|revenue"
    r"|capacity|pin|password|code|tax|premium|rent|wage|duration|size|area|depth|width)\b"
)
_SAYS = re.compile(
    r"\d|\b(?:once|twice|thrice|double|triple|half|quarter|third|dozens?|several|few|couple|pair|hundreds?|thousands?"
    r"|lakhs?|crores?|millions?|free|nothing\s+(?:at\s+all|extra)|costs?\s+nothing|no\s+(?:charge|fees?|cost|limit|maximum|minimum"
    r"|deadline|extra)|nil|zero|one|two|three|four|five|six|seven|eight|nine|ten|unlimited|any\s+(?:amount|number)|forever|always|never\s+(?!\w*(?:told|said"
    r"|wrote|heard|knew|know|been))|daily|weekly|monthly|yearly|annually|hourly|every|each|today|tomorrow|yesterday|tonight|noon"
    r"|midnight|morning|evening|afternoon|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|january|february|march"
    r"|april|june|july|august|september|october|november|december|spring|summer|autumn|winter|immediately|soon"
    r"|at\s+once|straight\s+away|after|before|until|till|during|while|as\s+soon|whenever|any\s?time|christmas|easter"
    r"|diwali|infinite|pi)\b"
)
_WITHOUT = re.compile(
    r"\b(?:not|no|never|nobody|nothing|none|neither|nor|without|unable|cannot|i|i'm|i'd|i'll|i've|we|we're|we've|me"
    r"|my|us|nahi|nahin)\b(?!.{0,12}\bwait\b)|n't\b(?!\s+wait)|\b(?:please|kindly|ask|enquire|check|contact|watch)\b|\?\W*$"
)

# "Venus has no moons" counts them.
_NO_THING = re.compile(r"\bno\s+(\w{3,})")
_SPEAKER = re.compile(r"\b(?:i|i'm|i'd|i've|i'll|we|we're|we've|me|us|my)\b")
_DENIES = re.compile(
    r"\b(?:not|no|never|nobody|nothing|none|neither|without|unable|cannot)\b(?!\s+wait)|n't\b(?!\s+wait)"
)

_NAME = re.compile(
    r"\b(?:who|whose|whom)\b|\bwhat(?:'s|\s+is|\s+was)\s+(?:the\s+)?(?:\w+\s+)?name\b|\bwhat\b[^?]{1,60}\bcalled\b"
    r"|^\W*(?:in\s+|on\s+|at\s+)?(?:which|where)\b"
)
_NAMES = re.compile(r"(?<=[^.!?:\n] )(?!I\b)[A-Z][\w-]*|\d|[\"`]")


def unnamed(shown: str, asked: str) -> str | None:
    """The words by which an answer that names nobody and nothing leaves a question for a name open.

    `shown` is in the case in which it was written; a name that the question has is none.
    """
    if not _NAME.search(asked) or any(name.lower() not in asked for name in _NAMES.findall(shown)):
        return None
    text = shown.lower()
    found = _DENIES.search(text)
    return found[0] if found and _SPEAKER.search(text) else None


def unmet(
    text: str, asked: str, mentions: list[Mention] | None = None, *, speaker: bool = False
) -> str | None:
    """The words by which an answer that states no quantity leaves a question for one open.

    Where a quantity or a time is asked, a text without any that denies something, asks, or speaks
    of the speaker gives no answer, in whatever words; with `speaker` it has to do that and to deny.
    Text and question are in lower case.
    """
    if not _QUANTITY.search(asked) or _SAYS.search(text):
        return None
    if Reading(text).mentions if mentions is None else mentions:
        return None
    if any(none[1] in asked for none in _NO_THING.finditer(text)):
        return None
    if speaker and not (_SPEAKER.search(text) and _DENIES.search(text)):
        return None
    found = _WITHOUT.search(text)
    return found[0] if found else None
