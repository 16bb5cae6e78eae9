"""What an answer does with a value that it names: assert it, deny it, or call it past."""

import re
from typing import Literal

Stance = Literal["asserted", "was", "past", "denied", "open"]

_SENTENCE = re.compile(r"[;!?\n]+|(?<!\brs)(?<!\bno)\.(?=\s|$)")
_FILLER = (
    r"(?:[\s\"'(*_`]+(?:been|be|the|an?|at|as|to|for|of|set|fixed|capped|old|previous|earlier|former"
    r"|outdated|value|figure|amount|limit|its|it's|is|it|still|currently|today|exactly|now|that))*"
    r"[\s\"'(*_`]*$"
)
_DENIED = re.compile(
    r"(?:\bnot|n't|\bno\s+longer|\bnever|\bneither|\bnor|\brather\s+than|\binstead\s+of"
    r"|\bas\s+opposed\s+to|\bunlike|\bin\s+place\s+of|\breplac(?:es|ed|ing)|\bsupersed(?:es|ed|ing)"
    r"|\bcontrary\s+to|\b(?:confus\w+|mix\w*(?:\s+\w+)?\s+up|mistak\w+|mistook)(?:\s+\w+)?\s+(?:with|for)|\b(?:left|leaving|discontinued|abolished|abandoned|retired|vacated|scrapped|dropped|dropping|ditched"
    r"|ditching|forget|ignore|disregard|followed|following|in\s+succession\s+to|succeeding)"
    r"|\b(?:deputy|assistant|vice[\s-]\w+|understudy|runner-up)(?:\s+\w+)?\W*|\bmoved\s+(?:out|away)\s+(?:of|from)|\b(?:wrong|false|incorrect|untrue|mistake)(?:\s+(?:that|to\s+say))?)"
    + _FILLER
)
# What a value that is the subject of a clause has come to: it is gone, was removed, does not hold.
_GONE = (
    r"(?:wrong|incorrect|false|untrue|mistaken|outdated|obsolete|out\s+of\s+date|gone|history|over|dead"
    r"|void|a\s+thing\s+of|ancient|old\s+(?:news|hat)|past|(?:replac|supersed|succeed|repeal|scrapp"
    r"|abolish|remov|dropp|retir|discontinu|abandon|end|expir|laps|cancel|revok|revers|deprecat|delet"
    r"|ditch|phas|lift|ax|clos|stopp|push|postpon|rais|increas|reduc|lower|chang|revis|amend|renam)"
    r"(?:l?ed)(?!\s+from\b)|withdrawn|put\s+(?:back|off)|done\s+away)\b"
)
_DENIED_AFTER = re.compile(
    r"[^\w,;:(]*(?:(?!(?:but|now|since|because|as|while|when|after|whereas|though|although|if|unless|or)\b)[\w.]+[^\w,;:(]+){0,5}?(?:(?:is|are|was|were|has\s+been|have\s+been|had\s+been|got|has|have)"
    rf"(?:\s+(?:now|long|already|since|clearly|simply|then|later|\w+ly))*\s+(?:not\s+(?:correct|right|true|valid"
    rf"|current|so|in\s+force|the\s+(?:answer|current|case))|{_GONE})|(?:is|are)n't\s+(?:correct|right|true"
    r"|valid|current|so)|(?:does|do)(?:n't|\s+not)\s+(?:apply|hold)|no\s+longer\b"
    r"|as\s+(?:(?:her|his|its|their|the|a)\s+)?(?:deputy|assistant|vice|understudy|number\s+two))"
)
# What the next sentence does: "7 days? No, 14"; "You were told 7 days. That isn't right."
_DENIED_NEXT = re.compile(
    r"\s*\?[\s\"')*_-]*(?:no|nope|nahi|wrong)\b"
    r"|[\s\w]{0,20}[.;!,]\s*(?:but\s+)?(?:that|this|it)(?:'s|\s+(?:is|was))?(?:\s+\w+ly)?(?:(?:n't|\s+not|\s+no\s+longer)\s+"
    r"(?:\w+\s+)?(?:right|true|correct|valid|current|the\s+case|so|accurate)|\s+(?:wrong|outdated|obsolete|incorrect|false))\b"
)
_CHANGED = (
    r"(?:rais|increas|extend|chang|revis|reduc|enhanc|lower|cut|amend|updat|rose|went|grew|fell|drop"
    r"|shorten|lengthen|doubl|halv|bump|mov|renam|rebrand|shift|transfer|up\b|down\b)\w*"
)
_PAST = (
    r"previous(?:ly)?|formerly|former|earlier|original(?:ly)?|initial(?:ly)?|erstwhile|outdated"
    r"|(?<!if\sthe\s)(?<!if\syour\s)old"
    r"|used\s+to|once\s+(?:was|were)|in\s+the\s+past|historically|back\s+then|at\s+(?:the|that)\s+time"
    r"|(?:before|prior\s+to|until|till|up\s+to)\s+(?:the|that|this|its|\w+\s+\d+|\d+|then|now|recently)"
    rf"|{_CHANGED}[^;]{{0,60}}?\sfrom|(?:took|tak(?:es?|en|ing))\s+over\s+from"
    r"|pehle|pahle|(?:although|though|despite)\b[^,;]{0,40}\b(?:say|says|claim|claims|show|shows|list|lists"
    r"|give|gives)"
    r"|succeed(?:s|ed|ing)(?!\s+by)"
)
_PRESENT = (
    r"now|ab|abhi|currently|today|at\s+present|presently|nowadays|since|new|latest|current|present"
    rf"|(?:{_CHANGED}|{_CHANGED}[^;]{{0,60}}?)\s(?:to|by)|(?:replaced|superseded)\s+(?:by|with)"
    r"|(?:renamed|rebranded|succeeded\s+by|passed\s+to)|bec[ao]mes?|,\s*when|stands\s+at|effective|with\s+effect|(?:[,;-]|\band|\bbut)\s+(?:(?:it|this|that|there|they)(?:\s+|(?='))"
    r"|(?:the|its)\s+\w+\s+(?:\w+\s+)?)?(?:is|are|has|stands|'s|'re)"
)
_CUE = re.compile(rf"\b(?:(?P<past>{_PAST})|(?P<present>{_PRESENT}))\b|(?P<was>\((?:it\s+)?was\b)")
_WAS = re.compile(
    r"\b(?:was|were|had(?:\s+been)?|stood\s+at|remained|earned|lasted|told|said|mentioned)\b"
)
_IS = re.compile(r"\b(?:is|are|has\s+been|stands|becomes?|became|now|since|today|currently)\b")
_ARRIVED = re.compile(
    rf"\b(?:from|{_CHANGED})\b[^;]*\b(?:to|by|into)\s+(?:(?:be|the|an?|only|just)\s+)*\W*$"
)
_RANGING = re.compile(
    r"\b(?:rang(?:e|es|ed|ing)|var(?:y|ies|ied|ying)|anywhere|anything|estimates?|somewhere)\b[^;]{0,30}$"
)
_FROM = re.compile(r"\bfrom\s+(?:the\s+|an?\s+)?$")
_TO = re.compile(r"\s*(?:\w+\s+){0,2}?(?:to|->|=>|→)\s")
_AFTER = re.compile(
    r"[\s)\]*_\"']*(?:(?:(?:per|of|for|an?|the)\s+)?[\w%]+\s+){0,3}?[,(\s]*(?:"
    r"(?P<past>used\s+to\b|(?:earlier|previously|formerly|in\s+the\s+past|originally|initially|then|before|till\s+then|until\s+then)(?=\W*$|[.,;)!])"
    r"|(?:in|under|by)\s+the\s+(?:old|previous|former|earlier)\b|(?:left|resigned|retired|stepped\s+down|quit"
    r"|departed|died|handed\s+over|moved\s+on)\b"
    rf"|(?:but|and|which)\s+(?:it\s+|this\s+|that\s+)?(?:is\s+|has\s+)?now\s+\S|,\s*now\s+\S|(?:->|=>|→)"
    rf"|(?:(?:but|and|which|that|it)\s+)*(?:was|were|has|had|have|is|got)\s+(?:\w+\s+){{0,2}}?"
    rf"{_CHANGED}[^;]{{0,30}}?\sto\b)"
    r"|(?P<until>(?:until|till|up\s+to|before|prior\s+to|through)\b(?![^.;)]{0,30}:)))"
)
# "32 tests, 20 of them full length" counts something else.
_PART = re.compile(r"\s+of\s+(?:them|these|those|which|whom)\b")
_UNTIL_IT = re.compile(r"\W*(?:until|till|up\s+to)\s+(?:the\s+)?")  # all that is said before
_THEN = re.compile(r"\d{4}|\b(?:last|recently|then)\b")
_OPEN = re.compile(
    r"(?:\b(?:not|cannot|unable)\b|n't)[^;,]{0,30}\b(?:know|confirm|sure|say|tell|verify"
    r"|determine|certain|recall|clear|specify)\b[^;,]{0,20}"
    r"\b(?:whether|if|that)\b[^;]*$"
    r"|\b(?:would|could)\s+be\s+(?:easy|lovely|nice|tempting|wrong|great)\s+to\s+(?:say|tell|claim|guess|answer)\b[^;]{0,60}$"
    r"|\byou(?:'ve|\s+have)?\s+(?:say|said|mention\w*|quote\w*|cite\w*|ask\s+about)\b[^;,]{0,20}$"
    r"|\byou(?:'ve|\s+have|'re|\s+are)?\s+(?:ask\w*|wonder\w*|want\s+to\s+know|suggest\w*)\b[^;,]{0,40}\b(?:if|whether|that|about)\b[^;,]{0,40}$"
    r"|\bwish\s+(?:i|we)\s+(?:could|knew)\b[^;,]{0,60}$"
)


_CORRECTION = re.compile(
    r"\b(?:scratch\s+that|strike\s+that|correction\b|i\s+misspoke|i\s+stand\s+corrected|(?:i|we)\s+mean[t]?\b"
    r"(?!\s+(?:that|to|it))|make\s+that|on\s+second\s+thoughts?|or\s+rather|let\s+me\s+(?:correct|rephrase|fix)"
    r"|(?:no|oops|sorry|wait|hang\s+on|hold\s+on|pardon|apologies)[,.!:;\s-]+(?:no\b|wait\b|sorry\b|that(?:'s|\s+is|\s+was)"
    r"|it(?:'s|\s+is)\s+(?:actually|now)?|wrong\b|actually\b)|that(?:'s|\s+is|\s+was)\s+(?:wrong|the\s+old)"
    r"|my\s+mistake)|[,.;]\s+(?:so|therefore|thus|hence|in\s+short|final\s+answer|the\s+answer\s+is)\b(?=[^.;!?\n]{0,60}\w)"
)


def corrected(text: str) -> int:
    """Where the last self-correction of a text stands ("sorry, scratch that"), or -1."""
    return max((match.start() for match in _CORRECTION.finditer(text)), default=-1)


def stance(text: str, start: int, end: int) -> Stance:
    """How text[start:end], in lower case, is put forward by its sentence.

    "was" is a past tense alone, which decides only between two values: "It was 7 days" asserts.
    "open" is a value that the sentence leaves undecided ("I cannot confirm that it is 7 days").
    """
    before, after = _sentence(text, start, end)
    if (
        _PART.match(after)
        or _DENIED.search(before)
        or _DENIED_AFTER.match(after)
        or _DENIED_NEXT.match(text, end)
    ):
        return "denied"
    if _OPEN.search(before):
        return "open"
    if _UNTIL_IT.fullmatch(before):
        return "asserted"
    if _ARRIVED.search(before):
        return "asserted"
    # "From 90 to 120 guests." is a range; "from Pune to Nagpur", "raised from 90" tell of changes
    ranging = (not before.strip(" from") and text[start].isdigit()) or _RANGING.search(before)
    if _FROM.search(before) and _TO.match(after) and not ranging:
        return "past"
    return _in_time(before, after)


def _in_time(before: str, after: str) -> Stance:
    """Past, where the last word of time before the value, or the first after it, says so."""
    tense = _tense(before)
    cues = list(_CUE.finditer(before))
    cue = cues[-1] if cues else None
    told = _AFTER.match(after)
    until = told is not None and not told["past"]
    ended = told is not None and (told["past"] is not None or tense == "was")
    # "7 days until 2020, 14 days since" has no verb to go by.
    bare = until and not tense and not cue and _THEN.search(after, 0, 40) is not None
    if ended or bare or (cue and not cue["present"]):
        return "past"
    return "was" if tense == "was" and not cue else "asserted"


def _tense(before: str) -> str:
    """The tense nearest before the value: was, is, or '' without a verb."""
    was = max((match.end() for match in _WAS.finditer(before)), default=0)
    present = max((match.end() for match in _IS.finditer(before)), default=0)
    if was > present:
        return "was"
    return "is" if present else ""


def _sentence(text: str, start: int, end: int) -> tuple[str, str]:
    """What the sentence says before and after the value, at most 160 and 100 characters."""
    low = max(0, start - 160)
    for match in _SENTENCE.finditer(text, low, start):
        low = match.end()
    stop = _SENTENCE.search(text, end, min(len(text), end + 100))
    return text[low:start], text[end : stop.start() if stop else end + 100]
