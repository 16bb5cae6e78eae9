"""Style rules: every kind passes and fails for the right reason, and bad rules are named."""

import re
import time

import pytest

from harness.protocols import Resources
from harness.records import Answer, Case, Score
from harness.score.style import Style

CASE = Case("c", "t", "", "", "c")


def judged(answer: str, /, **rule: object) -> Score:
    scorer = Style({"rules": [{"name": "r", **rule}]}, Resources())
    return scorer.score(CASE, Answer("a", answer))[1]


@pytest.mark.parametrize(
    "rule, good, bad",
    [
        ({"kind": "pattern", "pattern": r"\b[A-Z]{3}\b"}, "an ABC b", "an abc b"),
        ({"kind": "pattern", "pattern": r"\d+\.", "where": "start"}, "1. x", "x 1."),
        ({"kind": "pattern", "pattern": r"[.!]", "where": "end"}, "x. y!\n", "x. y"),
        ({"kind": "pattern", "pattern": r"a|b", "where": "end"}, "x b", "a x"),
        ({"kind": "pattern", "pattern": r"^- ", "where": "every_line"}, "- a\n\n- b", "- a\nb"),
        ({"kind": "pattern", "pattern": r"^Kind regards,$"}, "x\nKind regards,\ny", "Kind regards"),
        ({"kind": "starts_with", "text": "Dear"}, "Dear Ann,", "Hi Ann, Dear"),
        ({"kind": "starts_with", "text": ["Dear", "Hello"]}, "Hello Ann", "Hey"),
        ({"kind": "ends_with", "text": "Brindle Care"}, "x\nBrindle Care\n", "Brindle Care x"),
        ({"kind": "phrases", "required": ["kind regards"]}, "Kind\nregards", "kindregards"),
        ({"kind": "phrases", "banned": ["as an AI"]}, "as an air", "I, as an ai, say"),
        ({"kind": "words", "min": 2, "max": 3}, "it's two", "one two three four"),
        ({"kind": "sentence_words", "max": 3}, "One two. Three four five!", "One two three four."),
        ({"kind": "numbering", "style": "1.", "min": 2}, "1. a\n2. b", "1. a"),
        ({"kind": "numbering", "style": "1."}, "7. a\n8. b", "1. a\n3. b"),
        ({"kind": "numbering", "style": "(a)", "min": 2}, "x: (a) y; and (b) z", "(a) y (c)"),
        ({"kind": "numbering", "style": "(a)", "min": 2}, "(a) x\n(b) y\n(a) z", "(a) x\n(c) y"),
        ({"kind": "numbering", "style": "1.1"}, "1.1 The\n1.2 The", "1. The"),
        ({"kind": "modal", "use": "shall", "avoid": ["will"]}, "It SHALL be", "It shall, will"),
        ({"kind": "modal", "use": ["shall", "must"]}, "It must be", "It mustn be"),
        ({"kind": "shape", "is": "json"}, '{"a": [1]}', '{"a": [1]} ok'),
        ({"kind": "shape", "is": "json"}, "[1]", "12"),
        ({"kind": "shape", "is": "markdown_list"}, "x:\n- a\n- b", "- a"),
        ({"kind": "shape", "is": "paragraph"}, "One. Two.", "One.\n\nTwo."),
        ({"kind": "shape", "is": "paragraph"}, "One - two", "# One\ntwo"),
        ({"kind": "shape", "is": "json", "keys": ["a", "b"]}, '{"a": 1, "b": 2}', '{"a": 1}'),
        ({"kind": "shape", "is": "json", "keys": "a"}, '[{"a": 1}, {"a": 2}]', '[{"a": 1}, 2]'),
        ({"kind": "shape", "is": "json", "keys": "a"}, '[{"a": 1}]', "[]"),
        ({"kind": "sentences", "max": 2}, "It is e.g. one. Two.", "One. Two. Three."),
        ({"kind": "items", "min": 2, "max": 2}, "So:\n- a\n* b", "- a"),
        ({"kind": "items", "min": 2, "max": 2}, "1. a\n2) b", "1. a\n2. b\n3. c"),
        ({"kind": "slots", "required": ["Order", "Why"]}, "Order: 7\nWhy: late", "Order: 7"),
        (
            {"kind": "slots", "required": ["Order", "Why"]},
            "**Order:** 7\n- Why:\n  late",
            "Why: a\nOrder: 7",
        ),
        ({"kind": "slots", "required": ["Order"]}, "Order: 7", "Order: [number]"),
        ({"kind": "slots", "required": ["Order"]}, "order : 7 [1]", "Order:\n"),
        ({"kind": "slots", "required": ["Order", "Why"]}, "Order: 7\nWhy: b", "Order:\nWhy: b"),
        ({"kind": "slots", "required": "To"}, "To: Ann", "To: ____"),
    ],
)
def test_a_kind_tells_good_from_bad(rule: dict[str, object], good: str, bad: str) -> None:
    assert judged(good, **rule).value == 1.0
    assert judged(bad, **rule).value == 0.0
    assert judged(bad, **rule).reason


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "phrases", "banned": ["x"]},
        {"kind": "words", "max": 5},
        {"kind": "pattern", "pattern": ".*"},
        {"kind": "modal", "avoid": ["will"]},
        {"kind": "shape", "is": "paragraph"},
    ],
)
def test_an_empty_answer_keeps_no_rule(rule: dict[str, object]) -> None:
    score = judged(" \n", **rule)
    assert (score.state, score.value, score.reason) == ("ok", 0.0, "the answer is empty")


@pytest.mark.parametrize(
    "rule, message",
    [
        ({"kind": "patern"}, "did you mean 'pattern'"),
        ({"kind": "starts_with_pattern", "pattern": "x"}, "did you mean 'starts_with'"),
        ({"kind": "pattern"}, "pattern is None"),
        ({"kind": "pattern", "pattern": "("}, "no regular expression"),
        ({"kind": "pattern", "pattern": "x", "where": "begin"}, "where is 'begin'"),
        ({"kind": "pattern", "pattern": "x", "were": "any"}, "did you mean 'where'"),
        ({"kind": "words"}, "min and max are both missing"),
        ({"kind": "words", "min": "3"}, "min is '3'"),
        ({"kind": "words", "min": 3, "max": 2}, "min 3 is above max 2"),
        ({"kind": "phrases"}, "required and banned"),
        ({"kind": "phrases", "banned": [1]}, "banned is [1]"),
        ({"kind": "modal"}, "use and avoid"),
        ({"kind": "numbering", "style": "i."}, "style is 'i.'"),
        ({"kind": "shape", "is": "yaml"}, "is is 'yaml'"),
        ({"kind": "starts_with"}, "text is missing"),
        ({"kind": "words", "min": 1, "name": "all"}, "not all or voice"),
        ({"kind": "words", "min": 1, "name": "voice"}, "not all or voice"),
        ({"kind": "shape", "is": "paragraph", "keys": ["a"]}, "keys goes with is: json"),
        ({"kind": "slots"}, "required is missing"),
        ({"kind": "items"}, "min and max are both missing"),
        ({"kind": "words", "min": 1, "name": "a b"}, "name 'a b'"),
    ],
)
def test_a_bad_rule_is_named_with_its_remedy(rule: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        judged("x", **rule)
    assert "\n" not in str(caught.value)


RULES = {
    "rules": [
        {"name": "short", "kind": "words", "max": 3},
        {"name": "shall", "kind": "modal", "use": "shall"},
    ]
}


def test_all_rules_of_the_suite_count_and_all_needs_every_one() -> None:
    scorer = Style({}, Resources(style=RULES))
    assert [m.name for m in scorer.metrics] == ["style.all", "style.short", "style.shall"]
    assert [s.value for s in scorer.score(CASE, Answer("a", "It shall"))] == [1.0, 1.0, 1.0]
    scores = scorer.score(CASE, Answer("a", "It will"))
    assert [s.value for s in scores] == [0.0, 1.0, 0.0]
    assert "style.shall" in scores[0].reason


def test_an_option_picks_rules_by_name() -> None:
    scorer = Style({"rules": ["shall"]}, Resources(style=RULES))
    assert [m.name for m in scorer.metrics] == ["style.all", "style.shall"]


@pytest.mark.parametrize(
    "options, message",
    [
        ({"rules": ["shal"]}, "did you mean 'shall'"),
        ({"rule": ["shall"]}, "did you mean 'rules'"),
        ({"rules": "shall"}, "write a list"),
        ({"rules": ["shall", "shall"]}, "two style rules"),
    ],
)
def test_a_bad_option_is_named(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Style(options, Resources(style=RULES))


def test_a_failed_answer_is_an_error_on_every_metric() -> None:
    scorer = Style({}, Resources(style=RULES))
    scores = scorer.score(CASE, Answer("a", "It shall", finish="error"))
    assert {(s.state, s.value) for s in scores} == {("error", None)}


def test_a_suite_without_rules_and_texts_is_unmeasured() -> None:
    (score,) = Style({}, Resources()).score(CASE, Answer("a", "x"))
    assert (score.metric, score.state, score.value) == ("style.all", "unmeasured", None)


def test_a_pattern_that_backtracks_for_ever_is_stopped_and_is_an_error() -> None:
    begin = time.perf_counter()
    score = judged("a" * 60 + "!", kind="pattern", pattern="^(a|a)*$")
    assert time.perf_counter() - begin < 3
    assert (score.state, score.value) == ("error", None)
    assert "took more than" in score.reason


def test_text_beyond_the_cap_is_not_judged() -> None:
    assert judged("a " * 10_000 + "END", kind="pattern", pattern="END").value == 0.0
