"""Glossary terms: hits, forbidden variants, inflections, overlaps."""

import json
from pathlib import Path
from typing import Any

import pytest

from harness.protocols import Resources
from harness.records import Answer, Case, Score, Term
from harness.score.lemmas import stem
from harness.score.terminology import Terminology

GLOSSARY = (
    Term("Employee", forbidden=("worker", "staff member")),
    Term("Party"),
    Term("Notice of Termination", forbidden=("termination letter", "Employee letter")),
    Term("Service Fee", forbidden=("fee",)),
)


def scored(text: str, *terms: str, glossary: tuple[Term, ...] = GLOSSARY) -> dict[str, Score]:
    scorer = Terminology({}, Resources(glossary=glossary))
    scores = scorer.score(Case("c", "t", "", "", "c", terms=terms), Answer("r", text))
    return {score.metric.removeprefix("terminology."): score for score in scores}


def test_success_is_the_share_of_required_terms() -> None:
    found = scored("The employee signs.", "Employee", "Party")
    assert found["success"].value == 0.5
    assert '"Party"' in found["success"].reason


@pytest.mark.parametrize(
    "text", ["Employees", "the EMPLOYEE's", "employees'", "the employee\u2019s duty", "Employee."]
)
def test_plural_possessive_and_case_count(text: str) -> None:
    assert scored(text, "Employee")["success"].value == 1.0


def test_a_head_noun_may_be_plural() -> None:
    text = "Both Parties send Notices of Termination."
    assert scored(text, "Party", "Notice of Termination")["success"].value == 1.0


def test_a_word_that_only_contains_the_term_does_not_count() -> None:
    assert scored("The partying employment", "Party", "Employee")["success"].value == 0.0


def test_each_occurrence_is_consumed_once() -> None:
    assert scored("One Party only.", "Party", "Party")["success"].value == 0.5
    assert scored("A Party and a Party.", "Party", "Party")["success"].value == 1.0


def test_a_preferred_term_inside_a_forbidden_phrase_does_not_count() -> None:
    found = scored("Send the Employee letter.", "Employee")
    assert found["success"].value == 0.0
    assert found["forbidden"].value == pytest.approx(250.0)


def test_a_forbidden_word_inside_a_preferred_phrase_does_not_count() -> None:
    found = scored("The Service Fee is due.", "Service Fee")
    assert (found["success"].value, found["forbidden"].value) == (1.0, 0.0)


def test_both_forms_of_a_term_are_inconsistent() -> None:
    found = scored("The Employee is a worker.")
    assert found["consistent"].value == 0.0
    assert '"worker"' in found["consistent"].reason


def test_a_variant_that_differs_only_in_capitals_is_told_by_them() -> None:
    glossary = (Term("Company", forbidden=("company",)),)
    assert scored("the company", "Company", glossary=glossary)["success"].value == 0.0
    assert scored("the Company", "Company", glossary=glossary)["forbidden"].value == 0.0


def test_capitals_are_a_diagnostic_of_their_own() -> None:
    assert scored("the employee and the Employees")["cased"].value == 0.5


def test_a_case_without_terms_is_unmeasured_for_success_only() -> None:
    found = scored("The worker.")
    assert found["success"].state == "unmeasured"
    assert found["forbidden"].value == 500.0


def test_a_required_term_outside_the_glossary_counts() -> None:
    assert scored("The Royalty is due.", "Royalty", glossary=())["success"].value == 1.0


def test_an_empty_answer_is_measured_and_worst() -> None:
    found = scored(" ", "Employee")
    values = (found["success"].value, found["forbidden"].value, found["consistent"].value)
    assert values == (0.0, 1000.0, 0.0)


def test_a_glossary_that_forbids_nothing_leaves_variants_unmeasured() -> None:
    found = scored("x", "Employee", glossary=(Term("Employee"),))
    assert found["forbidden"].state == found["consistent"].state == "unmeasured"


@pytest.mark.parametrize(
    "term, text",
    [
        ("terminate", "It was terminated; terminating it was right."),
        ("terminate", "She terminates it."),
        ("cancel", "The bus is cancelled."),
        ("pay", "He paid in March."),
        ("refund", "You will be refunded."),
        ("child", "Two children came."),
        ("write off", "The debt was written off."),
        ("subcontractor", "Each sub-contractor signs."),
        ("subcontractor", "The sub contractors sign."),
        ("sub-contractor", "The Subcontractor signs."),
        ("passer-by", "Passers-by stopped."),
        ("EMI", "Two EMIs are late."),
        ("Notice Period", "The **notice\nperiod** is short."),
        ("T&C", "By using it you accept the T&C."),
        (
            "\u0915\u0930\u094d\u092e\u091a\u093e\u0930\u0940",
            "\u0939\u0930 \u0915\u0930\u094d\u092e\u091a\u093e\u0930\u0940 \u0915\u094b",
        ),
    ],
)
def test_a_form_of_a_term_counts(term: str, text: str) -> None:
    assert scored(text, term, glossary=())["success"].value == 1.0


@pytest.mark.parametrize(
    "term, text",
    [
        ("Employee", "We employ many; the employer pays."),
        ("Agent", "The agency opens at nine."),
        ("Party", "Each part of the form."),
        ("Notice", "She noticed it, and noticing helps."),
        ("Notice", "You may notice that they notice."),
        ("Goods", "A good day."),
        ("Premises", "On that premise."),
        ("Training", "He trained well."),
        ("sell", "The seller and the best-seller."),
        ("front desk", "In front, desks are stacked."),
        ("Notice Period", "A notice.\n\nPeriod two."),
        ("knead", "You need it."),
        ("subcontractor", "The contractor signs below the sub."),
    ],
)
def test_a_word_that_only_looks_alike_does_not(term: str, text: str) -> None:
    assert scored(text, term, glossary=())["success"].value == 0.0


def test_a_noun_for_money_due_is_not_the_verb_but_a_subject_may_stand_before_it() -> None:
    assert scored("Send them notice.", "Notice", glossary=())["success"].value == 1.0
    assert scored("He is entitled to Leave.", "Leave", glossary=())["success"].value == 1.0


def test_other_languages_have_dictionaries_of_their_own() -> None:
    lent = Resources(glossary=(Term("Vertrag", forbidden=("Abmachung",)),))
    case = Case("c", "t", "", "", "c", terms=("Vertrag",))
    answer = Answer("r", "Die Vertr\u00e4ge und die Abmachungen.")
    german = Terminology({"language": "de"}, lent).score(case, answer)
    assert [score.value for score in german][:2] == [1.0, 200.0]


def test_a_language_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="language is 'english'"):
        Terminology({"language": "english"}, Resources())


GRADED = Path(__file__).parents[2] / "graders" / "terminology_tune.jsonl"


def found(row: dict[str, Any], *, language: str = "en") -> tuple[list[str], list[str]]:
    """What the scorer finds in a labelled row: preferred terms used, forbidden forms used."""
    glossary = tuple(
        Term(entry["preferred"], forbidden=tuple(entry["forbidden"])) for entry in row["glossary"]
    )
    scorer = Terminology({"language": language}, Resources(glossary=glossary))
    hits, _ = scorer.find(row["answer"], tuple(row["required"]))
    used = {hit.form.term for hit in hits if not hit.form.forbidden}
    return sorted(used), sorted(hit.form.text for hit in hits if hit.form.forbidden)


def test_labelled_answers_are_read_as_their_labels_say() -> None:
    rows = [json.loads(line) for line in GRADED.read_text(encoding="utf-8").splitlines()]
    right = [
        found(row) == (sorted(set(row["label"]["used"])), sorted(row["label"]["forbidden"]))
        for row in rows
    ]
    assert len(rows) >= 100
    assert sum(right) / len(rows) >= 0.95


def test_an_option_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="glossry"):
        Terminology({"glossry": 1}, Resources())


@pytest.mark.parametrize(
    "word, expected",
    [
        ("Parties", "party"),
        ("boxes", "box"),
        ("leases", "lease"),
        ("clauses", "clause"),
        ("Classes", "class"),
        ("business", "business"),
        ("status", "status"),
        ("fees", "fee"),
        ("notices", "notice"),
    ],
)
def test_stems(word: str, expected: str) -> None:
    assert stem(word) == stem(expected)
