"""The legal suite's drafts, renamed terms, decoys and retrieval, judged by the harness itself."""

import re
from pathlib import Path

import pytest

from harness.records import Suite
from harness.retrieve.search import corpus, find
from harness.suite.check import check
from harness.suite.facts import at
from harness.suite.load import load

LEGAL = Path(__file__).resolve().parents[3] / "suites" / "legal"
FORM = re.compile(
    r"\ASECTION: [A-Z][A-Z -]+\n1\. In this Section, [^\n]+\.\n2\. [^\n]+\.\n3\. [^\n]+\.\n"
    r"4\. [^\n]+\.\nSubject to the Handbook\.\Z"
)


@pytest.fixture(scope="module")
def full() -> Suite:
    return load(LEGAL, "full")


def tagged(suite: Suite, task: str, tag: str) -> int:
    cases = next(one.cases for one in suite.tasks if one.name == task)
    return sum(tag in case.tags for case in cases)


def test_every_section_defines_terms_and_refers_to_its_clauses(full: Suite) -> None:
    drafts = [row.output for row in full.train if "agreements" in row.tags]
    drafts += [
        case.reference for one in full.tasks if one.name == "agreements" for case in one.cases
    ]
    assert len(drafts) > 1000
    for text in drafts:
        assert FORM.search(text), text
        assert re.search(r'"[A-Z][^"]+" means ', text), text
        assert re.search(r"\bclause [123]\b", text), text


def test_references_are_clean_and_an_empty_answer_is_not(full: Suite) -> None:
    assert check(full) == []


def test_both_profiles_load_and_quick_stays_small(full: Suite) -> None:
    quick = load(LEGAL, "quick")
    assert len(quick.train) == 200
    assert {row.id for row in quick.train} <= {row.id for row in full.train}
    asked = sum(len(one.cases) * len(one.candidates or quick.candidates) for one in quick.tasks)
    assert asked < 1000
    for one in quick.tasks:
        assert 12 <= len(one.cases) <= 60, one.name
    assert [one.name for one in quick.expectations] == [one.name for one in full.expectations]


def test_slices_tell_families_from_terms(full: Suite) -> None:
    counts = {
        tag: tagged(full, "clauses", tag)
        for tag in ("family-trained", "family-held-out", "terms-trained", "terms-held-out")
    }
    assert counts["terms-trained"] + counts["terms-held-out"] == counts["family-held-out"]
    assert min(counts.values()) >= 30
    terms = {term.preferred: term.trained for term in full.glossary}
    for case in next(one.cases for one in full.tasks if one.name == "clauses"):
        untrained = [term for term in case.terms if not terms[term]]
        assert bool(untrained) == ("terms-held-out" in case.tags), case.id


def test_a_renamed_term_is_trained_under_its_old_name_and_asked_under_its_new(full: Suite) -> None:
    facts = {fact.id: fact for fact in full.facts}
    changed = [c for one in full.tasks if one.name == "renamed" for c in one.cases]
    assert {"changed", "unchanged"} <= {tag for case in changed for tag in case.tags}
    for case in changed:
        assert case.fact
        assert full.trained_until
        assert full.as_of
        fact = facts[case.fact]
        old, new = at(fact, full.trained_until), at(fact, full.as_of)
        assert old
        assert new
        assert new.value in case.reference
        assert (old.value in case.reference) == ("unchanged" in case.tags)
        shown = [row.output for row in full.train if row.fact == case.fact]
        assert len(shown) == fact.exposures
        assert all(old.value in text for text in shown)
        assert old.value == new.value or not any(new.value in text for text in shown)


def test_a_request_for_a_draft_never_says_the_term(full: Suite) -> None:
    for one in full.tasks:
        for case in one.cases:
            if one.name == "renamed" and "draft" in case.tags:
                said = case.input.casefold()
                assert not any(term.casefold() in said for term in case.terms), case.id


def test_word_search_misses_some_gold_and_finds_most(full: Suite) -> None:
    cases = next(one.cases for one in full.tasks if one.name == "recency")
    pieces = corpus(full.documents, full.as_of, full.retrieval)
    found = find(pieces, [case.input for case in cases], full.retrieval, 3, None)
    first = [passages[0].document in case.gold for case, passages in zip(cases, found, strict=True)]
    same = [ok for ok, case in zip(first, cases, strict=True) if "paraphrased" not in case.tags]
    assert 0.6 < sum(same) / len(same) < 0.9
    assert 0.4 < sum(first) / len(first) < 0.8


def test_look_alikes_state_no_value_of_a_rule(full: Suite) -> None:
    values = {version.value for fact in full.facts for version in fact.versions}
    values |= {value for fact in full.facts for value in fact.placebo}
    decoys = [page for page in full.documents if not page.facts]
    assert len(decoys) >= 25
    for page in decoys:
        said = [
            v for v in values if re.search(rf"(?<![\w,.]){re.escape(v)}(?![\w]|[,.]\d)", page.text)
        ]
        assert said == [], page.id
