"""What a table's numbers rest on and may be used for: cases, clusters, margins, seeds."""

from collections.abc import Iterator

from harness.records import Comparison, Metric, Run
from harness.report import text, view

WEIGHTS = "All are claims about these weights: another seed of the same recipe may do otherwise."
METHODS = "Methods: recipes over several seeds"
METHODS_LEAD = (
    "These are claims about the method: cases and training seeds are both behind the intervals."
)


def cases_text(run: Run, task: str) -> str:
    """The cases of a task, and in how many clusters where some share one: "64 cases"."""
    cases = view.task_cases(run, task)
    clusters = len({case.cluster for case in cases})
    said = f"{len(cases):,} cases"
    return said if clusters == len(cases) else f"{said} in {clusters:,} clusters"


def count_text(item: Comparison) -> str:
    """How many cases a comparison rests on: "63", or "63 in 40" clusters."""
    same = item.clusters == item.n
    return str(item.n) if same else f"{item.n} in {item.clusters}"


def margin_text(item: Comparison, metric: Metric) -> str:
    """Where no difference is shown, within what margin the two are: "equal within ±4 pp"."""
    if item.outcome != "not shown" or item.equal_within is None:
        return ""
    return f"equal within ±{text.change(item.equal_within, metric).lstrip('+')}"


def outcome_text(item: Comparison, metric: Metric) -> str:
    """The outcome, and the margin of those that are not shown to differ."""
    return "; ".join(filter(None, (item.outcome, margin_text(item, metric))))


def method_lines(run: Run) -> Iterator[str]:
    """A sentence for each headline metric and all cases of a comparison of methods."""
    metrics = view.metric_map(run)
    for item in run.methods:
        metric = metrics[item.metric]
        if item.slice == "all" and metric.headline and item.n:
            change = text.difference(item.difference, item.low, item.high, metric)
            yield (
                f"{item.candidate} − {item.baseline}, {item.metric} in {item.task}: {change}, "
                f"n = {count_text(item)}; {outcome_text(item, metric)} ({item.method})"
            )
