"""Wordings that pass a question on: asking back, and referring to someone else.

They decline only where nothing else is said; see `cue`.
"""

from harness.score.cue import Cue

ASKING = (
    Cue(
        "you i we",
        r"\b(?:could|can|would|will|may|might)\s+(?:you|i|we)\s+(?:please\s+|kindly\s+|first\s+|also\s+)?"
        r"(?:tell|clarify|specify|share|provide|paste|send|attach|upload|say|confirm|give|have|know"
        r"|see|explain|ask|let|check|describe|elaborate|rephrase|repeat|mention|point)\b",
    ),
    Cue(
        "tell show give send forward drop paste attach upload share specify clarify rephrase resend"
        " retype revert",
        r"(?:^|[.!?;:,-]\s*|\b(?:and|so|please|kindly|just|then|but)\s+)(?:(?:tell|show|give|send"
        r"|forward|drop)\s+(?:me|us|your|over|which|what|it\s+(?:here|over|in|along|to\s+me))"
        r"|revert\s+with|(?:paste|attach|upload|share|specify|clarify|rephrase|resend|retype)\s+"
        r"(?:me|us|the|your|it|a|which|what|that|them|here|again))\b",
    ),
    Cue(
        "need require want needed required",
        r"\b(?:i|we)(?:'d|'ll|\s+would|\s+will|\s+do)?(?:\s+\w+ly|\s+first|\s+still|\s+just)?\s+"
        r"(?:need|require|want)\s+(?:to\s+(?:know|see|have|check|look|ask)|more|your|the|a|some|an"
        r"|\w+\s+(?:things|details|points|more))\b|\b(?:is|are)\s+(?:needed|required)\s+(?:before|for)"
        r"\s+(?:i|we|us|me)\b",
    ),
    Cue(
        "please kindly more further additional",
        r"\b(?:please|kindly)\s+(?:provide|enter|mention|state|supply|quote|indicate|give|add)\s+(?:me\s+|us\s+)?"
        r"(?:the|your|a|an|more|some|further)\b|^\W*(?:some\s+)?(?:more|further|additional)\s+(?:details?"
        r"|information|context|info)\b",
    ),
    Cue(
        "let i'll we'll will",
        r"\b(?:let\s+(?:me|us)|(?:i|we)(?:'ll|\s+will))\s+(?:\w+\s+)?(?:check|look\s+into|find\s+out|ask|confirm|verify"
        r"|get\s+back|revert|come\s+back|enquire|inquire)\b",
    ),
    Cue(
        "let",
        r"\blet\s+(?:me|us)\s+know\s+(?:which|what|whether|how\s+many|where|when|your|the|more)\b",
    ),
    Cue(
        "what which who where whose mean",
        r"\b(?:what|which|who|where|whose)\b[^.!?\n]{0,60}\b(?:do|did|are|would|have|were|should)\s+"
        r"(?:you|i|we)\b[^.!?\n]{0,60}\?|\b(?:do|did|are|is|was)\s+(?:you|it|that|this)\s+(?:mean"
        r"|talking|asking|referring|after|looking|about|for|the)\b[^.!?\n]*\?"
        r"|^\W*(?:for\s+|in\s+|at\s+)?(?:which|what|whose|who|whom|where)\b[^.!?\n]{0,50}\?\W*$",
    ),
)

_REACH = (
    r"(?:consult|refer|contact|approach|verify|look\s+(?:it\s+)?up|ask|see\s+(?:the|your|our|a|\w+\s+(?:board|page|list|notice|sheet|table|website|counter|desk|menu|office))\b"
    r"|check(?!-?(?:in|out)\b)|call"
    r"|ring|phone|email|write\s+to|speak|talk|reach\s+out|get\s+in\s+touch|visit|log\s+in"
    r"|raise\s+(?:a|it)|take\s+(?:it|this|that)\s+(?:up|to))(?:ing)?\b"
)
_ADVISE = (
    r"(?:please|kindly|pls|do|you\s+(?:should|may|might|can|could|must|would|will|'ll|need|have|want"
    r"|are\s+(?:best|better))(?:\s+\w+)?(?:\s+(?:to|need|have|want|like|wish))?(?:\s+to)?"
    r"|you'(?:ll|d)\s+(?:have|need|want|better|best|be\s+better|do\s+better)(?:\s+\w+)?(?:\s+to)?"
    r"|(?:i|we)(?:\s+would|'d)?\s+(?:recommend|suggest|advise)(?:\s+(?:you|that\s+you))?|best(?:\s+to)?"
    r"|better(?:\s+to)?|advisable\s+to|try|try\s+and|worth)"
)
REFERRING = (
    Cue(
        "approach consult consulting check checking refer contact contacting verify look ask asking"
        " see call calling ring phone email write speak talk reach get visit log raise take"
        " speaking",
        rf"(?:\b{_ADVISE}\s+|(?:^|,\s+so|\bthen|^[\w ]{{1,20}}:(?=\s*see\b))\s*)"
        rf"(?:to\s+)?(?:just\s+|rather\s+)?{_REACH}",
    ),
    Cue(
        "tell advise inform assist confirm answer name know help ask",
        r"(?<!\bi\s)(?<!\bwe\s)\b(?:can|could|will|would|should|may|might)\s+(?:be\s+(?:better|best|more)\s+\w+\s+to\s+"
        r"|have\s+to\s+|be\s+able\s+to\s+|surely\s+|best\s+|better\s+|only\s+)?(?:tell|advise|inform|assist"
        r"|confirm|answer|name|know|help)(?:\s+(?:you|it|that|this|the|with)\b|\W*$)"
        r"|\bright\s+(?:person|place|people|one|desk)\s+to\s+(?:ask|tell)\b",
    ),
    Cue(
        "vary varies differ differs depend depends change changes",
        r"\b(?:var(?:y|ies)|differs?|depends?|changes?)\s+(?:by|with|from|on|between|across|over|daily|weekly|often"
        r"|constantly|frequently|every|all\s+the\s+time|a\s+lot)\b",
    ),
    Cue(
        "question one matter query job something",
        r"\b(?:question|one|matter|query|job|something)\s+for\s+(?:the|your|my|our|a|an)\b",
    ),
    Cue(
        "find see",
        r"\byou(?:'ll|\s+will|\s+can|\s+may|\s+should)\s+(?:be\s+able\s+to\s+)?(?:find|see)\s+(?:it|that"
        r"|the|this|them|yours?)\b[^.;!?\n]{0,50}\b(?:on|in|at|under|there|from)\b",
    ),
    Cue(
        "try request",
        r"^\W*try\s+(?:the|your|our|a)\b[^.!?]{0,60}\W*$|\bavailable\s+(?:only\s+)?on\s+request\b",
    ),
)
