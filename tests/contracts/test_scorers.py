"""What every registered scorer must do, whatever it measures."""

from datetime import date
from pathlib import Path

import pytest

from harness import registry
from harness.protocols import Resources, Scorer
from harness.records import Answer, Case, Fact, Judgement, Passage, Row, Term, Version
from harness.score.judge import key_of

FACT = Fact("f", "returns", "window", (Version("30 days", date(2020, 1, 1)),), placebo=("9 days",))
REFERENCE = "The Customer shall return goods within 30 days."
RESOURCES = Resources(
    facts={"f": FACT},
    glossary=(Term("Customer", forbidden=("client",)),),
    style={"rules": [{"name": "shall", "kind": "modal", "use": "shall"}]},
    train=(Row("1", "x", "The Customer shall pay within 5 days."),),
    references=(REFERENCE,),
    judged={key_of("c", REFERENCE): Judgement(("A", "B"), ("A", "B"))},
)
CASE = Case(
    "c",
    "t",
    "q",
    REFERENCE,
    "f",
    as_of=date(2026, 1, 1),
    fact="f",
    terms=("Customer",),
    gold=("d",),
    expect={"any_of": ["30 days"], "choices": [REFERENCE, "never"]},
)
READ = (Passage("d", "", "Goods come back within 30 days.", score=1.0),)
BARE = Case("c", "t", "q", "", "c")
TEXTS = (REFERENCE, "", " \n", "9 days", "client", "\x00\ud7ff " * 50, "(" * 3000, "९ दिन ½ 東京")


OPTIONS = {
    "evaluate": {"metric": "alike"},
    "judge": {"rubric": "Which is kinder?", "against": "base"},
}
METRIC = """
import datasets
import evaluate


class Alike(evaluate.Metric):
    def _info(self):
        text = datasets.Value("string")
        features = datasets.Features({"predictions": text, "references": text})
        return evaluate.MetricInfo(
            description="d", citation="c", inputs_description="i", features=features
        )

    def _compute(self, predictions, references):
        return {"alike": float(predictions == references)}
"""


@pytest.fixture(params=registry.names("scorer"))
def scorer(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Scorer:
    """A registered scorer, with options where it cannot do without."""
    (tmp_path / "alike.py").write_text(METRIC)
    monkeypatch.setenv("BENCH_METRICS", str(tmp_path))
    options = OPTIONS.get(request.param, {})
    made: Scorer = registry.load("scorer", request.param)(options, RESOURCES)
    return made


def test_it_says_what_it_measures(scorer: Scorer) -> None:
    assert scorer.description
    assert scorer.metrics
    assert len({metric.name for metric in scorer.metrics}) == len(scorer.metrics)
    for metric in scorer.metrics:
        assert metric.description, metric
        assert metric.unit, metric


@pytest.mark.parametrize("case", [CASE, BARE], ids=["full", "bare"])
@pytest.mark.parametrize("text", TEXTS)
def test_every_metric_gets_one_score_in_range_with_a_reason(
    scorer: Scorer, case: Case, text: str
) -> None:
    scores = scorer.score(case, Answer("r", text, passages=READ))
    assert [score.metric for score in scores] == [metric.name for metric in scorer.metrics]
    for score, metric in zip(scores, scorer.metrics, strict=True):
        assert score.reason, score
        assert (score.value is not None) == (score.state == "ok"), score
        if score.value is not None:
            assert metric.lower is None or score.value >= metric.lower, score
            assert metric.upper is None or score.value <= metric.upper, score
            assert not metric.binary or score.value in (0.0, 1.0), score


def test_same_case_and_answer_give_the_same_scores(scorer: Scorer) -> None:
    for text in TEXTS:
        answer = Answer("r", text, passages=READ)
        assert scorer.score(CASE, answer) == scorer.score(CASE, answer)


def test_an_answer_that_failed_is_an_error_everywhere(scorer: Scorer) -> None:
    scores = scorer.score(CASE, Answer("r", REFERENCE, finish="error", error="no memory"))
    assert [(s.metric, s.state, s.value) for s in scores] == [
        (metric.name, "error", None) for metric in scorer.metrics
    ]


def test_a_headline_is_best_for_the_reference_and_worst_for_an_empty_answer(
    scorer: Scorer,
) -> None:
    best = {score.metric: score.value for score in scorer.score(CASE, Answer("r", REFERENCE))}
    empty = {score.metric: score.value for score in scorer.score(CASE, Answer("r", ""))}
    for metric in scorer.metrics:
        if metric.headline:
            assert (best[metric.name], empty[metric.name]) == (metric.upper, metric.lower)


def test_something_is_measured_on_the_reference(scorer: Scorer) -> None:
    scores = scorer.score(CASE, Answer("r", REFERENCE, passages=READ))
    assert "ok" in {score.state for score in scores}


def test_an_unknown_option_is_refused_by_name(scorer: Scorer) -> None:
    with pytest.raises(ValueError, match="no-such-option"):
        type(scorer)({"no-such-option": 1}, RESOURCES)
