"""A smaller benchmarks/calibration.py: gates on known truths, by the code that judges a run."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from compare_factory import answers_of, candidates_of, cases_of

import harness
from harness.compare.paired import compare
from harness.compare.summaries import summarise
from harness.compare.table import pivot

GATES = 400
SCRIPT = Path(harness.__file__).parent.parent / "benchmarks" / "calibration.py"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmarks_calibration", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


simulation = load()
WORLDS = [
    simulation.World(kind, 200, clustered, 0.0)
    for kind in simulation.KINDS
    for clustered in (False, True)
]
names = [f"{w.kind}-{'clustered' if w.clustered else 'single'}" for w in WORLDS]
worlds = pytest.mark.parametrize("world", WORLDS, ids=names)


def dropped(world, drop: float):
    return simulation.World(world.kind, world.n, world.clustered, drop)


@worlds
def test_simulated_arrays_are_those_that_a_run_makes_of_its_answers(world):
    """The simulation leaves out only the records: with them every number is the same."""
    ours, theirs = simulation.draw(dropped(world, 0.05), 3, np.random.default_rng(3))
    table = simulation.table_of(world, ours, theirs)
    cases = cases_of([f"k{code:04d}" for code in simulation.clusters_of(world)])
    columns = {
        name: {f"m{index}": row.tolist() for index, row in enumerate(rows)}
        for name, rows in zip(simulation.PAIR, (ours, theirs), strict=True)
    }
    answers, asked = answers_of(cases, columns), candidates_of(*simulation.PAIR)
    metrics = [grid.metric for grid in table.grids]
    assert compare(answers, cases, metrics, asked, [simulation.PAIR]) == (
        simulation.compare_tables([table], [simulation.PAIR])
    )
    assert summarise(answers, cases, metrics, asked) == simulation.summarise_tables([table])
    (whole,) = pivot(answers, cases, metrics, asked)
    assert np.array_equal(table.clusters, whole.clusters)


@worlds
def test_scores_have_the_mean_and_error_that_the_prediction_counts_on(world):
    for drop in (0.0, 0.1):
        known = dropped(world, drop)
        ours, theirs = simulation.draw(known, 2000, np.random.default_rng(4))
        means = (ours - theirs).mean(axis=1)
        se = simulation.true_se(known)
        assert -drop == pytest.approx(means.mean(), abs=4 * se / 2000**0.5)
        assert se == pytest.approx(means.std(), rel=0.07)
        assert 0 <= ours.min() <= ours.max() <= 1


@worlds
def test_equal_candidates_fail_at_most_at_the_stated_rate(world):
    """2.5 % may; of 400 gates 19 (4.75 %) would be three standard errors more."""
    row = simulation.simulate(world, GATES)
    assert row.failed <= 0.0475
    assert row.misses() == []


@worlds
@pytest.mark.parametrize("drop", [0.03, 0.1])
def test_planted_drops_are_caught_as_often_as_predicted(world, drop):
    row = simulation.simulate(dropped(world, drop), GATES)
    noise = 3 * (row.predicted * (1 - row.predicted) / GATES) ** 0.5
    assert row.predicted == pytest.approx(row.failed, abs=0.03 + noise)
    assert row.passed <= 0.0475


def test_a_gate_that_errs_too_often_is_named():
    world = simulation.World("binary", 200, False, 0.05)
    lax = simulation.Row(world, 2000, failed=0.5, passed=0.2, predicted=0.3, failed_margin=0.0)
    assert lax.misses() == ["passes 20.0%, at most 2.5%", "catches 50.0%, predicted 30.0%"]
    even = simulation.Row(dropped(world, 0.0), 2000, 0.09, 0.2, 0.025, 0.0)
    assert even.misses() == ["fails 9.0%, at most 2.5%"]


def test_the_table_goes_between_the_markers_of_a_page(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before <b> old <e> after", encoding="utf-8")
    rows = [simulation.Row(dropped(WORLDS[0], d), 2000, 0.02, 0.01, 0.02, 0.0) for d in (0, 0.03)]
    simulation.write(simulation.table(rows), page, ("<b>", "<e>"))
    text = page.read_text("utf-8")
    assert text.startswith("before <b>\n| score |")
    assert text.endswith("|\n<e> after")
    assert "| binary | 200 | 200 | 2.0 % |" in text
