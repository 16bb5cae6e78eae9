"""The law of a learning curve: known curves are found, and bands hold them at their rate."""

import numpy as np
import pytest

from harness.compare import curvefit
from harness.compare.curvefit import Floats, Laws, Measured

SIZES = (10.0, 25.0, 100.0, 400.0)


def law_of(a: float, b: float, c: float, first: float) -> Laws:
    return Laws(np.array([a * first**-b]), np.array([b]), np.array([c]), first)


def exact(errors: Floats) -> Measured:
    """Errors without noise: one seed, a hundred clusters that are all alike."""
    sums = np.repeat(errors[:, None, None], 100, axis=2)
    return Measured(np.array(SIZES), sums, np.ones_like(sums), np.zeros(100, dtype=np.int64))


def drawn(rng: np.random.Generator, errors: Floats, seeds: int, cases: int) -> Measured:
    """Right and wrong answers; half of a case's luck is the same at all sizes and seeds."""
    apart = 0.03 * rng.standard_normal((len(errors), seeds)) if seeds > 1 else 0.0
    rates = np.clip(errors[:, None] + apart, 0, 1)[:, :, None]
    shape = (len(errors), seeds, cases)
    luck = np.where(rng.uniform(size=shape) < 0.5, rng.uniform(size=cases), rng.uniform(size=shape))
    wrong = (luck < rates).astype(np.float64)
    return Measured(np.array(SIZES), wrong, np.ones(shape), np.zeros(cases, dtype=np.int64))


@pytest.mark.parametrize("known", [(2.0, 0.7, 0.05), (1.0, 0.3, 0.0), (5.0, 1.2, 0.2)])
def test_a_curve_without_noise_is_found(known: tuple[float, float, float]) -> None:
    """The coefficients of the law come back."""
    errors = law_of(*known, SIZES[0]).at(np.array(SIZES))[0]
    measured = exact(errors)
    found = curvefit.fit(measured.xs, measured.errors, curvefit.weights_of(measured))
    assert pytest.approx(known, abs=1e-3) == found.coefficients


@pytest.mark.parametrize("seeds", [1, 3])
def test_bands_and_needed_examples_hold_the_truth_at_their_rate(seeds: int) -> None:
    """Of 120 simulated curves, about 95 % of the intervals hold what is true."""
    truth = law_of(2.0, 0.7, 0.05, SIZES[0])
    errors = truth.at(np.array(SIZES))[0]
    needed = truth.reaching(0.2)[0]
    rng = np.random.default_rng(5)
    held = np.zeros(len(SIZES))
    right = 0
    runs = 120
    for number in range(runs):
        measured = drawn(rng, errors, seeds, cases=60)
        weights = curvefit.weights_of(measured)
        laws = curvefit.fit_many(measured.xs, curvefit.resampled(measured, number, 400), weights)
        low, high = np.quantile(laws.at(measured.xs), [0.025, 0.975], axis=0)
        held += (low <= errors) & (errors <= high)
        least, most = curvefit.quantiles(laws.reaching(0.2))
        right += least <= needed <= most
    assert (held / runs >= 0.88).all()
    assert 0.88 <= right / runs <= 1.0


def test_many_fits_at_once_are_those_of_one_at_a_time() -> None:
    """The grid that resamples are fitted on is as good as scipy's fit, within its step."""
    rng = np.random.default_rng(3)
    errors = law_of(2.0, 0.7, 0.05, SIZES[0]).at(np.array(SIZES))[0]
    weights = np.full(len(SIZES), 0.25)
    rows = np.clip(errors + 0.02 * rng.standard_normal((20, len(SIZES))), 0, 1)
    many = curvefit.fit_many(np.array(SIZES), rows, weights)
    for index, row in enumerate(rows):
        one = curvefit.fit(np.array(SIZES), row, weights)
        apart = many.at(np.array(SIZES))[index] - one.at(np.array(SIZES))[0]
        assert pytest.approx(0.0, abs=0.01) == np.abs(apart).max()


def test_errors_at_the_top_are_left_there() -> None:
    """Where few examples do nothing, the law holds from the size at which they do something."""
    known = Laws(np.array([4.0]), np.array([1.0]), np.array([0.1]), SIZES[0], top=0.8)
    errors = known.at(np.array(SIZES))[0]
    assert errors.tolist() == pytest.approx([0.8, 0.8, 0.5, 0.2])
    found = curvefit.fit(np.array(SIZES), errors, np.full(4, 0.25), top=0.8)
    assert pytest.approx(errors, abs=1e-3) == found.at(np.array(SIZES))[0]
    assert found.reaching(0.9).tolist() == [10.0]


def test_a_flat_curve_is_its_mean_and_reaches_nothing_below() -> None:
    """Without a fall the lift is nothing."""
    measured = exact(np.full(len(SIZES), 0.6))
    found = curvefit.fit(measured.xs, measured.errors, curvefit.weights_of(measured))
    assert pytest.approx(0.6) == found.at(measured.xs)[0]
    assert found.reaching(0.5)[0] == np.inf


def test_an_error_that_grows_is_fitted_by_its_mean() -> None:
    """The law only falls: lift and floor are not below 0."""
    rising = np.array([[0.2, 0.3, 0.4, 0.5]])
    found = curvefit.fit_many(np.array(SIZES), rising, np.full(4, 0.25))
    assert pytest.approx(0.35) == found.at(np.array([10.0, 1000.0]))[0]


def test_a_curve_is_not_read_below_its_first_size() -> None:
    """What is reached from the start is reached at the first size."""
    assert law_of(0.5, 1.0, 0.0, 10.0).reaching(0.2).tolist() == [10.0]


def test_where_all_cases_agree_resamples_differ_all_the_same() -> None:
    """Sixty right answers do not show that the next one is right."""
    sums = np.zeros((3, 1, 60))
    measured = Measured(
        np.array([1.0, 2.0, 3.0]), sums, np.ones_like(sums), np.zeros(60, dtype=np.int64)
    )
    spread = curvefit.resampled(measured, 0)
    assert 0.01 < np.quantile(spread[:, 0], 0.975) < 0.1


def test_a_seed_that_lacks_a_size_leaves_the_others() -> None:
    """Means are over the seeds that are there."""
    sizes = np.ones((3, 2, 40))
    sizes[1, 1] = 0
    sums = 0.5 * sizes
    measured = Measured(np.array([1.0, 2.0, 3.0]), sums, sizes, np.zeros(40, dtype=np.int64))
    assert measured.errors.tolist() == [0.5, 0.5, 0.5]
    assert np.isfinite(curvefit.resampled(measured, 0)).all()
