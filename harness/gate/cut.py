"""Answers that were cut at max_tokens: what was judged of them is not what would be said."""

from harness.gate.evidence import Evidence, UnmeasuredError, rival
from harness.records import Rule

MOST_CUT = 0.5
"""Share of a side's answers that may have been cut before nothing is judged of it."""

EASED = ("non_inferior", "no_new_failures")
"""Rules that are easier to pass where the other side could not say all: a base that does not know
when to stop is what `superior` is often about."""


def check_cut(rule: Rule, evidence: Evidence) -> None:
    """Refuse answers most of which were cut: the candidate's, and for some rules the other's.

    Options that are compared by their likelihood are whole whatever was written beside them.

    Raises:
        UnmeasuredError: more than MOST_CUT of them were.
    """
    if rule.kind == "max_unmeasured":
        return
    other = rival(rule) if rule.kind in EASED else None
    tags = {case.id: (*case.tags, "all") for case in evidence.cases}
    for name in (rule.candidate, other):
        own = [
            one.answer
            for one in evidence.answers
            if one.candidate == name
            and rule.task in ("", one.task)
            and rule.slice in tags.get(one.case, ())
        ]
        cut = sum(one.finish == "length" and not one.target_logprobs for one in own)
        if cut > MOST_CUT * len(own):
            raise UnmeasuredError(
                f"{name}: {cut} of {len(own)} answers reached max_tokens and were cut"
                f" (more than {MOST_CUT:.0%}; raise max_tokens of the task)"
            )
