"""What moved between two runs, and whether it matters."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from root_factory import LORA, METRICS, VALUES, Values, make_run, stored

from harness.cli import cli
from harness.commands import moved, moves
from harness.commands.moves import Move, Moves, Side
from harness.errors import UnknownNameError, UsageError
from harness.records import Adapter, CandidateResult, Run

MANY: Values = {"base": (0.0,) * 40, "lora": (1.0,) * 40}
FEWER: Values = {"base": (0.0,) * 40, "lora": (1.0,) * 20 + (0.0,) * 20}


def between(before: Run, after: Run) -> Moves:
    return moves.compare_runs(Side(before), Side(after))


def after(values: Values) -> dict[str, Move]:
    found = between(make_run(), make_run("bbbb000009", values))
    return {move.comparison.candidate: move for move in found.moves}


def test_moves_are_after_minus_before_with_the_cases_that_flipped() -> None:
    found = after(VALUES | {"lora": (1.0, 0.0, 0.0, 1.0)})
    base, lora = found["base"].comparison, found["lora"].comparison
    assert (base.difference, found["base"].flipped) == (0.0, ())
    assert (lora.difference, lora.n, lora.baseline) == (-0.25, 4, "aaaa000001")
    assert (found["lora"].lost, found["lora"].gained) == (("case-1", "case-2"), ("case-3",))


def test_where_lower_is_better_a_fall_is_a_gain() -> None:
    metrics = (replace(METRICS[0], better="lower"),)
    values = VALUES | {"lora": (0.0, 1.0, 1.0, 0.0)}
    found = between(make_run(metrics=metrics), make_run("b", values, metrics=metrics))
    assert [move.gained for move in found.moves if move.flipped] == [("case-0",)]


def test_a_change_has_its_metrics_unit_and_only_shares_have_smallest_effects() -> None:
    values = VALUES | {"lora": (0.0, 1.0, 1.0, 0.0)}
    shares = between(make_run(), make_run("b", values))
    days = (replace(METRICS[0], unit="days", upper=None, binary=False),)
    other = between(make_run(metrics=days), make_run("b", values, metrics=days))
    said = [[move.change for move in found.moves if move.flipped] for found in (shares, other)]
    assert [one.split(" [")[0] for (one,) in said] == ["−25 pp", "−0.25 days"]
    assert "smallest detectable effects up to" in shares.sentence
    assert other.sentence.endswith("none is shown after Holm's correction")


def test_a_score_that_became_unmeasured_is_neither_gained_nor_lost() -> None:
    found = after(VALUES | {"lora": (None, 1.0, 1.0, 0.0)})["lora"]
    assert (found.comparison.n, found.unmeasured, found.flipped) == (3, ("case-0",), ("case-0",))


def test_only_cases_and_candidates_of_both_runs_are_compared() -> None:
    before = make_run()
    changed = tuple(replace(case, input="other") if i == 0 else case
                    for i, case in enumerate(before.cases))  # fmt: skip
    later = make_run("b", cases=changed, candidates=(CandidateResult(LORA),))
    found = between(before, later)
    assert [(m.comparison.candidate, m.comparison.n) for m in found.moves] == [("lora", 3)]
    assert "1 cases are not in both runs, or ask otherwise: they are left out" in found.notes


def test_a_large_move_matters_and_a_small_one_is_not_shown() -> None:
    found = between(make_run("a", MANY), make_run("b", FEWER))
    (lora,) = [move for move in found.moves if move.flipped]
    assert (lora.matters, len(lora.lost)) == ("worse", 20)
    assert found.sentence == "1 of 2 comparisons moved beyond noise: 1 worse, 0 better (Holm)"
    slight = between(make_run("a", MANY), make_run("b", MANY | {"lora": (0.0,) + (1.0,) * 39}))
    assert [move.matters for move in slight.moves if move.flipped] == ["not shown"]
    assert slight.sentence.startswith("Nothing moved beyond noise")


def test_what_is_different_about_the_runs_is_said() -> None:
    before = make_run("a")
    edited = tuple(replace(case, reference="other") for case in before.cases)
    other = tuple(
        replace(one, adapter=Adapter("lora", "/x", "d" * 32, 8, 1))
        if one.candidate.name == "lora"
        else one
        for one in before.candidates
    )
    later = make_run(
        "b", cases=edited, candidates=other, engine="vllm", environment={"bench-harness": "9"}
    )
    notes = between(before, later).notes
    assert "4 cases ask the same but have another reference, fact or tag" in notes
    assert "another engine: transformers before, vllm after" in notes
    assert f"lora: adapter none before, {'d' * 12} after" in notes
    assert [note.startswith("another bench:") for note in notes if "bench" in note] == [True]


def test_two_candidates_of_one_run_can_be_compared() -> None:
    run = make_run("a", MANY)
    found = moves.compare_runs(Side(run, "base"), Side(run, "lora"))
    (move,) = found.moves
    assert (
        move.matters,
        move.comparison.difference,
        move.comparison.baseline,
    ) == ("better", 1.0, "a:base")


def test_a_wrong_candidate_is_told_with_the_nearest(tmp_path: Path) -> None:
    stored(tmp_path, make_run())
    with pytest.raises(UnknownNameError, match="did you mean 'lora'"):
        moved.side_of(tmp_path, "aaaa:lorra")


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
        between(make_run(), make_run("b", **changes))


@pytest.mark.parametrize("count", [1, 2, 4, 40])
def test_moves_are_printed_in_eighty_columns_however_few_the_cases(
    capsys: pytest.CaptureFixture[str], count: int
) -> None:
    old: Values = {"base": (0.0,) * count, "lora": (0.0,) * count}
    new = old | {"lora": (1.0,) * count}
    moved.print_moves(between(make_run("a", old), make_run("b", new)))
    text = capsys.readouterr().out
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "+100 pp" in text
    assert "gained: case-0" in text


def test_equal_runs_say_so_and_no_more(capsys: pytest.CaptureFixture[str]) -> None:
    moved.print_moves(between(make_run(), make_run("b")))
    text = capsys.readouterr().out
    assert text.strip() == "Nothing moved: all 2 comparisons have the same scores case by case."


def test_the_command_prints_json_for_a_script(tmp_path: Path) -> None:
    stored(tmp_path, make_run("aaaa000001", MANY))
    stored(tmp_path, make_run("bbbb000001", FEWER))
    words = ["compare", "aaaa", "bbbb", "--json", "--reports", str(tmp_path)]
    data = json.loads(CliRunner().invoke(cli, words, catch_exceptions=False).output)
    assert (data["before"], data["after"]) == ("aaaa000001", "bbbb000001")
    assert {"nothing moved", "worse"} == {move["matters"] for move in data["moves"]}
