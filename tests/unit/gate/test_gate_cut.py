"""Answers that were cut at max_tokens make no rule pass."""

from collections.abc import Sequence

import pytest

from harness.gate.cut import check_cut
from harness.gate.evidence import Evidence, UnmeasuredError
from harness.records import Answer, Case, Rule, ScoredAnswer

CASES = tuple(
    Case(f"c{i}", "fees", "?", "!", f"c{i}", tags=("even",) * (i % 2 == 0)) for i in range(4)
)


def said(candidate: str, cut: Sequence[int], *, likely: bool = False) -> list[ScoredAnswer]:
    """A candidate's answers, some of which were cut."""
    logprobs = ((-1.0,),) if likely else ()
    return [
        ScoredAnswer(
            case.id,
            "fees",
            candidate,
            Answer(case.id, "x", finish="length" if i in cut else "stop", target_logprobs=logprobs),
            (),
        )
        for i, case in enumerate(CASES)
    ]


def judged(kind: str, answers: list[ScoredAnswer], **more: str) -> None:
    rule = Rule(kind, "lora", "fees", "m", against="base", **more)  # type: ignore[arg-type]
    check_cut(rule, Evidence([rule], (), (), (), answers, CASES))


def test_half_of_the_answers_may_be_cut() -> None:
    judged("superior", said("lora", [0, 1]))
    with pytest.raises(UnmeasuredError, match="lora: 3 of 4 answers reached max_tokens"):
        judged("superior", said("lora", [0, 1, 2]))


def test_only_the_rules_own_slice_counts() -> None:
    judged("superior", said("lora", [1, 3]), slice="even")
    with pytest.raises(UnmeasuredError, match="lora: 2 of 2 answers"):
        judged("superior", said("lora", [0, 2]), slice="even")


def test_options_that_are_compared_by_likelihood_are_whole() -> None:
    judged("superior", said("lora", range(4), likely=True))


@pytest.mark.parametrize("kind", ["non_inferior", "no_new_failures"])
def test_a_rival_that_was_cut_is_refused_where_that_makes_it_easier(kind: str) -> None:
    both = [*said("lora", []), *said("base", range(4))]
    judged("superior", both)
    with pytest.raises(UnmeasuredError, match="base: 4 of 4 answers"):
        judged(kind, both)


def test_what_was_not_measured_is_counted_whatever_was_cut() -> None:
    judged("max_unmeasured", said("lora", range(4)))
