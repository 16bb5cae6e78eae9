"""Comparisons and summaries of a run, found by what they measure."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

from harness.records import Candidate, Comparison, Metric, Summary

_TURNED: dict[str, Literal["better", "worse"]] = {"better": "worse", "worse": "better"}


class Evidence:
    """Looks up what a run measured; a pair is found whichever way round it was compared."""

    def __init__(self, comparisons: Sequence[Comparison], summaries: Sequence[Summary]) -> None:
        self._comparisons = {
            (c.task, c.metric, c.slice, c.candidate, c.baseline): c for c in comparisons
        }
        self._summaries = {(s.task, s.metric, s.slice, s.candidate): s for s in summaries}

    def comparison(
        self, task: str, metric: str, slice_name: str, pair: tuple[Candidate, Candidate]
    ) -> Comparison | None:
        """(candidate, baseline) in this slice, or None where the two were not compared."""
        candidate, baseline = pair[0].name, pair[1].name
        straight = self._comparisons.get((task, metric, slice_name, candidate, baseline))
        if straight is not None:
            return straight
        reverse = self._comparisons.get((task, metric, slice_name, baseline, candidate))
        return turned(reverse) if reverse is not None else None

    def summary(self, task: str, metric: str, slice_name: str, candidate: str) -> Summary | None:
        """A candidate's summary, or None where it was not asked."""
        return self._summaries.get((task, metric, slice_name, candidate))

    def has_slice(self, task: str, metric: str, slice_name: str) -> bool:
        """Whether any candidate has this slice."""
        return any(key[:3] == (task, metric, slice_name) for key in self._summaries)


class Basis(NamedTuple):
    """What claims and advice rest on: a run's numbers, and what may be asked of them.

    `tasks` are names in a reader's order. `taught` are the (task, metric) that the suite's gate
    wants to see gain, what fine-tuning is for: a loss elsewhere is damage.
    """

    comparisons: Sequence[Comparison]
    summaries: Sequence[Summary]
    metrics: Sequence[Metric]
    candidates: Sequence[Candidate]
    tasks: Sequence[str]
    taught: Collection[tuple[str, str]] = frozenset()

    @property
    def evidence(self) -> Evidence:
        """The numbers, found by what they measure."""
        return Evidence(self.comparisons, self.summaries)


def turned(comparison: Comparison) -> Comparison:
    """The same comparison seen from the other side."""
    c = comparison
    return replace(
        c,
        candidate=c.baseline,
        baseline=c.candidate,
        difference=None if c.difference is None else -c.difference,
        low=None if c.high is None else -c.high,
        high=None if c.low is None else -c.low,
        win=c.loss,
        loss=c.win,
        outcome=_TURNED.get(c.outcome, c.outcome),
    )


def headlines(metrics: Sequence[Metric], need: str) -> list[Metric]:
    """The metrics that may drive a finding on this need."""
    return [m for m in metrics if m.headline and not m.diagnostic and m.need == need]


def beside(metrics: Sequence[Metric], current: Metric, rate: str) -> Metric | None:
    """The `stale` or `wrong` rate that belongs to a metric of current answers: `<scorer>.stale`."""
    wanted = f"{current.name.rpartition('.')[0]}.{rate}"
    return next((m for m in metrics if m.name == wanted and m.better == "lower"), None)
