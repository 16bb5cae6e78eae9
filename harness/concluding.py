"""What a finished run's numbers come to: curves, claims, costs, and the decision."""

from harness.records import Run, Suite


def conclude(run: Run, suite: Suite) -> Run:
    """The run with `curves`, `claims`, `break_even` and `decision` filled in, in that order."""
    del suite
    return run
