"""Addresses inside report.html: the answers behind a number, and one answer that fails."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote, urlencode

from harness.records import Metric, Run, ScoredAnswer
from harness.records.decision import JOINED
from harness.report import view


def link(**filters: str) -> str:
    """The address of the answers behind a number; `slice` all is left out."""
    kept = {key: value for key, value in filters.items() if value}
    if kept.get("slice") == "all":
        del kept["slice"]
    return f"#cases?{urlencode(kept, quote_via=quote)}"


def case_link(case: str) -> str:
    """The address of one case with every answer to it."""
    return f"#case-{quote(case, safe='')}"


@dataclass(frozen=True)
class Answers:
    """A run's answers, looked up by task and candidate."""

    run: Run

    @cached_property
    def _tags(self) -> dict[tuple[str, str], tuple[str, ...]]:
        return {(case.task, case.id): case.tags for case in self.run.cases}

    @cached_property
    def _found(self) -> dict[tuple[str, str], list[ScoredAnswer]]:
        found: dict[tuple[str, str], list[ScoredAnswer]] = {}
        for item in self.run.answers:
            found.setdefault((item.task, item.candidate), []).append(item)
        return found

    @cached_property
    def _metrics(self) -> dict[str, Metric]:
        return view.metric_map(self.run)

    def _values(
        self, task: str, metric: str, part: str, name: str
    ) -> Iterator[tuple[str, float, ScoredAnswer]]:
        """Case, value and answer where the metric was measured, in the run's order."""
        wanted = {part, *part.split(JOINED)}
        for item in self._found.get((task, name), ()):
            if part != "all" and wanted.isdisjoint(self._tags.get((task, item.case), ())):
                continue
            for score in item.scores:
                if score.metric == metric and score.value is not None:
                    yield item.case, score.value, item

    def failing(self, task: str, metric: str, part: str, name: str) -> str:
        """The address of `failing_case`; '' without one."""
        case = self.failing_case(task, metric, part, name)
        return case_link(case) if case else ""

    def failing_case(self, task: str, metric: str, part: str, name: str) -> str:
        """The case of the candidate's worst answer that is not perfect; '' without one.

        Of equally bad ones, the first that says anything.
        """
        spec = self._metrics.get(metric)
        if spec is None or spec.better == "neither":
            return ""
        sign = -1 if spec.better == "lower" else 1
        best = spec.lower if sign < 0 else spec.upper
        ranked = [
            (sign * value, not item.answer.text.strip(), place, case)
            for place, (case, value, item) in enumerate(self._values(task, metric, part, name))
            if best is None or value != best
        ]
        return min(ranked)[3] if ranked else ""

    def lost(self, task: str, metric: str, part: str, pair: tuple[str, str]) -> str:
        """The address of `lost_case`; '' without one."""
        case = self.lost_case(task, metric, part, pair)
        return case_link(case) if case else ""

    def lost_case(self, task: str, metric: str, part: str, pair: tuple[str, str]) -> str:
        """A case where the first of `pair` does worse than the second by most; '' without one."""
        spec = self._metrics.get(metric)
        if spec is None:
            return ""
        sign = -1 if spec.better == "lower" else 1
        name, other = pair
        before = {case: value for case, value, _ in self._values(task, metric, part, other)}
        ranked = [
            (sign * (value - before[case]), not item.answer.text.strip(), place, case)
            for place, (case, value, item) in enumerate(self._values(task, metric, part, name))
            if case in before and sign * (value - before[case]) < 0
        ]
        return min(ranked)[3] if ranked else ""
