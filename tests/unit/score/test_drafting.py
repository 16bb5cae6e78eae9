"""Drafting: defined terms and cross-references, on general English contracts."""

import time

import pytest

from harness.protocols import Resources
from harness.records import Answer, Case, Score, Term
from harness.score.contract import definitions, plain
from harness.score.crossrefs import parts_of, references
from harness.score.drafting import Drafting

NOTHING = Resources()
GLOSSARY = Resources(glossary=(Term("Company"), Term("Notice Period")))
SOUND = """SERVICE AGREEMENT
This Agreement is made between Ravi Kumar of Pune (the "Employee") and Acme Looms Private Limited, \
a company in Surat (the "Company").
1. Definitions. In this Agreement:
"Confidential Information" shall mean all secrets of the Company.
“Notice Period” means 30 days.
2. Notice
2.1 The Employee shall serve the Notice Period in full.
2.2 The Employee shall guard Confidential Information as clause 2.1 and section 27 of the Indian \
Contract Act, 1872 require:
(a) in India; and
(b) abroad, subject to clause 2.2(a) and to the courts at New Delhi."""


def judged(text: str, reference: str = "", resources: Resources = NOTHING) -> dict[str, Score]:
    case = Case("c", "t", "q", reference, "c")
    scores = Drafting({}, resources).score(case, Answer("r", text))
    return {score.metric.removeprefix("drafting."): score for score in scores}


def values(text: str, reference: str = "") -> dict[str, float | None]:
    return {name: score.value for name, score in judged(text, reference).items()}


def terms(text: str) -> list[str]:
    return [one.term for one in definitions(plain(text))]


def test_a_sound_contract_is_clean() -> None:
    assert set(values(SOUND).values()) == {1.0}


@pytest.mark.parametrize(
    "old, new, kind, said",
    [
        ("guard Conf", "guard the Client List and Conf", "defined", "Client List"),
        ("The Employee shall serve the Notice Period in full.", "None.", "used", "Notice Period"),
        (
            "“Notice Period” means 30",
            '"Employee" means A. “Notice Period” means 30',
            "once",
            "2",
        ),
        ("1. Definitions.", "1. The Notice Period is short. Definitions.", "ordered", "Notice Per"),
        ("serve the Notice Period in", "serve the notice period in", "cased", "notice period"),
        ("2.2 The Employee", "2.2 the employee", "cased", "employee"),
        ("as clause 2.1 and", "as clause 2.3 and", "references", "clause 2.3"),
        ("clause 2.2(a) and", "clause 2.2(c) and", "references", "2.2(c)"),
        ("clause 2.2(a) and", "Schedule B and", "references", "Schedule B"),
    ],
)
def test_a_planted_fault_is_found_and_quoted(old: str, new: str, kind: str, said: str) -> None:
    assert old in SOUND
    scores = judged(SOUND.replace(old, new))
    assert scores["clean"].value == 0.0
    assert scores[kind].value == 0.0
    assert said in scores[kind].reason
    others = {name for name, score in scores.items() if score.value == 0.0} - {"clean", kind}
    assert others <= {"used"}  # a term that lost its only use, too


@pytest.mark.parametrize(
    "text, found",
    [
        ('"Employee" means a person.', ["Employee"]),
        ("“Confidential Information” shall mean it.", ["Confidential Information"]),
        ('Ann (the "Employee") and Acme ("Acme")', ["Employee", "Acme"]),
        ('(each a "Party" and together the "Parties")', ["Party"]),
        ('(hereinafter referred to as the "Lessor")', ["Lessor"]),
        ('hereinafter called the "Lessor", shall', ["Lessor"]),
        ("(the Lessor)", ["Lessor"]),
        ("**Employee** means a person.", ["Employee"]),
        ('the house (the **"House"**)', ["House"]),
        ("'Tenant' means Ann and 'Rent' means £100.", ["Tenant", "Rent"]),
        ("Handover Note means the list.", ["Handover Note"]),
        ('"Fee" and "Price" mean money.', ["Fee", "Price"]),
        ('"Fee": the sum of ₹ 100.', ["Fee"]),
        ('He said "Hello" to the "Team".', []),
        ("The tenant's cat (the big one) slept.", []),
        ('Use a form (see "Form A" there).', []),
    ],
)
def test_definitions_are_read_in_their_usual_forms(text: str, found: list[str]) -> None:
    assert terms(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "The office in New York opens on a Monday in March under the laws of England.",
        "The Payment of Bonus Act, 1965 and the High Court of Bombay decide.",
        "Grade 2 analysts meet Mr Ravi Kumar and the GST officer at Connaught Place.",
        "This Agreement binds both. This Deed is short.",
        "# Notice And Handover\nNOTICE\nNotice Period\nall of it",
        "1. Notice Period. It is short.\n2. Working Hours: they are long.",
        "Sexual Harassment of Women at Workplace (Prevention and Redressal) Act, 2013.",
    ],
)
def test_names_headings_and_statutes_are_no_terms(text: str) -> None:
    assert judged(text)["defined"].value in (1.0, None)


@pytest.mark.parametrize(
    "text, missing",
    [
        ("1. Pay.\n2. Wait, as clause 1 says.", []),
        ("1. Pay.\n2. Wait, as clauses 1, 2 and 4 say.", [("4",)]),
        ("Article II. Pay as Article III says.\nArticle III: Go.", []),
        ("1.1 Pay.\n1.2 See Section 1 and paragraph (b).", [("b",)]),
        ("1. Pay:\n(a) now; or\n(b) later.\n2. See clause 1(b).", []),
        ("1. See section 5 of the Payment of Wages Act, 1936.", []),
        ("1. See the Factories Act, 1948, section 79(1).", []),
        ("1. See clause 9 of the Master Supply Agreement.", []),
        ("1. See clause 9 of this Agreement.", [("9",)]),
        ("1. See clause 9 above.", [("9",)]),
        ("1. See Annexure A.\nAnnexure A - Prices", []),
        ("1. See Exhibit C.", [("exhibit", "c")]),
        ("(a) Pay.\n(h) Go.\n(i) Stay.\n(j) See clause (i).", []),
    ],
)
def test_references_are_held_against_the_parts(text: str, missing: list[tuple[str, ...]]) -> None:
    parts = parts_of(text)
    assert [one.label for one in references(text) if one.label not in parts] == missing


def test_glossary_terms_count_as_defined_and_keep_their_capitals() -> None:
    text = "1. The Company shall observe the Notice Period."
    assert judged(text)["defined"].value == 0.0
    assert judged(text, resources=GLOSSARY)["clean"].value == 1.0
    lower = judged("1. The Company shall observe the notice period.", resources=GLOSSARY)
    assert lower["cased"].value == 0.0
    none = Drafting({"defined": []}, GLOSSARY).score(Case("c", "t", "", "", "c"), Answer("r", text))
    assert none[0].value == 0.0
    both = Drafting({"defined": ["glossary", "Handbook"]}, GLOSSARY)
    more = Answer("r", f"{text} So does the Handbook.")
    assert both.score(Case("c", "t", "", "", "c"), more)[0].value == 1.0


def test_a_heading_may_have_a_label_of_the_house() -> None:
    text = 'Topic - what the Work Product is\n1. A "Bale" means ten rolls. The Bale is sold.'
    case = Case("c", "t", "", "", "c")
    assert Drafting({}, Resources()).score(case, Answer("r", text))[0].value == 0.0
    told = Drafting({"headings": ["Topic -"]}, Resources())
    assert told.score(case, Answer("r", text))[0].value == 1.0


def test_an_answer_that_drafts_nothing_is_not_clean_where_the_reference_defines() -> None:
    reference = '1. "Bale" means ten rolls.\n2. The Bale of clause 1 is sold.'
    assert judged(reference, reference)["clean"].value == 1.0
    said = judged("Sure, here is some text.", reference)["clean"]
    assert said.value == 0.0
    assert "defines no term" in said.reason
    assert "no cross-reference" in said.reason
    assert judged("Sure, here is some text.")["clean"].value == 1.0


def test_an_empty_answer_is_worst_and_a_fault_of_the_engine_is_none() -> None:
    assert set(values("  \n").values()) == {0.0}
    case = Case("c", "t", "", "", "c")
    failed = Drafting({}, Resources()).score(case, Answer("r", "", finish="error", error="oom"))
    assert {score.state for score in failed} == {"error"}


def test_what_is_pointed_ahead_to_is_not_used_too_early() -> None:
    text = '1. The Bonus (as defined in clause 2) falls.\n2. "Bonus" means ₹ 10. A Bonus is due.'
    assert judged(text)["ordered"].value == 1.0


def test_wrong_options_are_named() -> None:
    with pytest.raises(ValueError, match="did you mean 'defined'"):
        Drafting({"define": []}, Resources())
    with pytest.raises(ValueError, match="headings is 3"):
        Drafting({"headings": 3}, Resources())
    with pytest.raises(ValueError, match="defined is"):
        Drafting({"defined": [1]}, Resources())


@pytest.mark.parametrize("text", ["Aa " * 7000, '("' * 8000, "1. (a) " * 3000, '"Aa" and ' * 2500])
def test_hostile_texts_take_no_time(text: str) -> None:
    began = time.perf_counter()
    judged(text)
    assert time.perf_counter() - began < 2
