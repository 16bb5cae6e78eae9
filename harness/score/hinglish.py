"""Wordings that decline in Hindi in Latin letters; see `cue`."""

from harness.score.cue import Cue

HINGLISH = (
    Cue(
        "nahi nahin nahii nai nhi na",
        r"\b(?:pata|maloom|malum|pta|jaa?nkari|information|khabar|idea|jawaa?b|uttar|zikr|jikr|ullekh|paas|andaa?z\w*|record|data|yaad)\s+"
        r"(?:\w+\s+)?(?:nahi+n?|nai|nhi|na)\b|\b(?:nahi+n?|nai|nhi)\s+(?:pata|pta|maloom|malum|yaad"
        r"|jaa?n\w+|(?:bata|keh|kah|de|kar|dikha|bol|dekh|samajh|dhoo?nd)\w*\s+(?:sak|pa|ja)\w+|mil\w*"
        r"|likha|diya|diye|di\b|bata\w*|lagaung\w*)",
    ),
    Cue(
        "kya mushkil pooch poochh puch",
        r"\bkya\s+(?:pata|maloom)\b|\b(?:kehna|batana|bata\s+pana|kah\s+pana)\s+(?:\w+\s+)?mushkil\b"
        r"|\bpoo?ch+\s*(?:na|lo|lijiye|iye|en)\b",
    ),
)
