"""What a question asks for, by its wording: yes or no, a text, two things, whom to turn to."""

import re
from functools import lru_cache
from typing import NamedTuple

# The question asks whom to turn to, so that a referral is the answer.
WHOM = re.compile(
    r"^\W*(?:who(?:m)?\s+(?:do|can|should|must|to)|where\s+(?:do|can|should|is|are|to)|whose\s+number"
    r"|what\s+(?:should|do|can|must)\s+(?:i|we)\s+(?:ask|do))\b"
)
# The question asks for a text, in which "I do not know" may be somebody's line.
CREATIVE = re.compile(
    r"^\W*(?:please\s+|kindly\s+|can\s+you\s+)?(?:write|compose|draft|give\s+(?:me\s+)?an?\s+(?:headline|title|slogan)"
    r"|make\s+up|finish|continue|complete)\b"
)
# What a question may ask about a source: "Which fields are blank?"
ASKED_OF = ("blank", "empty", "missing", "incomplete", "available", "known", "unknown", "broken")
# "Can you tell me …" asks for more than a yes.
REQUEST = (
    r"(?:can|could|will|would)\s+you\s+(?:please\s+|kindly\s+|just\s+)?(?:tell|give|show|read|list|write|explain"
    r"|share|send|name|help|find|provide|describe|confirm|say|let)\b"
)
REQUEST_ANY = re.compile(REQUEST)
POLAR = re.compile(
    rf"(?:^|[.,:;!]\s*)(?!{REQUEST})(?:is|are|was|were|do|does|did|can|could|may|might|will|would|should|has|have|had|am"
    r"|kya)\b"
)
IMPERATIVE = re.compile(
    r"^\W*(?:please\s+|kindly\s+)?(?:tell|give|show|list|name|state|read|send|share|explain|describe|help|teach|provide"
    r"|find|reveal|disclose|print|make|do|let|write|translate|calculate|compute|summari[sz]e|confirm|draft|hand)\b"
)
DOUBLE = re.compile(
    r"\band\s+(?:the|its|their|his|her)\s+\w+(?:\W*$|\s+(?:of|for|in)\b)|(?:\band|&|,)\s+(?:(?:at|for|in|on|to|by|from)\s+)?(?:what|how|when|where|who|whose|which|why)\b"
)
# "Is there a rule against it?" is answered by "There is no such rule."
EXISTS = re.compile(
    r"(?:^|[.,:;!]\s*)(?:is|are|was|were)\s+there\b|(?:^|[.,:;!]\s*)(?:do|does|did|has|have)\s+[^?]*\b"
    r"(?:have|exist|has|any)\b"
)
# "What is wrong with this query?" is answered by "There is no column of that name."
WRONG = re.compile(
    r"\b(?:what|where)(?:'s|\s+is)\s+(?:wrong|(?:the|my)\s+(?:error|bug|problem|issue|mistake))\b"
)
# The question asks for words, so that words which decline may be the answer.
WORDING = re.compile(
    r"\b(?:opposite|synonym|antonym|spell|translat\w+|quote|quot\w+|rephras\w+|reword|draft|phrase|caption|slogan|sign|label|title|lyrics?"
    r"|(?:say|said|says|read|reads|respond|reply|replies|replied|mean|means|word|answer\s+the)\b)"
)
COUNT = re.compile(r"^\W*(?:how\s+many|how\s+much|which|what|any|are|is|do|does)\b")
TOPIC = re.compile(r"[a-z0-9]{2,}|(?<!')\b[b-hj-z0-9]\b")
COMMON = re.compile(
    r"about|an|and|any|are|as|at|be|by|can|could|did|do|does|for|from|"
    r"get|give|has|have|how|if|in|is|it|its|long|many|me|much|my|of|"
    r"on|or|our|please|say|should|tell|that|the|there|this|to|us|was|we|"
    r"were|what|when|where|which|who|whose|why|will|with|would|you|your"
)


class Asked(NamedTuple):
    """What a question in lower case asks for: whether each pattern of its name matches."""

    whom: bool
    creative: bool
    wrong: bool
    exists: bool
    polar: bool
    wording: bool
    counts: bool
    requests: bool
    orders: bool
    double: bool
    words: frozenset[str]


@lru_cache(maxsize=1024)
def asked_of(question: str) -> Asked:
    """What a question asks for; the same one is put to many candidates."""
    polite = REQUEST_ANY.search(question) is not None
    return Asked(
        whom=WHOM.match(question) is not None,
        creative=CREATIVE.match(question) is not None,
        wrong=WRONG.search(question) is not None,
        exists=EXISTS.match(question) is not None,
        polar=POLAR.match(question) is not None,
        wording=WORDING.search(question) is not None,
        counts=COUNT.match(question) is not None,
        requests=polite,
        orders=polite or IMPERATIVE.match(question) is not None,
        double=DOUBLE.search(question) is not None,
        words=frozenset(TOPIC.findall(question)),
    )
