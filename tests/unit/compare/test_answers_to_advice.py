"""From answers to findings and advice, on a run whose truth is known."""

import pytest
from claims_factory import BASE, EVERYONE, FACTS, FOUND, GOLD, HOUSE, STALE, STYLE, TUNED
from compare_factory import answers_of, cases_of

from harness.compare.advice import advise
from harness.compare.evidence import Basis
from harness.compare.findings import find
from harness.compare.paired import compare
from harness.compare.summaries import summarise

N = 36


def every(share: float) -> list[float]:
    """A fixed pattern of 0 and 1 with this share of ones, the same for all candidates."""
    return [float((7 * i) % N < share * N) for i in range(N)]


def only_unchanged(share: float) -> list[float]:
    return [hit if i >= N // 2 else 0.0 for i, hit in enumerate(every(share))]


@pytest.fixture(scope="module")
def run():
    style_cases = cases_of(N, task="s")
    tags = {i: ("changed",) if i < N // 2 else ("unchanged",) for i in range(N)}
    fact_cases = cases_of([f"f{i}" for i in range(N)], task="r", tags=tags)
    style = {BASE: 0.05, HOUSE: 0.4, FOUND: 0.05, GOLD: 0.05}
    style_columns = {c.name: {STYLE.name: every(style.get(c, 0.95))} for c in EVERYONE}
    fact_columns = {}
    for candidate in EVERYONE:
        if candidate.context != "none":
            current = every(0.9 if candidate.context == "gold" else 0.85)
        else:
            current = only_unchanged(0.95 if candidate is TUNED else 0.0)
        stale = [float(candidate is TUNED and i < N // 2 and i % 4 > 0) for i in range(N)]
        fact_columns[candidate.name] = {FACTS.name: current, STALE.name: stale}
    answers = answers_of(style_cases, style_columns) + answers_of(fact_cases, fact_columns)
    cases = [*style_cases, *fact_cases]
    metrics = [STYLE, FACTS, STALE]
    summaries = summarise(answers, cases, metrics, EVERYONE)
    comparisons = compare(answers, cases, metrics, EVERYONE)
    basis = Basis(comparisons, summaries, metrics, EVERYONE, ["s", "r"])
    return find(basis), advise(basis)


def test_each_claim_gets_the_answer_that_was_planted(run):
    found = {(f.claim, f.candidate): f.answer for f in run[0]}
    assert found == {
        ("Fine-tuning teaches house style", "tuned"): "supported",
        ("Fine-tuning teaches facts that stay as they were", "tuned"): "supported",
        ("Knowledge is frozen at training time", "tuned"): "supported",
        ("Retrieved passages fix outdated knowledge", "found"): "supported",
        ("Retrieved passages fix outdated knowledge", "tuned+found"): "supported",
        ("The right passages fix outdated knowledge", "given"): "supported",
        ("The adapter's weights alone miss facts that changed", "tuned"): "supported",
        ("The retriever loses answers", "given"): "not shown",
        ("The retriever loses answers", "tuned+given"): "not shown",
        ("The adapter keeps reading context", "tuned+given"): "not shown",
        ("The adapter keeps its style while reading context", "tuned+found"): "supported",
        ("Reading a passage costs the adapter its style", "tuned+found"): "not shown",
        ("Fine-tuning beats prompting", "tuned"): "supported",
    }


def test_every_sentence_carries_its_interval_and_n(run):
    for finding in run[0]:
        assert "95 % interval" in finding.sentence
        assert f"n = {finding.n})" in finding.sentence


def test_the_advice_is_to_fine_tune_for_style_and_retrieve_for_facts(run):
    style, facts, overall = run[1]
    assert style.startswith("For style, use tuned (s.all in s: ")
    assert facts.startswith("For facts, use found (r.current in r: ")
    assert overall.startswith("Fine-tuning for style; RAG for facts. One for all: tuned+found ")
