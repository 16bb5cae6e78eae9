"""`bench sweep`: rates told apart by the dev loss, kept like all adapters, and what it refuses."""

import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from root_factory import make_suite
from tiny import FACTS, edited, jsonl, train_rows

from harness import cli
from harness.errors import MachineError, UnknownNameError, UsageError
from harness.records import Recipe, Row
from harness.sweeping import AROUND, Tried, _told, asked_rates, recipe_of
from harness.train import loop

OWN = Recipe("lora", learning_rate=0.01)
ROWS = (Row("r", "in", "out"),)


def tried(rate: float, loss: float | None, part: float = 1.0) -> Tried:
    return Tried(rate, part, loss, 9, 100, 10, 8, 1.0, "", "" if loss is not None else "diverged")


# ---------------------------------------------------------------- rates, and what is said of them


def test_rates_are_read_lowest_first_and_lie_around_the_recipes_own_unless_given() -> None:
    assert asked_rates("3e-4, 1e-3,1e-4", OWN) == [1e-4, 3e-4, 1e-3]
    assert asked_rates(None, OWN) == pytest.approx([0.01 * factor for factor in AROUND])
    assert asked_rates(None, Recipe("lora", learning_rate=0.5)) == [0.125, 0.25, 0.5, 1.0]


@pytest.mark.parametrize(
    "text, told",
    [
        ("1e-4,x", "has 'x'"),
        ("0", "has '0'"),
        ("2", "has '2'"),
        ("nan", "has 'nan'"),
        ("", "has ''"),
        ("1e-4,0.0001", "has 0.0001 twice"),
        ("-1", "has '-1'"),
    ],
)
def test_a_rate_that_is_none_is_refused(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=f"--rates {told}"):
        asked_rates(text, OWN)


def test_a_recipe_that_cannot_be_swept_is_refused() -> None:
    suite = make_suite(train=ROWS, recipes=(OWN, Recipe("none", dev_fraction=0)))
    assert recipe_of(suite, "lora") == OWN
    with pytest.raises(UnknownNameError, match="lora"):
        recipe_of(suite, "lra")
    with pytest.raises(UsageError, match="holds no dev rows back"):
        recipe_of(suite, "none")
    with pytest.raises(UsageError, match="no training rows"):
        recipe_of(make_suite(recipes=(OWN,), train=()), "lora")


def test_the_best_is_the_lowest_loss_and_an_edge_is_said() -> None:
    rates = [1e-4, 3e-4, 1e-3]
    inner = _told(OWN, rates, [tried(1e-4, 2.0), tried(3e-4, 1.5), tried(1e-3, 1.75)])
    assert inner.best == 3e-4
    assert "dev loss 1.5000 on 9 rows, 0.2500 below 0.001" in inner.words
    assert "try" not in inner.words
    high = _told(OWN, rates, [tried(1e-4, 2.0), tried(3e-4, 1.5), tried(1e-3, 1.0)])
    assert (high.best, "the highest, so try higher ones" in high.words) == (1e-3, True)
    low = _told(OWN, rates, [tried(1e-4, 1.0), tried(3e-4, 1.5), tried(1e-3, None)])
    assert (low.best, "the lowest, so try lower ones" in low.words) == (1e-4, True)
    stopped = _told(OWN, rates, [tried(1e-3, None), tried(3e-4, 1.5), tried(1e-4, 1.75)])
    assert "try" not in stopped.words  # the higher one diverged
    only = _told(OWN, [1e-3], [tried(1e-3, 1.0)])
    assert only.words.endswith("It was the only one")


def test_a_loss_on_a_part_of_the_steps_is_never_the_best() -> None:
    made = [tried(1e-4, 0.1, 0.5), tried(3e-4, 1.5, 0.5), tried(1e-4, 2.0)]
    assert _told(OWN, [1e-4, 3e-4], made).best == 1e-4
    with pytest.raises(MachineError, match="no rate was trained to its end"):
        _told(OWN, [1e-4, 3e-4], made[:2])


# ---------------------------------------------------------------- the command


def short(suite: dict[str, Any]) -> None:
    suite["recipes"] = {
        "lora": {**suite["recipes"]["lora"], "epochs": 4, "dev_fraction": 0.3, "patience": 0},
        "reader": {"rank": 8, "alpha": 16, "steps": 3, "dev_fraction": 0.3, "neftune": 5,
                   "passages": {"distractors": 1}},
    }  # fmt: skip


@pytest.fixture
def swept(
    tmp_path: Path,
    tiny_suite: Callable[[Path], Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., dict[str, Any]]:
    """Call `bench sweep` on the tiny suite, in this process; what it prints as JSON."""
    suite = edited(tiny_suite(tmp_path / "plain"), tmp_path / "tiny", short)
    rows = train_rows()
    for row, (entity, _, _) in zip(rows, FACTS, strict=False):
        row["fact"] = entity.replace(" ", "-")
    (suite / "train.jsonl").write_text(jsonl(rows), encoding="utf-8")
    monkeypatch.setenv("BENCH_HOME", str(tmp_path / "home"))

    def made(*words: str) -> dict[str, Any]:
        fixed = ("--executor", "inline", "--json", "--quiet")
        monkeypatch.setattr(sys, "argv", ["bench", "sweep", str(suite), *words, *fixed])
        cli.main()
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    return made


def test_rates_are_trained_on_one_dev_split_and_kept(swept: Any, tmp_path: Path) -> None:
    found = swept("--rates", "1e-2,1e-5")
    assert [one["rate"] for one in found["tried"]] == [1e-5, 1e-2]
    assert {one["rows"] for one in found["tried"]} == {found["tried"][0]["rows"]}
    assert found["tried"][0]["rows"] > 0
    assert found["tried"][0]["loss"] > found["tried"][1]["loss"]
    assert (found["best"], found["own"]) == (1e-2, 1e-2)
    adapters = sorted(path.name for path in (tmp_path / "home" / "adapters").iterdir())
    assert len(adapters) == 2
    again = swept("--rates", "1e-5,1e-2")
    assert again == found
    assert adapters == sorted(path.name for path in (tmp_path / "home" / "adapters").iterdir())


def test_halving_gives_half_of_the_rates_twice_the_steps(swept: Any) -> None:
    found = swept("--rates", "1e-5,1e-4,1e-3,1e-2", "--halving")
    parts = [one["part"] for one in found["tried"]]
    assert parts == [0.25] * 4 + [0.5] * 2 + [1.0]
    steps = {one["part"]: one["steps"] for one in found["tried"]}
    assert steps[0.25] * 4 == steps[0.5] * 2 == steps[1.0]
    assert found["best"] == 1e-2


def test_a_rate_that_diverges_is_a_row_and_the_others_go_on(
    swept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = loop.Loop.update

    def wild(self: loop.Loop, number: int, loss: float) -> None:
        update(self, number, math.nan if self.recipe.learning_rate == 1 else loss)

    monkeypatch.setattr(loop.Loop, "update", wild)
    found = swept("--recipe", "reader", "--rates", "1e-3,1")
    kept, lost = found["tried"]
    assert (kept["steps"], found["best"]) == (3, 1e-3)
    assert (lost["loss"], "training diverged" in lost["failed"]) == (None, True)


def test_an_adapters_record_says_what_its_rows_were(swept: Any, tmp_path: Path) -> None:
    swept("--recipe", "reader", "--rates", "1e-3")
    (path,) = (tmp_path / "home" / "adapters").glob("*/record.json")
    record = json.loads(path.read_text("utf-8"))["made"]
    assert record["mixture"]["with passages"] > 0
    assert record["recipe"]["passages"] == {"distractors": 1, "without_gold": 0.2}
    assert (record["recipe"]["steps"], record["recipe"]["neftune"]) == (3, 5)


def test_the_table_is_for_people(swept: Any, monkeypatch: Any, capsys: Any) -> None:
    swept("--rates", "1e-2")
    monkeypatch.setattr(sys, "argv", [word for word in sys.argv if word != "--json"])
    cli.main()
    out = capsys.readouterr().out
    assert "dev loss" in out
    assert " 100 % " in out
    assert "best: learning_rate 0.01" in out
