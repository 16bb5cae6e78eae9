"""The score stage as the pipeline drives it: every answer with every score of its task."""

from typing import Any

from harness import registry
from harness.plan import Plan
from harness.protocols import Resources
from harness.records import Answer, Case, Metric, Score, ScoredAnswer, Suite, Task
from harness.store import Store


def score_cells(plan: Plan, store: Store) -> tuple[list[ScoredAnswer], list[Metric]]:
    """Every answer with every score of its task; all metrics in the order they appear."""
    metrics: dict[str, Metric] = {}
    scored: list[ScoredAnswer] = []
    for task in plan.suite.tasks:
        scorers = scorers_of(plan.suite, task)
        for scorer in scorers:
            metrics |= {m.name: m for m in scorer.metrics if m.name not in metrics}
        for cell in plan.cells:
            if cell.task.name != task.name:
                continue
            done = store.answers(cell.key).done
            for asked in cell.asked:
                answer = done.get(asked.case.id) or Answer(
                    asked.case.id, "", finish="error", error="the engine gave no answer"
                )
                scores = tuple(s for one in scorers for s in score(one, asked.case, answer))
                prompt = f"[system] {asked.system}\n{asked.user}" if asked.system else asked.user
                scored.append(
                    ScoredAnswer(
                        asked.case.id,
                        task.name,
                        cell.candidate.name,
                        answer,
                        scores,
                        asked.passages,
                        prompt,
                    )
                )
    return scored, list(metrics.values())


def scorers_of(suite: Suite, task: Task) -> list[Any]:
    """The task's scorers, built with what the suite lends them."""
    resources = Resources(
        facts={fact.id: fact for fact in suite.facts},
        glossary=suite.glossary,
        style=suite.style,
        train=suite.train,
        references=tuple(case.reference for case in task.cases),
        trained_until=suite.trained_until,
    )
    return [registry.load("scorer", s.name)(s.options, resources) for s in task.scorers]


def score(scorer: Any, case: Case, answer: Answer) -> list[Score]:
    """A scorer's scores; its failure is an error row for this answer, never a zero."""
    try:
        return list(scorer.score(case, answer))
    except Exception as error:  # noqa: BLE001 - a scorer's bug must not end the run
        reason = f"{type(error).__name__}: {error}"
        return [Score(m.name, None, "error", reason=reason) for m in scorer.metrics]
