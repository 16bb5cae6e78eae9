"""docs/scorers.md: its YAML builds scorers, its tables name what exists."""

import re
from pathlib import Path

import pytest
import yaml

from harness import registry
from harness.protocols import Resources
from harness.records import Answer, Case, Row
from harness.score.derive import derived
from harness.score.rules import KINDS
from harness.score.style import Style

DOCS = (Path(__file__).parents[3] / "docs" / "scorers.md").read_text(encoding="utf-8")
BLOCKS = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL)]


METRIC = """
import datasets
import evaluate


class Fake(evaluate.Metric):
    def _info(self):
        text = datasets.Value("string")
        features = datasets.Features({"predictions": text, "references": text})
        return evaluate.MetricInfo(
            description="d", citation="c", inputs_description="i", features=features
        )

    def _compute(self, predictions, references, ignore_case=False):
        return {"score": 1.0, "other": 0.0} if "chrf" in __name__ else {"exact_match": 1.0}
"""


@pytest.fixture(autouse=True)
def own_metrics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand-ins for the metrics that the examples name: tests have no network."""
    for name in ("exact_match", "chrf"):
        (tmp_path / f"{name}.py").write_text(METRIC)
    monkeypatch.setenv("BENCH_METRICS", str(tmp_path))


def test_the_example_code_gives_what_it_says() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)
    *lines, call, shown = code.strip().splitlines()
    space: dict[str, object] = {}
    exec("\n".join(lines), space)
    assert eval(call, space) == eval(shown.removeprefix("# "))


def test_the_example_rules_cover_every_kind_and_build() -> None:
    (rules,) = [block["rules"] for block in BLOCKS if "rules" in block]
    scorer = Style({}, Resources(style={"rules": rules}))
    assert len(scorer.metrics) == len(rules) + 1
    assert {rule["kind"] for rule in rules} == set(KINDS)
    scores = scorer.score(Case("c", "t", "", "", "c"), Answer("a", "Dear Ann, it shall be."))
    kept = {score.metric for score in scores if score.value == 1.0}
    assert {"style.greeting", "style.plain", "style.shall", "style.one-block"} <= kept


def test_the_example_scorer_options_build() -> None:
    found = [block["scorers"] for block in BLOCKS if "scorers" in block]
    assert found
    for scorers in found:
        for name, options in scorers.items():
            assert registry.load("scorer", name)(options, Resources()).metrics


@pytest.mark.parametrize("name", registry.names("scorer"))
def test_every_metric_of_a_scorer_is_in_the_table(name: str) -> None:
    rule = {"name": "rule", "kind": "words", "min": 1}
    rows = tuple(Row(str(n), "question", f"answer {n}") for n in range(20))
    lent = Resources(style={"rules": [rule]}, train=rows)
    judge = {"rubric": "Which is kinder?", "against": "base"}
    needed = {"evaluate": {"metric": "exact_match"}, "judge": judge}
    scorer = registry.load("scorer", name)(needed.get(name, {}), lent)
    for metric in scorer.metrics:
        shown = metric.name.replace("style.rule", "style.<rule>")
        shown = shown.replace("evaluate.exact_match", "evaluate.<metric>")
        assert f"`{shown}`" in DOCS, shown


def test_names_of_derived_rules_are_in_the_docs() -> None:
    texts = ["LEASE\n1. It shall pay rent.", "SALE\n1. He shall sell.", "LOAN\n1. She lends it."]
    for rule in derived(texts):
        assert f"`{rule['name']}`" in DOCS
