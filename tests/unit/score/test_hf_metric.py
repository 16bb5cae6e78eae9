"""Metrics of Hugging Face evaluate as scorers, through the real library, and scorers as metrics."""

import re
from pathlib import Path

import pytest

from harness.protocols import Resources
from harness.records import Answer, Case
from harness.score.hf_metric import as_metric
from harness.score.hf_scorer import Evaluate

SCRIPT = """\
import datasets
import evaluate


class {name}(evaluate.Metric):
    def _info(self):
        return evaluate.MetricInfo(
            description="d", citation="c", inputs_description="i",
            features=datasets.Features({features}),
        )

    def _compute(self, predictions, references{extra}):
        {body}
"""
TEXTS = '{"predictions": datasets.Value("string"), "references": datasets.Value("string")}'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own folder of metric scripts, named in BENCH_METRICS, and no trust in the hub."""
    own = tmp_path / "metrics"
    own.mkdir()
    monkeypatch.setenv("BENCH_METRICS", str(own))
    monkeypatch.delenv("BENCH_TRUST_REMOTE_CODE", raising=False)
    monkeypatch.chdir(tmp_path)
    return own


def write(folder: Path, name: str, body: str, *, features: str = TEXTS, extra: str = "") -> None:
    script = SCRIPT.format(name=name.title(), features=features, extra=extra, body=body)
    (folder / f"{name}.py").write_text(script)


def scored(text: str, reference: str = "Paris", **options: object) -> list[float | None]:
    scorer = Evaluate(options, Resources())
    scores = scorer.score(Case("c", "t", "q", reference, "c"), Answer("a", text))
    assert [score.metric for score in scores] == [metric.name for metric in scorer.metrics]
    return [score.value for score in scores]


def test_a_metric_of_ones_own_is_computed_by_evaluate(folder: Path) -> None:
    write(folder, "alike", 'return {"alike": float(predictions[0] == references[0])}')
    assert scored("Paris", metric="alike") == [1.0]
    assert scored("Lyon", metric="alike") == [0.0]
    assert scored("", metric="alike") == [0.0]
    assert Evaluate({"metric": "alike"}, Resources()).metrics[0].name == "evaluate.alike"


def test_key_kwargs_and_direction_are_options(folder: Path) -> None:
    body = 'return {"near": base + 1.0, "far": [base + 2.0]}'
    write(folder, "twofold", body, extra=", base=0.0")
    assert scored("x", metric="twofold", key="far", kwargs={"base": 5}) == [7.0]
    metric = Evaluate({"metric": "twofold", "key": "near", "better": "lower"}, Resources()).metrics[
        0
    ]
    assert (metric.better, metric.headline, metric.upper) == ("lower", False, None)


def test_several_metrics_have_options_by_name(folder: Path) -> None:
    write(folder, "first", 'return {"a": 1.0, "b": 2.0}')
    write(folder, "second", 'return {"second": plus}', extra=", plus=0.0")
    found = scored(
        "x", metric=["first", "second"], key={"first": "b"}, kwargs={"second": {"plus": 3.0}}
    )
    assert found == [2.0, 3.0]


def test_references_that_are_lists_get_a_list(folder: Path) -> None:
    texts = TEXTS.replace(
        '"references": datasets.Value("string")',
        '"references": datasets.Sequence(datasets.Value("string"))',
    )
    write(folder, "listed", 'return {"listed": float(len(references[0]))}', features=texts)
    assert scored("x", metric="listed") == [1.0]


def test_what_a_metric_cannot_compute_is_an_error_of_that_answer(folder: Path) -> None:
    write(folder, "fussy", 'return {"fussy": 1 / len(predictions[0])}')
    scorer = Evaluate({"metric": "fussy"}, Resources())
    (score,) = scorer.score(Case("c", "t", "q", "Paris", "c"), Answer("a", ""))
    assert (score.state, score.value) == ("error", None)
    assert "ZeroDivisionError" in score.reason


def test_a_case_without_a_reference_is_unmeasured(folder: Path) -> None:
    write(folder, "alike", 'return {"alike": 1.0}')
    assert scored("x", reference=" ", metric="alike") == [None]


@pytest.mark.parametrize(
    "options, message",
    [
        ({}, "metric is None"),
        ({"metric": []}, "metric is []"),
        ({"metric": ["pair", "pair"]}, "write a name"),
        ({"metric": "pair", "keys": "a"}, "did you mean 'key'"),
        ({"metric": "pair"}, "several numbers (key: valid: a, b)"),
        ({"metric": "pair", "key": "aa"}, "no number 'aa' (key: did you mean 'a'?)"),
        ({"metric": "pair", "key": 1}, "key is 1"),
        ({"metric": "pair", "better": "hihger"}, "did you mean 'higher'"),
        ({"metric": "pair", "kwargs": {"plus": 1}}, "plus"),
        ({"metric": ["pair"], "key": {"pear": "a"}}, "did you mean 'pair'"),
        ({"metric": "counted"}, "does not compare texts"),
        ({"metric": "broken"}, "cannot be loaded"),
    ],
)
def test_what_is_wrong_is_named_when_the_scorer_is_made(
    folder: Path, options: dict[str, object], message: str
) -> None:
    write(folder, "pair", 'return {"a": 1.0, "b": 2.0}')
    write(folder, "counted", 'return {"counted": 1.0}', features=TEXTS.replace("string", "int32"))
    (folder / "broken.py").write_text("import no_such_module_of_mine\n")
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        Evaluate(dict(options), Resources())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["./mine", "../mine", "/tmp/mine", "~/mine", "mine.py", "a/b/c", "suite/../mine", " "]
)
def test_a_path_is_refused_since_a_suite_runs_no_code(folder: Path, name: str) -> None:
    write(folder.parent, "mine", "raise SystemExit")
    with pytest.raises(ValueError, match="runs no code"):
        Evaluate({"metric": name}, Resources())


def test_a_script_that_lies_in_the_working_folder_is_never_run(folder: Path) -> None:
    planted = folder.parent / "exact_match"
    planted.mkdir()
    ran = folder.parent / "ran"
    (planted / "exact_match.py").write_text(f"open({str(ran)!r}, 'w')\n")
    with pytest.raises(ValueError, match="also a script in this folder"):
        Evaluate({"metric": "exact_match"}, Resources())
    assert not ran.exists()


def test_code_of_a_hub_user_needs_trust(folder: Path) -> None:
    with pytest.raises(ValueError, match="BENCH_TRUST_REMOTE_CODE=1"):
        Evaluate({"metric": "somebody/metric"}, Resources())


def test_without_a_connection_the_remedy_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import evaluate

    def offline(*_: object, **__: object) -> None:
        raise ConnectionError("no route\nto host")

    write(folder, "exact_mat", 'return {"exact_mat": 1.0}')
    monkeypatch.setattr(evaluate, "load", offline)
    with pytest.raises(ValueError, match="no route") as caught:
        Evaluate({"metric": "exact_match"}, Resources())
    assert "connect to the hub, or name the folder of exact_match.py in BENCH_METRICS" in str(
        caught.value
    )
    assert "did you mean 'exact_mat'?" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_scorer_is_a_metric_of_evaluate() -> None:
    rule = {"name": "short", "kind": "words", "max": 2}
    metric = as_metric("style", {"rules": [rule]})
    found = metric.compute(predictions=["one two", "one two three"], references=["", ""])
    assert found == {"style.all": 0.5, "style.short": 0.5}


def test_what_a_scorer_needs_beside_the_reference_comes_as_cases() -> None:
    metric = as_metric("regression")
    cases = [Case("c", "t", "q", "5", "c", expect={"any_of": ["5"]})]
    assert metric.compute(predictions=["five"], references=["5"], cases=cases) == {
        "regression.kept": 1.0
    }
    assert metric.compute(predictions=["five"], references=["5"]) == {}
    with pytest.raises(ValueError, match="2 cases for 1 predictions"):
        metric.compute(predictions=["x"], references=["y"], cases=cases * 2)


def test_a_wrong_option_is_refused_here_too() -> None:
    with pytest.raises(ValueError, match="rulse"):
        as_metric("style", {"rulse": []})
