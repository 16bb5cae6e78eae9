"""Baselines that could make a gate lie: each ends ERROR or FAIL."""

import re
import shutil
from pathlib import Path
from typing import Any

from gate_lab import WRONG, Lab, errs, fails


def test_a_missing_baseline_is_an_error(lab: Lab) -> None:
    (lab.suite / "baseline.json").unlink()
    errs(lab.judge(), "no baseline is pinned")


def test_a_swapped_baseline_is_an_error(lab: Lab, tmp_path: Path) -> None:
    (pinned,) = (lab.suite / "baseline").iterdir()
    other = lab.copied(tmp_path / "other")
    other.say(range(40), output=WRONG)
    other.judge()
    other.call("baseline", "set", other.suite, "--reports", other.reports, "--force")
    (weak,) = (other.suite / "baseline").iterdir()
    assert weak.name != pinned.name
    shutil.copy(weak, pinned)
    errs(lab.judge(), "not those that were pinned")


def test_an_edited_baseline_is_an_error(lab: Lab) -> None:
    lab.repin(lambda raw: raw.replace(b"Patron", b"Person"))
    errs(lab.judge(), "not those that were pinned")


def test_a_baseline_of_another_suite_is_an_error(lab: Lab) -> None:
    lab.edit(lambda data: data.update(name="other"))
    errs(lab.judge(), "it is of suite 'tiny'")


def test_a_baseline_that_was_cut_is_an_error(lab: Lab) -> None:
    lab.say(range(56), finish="length")
    lab.judge()
    lab.call("baseline", "set", lab.suite, "--reports", lab.reports, "--force")
    lab.answer()
    errs(lab.judge(), "56 of 56 answers of its lora reached max_tokens and were cut")


def test_cases_that_were_edited_since_are_an_error(lab: Lab) -> None:
    def change(rows: list[dict[str, Any]]) -> None:
        rows[5]["input"] += " Please."

    lab.rewrite("cases/fees.jsonl", change)
    errs(lab.judge(), "the question changed in 1 of 56 cases (fee-5)")


def test_failing_cases_cannot_be_dropped(lab: Lab) -> None:
    lab.rewrite("cases/fees.jsonl", lambda rows: rows[3:])
    for own in lab.answers.values():
        for index in range(3):
            del own[f"fee-{index}"]
    lab.edit(lambda data: data.update(gate=data["gate"][:4]))
    errs(lab.judge(), "the suite no longer asks 3 of 56 cases (fee-0, fee-1, fee-2) of fees")


def test_a_case_that_must_pass_stays_one(lab: Lab) -> None:
    def change(rows: list[dict[str, Any]]) -> None:
        del rows[1]["tags"]

    lab.rewrite("cases/fees.jsonl", change)
    lab.say([1], output=WRONG)
    errs(lab.judge(), "1 of 3 cases (fee-1) lost the tag 'must_pass' since")


def test_another_template_is_an_error(lab: Lab) -> None:
    lab.edit(lambda data: data.update(template="Q: {input}\nA: "))
    errs(lab.judge(), "the suite's template changed since")


def test_facts_that_changed_since_are_told_by_todays_truth(lab: Lab) -> None:
    def newer(rows: list[dict[str, Any]]) -> None:
        for row in rows[:30]:
            row["versions"][-1]["valid_to"] = "2023-01-01"
            now = row["versions"][-1]["value"].replace("1", "9", 1)
            row["versions"].append({"value": now, "valid_from": "2023-01-01"})

    def told(rows: list[dict[str, Any]]) -> None:
        for row in rows[:30]:
            row["output"] = re.sub(r"1(\d\d euros)", r"9\1", row["output"])

    lab.rewrite("facts.jsonl", newer)
    lab.rewrite("cases/fees.jsonl", told)
    fails(lab.judge(), "changed since the baseline: facts")
