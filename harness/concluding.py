"""What a finished run's numbers come to: curves, claims, costs, and the decision."""

from dataclasses import replace

from harness.compare.breakeven import break_even
from harness.compare.claimed import claims
from harness.compare.costs import costs
from harness.compare.curves import learning_curves
from harness.compare.decision import decide
from harness.records import Run, Suite


def conclude(run: Run, suite: Suite) -> Run:
    """The run with its conclusions, each seeing those before it."""
    run = replace(run, costs=costs(run, suite.decision, suite.endpoint))
    run = replace(run, curves=learning_curves(run, suite))
    run = replace(run, break_even=break_even(run, suite))
    run = replace(run, claims=claims(run, suite))
    return replace(run, decision=decide(run, suite))
