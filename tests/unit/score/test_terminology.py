"""Glossary terms: hits, forbidden variants, inflections, overlaps."""

import pytest

from harness.protocols import Resources
from harness.records import Answer, Case, Score, Term
from harness.score.terminology import Terminology, stem

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
