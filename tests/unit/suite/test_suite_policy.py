"""Gate rules in a suite and in a policy of their own: checked before anything runs."""

import pytest

from harness.errors import SuiteError
from harness.records import Rule
from harness.suite.load import load
from harness.suite.policy import with_policy

CASES = [
    {"input": f"case {n}?", "output": "x", "tags": ["must_pass"] * (n < 2) + ["half"] * (n < 5)}
    for n in range(10)
]
TASKS = {"answers": {"cases": "cases.jsonl", "scorers": ["style", "rouge"]}}
RULE = "candidate: lora, task: answers, metric: style.all"


@pytest.fixture
def judged(write, tmp_path):
    """Load a suite, with a policy of these rules; the problems without their place, or the rules.

    `inside` writes them into suite.yaml instead, which must say the same.
    """
    folder = write({"tasks": TASKS}, {"cases.jsonl": CASES})

    def made(*rules: str, inside: bool = False) -> list[str]:
        text = "gate:\n" + "".join(f"  - {{{rule}}}\n" for rule in rules)
        if inside:
            file = folder / "suite.yaml"
            file.write_text(file.read_text() + text)
        else:
            (tmp_path / "policy.yaml").write_text(text)
        try:
            suite = load(folder)
            ruled = suite if inside else with_policy(suite, tmp_path / "policy.yaml")
        except SuiteError as error:
            return [str(problem).partition(": ")[2] for problem in error.problems]
        return list(ruled.rules)

    return made


BAD = [
    (f"kind: superior, {RULE}, against: lora", "candidate 'lora' is held against itself"),
    (f"kind: superior, {RULE}", "a rule of kind 'superior' needs 'against'"),
    (f"kind: superior, {RULE}, against: bass", "unknown candidate 'bass' (did you mean 'base'?)"),
    (f"kind: non_inferior, {RULE}, against: basline, margin: 0.1", "did you mean 'baseline'?"),
    ("kind: at_least, candidate: lora, metric: style.all, value: 0.5", "needs 'task'"),
    (
        "kind: at_least, candidate: lora, task: answer, metric: style.all, value: 0.5",
        "unknown task 'answer' (did you mean 'answers'?)",
    ),
    (
        "kind: at_least, candidate: lora, task: answers, metric: style.al, value: 0.5",
        "unknown metric 'style.al' (did you mean 'style.all'?)",
    ),
    (f"kind: at_least, {RULE}, value: 0.5, slice: hal", "unknown slice 'hal' (did you mean 'half'"),
    (f"kind: at_least, {RULE}, value: 0.5, slice: must_pass", "has 2 of the 10 cases"),
    (f"kind: at_least, {RULE}, value: 2", "value 2 is outside 0 to 1"),
    (f"kind: at_least, {RULE}, value: 1", "no number of cases shows that style.all is 1"),
    (f"kind: at_most, {RULE}, value: 0", "no number of cases shows that style.all is 0"),
    (f"kind: at_most, {RULE}, value: .nan", "gate[0].value is NaN"),
    (f"kind: at_lest, {RULE}, value: 0.5", "did you mean 'at_least'?"),
    (f"kind: no_new_failures, {RULE}, value: 1", "does not read 'value' (1.0)"),
    (
        "kind: no_new_failures, candidate: lora, task: answers, metric: rouge.rougeL",
        "metric 'rouge.rougeL' is not 0 or 1, so no answer passes or fails it (one of style.all)",
    ),
    (
        "kind: budget, candidate: lora, metric: tokens, value: 9",
        "unknown budget 'tokens' (did you mean 'tokens_per_answer'?)",
    ),
    ("kind: budget, candidate: lora, metric: adapter_mb", "needs 'value'"),
    ("kind: budget, candidate: lora, metric: adapter_mb, value: 0", "a budget of 0 is nothing"),
    (
        "kind: budget, candidate: lora, metric: adapter_mb, value: 9, task: answers",
        "a budget of adapter_mb does not read 'task' ('answers')",
    ),
    ("kind: budget, candidate: base, metric: adapter_mb, value: 9", "'base' has no adapter"),
    (
        "kind: at_most, candidate: lora, task: answers, metric: adapter_mb, value: 9",
        "adapter_mb is limited by a rule of kind 'budget', not 'at_most'",
    ),
]


@pytest.mark.parametrize("rule, words", BAD)
def test_a_rule_that_cannot_be_judged_is_one_problem_with_its_remedy(judged, rule, words):
    (problem,) = judged(rule)
    assert words in problem


@pytest.mark.parametrize("rule, words", BAD)
def test_a_suites_own_rules_are_checked_alike(judged, rule, words):
    (problem,) = judged(rule, inside=True)
    assert words in problem


def test_rules_take_the_place_of_the_suites_with_their_defaults(judged):
    found = judged(
        f"kind: no_new_failures, {RULE}",
        f"kind: no_new_failures, {RULE}, slice: half, against: baseline/old",
        f"kind: non_inferior, {RULE}, against: baseline, margin: 0.1",
        "kind: budget, candidate: lora, metric: tokens_per_answer, value: 90",
        "kind: budget, candidate: lora, task: answers, metric: tokens_per_answer, value: 90",
    )
    place = "policy.yaml:"
    assert found == [
        Rule("no_new_failures", "lora", "answers", "style.all", "must_pass", where=f"{place}2"),
        Rule(
            "no_new_failures", "lora", "answers", "style.all", "half", "baseline/old",
            where=f"{place}3",
        ),
        Rule(
            "non_inferior", "lora", "answers", "style.all", "all", "baseline", 0.1,
            where=f"{place}4",
        ),
        Rule("budget", "lora", "", "tokens_per_answer", value=90, where=f"{place}5"),
        Rule("budget", "lora", "answers", "tokens_per_answer", value=90, where=f"{place}6"),
    ]  # fmt: skip


MIXED = (
    "gate:\n"
    f"  - {{kind: nonsense, {RULE}}}\n"
    f"  - {{kind: superior, {RULE}, against: bass}}\n"
    f"  - {{kind: at_least, {RULE}, value: high}}\n"
    "  - {kind: budget, candidate: lora, metric: adapter_gb, value: 5}\n"
)


def test_every_problem_of_a_policy_is_told_at_once_at_its_own_line(write, tmp_path):
    folder = write({"tasks": TASKS}, {"cases.jsonl": CASES})
    (tmp_path / "p.yaml").write_text(MIXED)
    with pytest.raises(SuiteError) as caught:
        with_policy(load(folder), tmp_path / "p.yaml")
    found = sorted(problem.where for problem in caught.value.problems)
    assert found == ["p.yaml:2", "p.yaml:3", "p.yaml:4", "p.yaml:5"]


def test_every_problem_of_a_suites_rules_is_told_at_its_own_line(write):
    folder = write({"tasks": TASKS}, {"cases.jsonl": CASES})
    file = folder / "suite.yaml"
    before = file.read_text()
    file.write_text(before + MIXED)
    with pytest.raises(SuiteError) as caught:
        load(folder)
    first = before.count("\n") + 2
    found = sorted(problem.where for problem in caught.value.problems)
    assert found == [f"s/suite.yaml:{first + number}" for number in range(4)]


def test_a_rule_that_is_there_twice_is_a_problem_even_with_another_number(judged):
    rule = f"kind: at_least, {RULE}, slice: half, value: "
    (problem,) = judged(f"{rule}0.5", f"{rule}0.7")
    assert problem == "the rule is that of policy.yaml:2 again (keep one)"
    assert len(judged(f"{rule}0.5", f"kind: at_least, {RULE}, value: 0.5")) == 2


def test_must_pass_cases_that_are_not_there_are_a_problem(write):
    gate = [{"kind": "no_new_failures", "candidate": "base", "task": "t", "metric": "style.all"}]
    suite = {"tasks": {"t": {"cases": "cases.jsonl", "scorers": ["style"]}}, "gate": gate}
    with pytest.raises(SuiteError) as caught:
        load(write(suite, {"cases.jsonl": [{"input": "a?", "output": "b"}]}))
    (problem,) = caught.value.problems
    assert "no case of task 't' has the tag must_pass (tag the cases that may" in str(problem)


def test_a_sample_that_leaves_out_every_must_pass_case_is_a_problem(write):
    gate = [{"kind": "no_new_failures", "candidate": "base", "task": "t", "metric": "style.all"}]
    rows = [{"input": f"case {n}?", "output": "x", "tags": ["must_pass"] * (n < 1)}
            for n in range(40)]  # fmt: skip
    task = {"cases": "cases.jsonl", "scorers": ["style"], "limit": 4}
    with pytest.raises(SuiteError) as caught:
        load(write({"tasks": {"t": task}, "gate": gate}, {"cases.jsonl": rows}))
    assert "slice 'must_pass' has 0 of the 4 cases" in str(caught.value.problems[0])


def test_a_candidate_named_baseline_cannot_be_told_from_the_pinned_one(write):
    gate = [{"kind": "superior", "candidate": "lora", "against": "baseline", "task": "answers",
             "metric": "style.all"}]  # fmt: skip
    candidates = {"baseline": {}, "lora": {"adapter": "lora"}}
    with pytest.raises(SuiteError) as caught:
        load(write({"tasks": TASKS, "gate": gate, "candidates": candidates}))
    assert "a candidate has that name (rename the candidate)" in str(caught.value.problems[0])


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "a policy should be a mapping (start with `gate:`)"),
        ("- a\n", "a policy should be a mapping"),
        ("gate: []\n", "gate is empty"),
        ("gate: 5\n", "gate is 5"),
        ("gates: []\n", "unknown key 'gates' (did you mean 'gate'?)"),
        ("gate: [\n", "not valid YAML"),
    ],
)
def test_a_file_that_is_no_policy_is_one_line(write, tmp_path, text, words):
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(SuiteError) as caught:
        with_policy(load(write()), tmp_path / "p.yaml")
    (problem,) = caught.value.problems
    assert words in str(problem)


def test_a_policy_that_is_not_there_names_the_nearest_file(write, tmp_path):
    (tmp_path / "policy.yaml").write_text("gate: []\n")
    with pytest.raises(SuiteError) as caught:
        with_policy(load(write()), "polcy.yaml")
    (problem,) = caught.value.problems
    assert str(problem) == "polcy.yaml: the policy is not there (did you mean 'policy.yaml'?)"
