"""ROUGE as rouge-score computes it, on any script."""

import random

import pytest
from rouge_score.rouge_scorer import RougeScorer

from harness.protocols import Resources
from harness.records import Answer, Case
from harness.score.rouge import Rouge, rouge_l


def values(reference: str, text: str) -> list[float | None]:
    case = Case("c", "t", "", reference, "c")
    return [score.value for score in Rouge({}, Resources()).score(case, Answer("a", text))]


def test_ascii_text_scores_as_rouge_score_itself() -> None:
    reference, text = "The tenant shall_pay 5% rent, on time.", "Rent: the tenant pays on time"
    plain = RougeScorer(["rouge1", "rouge2", "rougeL"]).score(reference, text)
    expected = [plain[name].fmeasure for name in ("rouge1", "rouge2", "rougeL")]
    assert values(reference, text) == pytest.approx(expected)


def test_the_longest_common_subsequence_is_that_of_the_package() -> None:
    draw = random.Random(7)
    package = RougeScorer(["rougeL"])
    for _ in range(300):
        texts = ["".join(draw.choices("abc", k=draw.randrange(90))) for _ in range(2)]
        expected = package.score(*map(" ".join, texts))["rougeL"].fmeasure
        assert rouge_l(*texts) == pytest.approx(expected, abs=1e-12)


def test_the_reference_scores_one_and_an_empty_answer_zero() -> None:
    assert values("A b c.", "a B c") == [1.0, 1.0, 1.0]
    assert values("A b c.", "") == [0.0, 0.0, 0.0]


def test_other_scripts_are_measured() -> None:
    assert values("Überfälle größer", "überfälle größer") == [1.0, 1.0, 1.0]


def test_a_case_without_reference_is_unmeasured() -> None:
    scores = Rouge({}, Resources()).score(Case("c", "t", "", " ", "c"), Answer("a", "x"))
    assert {score.state for score in scores} == {"unmeasured"}


def test_every_metric_is_a_diagnostic() -> None:
    assert all(metric.diagnostic and metric.need == "other" for metric in Rouge.metrics)
