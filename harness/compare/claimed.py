"""The claims that people make of fine-tuning, and what a run says of each."""

from harness.records import ClaimResult, Run, Suite


def claims(run: Run, suite: Suite) -> tuple[ClaimResult, ...]:
    """One result a claim."""
    del run, suite
    return ()
