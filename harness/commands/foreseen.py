"""`bench gate --plan`: what the suite's cases can decide, before anything runs."""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness import scoring
from harness.commands.views import WIDTH, stored_runs
from harness.errors import UsageError
from harness.gate.plan import exit_code, plan_rules
from harness.gate.planned import RulePlan
from harness.records import BUDGETS, Metric, Run, Suite
from harness.report.text import one_line
from harness.report.text import rule as said

INDENT = 16


def foresee(suite: Suite, reports: Path) -> dict[str, Any]:
    """The plan of a suite's rules as data, with the lines to print.

    The newest run of the suite in the same profile tells how much answers differ.

    Raises:
        UsageError: a scorer refuses its options.
    """
    metrics = scoring.metrics_of(suite)
    run = latest(suite, reports)
    plans = plan_rules(suite, metrics, run)
    return {
        "suite": suite.name,
        "profile": suite.profile,
        "run": run.id if run else None,
        "exit_code": exit_code(plans),
        "rules": [asdict(plan) for plan in plans],
        "lines": list(lines_of(suite, plans, metrics, run)),
    }


def latest(suite: Suite, reports: Path) -> Run | None:
    """The newest readable run of a suite in its profile."""
    from harness.report.json import read

    for path in reversed(stored_runs(reports)):
        if path.parent.parent.name != suite.name:
            continue
        try:
            run = read(path)
        except UsageError:
            continue
        if run.profile == suite.profile:
            return run
    return None


def lines_of(
    suite: Suite, plans: Sequence[RulePlan], metrics: Sequence[Metric], run: Run | None
) -> Iterator[str]:
    """The plan in 80 columns: a paragraph a rule, then what it rests on."""
    known = {metric.name: metric for metric in metrics} | BUDGETS
    decided = sum(plan.verdict == "decidable" for plan in plans)
    yield (
        f"gate plan of {suite.name} ({suite.profile} profile):"
        f" {decided} of {len(plans)} rules are decidable"
    )
    for plan in plans:
        yield ""
        words = one_line(said(plan.rule, known[plan.rule.metric]))
        yield from wrapped(f"{marked(plan):<{INDENT - 1}} {words}")
        yield from wrapped(f"{' ' * INDENT}{sized(plan)}")
        yield from wrapped(f"{' ' * INDENT}{plan.says}") if plan.says else ()
        yield from wrapped(f"{' ' * INDENT}assumed: {plan.assumes}") if plan.assumes else ()
    yield ""
    rest = "Needed: decided in 80 % of runs. "
    rest += (
        f"Spreads are those of run {run.id}."
        if run
        else "No earlier run: cases of a cluster are taken to be all alike."
    )
    yield from textwrap.wrap(rest, WIDTH)


def marked(plan: RulePlan) -> str:
    """The verdict in a word or two."""
    if plan.verdict == "needs more" and plan.needed is not None:
        return f"needs {plan.needed - plan.cases:,} more"
    return plan.verdict


def sized(plan: RulePlan) -> str:
    """Cases at hand and cases needed."""
    need = f", needs {plan.needed:,}" if plan.needed is not None else ""
    if plan.needed is None and plan.verdict in ("needs more", "never"):
        need = ", no number would decide"
    cases = f"{plan.cases:,} case{'s' if plan.cases != 1 else ''}"
    return f"{cases} in {plan.clusters:,} cluster{'s' if plan.clusters != 1 else ''}{need}"


def wrapped(text: str) -> list[str]:
    """A paragraph that hangs below its first line."""
    return textwrap.wrap(
        text, WIDTH, subsequent_indent=" " * INDENT, drop_whitespace=True, break_on_hyphens=False
    )
