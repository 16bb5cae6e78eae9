"""Factual recency: is the answer what holds on the case's date, what held before, or neither?

Every answer to a fact case is exactly one of current, stale, wrong, abstained, hedged, error
(METHODS §2; classes after FreshQA, arXiv 2310.03214, utility after CRAG, arXiv 2406.04744).
"""

from datetime import date
from functools import lru_cache
from typing import Any, ClassVar, Literal

from harness.protocols import Resources
from harness.records import Answer, Case, Fact, Metric, Score
from harness.score.judgement import Judgement, judge
from harness.score.known import Known, know
from harness.score.options import all_errors, all_unmeasured, only
from harness.score.preference import METRIC as PREFERENCE
from harness.score.preference import pair, preferred

CLASSES = ("current", "stale", "wrong", "abstained", "hedged", "error")


class Recency:
    """Scores answers to fact cases.

    Option `gamma` weighs a stale answer in the utility; `preference: false` leaves out the
    comparison of likelihoods, which costs two prefills a changed fact.
    """

    description: ClassVar[str] = "current, stale, wrong, abstained or hedged about a fact"

    def __init__(self, options: dict[str, Any], resources: Resources) -> None:
        only(options, ("gamma", "preference"), "option for recency")
        gamma = options.get("gamma", 1)
        if isinstance(gamma, bool) or not isinstance(gamma, int | float) or not 0 <= gamma < 1e6:
            raise ValueError(
                f"recency: gamma is {gamma!r} (write a number of at least 0, such as 1)"
            )
        compare = options.get("preference", True)
        if not isinstance(compare, bool):
            raise ValueError(f"recency: preference is {compare!r} (write true or false)")  # noqa: TRY004
        self.gamma = float(gamma)
        self.compare = compare
        self.facts = resources.facts
        self.trained_until = resources.trained_until
        self.metrics = _metrics(self.gamma)
        self._known = lru_cache(maxsize=None)(self._know)

    def score(self, case: Case, answer: Answer) -> list[Score]:
        """One class for the answer, told by every metric's label; see docs/scorers.md."""
        if answer.finish == "error":
            return all_errors(self.metrics, answer, "error")
        if case.fact is None:
            return all_unmeasured(self.metrics, "the case names no fact")
        fact = self.facts.get(case.fact)
        if fact is None:
            return all_unmeasured(self.metrics, f"fact '{case.fact}' is not in the suite")
        known = self._known(case.fact, case.as_of)
        if known is None:
            when = f"on {case.as_of}" if case.as_of else "without an end"
            return all_unmeasured(self.metrics, f"fact '{fact.id}' has no value that holds {when}")
        judged = judge(answer.text, known, case.as_of, case.input)
        return [*self._scores(judged, fact), preferred(answer, judged.label)]

    def targets(self, case: Case) -> tuple[str, ...]:
        """The reference with the value that holds and with the superseded one, where one was."""
        fact = self.facts.get(case.fact or "")
        if fact is None or not self.compare:
            return ()
        return pair(case, fact, self.trained_until)

    def _know(self, fact: str, as_of: date | None) -> Known | None:
        return know(self.facts[fact], as_of)

    def _scores(self, judged: Judgement, fact: Fact) -> list[Score]:
        label = judged.label
        stale = label == "stale"
        values: dict[str, float | None] = {
            f"recency.{name}": float(label == name) for name in CLASSES if name != "error"
        }
        values["recency.utility"] = (
            float(label == "current") - float(label == "wrong") - self.gamma * float(stale)
        )
        values["recency.placebo"] = float(judged.placebo) if fact.placebo else None
        # one of k values that were never true stands for a lucky match
        lucky = float(judged.placebo) / len(fact.placebo) if fact.placebo else 0.0
        for name in ("current", "stale"):
            net = float(label == name) - lucky if fact.placebo else None
            values[f"recency.{name}_net"] = net
        values["recency.age_days"] = float(judged.age) if judged.age is not None else None
        missing = {
            **dict.fromkeys(
                ("recency.placebo", "recency.current_net", "recency.stale_net"),
                f"fact '{fact.id}' has no placebo values",
            ),
            "recency.age_days": "only a stale answer has an age",
        }
        return [
            Score(metric.name, number, "ok", label, judged.reason)
            if (number := values[metric.name]) is not None
            else Score(metric.name, None, "unmeasured", label, missing[metric.name])
            for metric in self.metrics
            if metric.name != PREFERENCE
        ]


_NETS: tuple[tuple[str, Literal["higher", "lower"]], ...] = (
    ("current", "higher"),
    ("stale", "lower"),
)


def _metrics(gamma: float) -> tuple[Metric, ...]:
    def share(name: str, description: str, better: Any, **more: Any) -> Metric:
        return Metric(
            f"recency.{name}", description, better=better, need="facts", binary=True, **more
        )

    return (
        share("current", "says the value that holds on the case's date", "higher", headline=True),
        share("stale", "says a value that held only earlier", "lower"),
        share("wrong", "says neither the value that holds nor one that held", "lower"),
        share("abstained", "declines to say", "neither"),
        share("hedged", "says the value that holds, and others beside it", "lower"),
        Metric(
            "recency.utility",
            f"current - wrong - {gamma:g} x stale; abstained and hedged are 0",
            unit="points",
            lower=-max(1.0, gamma),
            need="facts",
        ),
        share("placebo", "says a value that was never true", "lower", diagnostic=True),
        Metric(
            "recency.age_days",
            "days since the value that a stale answer says stopped holding",
            unit="days",
            upper=None,
            better="lower",
            need="facts",
            diagnostic=True,
        ),
        *(
            Metric(
                f"recency.{name}_net",
                f"{name} less how often one value that was never true is said",
                lower=-1.0,
                better=better,
                need="facts",
                diagnostic=True,
            )
            for name, better in _NETS
        ),
        share(
            "prefers_current",
            "finds the value that holds likelier a token than the superseded one",
            "higher",
            diagnostic=True,
        ),
    )
