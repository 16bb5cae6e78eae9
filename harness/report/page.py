"""What report.html shows, ready for its templates: each section is built by its own module."""

from typing import Any

from harness.records import Run
from harness.report import (
    decided,
    expected,
    marks,
    page_answer,
    page_broke,
    page_candidates,
    page_claims,
    page_curves,
    page_map,
    page_method,
    page_money,
    page_results,
    page_staleness,
    plots,
    scope,
    text,
    view,
)
from harness.report.links import link

__all__ = ["build", "link"]


def build(run: Run) -> dict[str, Any]:
    """Everything the templates of report.html ask for."""
    whole, run = run, view.without_curves(run)
    word, sentence = view.verdict(run)
    groups = page_claims.findings(run)
    return {
        "run": run,
        "word": word,
        "mark": view.MARKS[word],
        "sentence": sentence,
        "subject": view.subject(run),
        "answer": page_answer.build(run),
        "advice_title": decided.advice_title(run),
        "groups": groups,
        "claims": page_claims.claims(run),
        "findings": [row for _, members in groups for row in members],
        "expected": expected.rows(run),
        "expected_lead": expected.lead(run),
        "maps": page_map.build(run),
        "stale": page_staleness.build(run),
        "class_names": view.CLASSES,
        "curves": page_curves.build(whole),
        "money": page_money.build(run),
        "training": page_candidates.training(run),
        "costs": page_candidates.costs(run),
        "broke": page_broke.build(run),
        "adapters": page_candidates.build(run),
        "curve_points": len(whole.candidates) - len(run.candidates),
        "tasks": page_results.build(run),
        "scope": {"weights": scope.WEIGHTS, "title": scope.METHODS, "lead": scope.METHODS_LEAD},
        "methods": list(scope.method_lines(run)),
        "gate": page_method.gate(run),
        "gate_notes": view.gate_notes(run),
        "digests": page_method.digests(run),
        "unmeasured": page_method.unmeasured(run),
        "stages": [(name, text.seconds(value)) for name, value in run.stage_seconds.items()],
        "size": {"width": marks.WIDTH, "height": marks.HEIGHT, "bar": page_staleness.BAR},
        "series": len(plots.SERIES),
    }
