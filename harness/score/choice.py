"""Choice: which of the answers that a case offers is said, and which is found likeliest.

By likelihood as lm-evaluation-harness (Gao et al., task type multiple_choice) does it: the
sum of the natural logarithms of a choice's tokens after the prompt, from one prefill each.
"""

import math
from collections.abc import Sequence
from typing import Any, ClassVar

from harness.protocols import Resources
from harness.records import Answer, Case, Metric, Score
from harness.score.options import all_errors, all_unmeasured, choice, only, unmeasured
from harness.score.text import LIMIT, normalise, quote, words

SAID, LIKELIEST, MARGIN = "choice.said", "choice.likeliest", "choice.margin"
NO_CHOICES = "the case offers no choices"


class Choice:
    """Scores cases with `expect: {choices: [...]}`, of which the reference is the right one.

    Option `by: token` compares the mean logprob a token instead of the sum.
    """

    description: ClassVar[str] = "which of the offered answers is said, and which is likeliest"
    whole_targets: ClassVar[bool] = True
    metrics: tuple[Metric, ...] = (
        Metric(SAID, "says the right choice and no other", binary=True, headline=True),
        Metric(LIKELIEST, "finds the right choice likeliest", binary=True, shown=True),
        Metric(
            MARGIN,
            "log-probability of the right choice less that of the likeliest other",
            unit="nats",
            lower=None,
            upper=None,
            diagnostic=True,
        ),
    )

    def __init__(self, options: dict[str, Any], resources: Resources) -> None:
        del resources
        only(options, ("by",), "option for choice")
        self.by = choice(options, "by", ("sum", "token"), "sum")

    def targets(self, case: Case) -> tuple[str, ...]:
        """The choices, in the case's order."""
        offered = offered_by(case)
        return offered if case.reference in offered else ()

    def score(self, case: Case, answer: Answer) -> list[Score]:
        """What is said from the text, what is likeliest from the targets' logprobs."""
        if answer.finish == "error":
            return all_errors(self.metrics, answer)
        offered = offered_by(case)
        if len(offered) < 2:
            return all_unmeasured(self.metrics, NO_CHOICES)
        if case.reference not in offered:
            what = f"the reference {quote(case.reference)} is not among the choices"
            return [Score(metric.name, None, "error", reason=what) for metric in self.metrics]
        return [said(case.reference, offered, answer.text), *self._likely(case, offered, answer)]

    def _likely(self, case: Case, offered: Sequence[str], answer: Answer) -> list[Score]:
        found = answer.target_logprobs
        if len(found) != len(offered) or not all(found):
            why = "the engine gave no likelihoods of the choices"
            return [unmeasured(LIKELIEST, why), unmeasured(MARGIN, why)]
        share = (1 / len(one) if self.by == "token" else 1.0 for one in found)
        sums = [math.fsum(one) * part for one, part in zip(found, share, strict=True)]
        right = offered.index(case.reference)
        rival = max((i for i in range(len(offered)) if i != right), key=sums.__getitem__)
        margin = sums[right] - sums[rival]
        reason = (
            f"{sums[right]:.2f} for {quote(offered[right])}, {sums[rival]:.2f} for "
            f"{quote(offered[rival])}"
        )
        return [
            Score(LIKELIEST, float(margin > 0), "ok", reason=reason),
            Score(MARGIN, margin, "ok", reason=reason),
        ]


def offered_by(case: Case) -> tuple[str, ...]:
    """The choices of a case, each once; () where it offers none."""
    given = case.expect.get("choices", ())
    if not isinstance(given, list | tuple):
        return ()
    return tuple(dict.fromkeys(str(one) for one in given))


def said(right: str, offered: Sequence[str], text: str) -> Score:
    """1 where the right choice stands in the text, as whole words, and no other does.

    A choice inside a longer one that is said ("5" in "5 days") is not said by itself.
    """
    told = plain(text[:LIMIT])
    found: list[str] = []
    for one in sorted(offered, key=lambda one: -len(plain(one))):
        wanted = f" {plain(one).strip()} "
        if wanted.strip() and wanted in told:
            found.append(one)
            told = told.replace(wanted, " | ")
    if not found:
        return Score(SAID, 0.0, "ok", "none", "says none of the choices")
    named = ", ".join(map(quote, found))
    label = "several" if len(found) > 1 else "right" if found == [right] else "other"
    return Score(SAID, float(label == "right"), "ok", label, f"says {named}")


def plain(text: str) -> str:
    """The words of a text in lower case, a space around each."""
    return f" {' '.join(words(normalise(text).lower()))} "
