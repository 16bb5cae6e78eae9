"""A scorer of this harness as a metric of Hugging Face `evaluate`."""

from collections.abc import Mapping, Sequence
from typing import Any

import datasets
import evaluate

from harness import registry
from harness.protocols import Resources, Scorer
from harness.records import Answer, Case


class ScorerMetric(evaluate.Metric):  # type: ignore[misc]  # evaluate has no types
    """The means of a scorer's metrics; see `as_metric`."""

    def __init__(self, name: str, scorer: Scorer) -> None:
        self._named, self._scorer = name, scorer
        super().__init__(keep_in_memory=True)

    def _info(self) -> Any:
        text = datasets.Value("string")
        says = ", ".join(f"{metric.name}: {metric.description}" for metric in self._scorer.metrics)
        return evaluate.MetricInfo(
            description=f"{self._named}: {self._scorer.description}",
            citation="",
            inputs_description=f"Gives the means of {says}. `cases` are records.Case, optional.",
            features=datasets.Features({"predictions": text, "references": text}),
        )

    def _compute(
        self,
        predictions: Sequence[str],
        references: Sequence[str],
        cases: Sequence[Case] | None = None,
    ) -> dict[str, float]:
        if cases is not None and len(cases) != len(predictions):
            raise ValueError(
                f"{len(cases)} cases for {len(predictions)} predictions (write as many)"
            )
        values: dict[str, list[float]] = {}
        for at, (text, reference) in enumerate(zip(predictions, references, strict=True)):
            case = cases[at] if cases else Case(str(at), "", "", reference, str(at))
            for score in self._scorer.score(case, Answer(case.id, text)):
                if score.value is not None:
                    values.setdefault(score.metric, []).append(score.value)
        return {metric: sum(found) / len(found) for metric, found in values.items()}


def as_metric(
    name: str, options: Mapping[str, Any] | None = None, resources: Resources | None = None
) -> ScorerMetric:
    """A scorer by registry name as an `evaluate.Metric`.

    `compute(predictions=, references=)` takes texts and gives the mean of each metric over the
    answers on which it was measured; one that was measured on none is left out. What a scorer needs
    beside the reference (a fact, terms, `expect`) comes in records: `compute(..., cases=)`.

    Raises:
        ValueError: an option is wrong.
        UnknownNameError: there is no such scorer.
    """
    made: Scorer = registry.load("scorer", name)(dict(options or {}), resources or Resources())
    return ScorerMetric(name, made)
