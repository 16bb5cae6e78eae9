"""How many cases would decide a rule that is still open."""

import math

Z95 = 1.959964
Z80 = 0.841621
MOST = 1_000_000


def cases_needed(n: int, estimate: float, bound: float, bar: float, *, at_edge: bool) -> int | None:
    """The number of cases, in all, that would decide with 80 % power if the estimate is true.

    `bound` is the end of the 95 % interval on the side of the bar. With SE = |estimate - bound|
    / z₀.₉₇₅ shrinking as 1/√n, n·((z₀.₉₇₅ + z₀.₈)·SE / |estimate - bar|)². `at_edge`: the
    estimate is 0 or 100 %, where intervals shrink as 1/n and the estimate itself cannot pass the
    bar by luck: n·|estimate - bound| / |estimate - bar|. None above a million.
    """
    width, distance = abs(estimate - bound), abs(estimate - bar)
    if distance * MOST <= width:
        return None
    ratio = width / distance
    needed = n * (ratio if at_edge else (ratio * (Z95 + Z80) / Z95) ** 2)
    return max(n + 1, math.ceil(needed)) if needed <= MOST else None
