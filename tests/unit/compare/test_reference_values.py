"""Every statistic against an independent implementation, to 1e-9; the table is in docs.

Published examples are given with the digits that were published.
"""

from math import comb, sqrt

import numpy as np
import pandas as pd
import pytest
from claims_factory import BASE as PLAIN
from claims_factory import FACTS, STYLE, TUNED, level, versus
from compare_factory import answers_of, candidates_of, cases_of
from scipy import optimize, stats
from sklearn.metrics import cohen_kappa_score
from statsmodels.formula.api import ols
from statsmodels.stats.contingency_tables import mcnemar as mcnemar_of
from statsmodels.stats.power import NormalIndPower, TTestPower
from statsmodels.stats.proportion import confint_proportions_2indep
from statsmodels.stats.weightstats import ttost_paired

from harness.compare.agreement import agreement
from harness.compare.apart import Contrast, apart
from harness.compare.bootstrap import RESAMPLES, bootstrap_bounds, expanded_tail
from harness.compare.evidence import Basis
from harness.compare.findings import find
from harness.compare.intervals import (
    adjusted_interval,
    clustered_se,
    guarded_interval,
    t_interval,
    unseen_bound,
    wilson,
)
from harness.compare.matched import exact_mcnemar, mid_p_mcnemar, tango_interval
from harness.compare.paired import compare
from harness.gate.sizes import cases_needed
from harness.records import Metric

CLOSE = 1e-9
RNG = np.random.default_rng(20)
SIZES = RNG.integers(1, 8, 30)
CODES = np.repeat(np.arange(30), SIZES)
VALUES = RNG.normal(0.1, 1, len(CODES)) + RNG.normal(0, 0.7, 30)[CODES]
SUMS, COUNTS = np.bincount(CODES, weights=VALUES), SIZES.astype(float)
CAVO = (6, 16, 161)
"""Response before and after therapy (Cavo and others 2012), the worked example of Fagerland,
Lydersen and Laake, Statistical Analysis of Contingency Tables (2017), chapter 8: 6 and 16 of 161
pairs differ. Their results as printed by the book's R package, contingencytables."""


def close(value):
    return pytest.approx(value, rel=CLOSE, abs=CLOSE)


def regression():
    table = pd.DataFrame({"y": VALUES})
    return ols("y ~ 1", table).fit(cov_type="cluster", cov_kwds={"groups": CODES}, use_t=True)


def test_the_clustered_standard_error_is_that_of_a_cluster_robust_regression():
    assert close(float(regression().bse["Intercept"])) == clustered_se(SUMS, COUNTS)


def test_the_t_interval_is_that_of_a_cluster_robust_regression():
    fit, found = regression(), t_interval(SUMS, COUNTS)
    assert close(fit.conf_int().to_numpy()[0].tolist()) == [found.low, found.high]
    assert close(float(fit.pvalues["Intercept"])) == found.p_value


def test_without_clusters_the_t_interval_is_students():
    known = stats.ttest_1samp(VALUES, 0)
    found = t_interval(VALUES, np.ones(len(VALUES)))
    assert close(known.pvalue) == found.p_value
    assert close(list(known.confidence_interval(0.95))) == [found.low, found.high]


def test_the_guarded_t_moves_one_end_by_johnsons_correction_and_widens_for_ties():
    skewed = np.concatenate([stats.expon.ppf((np.arange(30) + 0.5) / 30) - 2, np.zeros(10)])
    found, n = guarded_interval(skewed, np.ones(40)), 40
    se, t = stats.sem(skewed), stats.t.ppf(0.975, 39)
    half = t * se * sqrt(1 + 2 / 30)
    shift = stats.skew(skewed) * (1 + 2 * t**2) / (6 * sqrt(n)) * se
    low, high = skewed.mean() - half, skewed.mean() + half
    expected = [low + min(0, shift), high + max(0, shift)]
    assert close(expected) == [found.low, found.high]
    assert shift != 0


@pytest.mark.parametrize("hits, n", [(0, 9), (3, 40), (31, 33), (12, 12)])
def test_wilsons_interval_is_scipys(hits, n):
    known = stats.binomtest(hits, n).proportion_ci(0.95, method="wilson")
    assert close([known.low, known.high]) == list(wilson(hits, n))


@pytest.mark.parametrize("n", [1, 5, 40, 1000])
def test_where_all_agree_the_bound_is_scipys_clopper_pearson(n):
    known = stats.binomtest(0, n).proportion_ci(0.95, method="exact").high
    found = unseen_bound(0.0, n, -1.0, 1.0)
    assert close([-known, known]) == [found.low, found.high]
    assert close(stats.binomtest(0, n).pvalue) == unseen_bound(1.0, n, -1.0, 1.0).p_value


@pytest.mark.parametrize("wins, losses", [(1, 0), (0, 4), (6, 16), (5, 5), (40, 60)])
def test_mcnemars_exact_p_value_is_that_of_statsmodels(wins, losses):
    known = mcnemar_of([[3, wins], [losses, 4]], exact=True).pvalue
    assert close(known) == exact_mcnemar(wins, losses)


@pytest.mark.parametrize("wins, losses", [(1, 0), (0, 4), (6, 16), (12, 3), (40, 60)])
def test_mcnemars_mid_p_value_is_the_enumeration_of_all_outcomes(wins, losses):
    n = wins + losses
    chances = [comb(n, k) / 2**n for k in range(n + 1)]
    rarer = sum(chance for k, chance in enumerate(chances) if abs(2 * k - n) > abs(wins - losses))
    same = sum(chance for k, chance in enumerate(chances) if abs(2 * k - n) == abs(wins - losses))
    assert close(rarer + same / 2) == mid_p_mcnemar(wins, losses)


def test_mcnemars_tests_of_a_published_example():
    wins, losses, _ = CAVO
    published = (0.052479, 0.034690)
    assert published == pytest.approx(
        (exact_mcnemar(wins, losses), mid_p_mcnemar(wins, losses)), abs=5e-7
    )


def test_tangos_interval_of_a_published_example():
    assert pytest.approx((-0.1240, -0.0054), abs=5e-5) == tango_interval(*CAVO)


@pytest.mark.parametrize("wins, losses, n", [CAVO, (10, 2, 40), (1, 12, 30), (30, 35, 80)])
def test_tangos_bounds_are_where_a_score_test_of_the_constrained_likelihood_turns(wins, losses, n):
    """The nuisance parameter found by maximising the likelihood, not by the closed form."""
    for bound in tango_interval(wins, losses, n):

        def slope(lost, bound=bound):
            ties = n - wins - losses
            pull = -2 * ties / (1 - 2 * lost - bound)
            return pull + losses / lost + wins / (lost + bound)

        least, most = max(0.0, -bound), (1 - bound) / 2
        lost = optimize.brentq(slope, least + 1e-13, most - 1e-13, xtol=1e-15)
        score = (wins - losses - n * bound) / sqrt(n * (2 * lost + bound * (1 - bound)))
        assert stats.norm.ppf(0.975) == close(abs(score))


def test_bonett_and_prices_interval_of_a_published_example():
    """Theirs goes by the normal quantile and n + 2; the harness's t and n + 1 is a little wider."""
    wins, losses, n = CAVO
    values = np.repeat([1.0, -1.0, 0.0], [wins, losses, n - wins - losses])
    found = adjusted_interval(values, np.ones(n))
    centre, se = (found.low + found.high) / 2, found.se * sqrt((n + 1) / (n + 2))
    half = stats.norm.ppf(0.975) * se
    assert pytest.approx((-0.1195, -0.0032), abs=5e-5) == (centre - half, centre + half)
    known = stats.ttest_1samp(np.append(values, [1.0, -1.0]), 0).confidence_interval(0.95)
    assert close(list(known)) == [found.low, found.high]


def test_the_bootstrap_is_scipys_with_the_same_draws():
    values, seed = VALUES[:40], 9
    known = stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=RESAMPLES,
        confidence_level=1 - 2 * expanded_tail(40),
        method="percentile",
        rng=np.random.default_rng([seed, 40]),
    ).confidence_interval
    assert close([known.low, known.high]) == list(
        bootstrap_bounds([(values, np.ones(40))], seed)[0]
    )


def test_the_cluster_bootstrap_draws_whole_clusters():
    """The same draws, with the cases of each drawn cluster written out."""
    drawn = np.random.default_rng([4, 30]).integers(30, size=(RESAMPLES, 30))
    cases = [VALUES[code == CODES] for code in range(30)]
    means = [np.concatenate([cases[code] for code in row]).mean() for row in drawn]
    tail = expanded_tail(30)
    known = np.quantile(means, [tail, 1 - tail]).tolist()
    assert close(known) == list(bootstrap_bounds([(SUMS, COUNTS)], 4)[0])


def test_holms_correction_is_the_step_down_of_its_definition():
    compared = [versus(STYLE, (TUNED, PLAIN), (0.5, 0.3, 0.7), p_value=0.011)]
    compared += [versus(FACTS, (TUNED, PLAIN), (0.4, 0.2, 0.6), p_value=0.03)]
    means = [level(metric, who, 0.5) for metric in (STYLE, FACTS) for who in (PLAIN, TUNED)]
    found = find(Basis(compared, means, [STYLE, FACTS], [PLAIN, TUNED], ["s", "r"]))
    ordered = sorted([0.011, 0.03])
    expected = np.maximum.accumulate([p * (2 - i) for i, p in enumerate(ordered)]).tolist()
    assert close(expected) == sorted(one.p_holm for one in found)


def test_equality_is_shown_within_the_margin_of_two_one_sided_tests():
    """At the margin of `equal_within` statsmodels' TOST has p = 2.5 %."""
    new, old = VALUES[:6].tolist(), VALUES[6:12].tolist()
    cases = cases_of(6)
    answers = answers_of(cases, {"new": {"m": new}, "old": {"m": old}})
    free = Metric("m", "points", unit="points", lower=None, upper=None)
    (found,) = compare(answers, cases, [free], candidates_of("new", "old"), [("new", "old")])
    margin = found.equal_within
    known = ttost_paired(np.array(new), np.array(old), -margin, margin)
    assert close(0.025) == float(known[0])


def test_mover_of_two_wilson_intervals_is_newcombes_interval():
    contrasts = []
    for hits, n in ((31, 40), (12, 35)):
        low, high = wilson(hits, n)
        contrasts.append(Contrast(hits / n, low, high, n))
    found = apart(contrasts[0], contrasts[1], 0.0)
    known = confint_proportions_2indep(31, 40, 12, 35, method="newcomb", compare="diff")
    assert close([float(end) for end in known]) == [found.low, found.high]


def test_the_minimum_detectable_effect_is_that_of_a_one_sided_normal_test():
    differences = VALUES.tolist()
    cases = cases_of(len(differences))
    answers = answers_of(cases, {"new": {"m": differences}, "old": {"m": [0.0] * len(cases)}})
    free = Metric("m", "points", unit="points", lower=None, upper=None)
    (found,) = compare(answers, cases, [free], candidates_of("new", "old"), [("new", "old")])
    effect = found.mde / VALUES.std(ddof=1)
    power = NormalIndPower().power(effect, len(cases), alpha=0.025, ratio=0, alternative="larger")
    assert close(float(power)) == 0.8


@pytest.mark.parametrize("distance", [0.02, 0.03, 0.05])
def test_cases_needed_is_the_sample_size_of_a_one_sided_normal_test(distance):
    """Discordance 0.10: the standard deviation of a paired difference is its root."""
    spread, n = sqrt(0.10), 100
    bound = -stats.norm.ppf(0.975) * spread / sqrt(n)
    size = NormalIndPower().solve_power(
        distance / spread, None, alpha=0.025, power=0.8, ratio=0, alternative="larger"
    )
    assert np.ceil(float(size)) == cases_needed(n, 0.0, bound, -distance, at_edge=False)


@pytest.mark.parametrize("effect, n", [(0.1, 200), (0.3, 57), (0.0, 20)])
def test_the_power_that_simulations_are_held_to_is_that_of_a_t_test(effect, n):
    known = TTestPower().power(effect, n, alpha=0.025, alternative="larger")
    found = stats.nct.cdf(-stats.t.ppf(0.975, n - 1), n - 1, -effect * sqrt(n))
    assert close(float(known)) == float(found)


def test_cohens_kappa_is_that_of_scikit_learn():
    people = RNG.choice(["first", "second", "tie"], 60, p=[0.5, 0.3, 0.2])
    judge = np.where(RNG.random(60) < 0.7, people, "tie")
    found = agreement(list(zip(people, judge, strict=True)), [f"k{i}" for i in range(60)])
    assert close(cohen_kappa_score(people, judge)) == found.kappa
