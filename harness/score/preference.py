"""Update preference: does the model find the value that holds likelier than the superseded one?

After EvolvingQA (arXiv 2311.08106), by mean logprob per token of the tokens that differ.
"""

import re
from datetime import date
from statistics import fmean

from harness.records import Answer, Case, Fact, Score, Version

METRIC = "recency.prefers_current"


def pair(case: Case, fact: Fact, trained_until: date | None) -> tuple[str, ...]:
    """The reference with the value that holds, and with the one that held when training ended.

    Without `trained_until` the older is the version before. () where nothing was superseded.
    Where the reference does not state the value word for word, the bare values are compared.
    """
    place = next((i for i, version in enumerate(fact.versions) if holds(version, case.as_of)), None)
    if place is None:
        return ()
    now = fact.versions[place]
    earlier = fact.versions[:place]
    if trained_until is not None:
        earlier = tuple(version for version in earlier if holds(version, trained_until))
    if not earlier or earlier[-1].value == now.value:
        return ()
    old = earlier[-1].value
    for text in (now.value, *now.aliases):
        found = re.compile(rf"(?<!\w){re.escape(text)}(?!\w)", re.IGNORECASE)
        if found.search(case.reference):
            return case.reference, found.sub(lambda _: old, case.reference)
    return now.value, old


def holds(version: Version, day: date | None) -> bool:
    """Whether a version is valid on a day; without a day, whether it still is."""
    if day is None:
        return version.valid_to is None
    ended = version.valid_to is not None and version.valid_to <= day
    return version.valid_from <= day and not ended


def preferred(answer: Answer, label: str) -> Score:
    """1 where the value that holds is likelier a token than the superseded one, else 0.

    `label` is the class of the answer that was given.
    """
    if len(answer.target_logprobs) != 2 or not all(answer.target_logprobs):
        why = "nothing was superseded since training, or the engine gave no likelihoods"
        return Score(METRIC, None, "unmeasured", label, why)
    new, old = (fmean(values) for values in answer.target_logprobs)
    reason = f"log-probability a token: {new:.2f} for what holds, {old:.2f} for what held"
    return Score(METRIC, float(new > old), "ok", label, reason)
