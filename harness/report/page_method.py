"""How a run was measured, in report.html: the gate, hashes, versions, what was not measured."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from harness.records import Run
from harness.report import text, view
from harness.report.links import link


def gate(run: Run) -> list[dict[str, Any]]:
    """Every gate rule with the numbers it was judged on."""
    metrics = view.metric_map(run)
    found = []
    for result in run.gate.rules if run.gate else ():
        rule = result.rule
        spent = rule.kind == "budget"
        where = {"task": rule.task, "metric": "" if spent else rule.metric, "slice": rule.slice}
        needed = result.n_needed
        unsaid = needed is not None and f"{needed:,}" not in result.reason
        unsaid = unsaid and str(needed) not in result.reason
        found.append(
            {
                "result": result,
                "mark": view.MARKS[result.verdict],
                "words": text.rule(rule, metrics[rule.metric]),
                "measured": text.measured(result, metrics[rule.metric]),
                "needed": text.count(needed) if unsaid else "",
                "link": link(**where, candidate=rule.candidate, against=rule.against or ""),
            }
        )
    return found


def digests(run: Run) -> list[tuple[str, str]]:
    """What identifies the weights and data behind the numbers."""
    versions = [
        (f"adapter {adapter.name}: {key}", value)
        for adapter, _ in view.adapters(run)
        for key, value in (
            ("digest", adapter.digest),
            *((name, adapter.record.get(name, "")) for name in ("base_digest", "data_digest")),
        )
        if value
    ]
    return [("model digest", run.model.digest), *versions]


def unmeasured(run: Run) -> list[str]:
    """What a reader may look for and this run does not say."""
    return [*_unanswered(run), *_absent(run), *_without_value(run)]


def _unanswered(run: Run) -> Iterator[str]:
    for need in run.decision.needs if run.decision else ():
        if need.sure == "not measured":
            yield f"{need.need}: {need.why}"
    for claim in run.claims:
        if claim.answer == "not measured":
            yield f"“{claim.claim}”: {claim.sentence}"


def _absent(run: Run) -> Iterator[str]:
    if run.decision is None:
        yield "No decision was made from this run."
    if not run.curves:
        yield "No learning curve: the suite trains none."
    if run.break_even is None:
        yield "No break-even of fine-tuning and RAG: the run does not hold what both ways cost."
    for name in view.task_names(run):
        if not view.task_candidates(run, name):
            yield f"Task {name} has no answers."


def _without_value(run: Run) -> Iterator[str]:
    counts: Counter[tuple[str, str]] = Counter()
    diagnostic = {metric.name for metric in run.metrics if metric.diagnostic}
    for summary in run.summaries:
        if summary.slice == "all" and summary.metric not in diagnostic:
            counts[summary.metric, summary.task] += summary.unmeasured
    for (metric, task), count in counts.items():
        if count:
            yield f"{metric} in {task}: {count:,} answers have no value."
