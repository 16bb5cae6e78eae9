"""A plan per kind of rule: how many cases it needs, and what those at hand can show."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from harness.gate.budgets import TOKENS
from harness.gate.planned import RulePlan, Size, Verdict, amount, count, rounded
from harness.gate.power import (
    equal_needed,
    gain_needed,
    least_unseen,
    least_wilson,
    level_needed,
    smallest,
    unseen,
    usual_gain,
    usual_level,
)
from harness.gate.seen import Seen
from harness.records import Metric, Rule

APART = (0.1, 0.2)  # shares of cases in which two candidates are assumed to differ


@dataclass(frozen=True, slots=True)
class Question:
    """A rule with its metric, the cases it has, and what an earlier run tells."""

    rule: Rule
    metric: Metric
    size: Size
    seen: Seen


def plan_equal(ask: Question) -> RulePlan:
    """non_inferior: the smallest margin, if nothing truly changed."""
    rule, metric, size, seen = ask.rule, ask.metric, ask.size, ask.seen
    width = _width(metric)
    least = least_unseen(rule.margin / width) if width else 0.0
    earlier = seen.difference(rule, metric)
    if least > size.effective:
        return _never(ask, least)
    if earlier:
        assumes = f"no true change; answers differ as in run {seen.name}"
        needed = rounded(max(earlier.needed(rule.margin), size.spread(least)))
        return _sized(ask, needed, earlier.smallest(size.cases), assumes)
    if not width:
        return _spread_unknown(ask)
    share = rule.margin / width
    needed, worse = (size.whole(equal_needed(share, apart)) for apart in APART)
    found = smallest(lambda step: equal_needed(step, APART[0]), size.effective, 1.0)
    assumes = f"no true change; {_apart(needed, worse)}"
    return _sized(ask, needed, found and found * width, assumes)


def plan_gain(ask: Question) -> RulePlan:
    """superior: the smallest true gain beyond min_effect."""
    rule, metric, size, seen = ask.rule, ask.metric, ask.size, ask.seen
    width = _width(metric)
    bar = rule.min_effect / width if width else 0.0
    least = least_unseen((1 - bar) / 2) if width else 0.0
    earlier = seen.difference(rule, metric)
    if least > size.effective:
        return _never(ask, least)
    if earlier:
        distance = abs(earlier.estimate - rule.min_effect)
        gained = amount(metric, earlier.estimate, gap=True)
        assumes = f"a true gain of {gained} and the spread of answers, as in run {seen.name}"
        reached = rule.min_effect + earlier.smallest(size.cases)
        needed = rounded(max(earlier.needed(distance), size.spread(least)))
        return _sized(ask, needed, reached, assumes)
    if not width:
        return _spread_unknown(ask)
    step = usual_gain(bar)
    needed, worse = (size.whole(gain_needed(bar, step, apart)) for apart in APART)
    found = smallest(
        lambda more: gain_needed(bar, more, APART[0]), size.effective, (1 - bar) * 0.999
    )
    shows = None if found is None else (bar + found) * width
    gained = amount(metric, (bar + step) * width, gap=True)
    assumes = f"a true gain of {gained}; {_apart(needed, worse)}"
    return _sized(ask, needed, shows, assumes)


def plan_level(ask: Question) -> RulePlan:
    """at_least, at_most and budgets of tokens: how far the truth must lie from the bar."""
    rule, metric, size, seen = ask.rule, ask.metric, ask.size, ask.seen
    width, earlier = _width(metric), seen.level(rule)
    up = rule.kind == "at_least"
    bar = least = 0.0
    if width and metric.lower is not None:
        bar = (rule.value - metric.lower) / width
        bar = bar if up else 1 - bar
        least = least_wilson(bar)
    if least > size.effective:
        return _never(ask, least)
    if earlier:
        distance = abs(earlier.estimate - rule.value)
        assumes = f"a true {amount(metric, earlier.estimate)} and the spread of run {seen.name}"
        reached = rule.value + (1 if up else -1) * earlier.smallest(size.cases)
        needed = rounded(max(earlier.needed(distance), size.spread(least)))
        return _sized(ask, needed, reached, assumes)
    if not width or metric.lower is None:
        return _spread_unknown(ask)
    truth = usual_level(bar)
    needed = size.whole(level_needed(bar, truth))
    found = smallest(lambda more: level_needed(bar, min(1.0, bar + more)), size.effective, 1 - bar)
    lower = metric.lower

    def place(share: float) -> float:
        return lower + width * (share if up else 1 - share)

    assumes = f"a true {amount(metric, place(truth))}"
    shows = None if found is None else place(bar + found)
    return _sized(ask, needed, shows, assumes)


def plan_unmeasured(ask: Question) -> RulePlan:
    """max_unmeasured: a count, which needs no power."""
    rule, size = ask.rule, ask.size
    allowed = math.floor(rule.value * size.cases + 1e-9)
    says = f"{allowed} of {size.cases:,} may be unmeasured or errors"
    return RulePlan(rule, "decidable", size.cases, size.clusters, 1, says=says)


def plan_musts(ask: Question) -> RulePlan:
    """no_new_failures: one case decides; what all of them say of others like them is a bound."""
    rule, size = ask.rule, ask.size
    bound = unseen(size.effective)
    says = f"if none fails, at most {100 * bound:.2g} % of cases like these do"
    assumes = "each case counts by itself"
    return RulePlan(rule, "decidable", size.cases, size.clusters, 1, bound, says, assumes)


def plan_budget(ask: Question) -> RulePlan:
    """budget: tokens by their spread; seconds and megabytes are one number."""
    rule, size = ask.rule, ask.size
    if rule.metric == TOKENS:
        return plan_level(ask)
    how = "exact" if rule.metric == "adapter_mb" else "one measurement, without an interval"
    return RulePlan(rule, "decidable", size.cases, size.clusters, 1, says=how)


PLANNERS: dict[str, Callable[[Question], RulePlan]] = {
    "superior": plan_gain,
    "non_inferior": plan_equal,
    "at_least": plan_level,
    "at_most": plan_level,
    "max_unmeasured": plan_unmeasured,
    "no_new_failures": plan_musts,
    "budget": plan_budget,
}


def _width(metric: Metric) -> float | None:
    """The metric's range, None where it has no end on a side."""
    if metric.lower is None or metric.upper is None:
        return None
    return metric.upper - metric.lower


def _apart(needed: int | None, worse: int | None) -> str:
    said = f"candidates differ in {100 * APART[0]:.0f} % of cases"
    if worse == needed:
        return said
    return f"{said} (in {100 * APART[1]:.0f} %: {count(worse)} needed)"


def _sized(ask: Question, needed: int | None, shows: float | None, assumes: str) -> RulePlan:
    rule, size = ask.rule, ask.size
    enough = needed is not None and needed <= size.cases
    said = _shown(rule, ask.metric, shows)
    verdict: Verdict = "decidable" if enough else "needs more"
    return RulePlan(rule, verdict, size.cases, size.clusters, needed, shows, said, assumes)


def _shown(rule: Rule, metric: Metric, shows: float | None) -> str:
    if shows is None:
        return "it shows no effect that this metric can have"
    if rule.kind == "non_inferior":
        return f"it shows that a loss stays within {amount(metric, shows, gap=True)}"
    if rule.kind == "superior":
        return f"it shows a true gain of {amount(metric, shows, gap=True)} or more"
    side = "more" if rule.kind == "at_least" else "less"
    return f"it shows a true {amount(metric, shows)} or {side}"


def _never(ask: Question, least: float) -> RulePlan:
    size = ask.size
    needed = size.whole(math.floor(least) + 1) if math.isfinite(least) else None
    says = "not even perfect answers would pass: the interval is too wide"
    return RulePlan(
        ask.rule, "never", size.cases, size.clusters, needed, says=says, assumes="perfect answers"
    )


def _spread_unknown(ask: Question) -> RulePlan:
    says = f"how much {ask.metric.name} spreads is known after a run"
    return RulePlan(ask.rule, "not known", ask.size.cases, ask.size.clusters, says=says)
