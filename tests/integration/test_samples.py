"""Several draws to a case: each is asked, kept and shown, and a case counts once."""

import csv
from typing import Any

import pytest
from command import Bench, Done, rewritten
from tiny import edited

from harness.report.json import read


def drawn(suite: dict[str, Any]) -> None:
    suite["sampling"] = {"temperature": 0.8, "samples": 3, "seed": 5}
    suite["candidates"] = {"base": {}, "lora": {"adapter": "lora"}}
    suite["tasks"]["notes"]["candidates"] = ["base", "lora"]


@pytest.fixture(scope="module")
def sampled(done: Done, tmp_path_factory: pytest.TempPathFactory) -> Done:
    """The shared suite with three draws to a case; its adapter is there already."""
    suite = edited(done.suite, tmp_path_factory.mktemp("samples") / "tiny", drawn)
    before = done.bench.stamps()
    result = done.bench.run(suite)
    assert result.returncode in (0, 1, 4), result.stderr
    assert not [path for path in rewritten(before, done.bench.stamps()) if "/adapters/" in path]
    data = max(done.bench.reports.glob("tiny/*/run.json"), key=lambda path: path.stat().st_mtime)
    return Done(done.bench, suite, result, read(data), data.parent)


def test_three_draws_are_three_answers_and_one_case(sampled: Done) -> None:
    texts: dict[tuple[str, str], list[str]] = {}
    for one in sampled.run.answers:
        texts.setdefault((one.case, one.candidate), []).append(one.answer.text)
    assert {len(several) for several in texts.values()} == {3}
    base = [several for (_, candidate), several in texts.items() if candidate == "base"]
    assert all(len(set(several)) == 3 for several in base)  # a random model never says it twice
    assert {one.n for one in sampled.run.summaries if one.slice == "all" and one.n} >= {8, 10}
    assert max(one.n for one in sampled.run.summaries) == 10
    assert any("3 to a case, which counts once" in note for note in sampled.run.notes)
    assert not any("greedy answers differed" in note for note in sampled.run.notes)


def test_a_case_has_the_mean_of_its_draws(sampled: Done) -> None:
    values = [
        score.value
        for one in sampled.run.answers
        for score in one.scores
        if (one.task, one.candidate, score.metric) == ("notes", "lora", "style.opening")
    ]
    assert len(values) == 24
    (summary,) = [
        one
        for one in sampled.run.summaries
        if (one.task, one.candidate, one.metric, one.slice)
        == ("notes", "lora", "style.opening", "all")
    ]
    assert summary.mean == pytest.approx(sum(v for v in values if v is not None) / 24)
    assert summary.n == 8


def test_every_draw_is_shown(sampled: Done) -> None:
    shown = sampled.bench("show", "note-1", "--run", sampled.run.id, "--reports", "reports")
    said = [one.answer.text for one in sampled.run.answers if one.case == "note-1"]
    assert len(said) == 6
    for name in ("base", "lora"):
        for number in (1, 2, 3):
            assert f"{name} · sample {number} " in shown.stdout
    with (sampled.folder / "answers.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["case"] == "note-1"]
    assert {(row["candidate"], row["sample"]) for row in rows} == {
        (name, str(number)) for name in ("base", "lora") for number in range(3)
    }


def test_more_draws_later_keep_the_first_ones(sampled: Done) -> None:
    def more(suite: dict[str, Any]) -> None:
        suite["sampling"]["samples"] = 4

    kept = {one.sample: one.answer.text for one in sampled.run.answers if one.case == "note-1"}
    before = sampled.bench.stamps()
    suite = edited(sampled.suite, sampled.suite.parent / "four", more)
    result = sampled.bench.run(suite, "--json")
    assert "36 answers" in result.stderr  # one more draw of two candidates on 18 cases
    written = rewritten(before, sampled.bench.stamps())
    assert len([path for path in written if "/answers/" in path]) == 4
    assert set(kept) == {0, 1, 2}


def test_draws_of_greedy_answers_are_refused_with_their_place(
    done: Done, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("greedy")
    suite = edited(done.suite, folder / "tiny", lambda data: data.update(sampling={"samples": 3}))
    result = Bench(folder / "bench")("check", suite)
    assert result.returncode == 2
    line = next(
        number
        for number, text in enumerate((suite / "suite.yaml").read_text().splitlines(), 1)
        if "samples: 3" in text
    )
    assert f"suite.yaml:{line}: sampling.samples is 3 at temperature 0" in result.stderr
