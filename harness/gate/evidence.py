"""What rules are judged on, found by name; whatever was not measured is an UnmeasuredError."""

from collections.abc import Iterable, Mapping, Sequence

from harness.errors import nearest
from harness.records import (
    BUDGETS,
    MIN_SLICE,
    CandidateResult,
    Case,
    Comparison,
    Metric,
    Rule,
    ScoredAnswer,
    Summary,
)

MAX_ERRORS = 0.02
"""Share of error answers above which a rule is ERROR, where no max_unmeasured rule says more."""

MAX_UNMEASURED = 0.5
"""Share of unmeasured cases above which a rule is ERROR, where no max_unmeasured rule allows it."""

BASELINE = "baseline"
PAIRED = ("superior", "non_inferior")


class UnmeasuredError(Exception):
    """Why a rule cannot be judged."""


def rival(rule: Rule) -> str | None:
    """The name that a rule's `against` has among the candidates: `baseline` is `baseline/LORA`."""
    return f"{BASELINE}/{rule.candidate}" if rule.against == BASELINE else rule.against


class Evidence:
    """Rules, and what they are judged on: of a run, by the names that rules use.

    Comparisons must hold the `needed_pairs`, candidate first. Answers and cases are what
    no_new_failures is judged on, candidates what budgets are; a budget of tokens needs the
    summaries of `weighed` answers too.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        summaries: Sequence[Summary],
        comparisons: Sequence[Comparison],
        metrics: Sequence[Metric],
        answers: Sequence[ScoredAnswer] = (),
        cases: Sequence[Case] = (),
        candidates: Sequence[CandidateResult] = (),
    ) -> None:
        self.rules, self.cases, self.answers = rules, cases, answers
        self.candidates = {one.candidate.name: one for one in candidates}
        self._metrics = {metric.name: metric for metric in metrics}
        self._summaries = {(s.task, s.metric, s.slice, s.candidate): s for s in summaries}
        self._comparisons = {
            (c.task, c.metric, c.slice, c.candidate, c.baseline): c for c in comparisons
        }
        self._limits = {
            (r.task, r.metric, r.slice, r.candidate): r.value
            for r in rules
            if r.kind == "max_unmeasured"
        }

    def metric(self, rule: Rule) -> Metric:
        """The metric that a rule is about."""
        known: Mapping[str, Metric] = BUDGETS if rule.kind == "budget" else self._metrics
        tasks = {task for task, *_ in self._summaries if task}
        if tasks and rule.task and rule.task not in tasks:
            raise UnmeasuredError(unknown("task", rule.task, tasks))
        if rule.metric not in known:
            raise UnmeasuredError(unknown("metric", rule.metric, known))
        return known[rule.metric]

    def summary(self, rule: Rule, candidate: str) -> Summary:
        """The candidate's summary, or the name that is wrong."""
        key = (rule.task, rule.metric, rule.slice, candidate)
        if key not in self._summaries:
            self._require_baseline(candidate)
            for place, what in enumerate(("task", "metric", "slice", "candidate")):
                valid = {known[place] for known in self._summaries if known[:place] == key[:place]}
                if key[place] not in valid:
                    raise UnmeasuredError(unknown(what, key[place], valid))
        return self._summaries[key]

    def checked(self, rule: Rule, candidate: str) -> Summary:
        """The candidate's summary, with enough measured and few enough errors to speak."""
        summary = self.summary(rule, candidate)
        total = summary.n + summary.unmeasured + summary.errors
        if not summary.n:
            raise UnmeasuredError(f"{candidate}: none of {total} cases was measured")
        allowed = self.limit(summary)
        if allowed is None or summary.unmeasured + summary.errors > allowed * total:
            _check_enough(summary, total)
        limit = MAX_ERRORS if allowed is None else allowed
        if summary.errors > limit * total:
            raise UnmeasuredError(
                f"{candidate}: {summary.errors} of {total} answers are errors"
                f" (more than {limit:.0%}; a max_unmeasured rule sets another limit)"
            )
        return summary

    def limit(self, side: Summary) -> float | None:
        """What a max_unmeasured rule allows of the same answers, None where there is none."""
        return self._limits.get((side.task, side.metric, side.slice, side.candidate))

    def comparison(self, rule: Rule, other: str) -> Comparison:
        """The rule's candidate against the other, on cases that were measured for both."""
        key = (rule.task, rule.metric, rule.slice, rule.candidate, other)
        found = self._comparisons.get(key)
        if found is None or not found.n:
            raise UnmeasuredError(f"{rule.candidate} and {other} share no measured case")
        return found

    def _require_baseline(self, candidate: str) -> None:
        """Nothing of the pinned baseline was measured: say how to get one."""
        if candidate.startswith(f"{BASELINE}/") and not any(
            known[3].startswith(f"{BASELINE}/") for known in self._summaries
        ):
            raise UnmeasuredError(no_baseline(candidate))


def no_baseline(candidate: str) -> str:
    """What is said where a rule is held against a baseline and nothing of it is there."""
    return f"there is no baseline to hold against: {candidate} (pin one: bench baseline set SUITE)"


def unknown(what: str, name: str, valid: Iterable[str]) -> str:
    """A name that nothing was measured for, with the nearest that has something."""
    known = sorted(valid)
    close = nearest(name, known)
    hint = f"did you mean '{close}'?" if close else f"measured: {', '.join(known) or 'none'}"
    return f"nothing was measured for the {what} '{name}' ({hint})"


def _check_enough(summary: Summary, total: int) -> None:
    """Few measured cases, or the lesser part of them, do not speak for the rest.

    A task of few cases that were all measured has its wide interval instead.
    """
    remedy = "a max_unmeasured rule allows it"
    if summary.n < MIN_SLICE and summary.n < total:
        verb = "was" if summary.n == 1 else "were"
        raise UnmeasuredError(
            f"{summary.candidate}: only {summary.n} of {total} cases {verb} measured"
            f" (fewer than {MIN_SLICE}; {remedy})"
        )
    if summary.unmeasured > MAX_UNMEASURED * total:
        raise UnmeasuredError(
            f"{summary.candidate}: {summary.unmeasured} of {total} cases are unmeasured"
            f" (more than {MAX_UNMEASURED:.0%}; {remedy})"
        )
