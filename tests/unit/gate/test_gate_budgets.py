"""Budgets: tokens by their interval, seconds and megabytes by the one number there is."""

import math

import pytest

from harness.compare.summaries import summarise
from harness.gate.budgets import weighed
from harness.gate.evidence import Evidence
from harness.gate.judge import judge
from harness.records import (
    Adapter,
    Answer,
    Candidate,
    CandidateResult,
    Case,
    Rule,
    ScoredAnswer,
)

LORA = Candidate("lora")
CASES = [Case(f"{t}{i}", t, "in", "out", f"{t}{i}") for t in ("t", "u") for i in range(30)]


def answers(tokens=lambda i: 90 + i % 5, **changes) -> list[ScoredAnswer]:
    """30 answers to each of two tasks, those of task u ten tokens longer."""
    found = []
    for i, case in enumerate(CASES):
        count = tokens(i % 30) + (10 if case.task == "u" else 0)
        answer = Answer("r", "x", **{"completion_tokens": count, **changes})
        found.append(ScoredAnswer(case.id, case.task, "lora", answer, ()))
    return found


def verdict(metric, value, task="", given=None, spent=()):
    rule = Rule("budget", "lora", task, metric, value=value)
    given = answers() if given is None else given
    summaries = summarise(*weighed([rule], given, CASES), [LORA])
    gate = judge(Evidence([rule], summaries, [], [], given, CASES, spent))
    return gate.rules[0]


@pytest.mark.parametrize(
    "task, value, expected",
    [
        ("t", 95, "PASS"),
        ("t", 92, "INCONCLUSIVE"),
        ("t", 90, "FAIL"),
        ("u", 95, "FAIL"),
        ("", 99, "PASS"),
        ("", 97, "INCONCLUSIVE"),
        ("", 95, "FAIL"),
    ],
)
def test_tokens_are_judged_by_the_bounds_of_their_mean(task, value, expected):
    found = verdict("tokens_per_answer", value, task)
    assert found.verdict == expected
    assert found.n == (30 if task else 60)


def test_tokens_are_said_in_tokens():
    found = verdict("tokens_per_answer", 95, "t")
    assert found.reason.startswith("lora: 92 tokens (n = 30); the 95 % interval [91.5, 92.5]")


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"finish": "error"}, "none of 30 cases was measured"),
        ({"completion_tokens": 0}, "none of 30 cases was measured"),
    ],
)
def test_answers_whose_tokens_nobody_knows_are_no_cheap_answers(changes, words):
    found = verdict("tokens_per_answer", 200, "t", answers(**changes))
    assert (found.verdict, words in found.reason) == ("ERROR", True)


def test_an_adapter_is_weighed_exactly():
    spent = [CandidateResult(LORA, Adapter("lora", "p", "d", 16, 19_590_000), 9)]
    assert verdict("adapter_mb", 20, spent=spent).verdict == "PASS"
    found = verdict("adapter_mb", 19.5, spent=spent)
    assert (found.verdict, found.reason) == ("FAIL", "lora: 19.59 MB, over 19.5 MB (exact)")


def test_seconds_are_one_measurement_and_say_so():
    spent = [CandidateResult(LORA, None, 200, answer_seconds=50.0)]
    assert verdict("seconds_per_answer", 0.2, spent=spent).verdict == "FAIL"
    found = verdict("seconds_per_answer", 0.25, spent=spent)
    assert (found.verdict, found.n, found.estimate, found.low) == ("PASS", 200, 0.25, None)
    assert "n = 200 answers; no interval: one measurement" in found.reason


@pytest.mark.parametrize(
    "metric, spent, words",
    [
        ("adapter_mb", [], "was not asked"),
        ("adapter_mb", [CandidateResult(LORA)], "has no adapter"),
        (
            "adapter_mb",
            [CandidateResult(LORA, Adapter("l", "served:l", "d", 0, 0))],
            "are not here",
        ),
        ("seconds_per_answer", [CandidateResult(LORA, None, 9)], "no engine time"),
        ("seconds_per_answer", [CandidateResult(LORA, None, 0, answer_seconds=3.0)], "no engine"),
        (
            "seconds_per_answer",
            [CandidateResult(LORA, None, 9, answer_seconds=math.nan)],
            "no engine time",
        ),
    ],
)
def test_what_was_not_weighed_is_an_error(metric, spent, words):
    found = verdict(metric, 5, spent=spent)
    assert (found.verdict, words in found.reason) == ("ERROR", True)


def test_without_budgets_nothing_is_weighed():
    rules = [Rule("at_least", "lora", "t", "m", value=0.5)]
    assert weighed(rules, answers(), CASES)[:2] == ([], [])
