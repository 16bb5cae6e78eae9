"""Cases and rules that could make a gate lie: each ends ERROR or FAIL, or is refused."""

from typing import Any

import pytest
from gate_lab import WRONG, Lab, fails, fee_cases, refused


def test_an_id_cannot_be_used_twice(lab: Lab) -> None:
    lab.rewrite("cases/fees.jsonl", lambda rows: [*rows, rows[0]])
    refused(lab.judge(), "id 'fee-0' is already used")


@pytest.mark.parametrize("fact", [True, False])
def test_copies_of_a_case_are_one_case(fact: bool, lab: Lab) -> None:
    def change(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        again = [{**rows[index % 8], "id": row["id"]} for index, row in enumerate(rows)]
        kept = {"id", "input", "output", *(["fact"] if fact else [])}
        return [{key: row[key] for key in row.keys() & kept} for row in again]

    rule = {"kind": "at_least", "candidate": "lora", "task": "fees", "metric": "style.all"}
    lab.edit(lambda data: data.update(gate=[{**rule, "value": 0.8}]))
    lab.edit(lambda data: data["tasks"]["fees"].update(scorers=["style"]))
    assert lab.judge().verdict == "PASS"
    lab.rewrite("cases/fees.jsonl", change)
    outcome = lab.judge()
    assert (outcome.verdict, outcome.code) == ("INCONCLUSIVE", 4), outcome.said
    assert "(n = 56); the 95 % interval [67.6, 100] contains 80" in outcome.said


def test_looks_at_the_same_cases_are_counted(lab: Lab) -> None:
    outcome = lab.judge()
    assert outcome.verdict == "PASS"
    assert "look " not in outcome.said  # what came before the baseline was no verdict
    lab.say([54], output="Answer: the Patron pays 8 pounds.")
    assert "look 2 at these 56 cases" in lab.judge().said


def test_no_cases_are_refused(lab: Lab) -> None:
    (lab.suite / "cases/fees.jsonl").write_text("", "utf-8")
    refused(lab.judge(), "task 'fees' has no cases")


def test_a_slice_that_is_misspelt_is_refused(lab: Lab) -> None:
    lab.rule("at_most", slice="chnged")
    refused(lab.judge(), "unknown slice 'chnged' (did you mean 'changed'?)")


def test_a_slice_of_few_cases_is_refused(lab: Lab) -> None:
    lab.rule("at_most", slice="must_pass")
    refused(lab.judge(), "slice 'must_pass' has 3 of the 56 cases")


def test_cases_that_training_holds_are_refused(lab: Lab) -> None:
    known = {key: fee_cases()[3][key] for key in ("input", "output")}
    lab.rewrite("train.jsonl", lambda rows: [*rows, known])
    refused(lab.judge(), "case 'fee-3' is in training")


@pytest.mark.parametrize(
    "harm, verdict",
    [
        ({"output": None}, "ERROR"),
        ({"output": "", "error": "x"}, "ERROR"),
        ({"output": WRONG}, "FAIL"),
    ],
)
def test_a_must_pass_case_decides(harm: dict[str, Any], verdict: str, lab: Lab) -> None:
    lab.edit(lambda data: data.update(gate=[data["gate"][4]]))
    lab.say([1], **harm)
    outcome = lab.judge()
    assert outcome.verdict == verdict
    assert "1 of 3 cases of lora" in outcome.said
    assert "fee-1" in outcome.said


# ---------------------------------------------------------------- rules


@pytest.mark.parametrize("margin", [1.0, 2.0, -0.1, float("nan"), float("inf")])
def test_a_margin_that_accepts_anything_is_refused(margin: float, lab: Lab) -> None:
    lab.rule("non_inferior", margin=margin)
    refused(lab.judge(), "margin")


@pytest.mark.parametrize(
    "kind, value, words",
    [
        ("at_least", 0.0, "accepts any"),
        ("at_most", 1.0, "accepts any"),
        ("at_least", float("nan"), "value is NaN"),
    ],
)
def test_a_value_that_accepts_anything_is_refused(
    kind: str, value: float, words: str, lab: Lab
) -> None:
    lab.rule(kind, value=value)
    refused(lab.judge(), words)


def test_accepting_that_nothing_is_measured_is_refused(lab: Lab) -> None:
    lab.rule("at_least", kind="max_unmeasured", value=1.0)
    refused(lab.judge(), "value 1 accepts that nothing is measured")


def test_a_rule_the_wrong_way_round_is_refused(lab: Lab) -> None:
    lab.rule("at_most", kind="at_least")
    refused(lab.judge(), "recency.stale is better when lower")


def test_worse_is_worse_for_a_metric_that_is_better_when_lower(lab: Lab) -> None:
    lab.rule("superior", metric="recency.stale")
    for index, row in enumerate(lab.answers["lora"].values()):
        row["output"] = lab.answers["base"][row["case"]]["output"]
        lab.say([index], "base", output=fee_cases()[index]["output"])
    fails(lab.judge(), "FAIL superior lora - base")


def test_a_metric_without_direction_proves_nothing(lab: Lab, scorer: Any) -> None:
    rule = {"kind": "superior", "candidate": "lora", "against": "base", "task": "fees"}
    lab.edit(lambda data: data.update(gate=[{**rule, "metric": "planted.plain"}]))
    refused(scorer("1", 0), "metric 'planted.plain' has no better direction")


def test_a_candidate_held_against_itself_is_refused(lab: Lab) -> None:
    lab.rule("superior", against="lora")
    refused(lab.judge(), "candidate 'lora' is held against itself")


def test_a_metric_that_nobody_measures_is_refused(lab: Lab) -> None:
    lab.edit(lambda data: data["tasks"]["fees"].update(scorers=["style"]))
    refused(lab.judge(), "unknown metric 'recency.current'")


def test_undecided_is_no_pass(lab: Lab) -> None:
    lab.rule("at_least", value=0.95)
    outcome = lab.judge()
    assert (outcome.verdict, outcome.code) == ("INCONCLUSIVE", 4)
    assert "cases would decide" in outcome.said


def test_a_worse_adapter_fails(lab: Lab) -> None:
    lab.say(range(10, 40), output=WRONG)
    fails(lab.judge(), "FAIL at_least")
