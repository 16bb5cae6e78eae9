"""Two candidates on independent binary cases: McNemar's tests and Tango's score interval.

`wins` are the cases that only the candidate has right, `losses` those that only the other has.
"""

from functools import lru_cache
from math import sqrt

from scipy import optimize, stats

from harness.compare.intervals import Z95

FEW_APART = 10
"""Below so many cases that differ, what is exact or careful replaces what is asymptotic."""


def exact_mcnemar(wins: int, losses: int) -> float:
    """McNemar's exact conditional p-value: the sign test of the cases that differ."""
    apart = wins + losses
    return float(stats.binomtest(wins, apart).pvalue) if apart else 1.0


def mid_p_mcnemar(wins: int, losses: int) -> float:
    """McNemar's mid-p value of a paired binary difference.

    Fagerland, Lydersen and Laake 2013 (doi 10.1186/1471-2288-13-91): the exact conditional
    p-value less the probability of what was seen.
    """
    apart, fewer = wins + losses, min(wins, losses)
    if not apart:
        return 1.0
    exact = 2 * float(stats.binom.cdf(fewer, apart, 0.5))
    return min(1.0, exact - float(stats.binom.pmf(fewer, apart, 0.5)))


@lru_cache(maxsize=4096)
def mcnemar(wins: int, losses: int) -> tuple[float, str]:
    """The p-value and which of the two it is: exact where few cases differ, else mid-p.

    Mid-p may exceed its level a little, most where few cases differ; the exact one never does,
    and is needlessly careful where many differ.
    """
    if wins + losses < FEW_APART:
        return exact_mcnemar(wins, losses), f"exact McNemar (fewer than {FEW_APART} differ)"
    return mid_p_mcnemar(wins, losses), "McNemar mid-p"


@lru_cache(maxsize=4096)
def tango_interval(wins: int, losses: int, n: int) -> tuple[float, float]:
    """Tango's asymptotic score interval of the difference of paired proportions, 95 %.

    Tango 1998 (Statistics in Medicine 17, 891-908): all differences whose score test, with the
    nuisance parameter at its restricted maximum, is within the normal quantile. Needs a case
    that differs, and not all n on one side.
    """

    def beyond(difference: float, side: float) -> float:
        first = 2 * n
        second = (2 * n - wins + losses) * difference - wins - losses
        third = -losses * difference * (1 - difference)
        lost = (sqrt(max(second**2 - 4 * first * third, 0.0)) - second) / (2 * first)
        variance = n * (2 * lost + difference * (1 - difference))
        return wins - losses - n * difference - side * Z95 * sqrt(max(variance, 0.0))

    seen = (wins - losses) / n
    low = optimize.brentq(beyond, -1.0, seen, args=(1.0,), xtol=1e-12)
    high = optimize.brentq(beyond, seen, 1.0, args=(-1.0,), xtol=1e-12)
    return float(low), float(high)
