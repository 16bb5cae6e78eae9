"""What moved between two runs."""

from dataclasses import replace
from typing import Any

import pytest
from root_factory import LORA, VALUES, Values, make_run

from harness import moves
from harness.errors import UsageError
from harness.records import CandidateResult


def after(values: Values) -> list[dict[str, object]]:
    return moves.compare_runs(make_run(), make_run("bbbb000009", values))


def test_moves_are_after_minus_before_with_the_cases_that_flipped() -> None:
    found = {move["candidate"]: move for move in after(VALUES | {"lora": (1.0, 0.0, 0.0, 0.0)})}
    assert (found["base"]["difference"], found["base"]["flipped"]) == (0.0, [])
    assert (found["lora"]["difference"], found["lora"]["n"]) == (-0.5, 4)
    assert found["lora"]["flipped"] == ["case-1", "case-2"]
    assert found["lora"]["baseline"] == "aaaa000001"


def test_a_score_that_became_unmeasured_has_flipped() -> None:
    found = {move["candidate"]: move for move in after(VALUES | {"lora": (None, 1.0, 1.0, 0.0)})}
    assert (found["lora"]["n"], found["lora"]["flipped"]) == (3, ["case-0"])


def test_only_cases_and_candidates_of_both_runs_are_compared() -> None:
    before = make_run()
    changed = tuple(replace(case, input="other") if i == 0 else case
                    for i, case in enumerate(before.cases))  # fmt: skip
    later = make_run("b", cases=changed, candidates=(CandidateResult(LORA),))
    found = moves.compare_runs(before, later)
    assert [(move["candidate"], move["n"]) for move in found] == [("lora", 3)]


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"suite": "desk"}, "is of suite shop, b of desk"),
        ({"cases": ()}, "share no case or no candidate"),
        ({"candidates": ()}, "share no case or no candidate"),
    ],
)
def test_runs_that_cannot_be_compared_are_one_line(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        moves.compare_runs(make_run(), make_run("b", **changes))


@pytest.mark.parametrize("count", [1, 2, 4])
def test_moves_are_printed_however_few_the_cases(
    capsys: pytest.CaptureFixture[str], count: int
) -> None:
    old: Values = {"base": (0.0,) * count, "lora": (0.0,) * count}
    new = old | {"lora": (1.0,) * count}
    moves.print_moves(moves.compare_runs(make_run("a", old), make_run("b", new)))
    text = capsys.readouterr().out
    assert text.startswith("2 comparisons, 1 with cases that moved\n")
    assert "+1.000" in text
    assert "case-0" in text


def test_equal_runs_have_no_moves(capsys: pytest.CaptureFixture[str]) -> None:
    moves.print_moves(after(VALUES))
    assert capsys.readouterr().out == "2 comparisons, 0 with cases that moved\n"


# ---------------------------------------------------------------- for scripts
