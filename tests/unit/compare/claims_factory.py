"""Comparisons and summaries by hand, for the tests of findings and advice."""

from harness.records import AdapterSource, Candidate, Comparison, Metric, Summary

LORA = AdapterSource("recipe", "r16")
BASE = Candidate("plain")
HOUSE = Candidate("asked", prompt="house")
FOUND = Candidate("found", context="retrieved")
GOLD = Candidate("given", context="gold")
TUNED = Candidate("tuned", LORA)
TUNED_FOUND = Candidate("tuned+found", LORA, context="retrieved")
TUNED_GOLD = Candidate("tuned+given", LORA, context="gold")
EVERYONE = (BASE, HOUSE, FOUND, GOLD, TUNED, TUNED_FOUND, TUNED_GOLD)

STYLE = Metric("s.all", "keeps every rule", need="style", headline=True, binary=True)
FACTS = Metric("r.current", "is current", need="facts", headline=True, binary=True)
STALE = Metric("r.stale", "is outdated", need="facts", better="lower", binary=True)
OTHER = Metric("q.right", "is right", need="other", headline=True, binary=True)


def versus(
    metric: Metric,
    pair: tuple[Candidate, Candidate],
    numbers: tuple[float, float, float] | None,
    slice_name: str = "all",
    p_value: float = 1e-6,
) -> Comparison:
    """numbers: difference, low, high; p counts only where the interval leaves out 0."""
    blank = (metric.name.split(".")[0], metric.name, slice_name, pair[0].name, pair[1].name)
    if numbers is None:
        return Comparison(*blank, n=0, clusters=0, difference=None, low=None, high=None)
    difference, low, high = numbers
    shown = low > 0 or high < 0
    good = (difference > 0) == (metric.better == "higher")
    return Comparison(
        *blank, n=40, clusters=40, difference=difference, low=low, high=high,
        p_value=p_value if shown else 0.6, mde=0.15,
        outcome=("better" if good else "worse") if shown else "not shown",
    )  # fmt: skip


def level(metric: Metric, candidate: Candidate, mean: float, slice_name: str = "all") -> Summary:
    task = metric.name.split(".")[0]
    low, high = max(0.0, mean - 0.1), min(1.0, mean + 0.1)
    return Summary(task, metric.name, slice_name, candidate.name, 40, 40, mean, low, high)
