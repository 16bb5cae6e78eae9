"""Cohen's kappa and the prediction-powered mean, against statsmodels and numbers by hand."""

from collections.abc import Sequence

import numpy as np
import pytest
from statsmodels.stats.inter_rater import cohens_kappa

from harness.compare.agreement import Agreement, agreement, corrected, counts, ppi_weight

CLASSES = ("first", "second", "tie")


def pairs(table: Sequence[Sequence[int]]) -> list[tuple[str, str]]:
    """The (person, judge) pairs that a 3 x 3 table counts."""
    return [
        (CLASSES[row], CLASSES[column])
        for row in range(3)
        for column in range(3)
        for _ in range(table[row][column])
    ]


def apart(count: int) -> list[str]:
    """A cluster for each."""
    return [str(number) for number in range(count)]


# ---------------------------------------------------------------- kappa


def test_the_textbook_table_gives_kappa_of_0_4() -> None:
    """20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no: (0.70 - 0.50) / (1 - 0.50)."""
    found = agreement(pairs([[20, 5, 0], [10, 15, 0], [0, 0, 0]]), apart(50))
    assert (found.n, found.clusters, found.same) == (50, 50, 0.7)
    assert found.kappa == pytest.approx(0.4)


def test_kappa_and_its_interval_are_those_of_statsmodels() -> None:
    table = [[20, 5, 1], [10, 15, 0], [2, 0, 4]]
    found = agreement(pairs(table), apart(57))
    expected = cohens_kappa(np.array(table))
    assert (found.kappa, found.low, found.high) == pytest.approx(
        (expected.kappa, expected.kappa_low, expected.kappa_upp)
    )


def test_labels_that_share_clusters_widen_the_interval() -> None:
    said = pairs([[20, 5, 1], [10, 15, 0], [2, 0, 4]])
    alone = agreement(said, apart(57))
    shared = agreement(said * 4, apart(57) * 4)
    blind = agreement(said * 4, apart(228))
    assert shared.kappa == pytest.approx(alone.kappa)
    assert shared.low is not None
    assert blind.low is not None
    assert alone.low is not None
    assert shared.low < blind.low
    assert shared.low == pytest.approx(alone.low, abs=0.03)


def test_full_agreement_of_few_pairs_is_no_proof_of_full_agreement() -> None:
    """8 of 8: the exact bound of the share is 0.025 ** (1 / 8) = 0.63, chance agrees on half."""
    found = agreement(pairs([[4, 0, 0], [0, 4, 0], [0, 0, 0]]), apart(8))
    assert (found.kappa, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx((0.025 ** (1 / 8) - 0.5) / 0.5)


@pytest.mark.parametrize(
    "table", [[[6, 0, 0], [4, 0, 0], [0, 0, 0]], [[9, 0, 0]] + [[0] * 3] * 2, [[3, 0, 0]] * 3]
)
def test_a_rater_with_one_word_gives_no_kappa(table: list[list[int]]) -> None:
    said = pairs(table)
    found = agreement(said, apart(len(said)))
    assert (found.kappa, found.low, found.high) == (None, None, None)


def test_too_few_pairs_or_clusters_give_no_kappa() -> None:
    said = pairs([[3, 1, 0], [1, 3, 0], [0, 0, 0]])
    assert agreement([], []) == Agreement(0, 0, 0.0)
    assert agreement(said[:4], apart(4)).kappa is None
    assert agreement(said, ["a", "b"] * 4).kappa is None


def test_people_are_the_rows() -> None:
    assert counts([("first", "tie")])[0].tolist() == [0, 0, 1]


# ---------------------------------------------------------------- prediction-powered mean


def test_the_mean_is_that_of_the_formula() -> None:
    """Y = 1 1 0 0 1, f = 1 .5 0 .5 1, rest = 1 1 .5 0: all by hand.

    Cov(Y, f) = 0.175, Var over all nine f = 0.1736, so w = 0.175 / ((1 + 5/4) * 0.1736) = 0.448.
    mean = w * 0.625 + 0.6 - w * 0.6.
    """
    y, f, rest = [1.0, 1, 0, 0, 1], [1.0, 0.5, 0, 0.5, 1], [1.0, 1, 0.5, 0]
    found = corrected(y, f, apart(5), rest, list("abcd"))
    assert found is not None
    assert np.cov(y, f)[0, 1] == pytest.approx(0.175)
    assert np.var(f + rest, ddof=1) == pytest.approx(0.173611, abs=1e-6)
    assert found.weight == pytest.approx(0.448)
    assert found.mean == pytest.approx(found.weight * 0.625 + 0.6 - found.weight * 0.6)
    assert (found.labelled, found.judged) == (5, 4)


def test_the_interval_is_that_of_both_parts_with_a_pseudo_pair_on_either_side() -> None:
    rng = np.random.default_rng(3)
    y, rest = rng.integers(0, 2, 200) * 1.0, rng.integers(0, 2, 300) * 1.0
    f = np.where(rng.random(200) < 0.8, y, 1 - y)
    found = corrected(list(y), list(f), apart(200), list(rest), [f"r{n}" for n in range(300)])
    assert found is not None
    w = found.weight
    apart_by = (y - w * f) - (y - w * f).mean()
    squares = apart_by @ apart_by + 2 * ((1 + w) / 2) ** 2
    se = np.sqrt(w**2 * rest.var(ddof=1) / 300 + squares / (202 * 201))
    assert found.high - found.low == pytest.approx(2 * 1.97196 * se, rel=1e-4)


@pytest.mark.parametrize("says", [[0.5] * 6, [0.0, 0, 0, 1, 1, 1]])
def test_a_judge_that_tells_nothing_or_the_contrary_has_no_weight(says: list[float]) -> None:
    people = [1.0, 1, 1, 0, 0, 0]
    found = corrected(people, says, apart(6), says, [f"r{n}" for n in range(6)])
    assert found is not None
    assert (found.weight, found.mean) == (0.0, 0.5)


def test_a_judge_that_is_always_right_lets_the_others_count() -> None:
    rng = np.random.default_rng(5)
    y, rest = rng.integers(0, 2, 50) * 1.0, rng.integers(0, 2, 5000) * 1.0
    assert ppi_weight(y, y, rest) == pytest.approx(1 / 1.01, abs=0.02)


def test_without_others_people_alone_count() -> None:
    found = corrected([1.0, 1, 0, 0.5, 1], [0.0] * 5, apart(5), [], [])
    assert found is not None
    assert (found.mean, found.weight, found.judged) == (0.7, 0.0, 0)


def test_one_opinion_of_all_people_is_no_certainty() -> None:
    found = corrected([1.0] * 6, [1.0] * 6, apart(6), [1.0] * 3, list("abc"))
    assert found is not None
    assert (found.mean, found.high) == (1.0, 1.0)
    assert 0.5 < found.low < 0.8


def test_too_few_labelled_clusters_correct_nothing() -> None:
    assert corrected([1.0] * 4, [1.0] * 4, apart(4), [1.0], ["a"]) is None
    assert corrected([1.0, 0] * 4, [1.0] * 8, ["a", "b"] * 4, [1.0], ["c"]) is None


def test_a_cluster_with_labelled_and_other_pairs_counts_as_one() -> None:
    y, f, rest = [1.0, 1, 0, 0, 1, 0], [1.0, 1, 0, 0.5, 1, 0], [1.0, 1, 0, 0, 1, 0]
    split = corrected(y, f, apart(6), rest, [f"r{n}" for n in range(6)])
    joint = corrected(y, f, apart(6), rest, apart(6))
    assert split is not None
    assert joint is not None
    assert joint.mean == split.mean
    assert joint.high - joint.low > split.high - split.low


@pytest.mark.parametrize("labels, most", [(10, 1.0), (40, 0.985), (150, 0.975)])
def test_the_interval_covers_the_truth_at_least_as_often_as_it_says(
    labels: int, most: float
) -> None:
    """500 runs of 200 judged pairs beside; a quarter of what the judge says leans to one side."""
    rng, names = np.random.default_rng(11), [f"r{number}" for number in range(200)]
    hits = 0
    for _ in range(500):
        truth = (rng.random(labels + 200) < 0.6) * 1.0
        judge = np.where(rng.random(len(truth)) < 0.75, truth, 1.0)
        people, known, rest = truth[:labels], judge[:labels], judge[labels:]
        found = corrected(list(people), list(known), apart(labels), list(rest), names)
        hits += found is not None and found.low <= 0.6 <= found.high
    assert 0.94 <= hits / 500 <= most
