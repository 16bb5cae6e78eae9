"""What an earlier run of the suite tells of how much answers differ."""

import math
from collections import defaultdict
from dataclasses import dataclass

from harness.gate.budgets import TOKENS, weighed
from harness.gate.evidence import rival
from harness.gate.sizes import Z80, Z95
from harness.records import Metric, Rule, Run, Summary


@dataclass(frozen=True, slots=True)
class Earlier:
    """An estimate over n cases, and the smallest distance from it that n cases show (80 %)."""

    estimate: float
    n: int
    mde: float

    def needed(self, distance: float) -> float:
        """Cases that show this distance, if answers spread as they did."""
        return self.n * (self.mde / distance) ** 2 if distance > 0 else math.inf

    def smallest(self, cases: int) -> float:
        """The smallest distance that so many cases show."""
        return self.mde * math.sqrt(self.n / cases)


class Seen:
    """A run's comparisons, summaries and answers; without a run, nothing."""

    def __init__(self, run: Run | None) -> None:
        self._run = run
        self.name = run.id if run else ""
        comparisons = run.comparisons if run else ()
        self._pairs = {(c.task, c.metric, c.slice, c.candidate, c.baseline): c for c in comparisons}
        summaries = run.summaries if run else ()
        self._means = {(s.task, s.metric, s.slice, s.candidate): s for s in summaries}

    def difference(self, rule: Rule, metric: Metric) -> Earlier | None:
        """The gain of the rule's candidate over the other, positive where it is better."""
        place, other = (rule.task, rule.metric, rule.slice), rival(rule) or ""
        straight = self._pairs.get((*place, rule.candidate, other))
        found = straight or self._pairs.get((*place, other, rule.candidate))
        if found is None or not found.mde or found.difference is None:
            return None
        sign = (1 if metric.better == "higher" else -1) * (1 if straight else -1)
        return Earlier(sign * found.difference, found.n, found.mde)

    def level(self, rule: Rule) -> Earlier | None:
        """The mean of the rule's candidate."""
        if rule.kind == "budget":
            return self._tokens(rule)
        found = self._means.get((rule.task, rule.metric, rule.slice, rule.candidate))
        return _earlier(found) if found else None

    def _tokens(self, rule: Rule) -> Earlier | None:
        """The mean length of answers, from the answers themselves."""
        if self._run is None:
            return None
        answers, cases, _ = weighed([rule], self._run.answers, self._run.cases)
        tags = {case.id: (*case.tags, "all") for case in cases}
        clusters = {case.id: case.cluster for case in cases}
        lengths: dict[str, list[float]] = defaultdict(list)
        for answer in answers:
            value = answer.scores[0].value
            if value is not None and rule.slice in tags.get(answer.case, ()):
                lengths[clusters[answer.case]].append(value)
        n = sum(map(len, lengths.values()))
        if rule.metric != TOKENS or len(lengths) < 2:
            return None
        mean = sum(map(sum, lengths.values())) / n
        residuals = sum((sum(own) - len(own) * mean) ** 2 for own in lengths.values())
        se = math.sqrt(residuals * len(lengths) / (len(lengths) - 1)) / n
        return Earlier(mean, n, (Z95 + Z80) * se)


def _earlier(found: Summary) -> Earlier | None:
    if found.mean is None or found.low is None or found.high is None or not found.n:
        return None
    se = (found.high - found.low) / (2 * Z95)
    return Earlier(found.mean, found.n, (Z95 + Z80) * se) if se > 0 else None
