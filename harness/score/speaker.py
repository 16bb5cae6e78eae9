"""Wordings with which a speaker does not know, cannot or will not say; see `cue`."""

from harness.score.cue import ADVERB, NEGATIVE, NT, Cue

_SPEAKER = (
    r"(?:i|we|the\s+undersigned|(?:this|the|our|my)\s+"
    r"(?:assistant|department|branch|model|bot|chatbot|system|team|office|desk|service))"
)
# What a speaker who declines does not do. "have" and "see" stand apart: they need an object.
VERB = (
    r"(?:kno|know|knw|recall|remember|find|locate|recogni[sz]e|identify|heard?|seen|found|got|read"
    r"|make\s+(?:it\s+|that\s+|this\s+)?out|(?:come|came)\s+across|trace|say|tell|told|give|given"
    r"|provide|share|disclose|reveal|quote|state|name|cite|list|release|pass|hand|discuss|comment"
    r"|speak|vouch|answer|reply|respond|confirm|verify|check|promise|guarantee|commit|put|predict"
    r"|forecast|foresee|estimate|guess|speculate|judge|assess|determine|decide|work|figure"
    r"|calculate|compute|translate|write|draft|produce|generate|create|help|assist|support|advise"
    r"|access|open|view|retrieve|look|pull|load|reach|process|complete|explain|describe|summari[sz]e"
    r"|diagnose|interpret|transcribe|solve|rate|compare|choose|endorse|encourage|condone|engage"
    r"|participate|continue|comply|do\s+(?:that|this|it|so|your|math|is)|go\s+(?:there|along|into"
    r"|near)|be\s+(?:sure|certain|of\s+(?:any\s+)?(?:help|use)|able|more\s+specific|(?:a\s+)?part)"
    r"|prescribe|establish|ascertain|specify|fulfil+|proceed|teach|show|instruct|facilitate|supply"
    r"|furnish|divulge|repeat|receive|received|attempt|tackle|touch|venture|keep\s+(?:track"
    r"|a\s+record|\w*\s*statistics|\w*\s*records|such)|track|record|publish|measure|inspect|examine"
    r"|download|browse|connect|fetch|search|pinpoint|point|mislead|invent|make\b(?!\s+it\b)"
    r"|fabricat\w+|contribute|understand|follow(?:ing)?|parse|grasp|design|resolve|settle|offer\s+"
    r"(?:an?\s+|any\s+)?(?:opinion|view|guess|advice|figure|answer|estimate|information|help))\b"
)
# Idioms that deny something else than knowing, and what makes a negated verb no refusal.
IDIOM = (
    r"(?!\s+(?:(?:you|him|her|them|it|that|this)\s+)?(?:enough|too\s+(?:much|strongly|highly|often)"
    r"|more\s+highly|often\s+enough)\b)"
    r"(?!(?<=n't\ssay)\s+(?:it|so|that\s+it)\s+(?:is|was|does|do|did|has)n't\b)(?!\s+(?:any(?:one|body)\b|a\s+(?:single|better)|better\b|of\s+(?:any(?:one|body|thing)|a\s+better)"
    r"|about\s+(?:you|others)|you\s+how\s+(?:\w+\s+)?(?:happy|glad|sorry|much|good|pleased|grateful)"
    r"|but\b|no\b|fault\b|why\b|\w+ing\b(?<!thing)|anything\W*$|a\s+word\b"
    r"|(?:what|how)\s+(?:i|we)(?:'d|\s+would)\b|i\s+(?:enjoyed|like|blame|agree|mind)))"
)
# What one cannot or will not do while one answers.
_IDLE = (
    r"(?:wait|thank|stress|emphasi[sz]e|overstate|overemphasi[sz]e|exaggerate|recommend|imagine|complain|believe"
    r"|resist|agree|afford|eat|drink|live|stand|bear|stop|go|get|have|be|let|charge|fault|blame|deny|fail|forget"
    r"|help|hear|see|wear|use|bore|hold|regret|argue|sleep|lie|only|just|say|tell|think|change|need|require"
    r"|pick|accept|take|ship|deliver|refund|deduct|cancel|bill|store|sell|allow|pay|open|close|hire|want)"
)
_STATE = (
    r"(?:able|unable|going|allowed|permitted|authori[sz]ed|equipped|qualified|prepared|willing"
    r"|comfortable|meant|supposed|at\s+liberty|cleared|free|trained|designed|programmed|set\s+up"
    r"|in\s+(?:a|any)\s+position|here|built|configured|licen[sc]ed|certified|competent|ready"
    r"|the\s+right\s+\w+|best\s+placed|placed|inclined|keen|disposed)"
)
_WANT = (
    r"(?:want|wish|like|care|dare|feel\s+(?:comfortable|right)|think|believe|intend|plan|mean|try)"
)
_BE = r"(?:am|'m|m|are|'re|was|were|is|'s|be)"
_LACK = (
    r"(?:information|info|data|details?|knowledge|records?|answers?|specifics?|evidence|access|idea"
    r"|clue|documentation|basis|figures?|cop(?:y|ies)|documents?|forecast|visibility|sight|context"
    r"|capabilit(?:y|ies)|abilit(?:y|ies)|means|way|authority|permission|tools?|memory|insights?"
    r"|confirmation|updates?|sources?|references?|entr(?:y|ies)|listing|spec\w*|sheet|schedule"
    r"|report|history|files?|page|to\s+hand|at\s+hand|on\s+(?:file|record|hand)|in\s+front\s+of"
    r"|anything|nothing|enough|the\s+(?:\w+\s+){0,3}(?:with|here|for)|recollection|notes?|mention"
    r"|(?:written|stated|published|documented|formal)\s+(?:polic(?:y|ies)|rules?|position|terms?)"
    r"|numbers?|statistics|trace|word|news|tidings|it\s+(?:here|with|on|in))\b"
)
_OTHER_LACK = (
    r"(?:to\b|any\s+(?:doubt|problem|objection|issue|complaint|reason|trouble|regrets?)|a\s+problem"
    r"|(?:a|the\s+\w+est)\s+doubt|time\s+for|feelings|much\s+to\s+add|a\s+preference"
    r"|(?:a|any)\s+(?:favou?rite|pet))"
)
_NONE = (
    r"(?:no|none|nothing|little|zero|neither)\b(?!\s+(?:\w+\s+)?(?:doubts?|problems?|objections?|issues?"
    r"|trouble|hesitation|complaints?|reasons?|plans?|choice|regrets?|preference|minimum|maximum"
    r"|parking|fees?|limits?|such|rooms?|shops?|branch\w*|seats?|stock|age)\b)"
)
_FIRST = (
    "undersigned department branch i we ive we've i've assistant model bot chatbot system team"
    " office desk service"
)

UNKNOWING = (
    # I can't say; we are not able to confirm
    Cue(
        f"not & {_FIRST}",
        rf"\b{_SPEAKER}{ADVERB}\s+{NEGATIVE}{ADVERB}(?:\s+(?:{_STATE}|{_WANT}|been|be|have)){{0,2}}"
        rf"(?:\s+(?:that\s+)?(?:i|we)\s+(?:can|could|should|may))?(?:\s+to)?{ADVERB}\s+{VERB}{IDIOM}",
    ),
    # whatever else the speaker cannot or will not do
    Cue(
        "i we & not unable longer",
        rf"\b(?:i|we){ADVERB}\s+(?:can(?:\s*no|'?)t|wo{NT}|will{NT}|shall{NT}|(?:am|are)\s+(?:unable|not\s+going)\s+to"
        rf"|no\s+longer\s+(?:claim|pretend|profess)\s+to){ADVERB}\s+(?!{_IDLE}\b)\w+{IDIOM}",
    ),
    # we were never informed
    Cue(
        "i we & never",
        rf"\b(?:i|we)(?:{ADVERB}|'ve|'d|'m|\s+(?:was|were|have|had|am|are))*\s+never\s+(?:been\s+)?(?:told|informed|given|shown"
        r"|sent|taught|notified|briefed|supplied|handed|knew|known|learn\w+|found\s+out|heard|(?:got|had)\s+to\s+know"
        r"|asked|noted|wrote|recorded|saw|met|read|been\s+able)\b" + IDIOM,
    ),
    Cue(
        "without",
        r"\bwithout\s+(?:\w+\s+){0,2}?(?:knowing|seeing|having|access|more|further|any|that|your|a|an|the)\b"
        r"[^.;!?\n]{2,80}?\b(?:would\s+be|is|are)\s+(?:\w+ly\s+)?(?:dangerous|unsafe|reckless|guess\w*|wrong|impossible"
        r"|not\s+possible|pointless|meaningless|premature|unwise|risky|hard|irresponsible|misleading)\b",
    ),
    Cue(
        "not unable forbidden",
        rf"\b{_SPEAKER}{ADVERB}\s*{_BE}{ADVERB}\s+(?:not{ADVERB}\s+{_STATE}|unable|forbidden"
        r"|not\s+\w+ed)(?:\s+(?:to|for|with|in|on|\w+ing)\s+\w+)|\b(?:i|we){ADVERB}\s*{_BE}{ADVERB}\s+not\s+"
        r"(?:helping|doing|sharing|giving|telling|answering|discussing|writing|explaining)\b|\bi'?m\s+not\s+(?:following|with\s+you)\b"
        r"|^\W*(?:nope|no)\W+not\s+going\s+to\b",
    ),
    Cue(
        "not unable",
        r"(?:^|[.!?:]\s*|\b(?:so|sorry|looked|searched|checked|tried),?\s+(?:and\s+|but\s+)?)"
        rf"(?:can(?:\s*no|'?)t|could{NT}|won'?t|unable\s+to|not\s+able\s+to|not\s+allowed\s+to)"
        rf"{ADVERB}\s+(?:\w+\s+)?{VERB}{IDIOM}",
    ),
    Cue(
        "not",
        rf"(?:^|[.!?:]\s*|\b(?:so|sorry),?\s+)(?:do|did){NT}{ADVERB}\s+(?:kno|know|recall|remember"
        rf"|have)\b{IDIOM}",
    ),
    Cue(
        "not & and but so",
        rf"\b(?:and|but|so)\s+(?:can(?:no|')t|could{NT}|do{NT}|did{NT}|am\s+not\s+able\s+to|have\s+no\s+way\s+to)"
        rf"{ADVERB}\s+(?:tell|say|confirm|know|find|verify|help|give|recall|remember|share|check|see|answer)\b{IDIOM}",
    ),
    Cue(
        "nobody no none",
        rf"\b(?:nobody|no\s+one|none\s+of\s+us)(?:\s+\w+)?{ADVERB}\s+(?:knows?|remembers?|(?:can|could"
        rf"|would|will|has|have){ADVERB}\s+(?:say|said|tell|told|know|answer|confirm|predict"
        r"|determine|verify|see|guess|recall|be\s+(?:sure|certain)))\b"
        r"(?!\s+(?:them\s+(?:better|apart)|apart|the\s+difference|better|more|you\s+apart))",
    ),
    Cue(
        "neither",
        r"\bneither\s+(?:can|could|do|did|would|have|am|will)\s+(?:i|we)\b"
        r"|\b(?:i|we)\s+(?:(?:can|could|will|would|do)\s+)?neither\b",
    ),
    Cue(
        f"not & {_FIRST}",
        rf"\b(?:i|we){ADVERB}\s+(?:can(?:\s*no|'?)t|could{NT}|do{NT}|won'?t|will{NT})\s*(?:[.,;!]|$)",
    ),
    Cue(
        "not never & see seen hear heard notice told",
        rf"\b(?:i|we){ADVERB}\s+(?:do{NT}|did{NT}|can(?:\s*no|')t|could{NT}|have{NT}|never|have\s+never)"
        rf"{ADVERB}\s+(?:been\s+)?(?:see|seen|hear|heard|notice|told)\b(?!\s+(?:why|how|any\s+(?:problem"
        r"|reason|issue|harm|need)|a\s+(?:problem|reason|need)|that\b|one\s+(?:in|with|like)|myself))"
        r"|\b(?:he|she|they|nobody|no\s+one)\s+(?:has\s+|have\s+)?(?:never\s+)?(?:told|informed)\s+me\b",
    ),
    Cue(
        "i & not never",
        rf"\bi{ADVERB}\s+(?:do{NT}|did{NT}|have{NT}|never){ADVERB}\s+(?:have|had|got|hold|keep|possess)"
        rf"(?!\s+{_OTHER_LACK})\b",
    ),
    Cue(
        "we & not",
        rf"\bwe{ADVERB}\s+(?:do{NT}|did{NT}|have{NT}){ADVERB}\s+(?:have|got|hold|keep|possess)\s+"
        rf"(?:[\w'-]+\s+){{0,4}}?{_LACK}",
    ),
    Cue(
        "no none nothing little zero neither",
        rf"\b(?:i|we){ADVERB}(?:'ve|\s+have|\s+had|\s+hold|'ve\s+had|\s+see|\s+found|\s+find"
        rf"|\s+can\s+\w+|\s+got){ADVERB}\s+(?:(?:got|had|seen|been\s+(?:given|told|shown))\s+)?{_NONE}",
    ),
    Cue("yet nothing", r"\b(?:i|we)\s+have\s+yet\s+to\b|\b(?:i|we)\s+know\s+nothing\b"),
    Cue(
        "not",
        rf"\bnot{ADVERB}\s+(?:sure|certain|aware|familiar|confident|clear|privy|acquainted|informed)\b"
        r"(?!\s+(?:if|whether)\s+you\b)",
    ),
    Cue(
        "unsure uncertain unaware unfamiliar clueless ignorant dark stumped loss lost blank",
        rf"\b(?:i|we){ADVERB}\s*{_BE}{ADVERB}\s+(?:unsure|uncertain|unaware|unfamiliar|clueless"
        r"|ignorant|in\s+the\s+dark|stumped|at\s+a\s+loss|lost|blank)\b|\bdrawing\s+a\s+blank\b"
        r"|^\W*(?:unsure|uncertain|clueless)\b",
    ),
    Cue(
        "dunno idk pass clue idea comment beats search notion foggiest faintest can do",
        r"^\W*pass\b|\b(?:dunno|idk|no\s+(?:earthly\s+)?(?:idea|clue|comment)\b(?!\s+(?:is|why\s+not)\b)|beats\s+me"
        r"|search\s+me|no\s+can\s+do)\b|(?:\bnot|n'?t|\bwithout)\s+(?:a|an|any|the)\s+(?:\w+est\s+)?"
        r"(?:clue|idea|notion|foggiest|faintest)\b",
    ),
    Cue(
        "guess knows know knew remember tell",
        r"\b(?:your|anyone'?s|anybody'?s)\s+guess\b|\bguess\s+is\s+as\s+good\b"
        r"|\b(?:how|why)\s+(?:would|should|could|can|will)\s+(?:i|we|anyone|anybody)\s+(?:possibly\s+)?"
        r"(?:know|tell|say|remember)\b|\b(?:who|god|heaven|goodness|lord)\s+knows\b"
        r"|\bwish\s+(?:i|we)\s+knew\b",
    ),
    Cue(
        "escape elude escapes eludes defeats stumps stumped baffles beats got lost slipped blank"
        " empty fails forget forgot forgotten",
        r"\b(?:escapes?|eludes?|defeats|stumps|stumped|baffles|beats|fails)\s+(?:me|us)\b"
        r"|\byou(?:'ve|\s+have)\s+(?:stumped|got)\s+me\b|\blost\s+on\s+(?:me|us)\b"
        r"|\bslipped\s+my\s+mind\b|\b(?:draw|drew|drawn|come\s+up|came\s+up|came\s+back"
        r"|come\s+back|turned\s+up)\s+(?:a\s+)?(?:blank|empty|nothing|short)"
        r"|\bi(?:'ve|\s+have)?(?:\s+\w+ly)?\s+(?:forget|forgot|forgotten)\b(?!\s+to\b)",
    ),
    Cue(
        "not & word rely quote",
        rf"\bdo{NT}\s+(?:take\s+my\s+word|rely\s+on\s+me)\b",
    ),
    # it would be a guess; anything I said would be invented
    Cue(
        "guess guessing guesswork speculation speculating speculative up invented invent inventing"
        " lying lie misleading irresponsible fabricating fiction dishonest unfair",
        r"\b(?:would|will|'d|might|may|could)\s+(?:only\s+|just\s+|merely\s+)?(?:be|have\s+to)\s+"
        r"(?:\w+\s+)?(?:a\s+)?(?:\w+\s+)?(?:guess\w*|speculati\w+|mak(?:e|ing)\s+(?:\w+\s+)?up|made\s+up"
        r"|invent\w*|lying|a\s+lie|mislead\w*|irresponsible|fabricat\w+|fiction|dishonest|unfair)\b",
    ),
    Cue(
        "rather sooner prefer leave steer",
        r"\b(?:rather|sooner|prefer)\s+(?:to\s+)?not\b|\bleave\s+(?:that|this|it)\s+(?:alone|there|to)\b"
        r"|\bsooner\s+say\s+nothing\b|\b(?:i|we)(?:'d|'ll|\s+would)?\s+(?:prefer|rather)\s+(?:to\s+)?"
        r"(?:leave|skip|refrain|avoid|pass|stay\s+out)\b|\bsteer\s+clear\b",
    ),
    # impossible for me to say; there's no way for me to look it up
    Cue(
        "impossible hard difficult tough tricky possible early soon way never",
        r"\b(?:impossible|hard|difficult|tough|tricky|not\s+possible|too\s+(?:early|soon)"
        r"|no\s+(?:\w+\s+)?way|never\s+possible)\b[^.;!?\n]{0,30}?\s(?:to|of)\s+(?:\w+ly\s+)?(?:say|tell"
        r"|know|knowing|telling|predict|judge|determine|confirm|verify|check|look|give|answer"
        r"|estimate|see|guess|work\s+out|identify|be\s+(?:sure|certain))\b",
    ),
    Cue(
        "no & way",
        r"\bno\s+(?:\w+\s+)?way\b[^.;!?\n]{0,20}?\b(?:i|we|anyone|anybody|you|one)\s+(?:can|could|would)\b",
    ),
    Cue(
        "beyond outside above within out exceeds past",
        r"\b(?:beyond|outside|above|not\s+within|out\s+of|exceeds|past)\s+(?:of\s+)?(?:what\s+(?:i|we)\b"
        r"|my\b|our\s+(?:scope|remit|knowledge|records?)|(?:the|this)\s+(?:\w+\s+)?(?:scope|remit)"
        r"|me\b|us\b)",
    ),
    Cue(
        "not",
        r"(?:\bnot|n'?t)\s+(?:something|a\s+(?:thing|question|matter|topic|figure|number|detail)"
        r"|anything|one|mine|ours|my\s+\w+)\s+(?:that\s+)?(?:(?:i|we)\b|for\s+me"
        r"|to\s+(?:say|give|share|tell|disclose))",
    ),
    Cue(
        "not never only & be are",
        rf"\b(?:can(?:\s*no|'?)t|could{NT}|will{NT}|can\s+only|are\s+never|is\s+never)\s+(?:be\s+)?"
        r"(?:\w+ly\s+)?(?:determined|confirmed|verified|answered|established|known|given|shared"
        r"|disclosed|told|stated|found|inferred|deduced|derived|seen|said|revealed|discussed"
        r"|furnished|supplied|located|traced|retrieved|calculated|computed|estimated|predicted)\b"
        r"(?!\s+(?:to|as|with\s+(?:food|water|milk))\b)",
    ),
    Cue(
        "no",
        r"\bno\s+(?:answer|figure|number|date|comment|information|value|promises?|guarantee)\s+"
        r"(?:can\s+be|from\s+me|will\s+be|could\s+be|i\s+can|that\s+i)\b"
        r"|\bno\s+(?:telling|knowing|saying)\b",
    ),
    Cue(
        "without until unless",
        r"\b(?:without|until|unless)\s+[^.;!?\n]{2,60}?[\s,](?:i|we|nobody|no\s+one)(?:'d|\s+(?:would"
        rf"|could|{NEGATIVE}|am|have|'m|might))\b",
    ),
    Cue(
        "be & me right wrong",
        rf"\b(?:would|'d|could)(?:{NT})?\s+be\s+(?:\w+ly\s+)?(?:right|wrong|fair|unfair|proper|improper"
        r"|inappropriate|appropriate|irresponsible|wise|unwise|honest|dishonest)\s+(?:of|for)\s+(?:me|us)\b",
    ),
    Cue(
        "you & not",
        rf"\byou\s+(?:have|did|do){NT}\s+(?:said|say|told|tell|attach\w*|specif\w+|mention\w*|given?"
        r"|provide\w*|include\w*|share\w*|paste\w*|upload\w*|sent|send|state\w*)\b",
    ),
    Cue(
        "my our & not ends ended cut cutoff stops stop only fails has is predates hazy gaps",
        r"\b(?:my|our)\s+(?:training|knowledge|data|memory|information|records?|notes?|sources?)\b"
        rf"[^.;!?\n]{{0,60}}\b(?:does{NT}|do{NT}|ends?|ended|cut\s?-?off|stops?|only|fails?|has\s+no"
        r"|have\s+no|is\s+limited|predates?|gaps?|is\s+hazy)\b",
    ),
    Cue(
        f"have need & {_FIRST} i'd we'd i'll we'll",
        r"\b(?:i|we)(?:'d|'ll|\s+would|\s+will)?\s+(?:first\s+)?(?:have|need)\s+to\s+(?:ask|know|check|look"
        r"|defer|refer|dig|enquire|inquire|review|study|contact|find\s+out|consult|see|verify|confirm)\b",
    ),
    Cue(
        "only just limited expertise scope remit role job",
        r"\bi\s+(?:only\s+(?:have|see|know|got)|have\s+only)\b|\b(?:my|our)\s+(?:expertise|scope"
        r"|remit|role|job)\s+(?:is|ends|stops|only)\b|\bthis\s+\w+\s+only\s+(?:answers?|handles?|deals?|covers?)"
        r"\b|\bi(?:'m|\s+am)?\s+(?:only|just)\s+(?:an?\s+\w+\s+(?:assistant|bot|clerk|agent)|handle|deal"
        r"|cover|know\s+about|answer|help\s+with)\b",
    ),
)
