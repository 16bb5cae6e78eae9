"""Wordings with which a source, or nobody, says what was asked; see `cue`."""

from harness.score.cue import NT, Cue

_THING = (
    r"(?:(?:passage|text|document|context|material|source|excerpt|question|answer|page|list|note|file"
    r"|record|hand-?book|manual|card|sheet|table|letter|e-?mail|article|brochure|leaflet|site|website"
    r"|catalogue|catalog|database|doc|report|register|form|chart|map|picture|image|screenshot"
    r"|transcript|schedule|timetable|contract|agreement|order|invoice|thread|clause|section|memo"
    r"|label|menu|recipe|guide|listing|ad|advert|log|profile|account|faq|spec|bulletin|statement"
    r"|edition|guideline|rule|rulebook|paper|extract|snippet|prompt|conversation|message|system"
    r"|value|figure|detail|book|receipt|ticket|scan|pdf|slide|draft|packet|poster|sign|board|ledger"
    r"|archive|newsletter|circular|notice|judge?ment|act|tariff|input|output|annexure|field|cell|row"
    r"|column|feed|certificate|wiki|calendar|term|condition|commit|link|attachment|recording|tape"
    r"|survey|study|audit|agenda|budget|plan|lease|deed|will|footnote|caption|chapter|app|portal)s?"
    r"|polic(?:y|ies)|information|minutes|spec\s+sheets?|index|director(?:y|ies)|cop(?:y|ies)|data"
    r"|histor(?:y|ies)|photo\w*|diar(?:y|ies)|prospectus\w*|repo\w*|readme|code|appendix|annex|stats"
    r"|statistics|search(?:es)?|rota|inventory|stock\s+list|audio|video|footage|handwriting"
    r"|(?:change-?|log|guide|work|year|data|time|fact|check|price-?)(?:log|book|sheet|list)s?|(?:what|everything|anything|all)\s+(?:you|i|we)(?:'ve|\s+have|\s+had)?\s+\w+)"
)
_AFTER = (
    r"(?:\s+\d[\d-]*|\s+(?:(?:that|which)\s+)?(?:you|i|we)(?:'ve|\s+have|\s+had)?\s+\w+(?:\s+\w+){0,3}?"
    r"|\s+(?:on|of|in|for|from|at|to|about)(?:\s+[\w'-]+){1,5}?|\s+(?:here|above|below|itself"
    r"|supplied|provided|given|shared|attached|available|shown|pasted|sent)(?:\s+\w+){0,3}?){0,2}"
)
_TELL = (
    r"(?:say|state|specify|mention|contain|include|provide|give|answer|cover|indicate|tell|list|show"
    r"|record|name|reach|address|describe|help|carry|note|reveal|settle|define|explain|touch"
    r"|extend|disclose|identify|print|spell|quote|report|deal|discuss|go|speak|refer|speci\w+|stretch"
    r"|hold|offer|supply|present|feature|break|track|store|log|match|bring|turn|return|find|come|open"
    r"|load|work|exist|tie|link|connect|attribute|distinguish|quantify|elaborate|clarify|comment)"
)
_TOLD = (
    r"(?:specified|stated|mentioned|provided|given|indicated|included|available|found|covered|disclosed"
    r"|addressed|answered|listed|shown|recorded|named|noted|published|announced|released|decided"
    r"|confirmed|finali[sz]ed|determined|established|entered|shared|uploaded|documented|public|known"
    r"|made\s+(?:public|known)|written|printed|described|supplied|attached|defined|visible|legible"
    r"|readable|logged|posted|on\s+(?:file|record|the|any|my|our)|in\s+(?:the|your|my|our|any|this"
    r"|that)|among|with\s+(?:this|our|my|me|us)|there|here|part\s+of|knowable|clear|something)"
)
_KNOWLEDGE = (
    r"(?:information|info|data|details?|knowledge|records?|answers?|specifics?|evidence(?!\s+(?:that|of|it))|mention|clue"
    r"|documentation|basis|entr(?:y|ies)|trace|results?|match(?:es)?|hits?|listings?|figures?|reports?"
    r"|rows?|references?|sources?|forecast|indication|hint|word|announcement|confirmation|notes?|value"
    r"|document(?:s|ation)?|context|worksheet|attachment|file|page|decision|way\s+(?:to|of))\b"
)
_NO_REPORT = r"(?<!\bhe\s)(?<!\bshe\s)(?<!\bthey\s)(?<!\bhad\s)(?<!\bwho\s)"
_GIVES = (
    r"(?:covers?|lists?|gives?|shows?|has|have|names?|goes|concerns?|mentions?|says?|runs?|tells?"
    r"|describes?|contains?|discusses|breaks?)"
)

SILENT = (
    # the page you shared does not say
    Cue(
        "not",
        rf"\b(?!(?:polic(?:y|ies)|plans?|acts?|contract|agreement|terms?|price|rate)\s+(?:do(?:es)?|did){NT}\s+"
        rf"(?:cover|include|allow|apply|extend)\b){_THING}{_AFTER}\s+(?:\w+ly\s+)?(?:do(?:es)?|did|has|have|had|wo|will|would){NT}\s+(?:\w+ly\s+|even\s+)?"
        rf"{_TELL}\w*\b(?!\s+(?:a\s+limit|any\s+limit|you\s+from|to\s+you))",
    ),
    Cue(
        "not",
        rf"\b(?:it|this|that|they|these|which)\s+(?:do(?:es)?|did){NT}\s+(?:\w+ly\s+|even\s+)?(?:say|state"
        r"|specify|mention|tell|list|record|name|give|go\s+(?:back|into|that|beyond|as)|reveal"
        r"|disclose|reach)\b",
    ),
    Cue(
        "no nothing none zero neither little",
        rf"\b{_THING}{_AFTER}\s+(?:has|have|had|gives?|shows?|contains?|holds?|lists?|offers?|makes?"
        r"|provides?|includes?|carr(?:y|ies)|says?|yields?|returns?|returned|found|mentions?)\s+"
        r"(?:no|nothing|none|zero|neither|little)\b",
    ),
    Cue(
        "none neither nor no & document documents source sources passage passages page pages text"
        " texts file files papers records notes sections articles them these",
        rf"\b(?:none\s+of\s+(?:\w+\s+){{0,3}}?\w+|neither\s+(?:of\s+the\s+)?\w+|no\s+{_THING})"
        rf"{_AFTER}\s+{_TELL}s?\b",
    ),
    Cue(
        "silent blank empty missing illegible torn cut redacted blurred blurry unreadable smudged"
        " unsigned undated quiet mute incomplete faded damaged garbled corrupt lost"
        " corrupted broken absent",
        rf"\b{_THING}{_AFTER}\s+(?:(?:is|are|was|were|comes?|came|stays?|leaves?|reads?|(?:has|have)\s+been)"
        r"\s+)(?:\w+\s+){0,4}?(?:silent|blank|empty|missing|illegible|torn|cut\s+off|redacted|blurred"
        r"|blurry|unreadable|smudged|corrupt\w*|unsigned|undated|quiet|mute|incomplete|faded"
        r"|damaged|garbled|broken|lost|destroyed|removed|withheld)\b|\b(?:absent|missing)\s+from\s+(?:the|my|our|your)\b",
    ),
    Cue(
        "stops stop ends end breaks break omits omit skips skip lacks lack neglects fails fail"
        " starts start begins begin predates cuts runs missing",
        rf"\b{_THING}{_AFTER}\s+(?:(?:simply|just|\w+ly)\s+)?(?:stops?|ends?|breaks?\s+off|omits?|skips?"
        r"|lacks?|neglects?|fails?\s+to|(?:starts?|begins?)\s+(?:in|on|at|with|after|from)|predates?"
        r"|cuts?\s+(?:off|out)|runs?\s+out|(?:is|are)\s+missing)\b",
    ),
    Cue(
        "no not",
        rf"\bno\s+(?:\w+\s+){{1,3}}(?:in|with|attached\s+to)\s+(?:your|the|this)\s+{_THING}\b|\bthere(?:'s|\s+is)\s+no"
        r"\s+(?:text|code|image|picture|file|attachment|link|question|document)\b|\bthere\s+(?:is|are|was)"
        rf"(?:n't|\s+not)\s+(?:an?\s+|any\s+)?(?:\w+\s+){{0,2}}{_KNOWLEDGE}|\bno\s+\w+\s+\w+\s+here\W*$",
    ),
    Cue(
        "not no",
        rf"\bnot\s+in\s+(?:the|your|my|this|our|any)\s+(?:\w+\s+)?{_THING}\b|\b(?:do(?:es)?|did){NT}\s+(?:appear"
        r"|feature|figure|show\s+up|turn\s+up|come\s+up)\s+(?:in|on|anywhere)\b"
        r"|\b(?:find|found)\s+no\s+\w+",
    ),
    Cue(
        "protected denied expired",
        r"\bpassword[\s-]protected\b|^\W*access\s+(?:is\s+)?denied\W*$|\blink\s+(?:has\s+)?expired\b",
    ),
    # lists goals and not fouls; covers Kerala only
    Cue(
        "only not alone nothing no but",
        rf"\b{_THING}(?=[^.;!?]*(?:only|not|no|alone|nothing)\b){_AFTER}\s+(?:{_GIVES}|deals?\s+with|speaks?\s+of|(?:is|are)\s+about)\s[^.;!?\n]{{1,60}}?"
        r"(?:\bonly\b|\band\s+not\b|\bbut\s+not\b|,\s*not\b|\bno\s+(?:further|more)\b|\balone\b"
        r"|\bnothing\s+(?:else|more|about|on)\b)",
    ),
    Cue(
        "only",
        rf"\b{_THING}{_AFTER}\s+only\s+(?:{_GIVES}|deals?|speaks?|records?|tells?|describes?|contains?"
        r"|includes?|states?)\b",
    ),
    Cue(
        "lacking missing scarce thin absent insufficient incomplete unreliable",
        rf"\b{_KNOWLEDGE}[^.;!?\n]{{0,40}}\b(?:is|are)\s+(?:lacking|missing|scarce|thin|absent"
        r"|insufficient|incomplete|unreliable)\b",
    ),
    Cue(
        "no",
        rf"(?<!is\s){_NO_REPORT}\b(?:there(?:'s|\s+(?:is|are|was|were))\s+)?(?<!have\s)no\s+(?:\w+\s+){{0,2}}?"
        rf"{_KNOWLEDGE}(?:\s+(?:is|are|was|were|has|have|on|about|regarding|available|that|in|for|of"
        r"|to\s+\w+\s+(?:that|it|this|on)|provided|given|found|under|with|attached|here)\b"
        r"|\s*[.,!;:]|\s*$)",
    ),
    Cue(
        "nothing",
        r"\bnothing\s+(?!(?:in|on)\s+(?:\w+\s+){1,4}?(?:shall|will|may|prevents?|limits?|affects?"
        r"|restricts?|stops?|forbids?|prohibits?|bars?|bans?)\b)(?:(?:\w+\s+){0,3}?(?:in|on|about|regarding|under|here|there|found"
        r"|listed|recorded|stated|mentioned|to\s+(?:go\s+on|answer|tell|report\s+on|base)"
        r"|turn\w*\s+up|c[ao]me\s+up|matches|says|tells))\b",
    ),
    Cue(
        "not lacks lack insufficient little",
        rf"\b(?:do|does|did)(?:{NT})\s+(?:have|hold|contain|include|provide|possess)\s+(?:\w+\s+){{0,3}}"
        rf"{_KNOWLEDGE}|\black(?:s|ing)?\s+(?:\w+\s+){{0,3}}{_KNOWLEDGE}|\b(?:insufficient"
        rf"|(?:not|\w+n'?t)\s+enough|too\s+little)\s+(?:\w+\s+)?{_KNOWLEDGE}",
    ),
    Cue(
        "not",
        rf"\b(?:is|are|was|were|has|have|had|'s|been)(?:\s+not|n'?t)(?:\s+(?:\w+ly|been|yet|anywhere|even"
        rf"|being|currently))*\s+{_TOLD}\b(?!\s+(?:by\s+(?:the|its|an?)\b(?!\s+(?:\w+\s+)?(?:leaflet|document|passage|text"
        r"|page|guide|handbook|manual|brochure|notes?|material|sources?|extract|file|table))|to\b(?!\s+(?:me|us|the\s+public))|until|unless"
        r"|before|as\b|with\b(?!\s+(?:me|us|this|your))|in\s+(?:size|stock|black|blue|red|green|white"
        r"|winter|summer))|[^.;!?\n]*\bbut\s)",
    ),
    Cue(
        "not",
        rf"^[^a-z]*(?:sorry\W+|[\w -]{{1,20}}:\W*)?not\s+(?:\w+ly\s+|yet\s+|been\s+)?(?:{_TOLD})\b"
        r"(?![^.;!?\n]*\bbut\b)",
    ),
    Cue(
        "never not nowhere",
        r"\bnever\s+(?:\w+ly\s+)?(?:says?|states?|mentions?|specif\w+|gives?|tells?|names?|lists?|reveals?"
        r"|discloses?|records?)\b|\bnot\s+(?:\w+ly\s+)?(?:forthcoming|traceable|ascertainable"
        r"|discernible|apparent|evident|to\s+be\s+found)\b|\bnowhere\s+(?:to\s+be|in\s+the|is|does|stated)\b",
    ),
    Cue(
        "unknown unidentified undisclosed unspecified unclear unconfirmed unannounced undecided"
        " unrecorded undocumented unpublished unstated unavailable unverified unlisted undetermined"
        " uncertain mystery announced awaited decided confirmed determined tba tbc tbd review",
        r"\b(?:is|are|was|were|be|been|remains?|stays?|still|as|currently|yet)\s+(?:\w+ly\s+)?(?:unknown"
        r"|unidentified|undisclosed|unspecified|unclear|unconfirmed|unannounced|undecided|unrecorded"
        r"|undocumented|unpublished|unstated|unavailable|unverified|unlisted|undetermined|uncertain"
        r"|a\s+mystery|awaited|to\s+be\s+(?:announced|decided|confirmed|determined)|tb[acd]"
        r"|under\s+review)\b(?!;|[^.;!?\n]*\bbut\s)",
    ),
    Cue(
        "yet",
        r"\byet\s+to\s+be\s+\w+ed\b|\b(?:has|have)\s+yet\s+to\s+(?:decide|announce|say|publish|confirm|set"
        r"|release)\b",
    ),
    Cue(
        "too illegible unreadable indecipherable 404 403",
        r"\btoo\s+(?:blurred|blurry|faint|dark|small|faded|garbled|vague|noisy)\b|\b(?:illegible"
        r"|unreadable|indecipherable)\b|\breturned\s+(?:a\s+)?40\d\b",
    ),
    Cue(
        "depends depend vary varies differ differs",
        r"^\W*(?:it|this|that|they|these|prices?|rates?|fees?|times?)\s+(?:(?:may|can|might|could|will)\s+)?"
        r"(?:var(?:y|ies)|differs?)\b|"
        r"^\W*(?:well,?\s+)?(?:(?:it|that|this|the\s+answer|which|prices?|speeds?|times?|rates?|fees?|costs?)"
        r"\s+(?:all\s+|really\s+|will\s+)?)?depends?\b(?!\s+on\s+\w+\W+(?:it|they)\b)",
    ),
    # the gate isn't up yet; text not supplied
    Cue(
        "yet & not",
        r"\b(?:is|are|was|were|has|have|been|'s)(?:\s+not|n'?t)\s+(?:been\s+)?(?:up|out|in|there|posted|displayed|assigned"
        r"|allotted|allocated|fixed|settled|drawn|printed|scheduled|chosen|picked|ready)\s+yet\b"
        r"|\bnot\s+yet\s+(?:been\s+)?(?:up|out|in|posted|displayed|assigned|allotted|allocated|fixed|scheduled)\b",
    ),
    Cue(
        "not & supplied provided given attached included found stated specified shared available"
        " uploaded legible readable shown enclosed listed recorded",
        rf"\b{_THING}\s+(?:\w+ly\s+)?not\s+{_TOLD}\b",
    ),
    # on children, not a word; a comparison is not possible
    Cue(
        "word syllable line mention peep hint trace",
        r"\bnot\s+(?:a|one)\s+(?:single\s+)?(?:word|syllable|line|mention|peep|hint|trace)\b",
    ),
    Cue(
        "not impossible infeasible only",
        r"\bonly\s[^.;!?\n]{1,40}\b(?:in|from|of)\s+(?:the|my|our|what)\b[^.;!?\n]{0,30}\b(?:i|we)\s+(?:have|had|see|was|were|got)\b"
        r"|\b(?:comparison|answer|calculation|estimate|conclusion|determination|identification|translation"
        r"|assessment|confirmation|figure|diagnosis|response|reply|summary|verification|prediction)s?\b"
        r"[^.;!?\n]{0,50}\b(?:is|are|was|be|seems?)\s+(?:\w+\s+){0,2}?(?:not\s+(?:\w+ly\s+)?(?:possible"
        r"|feasible|practicable)|impossible|infeasible)\b",
    ),
    # nothing was given to me; she never told me
    Cue(
        "me us & not never none nothing nobody no neither",
        r"(?:\b(?:not|never|none|nothing|nobody|no|neither)\b|n't\b)[^.;!?\n]{0,40}?\b(?:told|informed|given"
        r"|shown|sent|shared|passed|provided|supplied|gave|handed|mentioned|disclosed|revealed|briefed"
        r"|let|tell|inform)\b[^.;,!?\n]{0,20}?\b(?:me|us)\b(?!\s+(?:down|to|that|off|about\s+it\s+being)\b)",
    ),
    Cue(
        "leaves left",
        r"\b(?:leaves|left)\s+(?:(?:it|that|this|them|the\s+\w+)\s+)?(?:out|blank|open|unsaid|unanswered"
        r"|empty)\b",
    ),
)

# A whole sentence, or a field of a form, that holds nothing.
BARE = (
    r"^\W*(?:(?:the\s+)?(?:answer|value|result|status)\W+(?:is\s+)?)?(?:n/?a|unknown|none|null|nil"
    r"|not\s+applicable|no\s+(?:answer|data|record|entry|result|match|info\w*|comment|idea|clue)s?"
    r"(?:\s+(?:available|found|here))?|unavailable|undisclosed|unspecified|tb[acd]|missing|unclear"
    r"|unable\s+to\s+\w+|not\s+(?!(?:true|so|quite|really|necessarily|always|usually|often|correct|right|wrong|allowed"
    r"|permitted|required|needed|necessary|bad|good|guilty|many|much|long|far|today|now|anymore|ever"
    r"|me|him|her|us|them|you|it|that|this|both|all|free|safe|legal|valid|covered|included|yet)\b)\w+)\W*$"
)

COVERS = (
    r"^\W*(?:(?:the|this|that|these|your|my|our|its)\s+)?(?:[\w'-]+\s+){0,3}?"
    rf"{_THING}(?:\s+[\w'-]+){{0,4}}?\s+(?:only\s+)?(?:{_GIVES}|stops?|starts?|begins?|ends?|deals?"
    r"|speaks?)\b"
)
"""A sentence that tells what a source holds, which states nothing of what was asked."""

NO_SUCH = (
    Cue(
        "not",
        r"\b(?:does|do|did)(?:n't|\s+not)\s+(?:\w+ly\s+)?exist\b"
        r"|\b(?:is|are|was|were)(?:n't|\s+not)\s+(?:an?\s+)?(?:real|actual|existing)\b",
    ),
    Cue("never not", r"\b(?:never|not)\s+(?:\w+\s+)?heard\s+of\b"),
    Cue(
        "no",
        r"\b(?:there\s+(?:is|are|was|were)|(?:i|we)\s+(?:know|have\s+heard)\s+of)\s+no\s+"
        r"(?:(?:such|known|real|actual)\b|[^.;!?\n]{0,60}?\b(?:called|named|known\s+as"
        r"|by\s+that\s+name))|\bno\s+such\s+\w+",
    ),
    Cue(
        "fictional fictitious made invented imaginary legend myth",
        r"\b(?:is|are|seems?|appears?)\s+(?:to\s+be\s+)?(?:fictional|fictitious|made[\s-]up|invented"
        r"|imaginary|a\s+(?:legend|myth))\b",
    ),
    Cue("nothing", r"\b(?:have|has|hold|contain|found|find|know|say)s?\s+nothing\b"),
)
