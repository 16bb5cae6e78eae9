"""Words of a text as the trained readers see them: as themselves, and as the class they are of."""

import re
from functools import lru_cache

_CLASSES = {
    "NEG": "not no never none nothing nobody neither nor without cannot can't cant don't dont "
    "doesn't doesnt didn't didnt isn't isnt aren't wasn't weren't won't wont wouldn't "
    "couldn't couldnt shouldn't haven't hasn't hadn't ain't nowhere hardly barely unable "
    "nahi nahin nahii nai nhi kein keine nicht lacks lacking lack fails failed nope nah "
    "mustn't needn't zero",
    "DARK": "unknown unclear uncertain unspecified undisclosed unavailable unconfirmed undecided "
    "inconclusive ambiguous missing absent omitted omits blank illegible unreadable "
    "redacted redacts withheld confidential secret sealed silent empty pending tba tbd "
    "tbc unanswered undetermined unlisted unpublished unrecorded unresolved indeterminate "
    "unstated unfilled torn smudged faded truncated anyone's nobody's beats stumped mum "
    "garbled corrupted cropped unsettled unpriced silence mystery murky void n/a",
    "SPK": "i i'm im i've i'd i'll we we're we've we'd we'll me us my our mine myself ourselves "
    "main mujhe hum mere hamare humein mai assistant ai bot chatbot",
    "YOU": "you your you're you'd you'll yours yourself aap aapko aapke aapka aapki u ur",
    "KNOW": "know knew known knows knowing knowledge sure certain aware unaware unsure idea clue "
    "inkling notion recall remember memory familiar confident pata maloom guess guessing "
    "speculate speculation certainty faintest foggiest",
    "TELL": "say says saying tell tells telling state states stated mention mentions mentioned "
    "give gives given giving provide provides provided specify specifies specified "
    "indicate indicates share shares disclose discloses reveal reveals list lists listed "
    "show shows shown contain contains include includes cover covers covered answer "
    "answers answered comment comments advise describe describes explain explains name "
    "names named reproduce reproduced address addresses addressed discuss discusses quote "
    "quotes print printed publish published set spell spells touch touches batana bata "
    "bataya likha quoted stating recorded records reports reported assigned addressing "
    "discussed",
    "FIND": "find found locate see seen look looked search searched access open trace read "
    "retrieve pull verify determine establish identify view confirm confirmed pinpoint "
    "lookup spot dig tracked infer inferred deduce derive calculate compute judge decide "
    "tell-apart dikhai mila milta predict estimate say-for-certain conclude vouch",
    "SRC": "passage passages document documents text context information info data detail "
    "details record records file files database manual leaflet page pages article section "
    "clause report paper notes note source sources material materials extract excerpt "
    "handbook brochure circular notice table sheet schedule contract agreement letter "
    "email website site system log logs register ledger minutes map menu invoice receipt "
    "guide catalogue listing entry entries snippet screenshot attachment photo image "
    "transcript bulletin timetable form edition archive documentation docs readme policy "
    "statement feed copy folder card flyer wiki portal faq resources paragraph chapter "
    "knowledge-base jaankari correspondence order tender label memo prospectus syllabus "
    "index appendix footnote annexure scan",
    "ASK": "ask contact call check consult refer visit speak write enquire inquire approach try "
    "phone ring email message dial poochiye poochhiye talk confirm-with turn redirect "
    "direct forward raise",
    "WHO": "office desk team support staff manager department authority doctor pharmacist lawyer "
    "advocate solicitor expert specialist professional counter helpline officer registrar "
    "vet dentist gp reception hr bank provider landlord accountant ministry council clerk "
    "physician supervisor secretary expert's customer-service centre adviser advisor "
    "engineer colleague colleagues branch dealer",
    "MAY": "can could may might would should shall must able",
    "WILL": "will later soon announced shortly upcoming due eventually tomorrow announce notified",
    "HELP": "help assist comply assistance helping assisting support-you advice",
    "SORRY": "sorry apologies apologise apologize unfortunately regret afraid alas pardon "
    "regrettably maaf regrets sadly",
    "BUT": "but however although though nevertheless whereas lekin par magar except",
    "NOW": "now currently today presently current latest present nowadays since new newest "
    "recent recently abhi ab effective today's these",
    "PAST": "was were had previously formerly earlier old former used once originally initially "
    "past before pehle pahle previous outdated obsolete superseded stood older ago back "
    "expired lapsed",
    "UNTIL": "until till upto prior through",
    "OR": "or either whether maybe perhaps possibly depending depends versus vs some others "
    "another conflicting conflict contradict disagree differ ya both two",
    "CHANGE": "changed raised increased cut lowered reduced replaced moved became rose went "
    "dropped extended revised amended updated raise increase change grew fell doubled halved "
    "shortened renamed scrapped abolished dropped gave takes took replaces changes "
    "retired left stepped succeeded handed",
    "DENY": "wrong incorrect false untrue mistaken mistake error ignore disregard forget dont-use "
    "rather instead longer myth confuse confused mixing",
    "IS": "is are be been being hai hain it's that's there's he's she's stands remains stays",
    "YES": "yes yeah yep yup haan ji correct indeed definitely absolutely true",
    "WH": "what when where who which whose how why whom",
    "ANY": "any anything anyone anybody anywhere specific exact particular exactly actual concrete",
    "PLEASE": "please kindly kripya",
    "THEY": "he she they him her them his their minister regulator company court witness author "
    "authors spokesperson spokesman police defendant",
    "SEEM": "think believe suspect reckon probably likely roughly approximately about around say- "
    "so typically usually generally normally often presumably assume imagine bet suppose "
    "seems",
    "MORE": "send paste upload attach share-the clarify rephrase specify-which elaborate resend "
    "provide-me",
    "WONT": "refuse refuses decline declines declined refused refrain rather comfortable "
    "appropriate illegal unethical dangerous harmful unsafe prefer pass against",
    "OF": "the a an of to in for on at by with from this that it as and",
    "COURT": "hello hi dear thank thanks welcome regards namaste great question happy glad "
    "appreciate understand sincerely hope cheers",
    "TIME": "monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays "
    "thursdays fridays saturdays sundays noon midnight morning evening afternoon tonight "
    "january february april june july august september october november december daily "
    "weekly monthly yearly annually weekend weekends spring summer autumn winter kal aaj "
    "subah shaam o'clock immediately forever always",
    "UNIT": "day days week weeks month months year years hour hours minute minutes second seconds "
    "rupees rupee dollars dollar euros euro pounds pound percent pence cents kg km metres "
    "metre miles grams mg ml litres degrees gb mb pm din hafte mahine saal ghante rupaye "
    "per",
    "DO": "go click press enter fill submit bring take use add remove turn select choose follow "
    "wait keep put pay bake boil stir mix restart reset install run apply sign return "
    "collect cut wash buy avoid stop start leave skip hold log switch drink eat walk "
    "show-up store",
    "ALLOW": "allowed permitted possible accepted refundable valid eligible required necessary "
    "forbidden prohibited banned free included entitled safe closed open cancelled "
    "rejected refused-entry available",
    "NUM": "one three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty "
    "ninety hundred thousand lakh crore million dozen half third quarter twice double "
    "once-a",
}
CLASS: dict[str, str] = {word: name for name, words in _CLASSES.items() for word in words.split()}
"""The class of a word in lower case."""

MARK = {"?": "QM", "!": "XM", '"': "QUOTE", ":": "COLON", "%": "UNIT", ";": "SEMI"}
TOKEN = re.compile(r"[^\W\d_]+(?:['/][^\W\d_]+)*|\d[\d.,:/-]*|[?!\":%;.\n,()]")
_ENDINGS = re.compile(r"(?:ing|ed|es|s|ly|'s)$")


@lru_cache(maxsize=32_768)
def stem(word: str) -> str:
    """A word without its common endings, to tell that two words are forms of one."""
    if len(word) < 5:
        return word
    short = _ENDINGS.sub("", word)
    return short[:8] if len(short) > 2 else word
