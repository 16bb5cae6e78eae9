"""Numbers, units and untrusted text."""

from pathlib import Path

import pytest

from harness.errors import BenchError
from harness.records import BUDGETS, Metric, Rule, RuleResult
from harness.report import text

SHARE = Metric("style.all", "")
RATE = Metric("terminology.forbidden", "", unit="per 1,000 words", upper=None)


@pytest.mark.parametrize(
    "raw, expected",
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]8;;http://evil.test\x07link\x1b]8;;\x07", "link"),
        ("\x1b]0;title\x1b\\after", "after"),
        ("\x9b31mred", "red"),
        ("over\rwrite", "over\nwrite"),
        ("tab\tand\nnewline", "tab\tand\nnewline"),
        ("\u202eevil\u202c", "evil"),
        ("bell\x07 null\x00 del\x7f", "bell null del"),
        ("half \ud83d", "half \ufffd"),
        ("مرحبا 👩‍👧 ₹", "مرحبا 👩‍👧 ₹"),
    ],
)
def test_clean_drops_what_acts_on_a_terminal_and_keeps_what_a_person_wrote(raw, expected):
    assert expected == text.clean(raw)


def test_visible_shows_an_escape_as_a_picture():
    assert text.visible("\x1b[31mred") == "␛[31mred"


def test_clean_is_quick_on_unfinished_escapes():
    assert text.clean("\x1b]" * 20_000) == ""


@pytest.mark.parametrize(
    "raw, expected",
    [
        ("a|b", "a\\|b"),
        ("two\nlines", "two lines"),
        ("<b>&", "&lt;b&gt;&amp;"),
        ("*_`[x]~", "\\*\\_\\`\\[x\\]\\~"),
        ("@everyone", "@\u200beveryone"),
        ("a @ b", "a @ b"),
    ],
)
def test_markdown_leaves_no_markup_pipe_or_mention(raw, expected):
    assert expected == text.markdown(raw)


@pytest.mark.parametrize(
    "share, expected",
    [
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.934, "93 %"),
        (0.025, "2.5 %"),
        (0.05, "5 %"),
        (0.996, "99.6 %"),
        (0.9999, ">99.9 %"),
        (0.004, "0.4 %"),
        (0.0001, "<0.1 %"),
        (-0.5, "−50 %"),
    ],
)
def test_a_share_never_rounds_to_an_absolute_that_it_is_not(share, expected):
    assert expected == text.number(share, SHARE)


def test_an_estimate_carries_its_interval_and_unit():
    assert text.estimate(0.93, 0.8, 0.98, SHARE) == "93 % [80, 98]"
    assert text.estimate(3.1, 2.0, 4.4, RATE) == "3.1 [2, 4.4]"
    assert text.number(3.1, RATE) == "3.1 per 1,000 words"
    assert text.estimate(None, None, None, SHARE) == text.MISSING
    assert text.estimate(float("nan"), None, None, SHARE) == text.MISSING


def test_a_difference_of_shares_is_in_percentage_points():
    assert text.difference(0.91, 0.8, 0.97, SHARE) == "+91 pp [80, 97]"
    assert text.difference(-0.02, -0.14, 0.11, SHARE) == "−2 pp [−14, 11]"
    assert text.change(-2.1, RATE) == "−2.1 per 1,000 words"
    assert text.change(0.0, SHARE) == "0 pp"


@pytest.mark.parametrize(
    "value, expected",
    [(4.21, "4.2 s"), (192, "3 min 12 s"), (59.99, "1 min 00 s"), (7500, "2 h 05 min")],
)
def test_durations_read_as_people_say_them(value, expected):
    assert expected == text.seconds(value)


def test_quantities_take_a_prefix():
    assert text.quantity(9_800_000, "B") == "9.8 MB"
    assert text.quantity(1.2e15, "FLOP") == "1.2 PFLOP"
    assert text.quantity(12, "B") == "12 B"
    assert text.quantity(None, "B") == ""


def test_a_p_value_is_never_zero():
    assert text.p_value(0.0) == "<0.001"
    assert text.p_value(0.21) == "0.210"


def test_rules_read_as_sentences():
    superior = Rule("superior", "lora", "t", "style.all", against="base", min_effect=0.1)
    assert (
        text.rule(superior, SHARE) == "lora is better than base by more than 10 pp (t, style.all)"
    )
    any_lead = Rule("superior", "lora", "t", "style.all", against="base")
    assert text.rule(any_lead, SHARE) == "lora is better than base (t, style.all)"
    at_most = Rule("at_most", "lora", "t", "style.all", slice="changed", value=0.2)
    assert text.rule(at_most, SHARE) == "lora stays at or below 20 % (t, style.all, changed)"
    must = Rule("no_new_failures", "lora", "t", "style.all", "must_pass")
    assert text.rule(must, SHARE) == "lora fails no case (t, style.all, must_pass)"
    new = Rule("no_new_failures", "lora", "t", "style.all", "must_pass", "baseline")
    assert (
        text.rule(new, SHARE) == "lora fails no case that baseline passes (t, style.all, must_pass)"
    )


@pytest.mark.parametrize(
    "metric, task, value, expected",
    [
        ("tokens_per_answer", "t", 120, "lora takes at most 120 tokens for an answer (t)"),
        ("seconds_per_answer", "", 0.5, "lora takes at most 0.5 s for an answer (all tasks)"),
        ("adapter_mb", "", 20, "lora takes at most 20 MB for its adapter"),
    ],
)
def test_budgets_are_said_in_their_own_unit(metric, task, value, expected):
    rule = Rule("budget", "lora", task, metric, value=value)
    assert text.rule(rule, BUDGETS[metric]) == expected


@pytest.mark.parametrize(
    "rule, numbers, expected",
    [
        (Rule("no_new_failures", "lora", "t", "m"), {"n": 9, "cases": ("a",)}, "1 of 9 cases"),
        (Rule("no_new_failures", "lora", "t", "m"), {}, "not measured"),
        (Rule("max_unmeasured", "lora", "t", "style.all"), {"estimate": 0.021}, "2.1 % unmeasured"),
        (
            Rule("superior", "lora", "t", "style.all", "all", "base"),
            {"estimate": 0.2, "low": 0.1, "high": 0.3},
            "+20 pp [10, 30]",
        ),
        (
            Rule("at_least", "lora", "t", "style.all"),
            {"estimate": 0.2, "low": 0.1, "high": 0.3},
            "20 % [10, 30]",
        ),
    ],
)  # fmt: skip
def test_what_a_rule_was_judged_on_is_said_in_its_own_way(rule, numbers, expected):
    assert text.measured(RuleResult(rule, "PASS", "", **numbers), SHARE) == expected


def test_one_measurement_is_said_without_an_interval():
    rule = Rule("budget", "lora", "", "adapter_mb", value=20)
    found = text.measured(RuleResult(rule, "PASS", "", 1, 19.52), BUDGETS["adapter_mb"])
    assert found == "19.5 MB"


def test_a_failed_write_is_one_line_and_leaves_nothing_behind(tmp_path: Path):
    target = tmp_path / "report.txt"
    target.mkdir()
    with pytest.raises(BenchError, match=r"while writing report\.txt"):
        text.save(target, "x")
    assert [target] == list(tmp_path.iterdir())
